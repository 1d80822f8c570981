/** Payments and their operations, as operators look for them and at them. */
import { Type } from 'typebox';
import { activatableAtBank } from '../core/instrument/bank.ts';
import { cardBrands } from '../core/instrument/card.ts';
import { checkResults } from '../core/instrument/card-checks.ts';
import { operationKinds } from '../core/payment/operation.ts';
import { operationStates } from '../core/states/operation.ts';
import { paymentStates } from '../core/states/payment.ts';
import { delivery } from './deliveries.ts';
import { dispute } from './disputes.ts';
import { amount, currency, fields, flag, inQuery, means, nullable, oneOf, optional, span, text, time, uuid, whole } from './forms.ts';
import { ledgerEntry } from './ledger.ts';
import { readAll, readOne } from './one.ts';
import type { ConsoleParts } from './parts.ts';
import { act, type ConsoleRoute, list } from './route.ts';

const minor = means(amount, 'Minor units of the currency.');

const payment = {
  payment_id: uuid,
  merchant_id: uuid,
  channel_id: uuid,
  kind: means(oneOf(operationKinds), 'What it began with.'),
  state: oneOf(paymentStates),
  operation_state: means(oneOf(operationStates), 'The state of its first operation.'),
  amount: minor,
  currency,
  authorized: minor,
  captured: minor,
  released: minor,
  refunded: minor,
  reversed: minor,
  charged_back: minor,
  chargeback_reversed: minor,
  merchant_reference: nullable(text),
  response_code: means(nullable(text), "The acquirer's (DE39)."),
  reason: means(nullable(text), 'Why it was declined, or not sent.'),
  brand: nullable(oneOf(cardBrands)),
  bin: means(nullable(text), 'The first six digits of the card.'),
  last4: nullable(text),
  bank_method: nullable(oneOf(activatableAtBank)),
  created_at: time,
};

/** An operation as operators see it. */
export const operation = {
  operation_id: uuid,
  payment_id: uuid,
  merchant_id: uuid,
  channel_id: uuid,
  target_id: means(nullable(uuid), 'The operation that it acts upon.'),
  reference_id: means(nullable(uuid), 'Of a rebill: the operation of another payment whose card is charged again.'),
  kind: oneOf(operationKinds),
  state: oneOf(operationStates),
  amount: minor,
  requested_amount: means(nullable(amount), 'What was asked for, where the issuer approved less.'),
  currency,
  refunded: minor,
  reversed: minor,
  charged_back: minor,
  chargeback_reversed: minor,
  merchant_reference: nullable(text),
  approval_code: nullable(text),
  response_code: nullable(text),
  host_code: nullable(text),
  advice_code: means(nullable(text), 'What the scheme advises after a decline.'),
  network_reference: nullable(text),
  reason: nullable(text),
  rrn: nullable(text),
  declared: means(flag, 'It stands on the word of the merchant alone.'),
  late_approved: means(flag, 'An approval came after the time-out.'),
  resolve_attempts: means(whole, 'Messages sent to find out what became of it.'),
  created_at: time,
  address_code: means(
    nullable(text),
    'What the issuer has found of the holder’s address, in the scheme’s code (DE44); the next three say what it means.',
  ),
  address_street: nullable(oneOf(checkResults)),
  address_postcode: nullable(oneOf(checkResults)),
  address_name: nullable(oneOf(checkResults)),
  cvc_code: means(nullable(text), 'What the issuer has found of the code on the card, in the scheme’s code (DE44).'),
  cvc_result: nullable(oneOf(checkResults)),
};

const attempt = fields({
  number: whole,
  brand: nullable(oneOf(cardBrands)),
  bin: nullable(text),
  last4: nullable(text),
  expiry_month: nullable(whole),
  expiry_year: nullable(whole),
  holder: nullable(text),
  bank_method: nullable(oneOf(activatableAtBank)),
  created_at: time,
});

const authentication = fields({
  authentication_id: uuid,
  number: means(whole, '2 is the step-up after a soft decline.'),
  state: text,
  flow: oneOf(['frictionless', 'challenge']),
  version: text,
  trans_status: nullable(text),
  late_status: means(nullable(text), 'A result that came after the end.'),
  reason: nullable(text),
  eci: nullable(text),
  ds_transaction_id: nullable(text),
  acs_transaction_id: nullable(text),
  shifts_liability: flag,
  rule: means(nullable(text), 'Which rule said who bears the loss, or why there is no result.'),
  created_at: time,
  asked_at: nullable(time),
  finished_at: nullable(time),
});

