/**
 * The endpoints as data: what each one is for, which parameters it takes (the same schemas that check requests), what it needs, what it can
 * answer. The description of the API is made from it; a test compares it with the routes.
 */
import {
  accepted,
  authenticationOutcomes,
  bankOutcomes,
  firstOutcomes,
  ofAgreements,
  ofAmounts,
  ofAuthentication,
  ofBalances,
  ofBanks,
  ofBusyReferences,
  ofCards,
  ofForms,
  ofJobs,
  ofKeys,
  ofPeople,
  ofRebills,
  ofReceipts,
  ofReferences,
  ofSettled,
  ofTokens,
  ofTypes,
} from './endpoint-codes.ts';
import { rejectionCodes } from './refusals.ts';
import type { ResultCode } from './result-codes.ts';
import {
  authenticationParameters,
  checkoutParameters,
  deletionParameters,
  openParameters,
  operationParameters,
  type ParameterFormats,
  paymentParameters,
  queryByIdParameters,
  queryByReferenceParameters,
  queryParameters,
  registrationParameters,
  scheduleParameters,
  searchParameters,
} from './wire.ts';

/** Shape of an answer: answers.ts has the schemas. */
export type AnswerName =
  | 'Transaction'
  | 'TransactionList'
  | 'TransactionPage'
  | 'Registration'
  | 'Schedule'
  | 'Deletion'
  | 'Authentication'
  | 'ResultCodes'
  | 'Checkout'
  | 'CheckoutPayment'
  | 'CheckoutRegistration';

export interface Endpoint {
  readonly method: 'get' | 'post' | 'delete';
  /** As the router writes it: `/v1/payments/:id`. */
  readonly path: string;
  /** Name of the operation for generated clients. */
  readonly name: string;
  readonly group: 'Payments' | '3-D Secure' | 'Checkouts' | 'Registrations' | 'Schedules' | 'Reports';
  readonly summary: string;
  readonly description: string;
  /** What `:id` is, where the path has one. */
  readonly id?: string;
  /** In the body of a POST, in the query of the others. */
  readonly parameters: ParameterFormats;
  /** Names that must be there; the rest may be left out or be empty. */
  readonly required: readonly string[];
  /** A request to begin with: names and values. */
  readonly sample: Readonly<Record<string, string>>;
  readonly answer: AnswerName;
  /** Codes of what was recorded, beside those that refuse. */
  readonly outcomes: readonly ResultCode[];
  /** Codes of what was refused, beside those that every endpoint has. */
  readonly refusals: readonly ResultCode[];
  /** Answered 404 with this code. */
  readonly notFound?: ResultCode;
}

const registrationId = 'The stored card: the `id` of its registration, or the `registrationId` of the payment that stored it.';

const card = {
  paymentBrand: 'VISA',
  'card.number': '4111111111111111',
  'card.holder': 'Ada Example',
  'card.expiryMonth': '12',
  'card.expiryYear': '2034',
  'card.cvv': '123',
};

