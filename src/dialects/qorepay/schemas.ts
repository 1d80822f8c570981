/** Shapes of requests and answers, for the description of the API. */
import { billingSchemas } from './billing-schemas.ts';
import { eventTypes } from './event-types.ts';
import { bankTransfer, methodNames } from './methods.ts';
import { reportSchemas } from './report-schemas.ts';
import { flag, integer, listOf, minor, object, orNull, ref, type Schema, seconds, text, url, uuid } from './schema.ts';

const product = {
  name: { type: 'string', maxLength: 256 },
  price: minor,
  quantity: { type: ['number', 'string'], description: 'Up to four decimals; answered as text.' },
  discount: { ...minor, description: 'Of the whole line.' },
  tax_percent: { type: ['number', 'string'], description: '0 to 100, up to two decimals; answered as text.' },
  category: text,
  total_price_override: orNull('integer'),
};

const details = {
  currency: { type: 'string', description: 'ISO 4217. May be left out where the brand has one by default.' },
  products: { ...listOf(ref('Product')), minItems: 1 },
  language: text,
  notes: { type: 'string', maxLength: 10_000 },
  debt: integer,
  subtotal_override: orNull('integer'),
  total_tax_override: orNull('integer'),
  total_discount_override: orNull('integer'),
  total_override: orNull('integer'),
  request_client_details: listOf(text),
  timezone: text,
  due_strict: { type: 'boolean', description: 'Past its due date it expires, instead of being overdue.' },
  email_message: { type: 'string', maxLength: 256 },
  payment_method_details: { type: 'object' },
  single_attempt: flag,
  metadata: { type: 'object' },
};

const top = {
  send_receipt: flag,
  skip_capture: { type: 'boolean', description: 'The payment is held, to be captured later.' },
  force_recurring: { type: 'boolean', description: 'The card is kept.' },
  reference: { type: 'string', maxLength: 128 },
  payment_method_whitelist: { type: ['array', 'null'], items: { enum: methodNames } },
  success_redirect: url,
  failure_redirect: url,
  cancel_redirect: url,
  success_callback: { ...url, description: 'Told of success, signed with the company’s key.' },
  creator_agent: { type: 'string', maxLength: 32 },
  platform: { type: 'string', maxLength: 32 },
  tags: listOf(text),
  issued: { type: 'string', description: 'YYYY-MM-DD.' },
  due: seconds,
};

const payment = object({
  ...{ is_outgoing: flag, payment_type: text, amount: minor, currency: text, net_amount: minor, fee_amount: minor, pending_amount: minor },
  ...{ pending_unfreeze_on: orNull('integer'), description: text, paid_on: seconds, remote_paid_on: seconds },
  ...{ owned_bank_account: orNull('string'), owned_bank_account_id: orNull('string'), owned_bank_code: orNull('string') },
});

const status = {
  enum: [
    ...['created', 'sent', 'viewed', 'error', 'cancelled', 'overdue', 'expired', 'hold', 'released', 'pending_release', 'pending_capture'],
    ...['preauthorized', 'paid', 'pending_execute', 'pending_charge', 'chargeback', 'pending_refund', 'refunded'],
  ],
};

const attempt = object({
  ...{
    type: text,
    successful: flag,
    error: { oneOf: [ref('Message'), { type: 'null' }] },
    payment_method: text,
    extra: { type: 'object' },
  },
  ...{ country: text, client_ip: orNull('string'), flow: text, fee_amount: minor, processing_time: seconds, processing_tx_id: text },
});

const transaction = object({
  ...{ payment_method: text, flow: text, extra: { type: 'object' }, country: text },
  attempts: { ...listOf(attempt), description: 'Newest first.' },
});

const purchase = object({
  ...{ id: uuid, type: { const: 'purchase' }, created_on: seconds, updated_on: seconds, status },
  status_history: listOf(object({ status, timestamp: seconds, related_object: { type: 'object' } }, ['status', 'timestamp'])),
  ...{
    is_test: flag,
    company_id: uuid,
    brand_id: uuid,
    user_id: orNull('string'),
    client: ref('ClientDetails'),
    client_id: orNull('string'),
  },
  purchase: ref('PurchaseDetails'),
  payment: { oneOf: [payment, { type: 'null' }] },
  ...{ issuer_details: { type: 'object' }, transaction_data: transaction, viewed_on: orNull('integer') },
  ...{ billing_template_id: orNull('string'), order_id: orNull('string'), is_recurring_token: flag, recurring_token: orNull('string') },
  ...top,
  ...{ reference_generated: text, refund_availability: { enum: ['all', 'none'] }, refundable_amount: minor },
  ...{ currency_conversion: { type: 'null' }, product: text, created_from_ip: text, invoice_url: orNull('string') },
  ...{ checkout_url: text, direct_post_url: orNull('string'), marked_as_paid: flag, can_retrieve: flag, can_chargeback: flag },
  ...{
    can_reverse_chargeback: flag,
    upsell_campaigns: listOf(text),
    referral_campaign_id: orNull('string'),
    referral_code: orNull('string'),
  },
  ...{
    referral_code_details: { type: 'null' },
    referral_code_generated: orNull('string'),
    retain_level_details: { type: 'null' },
    notes: text,
  },
});

