/** Clients, invoices, subscriptions and payouts, as their description has them. */
import { away, type Endpoint, invalid, json, missing, unauthorized } from './endpoint.ts';

const clients = '/api/v1/clients/';
const templates = '/api/v1/billing_templates/';
const payouts = '/api/v1/payouts/';
const brand = '5b0c1f0e-6a52-4c3e-9d1b-0f6c2a7e4d31';
const client = '9b7d3f52-6c1a-4e08-8f4d-2a51c0e7b936';

const paging = [
  { name: 'after', required: false },
  { name: 'page_size', required: false },
];
const clientBody = {
  ...{ types: json, schema: 'ClientDetails', required: true },
  example: { email: 'ada@example.com', full_name: 'Ada Example', country: 'NG' },
};
const subscription = {
  ...{ brand_id: brand, title: 'Beans every month', is_subscription: true, subscription_active: true },
  ...{ subscription_period: 1, subscription_period_units: 'months', subscription_trial_periods: 1 },
  purchase: { currency: 'NGN', products: [{ name: 'Harbor Blend', price: 9000 }] },
};
const templateBody = { types: json, schema: 'BillingTemplateRequest', required: true, example: subscription };
const termsBody = { types: json, schema: 'BillingClientTerms', required: true, example: { client_id: client } };

type Part = Pick<Endpoint, 'method' | 'name' | 'summary' | 'description' | 'answers'> &
  Partial<Pick<Endpoint, 'body' | 'query' | 'takesKey'>>;

const of =
  (group: string) =>
  (path: string, part: Part): Endpoint => ({ path, group, auth: 'api', ...part });

const ofClients = of('Clients');
const ofBilling = of('Billing');
const ofPayouts = of('Payouts');

const one = (description: string, schema: string, status = 200) => ({ status, description, schema });
const gone = (description: string) => ({ status: 204, description });

const atFault = (what: string) => ({ status: 400, description: `\`error\`: ${what}, or it is too late.`, schema: 'PayoutError' });

/** Whoever knows the address may. */
const executions: readonly Endpoint[] = [
  ofPayouts('/po/:id/', {
    ...{ method: 'post', name: 'executePayout', summary: 'Pay out to a card' },
    description:
      'Out of the payout balance. What failed may be tried again; what was paid is told so again. Without any data, as `GET`; the data of an account may be posted here too.',
    body: { types: json, schema: 'PayoutCard', required: false },
    answers: [
      one('`executed`, or `pending` where nobody has answered yet.', 'PayoutAnswer'),
      ...[atFault('the card is at fault, the balance too low, a decline'), unauthorized, missing, away],
    ],
  }),
  ofPayouts('/po/:id/', {
    ...{ method: 'get', name: 'listPayoutBanks', summary: 'Pay out to a bank account: the first step' },
    description: 'Where to post the account, and the banks of the currency that have a code; none where an IBAN or a BIC says the bank.',
    answers: [
      one('`pending`, with what the second step needs; `executed` once it was paid.', 'PayoutAnswer'),
      ...[atFault('it cannot go to an account'), unauthorized, missing, away],
    ],
  }),
  ofPayouts('/po/:id/sarepay_payouts/create/payout/', {
    ...{ method: 'post', name: 'executePayoutToAccount', summary: 'Pay out to a bank account: the second step' },
    description: 'Out of the payout balance. A webhook tells the outcome. What failed may be tried again, with another account as well.',
    body: {
      ...{ types: json, schema: 'PayoutAccount', required: true },
      example: { account_number: '0123456789', bank_code: '058', recipient_name: 'Ada Example' },
    },
    answers: [
      one('`pending`: the bank has it; `executed` where it was paid before.', 'PayoutAnswer'),
      ...[atFault('the account is at fault, the balance too low, the bank refuses it'), unauthorized, missing, away],
    ],
  }),
];

