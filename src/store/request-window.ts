/**
 * Requests of the last moments, counted for all nodes together in a table that is not written to the log: after a crash of the database it
 * is empty, and everybody may begin anew. The database's clock counts, so that the nodes' own need not agree.
 */
import type { RequestWindow } from '../core/ports/request-window.ts';
import type { Database, Row, Statement } from '../postgres/connection.ts';
import { reading } from './unavailable.ts';

const nowMs = '(extract(epoch from clock_timestamp()) * 1000)::bigint';

// Of requests at the same moment each waits for the row of the one before, and sees its count.
const count: Statement = {
  name: 'count_request',
  text: `insert into polygate.request_window as w (merchant_id, subject, hits, expires_at)
values ($1, $2, array[${nowMs}], now() + $3 * interval '1 millisecond')
on conflict (merchant_id, subject) do update
set hits = array(select hit from unnest(w.hits) as hit where hit > ${nowMs} - $3::bigint order by hit) || ${nowMs}, expires_at = excluded.expires_at
where (select count(*) from unnest(w.hits) as hit where hit > ${nowMs} - $3::bigint) < $4::integer
returning cardinality(hits) as count`,
};

const oldest: Statement = {
  name: 'oldest_request',
  text: `select (select min(hit) from unnest(hits) as hit where hit > ${nowMs} - $3::bigint) + $3::bigint - ${nowMs} as wait_ms
from polygate.request_window where merchant_id = $1 and subject = $2`,
};

const removeExpired: Statement = {
  name: 'delete_request_windows',
  text: `with gone as (delete from polygate.request_window where expires_at < now() returning 1) select count(*)::integer as count from gone`,
};

export function createRequestWindow(database: Database): RequestWindow {
  return {
    async count({ merchantId, subject, limit, windowMs }) {
      const [row] = await reading(database.query<Row & { count: number }>(count, [merchantId, subject, windowMs, limit]));
      if (row !== undefined) return { allowed: true, remaining: limit - row.count };
      const [wait] = await reading(database.query<Row & { wait_ms: number | null }>(oldest, [merchantId, subject, windowMs]));
      return { allowed: false, retryAfterMs: Math.max(1, wait?.wait_ms ?? 1) };
    },
  };
}

/** Deletes windows in which nothing counts any more, and returns how many they were. */
export async function deleteExpiredWindows(database: Database): Promise<number> {
  const [row] = await database.query<Row & { count: number }>(removeExpired);
  return row?.count ?? 0;
}
