/** What operators can list of payments, as SQL. */
import type { OperatorList } from '../core/operator/operator-store.ts';
import { inReview } from '../core/risk/review.ts';
import { before, equals, type ListTable, samePayment, since } from './list-table.ts';

// Ids are UUIDs of version 7, in the order in which they were made by the wall clock, which business time never is behind; what was made elsewhere
// keeps the id that it had, so the bounds hold only where nothing was imported. They spare reading all that is outside of the span.
const slack = `interval '1 minute'`;
const offset = `(select offset_ms from polygate.clock) * interval '1 millisecond'`;
const firstId = (time: string): string => `(lpad(to_hex((extract(epoch from ${time}) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid`;
const unlessImported = (bound: string, otherwise: string): string =>
  `(select case when exists (select from polygate.imported_operation) then '${otherwise}'::uuid else ${bound} end)`;

/** The span of a list in the order of `id`, dated by `time`. */
export function spanOf(id: string, time: string): Pick<ListTable, 'filters'>['filters'] {
  const lowest = '00000000-0000-0000-0000-000000000000';
  const highest = 'ffffffff-ffff-ffff-ffff-ffffffffffff';
  return {
    from: (parameter) =>
      `${since(time)(parameter)} and ${id} >= ${unlessImported(firstId(`${parameter}::timestamptz - ${offset} - ${slack}`), lowest)}`,
    to: (parameter) =>
      `${before(time)(parameter)} and ${id} <= ${unlessImported(firstId(`${parameter}::timestamptz + ${slack}`), highest)}`,
  };
}

const payments: ListTable = {
  columns: {
    payment_id: 'p.payment_id',
    merchant_id: 'p.merchant_id',
    channel_id: 'p.channel_id',
    kind: 'o.kind',
    state: 'p.state',
    operation_state: 'o.state',
    amount: 'p.amount',
    currency: 'p.currency',
    authorized: 'p.authorized',
    captured: 'p.captured',
    released: 'p.released',
    refunded: 'p.refunded',
    reversed: 'p.reversed',
    charged_back: 'p.charged_back',
    chargeback_reversed: 'p.chargeback_reversed',
    merchant_reference: 'o.merchant_reference',
    response_code: 'o.response_code',
    reason: 'o.reason',
    brand: 'a.brand',
    bin: 'a.bin',
    last4: 'a.last4',
    bank_method: 'a.bank_method',
    created_at: 'p.created_at',
  },
  from: `polygate.payment p
  join polygate.operation o on ${samePayment('o', 'p')} and o.target_id is null
  join polygate.attempt a on ${samePayment('a', 'p')} and a.number = o.attempt_number`,
  keys: [{ sql: 'p.payment_id', type: 'uuid' }],
  descending: true,
  filters: {
    payment_id: equals('p.payment_id', 'uuid'),
    merchant_id: equals('p.merchant_id', 'uuid'),
    channel_id: equals('p.channel_id', 'uuid'),
    state: equals('p.state'),
    operation_state: (parameter) => `exists (select from polygate.operation x where ${samePayment('x', 'p')} and x.state = ${parameter})`,
    merchant_reference: (parameter) =>
      `p.payment_id in (select x.payment_id from polygate.operation x where x.merchant_reference = ${parameter} and x.merchant_id = p.merchant_id)`,
    currency: equals('p.currency'),
    amount: (parameter) => `p.amount = ${parameter}::bigint`,
    amount_from: (parameter) => `p.amount >= ${parameter}::bigint`,
    amount_to: (parameter) => `p.amount <= ${parameter}::bigint`,
    brand: equals('a.brand'),
    bin: equals('a.bin'),
    last4: equals('a.last4'),
    bank_method: equals('a.bank_method'),
    ...spanOf('p.payment_id', 'p.created_at'),
  },
};

const operationColumns = {
  operation_id: 'o.operation_id',
  payment_id: 'o.payment_id',
  merchant_id: 'o.merchant_id',
  channel_id: 'p.channel_id',
  target_id: 'o.target_id',
  reference_id: 'o.reference_id',
  kind: 'o.kind',
  state: 'o.state',
  amount: 'o.amount',
  requested_amount: 'o.requested_amount',
  currency: 'p.currency',
  refunded: 'o.refunded',
  reversed: 'o.reversed',
  charged_back: 'o.charged_back',
  chargeback_reversed: 'o.chargeback_reversed',
  merchant_reference: 'o.merchant_reference',
  approval_code: 'o.approval_code',
  response_code: 'o.response_code',
  host_code: 'o.host_code',
  network_reference: 'o.network_reference',
  reason: 'o.reason',
  rrn: 'o.rrn',
  declared: 'o.declared',
  late_approved: 'o.late_approved',
  resolve_attempts: 'o.resolve_attempts',
  created_at: 'o.created_at',
};
const operationsFrom = `polygate.operation o join polygate.payment p on ${samePayment('p', 'o')}`;
const operationKeys = [{ sql: 'o.operation_id', type: 'uuid' }] as const;