export const billingEndpoints: readonly Endpoint[] = [
  ofClients(clients, {
    ...{
      method: 'post',
      name: 'createClient',
      summary: 'Add a client',
      description: 'Purchases may name it instead of describing the payer.',
    },
    ...{ takesKey: true, body: clientBody, answers: [one('The client.', 'Client', 201), invalid, unauthorized, away] },
  }),
  ofClients(clients, {
    ...{
      method: 'get',
      name: 'listClients',
      summary: 'List the clients',
      description: 'In pages, oldest first; `q` finds what is said of them.',
    },
    ...{ query: [{ name: 'q', required: false }, ...paging], answers: [one('A page.', 'ClientPage'), invalid, unauthorized] },
  }),
  ...(['get', 'put', 'patch', 'delete'] as const).map((method) =>
    ofClients(`${clients}:id/`, {
      ...{ method, name: `${method}Client`, description: 'A client. What was paid stays when it is removed; its subscriptions end.' },
      summary: { get: 'Read', put: 'Replace', patch: 'Change', delete: 'Remove' }[method],
      ...(method === 'put' || method === 'patch' ? { body: clientBody } : {}),
      answers: [
        method === 'delete' ? gone('It is not there any more.') : one('The client.', 'Client'),
        ...(method === 'put' || method === 'patch' ? [invalid] : []),
        ...[unauthorized, missing],
      ],
    }),
  ),
  ofClients(`${clients}:id/recurring_tokens/`, {
    ...{ method: 'get', name: 'listClientTokens', summary: 'Kept cards', description: 'Cards that purchases of the client have kept.' },
    ...{ query: paging, answers: [one('A page.', 'ClientTokenPage'), invalid, unauthorized, missing] },
  }),
  ofClients(`${clients}:id/recurring_tokens/:token/`, {
    ...{
      method: 'get',
      name: 'readClientToken',
      summary: 'Read a kept card',
      description: 'The token is the id of the purchase that kept it.',
    },
    answers: [one('The token.', 'ClientToken'), unauthorized, missing],
  }),
  ofClients(`${clients}:id/recurring_tokens/:token/`, {
    ...{ method: 'delete', name: 'deleteClientToken', summary: 'Forget a kept card', description: 'It cannot be charged any more.' },
    answers: [gone('It is forgotten.'), unauthorized, missing],
  }),
  ofBilling('/api/v1/billing/', {
    ...{
      method: 'post',
      name: 'sendInvoices',
      summary: 'Invoice clients',
      description: 'A purchase for each, and a mail that leads to it.',
    },
    ...{ takesKey: true, body: invoiceBody(), answers: [one('Ids of the purchases.', 'Ids'), invalid, unauthorized, away] },
  }),
  ofBilling(templates, {
    ...{
      method: 'post',
      name: 'createBillingTemplate',
      summary: 'Add a template',
      description: 'For single invoices, or for a subscription.',
    },
    ...{ takesKey: true, body: templateBody, answers: [one('The template.', 'BillingTemplate', 201), invalid, unauthorized, away] },
  }),
  ofBilling(templates, {
    ...{ method: 'get', name: 'listBillingTemplates', summary: 'List the templates', description: 'In pages, oldest first.' },
    ...{ query: paging, answers: [one('A page.', 'BillingTemplatePage'), invalid, unauthorized] },
  }),
  ofBilling(`${templates}:id/`, {
    ...{ method: 'get', name: 'getBillingTemplate', summary: 'Read', description: 'A template.' },
    answers: [one('The template.', 'BillingTemplate'), unauthorized, missing],
  }),
  ofBilling(`${templates}:id/`, {
    ...{ method: 'put', name: 'putBillingTemplate', summary: 'Replace' },
    description: 'While clients subscribe to it, only `subscription_due_period`, its units and `subscription_active` may change.',
    ...{ body: templateBody, answers: [one('The template.', 'BillingTemplate'), invalid, unauthorized, missing] },
  }),
  ofBilling(`${templates}:id/`, {
    ...{ method: 'delete', name: 'deleteBillingTemplate', summary: 'Remove', description: 'Its subscriptions end.' },
    answers: [gone('Nobody is billed by it any more.'), unauthorized, missing],
  }),
  ofBilling(`${templates}:id/send_invoice/`, {
    ...{ method: 'post', name: 'sendTemplateInvoice', summary: 'Send an invoice', description: 'Of a template that is no subscription.' },
    ...{ takesKey: true, body: termsBody, answers: [one('The purchase.', 'Purchase'), invalid, unauthorized, missing, away] },
  }),
  ofBilling(`${templates}:id/add_subscriber/`, {
    ...{ method: 'post', name: 'addSubscriber', summary: 'Add a subscriber' },
    description: 'Where the first period is billed at once, there is a purchase for the payer to pay: that keeps the card for the others.',
    ...{ takesKey: true, body: termsBody, answers: [one('The subscription.', 'Subscribed'), invalid, unauthorized, missing, away] },
  }),
  ofBilling(`${templates}:id/clients/`, {
    ...{ method: 'get', name: 'listSubscribers', summary: 'List the subscribers', description: 'In pages, oldest first.' },
    ...{ query: paging, answers: [one('A page.', 'SubscriberPage'), invalid, unauthorized, missing] },
  }),
  ofBilling(`${templates}:id/clients/:client/`, {
    ...{ method: 'get', name: 'readSubscriber', summary: 'Read a subscriber', description: 'By the id of the client.' },
    answers: [one('The subscription.', 'Subscriber'), unauthorized, missing],
  }),
  ofBilling(`${templates}:id/clients/:client/`, {
    ...{ method: 'patch', name: 'changeSubscriber', summary: 'Pause, or go on' },
    description: '`subscription_paused` or `active`. Periods that pass meanwhile are not billed.',
    body: { types: json, schema: 'SubscriberStatus', required: true, example: { status: 'subscription_paused' } },
    answers: [one('The subscription.', 'Subscriber'), invalid, unauthorized, missing],
  }),
  ofPayouts(payouts, {
    ...{
      method: 'post',
      name: 'createPayout',
      summary: 'Make a payout',
      description: 'It is executed at `execution_url`, within 15 minutes.',
    },
    ...{ takesKey: true, answers: [one('The payout.', 'Payout', 201), invalid, unauthorized, away] },
    body: {
      ...{ types: json, schema: 'PayoutRequest', required: true },
      example: {
        brand_id: brand,
        client: { email: 'ada@example.com' },
        payment: { amount: 1250, currency: 'NGN', description: 'Winnings' },
      },
    },
  }),
  ofPayouts(`${payouts}:id/`, {
    ...{ method: 'get', name: 'readPayout', summary: 'Read a payout', description: 'As it is now.' },
    answers: [one('The payout.', 'Payout'), unauthorized, missing, away],
  }),
  ...executions.map((part): Endpoint => ({ ...part, auth: 'none' })),
  ofPayouts('/api/v1/payout_methods/', {
    ...{ method: 'get', name: 'listPayoutMethods', summary: 'Where payouts may go', description: 'Of a brand and a currency.' },
    query: [
      { name: 'brand_id', required: true },
      { name: 'currency', required: true },
    ],
    answers: [one('The methods.', 'PayoutMethods'), invalid, unauthorized],
  }),
];

function invoiceBody(): NonNullable<Endpoint['body']> {
  const { purchase } = subscription;
  const example = { brand_id: brand, purchase, is_subscription: false, invoice_due: 1_900_000_000, clients: [{ client_id: client }] };
  return { types: json, schema: 'InvoiceRequest', required: true, example };
}
