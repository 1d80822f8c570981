/**
 * The endpoints as data: their paths, what each is for, which parameters it takes and needs, how its checksum is made, what it answers. Routes are
 * registered and the API is described from it.
 */
import type { AnswerName } from './answers.ts';
import type { ResultCode } from './result-codes.ts';
import { namesUnder, type ParameterName } from './wire.ts';

export interface Endpoint {
  readonly method: 'get' | 'post';
  /** As the router writes them; the first is the usual one. */
  readonly paths: readonly string[];
  readonly name: EndpointName;
  readonly group: 'Tokens' | 'Payments' | 'Registrations' | 'Payouts' | 'Reports' | 'Invoices' | 'Hosted page';
  readonly summary: string;
  readonly description: string;
  /** What `:id` is, where the path has one. */
  readonly id?: string;
  readonly parameters: readonly ParameterName[];
  /** Names that must be there, whatever is asked for. */
  readonly required: readonly ParameterName[];
  readonly sample: Readonly<Partial<Record<ParameterName, string>>>;
  readonly answer: AnswerName;
  /** Codes of what was done or found, beside those that every endpoint has. */
  readonly codes: readonly ResultCode[];
  /** What a refusal has beside its result: the payment that there is none of, or the same once more as invoices have it. */
  readonly refusedAs?: 'payment' | 'invoice';
  /** No token is needed. */
  readonly isOpen?: true;
  /** It takes lines of an invoice as well. */
  readonly hasProducts?: true;
  /** For a browser, which is led to the hosted page: names of its query. */
  readonly leadsToPage?: readonly string[];
}

export type EndpointName =
  | 'authToken'
  | 'partnerAuthToken'
  | 'regenerateToken'
  | 'pay'
  | 'operate'
  | 'readPayment'
  | 'refund'
  | 'inquire'
  | 'listTransactions'
  | 'register'
  | 'payWithToken'
  | 'listRegistrations'
  | 'payOut'
  | 'signUpCustomer'
  | 'generateInvoice'
  | 'cancelInvoice'
  | 'regenerateInvoice'
  | 'remindInvoice'
  | 'inquireInvoice'
  | 'openInvoice'
  | 'generatePayByLink'
  | 'openPayByLink'
  | 'openCheckoutPage';

const base = '/transactionServices/REST/v1';
const olderBase = '/api/REST/v1';
const merchantBase = '/merchantServices/api/v1';
const invoiceBase = '/invoiceServices/REST/v1';

const signed: readonly ParameterName[] = [
  'authentication.memberId',
  'authentication.checksum',
  'authentication.terminalId',
  'authentication.accountId',
  'authentication.partnerId',
  'authentication.sKey',
];
const needsSignature: readonly ParameterName[] = ['authentication.memberId', 'authentication.checksum'];
const money: readonly ParameterName[] = ['amount', 'currency', 'tmpl_amount', 'tmpl_currency'];
const addresses: readonly ParameterName[] = ['merchantRedirectUrl', 'notificationUrl', 'redirectMethod'];
const person = namesUnder('customer.', 'shipping.');
const wishes: readonly ParameterName[] = [
  ...(['attemptThreeD', 'recurringType', 'createRegistration', 'installment', 'paymentProvider', 'virtualPrivateAddress'] as const),
  ...namesUnder('deviceDetails.'),
];
const purchase: readonly ParameterName[] = [
  ...signed,
  ...(['merchantTransactionId', ...money, 'paymentBrand', 'paymentMode', 'paymentType', 'orderDescriptor'] as const),
  ...addresses,
  ...wishes,
  ...namesUnder('card.'),
  ...person,
];

const sampleCard = { 'card.number': '4111111111111111', 'card.expiryMonth': '12', 'card.expiryYear': '2034', 'card.cvv': '123' } as const;
const sampleMethod = { paymentBrand: 'VISA', paymentMode: 'CC' } as const;

