/** How many operations wait for their resolution, and since when: for whoever watches the gateway. */
import type { Database, Statement } from '../postgres/connection.ts';

// From the small index of what is to be resolved: an operation in its normal exchange is not in it.
const statement: Statement = {
  name: 'open_operations',
  text: `select state, count(*) as count, (extract(epoch from min(created_at)) * 1000)::bigint as oldest_ms
from polygate.operation where resolve_at is not null group by state`,
};

const states = ['submitted', 'unknown', 'escalated'] as const;

export interface OpenOperations {
  readonly state: (typeof states)[number];
  readonly count: number;
  /** 0 when there are none. */
  readonly oldestAgeMs: number;
}

/** One row per open state, those without operations too. `businessNowMs`: operations are dated by the business clock. */
export async function countOpenOperations(database: Database, businessNowMs: number): Promise<readonly OpenOperations[]> {
  const rows = await database.query<{ state: string; count: number; oldest_ms: number }>(statement);
  return states.map((state) => {
    const row = rows.find((candidate) => candidate.state === state);
    return { state, count: row?.count ?? 0, oldestAgeMs: row === undefined ? 0 : Math.max(0, businessNowMs - row.oldest_ms) };
  });
}