const message = fields({
  operation_id: uuid,
  purpose: oneOf(['request', 'undo']),
  mti: text,
  account_id: text,
  terminal: text,
  stan: text,
  rrn: text,
  transmitted_at: time,
});

const event = fields({
  sequence: means(whole, 'Without gaps within the payment.'),
  name: text,
  operation_id: uuid,
  payment_state: oneOf(paymentStates),
  operation_state: oneOf(operationStates),
  snapshot: means(Type.Record(text, Type.Unknown()), 'Amounts as they were then, in minor units.'),
  happened_at: time,
});

/** Everything about one payment; of each list the first thousand. */
const parts = {
  attempts: attempt,
  operations: fields(operation),
  authentications: authentication,
  messages: message,
  events: event,
  ledger_entries: fields(ledgerEntry),
  disputes: fields(dispute),
  deliveries: fields(delivery),
};

const partNames = Object.keys(parts) as (keyof typeof parts)[];

export function paymentRoutes({ store }: ConsoleParts): readonly ConsoleRoute[] {
  const { merchant_id, channel_id, payment_id } = { merchant_id: inQuery.uuid, channel_id: inQuery.uuid, payment_id: inQuery.uuid };
  return [
    list({
      ...{ name: 'searchPayments', group: 'Payments', at: '/payments', summary: 'Looks for payments, the latest first.' },
      description: 'Amounts are in minor units. A span of time, or a merchant, keeps a search short.',
      query: optional({
        ...{ merchant_id, channel_id, merchant_reference: means(inQuery.text, 'Of any of its operations.'), ...span },
        state: oneOf(paymentStates),
        operation_state: means(oneOf(operationStates), 'Of any of its operations.'),
        ...{ currency: inQuery.currency, amount: inQuery.whole, amount_from: inQuery.whole, amount_to: inQuery.whole },
        brand: oneOf(cardBrands),
        bin: Type.String({ pattern: '^\\d{6}$', 'x-expected': 'six digits' }),
        last4: Type.String({ pattern: '^\\d{4}$', 'x-expected': 'four digits' }),
        bank_method: oneOf(activatableAtBank),
      }),
      ...{ list: 'payments', item: fields(payment), store },
    }),
    act({
      ...{ name: 'readPayment', group: 'Payments', method: 'get', at: '/payments/:payment_id', role: 'viewer' },
      summary: 'Reads a payment with everything that belongs to it.',
      description: 'Operations form a tree by `target_id`; events are the whole time line, in order. No card number is in it.',
      path: fields({ payment_id: uuid }),
      answer: fields({ ...payment, ...Object.fromEntries(partNames.map((name) => [name, Type.Array(parts[name])])) }),
      problems: ['not_found'],
      async handle({ path }) {
        const found = await readOne(store, { list: 'payments', filters: path, noun: 'payment' });
        const read = await Promise.all(partNames.map(async (name) => [name, await readAll(store, name, path)] as const));
        // Lists have the latest first; a time line is read forward.
        const inOrder = read.map(([name, rows]) => [name, name === 'operations' ? rows.toReversed() : rows] as const);
        return { ...found, ...Object.fromEntries(inOrder) };
      },
    }),
    list({
      ...{ name: 'listOperations', group: 'Operations', at: '/operations', summary: 'Looks for operations, the latest first.' },
      query: optional({
        ...{ merchant_id, channel_id, payment_id, ...span },
        ...{ kind: oneOf(operationKinds), state: oneOf(operationStates), merchant_reference: inQuery.text },
        rrn: means(Type.String({ pattern: '^[0-9A-Za-z]{12}$', 'x-expected': '12 letters or digits' }), 'As the acquirer has it (DE37).'),
      }),
      ...{ list: 'operations', item: fields(operation), store },
    }),
    act({
      ...{ name: 'readOperation', group: 'Operations', method: 'get', at: '/operations/:operation_id', role: 'viewer' },
      summary: 'Reads an operation.',
      ...{ path: fields({ operation_id: uuid }), answer: fields(operation), problems: ['not_found'] },
      handle: ({ path }) => readOne(store, { list: 'operations', filters: path, noun: 'operation' }),
    }),
  ];
}
