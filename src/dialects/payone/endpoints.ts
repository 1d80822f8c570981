/** Every endpoint for the description of the API: its bodies are those that the routes check. */
import type { AnswerName } from './answers.ts';
import { createHostedCheckout, createHostedTokenization, createPaymentLink } from './hosted-wire.ts';
import { currencyConversion, iinDetails, surchargeCalculation } from './services-wire.ts';
import {
  anyBody,
  type BodySchema,
  cancelPayment,
  capturePayment,
  completePayment,
  createPayment,
  createPayout,
  createSession,
  createToken,
  refundPayment,
  sendTest,
  subsequentPayment,
  validateCredentials,
} from './wire.ts';

/** Statuses beside those that every endpoint may answer, and what they come with; nothing for an answer without a body. */
type Outcomes = Readonly<Record<number, AnswerName | undefined>>;

export interface Endpoint {
  readonly name: string;
  readonly group: string;
  readonly method: 'get' | 'post' | 'delete';
  /** Behind the merchant's id. */
  readonly path: string;
  /** For pages and apps of shops, which have a session instead of a key. */
  readonly isForPages?: true;
  /** Pages and apps may ask it as well, under this root. */
  readonly pagesRoot?: '/client/v1' | '/client/v2';
  readonly summary: string;
  readonly description?: string;
  readonly body?: BodySchema;
  readonly sample?: object;
  readonly query?: readonly QueryParameter[];
  /** Has the header for safe repetition. */
  readonly keyed?: true;
  readonly outcomes: Outcomes;
}

export interface QueryParameter {
  readonly name: string;
  readonly required: boolean;
  readonly description: string;
  readonly example: string;
}

const refusal = { 400: 'Refusal' } as const;
const unknown = { 400: 'Refusal', 404: 'Refusal' } as const;
const acted = { ...unknown, 409: 'Refusal' } as const;

const card = { cardNumber: '4111111111111111', expiryDate: '1234', cvv: '123', cardholderName: 'Ada Example' };
const money = (amount: number) => ({ amount, currencyCode: 'EUR' });
const order = { amountOfMoney: money(1250), references: { merchantReference: 'order-1' } };

const country: readonly QueryParameter[] = [
  { name: 'countryCode', required: true, description: 'Where the shopper is: two letters.', example: 'DE' },
  { name: 'currencyCode', required: true, description: 'ISO 4217.', example: 'EUR' },
  { name: 'locale', required: false, description: 'Such as `en_US`.', example: 'en_US' },
  { name: 'amount', required: false, description: 'In minor units.', example: '1250' },
  { name: 'isRecurring', required: false, description: '`true`: only what can be charged again.', example: 'false' },
  { name: 'hide', required: false, description: '`fields`: without the fields of a form. May be repeated.', example: 'fields' },
];

const withCard = { authorizationMode: 'SALE', card };

