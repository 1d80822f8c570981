/** What operators can list of payments, as SQL. */
import type { OperatorList } from '../core/operator/operator-store.ts';
import { inReview } from '../core/risk/review.ts';
import { givenUpAt, givenUpFrom, isGivenUp } from './given-up-holds.ts';
import { highestId, lowestId } from './id-time.ts';
import { before, columnsOf, equals, equalsOf, type ListTable, since } from './list-table.ts';
import { samePayment } from './sql.ts';

// Ids are UUIDs of version 7, in the order in which they were made by the wall clock, which business time never is behind; what was made elsewhere
// keeps the id that it had, so the bounds hold only where nothing was imported. They spare reading all that is outside of the span.
const slack = `interval '1 minute'`;
const offset = `(select offset_ms from polygate.clock) * interval '1 millisecond'`;
// There is none from before 1970.
const firstId = (time: string): string =>
  `(lpad(to_hex(greatest(extract(epoch from ${time}) * 1000, 0)::bigint), 12, '0') || repeat('0', 20))::uuid`;
const unlessImported = (bound: string, otherwise: string): string =>
  `(select case when exists (select from polygate.imported_operation) then '${otherwise}'::uuid else ${bound} end)`;

/** The span of a list in the order of `id`, dated by `time`. */
export function spanOf(id: string, time: string): Pick<ListTable, 'filters'>['filters'] {
  return {
    from: (parameter) =>
      `${since(time)(parameter)} and ${id} >= ${unlessImported(firstId(`${parameter}::timestamptz - ${offset} - ${slack}`), lowestId)}`,
    to: (parameter) =>
      `${before(time)(parameter)} and ${id} <= ${unlessImported(firstId(`${parameter}::timestamptz + ${slack}`), highestId)}`,
  };
}

const payments: ListTable = {
  columns: {
    ...columnsOf('p', ['payment_id', 'merchant_id', 'channel_id']),
    kind: 'o.kind',
    state: 'p.state',
    operation_state: 'o.state',
    ...columnsOf('p', [
      'amount',
      'currency',
      'authorized',
      'captured',
      'released',
      'refunded',
      'reversed',
      'charged_back',
      'chargeback_reversed',
    ]),
    ...columnsOf('o', ['merchant_reference', 'response_code', 'reason']),
    ...columnsOf('a', ['brand', 'bin', 'last4', 'bank_method']),
    created_at: 'p.created_at',
  },
  from: `polygate.payment p
  join polygate.operation o on ${samePayment('o', 'p')} and o.target_id is null
  join polygate.attempt a on ${samePayment('a', 'p')} and a.number = o.attempt_number`,
  keys: [{ sql: 'p.payment_id', type: 'uuid' }],
  descending: true,
  filters: {
    ...equalsOf('p', { payment_id: 'uuid', merchant_id: 'uuid', channel_id: 'uuid', state: 'text' }),
    operation_state: (parameter) => `exists (select from polygate.operation x where ${samePayment('x', 'p')} and x.state = ${parameter})`,
    merchant_reference: (parameter) =>
      `p.payment_id in (select x.payment_id from polygate.operation x where x.merchant_reference = ${parameter} and x.merchant_id = p.merchant_id)`,
    currency: equals('p.currency'),
    amount: (parameter) => `p.amount = ${parameter}::bigint`,
    amount_from: (parameter) => `p.amount >= ${parameter}::bigint`,
    amount_to: (parameter) => `p.amount <= ${parameter}::bigint`,
    ...equalsOf('a', { brand: 'text', bin: 'text', last4: 'text', bank_method: 'text' }),
    ...spanOf('p.payment_id', 'p.created_at'),
  },
};

/** The words of a text, each as a column; a dash stands for none. */
function wordsOf(text: string, names: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(names.map((name, index) => [name, `nullif(split_part(${text}, ' ', ${index + 1}), '-')`]));
}

const operationColumns = {
  ...columnsOf('o', ['operation_id', 'payment_id', 'merchant_id']),
  channel_id: 'p.channel_id',
  ...columnsOf('o', ['target_id', 'reference_id', 'kind', 'state', 'amount', 'requested_amount']),
  currency: 'p.currency',
  ...columnsOf('o', [
    'refunded',
    'reversed',
    'charged_back',
    'chargeback_reversed',
    'merchant_reference',
    'approval_code',
    'response_code',
    'host_code',
    'advice_code',
    'network_reference',
    'reason',
    'rrn',
    'declared',
    'late_approved',
    'resolve_attempts',
    'created_at',
  ]),
  ...wordsOf('o.checks', ['address_code', 'address_street', 'address_postcode', 'address_name', 'cvc_code', 'cvc_result']),
};
const operationsFrom = `polygate.operation o join polygate.payment p on ${samePayment('p', 'o')}`;
const operationKeys = [{ sql: 'o.operation_id', type: 'uuid' }] as const;

const operations: ListTable = {
  columns: operationColumns,
  from: operationsFrom,
  keys: operationKeys,
  descending: true,
  filters: {
    ...equalsOf('o', { operation_id: 'uuid', payment_id: 'uuid', merchant_id: 'uuid' }),
    channel_id: equals('p.channel_id', 'uuid'),
    ...equalsOf('o', { kind: 'text', state: 'text', merchant_reference: 'text' }),
    rrn: (parameter) => `o.operation_id in (select m.operation_id from polygate.acquirer_message m where m.rrn = ${parameter})`,
    ...spanOf('o.operation_id', 'o.created_at'),
  },
};

