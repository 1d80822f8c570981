/** The shapes of answers, as schemas: for the description of the API, and for the test that holds real answers to it. write.ts makes them. */
import { type TSchema, Type } from 'typebox';

const text = (description: string, example?: string) =>
  Type.String({ description, ...(example === undefined ? {} : { examples: [example] }) });
const maybe = (description: string, example?: string) => Type.Optional(text(description, example));
const texts = (description: string) => Type.Optional(Type.Object({}, { description, additionalProperties: true }));

const envelope = {
  buildNumber: text('Version of the implementation.'),
  timestamp: text('UTC; with milliseconds where a transaction is read back.', '2034-01-31 10:00:00+0000'),
  ndc: text('Id of this answer: the entity and 32 hex digits.'),
};

const result = {
  code: Type.String({ description: 'What became of the request.', pattern: '^\\d{3}\\.\\d{3}\\.\\d{3}$', examples: ['000.100.110'] }),
  description: text('The code in words.'),
};

const checks = {
  avsResponse: maybe(
    'What the issuer has found of the billing address: `F` street and postcode match, `A` the street, `Z` the postcode, `N` neither, `U` not compared.',
    'F',
  ),
  cvvResponse: maybe(
    'And of the verification code: `M` match, `N` no match, `P` not compared, `S` said not to be there, `U` not supported.',
    'M',
  ),
};

const card = Type.Optional(
  Type.Object(
    {
      bin: text('First six digits.', '411111'),
      last4Digits: text('Last four digits.', '1111'),
      holder: maybe('As it was sent.', 'Ada Example'),
      expiryMonth: text('Two digits.', '12'),
      expiryYear: text('Four digits.', '2034'),
    },
    { description: 'The card, as far as it may be shown.', additionalProperties: false },
  ),
);

const references = {
  merchantTransactionId: maybe('As it was sent.'),
  merchantInvoiceId: maybe('As it was sent.'),
  merchantMemo: maybe('As it was sent.'),
};

const repeated = {
  customer: texts('As it was sent.'),
  billing: texts('As it was sent.'),
  shipping: texts('As it was sent.'),
  cart: texts('As it was sent; `items` is a list.'),
  merchant: texts('As it was sent.'),
  customParameters: texts('As they were sent.'),
  standingInstruction: texts('As it was sent.'),
};

const redirect = Type.Optional(
  Type.Object(
    {
      url: text('Where the shopper’s browser has to go.', 'https://pay.example.com/p/…'),
      method: text('Of the form.', 'POST'),
      parameters: Type.Array(Type.Object({ name: Type.String(), value: Type.String() }), { description: 'Fields of the form.' }),
    },
    { description: 'Of a payment that waits for its shopper.', additionalProperties: false },
  ),
);

const transaction = {
  shortId: text('A number that people can read out.', '1234.5678.9012'),
  id: Type.String({ description: 'Names the transaction in later requests.', pattern: '^[a-f0-9]{32}$' }),
  referencedId: maybe('The transaction that this one acts upon.'),
  registrationId: maybe('The stored card.'),
  paymentType: text('As it was asked for.', 'DB'),
  paymentBrand: maybe('As it was sent, else as the number tells it.', 'VISA'),
  amount: maybe('Of what succeeded; two decimals, a third one where the currency needs it.', '12.50'),
  currency: maybe('Of what succeeded.', 'EUR'),
  descriptor: maybe('A number that people can read out, and the text for the statement.', '1234.5678.9012 Shop 7'),
  ...references,
  recurringType: maybe('As it was sent.'),
  result: Type.Object({ ...result, ...checks }, { additionalProperties: false }),
  resultDetails: Type.Optional(
    Type.Object(
      {
        ExtendedDescription: text('What the acquirer said, in words.', 'Approved'),
        AcquirerResponse: maybe('The acquirer’s own code.', '00'),
        ConnectorTxID1: maybe('Retrieval reference number at the acquirer.', '612345678901'),
        ConnectorTxID2: maybe('Trace number at the acquirer; of a payment at a bank the reference for a transfer.', '123456'),
        AuthCode: maybe('Approval code of the issuer.', 'A1B2C3'),
        CardholderInitiatedTransactionID: maybe('The scheme’s id, for later payments of an agreement.'),
        DeclineCategory: maybe('Kind of a decline.', 'wait'),
        Retryable: maybe('Whether the same card may be tried again: `true` or `false`.', 'true'),
        MustAct: maybe('Who has to do something first.', 'shopper'),
        MerchantAdviceCode: maybe('What Mastercard advises: `03` do not try again, `21` stop what you initiate.', '03'),
      },
      { description: 'What the acquirer answered.', additionalProperties: false },
    ),
  ),
  card,
  risk: texts('`score`: 0, since nothing rates payments yet.'),
  threeDSecure: texts('What 3-D Secure came to, here or at your own server.'),
  redirect,
  bankAccount: texts('As it was sent; of a payment at a bank.'),
  ...repeated,
};

/** Of whatever is not a transaction. */
const plainResult = Type.Object(result, { additionalProperties: false });

