/** The shapes of answers, as schemas: for the description of the API, and for the test that holds real answers to it. write.ts makes them. */
import { type TSchema, Type } from 'typebox';
import { errorCodes } from './problem.ts';
import { statuses } from './states.ts';

const text = (description: string) => Type.String({ description });
const maybe = (description: string) => Type.Optional(text(description));
const amount = (description: string) => Type.Number({ description });
const time = (description: string) => Type.String({ description, pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z$' });
const exact = <P extends Record<string, TSchema>>(properties: P, description = '') =>
  Type.Object(properties, { description, additionalProperties: false });

const requestId = text('Names this answer, for questions about it.');

const result = Type.Optional(
  exact(
    {
      code: text('`00`, or why not: a response code of ISO 8583, or a word.'),
      message: text('The code in words.'),
      scheme_code: maybe('The acquirer’s own code.'),
    },
    'Absent while it is not known.',
  ),
);

const act = {
  amount: amount('As in the payment.'),
  currency: text('ISO 4217.'),
  reference: maybe('As it was sent.'),
  reason: maybe('As it was sent.'),
  result,
  created_at: time('When it was asked for.'),
};

const operation = exact(
  {
    id: text('Names it.'),
    type: text('`capture`, `void`, `refund`, `chargeback`, `chargeback_reversal`.'),
    status: Type.String({ enum: ['processing', 'succeeded', 'failed'], description: 'How it stands.' }),
    ...act,
  },
  'Something that was done to a payment.',
);

const card = {
  type: text('`card`, or `stored_card` or `network_token` where it was paid with one.'),
  scheme: text('Brand of the card.'),
  bin: text('First six digits.'),
  last4: text('Last four digits.'),
  expiry_month: Type.Integer(),
  expiry_year: Type.Integer(),
  name: maybe('On the card.'),
  id: maybe('The stored card: pm_…'),
};

const payment = {
  id: Type.String({ pattern: '^pay_[0-9A-Z]{26}$', description: 'Names the payment.' }),
  status: Type.String({ enum: [...statuses], description: 'How it stands now.' }),
  redirect_url: Type.Union([Type.String(), Type.Null()], {
    description: 'Where the customer has to go, while there is something for them to do.',
  }),
  expires_at: Type.Optional(time('Until when.')),
  channel: text('The channel.'),
  reference: text('As it was sent.'),
  amount: amount('What was asked for.'),
  currency: text('ISO 4217.'),
  amount_authorised: amount('What the issuer has approved.'),
  amount_captured: amount('What was taken.'),
  amount_refunded: amount('Of that: what was given back.'),
  capture: text('`auto` or `manual`.'),
  capture_delay: maybe('As it was sent.'),
  capture_at: Type.Optional(time('When the money is taken by itself.')),
  payment_method: Type.Optional(exact(card)),
  payment_data: Type.Object(
    {
      network_reference: maybe('The scheme’s transaction id: name it in later payments.'),
      auth_code: maybe('Approval code of the issuer.'),
      retrieval_reference: maybe('Under which the acquirer has it.'),
    },
    { description: 'As it was sent, and what the acquirer has answered.', additionalProperties: true },
  ),
  three_ds: Type.Optional(
    exact(
      {
        version: text('Of the protocol.'),
        status: Type.Optional(Type.String({ enum: ['Y', 'A', 'N', 'U', 'R', 'C', 'I'] })),
        eci: maybe('Electronic commerce indicator.'),
        ds_transaction_id: maybe('Of the directory server.'),
      },
      'What came of 3-D Secure, where the card takes part.',
    ),
  ),
  result,
  metadata: Type.Record(Type.String(), Type.String(), { description: 'As it was sent.' }),
  customer: Type.Optional(Type.Record(Type.String(), Type.String(), { description: 'As it was sent.' })),
  description: maybe('Of a link.'),
  operations: Type.Array(operation, { description: 'What was done to it, the oldest first.' }),
  created_at: time('When it was asked for.'),
  updated_at: time('When anything of it changed last.'),
};

const refund = {
  id: Type.String({ pattern: '^ref_[0-9A-Z]{26}$', description: 'Names the refund.' }),
  payment_id: text('The payment.'),
  status: Type.String({ enum: ['pending', 'succeeded', 'failed'], description: 'How it stands.' }),
  ...act,
};

const listOf = (item: TSchema) => ({
  data: Type.Array(item),
  has_more: Type.Boolean({ description: 'Whether there is another page.' }),
  next_cursor: Type.Union([Type.String(), Type.Null()], { description: 'Send it as `cursor` for the next page.' }),
});

const requirementStates = ['valid', 'submitted', 'expired', 'not_yet_valid', 'missing'];
const documentType = Type.String({ enum: ['asv_scan', 'saq', 'aoc'], description: 'What it is.' });
const lastDay = Type.Union([Type.String(), Type.Null()], { description: 'Last day; null: it does not expire.' });

const document = {
  id: text('Names the document.'),
  type: documentType,
  status: Type.String({ enum: ['submitted', 'approved', 'rejected'], description: 'What the operator says.' }),
  valid_from: text('First day.'),
  valid_to: lastDay,
  reason: maybe('Why it was rejected.'),
  size: Type.Optional(Type.Integer({ description: 'Bytes.' })),
  created_at: time('When it was handed in.'),
};

const standing = {
  compliant: Type.Boolean({ description: 'Whether card data may be sent.' }),
  transactions_last_12_months: Type.Integer({ description: 'Counted up to six million and one.' }),
  required: Type.Array(
    exact({
      type: documentType,
      status: Type.String({ enum: requirementStates, description: 'How it stands.' }),
      document_id: maybe('The document that counts, or would.'),
      valid_to: Type.Optional(lastDay),
    }),
  ),
  documents: Type.Array(exact(document), { description: 'All that were handed in, the latest first.' }),
};

const refusal = exact(
  {
    error: exact({
      type: text('The kind of error.'),
      code: Type.String({ enum: [...errorCodes], description: 'The error.' }),
      message: text('The error in words.'),
      details: Type.Array(exact({ field: text('Where it stands in the body, with dots.'), issue: text('What is wrong with it.') })),
    }),
    request_id: requestId,
  },
  'Nothing was recorded.',
);

const order = {
  id: text('Names it.'),
  channel: text('The channel.'),
  reference: text('As it was sent.'),
  amount: amount('As it was sent.'),
  currency: text('ISO 4217.'),
  expires_at: Type.Optional(time('Until when.')),
  created_at: time('When it was made.'),
};

const link = { ...order, url: text('Where the customer pays.') };

const jwk = exact({
  kty: text('RSA'),
  kid: text('Names the key.'),
  use: text('enc'),
  alg: text('RSA-OAEP-256'),
  n: text('Modulus.'),
  e: text('Exponent.'),
});

export const answerSchemas = {
  Payments: exact({ ...listOf(exact(payment)), request_id: requestId }),
  Session: exact({ ...order, redirect_url: text('Where the customer pays.'), request_id: requestId }),
  NewLink: exact({ ...link, request_id: requestId }),
  Link: exact({
    ...link,
    status: Type.String({ enum: ['open', 'paid', 'expired', 'disabled'], description: 'How it stands.' }),
    payment: Type.Optional(exact(payment)),
    request_id: requestId,
  }),
  StoredCards: exact({ ...listOf(exact({ ...card, id: text('pm_…') })), request_id: requestId }),
  Deleted: exact({ id: text('pm_…'), deleted: Type.Boolean(), request_id: requestId }),
  Keys: exact({ keys: Type.Array(jwk), request_id: requestId }),
  Payment: exact({ ...payment, request_id: requestId }),
  Acted: exact({ ...payment, operation, request_id: requestId }),
  Refund: exact({ ...refund, request_id: requestId }),
  Refunds: exact({ ...listOf(exact(refund)), request_id: requestId }),
  Document: exact({ ...document, request_id: requestId }),
  Standing: exact({ ...standing, request_id: requestId }),
  Refusal: refusal,
};

export type AnswerName = keyof typeof answerSchemas;
