/** Shapes of clients, templates, subscriptions and payouts, for the description of the API. */
import { methodNames, payoutMethodNames } from './methods.ts';
import { flag, integer, listOf, minor, object, orNull, ref, type Schema, seconds, text, uuid } from './schema.ts';

const limited = (maxLength: number): Schema => ({ type: 'string', maxLength });
const mail = limited(254);

const clientDetails = {
  ...{ email: mail, phone: limited(32), full_name: limited(128), personal_code: limited(32), street_address: limited(128) },
  country: { type: 'string', description: 'Two letters, or the English name; answered as two letters.' },
  ...{ city: limited(128), zip_code: limited(32), state: limited(128), shipping_street_address: limited(128), shipping_country: text },
  ...{ shipping_city: limited(128), shipping_zip_code: limited(32), shipping_state: limited(128), legal_name: limited(128) },
  ...{
    brand_name: limited(128),
    registration_number: limited(32),
    tax_number: limited(32),
    bank_account: limited(34),
    bank_code: limited(11),
  },
  ...{ cc: listOf(mail), bcc: listOf(mail) },
};

const shownClient = {
  ...clientDetails,
  client_type: { type: 'null' },
  delivery_methods: listOf(object({ method: text, options: { type: 'object' } })),
};

const base = (type: string) => ({ id: uuid, type: { const: type }, created_on: seconds, updated_on: seconds });
const pageOf = (name: string): Schema => object({ results: listOf(ref(name)), next: orNull('string'), previous: orNull('string') });
const units = { enum: ['days', 'weeks', 'months'] };
const count = (minimum: number, description: string): Schema => ({ type: 'integer', minimum, maximum: 1_000, description });
const whitelist = { type: ['array', 'null'], items: { enum: methodNames } };
const payoutWhitelist = { type: ['array', 'null'], items: { enum: payoutMethodNames } };

const templateTerms = {
  title: limited(256),
  is_subscription: { type: 'boolean', description: 'Stays as it was made.' },
  invoice_issued: { type: ['string', 'null'], description: 'YYYY-MM-DD; the day of sending where there is none.' },
  invoice_due: { type: ['integer', 'null'], description: 'Unix seconds; needed where it is no subscription.' },
  ...{ invoice_skip_capture: flag, invoice_send_receipt: flag },
  subscription_period: count(1, 'How many units a period has.'),
  subscription_period_units: units,
  subscription_due_period: count(1, 'How long a payer has.'),
  subscription_due_period_units: units,
  subscription_charge_period_end: { type: 'boolean', description: 'A period is billed when it ends.' },
  subscription_trial_periods: count(0, 'Free, at the beginning.'),
  subscription_active: { type: 'boolean', description: 'While it is not, nobody is billed.' },
  number_of_billing_cycles: count(0, '0: without an end.'),
  force_recurring: flag,
};

const clientTerms = {
  ...{ payment_method_whitelist: whitelist, send_invoice_on_charge_failure: flag, send_invoice_on_add_subscriber: flag },
  ...{ send_receipt: flag, invoice_reference: { type: ['string', 'null'], maxLength: 128 } },
};

const subscriber = object({
  ...base('billing_template_client'),
  client_id: uuid,
  status: { enum: ['pending', 'inactive', 'active', 'subscription_paused'] },
  subscription_billing_scheduled_on: orNull('string'),
  ...clientTerms,
  number_of_billing_cycles_passed: integer,
});

const payoutCard = {
  card_number: { type: 'string', pattern: '^\\d{16,19}$' },
  cardholder_name: { type: 'string', minLength: 1, maxLength: 30 },
  expiry_month: { type: ['string', 'integer'], description: 'One or two digits.' },
  expiry_year: { type: ['string', 'integer'], description: 'The last two digits.' },
};

