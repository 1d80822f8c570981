/** What operators can list of the ledger and of webhooks, as SQL. */
import { accountKinds, accounts } from '../core/ledger/accounts.ts';
import type { OperatorList } from '../core/operator/operator-store.ts';
import { deliveredEvent } from './endpoints.ts';
import { before, columnsOf, equals, equalsOf, type ListTable, since } from './list-table.ts';
import { samePayment } from './sql.ts';

/** An account's name, by its number. */
const nameOf = (column: string): string =>
  `case ${column} ${Object.entries(accounts)
    .map(([name, number]) => `when ${number} then '${name}'`)
    .join(' ')} end`;
const assets = Object.entries(accounts)
  .filter(([name]) => accountKinds[name as keyof typeof accounts] === 'asset')
  .map(([, number]) => number);

const ledgerEntries: ListTable = {
  columns: {
    ...columnsOf('l', ['merchant_id', 'payment_id', 'operation_id', 'line', 'kind', 'layer']),
    debit_account: nameOf('l.debit_account'),
    credit_account: nameOf('l.credit_account'),
    ...columnsOf('l', ['amount', 'currency', 'booked_at']),
  },
  from: 'polygate.ledger_entry l',
  keys: [
    { sql: 'l.operation_id', type: 'uuid' },
    { sql: 'l.line', type: 'bigint' },
  ],
  descending: true,
  filters: {
    merchant_id: equals('l.merchant_id', 'uuid'),
    operation_id: equals('l.operation_id', 'uuid'),
    payment_id: (parameter) =>
      `l.payment_id = ${parameter}::uuid and l.operation_id in (select ${parameter}::uuid union all select o.operation_id from polygate.operation o where o.payment_id = ${parameter}::uuid)`,
    ...equalsOf('l', { kind: 'text', layer: 'text', currency: 'text' }),
    from: since('l.booked_at'),
    to: before('l.booked_at'),
  },
};

const balances: ListTable = {
  columns: {
    merchant_id: 'b.merchant_id',
    account: nameOf('b.account'),
    ...columnsOf('b', ['layer', 'currency', 'debits', 'credits']),
    balance: `case when b.account in (${assets.join(', ')}) then b.debits - b.credits else b.credits - b.debits end`,
  },
  sums: ['debits', 'credits', 'balance'],
  from: `(
  select e.merchant_id, e.account, e.layer, e.currency, sum(e.debit) as debits, sum(e.credit) as credits
  from (
    select merchant_id, debit_account as account, layer, currency, amount as debit, 0::bigint as credit from polygate.ledger_entry
    union all
    select merchant_id, credit_account, layer, currency, 0::bigint, amount from polygate.ledger_entry
  ) e group by e.merchant_id, e.account, e.layer, e.currency
) b`,
  keys: [
    { sql: 'b.merchant_id', type: 'uuid' },
    { sql: 'b.account', type: 'bigint' },
    { sql: 'b.layer', type: 'text' },
    { sql: 'b.currency', type: 'text' },
  ],
  filters: {
    merchant_id: equals('b.merchant_id', 'uuid'),
    account: (parameter) => `${nameOf('b.account')} = ${parameter}`,
    layer: equals('b.layer'),
    currency: equals('b.currency'),
  },
};

const payoutBalances: ListTable = {
  columns: { merchant_id: 'l.merchant_id', currency: 'l.currency', available: 'l.available' },
  from: 'polygate.account_limit l',
  where: `l.account = ${accounts.payout_balance}`,
  keys: [
    { sql: 'l.merchant_id', type: 'uuid' },
    { sql: 'l.currency', type: 'text' },
  ],
  filters: { merchant_id: equals('l.merchant_id', 'uuid'), currency: equals('l.currency') },
};

const deliveries: ListTable = {
  columns: {
    ...columnsOf('d', ['merchant_id', 'endpoint_id', 'subject', 'payment_id', 'sequence']),
    event: deliveredEvent,
    ...columnsOf('d', ['state', 'tries', 'created_at', 'due_at', 'finished_at']),
    last_try_at: 't.started_at',
    last_status: 't.status',
    last_problem: 't.problem',
  },
  from: `polygate.delivery d
  left join polygate.event e on d.subject = 'payment' and ${samePayment('e', 'd')} and e.sequence = d.sequence
  left join polygate.checkout_event k on d.subject = 'checkout' and k.checkout_id = d.payment_id and k.sequence = d.sequence
    and k.merchant_id = d.merchant_id
  left join lateral (
    select * from polygate.delivery_attempt t where ${samePayment('t', 'd')} and t.endpoint_id = d.endpoint_id and t.sequence = d.sequence
    order by t.attempt_id desc limit 1
  ) t on true`,
  keys: [
    { sql: 'd.payment_id', type: 'uuid' },
    { sql: 'd.endpoint_id', type: 'uuid' },
    { sql: 'd.sequence', type: 'bigint' },
  ],
  descending: true,
  filters: {
    ...equalsOf('d', { merchant_id: 'uuid', endpoint_id: 'uuid', payment_id: 'uuid', state: 'text' }),
    from: since('d.created_at'),
    to: before('d.created_at'),
  },
};

const deliveryAttempts: ListTable = {
  columns: columnsOf('t', ['attempt_id', 'started_at', 'duration_ms', 'status', 'problem', 'answer']),
  from: 'polygate.delivery_attempt t',
  keys: [{ sql: 't.attempt_id', type: 'uuid' }],
  filters: equalsOf('t', { endpoint_id: 'uuid', payment_id: 'uuid', sequence: 'integer' }),
};

export const ledgerLists = {
  ...{ balances, deliveries },
  ledger_entries: ledgerEntries,
  payout_balances: payoutBalances,
  delivery_attempts: deliveryAttempts,
} satisfies Partial<Readonly<Record<OperatorList, ListTable>>>;
