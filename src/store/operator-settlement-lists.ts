/** What operators can list of settlements, as SQL. */
import type { OperatorList } from '../core/operator/operator-store.ts';
import { before, columnsOf, equals, equalsOf, type ListTable, since } from './list-table.ts';

const settlements: ListTable = {
  columns: columnsOf('s', ['settlement_id', 'account_id', 'cut_off_at', 'state', 'closed_at']),
  from: 'polygate.settlement s',
  keys: [
    { sql: 's.cut_off_at', type: 'timestamptz' },
    { sql: 's.settlement_id', type: 'uuid' },
  ],
  descending: true,
  filters: {
    ...equalsOf('s', { settlement_id: 'uuid', account_id: 'text', state: 'text' }),
    merchant_id: (parameter) =>
      `exists (select from polygate.settlement_part t where t.settlement_id = s.settlement_id and t.merchant_id = ${parameter}::uuid)`,
    from: since('s.cut_off_at'),
    to: before('s.cut_off_at'),
  },
};

const parts: ListTable = {
  columns: {
    ...columnsOf('t', ['merchant_id', 'currency', 'operations', 'gross', 'fees']),
    net: 't.gross - t.fees',
  },
  from: 'polygate.settlement_part t',
  keys: [
    { sql: 't.merchant_id', type: 'uuid' },
    { sql: 't.currency', type: 'text' },
  ],
  filters: { settlement_id: equals('t.settlement_id', 'uuid') },
};

const comparisons: ListTable = {
  columns: columnsOf('r', ['currency', 'state', 'ours', 'theirs', 'tries', 'answered_at']),
  from: 'polygate.reconciliation r',
  keys: [{ sql: 'r.currency', type: 'text' }],
  filters: { settlement_id: equals('r.settlement_id', 'uuid') },
};

const operations: ListTable = {
  columns: {
    ...columnsOf('u', ['operation_id', 'payment_id', 'merchant_id']),
    merchant_reference: 'o.merchant_reference',
    ...columnsOf('u', ['kind', 'amount', 'fee', 'currency']),
    created_at: 'o.created_at',
  },
  from: 'polygate.settled_operation u join polygate.operation o on o.operation_id = u.operation_id and o.merchant_id = u.merchant_id',
  where: 'u.settlement_id is not null',
  keys: [{ sql: 'u.operation_id', type: 'uuid' }],
  filters: equalsOf('u', { settlement_id: 'uuid', merchant_id: 'uuid', currency: 'text', kind: 'text' }),
};

export const settlementLists = {
  settlements,
  settlement_parts: parts,
  settlement_comparisons: comparisons,
  settlement_operations: operations,
} satisfies Partial<Readonly<Record<OperatorList, ListTable>>>;
