/** Idempotency keys end with the day on which they expire; until a key is deleted it is remembered. */
import type { Database, Statement } from '../postgres/connection.ts';

const biteSize = 1_000;

const deleteExpired: Statement = {
  name: 'delete_expired_keys',
  text: `with gone as (
  delete from polygate.idempotency_key k using (
    select merchant_id, channel_id, key from polygate.idempotency_key
    where (expires_at at time zone 'UTC')::date < (now() at time zone 'UTC')::date limit $1
  ) expired
  where k.merchant_id = expired.merchant_id and k.channel_id = expired.channel_id and k.key = expired.key
  returning 1
)
select count(*)::int as count from gone`,
};

/** Deletes what has expired, in bites, so that no transaction is long. Returns how many keys it was. */
export async function deleteExpiredKeys(database: Database): Promise<number> {
  for (let total = 0; ; ) {
    const [row] = await database.query<{ count: number }>(deleteExpired, [biteSize]);
    const count = row?.count ?? 0;
    total += count;
    if (count < biteSize) return total;
  }
}