const operations: ListTable = {
  columns: operationColumns,
  from: operationsFrom,
  keys: operationKeys,
  descending: true,
  filters: {
    operation_id: equals('o.operation_id', 'uuid'),
    payment_id: equals('o.payment_id', 'uuid'),
    merchant_id: equals('o.merchant_id', 'uuid'),
    channel_id: equals('p.channel_id', 'uuid'),
    kind: equals('o.kind'),
    state: equals('o.state'),
    merchant_reference: equals('o.merchant_reference'),
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
  filters: {
    operation_id: equals('o.operation_id', 'uuid'),
    merchant_id: equals('o.merchant_id', 'uuid'),
    kind: equals('o.kind'),
  },
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
    operation_id: equals('o.operation_id', 'uuid'),
    payment_id: equals('o.payment_id', 'uuid'),
    merchant_id: equals('o.merchant_id', 'uuid'),
    cause: equals('d.cause'),
  },
};

const attempts: ListTable = {
  columns: {
    number: 'a.number',
    brand: 'a.brand',
    bin: 'a.bin',
    last4: 'a.last4',
    expiry_month: 'a.expiry_month',
    expiry_year: 'a.expiry_year',
    holder: 'a.holder',
    bank_method: 'a.bank_method',
    created_at: 'a.created_at',
  },
  from: 'polygate.attempt a',
  keys: [{ sql: 'a.number', type: 'bigint' }],
  filters: { payment_id: equals('a.payment_id', 'uuid'), merchant_id: equals('a.merchant_id', 'uuid') },
};

/** Neither what proves it nor the shopper's browser. */
const authentications: ListTable = {
  columns: {
    authentication_id: 'a.authentication_id',
    number: 'a.number',
    state: 'a.state',
    flow: `case when a.acs_url is not null then 'challenge' else 'frictionless' end`,
    version: 'a.version',
    trans_status: 'a.trans_status',
    late_status: 'a.late_status',
    reason: 'a.reason',
    eci: 'a.eci',
    ds_transaction_id: 'a.ds_transaction_id',
    acs_transaction_id: 'a.acs_transaction_id',
    shifts_liability: 'a.shifts_liability',
    rule: 'a.rule',
    created_at: 'a.created_at',
    asked_at: 'a.asked_at',
    finished_at: 'a.finished_at',
  },
  from: `polygate.authentication a join polygate.operation o on o.operation_id = a.visit_id and o.merchant_id = a.merchant_id`,
  keys: [{ sql: 'a.number', type: 'bigint' }],
  filters: { payment_id: equals('o.payment_id', 'uuid'), merchant_id: equals('a.merchant_id', 'uuid') },
};

const messages: ListTable = {
  columns: {
    operation_id: 'm.operation_id',
    purpose: 'm.purpose',
    mti: 'm.mti',
    account_id: 'm.account_id',
    terminal: 'm.terminal',
    stan: 'm.stan',
    rrn: 'm.rrn',
    transmitted_at: 'm.transmitted_at',
  },
  from: `polygate.operation o join polygate.acquirer_message m on m.merchant_id = o.merchant_id and m.rrn = o.rrn and m.operation_id = o.operation_id`,
  keys: [
    { sql: 'm.operation_id', type: 'uuid' },
    { sql: 'm.purpose', type: 'text' },
    { sql: 'm.mti', type: 'text' },
  ],
  filters: { payment_id: equals('o.payment_id', 'uuid'), merchant_id: equals('o.merchant_id', 'uuid') },
};

const events: ListTable = {
  columns: {
    sequence: 'e.sequence',
    name: 'e.name',
    operation_id: 'e.operation_id',
    payment_state: 'e.payment_state',
    operation_state: 'e.operation_state',
    snapshot: 'e.snapshot',
    happened_at: 'e.happened_at',
  },
  from: 'polygate.event e',
  keys: [{ sql: 'e.sequence', type: 'bigint' }],
  filters: { payment_id: equals('e.payment_id', 'uuid'), merchant_id: equals('e.merchant_id', 'uuid') },
};

const disputes: ListTable = {
  columns: {
    dispute_id: 'd.dispute_id',
    merchant_id: 'd.merchant_id',
    payment_id: 'd.payment_id',
    charge_id: 'd.charge_id',
    amount: 'd.amount',
    currency: 'd.currency',
    stage: 'd.stage',
    scheme_reason: 'd.scheme_reason',
    case_number: 'd.case_number',
    reversal_id: 'd.reversal_id',
    opened_at: 'd.opened_at',
    confirmed_at: 'd.confirmed_at',
    reversed_at: 'd.reversed_at',
    reversal_confirmed_at: 'd.reversal_confirmed_at',
  },
  from: 'polygate.dispute d',
  keys: [{ sql: 'd.dispute_id', type: 'uuid' }],
  descending: true,
  filters: {
    dispute_id: equals('d.dispute_id', 'uuid'),
    merchant_id: equals('d.merchant_id', 'uuid'),
    payment_id: equals('d.payment_id', 'uuid'),
    stage: equals('d.stage'),
    case_number: equals('d.case_number'),
    from: since('d.opened_at'),
    to: before('d.opened_at'),
  },
};

export const paymentLists = {
  ...{ payments, operations, escalations, reviews, attempts, authentications, messages, events, disputes },
} satisfies Partial<Readonly<Record<OperatorList, ListTable>>>;
