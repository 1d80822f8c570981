/** Batches as people read them: a list, one with both sides' figures, and all of its operations. */
import type { SettledKind, Totals } from '../core/settlement/settlement.ts';
import type { Database, Row, Statement } from '../postgres/connection.ts';
import { lowestId } from './id-time.ts';

/** What a batch comes to in one currency; minor units. */
export interface SettlementSum {
  readonly currency: string;
  readonly operations: number;
  readonly gross: bigint;
  readonly fees: bigint;
  readonly net: bigint;
  /** What came of the comparison with the host. */
  readonly comparison: 'waiting' | 'in_balance' | 'apart';
}

export interface SettlementRecord {
  readonly settlementId: string;
  readonly accountId: string;
  readonly cutOffAt: Date;
  readonly state: 'collecting' | 'closed';
  readonly closedAt: Date | null;
  /** By currency; empty while it is collected. */
  readonly sums: readonly SettlementSum[];
}

export interface SettlementDetail extends SettlementRecord {
  /** By merchant and currency; minor units. */
  readonly parts: readonly (Omit<SettlementSum, 'comparison'> & { readonly merchantId: string; readonly merchant: string })[];
  readonly comparisons: readonly {
    readonly currency: string;
    readonly state: SettlementSum['comparison'];
    readonly ours: Totals;
    /** Null until the host has answered. */
    readonly theirs: Totals | null;
    readonly tries: number;
    readonly answeredAt: Date | null;
  }[];
}

/** An operation of a batch; minor units. */
export interface SettlementRow {
  readonly operationId: string;
  readonly paymentId: string;
  readonly merchantId: string;
  readonly merchantReference: string | null;
  readonly kind: SettledKind;
  readonly createdAt: Date;
  readonly currency: string;
  /** Without a sign; `kind` says which way it goes. */
  readonly amount: number;
  readonly fee: number;
}

const columns = `s.settlement_id as "settlementId", s.account_id as "accountId", s.cut_off_at as "cutOffAt", s.state, s.closed_at as "closedAt",
  coalesce((select json_agg(json_build_object('currency', r.currency, 'operations', t.operations, 'gross', t.gross::text, 'fees', t.fees::text, 'net', (t.gross - t.fees)::text,
      'comparison', r.state) order by r.currency)
    from polygate.reconciliation r join (
      select currency, sum(operations) as operations, sum(gross) as gross, sum(fees) as fees from polygate.settlement_part
      where settlement_id = s.settlement_id group by currency
    ) t on t.currency = r.currency where r.settlement_id = s.settlement_id), '[]') as sums`;

const statements = {
  list: {
    name: 'list_settlements',
    text: `select ${columns} from polygate.settlement s
      where ($1::text is null or s.account_id = $1) and ($2::timestamptz is null or (s.cut_off_at, s.settlement_id) < ($2, $3))
      order by s.cut_off_at desc, s.settlement_id desc limit $4`,
  },
  read: { name: 'read_settlement', text: `select ${columns} from polygate.settlement s where s.settlement_id = $1` },
  parts: {
    name: 'read_settlement_parts',
    text: `select t.merchant_id as "merchantId", m.name as merchant, t.currency, t.operations, t.gross::text, t.fees::text, (t.gross - t.fees)::text as net
      from polygate.settlement_part t join polygate.merchant m on m.merchant_id = t.merchant_id
      where t.settlement_id = $1 order by m.name, t.merchant_id, t.currency`,
  },
  comparisons: {
    name: 'read_reconciliations',
    text: `select currency, state, ours, theirs, tries, answered_at as "answeredAt" from polygate.reconciliation where settlement_id = $1 order by currency`,
  },
  rows: {
    name: 'settlement_rows',
    text: `select u.operation_id as "operationId", u.payment_id as "paymentId", u.merchant_id as "merchantId", o.merchant_reference as "merchantReference", u.kind,
      o.created_at as "createdAt", u.currency, u.amount, u.fee
      from polygate.settled_operation u join polygate.operation o on o.merchant_id = u.merchant_id and o.operation_id = u.operation_id
      where u.settlement_id = $1 and u.operation_id > $2 order by u.operation_id limit $3`,
  },
} satisfies Readonly<Record<string, Statement>>;

const rowsAtOnce = 1_000;

/** The latest cut-off first. `before`: the last batch of the page before. */
export function listSettlements(
  database: Database,
  {
    accountId,
    before,
    limit,
  }: {
    readonly accountId?: string;
    readonly before?: Pick<SettlementRecord, 'cutOffAt' | 'settlementId'>;
    readonly limit: number;
  },
): Promise<SettlementRecord[]> {
  const values = [accountId ?? null, before?.cutOffAt ?? null, before?.settlementId ?? null, limit];
  return database.query<SettlementRecord & Row>(statements.list, values).then((rows) => rows.map(recordOf));
}

function recordOf(row: SettlementRecord): SettlementRecord {
  return { ...row, sums: row.sums.map(withSums) };
}

/** They come as text, whose digits are all there. */
function withSums<T extends Pick<SettlementSum, 'gross' | 'fees' | 'net'>>(row: T): T {
  return { ...row, gross: BigInt(row.gross), fees: BigInt(row.fees), net: BigInt(row.net) };
}

/** `settlementId`: a UUID. Undefined when there is none. */
export async function readSettlement(database: Database, settlementId: string): Promise<SettlementDetail | undefined> {
  const [record] = await database.query<SettlementRecord & Row>(statements.read, [settlementId]);
  if (record === undefined) return undefined;
  const parts = await database.query<SettlementDetail['parts'][number] & Row>(statements.parts, [settlementId]);
  const comparisons = await database.query<SettlementDetail['comparisons'][number] & Row>(statements.comparisons, [settlementId]);
  return { ...recordOf(record), parts: parts.map(withSums), comparisons };
}

/** All operations of a batch, in the order in which they were made, a page at a time: however many there are, few are in memory. */
export async function* settlementRows(database: Database, settlementId: string): AsyncGenerator<SettlementRow> {
  for (let after = lowestId; ; ) {
    const rows = await database.query<SettlementRow & Row>(statements.rows, [settlementId, after, rowsAtOnce]);
    yield* rows;
    const last = rows.at(-1);
    if (last === undefined || rows.length < rowsAtOnce) return;
    after = last.operationId;
  }
}
