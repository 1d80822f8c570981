/** The shapes of answers, as schemas: for the description of the API, and for the test that holds real answers to it. write.ts makes them. */
import { type TSchema, Type } from 'typebox';

const text = (description: string, example?: string) =>
  Type.String({ description, ...(example === undefined ? {} : { examples: [example] }) });
const maybe = (description: string, example?: string) => Type.Optional(text(description, example));

const timestamp = text('`yyyy-MM-dd HH:mm:ss`, UTC.', '2034-01-31 10:00:00');
const code = Type.String({ description: 'What became of the request.', pattern: '^(200|[0-9]{5})$', examples: ['00001'] });
const result = Type.Object(
  {
    code,
    description: text('The code in words; of a parameter at fault its name comes first.'),
    bankCode: maybe('The acquirer’s own code.', '00'),
    bankDescription: maybe('What it means.', 'approved'),
  },
  { additionalProperties: false },
);
const ending = { result, timestamp };

const card = Type.Object(
  {
    bin: text('First six digits.', '411111'),
    last4Digits: text('Last four digits.', '1111'),
    holder: maybe('As it was sent.', 'Ada Example'),
    expiryMonth: text('Two digits.', '12'),
    expiryYear: text('Four digits.', '2034'),
  },
  { description: 'The card, as far as it may be shown.', additionalProperties: false },
);

const bankAccount = Type.Object(
  { holder: text('Whose account it is.', 'Ada Example'), last4: text('How its number ends.', '7890') },
  { description: 'The account of a payout, as far as it may be shown.', additionalProperties: false },
);

const status = text('Long status.', 'capturesuccess');
const transactionStatus = Type.String({
  description: 'Y done, N failed, P pending, 3D at the issuer, C cancelled.',
  pattern: '^(Y|N|P|3D|C)$',
});
const amount = text('Two decimals.', '50.00');
const currency = text('ISO 4217.', 'EUR');
const remark = text('What came of it, in words.', 'Approved');
const rrn = maybe('Retrieval reference number at the acquirer.', '612345678901');

const payment = {
  paymentId: text('Names the payment in later requests.', '3000000000'),
  ...{ status, transactionStatus },
  paymentBrand: text('As it was sent.', 'VISA'),
  paymentMode: text('As it was sent.', 'CC'),
  paymentType: text('As it was sent.', 'DB'),
  ...{ amount, currency },
  merchantTransactionId: maybe('Yours, or the number of the payment.', 'ORDER-1'),
  descriptor: text('On the customer’s statement.', 'Shop 7'),
  orderDescriptor: maybe('As it was sent.'),
  remark,
  card: Type.Optional(card),
  bankAccount: Type.Optional(bankAccount),
  registrationId: maybe('The kept card.'),
  token: maybe('The same.'),
  recurringType: maybe('As it was sent.'),
  customer: Type.Optional(Type.Object({ email: maybe('As it was sent.'), id: maybe('The cardholder.') }, { additionalProperties: false })),
  tmpl_amount: maybe('As it was sent.'),
  tmpl_currency: maybe('As it was sent.'),
  eci: maybe('What 3-D Secure came to.', '05'),
  bankReferenceId: rrn,
  terminalId: text('Whose payment it is.', '7700'),
  redirect: Type.Optional(
    Type.Object(
      {
        url: text('Where the customer’s browser has to go.', 'https://pay.example.com/p/…'),
        method: text('Of the form.', 'POST'),
        target: text('Of the form.', '_self'),
        parameters: Type.Array(Type.Object({ name: Type.String(), value: Type.String() }), { description: 'Fields of the form.' }),
      },
      { description: 'Of a payment that waits for its customer.', additionalProperties: false },
    ),
  ),
  ...ending,
};

const strict = (members: Record<string, TSchema>, description: string) =>
  Type.Object(members, { description, additionalProperties: false });

const paymentSchema = strict(payment, 'A payment.');
const inquirySchema = strict(
  {
    ...payment,
    firstName: maybe('As it was sent.'),
    lastName: maybe('As it was sent.'),
    resultCode: code,
    resultDescription: text('What came of the payment itself; `result` is that of the search.'),
  },
  'A payment as it is now.',
);
const actSchema = strict(
  {
    ...{ paymentId: text('The payment.'), status, transactionStatus, paymentType: text('What was done.', 'CP') },
    ...{ amount, currency, merchantTransactionId: maybe('Of this request.'), remark, bankReferenceId: rrn },
    ...ending,
  },
  'A capture, a refund or a cancellation.',
);
const deletionSchema = strict({ registrationId: text('What was deleted.'), ...ending }, 'The end of a registration.');