/** Of new payments. */
export const firstCodes: readonly ResultCode[] = [
  ...(['00001', '00003', '00019', '10001', '10002', '11002', '11003', '11004', '11005', '11010', '11012', '11013', '11014'] as const),
  ...(['11015', '11021', '11025', '11030', '11033', '11034', '11041', '11043', '11046', '11051', '11053', '11054', '11055'] as const),
  ...(['11057', '11058', '11061', '11062', '11063', '11065', '11068', '11082', '11091', '11093', '11094', '11096'] as const),
  ...(['12001', '12002', '12003', '12004', '12005', '20014', '20005', '20006', '20007', '20015'] as const),
];
const actCodes: readonly ResultCode[] = [
  ...(['00003', '00004', '00005', '00006', '10005', '10006', '10007', '20007', '20009', '20010', '20011', '20012', '20015'] as const),
];

const ofMember = 'Checksum: MD5 of `memberId|secureKey';

export const endpoints: readonly Endpoint[] = [
  {
    ...{ method: 'post', name: 'authToken', group: 'Tokens', summary: 'Get a token', isOpen: true },
    paths: [`${base}/authToken`, `${merchantBase}/authToken`, `${invoiceBase}/authToken`],
    description:
      'For an hour, by partner id, login and key, or by member id and key alone. Send it as the header `AuthToken` with every other request.',
    parameters: ['authentication.partnerId', 'merchant.username', 'authentication.sKey', 'authentication.memberId'],
    required: ['authentication.sKey'],
    sample: {},
    answer: 'Token',
    codes: ['200', '20004'],
  },
  {
    ...{ method: 'post', name: 'partnerAuthToken', group: 'Tokens', summary: 'Get a token of a partner', isOpen: true },
    paths: [`${base}/partnerAuthToken`],
    description: 'It acts for every member whom the partner has brought; checksums may be made with the key of either.',
    parameters: ['authentication.partnerId', 'partner.userName', 'authentication.sKey'],
    required: ['authentication.partnerId', 'partner.userName', 'authentication.sKey'],
    sample: { 'authentication.partnerId': '1' },
    answer: 'Token',
    codes: ['200', '20004'],
  },
  {
    ...{ method: 'post', name: 'regenerateToken', group: 'Tokens', summary: 'Replace a token', isOpen: true },
    paths: [`${base}/regenerateToken`, `${merchantBase}/regenerateToken`, `${invoiceBase}/regenerateToken`],
    description: 'A new token for an old one, which may have expired up to 24 hours ago.',
    parameters: ['authentication.partnerId', 'authToken'],
    required: ['authToken'],
    sample: { 'authentication.partnerId': '1', authToken: '' },
    answer: 'Token',
    codes: ['200', '20008'],
  },
  {
    ...{ method: 'post', name: 'pay', group: 'Payments', refusedAs: 'payment', summary: 'Pay with a card, or at a bank' },
    paths: [`${base}/payments`, `${olderBase}/payments`],
    description: `\`DB\` takes the amount, \`PA\` holds it until it is captured or cancelled. With \`paymentMode=NB\` the customer pays at their bank. Where the answer has a \`redirect\`, send the customer there. ${ofMember}|merchantTransactionId|amount\`.`,
    parameters: purchase,
    required: [...needsSignature, 'merchantTransactionId', 'amount', 'currency', 'paymentBrand', 'paymentMode', 'paymentType'],
    sample: { merchantTransactionId: 'ORDER-1', amount: '50.00', currency: 'EUR', paymentType: 'DB', ...sampleMethod, ...sampleCard },
    answer: 'Payment',
    codes: firstCodes,
  },
  {
    ...{ method: 'post', name: 'operate', group: 'Payments', refusedAs: 'payment', summary: 'Capture, refund, cancel, ask, or pay again' },
    paths: [`${base}/payments/:id`, `${olderBase}/payments/:id`],
    id: 'The payment: the `paymentId` of its answer.',
    description: `\`CP\` captures a held amount, whole or a part of it, once. \`RF\` refunds, once. \`RV\` cancels what is held, or \`amount\` of it. \`IN\` tells how it stands. \`DB\` and \`PA\` with \`recurringType=REPEATED\` charge its card again. ${ofMember}|paymentId|amount\`; of RV and IN without the amount; with \`idType=MID\` the \`merchantTransactionId\` stands for the id. A \`merchantTransactionId\` of its own makes CP, RF and RV safe to send again.`,
    parameters: [...new Set<ParameterName>([...purchase, 'paymentId', 'idType'])],
    required: [...needsSignature, 'paymentType'],
    sample: { paymentType: 'CP', amount: '50.00' },
    answer: 'Act',
    codes: [...new Set([...actCodes, '00026', '10026', ...firstCodes] as const)],
  },
  {
    ...{ method: 'get', name: 'readPayment', group: 'Payments', refusedAs: 'payment', summary: 'How a payment stands' },
    paths: [`${base}/payments/:id`, `${olderBase}/payments/:id`],
    id: 'The payment.',
    description:
      'The same as `IN`, for the `resourcePath` that the customer’s browser brings back. It needs the token of the member, and no checksum.',
    parameters: [],
    required: [],
    sample: {},
    answer: 'Inquiry',
    codes: ['00026', '10026'],
  },
  {
    ...{ method: 'post', name: 'refund', group: 'Payments', refusedAs: 'payment', summary: 'Refund' },
    paths: [`${base}/refund/:id`],
    id: 'The payment.',
    description: `The same as \`RF\`. ${ofMember}|paymentId|amount\`.`,
    parameters: [...signed, 'paymentId', 'paymentType', 'amount', 'merchantTransactionId', 'notificationUrl'],
    required: [...needsSignature, 'amount'],
    sample: { amount: '50.00' },
    answer: 'Act',
    codes: actCodes,
  },
  {
    ...{ method: 'post', name: 'inquire', group: 'Payments', summary: 'How a payment stands, by either reference' },
    paths: [`${base}/inquiry`],
    description: `By \`paymentId\`, or with \`idType=MID\` by \`merchantTransactionId\`. ${ofMember}|paymentId\` or \`…|merchantTransactionId\`.`,
    parameters: [...signed, 'paymentType', 'paymentId', 'idType', 'merchantTransactionId'],
    required: needsSignature,
    sample: { paymentType: 'IN', paymentId: '3000000000' },
    answer: 'Inquiry',
    codes: ['00026', '10026'],
  },
  {
    ...{ method: 'post', name: 'listTransactions', group: 'Reports', summary: 'List payments' },
    paths: [`${base}/getTransactionList`],
    description: `Newest last, in pages. ${ofMember}\`.`,
    parameters: [...signed, 'status', ...namesUnder('pagination.')],
    required: needsSignature,
    sample: { 'pagination.pageno': '1', 'pagination.records': '10' },
    answer: 'TransactionList',
    codes: ['00026', '10026'],
  },
  {
    ...{ method: 'post', name: 'register', group: 'Registrations', summary: 'Keep a card' },
    paths: [`${base}/registrations`, `${olderBase}/registrations`],
    description: `Without a payment; nobody is asked whether it is good. ${ofMember}|card.number\`.`,
    parameters: [...signed, 'paymentBrand', 'paymentMode', 'createRegistration', ...namesUnder('card.'), ...person],
    required: [...needsSignature, 'card.number', 'card.expiryMonth', 'card.expiryYear', 'paymentBrand', 'paymentMode'],
    sample: { ...sampleMethod, ...sampleCard },
    answer: 'Registration',
    codes: ['00002', '10003', '20005'],
  },
  {
    ...{
      method: 'post',
      name: 'payWithToken',
      group: 'Registrations',
      refusedAs: 'payment',
      summary: 'Pay with a kept card, or delete it',
    },
    paths: [`${base}/paywithtoken/:id`, `${base}/registrations/:id`],
    id: 'The registration: the `registrationId` of the answer that kept the card.',
    description: `\`DB\` or \`PA\` pays, \`DL\` deletes. ${ofMember}|registrationId|amount\`; of \`DL\` without the amount.`,
    parameters: purchase,
    required: [...needsSignature, 'paymentType'],
    sample: { paymentType: 'DB', amount: '7.50', currency: 'EUR' },
    answer: 'TokenAct',
    codes: [...firstCodes, '00008', '20013'],
  },
  {
    ...{ method: 'post', name: 'listRegistrations', group: 'Registrations', summary: 'List kept cards' },
    paths: [`${base}/getCardsAndAccounts`],
    description: `Of a cardholder, or of all. ${ofMember}\`.`,
    parameters: [...signed, 'customer.customerId'],
    required: needsSignature,
    sample: {},
    answer: 'Registrations',
    codes: ['00026', '10026'],
  },
  {
    ...{ method: 'post', name: 'signUpCustomer', group: 'Registrations', summary: 'Register a cardholder' },
    paths: [`${merchantBase}/customerSignup`],
    description: `The answer’s \`customerId\` can be named when cards are kept, and to list them. ${ofMember}|givenName|surname|email\`.`,
    parameters: [...signed, ...person.filter((name) => name !== 'customer.customerId')],
    required: [...needsSignature, 'customer.givenName', 'customer.surname', 'customer.email'],
    sample: { 'customer.givenName': 'Ada', 'customer.surname': 'Example', 'customer.email': 'ada@shop.example' },
    answer: 'Customer',
    codes: ['00007'],
  },
  {
    ...{ method: 'post', name: 'payOut', group: 'Payouts', refusedAs: 'payment', summary: 'Pay out' },
    paths: [`${base}/payout`],
    description:
      'From the payout balance, to one receiver: the card of an earlier payment (`paymentId`), `card.*`, or a bank account: `bankAccount.iban`, or `customer.bankAccountNumber` with `customer.bankCode`. An account needs the name of its owner, `customer.bankAccountName` or given name and surname. `P` and `payoutstarted`: the bank has not decided; you are told when it has. Checksum: MD5 of `memberId|merchantTransactionId|amount|secureKey`.',
    parameters: [...purchase, 'paymentId', 'merchant.email', ...namesUnder('bankAccount.')],
    required: [...needsSignature, 'merchantTransactionId', 'amount'],
    sample: { merchantTransactionId: 'PAYOUT-1', amount: '5.00', currency: 'EUR', paymentType: 'PO', ...sampleMethod, ...sampleCard },
    answer: 'Payment',
    codes: ['00009', '10008', '20018', '20009', '20010', ...firstCodes],
  },
  {
    ...{ method: 'post', name: 'generateInvoice', group: 'Invoices', refusedAs: 'invoice', summary: 'Issue an invoice', hasProducts: true },
    paths: [`${invoiceBase}/generate`],
    description: `The customer is mailed a link to the hosted page, and reminded on the last day. \`paymentBrand\` and \`paymentMode\` narrow what the page offers. Lines are \`product.productDescription\`, \`product.quantity\`, \`product.productAmount\`, \`product.productTotal\`, in JSON a list; their totals are the amount then. ${ofMember}|merchantInvoiceId|amount|merchantRedirectUrl\`.`,
    parameters: [
      ...signed,
      ...(['merchantInvoiceId', 'amount', 'currency', 'invoiceExpirationPeriod', 'merchantOrderDescription', 'merchantOrderId'] as const),
      ...(['telnocc', 'paymentBrand', 'paymentMode', 'paymentType', 'tmpl_amount', 'tmpl_currency'] as const),
      ...addresses,
      ...person,
    ],
    required: [...needsSignature, 'merchantInvoiceId', 'amount', 'currency', 'merchantRedirectUrl', 'customer.email'],
    sample: { merchantInvoiceId: 'INVOICE-1', amount: '50.00', currency: 'EUR', merchantRedirectUrl: 'https://shop.example/done' },
    answer: 'Invoice',
    codes: ['00010', '20005', '20006', '20007', '20015'],
  },
  ...(
    [
      ['cancelInvoice', 'cancel', 'Call an invoice off', 'The customer is told by mail.', '00011'],
      ['remindInvoice', 'remind', 'Remind of an invoice', 'The customer is mailed the link again.', '00012'],
      ['inquireInvoice', 'inquiry', 'How an invoice stands', '`status`: mailsent, processed, cancelled, expired, regenerated.', '00026'],
    ] as const
  ).map(
    ([name, path, summary, description, code]): Endpoint => ({
      ...{ method: 'post', name, group: 'Invoices', refusedAs: 'invoice', summary },
      paths: [`${invoiceBase}/${path}`],
      description: `${description} ${ofMember}|merchantInvoiceId\`, or of \`invoiceId|memberId|secureKey\`.`,
      parameters: [...signed, 'merchantInvoiceId', 'invoiceId', 'cancelReason'],
      required: needsSignature,
      sample: { merchantInvoiceId: 'INVOICE-1' },
      answer: 'Invoice',
      codes: [code, '10026', '20010'],
    }),
  ),
  {
    ...{ method: 'post', name: 'regenerateInvoice', group: 'Invoices', refusedAs: 'invoice', summary: 'Issue an invoice anew' },
    paths: [`${invoiceBase}/regenerate`],
    description:
      'A new invoice with a new link and a new period; the old one cannot be paid any more. Checksum: MD5 of `invoiceId|memberId|secureKey|merchantRedirectUrl`.',
    parameters: [...signed, 'invoiceId', 'merchantInvoiceId', 'merchantRedirectUrl', 'invoiceExpirationPeriod'],
    required: [...needsSignature, 'invoiceId', 'merchantRedirectUrl'],
    sample: { invoiceId: '1000', merchantRedirectUrl: 'https://shop.example/done' },
    answer: 'Invoice',
    codes: ['00013', '10026', '20010', '20015'],
  },
  {
    ...{ method: 'get', name: 'openInvoice', group: 'Hosted page', summary: 'The page of an invoice', isOpen: true },
    paths: ['/transaction/PayInvoice'],
    description: 'For the customer’s browser: the `transactionUrl` of an invoice.',
    ...{ parameters: [], required: [], sample: {}, answer: 'Invoice', codes: [], leadsToPage: ['inv', 'ct'] },
  },
  {
    ...{ method: 'post', name: 'generatePayByLink', group: 'Hosted page', summary: 'Make a payment link' },
    paths: [`${merchantBase}/generatePayByLink`],
    description:
      'The `url` of the result leads the customer to the hosted page. Checksum: MD5 of `memberId|merchant.orderID|merchant.amount|secureKey`.',
    parameters: [...signed, 'authentication.expirationTime', ...namesUnder('merchant.').filter((name) => name !== 'merchant.username')],
    required: [...needsSignature, 'merchant.orderID', 'merchant.amount', 'merchant.currency'],
    sample: { 'merchant.orderID': 'ORDER-1', 'merchant.amount': '50.00', 'merchant.currency': 'EUR' },
    answer: 'Link',
    codes: ['00026', '20006', '20007', '20015'],
  },
  {
    ...{ method: 'get', name: 'openPayByLink', group: 'Hosted page', summary: 'The page of a payment link', isOpen: true },
    paths: ['/transaction/PayByLink'],
    description: 'For the customer’s browser: the `url` of a payment link.',
    ...{ parameters: [], required: [], sample: {}, answer: 'Link', codes: [], leadsToPage: ['orderId', 'authToken'] },
  },
  {
    ...{ method: 'post', name: 'openCheckoutPage', group: 'Hosted page', summary: 'Lead a customer to the hosted page', isOpen: true },
    paths: ['/transaction/Checkout'],
    description:
      'A form that the customer’s browser posts. It has no token. `paymentBrand` leaves one brand of cards, `paymentMode=NB` the bank alone. What the checksum does not cover is in the customer’s hands: `attemptThreeD=Only3D` counts, `Direct` only where the terminal’s policies allow it, and `notificationUrl` is at the origin of `merchantRedirectUrl`. Checksum: MD5 of `memberId|totype|amount|merchantTransactionId|merchantRedirectUrl|secureKey`.',
    parameters: [
      ...(['memberId', 'totype', 'amount', 'TMPL_AMOUNT', 'currency', 'TMPL_CURRENCY', 'merchantTransactionId', 'checksum'] as const),
      ...(['merchantRedirectUrl', 'notificationUrl', 'orderDescription', 'ip', 'firstName', 'lastName', 'dateOfBirth', 'country'] as const),
      ...(['city', 'state', 'postcode', 'street', 'phone', 'telnocc', 'email', 'terminalid', 'paymentMode', 'paymentBrand'] as const),
      ...([
        'customerId',
        'customerBankId',
        'lang',
        'voucherNumber',
        'voucherCode',
        'accountid',
        'transactionType',
        'attemptThreeD',
      ] as const),
    ],
    required: ['memberId', 'totype', 'amount', 'currency', 'merchantTransactionId', 'checksum', 'merchantRedirectUrl', 'transactionType'],
    sample: { totype: 'gateway', amount: '50.00', currency: 'EUR', merchantTransactionId: 'ORDER-1', transactionType: 'DB' },
    ...{ answer: 'Link', codes: ['20003', '20005', '20006', '20007', '20015'], leadsToPage: [] },
  },
];
