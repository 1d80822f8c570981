/** The end of stored cards: whatever is due is deleted, in bites, so that no transaction is long (PCI DSS 4.0.1, 3.2.1). */
import { type Database, retriable, type Statement } from '../postgres/connection.ts';

export interface PurgeCount {
  readonly cards: number;
  readonly tokens: number;
}

const selectMerchants: Statement = {
  name: 'vault-purge-merchants',
  text: `select distinct merchant_id from vault.data_key where $1::uuid is null or merchant_id > $1 order by merchant_id limit $2`,
};

// The date is asked again outside: a row that was prolonged while the delete waited for its lock stays.
function deleteDue(table: string, key: string): Statement {
  return {
    name: `vault-purge-${table}`,
    text: `with gone as (
        delete from vault.${table} where merchant_id = $1 and purge_at <= $2 and ${key} in (
          select ${key} from vault.${table}
          where (purge_at at time zone 'UTC')::date <= ($2::timestamptz at time zone 'UTC')::date and merchant_id = $1 and purge_at <= $2 limit $3
        )
        returning 1
      )
      select count(*)::int as count from gone`,
  };
}

const deleteCards = deleteDue('card', 'id');
const deleteTokens = deleteDue('token', 'token');

// By the day, which the indexes begin with.
const firstDay: Statement = {
  name: 'vault-purge-first-day',
  text: `select (extract(epoch from (least(
  (select min((purge_at at time zone 'UTC')::date) from vault.card), (select min((purge_at at time zone 'UTC')::date) from vault.token)
) + 1)::timestamp) * 1000)::bigint as due_ms`,
};

/** The end of the first day on which something is due, UTC; business time, epoch ms. Undefined when nothing is stored. */
export async function nextPurgeAtMs(database: Database): Promise<number | undefined> {
  const [row] = await database.query<{ due_ms: number | null }>(firstDay);
  return row?.due_ms ?? undefined;
}

/** Deletes all cards and tokens whose time has come at `businessNowMs`, merchant by merchant, `biteSize` rows per transaction. */
export async function purgeDue(
  database: Database,
  { businessNowMs, biteSize }: { businessNowMs: number; biteSize: number },
): Promise<PurgeCount> {
  const now = new Date(businessNowMs);
  let cards = 0;
  let tokens = 0;
  let last: string | null = null;
  for (;;) {
    const merchants: { merchant_id: string }[] = await database.query(selectMerchants, [last, 1_000]);
    for (const { merchant_id: merchantId } of merchants) {
      tokens += await deleteAll(database, deleteTokens, [merchantId, now, biteSize]);
      cards += await deleteAll(database, deleteCards, [merchantId, now, biteSize]);
    }
    last = merchants.at(-1)?.merchant_id ?? null;
    if (last === null) return { cards, tokens };
  }
}

async function deleteAll(database: Database, statement: Statement, values: readonly unknown[]): Promise<number> {
  let total = 0;
  for (;;) {
    const [row] = await retriable(() => database.query<{ count: number }>(statement, values));
    const count = row?.count ?? 0;
    if (count === 0) return total;
    total += count;
  }
}
