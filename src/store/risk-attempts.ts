/** Attempts that merchants' limits count; nothing is written for merchants without limits. And the ends of reviews. */
import type { RiskStore } from '../core/risk/risk-store.ts';
import { longestWindowMs } from '../core/risk/rule.ts';
import { bytesArray, plainArray, timeArray } from '../postgres/columns.ts';
import type { Database, Statement } from '../postgres/connection.ts';
import { endReview } from './risk-reviews.ts';
import { reading } from './unavailable.ts';

// Two limits on the same card are one row.
const note: Statement = {
  name: 'note_risk_attempt',
  text: `insert into polygate.risk_attempt (merchant_id, subject, value_hash, attempt_hash, tried_at)
select distinct $1::uuid, i.subject, i.value_hash, $2::bytea, $3::timestamptz from unnest($4::text[], $5::bytea[]) as i (subject, value_hash)
on conflict do nothing`,
};

const count: Statement = {
  name: 'count_risk_attempts',
  text: `select (
  select count(*)::int from polygate.risk_attempt a
  where a.merchant_id = $1 and a.subject = i.subject and a.value_hash = i.value_hash and a.tried_at > i.since
) as attempts
from unnest($2::text[], $3::bytea[], $4::timestamptz[]) with ordinality as i (subject, value_hash, since, ord) order by i.ord`,
};

const deleteOld: Statement = {
  name: 'delete_old_risk_attempts',
  text: `with deleted as (
  delete from polygate.risk_attempt where (tried_at at time zone 'UTC')::date < ($1::timestamptz at time zone 'UTC')::date returning 1
)
select count(*)::int as count from deleted`,
};

export function createRiskStore(database: Database): RiskStore {
  return {
    async countAttempts({ merchantId, attemptHash, atMs, counts }) {
      const subjects = plainArray(counts.map(({ subject }) => subject));
      const hashes = bytesArray(counts.map(({ valueHash }) => valueHash));
      await reading(database.query(note, [merchantId, Buffer.from(attemptHash), new Date(atMs), subjects, hashes]));
      const since = timeArray(counts.map(({ sinceMs }) => sinceMs));
      const rows = await reading(database.query<{ attempts: number }>(count, [merchantId, subjects, hashes, since]));
      return rows.map(({ attempts }) => attempts);
    },
    endReview: (end) => endReview(database, end),
  };
}

/** Deletes attempts that no limit can count any more. `businessNowMs`: they are dated by the business clock. */
export async function deleteOldAttempts(database: Database, businessNowMs: number): Promise<number> {
  const [row] = await database.query<{ count: number }>(deleteOld, [new Date(businessNowMs - longestWindowMs)]);
  return row?.count ?? 0;
}
