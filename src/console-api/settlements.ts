/** Settlements: what an acquirer account took and gave back until a cut-off, with its fees, and compared with the host. */
import { Type } from 'typebox';
import { settledKinds, totalNames } from '../core/settlement/settlement.ts';
import { amount, currency, fields, inQuery, means, nullable, oneOf, optional, span, text, time, uuid, whole } from './forms.ts';
import { readAll, readOne } from './one.ts';
import type { ConsoleParts } from './parts.ts';
import { act, type ConsoleRoute, list } from './route.ts';

const states = ['collecting', 'closed'] as const;
const kinds = Object.keys(settledKinds) as (keyof typeof settledKinds)[];

const settlement = {
  settlement_id: uuid,
  account_id: text,
  cut_off_at: means(time, 'Business time.'),
  state: oneOf(states),
  closed_at: nullable(time),
};

const part = fields({
  merchant_id: uuid,
  currency,
  operations: whole,
  gross: means(amount, 'What came in less what went back, in minor units; below zero when more went back.'),
  fees: amount,
  net: amount,
});

const totals = fields(Object.fromEntries(totalNames.map((name) => [name, fields({ count: whole, amount })])));

const comparison = fields({
  currency,
  state: oneOf(['waiting', 'in_balance', 'apart']),
  ours: totals,
  theirs: means(nullable(totals), 'Null until the host has answered.'),
  tries: whole,
  answered_at: nullable(time),
});

const settledOperation = fields({
  operation_id: uuid,
  payment_id: uuid,
  merchant_id: uuid,
  merchant_reference: nullable(text),
  kind: oneOf(kinds),
  amount: means(amount, 'Minor units, without a sign; `kind` says which way it goes.'),
  fee: amount,
  currency,
  created_at: time,
});

const group = 'Settlements';
const path = fields({ settlement_id: uuid });

export function settlementRoutes({ store }: ConsoleParts): readonly ConsoleRoute[] {
  return [
    list({
      ...{ name: 'listSettlements', group, at: '/settlements', summary: 'Lists batches, the latest cut-off first.' },
      query: optional({ account_id: inQuery.text, merchant_id: inQuery.uuid, state: oneOf(states), ...span }),
      ...{ list: 'settlements', item: fields(settlement), store },
    }),
    act({
      ...{ name: 'readSettlement', group, method: 'get', at: '/settlements/:settlement_id', role: 'viewer' },
      summary: 'Reads a batch, with its parts by merchant and currency, and both sides of the comparison.',
      path,
      answer: fields({ ...settlement, parts: Type.Array(part), comparisons: Type.Array(comparison) }),
      problems: ['not_found'],
      async handle({ path: filters }) {
        const found = await readOne(store, { list: 'settlements', filters, noun: 'settlement' });
        const [parts, comparisons] = await Promise.all([
          readAll(store, 'settlement_parts', filters),
          readAll(store, 'settlement_comparisons', filters),
        ]);
        return { ...found, parts, comparisons };
      },
    }),
    list({
      ...{
        name: 'listSettlementOperations',
        group,
        at: '/settlements/:settlement_id/operations',
        summary: 'Lists the operations of a batch.',
      },
      path,
      query: optional({ merchant_id: inQuery.uuid, currency: inQuery.currency, kind: oneOf(kinds) }),
      ...{ list: 'settlement_operations', item: settledOperation, store },
    }),
  ];
}