export const endpoints: readonly Endpoint[] = [
  {
    ...{ method: 'post', path: '/v1/payments', name: 'pay', group: 'Payments', summary: 'Pay with a card, or at a bank' },
    description:
      '`PA` holds the amount until it is captured or reversed, `DB` takes it at once, `PA.CP` holds it and captures it in the same request. `CD` pays out to the card, from the payout balance. The brands `IDEAL` (`DB`), `SOFORTUEBERWEISUNG` (`DB`, `PA`) and `PREPAYMENT` (`PA`) need no card: the shopper pays at their bank, to which `redirect` leads, and comes back to `shopperResultUrl`.',
    parameters: paymentParameters,
    required: ['entityId', 'paymentType', 'amount', 'currency'],
    sample: { paymentType: 'DB', amount: '12.50', currency: 'EUR', ...card },
    answer: 'Transaction',
    outcomes: [...firstOutcomes, ...bankOutcomes],
    refusals: [
      ...ofBanks,
      ...ofCards,
      ...ofPeople,
      ...ofForms,
      ...ofAuthentication,
      ...ofAmounts,
      ...ofTypes,
      ...ofAgreements,
      ...ofBalances,
      ...ofKeys,
    ],
  },
  {
    ...{ method: 'post', path: '/v1/threeDSecure', name: 'authenticate', group: '3-D Secure', summary: 'Authenticate without a payment' },
    description:
      'The shopper authenticates for an amount and a card; nothing is paid. What comes of it, `verificationId` included, can go into a payment as `threeDSecure.*`. The more `customer.browser.*` tells, the less the issuer has to ask.',
    parameters: authenticationParameters,
    required: ['entityId', 'amount', 'currency', 'card.number', 'card.expiryMonth', 'card.expiryYear', 'shopperResultUrl'],
    sample: {
      amount: '12.50',
      currency: 'EUR',
      ...card,
      'card.number': '4200000000000091',
      shopperResultUrl: 'https://shop.example/result',
    },
    answer: 'Authentication',
    outcomes: authenticationOutcomes,
    refusals: [...ofCards, ...ofPeople, ...ofForms, ...ofAmounts, ...ofAgreements, ...Object.values(rejectionCodes), '000.400.109'],
  },
  {
    ...{
      method: 'get',
      path: '/v1/threeDSecure/:id',
      name: 'authentication',
      group: '3-D Secure',
      summary: 'What came of an authentication',
    },
    description: 'As it is now, with the status code of what became of it.',
    id: 'The `id` of an earlier answer.',
    parameters: queryParameters,
    required: ['entityId'],
    sample: {},
    answer: 'Authentication',
    outcomes: authenticationOutcomes,
    refusals: [],
    notFound: '200.300.404',
  },
  {
    ...{
      method: 'post',
      path: '/v1/payments/:id',
      name: 'operate',
      group: 'Payments',
      summary: 'Capture, reverse, refund, rebill, or tell of a receipt',
    },
    description:
      '`CP` takes what was held, `RV` gives back what was not settled yet, `RF` refunds what was taken; whole or in several parts. Without an amount, `RV` gives back all that is left. `RB` charges the same card again, as a new payment, or sends the shopper to the bank again. `RC` tells that the money of an order at a bank has come; the bank tells it as well, and it is counted once.',
    id: 'The transaction to act upon: the `id` of an earlier answer.',
    parameters: operationParameters,
    required: ['entityId', 'paymentType'],
    sample: { paymentType: 'RF', amount: '1.00', currency: 'EUR' },
    answer: 'Transaction',
    outcomes: [...firstOutcomes, ...bankOutcomes],
    refusals: [
      ...ofRebills,
      ...ofReceipts,
      ...ofSettled,
      ...ofReferences,
      ...ofBusyReferences,
      ...ofForms,
      ...ofAmounts,
      ...ofTypes,
      ...ofKeys,
    ],
  },
  {
    ...{ method: 'get', path: '/v1/payments/:id', name: 'status', group: 'Payments', summary: 'How a payment stands' },
    description:
      'The transaction as it is now, with the status code of what became of it. It does not expire. Twice a minute for each payment; the queries know no such limit.',
    id: 'The `id` of an earlier answer.',
    parameters: queryParameters,
    required: ['entityId'],
    sample: {},
    answer: 'Transaction',
    outcomes: [...firstOutcomes, ...bankOutcomes],
    refusals: [],
    notFound: '200.300.404',
  },
  {
    ...{ method: 'post', path: '/v1/registrations', name: 'register', group: 'Registrations', summary: 'Store a card' },
    description: 'Keeps the card under a token, without a payment; nobody is asked whether the card is good.',
    parameters: registrationParameters,
    required: ['entityId', 'card.number', 'card.expiryMonth', 'card.expiryYear'],
    sample: card,
    answer: 'Registration',
    outcomes: [...accepted, ...Object.values(rejectionCodes)],
    refusals: [...ofCards, ...ofPeople, ...ofForms, ...ofKeys],
  },
  {
    ...{ method: 'get', path: '/v1/registrations/:id', name: 'readRegistration', group: 'Registrations', summary: 'A stored card' },
    description: 'What may be shown of the card.',
    id: registrationId,
    parameters: queryParameters,
    required: ['entityId'],
    sample: {},
    answer: 'Registration',
    outcomes: [...accepted, ...Object.values(rejectionCodes)],
    refusals: ['100.150.101', '100.150.202'],
    notFound: '100.150.200',
  },
  {
    ...{ method: 'delete', path: '/v1/registrations/:id', name: 'deregister', group: 'Registrations', summary: 'Delete a stored card' },
    description: 'Nobody can pay with it any more. What was paid with it can still be refunded.',
    id: registrationId,
    parameters: deletionParameters,
    required: ['entityId'],
    sample: {},
    answer: 'Deletion',
    outcomes: accepted,
    refusals: [...ofTokens, '100.300.101', '200.200.106'],
  },
  {
    ...{ method: 'post', path: '/v1/registrations/:id/payments', name: 'payWithToken', group: 'Registrations' },
    ...{ summary: 'Pay with a stored card', description: 'As a payment with a card; `card.cvv` may accompany the token.' },
    id: registrationId,
    parameters: paymentParameters,
    required: ['entityId', 'paymentType', 'amount', 'currency'],
    sample: { paymentType: 'DB', amount: '3.00', currency: 'EUR' },
    answer: 'Transaction',
    outcomes: firstOutcomes,
    refusals: [
      ...ofTokens,
      ...(['100.150.205', '100.100.501', '600.200.100', '600.200.201'] as const),
      ...ofPeople,
      ...ofForms,
      ...ofAuthentication,
      ...ofAmounts,
      ...ofTypes,
      ...ofAgreements,
      ...ofBalances,
      ...ofKeys,
    ],
  },
  {
    ...{ method: 'get', path: '/v1/query/:id', name: 'queryById', group: 'Reports', summary: 'A transaction by its id' },
    description:
      'The same as the status of a payment, as often as you like; a transaction that does not exist has a code of its own. With `includeLinkedTransactions` the whole payment: `transactionTree` says what was authorized, captured and refunded.',
    id: 'The `id` of an earlier answer.',
    parameters: queryByIdParameters,
    required: ['entityId'],
    sample: {},
    answer: 'Transaction',
    outcomes: [...firstOutcomes, ...bankOutcomes],
    refusals: [],
    notFound: '700.400.580',
  },
  {
    ...{ method: 'get', path: '/v1/query', name: 'queryByReference', group: 'Reports', summary: 'Transactions by your reference' },
    description: 'Every transaction of the entity that has this `merchantTransactionId`, oldest first, at most 100.',
    parameters: queryByReferenceParameters,
    required: ['entityId', 'merchantTransactionId'],
    sample: { merchantTransactionId: 'order-1' },
    answer: 'TransactionList',
    outcomes: ['000.000.100'],
    refusals: [],
    notFound: '700.400.580',
  },
  {
    ...{ method: 'get', path: '/v3/query/:id', name: 'findById', group: 'Reports', summary: 'A transaction by its id, as a list' },
    description: 'As the older query, with the transaction in `records` as well.',
    id: 'The `id` of an earlier answer.',
    parameters: queryByIdParameters,
    required: ['entityId'],
    sample: {},
    answer: 'Transaction',
    outcomes: [...firstOutcomes, ...bankOutcomes],
    refusals: [],
    notFound: '700.400.580',
  },
  {
    ...{ method: 'get', path: '/v3/query', name: 'find', group: 'Reports', summary: 'Transactions by reference or time' },
    description:
      'By `merchantTransactionId`, or by `date.from` and `date.to`; the other filters narrow it down. Oldest first, in pages of `limit`.',
    parameters: searchParameters,
    required: ['entityId'],
    sample: { merchantTransactionId: 'order-1' },
    answer: 'TransactionPage',
    outcomes: ['000.000.100'],
    refusals: [],
    notFound: '700.400.580',
  },
  {
    ...{ method: 'get', path: '/v1/resultcodes', name: 'resultCodes', group: 'Reports', summary: 'All result codes' },
    description: 'Every code that can be answered, with its text. It needs no login.',
    parameters: openParameters,
    required: [],
    sample: {},
    answer: 'ResultCodes',
    outcomes: ['000.000.100'],
    refusals: [],
  },
  {
    ...{ method: 'post', path: '/scheduling/v1/schedules', name: 'schedule', group: 'Schedules', summary: 'Pay again and again' },
    description:
      'Pays with a stored card at the times of `job.expression`, or of its parts. Times are UTC; each is paid for once, also after an outage.',
    parameters: scheduleParameters,
    required: ['entityId', 'registrationId', 'paymentType', 'amount', 'currency'],
    sample: { paymentType: 'DB', amount: '9.90', currency: 'EUR', 'job.dayOfMonth': '1' },
    answer: 'Schedule',
    outcomes: accepted,
    refusals: [...ofTokens, ...ofJobs, ...ofForms, ...ofPeople, ...ofAmounts, ...ofTypes, ...ofKeys],
  },
  {
    ...{ method: 'delete', path: '/scheduling/v1/schedules/:id', name: 'unschedule', group: 'Schedules', summary: 'Pay no more' },
    description: 'After the answer nothing more is paid.',
    id: 'The `id` of the answer that made the schedule.',
    parameters: deletionParameters,
    required: ['entityId'],
    sample: {},
    answer: 'Deletion',
    outcomes: accepted,
    refusals: ['100.300.101', '100.360.303', '700.400.700', '800.700.100'],
  },
  {
    ...{ method: 'post', path: '/v1/checkouts', name: 'openCheckout', group: 'Checkouts', summary: 'Let the shopper enter the card' },
    description:
      'A payment without a card. The `id` goes to `paymentWidgets.js?checkoutId=…` on your page, which shows the gateway’s own form in a frame, or in the address of the hosted page. It lives for 30 minutes. With `createRegistration` and neither `paymentType` nor `amount` nothing is paid: the card is only kept.',
    parameters: checkoutParameters,
    required: ['entityId', 'paymentType', 'amount', 'currency'],
    sample: { paymentType: 'DB', amount: '12.50', currency: 'EUR' },
    answer: 'Checkout',
    outcomes: ['000.200.100'],
    refusals: [...ofAmounts, ...ofTypes, ...ofPeople, ...ofForms, ...ofAgreements, ...ofCards],
  },
  {
    ...{ method: 'post', path: '/v1/checkouts/:id', name: 'amendCheckout', group: 'Checkouts', summary: 'Change a checkout' },
    description: 'What is sent replaces what it had; until it is paid. A shopper who has seen the old amount is asked again.',
    id: 'The `id` of the checkout.',
    parameters: checkoutParameters,
    required: ['entityId'],
    sample: { amount: '13.00', currency: 'EUR' },
    answer: 'Checkout',
    outcomes: ['000.200.101'],
    refusals: [...ofAmounts, ...ofTypes, ...ofPeople, ...ofForms, ...ofAgreements, ...ofCards, '800.700.100'],
    notFound: '200.300.404',
  },
  {
    ...{
      method: 'get',
      path: '/v1/checkouts/:id/registration',
      name: 'checkoutRegistration',
      group: 'Checkouts',
      summary: 'Which card was kept',
    },
    description: 'Of a checkout that only keeps a card: the stored card; `000.200.000` as long as the shopper has not entered it.',
    id: 'The `id` of the checkout.',
    parameters: queryParameters,
    required: ['entityId'],
    sample: {},
    answer: 'CheckoutRegistration',
    outcomes: [...accepted, '000.200.000'],
    refusals: [],
    notFound: '200.300.404',
  },
  {
    ...{ method: 'get', path: '/v1/checkouts/:id/payment', name: 'checkoutStatus', group: 'Checkouts', summary: 'What was paid' },
    description: 'The last transaction of the checkout; `000.200.000` as long as nothing was tried.',
    id: 'The `id` of the checkout.',
    parameters: queryParameters,
    required: ['entityId'],
    sample: {},
    answer: 'CheckoutPayment',
    outcomes: firstOutcomes,
    refusals: [],
    notFound: '200.300.404',
  },
];