const payoutAccount = {
  account_number: { type: 'string', maxLength: 48, description: 'Ten digits for NGN; an IBAN, or what the bank calls it, for others.' },
  bank_code: { type: 'string', pattern: '^[0-9A-Za-z]{3,11}$', description: 'Not needed with an IBAN.' },
  recipient_name: { type: 'string', minLength: 1, maxLength: 100 },
};

interface Shared {
  /** `purchase` of a request. */
  readonly details: Schema;
  readonly payment: Schema;
  readonly transaction: Schema;
}

export function billingSchemas({ details, payment, transaction }: Shared): Readonly<Record<string, Schema>> {
  const owner = { brand_id: uuid, company_id: uuid, user_id: orNull('string'), is_test: flag };
  return {
    ClientDetails: object(clientDetails, ['email']),
    Client: object({ ...base('client'), ...shownClient }),
    ClientPage: pageOf('Client'),
    ClientToken: object({ ...base('client_recurring_token'), payment_method: text, description: text }),
    ClientTokenPage: pageOf('ClientToken'),
    Ids: listOf(uuid),
    BillingTemplateRequest: object({ brand_id: uuid, purchase: details, ...templateTerms }, ['brand_id', 'purchase', 'is_subscription']),
    InvoiceRequest: object({ brand_id: uuid, purchase: details, ...templateTerms, clients: listOf(ref('BillingClientTerms')) }, [
      'brand_id',
      'purchase',
      'invoice_due',
      'clients',
    ]),
    BillingTemplate: object({
      ...{ ...base('billing_template'), ...owner, purchase: ref('PurchaseDetails'), ...templateTerms },
      ...{ subscription_has_active_clients: flag, upsell_campaigns: listOf(text), referral_campaign_id: orNull('string') },
    }),
    BillingTemplatePage: pageOf('BillingTemplate'),
    BillingClientTerms: object({ client_id: uuid, ...clientTerms }, ['client_id']),
    Subscriber: subscriber,
    SubscriberPage: pageOf('Subscriber'),
    SubscriberStatus: object({ status: { enum: ['active', 'subscription_paused'] } }),
    Subscribed: object({ billing_template_client: ref('Subscriber'), purchase: { oneOf: [ref('Purchase'), { type: 'null' }] } }),
    PayoutRequest: object(
      {
        ...{ brand_id: uuid, client: ref('ClientDetails'), sender_name: limited(128), reference: limited(128) },
        payment: object({ amount: { ...minor, minimum: 1 }, currency: text, description: limited(256) }, ['amount', 'currency']),
        payout_method_whitelist: payoutWhitelist,
      },
      ['brand_id', 'client', 'payment'],
    ),
    Payout: object({
      ...{ ...base('payout'), status: { enum: ['initialized', 'pending', 'error', 'success'] } },
      status_history: listOf(object({ status: text, timestamp: seconds })),
      ...{ ...owner, client: object(shownClient), payment: unpaid(payment), sender_name: text, reference: text, reference_generated: text },
      ...{
        transaction_data: transaction,
        recipient_card_country: text,
        recipient_card_brand: text,
        payout_method_whitelist: payoutWhitelist,
      },
      execution_url: orNull('string'),
    }),
    PayoutCard: object(payoutCard),
    PayoutAccount: object(payoutAccount, ['account_number', 'recipient_name']),
    PayoutAnswer: object(
      {
        ...{ status: { enum: ['executed', 'pending'] }, payout_url: { ...text, description: 'Of the first step to an account.' } },
        detail: object({ success: flag, data: listOf(object({ code: text, name: text })) }),
      },
      ['status'],
    ),
    PayoutError: object({ status: { const: 'error' }, code: text, message: text, field: text }, ['status', 'code', 'message']),
  };
}

/** Of what is made before money moves. */
function unpaid(payment: Schema): Schema {
  const paidOn = orNull('integer');
  return { ...payment, properties: { ...(payment.properties as object), paid_on: paidOn, remote_paid_on: paidOn } };
}