export const endpoints: readonly Endpoint[] = [
  {
    ...{ name: 'createPayment', group: 'Payments', method: 'post', path: 'payments', summary: 'Make a payment' },
    description:
      'With a card, a token, or by redirect to a bank. `merchantAction` is null when the answer is final; `REDIRECT` says where the shopper has to go first. A decline is answered 402 with `paymentResult`.',
    ...{ body: createPayment, sample: { order, cardPaymentMethodSpecificInput: withCard }, keyed: true },
    outcomes: { 201: 'CreatedPayment', 400: 'Refusal', 402: 'DeclinedPayment', 409: 'Refusal' },
  },
  {
    ...{ name: 'getPayment', group: 'Payments', method: 'get', path: 'payments/:id', summary: 'A payment as it is now' },
    description: '`3000000001_0` or `3000000001` is the payment; `3000000001_2` its third operation, in the same shape.',
    outcomes: { 200: 'Payment', ...unknown },
  },
  {
    ...{
      name: 'getPaymentDetails',
      group: 'Payments',
      method: 'get',
      path: 'payments/:id/details',
      summary: 'A payment with all its operations',
    },
    outcomes: { 200: 'PaymentDetails', ...unknown },
  },
  {
    ...{ name: 'capturePayment', group: 'Payments', method: 'post', path: 'payments/:id/capture', summary: 'Take what is held' },
    description: 'Without an amount, all that is left. `isFinal` gives the rest back. Refunds are possible at once.',
    ...{ body: capturePayment, sample: { amount: 1000, isFinal: false }, keyed: true },
    outcomes: { 201: 'Capture', ...acted },
  },
  {
    ...{ name: 'getCaptures', group: 'Payments', method: 'get', path: 'payments/:id/captures', summary: 'Captures of a payment' },
    outcomes: { 200: 'Captures', ...unknown },
  },
  {
    ...{ name: 'refundPayment', group: 'Payments', method: 'post', path: 'payments/:id/refund', summary: 'Give money back' },
    description: 'Without an amount, all that is left. The id of a capture refunds that capture.',
    ...{ body: refundPayment, sample: { amountOfMoney: money(250) }, keyed: true },
    outcomes: { 201: 'Refund', 402: 'DeclinedRefund', ...acted },
  },
  {
    ...{ name: 'getRefunds', group: 'Payments', method: 'get', path: 'payments/:id/refunds', summary: 'Refunds of a payment' },
    outcomes: { 200: 'Refunds', ...unknown },
  },
  {
    ...{ name: 'cancelPayment', group: 'Payments', method: 'post', path: 'payments/:id/cancel', summary: 'Give up what is held' },
    description: 'Without an amount, all that is left. What was captured is refunded instead.',
    ...{ body: cancelPayment, sample: {}, keyed: true },
    outcomes: { 200: 'CanceledPayment', ...acted },
  },
  {
    ...{
      name: 'subsequentPayment',
      group: 'Payments',
      method: 'post',
      path: 'payments/:id/subsequent',
      summary: 'Charge the card of a payment again',
    },
    description: 'The shopper is not there. Mind the spelling of `subsequentcardPaymentMethodSpecificInput`.',
    ...{ body: subsequentPayment, keyed: true },
    sample: { order, subsequentcardPaymentMethodSpecificInput: { authorizationMode: 'SALE', subsequentType: 'Unscheduled' } },
    outcomes: { 201: 'SubsequentPayment', 402: 'DeclinedPayment', ...acted },
  },
  {
    ...{ name: 'completePayment', group: 'Payments', method: 'post', path: 'payments/:id/complete', summary: 'Not for cards' },
    ...{ body: completePayment, sample: {} },
    outcomes: unknown,
  },
  {
    ...{ name: 'createToken', group: 'Tokens', method: 'post', path: 'tokens', summary: 'Store a card' },
    description: 'A card that is stored already keeps its token and its data: then the answer is 200.',
    ...{ body: createToken, sample: { paymentProductId: 1, card: { data: { card } } } },
    outcomes: { 200: 'CreatedToken', 201: 'CreatedToken', ...refusal },
  },
  {
    ...{ name: 'getToken', group: 'Tokens', method: 'get', path: 'tokens/:id', summary: 'A stored card' },
    outcomes: { 200: 'Token', ...unknown },
  },
  {
    ...{ name: 'deleteToken', group: 'Tokens', method: 'delete', path: 'tokens/:id', summary: 'Forget a stored card' },
    outcomes: { 204: undefined, ...unknown },
  },
  {
    ...{ name: 'createPayout', group: 'Payouts', method: 'post', path: 'payouts', summary: 'Pay out to a card' },
    ...{ body: createPayout, keyed: true },
    sample: { amountOfMoney: money(1250), cardPayoutMethodSpecificInput: { card, payoutReason: 'Refund' } },
    outcomes: { 201: 'Payout', 402: 'DeclinedPayout', 409: 'Refusal', ...refusal },
  },
  {
    ...{ name: 'getPayout', group: 'Payouts', method: 'get', path: 'payouts/:id', summary: 'A payout as it is now' },
    outcomes: { 200: 'Payout', ...unknown },
  },
  {
    ...{
      name: 'getPaymentProducts',
      group: 'Products',
      method: 'get',
      path: 'products',
      summary: 'What the account can be paid with',
      query: country,
    },
    pagesRoot: '/client/v1',
    outcomes: { 200: 'Products', ...refusal },
  },
  {
    ...{
      name: 'getPaymentProduct',
      group: 'Products',
      method: 'get',
      path: 'products/:id',
      summary: 'One payment product',
      query: country,
    },
    pagesRoot: '/client/v1',
    outcomes: { 200: 'Product', ...refusal },
  },
  {
    ...{
      name: 'getPaymentProductNetworks',
      group: 'Products',
      method: 'get',
      path: 'products/:id/networks',
      summary: 'Networks of a wallet',
      query: country,
    },
    pagesRoot: '/client/v1',
    outcomes: { 200: 'Networks', ...unknown },
  },
  {
    ...{
      name: 'getProductDirectory',
      group: 'Products',
      method: 'get',
      path: 'products/:id/directory',
      summary: 'Banks of a product',
      query: country,
    },
    pagesRoot: '/client/v1',
    outcomes: { 200: 'Directory', ...unknown },
  },
  {
    ...{ name: 'getProductGroups', group: 'Products', method: 'get', path: 'productgroups', summary: 'Groups of products', query: country },
    pagesRoot: '/client/v1',
    outcomes: { 200: 'ProductGroups', ...refusal },
  },
  {
    ...{ name: 'getProductGroup', group: 'Products', method: 'get', path: 'productgroups/:id', summary: 'One group', query: country },
    pagesRoot: '/client/v1',
    outcomes: { 200: 'ProductGroup', ...refusal },
  },
  {
    ...{ name: 'testConnection', group: 'Services', method: 'get', path: 'services/testconnection', summary: 'Are key and secret right?' },
    outcomes: { 200: 'Connection' },
  },
  {
    ...{ name: 'getIINDetails', group: 'Services', method: 'post', path: 'services/getIINdetails', summary: 'Whose card is this?' },
    pagesRoot: '/client/v1',
    ...{ body: iinDetails, sample: { bin: '424242' } },
    outcomes: { 200: 'IinDetails', ...unknown },
  },
  {
    ...{
      name: 'getDccRateInquiry',
      group: 'Services',
      method: 'post',
      path: 'services/dccrate',
      summary: 'What it would be in another currency',
    },
    pagesRoot: '/client/v2',
    ...{
      body: currencyConversion,
      sample: { cardSource: { card: { cardNumber: card.cardNumber } }, transaction: { amount: money(1250) } },
    },
    outcomes: { 200: 'Conversion', ...refusal },
  },
  {
    ...{
      name: 'surchargeCalculation',
      group: 'Services',
      method: 'post',
      path: 'services/surchargecalculation',
      summary: 'The surcharge for a card',
    },
    pagesRoot: '/client/v1',
    ...{ body: surchargeCalculation, sample: { cardSource: { card: { cardNumber: card.cardNumber } }, amountOfMoney: money(1250) } },
    outcomes: { 200: 'Surcharges', ...refusal },
  },
  {
    ...{ name: 'getPrivacyPolicy', group: 'Services', method: 'get', path: 'services/privacypolicy', summary: 'What happens to card data' },
    query: [{ name: 'locale', required: false, description: 'Such as `en_US`.', example: 'en_US' }],
    outcomes: { 200: 'PrivacyPolicy', ...refusal },
  },
  {
    ...{ name: 'createSession', group: 'Sessions', method: 'post', path: 'sessions', summary: 'A session for a shop’s page or app' },
    ...{ body: createSession, sample: { tokens: [] } },
    outcomes: { 201: 'Session', ...refusal },
  },
  {
    ...{
      name: 'getPublicKey',
      group: 'Sessions',
      method: 'get',
      path: 'crypto/publickey',
      summary: 'The key that a page encrypts cards under',
    },
    description:
      'With `Authorization: GCS v1Client:<clientSessionId>`. Cards are sent as `encryptedCustomerInput`: a JWE of RSA-OAEP and A256CBC-HS512.',
    isForPages: true,
    outcomes: { 200: 'PublicKey' },
  },
  {
    ...{
      name: 'validateWebhookCredentials',
      group: 'Webhooks',
      method: 'post',
      path: 'webhooks/validateCredentials',
      summary: 'Are the webhook key and its secret right?',
    },
    description: '`secret` is the base64 of the HMAC-SHA-256 of nothing under the webhook secret.',
    ...{ body: validateCredentials, sample: { key: 'webhook-key', secret: 'base64' } },
    outcomes: { 200: 'WebhookCredentials', ...refusal },
  },
  {
    ...{ name: 'sendTestWebhook', group: 'Webhooks', method: 'post', path: 'webhooks/sendtest', summary: 'Send a test message' },
    ...{ body: sendTest, sample: {} },
    outcomes: { 204: undefined, ...unknown },
  },
  {
    ...{ name: 'createHostedTokenization', group: 'Hosted Tokenization Page', method: 'post', path: 'hostedtokenizations' },
    summary: 'A form for a card, in a frame of the shop’s page',
    description:
      'The page loads `/hostedtokenization/js/client/tokenizer.min.js`, which shows the form at `hostedTokenizationUrl`. The session is open for three hours. The card is for one payment within two hours, unless the page or the shopper wants it kept.',
    ...{ body: createHostedTokenization, sample: { locale: 'en_US', askConsumerConsent: true } },
    outcomes: { 200: 'HostedTokenization', ...refusal },
  },
  {
    ...{ name: 'getHostedTokenization', group: 'Hosted Tokenization Page', method: 'get', path: 'hostedtokenizations/:id' },
    summary: 'The token of a session',
    description: 'Without a token while no card was entered.',
    outcomes: { 200: 'HostedTokenizationResult', ...unknown },
  },
  {
    ...{ name: 'createHostedCheckout', group: 'Hosted Checkout Page', method: 'post', path: 'hostedcheckouts' },
    summary: 'A page of the gateway’s where the shopper pays',
    description: 'Send the shopper to `redirectUrl`. They come back to `returnUrl` with `RETURNMAC` and `hostedCheckoutId`.',
    ...{ body: createHostedCheckout, sample: { order, hostedCheckoutSpecificInput: { returnUrl: 'https://shop.example/back' } } },
    outcomes: { 200: 'HostedCheckout', ...refusal },
  },
  {
    ...{ name: 'getHostedCheckout', group: 'Hosted Checkout Page', method: 'get', path: 'hostedcheckouts/:id' },
    ...{ summary: 'What became of a checkout', outcomes: { 200: 'HostedCheckoutResult', ...unknown } },
  },
  {
    ...{ name: 'createPaymentLink', group: 'Payment links', method: 'post', path: 'paymentlinks' },
    summary: 'A link that a shopper pays by',
    ...{ body: createPaymentLink, sample: { order, paymentLinkSpecificInput: { description: 'Two chairs', recipientName: 'Ada' } } },
    outcomes: { 201: 'PaymentLink', ...refusal },
  },
  {
    ...{ name: 'getPaymentLinkById', group: 'Payment links', method: 'get', path: 'paymentlinks/:id' },
    ...{ summary: 'A link as it is now', outcomes: { 200: 'PaymentLink', ...unknown } },
  },
  {
    ...{ name: 'cancelPaymentLinkById', group: 'Payment links', method: 'post', path: 'paymentlinks/:id/cancel' },
    ...{ summary: 'Call a link off while nothing was paid', body: anyBody, sample: {} },
    outcomes: { 204: undefined, ...acted },
  },
  ...notTaken('Mandates', [
    ['createMandate', 'post', 'mandates'],
    ['getMandate', 'get', 'mandates/:id'],
    ['blockMandate', 'post', 'mandates/:id/block'],
    ['unblockMandate', 'post', 'mandates/:id/unblock'],
    ['revokeMandate', 'post', 'mandates/:id/revoke'],
  ]),
];

function notTaken(group: string, rows: readonly (readonly [name: string, method: 'get' | 'post', path: string])[]): Endpoint[] {
  return rows.map(([name, method, path]) => ({
    ...{ name, group, method, path, summary: 'Not taken here', outcomes: refusal },
    ...(method === 'post' ? { body: anyBody, sample: {} } : {}),
  }));
}
