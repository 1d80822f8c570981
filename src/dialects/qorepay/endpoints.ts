/** The endpoints as their description has them; a test holds it to the routes. */
import { billingEndpoints } from './billing-endpoints.ts';
import { away, type Endpoint, forms, invalid, json, missing, unauthorized } from './endpoint.ts';
import { reportEndpoints } from './report-endpoints.ts';

const purchases = '/api/v1/purchases/';
const webhooks = '/api/v1/webhooks/';

const purchaseExample = {
  brand_id: '5b0c1f0e-6a52-4c3e-9d1b-0f6c2a7e4d31',
  client: { email: 'ada@example.com' },
  purchase: { currency: 'NGN', products: [{ name: 'Harbor Blend', quantity: 1, price: 9000 }] },
  success_redirect: 'https://shop.example/success',
  failure_redirect: 'https://shop.example/failure',
};

interface Act {
  readonly act: string;
  readonly summary: string;
  readonly description: string;
  readonly schema?: string;
  readonly example?: Readonly<Record<string, unknown>>;
  readonly answer?: string;
}

const acts: readonly Act[] = [
  { act: 'cancel', summary: 'Call a purchase off', description: 'Only while it can be paid; afterwards it cannot be.' },
  {
    ...{
      act: 'mark_as_paid',
      summary: 'Mark as paid',
      description: 'Paid elsewhere, as you say; no card is charged. The ledger has it as declared.',
      schema: 'MarkAsPaid',
    },
    example: {},
  },
  {
    ...{
      act: 'capture',
      summary: 'Capture a hold',
      description: 'Once, in whole or in part; the rest is released.',
      schema: 'Amount',
      example: {},
    },
  },
  { act: 'release', summary: 'Release a hold', description: 'All of it.' },
  {
    ...{ act: 'refund', summary: 'Refund', description: 'Several times, up to what was taken; without an amount all that is left.' },
    ...{ schema: 'Amount', example: {}, answer: 'Refunded' },
  },
  {
    ...{ act: 'charge', summary: 'Charge a kept card', description: 'The token is the id of the purchase whose payment kept the card.' },
    ...{ schema: 'Charge', example: { recurring_token: '' } },
  },
  {
    act: 'resend_invoice',
    summary: 'Mail the invoice again',
    description: 'To the payer: what is to be paid, or the receipt of what was.',
  },
  { act: 'delete_recurring_token', summary: 'Forget a kept card', description: 'The status of the purchase stays.' },
];

const webhookBody = {
  ...{ types: json, schema: 'WebhookRequest', required: true },
  example: { title: 'Shop', all_events: true, callback: 'https://shop.example/hooks' },
};