const tree = Type.Object(
  {
    state: text('Of the payment.', 'authorized'),
    currency: text('Of all amounts.', 'EUR'),
    authorized: text('Held at the beginning.', '12.50'),
    captured: text('Taken.', '4.00'),
    released: text('Of what was held: given up.', '0.00'),
    refunded: text('Of what was taken: refunded.', '0.50'),
    reversed: text('Of what was taken: reversed.', '0.00'),
    chargedBack: text('Of what was taken: charged back, and not won back.', '0.00'),
    capturable: text('What may still be taken.', '8.50'),
  },
  { description: 'The whole payment in amounts.', additionalProperties: false },
);

const listed = { ...transaction, timestamp: envelope.timestamp };

const recorded = Type.Object(
  {
    ...listed,
    source: maybe('Where it came from.', 'OPP'),
    paymentMethod: maybe('`CC`: a card; `OT`: a transfer at the shopper’s bank; `PP`: a prepayment.', 'CC'),
    channelName: maybe('The entity’s name.'),
  },
  { additionalProperties: false },
);

const parameterError = Type.Object(
  {
    name: text('The parameter at fault.', 'amount'),
    value: Type.Union([Type.String(), Type.Null()], { description: 'What was sent; card data and passwords as asterisks.' }),
    message: text('What is wrong with it.', 'must match ^[0-9]{1,12}(\\.[0-9]{2})?$'),
  },
  { additionalProperties: false },
);

const authentication = Type.Object(
  {
    ...envelope,
    ...{ id: transaction.id, paymentBrand: transaction.paymentBrand, amount: transaction.amount, currency: transaction.currency },
    ...{ ...references, recurringType: transaction.recurringType, result: plainResult, card, redirect },
    threeDSecure: texts('What 3-D Secure came to.'),
    ...repeated,
  },
  { description: 'An authentication without a payment.', additionalProperties: false },
);

/** Schemas by name; all leaves of an answer are text. */
export const answerSchemas = {
  Authentication: authentication,
  Transaction: Type.Object(
    {
      ...envelope,
      ...transaction,
      payments: Type.Optional(
        Type.Array(Type.Object(listed, { additionalProperties: false }), { description: 'With linked ones: all of the payment.' }),
      ),
      records: Type.Optional(Type.Array(recorded, { description: 'In the newer query: itself, or with linked ones all of the payment.' })),
      pages: maybe('In the newer query.', '1'),
      transactionTree: Type.Optional(tree),
    },
    { description: 'A payment, or an operation on one.', additionalProperties: false },
  ),
  TransactionList: Type.Object(
    {
      ...envelope,
      result: plainResult,
      payments: Type.Array(Type.Object(listed, { additionalProperties: false })),
    },
    { description: 'Transactions that share a reference.', additionalProperties: false },
  ),
  TransactionPage: Type.Object(
    { ...envelope, result: plainResult, records: Type.Array(recorded), pages: text('How many pages there are.', '3') },
    { description: 'A page of transactions.', additionalProperties: false },
  ),
  Registration: Type.Object(
    { ...envelope, id: transaction.id, paymentBrand: transaction.paymentBrand, ...references, result: plainResult, card, ...repeated },
    { description: 'A stored card.', additionalProperties: false },
  ),
  Schedule: Type.Object(
    {
      ...envelope,
      id: transaction.id,
      registrationId: text('The stored card that it pays with.'),
      paymentType: transaction.paymentType,
      amount: text('Of each payment.', '9.90'),
      currency: text('Of each payment.', 'EUR'),
      ...references,
      recurringType: transaction.recurringType,
      result: plainResult,
      ...repeated,
    },
    { description: 'A schedule.', additionalProperties: false },
  ),
  Deletion: Type.Object(
    { ...envelope, id: transaction.id, referencedId: text('What was ended.'), ...references, result: plainResult },
    { description: 'The end of a stored card or of a schedule.', additionalProperties: false },
  ),
  Checkout: Type.Object(
    {
      ...envelope,
      id: text('Names the checkout: 32 hex digits and a node.', 'A03A5F2526733FBB37C419B815E1C091.pg-0001'),
      integrity: maybe('Checksum of the widget’s script.', 'sha384-…'),
      result: plainResult,
    },
    { description: 'A checkout.', additionalProperties: false },
  ),
  CheckoutRegistration: Type.Object(
    {
      ...envelope,
      ...Type.Partial(Type.Object({ id: transaction.id, paymentBrand: transaction.paymentBrand, ...references, card, ...repeated }))
        .properties,
      result: plainResult,
    },
    {
      description: 'The card that a checkout has kept; without one as long as the shopper has not entered it.',
      additionalProperties: false,
    },
  ),
  CheckoutPayment: Type.Object(
    { ...envelope, ...Type.Partial(Type.Object(transaction)).properties, result: plainResult },
    {
      description: 'What the shopper paid in a checkout; without a transaction as long as nothing was tried.',
      additionalProperties: false,
    },
  ),
  ResultCodes: Type.Object(
    { ...envelope, result: plainResult, resultCodes: Type.Array(Type.Object(result, { additionalProperties: false })) },
    { description: 'All codes.', additionalProperties: false },
  ),
  Refusal: Type.Object(
    {
      ...envelope,
      id: maybe('Only of too many requests: the payment that was asked for.'),
      result: Type.Object(
        { ...result, parameterErrors: Type.Optional(Type.Array(parameterError, { description: 'All parameters at fault.' })) },
        { additionalProperties: false },
      ),
    },
    { description: 'Nothing was recorded; there is no id.', additionalProperties: false },
  ),
} as const satisfies Readonly<Record<string, TSchema>>;
