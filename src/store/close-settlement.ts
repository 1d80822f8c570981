/** The end of a batch of an acquirer account: its parts for each merchant, their lines in the ledger and what the acquirer is told, in one transaction. */
import { accounts } from '../core/ledger/accounts.ts';
import type { SettledGroup, SettledKind } from '../core/settlement/settlement.ts';
import type { Closing } from '../core/settlement/settlement-store.ts';
import { plainArray } from '../postgres/columns.ts';
import type { Database, Row, Statement } from '../postgres/connection.ts';
import { insertReconciliations } from './reconciliations.ts';

const closeBatch: Statement = {
  name: 'close_settlement',
  text: `update polygate.settlement set state = 'closed', closed_at = $2 where settlement_id = $1 and state = 'collecting'
returning account_id, (extract(epoch from cut_off_at) * 1000)::bigint as cut_off_ms`,
};

const groups: Statement = {
  name: 'settlement_groups',
  text: `select merchant_id, currency, kind, count(*)::int as count, sum(amount)::bigint as amount, sum(fee)::bigint as fees
from polygate.settled_operation where settlement_id = $1 group by merchant_id, currency, kind order by merchant_id, currency, kind`,
};

const insertParts: Statement = {
  name: 'insert_settlement_parts',
  text: `insert into polygate.settlement_part (settlement_id, merchant_id, currency, part_id, operations, gross, fees)
select $1, * from unnest($2::uuid[], $3::text[], $4::uuid[], $5::integer[], $6::bigint[], $7::bigint[])`,
};

const bookLines: Statement = {
  name: 'book_settlement',
  text: `insert into polygate.ledger_entry (merchant_id, operation_id, line, payment_id, kind, layer, debit_account, credit_account, amount, currency, booked_at)
select merchant_id, part_id, line, part_id, kind, layer, debit_account, credit_account, amount, currency, $1
from unnest($2::uuid[], $3::uuid[], $4::smallint[], $5::text[], $6::text[], $7::smallint[], $8::smallint[], $9::bigint[], $10::text[])
  as i (merchant_id, part_id, line, kind, layer, debit_account, credit_account, amount, currency)`,
};

interface GroupRow extends Row {
  readonly merchant_id: string;
  readonly currency: string;
  readonly kind: SettledKind;
  readonly count: number;
  readonly amount: number;
  readonly fees: number;
}

interface ClosedBy {
  readonly settlementId: string;
  readonly closing: (groups: readonly SettledGroup[]) => Closing;
  /** Business time, epoch ms. */
  readonly nowMs: number;
}

/** Closes a batch that is open, with what `closing` makes of it; false where there is none: another node was first. */
export function closeSettlement(database: Database, { settlementId, closing, nowMs }: ClosedBy): Promise<boolean> {
  return database.transaction(async (query) => {
    const [batch] = await query<{ account_id: string; cut_off_ms: number }>(closeBatch, [settlementId, new Date(nowMs)]);
    if (batch === undefined) return false;
    const found = (await query<GroupRow>(groups, [settlementId])).map(groupOf);
    await writeClosing(query, { settlementId, accountId: batch.account_id, cutOffAtMs: batch.cut_off_ms }, closing(found));
    return true;
  });
}

function groupOf({ merchant_id: merchantId, ...row }: GroupRow): SettledGroup {
  return { ...row, merchantId };
}

interface Batch {
  readonly settlementId: string;
  readonly accountId: string;
  readonly cutOffAtMs: number;
}

async function writeClosing(query: Database['query'], batch: Batch, { parts, totals }: Closing): Promise<void> {
  await query(insertParts, [
    batch.settlementId,
    plainArray(parts.map(({ merchantId }) => merchantId)),
    plainArray(parts.map(({ currency }) => currency)),
    plainArray(parts.map(({ partId }) => partId)),
    plainArray(parts.map(({ operations }) => operations)),
    plainArray(parts.map(({ gross }) => gross)),
    plainArray(parts.map(({ fees }) => fees)),
  ]);
  const lines = parts.flatMap(({ lines: own, ...part }) => own.map((line, number) => ({ ...part, ...line, number })));
  await query(bookLines, [
    new Date(batch.cutOffAtMs),
    plainArray(lines.map(({ merchantId }) => merchantId)),
    plainArray(lines.map(({ partId }) => partId)),
    plainArray(lines.map(({ number }) => number)),
    plainArray(lines.map(({ kind }) => kind)),
    plainArray(lines.map(({ layer }) => layer)),
    plainArray(lines.map(({ debit }) => accounts[debit])),
    plainArray(lines.map(({ credit }) => accounts[credit])),
    plainArray(lines.map(({ amount }) => amount)),
    plainArray(lines.map(({ currency }) => currency)),
  ]);
  await insertReconciliations(query, batch, totals);
}