export const endpoints: readonly Endpoint[] = [
  {
    ...{ method: 'post', path: purchases, name: 'createPurchase', group: 'Purchases', auth: 'api', takesKey: true },
    ...{ summary: 'Make a purchase', description: 'Step 1: the answer has `direct_post_url` and `checkout_url`.' },
    body: { types: json, schema: 'PurchaseRequest', required: true, example: purchaseExample },
    answers: [{ status: 201, description: 'The purchase.', schema: 'Purchase' }, invalid, unauthorized, away],
  },
  {
    ...{ method: 'get', path: `${purchases}:id/`, name: 'readPurchase', group: 'Purchases', auth: 'api' },
    ...{ summary: 'Read a purchase', description: 'As it is now.' },
    answers: [{ status: 200, description: 'The purchase.', schema: 'Purchase' }, unauthorized, missing, away],
  },
  ...acts.map(
    ({ act, summary, description, schema, example, answer = 'Purchase' }): Endpoint => ({
      ...{ method: 'post', path: `${purchases}:id/${act}/`, name: `${act}Purchase`, group: 'Purchases', auth: 'api', summary, description },
      ...(schema === undefined
        ? {}
        : { takesKey: true, body: { types: json, schema, required: false, ...(example === undefined ? {} : { example }) } }),
      answers: [
        { status: 200, description: 'Done, or `pending_…` where nobody has answered yet.', schema: answer },
        invalid,
        unauthorized,
        missing,
        away,
      ],
    }),
  ),
  {
    ...{ method: 'get', path: '/p/:id/', name: 'openCheckout', group: 'Paying', auth: 'none' },
    query: [{ name: 'preferred', required: false }],
    ...{ summary: 'The hosted page', description: 'For the payer’s browser: leads to the page where the purchase is paid.' },
    answers: [{ status: 303, description: 'To the page.' }, missing],
  },
  {
    ...{ method: 'post', path: '/p/:id/', name: 'directPost', group: 'Paying', auth: 'either' },
    query: [{ name: 's2s', required: false }],
    ...{
      summary: 'Pay with card data',
      description:
        'Step 2. With `s2s=true`, from the merchant’s server: JSON and an S2S token. With `pm` as well: a transfer, and the answer has the account. Else the form of the payer’s browser, which is sent on.',
    },
    body: { types: [...json, ...forms], schema: 'CardPost', required: true },
    answers: [
      {
        status: 200,
        description: '`executed`, `authorized`, `pending`, or `3DS_required` with where to send the payer’s browser.',
        schema: 'S2sAnswer',
      },
      { status: 303, description: 'Of a browser: on to the issuer, or back to the shop.' },
      { status: 400, description: '`error`: card data at fault, or a decline.', schema: 'S2sError' },
      unauthorized,
      missing,
      away,
    ],
  },
  {
    ...{ method: 'get', path: '/p/:id/invoice/', name: 'openInvoice', group: 'Paying', auth: 'none' },
    ...{ summary: 'The invoice', description: 'The hosted page with the invoice, before and after the payment.' },
    answers: [{ status: 303, description: 'To the page.' }, missing],
  },
  {
    ...{ method: 'get', path: '/p/:id/result/', name: 'leaveCheckout', group: 'Paying', auth: 'none' },
    ...{ summary: 'Back to the shop', description: 'Where the payer’s browser comes to after a direct post.' },
    answers: [{ status: 303, description: 'To `success_redirect` or `failure_redirect`.' }, missing],
  },
  ...(['get', 'post'] as const).map(
    (method): Endpoint => ({
      ...{ method, path: '/p/:id/3ds/', name: `${method}ProxyPage`, group: '3-D Secure', auth: 'none' },
      ...{
        summary: 'The proxy page',
        description: 'Step 4: the payer’s browser comes with `PaReq`, `MD` and `TermUrl`; 3-D Secure 2 runs behind it.',
      },
      ...(method === 'get'
        ? { query: ['PaReq', 'MD', 'TermUrl'].map((name) => ({ name, required: name !== 'MD' })) }
        : { body: { types: forms, schema: 'ProxyForm', required: true } }),
      answers: [{ status: 303, description: 'To the page that leads to the issuer.' }, invalid, missing],
    }),
  ),
  {
    ...{ method: 'post', path: '/p/:id/3ds/:session/', name: 'completePayment', group: '3-D Secure', auth: 'none' },
    ...{
      summary: 'Complete the payment',
      description: 'Step 5: `callback_url`. The authorization is asked for now, once; a repetition is told how it stands.',
    },
    body: { types: [...forms, ...json], schema: 'CallbackForm', required: true },
    answers: [
      { status: 200, description: '`executed`, `authorized` or `pending`.', schema: 'S2sAnswer' },
      { status: 303, description: 'Of a browser: back to the shop.' },
      { status: 400, description: '`error`.', schema: 'S2sError' },
      missing,
    ],
  },
  {
    ...{ method: 'post', path: webhooks, name: 'createWebhook', group: 'Webhooks', auth: 'api' },
    ...{ summary: 'Add a webhook', description: 'It gets a key pair of its own; messages are signed with it (`X-Signature`).' },
    body: webhookBody,
    answers: [{ status: 201, description: 'The webhook with its public key.', schema: 'Webhook' }, invalid, unauthorized],
  },
  {
    ...{ method: 'get', path: webhooks, name: 'listWebhooks', group: 'Webhooks', auth: 'api' },
    query: [
      { name: 'after', required: false },
      { name: 'page_size', required: false },
    ],
    ...{ summary: 'List the webhooks', description: 'In pages.' },
    answers: [{ status: 200, description: 'A page.', schema: 'WebhookPage' }, invalid, unauthorized],
  },
  ...(['get', 'put', 'patch', 'delete'] as const).map(
    (method): Endpoint => ({
      ...{ method, path: `${webhooks}:id/`, name: `${method}Webhook`, group: 'Webhooks', auth: 'api' },
      ...{ summary: { get: 'Read', put: 'Replace', patch: 'Change', delete: 'Remove' }[method], description: 'A webhook.' },
      ...(method === 'put' || method === 'patch' ? { body: webhookBody } : {}),
      answers: [
        method === 'delete'
          ? { status: 204, description: 'It is told nothing any more.' }
          : { status: 200, description: 'The webhook.', schema: 'Webhook' },
        ...(method === 'put' || method === 'patch' ? [invalid] : []),
        unauthorized,
        missing,
      ],
    }),
  ),
  {
    ...{ method: 'get', path: '/api/v1/public_key/', name: 'readPublicKey', group: 'Webhooks', auth: 'api' },
    ...{ summary: 'The company’s public key', description: 'Verifies what `success_callback` is sent. A JSON string.' },
    answers: [{ status: 200, description: 'PEM.', schema: 'PublicKey' }, unauthorized],
  },
  {
    ...{ method: 'get', path: '/api/v1/payment_methods/', name: 'listPaymentMethods', group: 'Lookups', auth: 'api' },
    query: [
      { name: 'brand_id', required: true },
      { name: 'currency', required: true },
      ...['country', 'language', 'amount', 'recurring', 'skip_capture', 'preauthorization'].map((name) => ({ name, required: false })),
    ],
    ...{ summary: 'Methods of payment', description: 'What a purchase of the brand can be paid with.' },
    answers: [{ status: 200, description: 'The methods.', schema: 'PaymentMethods' }, invalid, unauthorized],
  },
  {
    ...{ method: 'get', path: '/api/schema/v1/', name: 'readSchema', group: 'Lookups', auth: 'none' },
    ...{ summary: 'This description', description: 'OpenAPI, for programs that make clients from it.' },
    answers: [{ status: 200, description: 'The document.' }],
  },
  {
    ...{ method: 'get', path: '/api/', name: 'openReference', group: 'Lookups', auth: 'none' },
    ...{ summary: 'The reference', description: 'For people.' },
    answers: [{ status: 302, description: 'To its page.' }],
  },
  ...billingEndpoints,
  ...reportEndpoints,
];