const refund = object({
  ...{ id: uuid, type: { const: 'payment' }, status: text, is_test: flag, client: { type: 'object' }, payment, brand_id: uuid },
  ...{ related_to: object({ id: uuid, type: text, reference: text }), transaction_data: { type: 'object' }, created_on: seconds },
});

/** Of a card the first four are needed; of a transfer `pm` alone. */
const card = object(
  {
    s2s: { const: 'true', description: 'In the query or here: from the merchant’s server.' },
    pm: { const: bankTransfer, description: 'A bank transfer instead of a card.' },
    cardholder_name: { type: 'string', maxLength: 30 },
    card_number: { type: 'string', pattern: '^\\d{12,19}$' },
    expires: { type: 'string', pattern: '^\\d{2}/\\d{2}$' },
    cvc: { type: 'string', pattern: '^\\d{3,4}$' },
    remember_card: { type: 'string', description: '`on`: the card is kept.' },
    remote_ip: { type: 'string', description: 'The payer’s address; needed with `s2s=true`.' },
    ...{
      user_agent: { type: 'string', maxLength: 2048 },
      accept_header: { type: 'string', maxLength: 2048 },
      language: { type: 'string', maxLength: 8 },
    },
    ...{ java_enabled: flag, javascript_enabled: flag, color_depth: { type: 'integer', minimum: 0, maximum: 255 } },
    utc_offset: { type: 'integer', minimum: -32_768, maximum: 32_767 },
    ...{ screen_width: minor, screen_height: minor },
  },
  [],
);

const s2sAnswer = object(
  {
    status: { enum: ['executed', 'authorized', 'pending', '3DS_required'] },
    ...{ Method: { enum: ['POST', 'GET'] }, PaReq: text, MD: text, URL: text, callback_url: text },
    data: {
      ...object({ account_number: text, account_name: text, bank: text, status: text, type: text, expires_at: text, validity_type: text }),
      description: 'Of a transfer alone.',
    },
  },
  [],
);

const webhookTerms = { title: { type: 'string', maxLength: 100 }, all_events: flag, events: listOf({ enum: eventTypes }), callback: url };
const webhook = object({
  id: uuid,
  type: { const: 'webhook' },
  created_on: seconds,
  updated_on: seconds,
  ...webhookTerms,
  public_key: text,
});

export const schemas: Readonly<Record<string, Schema>> = {
  Message: object({ message: text, code: text }),
  Errors: { type: 'object', description: 'Field names with lists of messages; nested as the request is.' },
  Product: object(product, ['name', 'price']),
  PurchaseDetails: object({ ...details, total: minor, shipping_options: listOf(text), has_upsell_products: flag }, [
    'currency',
    'products',
    'total',
  ]),
  ...billingSchemas({ details: object(details, ['products']), payment, transaction }),
  PurchaseRequest: object(
    { brand_id: uuid, client: ref('ClientDetails'), client_id: uuid, purchase: object(details, ['products']), ...top },
    ['brand_id', 'purchase'],
  ),
  Purchase: purchase,
  Refund: refund,
  Refunded: { oneOf: [ref('Refund'), ref('Purchase')] },
  Amount: object({ amount: { type: 'integer', minimum: 1 } }, []),
  MarkAsPaid: object({ paid_on: seconds }, []),
  Charge: object({ recurring_token: uuid }),
  CardPost: card,
  S2sAnswer: s2sAnswer,
  S2sError: object({ status: { const: 'error' }, error: object({ code: text, message: text, field: text }, ['code', 'message']) }),
  ProxyForm: object({ PaReq: text, MD: text, TermUrl: text }, ['PaReq', 'TermUrl']),
  CallbackForm: object({ PaRes: text, MD: text }, ['PaRes']),
  WebhookRequest: object(webhookTerms, ['title', 'callback']),
  Webhook: webhook,
  WebhookPage: object({ results: listOf(ref('Webhook')), next: orNull('string'), previous: orNull('string') }),
  PublicKey: { type: 'string' },
  PayoutMethods: object({
    ...{ available_payout_methods: listOf(text), names: { type: 'object' }, logos: { type: 'object' }, card_methods: listOf(text) },
  }),
  PaymentMethods: object({
    ...{
      available_payment_methods: listOf(text),
      by_country: { type: 'object' },
      country_names: { type: 'object' },
      names: { type: 'object' },
    },
    ...{ logos: { type: 'object' }, card_methods: listOf(text) },
  }),
  ...reportSchemas,
};