/** The condition is that of the small index of what is to be looked at. */
const escalations: ListTable = {
  columns: operationColumns,
  from: operationsFrom,
  where: `o.resolve_at is not null and o.state = 'escalated'`,
  keys: operationKeys,
  filters: equalsOf('o', { operation_id: 'uuid', merchant_id: 'uuid', kind: 'text' }),
};

/** What waits for an operator, the most urgent first. */
const reviews: ListTable = {
  columns: { ...operationColumns, cause: 'd.cause', due_at: 'd.due_at', brand: 'a.brand', bin: 'a.bin', last4: 'a.last4' },
  from: `polygate.due_work d join polygate.operation o on o.operation_id = d.operation_id and o.merchant_id = d.merchant_id
  join polygate.payment p on ${samePayment('p', 'o')}
  join polygate.attempt a on ${samePayment('a', 'p')} and a.number = o.attempt_number`,
  where: `d.kind = 'review' and d.state = 'waiting' and o.state = 'approved' and o.reason = '${inReview}' and p.state = 'authorized'`,
  keys: [
    { sql: 'd.due_at', type: 'timestamptz' },
    { sql: 'o.operation_id', type: 'uuid' },
  ],
  filters: {
    ...equalsOf('o', { operation_id: 'uuid', payment_id: 'uuid', merchant_id: 'uuid' }),
    cause: equals('d.cause'),
  },
};

/** What is due for a hold and was given up, the longest due first. */
const givenUpHolds: ListTable = {
  columns: {
    ...operationColumns,
    ...{ due: 'd.kind', due_at: 'd.due_at', given_up_at: givenUpAt, given_up_because: 'd.reason' },
    left_amount: 'p.authorized - p.captured - p.released',
  },
  from: givenUpFrom,
  where: isGivenUp,
  keys: [
    { sql: 'd.due_at', type: 'timestamptz' },
    { sql: 'o.operation_id', type: 'uuid' },
    { sql: 'd.kind', type: 'text' },
  ],
  filters: { ...equalsOf('o', { operation_id: 'uuid', payment_id: 'uuid', merchant_id: 'uuid' }), due: equals('d.kind') },
};

const attempts: ListTable = {
  columns: columnsOf('a', ['number', 'brand', 'bin', 'last4', 'expiry_month', 'expiry_year', 'holder', 'bank_method', 'created_at']),
  from: 'polygate.attempt a',
  keys: [{ sql: 'a.number', type: 'bigint' }],
  filters: { payment_id: equals('a.payment_id', 'uuid'), merchant_id: equals('a.merchant_id', 'uuid') },
};

/** Neither what proves it nor the shopper's browser. */
const authentications: ListTable = {
  columns: {
    ...columnsOf('a', ['authentication_id', 'number', 'state']),
    flow: `case when a.acs_url is not null then 'challenge' else 'frictionless' end`,
    ...columnsOf('a', ['version', 'trans_status', 'late_status', 'reason', 'eci']),
    ds_transaction_id: 'coalesce(a.ds_transaction_spelling, a.ds_transaction_id::text)',
    acs_transaction_id: 'coalesce(a.acs_transaction_spelling, a.acs_transaction_id::text)',
    ...columnsOf('a', ['shifts_liability', 'rule', 'created_at', 'asked_at', 'finished_at']),
  },
  from: `polygate.authentication a join polygate.operation o on o.operation_id = a.visit_id and o.merchant_id = a.merchant_id`,
  keys: [{ sql: 'a.number', type: 'bigint' }],
  filters: { payment_id: equals('o.payment_id', 'uuid'), merchant_id: equals('a.merchant_id', 'uuid') },
};

const messages: ListTable = {
  columns: columnsOf('m', ['operation_id', 'purpose', 'mti', 'account_id', 'terminal', 'stan', 'rrn', 'transmitted_at']),
  from: `polygate.operation o join polygate.acquirer_message m on m.merchant_id = o.merchant_id and m.rrn = o.rrn and m.operation_id = o.operation_id`,
  keys: [
    { sql: 'm.operation_id', type: 'uuid' },
    { sql: 'm.purpose', type: 'text' },
    { sql: 'm.mti', type: 'text' },
  ],
  filters: { payment_id: equals('o.payment_id', 'uuid'), merchant_id: equals('o.merchant_id', 'uuid') },
};

const events: ListTable = {
  columns: columnsOf('e', ['sequence', 'name', 'operation_id', 'payment_state', 'operation_state', 'snapshot', 'happened_at']),
  from: 'polygate.event e',
  keys: [{ sql: 'e.sequence', type: 'bigint' }],
  filters: { payment_id: equals('e.payment_id', 'uuid'), merchant_id: equals('e.merchant_id', 'uuid') },
};

const disputes: ListTable = {
  columns: columnsOf('d', [
    'dispute_id',
    'merchant_id',
    'payment_id',
    'charge_id',
    'amount',
    'currency',
    'stage',
    'scheme_reason',
    'case_number',
    'reversal_id',
    'opened_at',
    'confirmed_at',
    'reversed_at',
    'reversal_confirmed_at',
  ]),
  from: 'polygate.dispute d',
  keys: [{ sql: 'd.dispute_id', type: 'uuid' }],
  descending: true,
  filters: {
    ...equalsOf('d', { dispute_id: 'uuid', merchant_id: 'uuid', payment_id: 'uuid', stage: 'text', case_number: 'text' }),
    from: since('d.opened_at'),
    to: before('d.opened_at'),
  },
};

export const paymentLists = {
  ...{ payments, operations, escalations, given_up_holds: givenUpHolds, reviews, attempts, authentications, messages, events, disputes },
} satisfies Partial<Readonly<Record<OperatorList, ListTable>>>;
