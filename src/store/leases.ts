/**
 * Leases on rows that become due: a table has the business time at which a row is due, and `leased_until`, on the database's clock, until when
 * one node alone works on it. Everything that is due is found and leased by these statements.
 */
import { plainArray } from '../postgres/columns.ts';
import type { Database, Row, Statement } from '../postgres/connection.ts';

export interface LeasedTable {
  /** Names the statements. */
  readonly name: string;
  readonly table: string;
  /** The columns that make the key, with their types. */
  readonly key: Readonly<Record<string, 'uuid' | 'text'>>;
  /** When a row is due: what its index is made over. Columns are those of `d`. */
  readonly dueAt: string;
  /** Which rows wait at all: the condition of that index. Columns are those of `d`. */
  readonly isWaiting: string;
  /** What a claimed row is read as; columns are those of `d`. */
  readonly columns: string;
  /** Which rows may not be taken up yet, though they are due. */
  readonly mustWait?: string;
}

export interface Leases<R extends Row> {
  /** Leases rows that are due at a business time, the longest due first. */
  claim(request: { readonly businessNowMs: number; readonly limit: number; readonly leaseMs: number }): Promise<readonly R[]>;
  /** When the first of all that wait is due, leased or not; business time, epoch ms. */
  nextDueAtMs(): Promise<number | undefined>;
}

export function createLeases<R extends Row>(database: Database, spec: LeasedTable): Leases<R> {
  const { name, table, key, dueAt, isWaiting, columns, mustWait } = spec;
  const names = Object.keys(key);
  const isFree = `${isWaiting} and ${dueAt} <= $1 and d.leased_until <= now()${mustWait === undefined ? '' : ` and not (${mustWait})`}`;
  // Candidates first, then a conditional update of each: of two nodes that see the same candidate, one gets the row.
  const candidates: Statement = {
    name: `due_${name}`,
    text: `select ${names.map((column) => `d.${column}`).join(', ')} from ${table} d where ${isFree} order by ${dueAt} limit $2`,
  };
  const claim: Statement = {
    name: `claim_${name}`,
    text: `update ${table} d set leased_until = now() + $2 * interval '1 millisecond'
from unnest(${names.map((column, index) => `$${index + 3}::${key[column]}[]`).join(', ')}) as i (${names.join(', ')})
where ${names.map((column) => `d.${column} = i.${column}`).join(' and ')} and ${isFree}
returning ${columns}, ${dueAt} as lease_due_at`,
  };
  const first: Statement = {
    name: `next_${name}`,
    text: `select (extract(epoch from min(${dueAt})) * 1000)::bigint as due_ms from ${table} d where ${isWaiting}`,
  };
  return {
    async claim({ businessNowMs, limit, leaseMs }) {
      const now = new Date(businessNowMs);
      const due = await database.query(candidates, [now, limit]);
      if (due.length === 0) return [];
      const keys = names.map((column) => plainArray(due.map((row) => row[column] as string)));
      const claimed = await database.query<R & { readonly lease_due_at: Date }>(claim, [now, leaseMs, ...keys]);
      return claimed.sort((a, b) => a.lease_due_at.getTime() - b.lease_due_at.getTime());
    },
    async nextDueAtMs() {
      const [row] = await database.query<{ due_ms: number | null }>(first);
      return row?.due_ms ?? undefined;
    },
  };
}