export const answerSchemas = {
  Token: strict(
    {
      partnerId: maybe('As it was sent.', '1'),
      memberId: maybe('Yours.', '27182'),
      ...ending,
      LoginName: maybe('Yours.', 'shop-7'),
      AuthToken: maybe('For the header `AuthToken`; absent when the login is wrong.'),
    },
    'A token.',
  ),
  Payment: paymentSchema,
  Inquiry: inquirySchema,
  Act: Type.Union([actSchema, paymentSchema, inquirySchema]),
  TokenAct: Type.Union([paymentSchema, deletionSchema]),
  TransactionList: strict(
    {
      ...ending,
      transaction: Type.Array(
        strict(
          {
            ...{ amount, currency, systemPaymentId: text('The payment.'), merchantTransactionId: maybe('Yours.') },
            transactionStatus: text('Long status.', 'capturesuccess'),
            ...{ captureamount: amount, refundamount: amount, chargebackamount: amount, payoutamount: amount },
            ...{ date: timestamp, transactionDate: timestamp, remark, bankReferenceId: rrn, terminalid: text('The terminal.') },
            customer: Type.Object({}, { description: 'As it was sent.', additionalProperties: Type.String() }),
            card: Type.Optional(card),
          },
          'A payment, with what has moved of it.',
        ),
      ),
    },
    'A page of payments.',
  ),
  Registration: strict(
    {
      registrationId: text('The kept card.'),
      id: text('The same.'),
      ...{ memberId: text('Yours.'), paymentBrand: text('As it was sent.'), paymentMode: text('As it was sent.'), ...ending },
    },
    'A kept card.',
  ),
  Registrations: strict(
    {
      partnerId: maybe('As it was sent.'),
      memberId: text('Yours.'),
      customerId: maybe('As it was sent.'),
      cards: Type.Array(
        strict(
          {
            ...{
              registrationId: text('The kept card.'),
              registrationStatus: text('Always `active`.', 'active'),
              cardType: text('Its scheme.', 'VISA'),
            },
            ...{ bin: text('First six digits.'), last4Digits: text('Last four digits.'), expiryMonth: text('Two digits.') },
            expiryYear: text('Four digits.'),
          },
          'A kept card.',
        ),
      ),
      bankAccounts: Type.Array(Type.Object({}), { description: 'None are kept.' }),
      ...ending,
    },
    'Kept cards.',
  ),
  Customer: strict({ memberId: text('Yours.'), customerId: text('The cardholder.', '10000'), ...ending }, 'A cardholder.'),
  Invoice: strict(
    {
      memberId: text('Yours.'),
      statusInvoiceResult: result,
      invoiceDetails: strict(
        {
          ...{ amount, currency, expirationPeriod: text('Days.', '10'), invoiceExpirationPeriod: text('The same.', '10') },
          ...{ createdDate: text('`yyyy-MM-dd`.', '2034-01-31'), createdTime: text('`HH:mm:ss`, UTC.', '10:00:00') },
          ...{
            merchantInvoiceId: text('Yours.'),
            customerEmail: text('Where it was mailed to.'),
            merchantOrderDescription: maybe('As it was sent.'),
          },
          ...{ systemInvoiceId: text('Names the invoice in later requests.', '1000'), transactionUrl: text('Where it is paid.') },
        },
        'What it is about.',
      ),
      status: text('`mailsent`, `processed`, `cancelled`, `expired` or `regenerated`.', 'mailsent'),
      paymentId: maybe('The payment that has paid it.'),
      timestamp,
    },
    'An invoice.',
  ),
  Link: strict(
    {
      result: Type.Object(
        { code, description: text('The code in words.'), url: text('Where the customer pays.') },
        { additionalProperties: false },
      ),
      timestamp,
    },
    'A payment link.',
  ),
  Refusal: strict(
    {
      statusInvoiceResult: Type.Optional(result),
      paymentId: maybe('`-`, or the payment that has the reference already.', '-'),
      status: maybe('`failed`.', 'failed'),
      transactionStatus: maybe('`N`.', 'N'),
      ...ending,
    },
    'Nothing was done.',
  ),
} as const;

export type AnswerName = Exclude<keyof typeof answerSchemas, 'Refusal'>;
