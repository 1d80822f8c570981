/**
 * Deletes what nobody looks at any more, a few hundred rows at a time, so that no transaction is long: told webhooks and the tries to tell them, old
 * checkouts, old visits with what came of their authentication. Ages are by the wall, as everywhere where people wait for people.
 */
import type { Database, Statement } from '../postgres/connection.ts';
import { firstIdAt } from './id-time.ts';

const biteSize = 500;

// An event that still waits to be told stays, however old.
const deliveries: Statement = {
  name: 'prune_deliveries',
  text: `with old as (
  select payment_id, endpoint_id, sequence, merchant_id from polygate.delivery
  where merchant_id = $1 and endpoint_id = $2 and created_at < $3 and state <> 'pending'
  order by created_at limit $4
), attempts as (
  delete from polygate.delivery_attempt a using old
  where a.payment_id = old.payment_id and a.endpoint_id = old.endpoint_id and a.sequence = old.sequence and a.merchant_id = old.merchant_id
), gone as (
  delete from polygate.delivery d using old
  where d.payment_id = old.payment_id and d.endpoint_id = old.endpoint_id and d.sequence = old.sequence and d.merchant_id = old.merchant_id
  returning 1
)
select count(*)::int as count from gone`,
};

const endpoints: Statement = { name: 'prune_endpoints', text: 'select merchant_id, endpoint_id from polygate.endpoint' };

const merchants: Statement = { name: 'prune_merchants', text: 'select merchant_id from polygate.merchant' };

// Orders stay: they are the merchant's, under ids that say nothing of their age.
const checkouts: Statement = {
  name: 'prune_checkouts',
  text: `with gone as (
  delete from polygate.checkout c using (
    select merchant_id, checkout_id from polygate.checkout
    where merchant_id = $1 and checkout_id < $2 and expires_at < $3 and secret_hash is not null order by checkout_id limit $4
  ) old
  where c.merchant_id = old.merchant_id and c.checkout_id = old.checkout_id
  returning 1
)
select count(*)::int as count from gone`,
};

const visits: Statement = {
  name: 'prune_visits',
  text: `with old as (
  select merchant_id, visit_id from polygate.shopper_visit where visit_id < $1 and due_at is null order by visit_id limit $2
), authentications as (
  delete from polygate.authentication a using old where a.visit_id = old.visit_id and a.merchant_id = old.merchant_id
), gone as (
  delete from polygate.shopper_visit v using old where v.visit_id = old.visit_id and v.merchant_id = old.merchant_id
  returning 1
)
select count(*)::int as count from gone`,
};

/** Each returns how many rows it was. `beforeMs`: wall time, epoch ms. */
export async function pruneDeliveries(database: Database, beforeMs: number): Promise<number> {
  const found = await database.query<{ merchant_id: string; endpoint_id: string }>(endpoints);
  let total = 0;
  for (const { merchant_id, endpoint_id } of found) {
    total += await inBites(database, deliveries, [merchant_id, endpoint_id, new Date(beforeMs), biteSize]);
  }
  return total;
}

export async function pruneCheckouts(database: Database, beforeMs: number): Promise<number> {
  let total = 0;
  for (const { merchant_id } of await database.query<{ merchant_id: string }>(merchants)) {
    total += await inBites(database, checkouts, [merchant_id, firstIdAt(beforeMs), new Date(beforeMs), biteSize]);
  }
  return total;
}

export function pruneVisits(database: Database, beforeMs: number): Promise<number> {
  return inBites(database, visits, [firstIdAt(beforeMs), biteSize]);
}

/** The statement counts what it has deleted, at most `biteSize` of it. */
async function inBites(database: Database, statement: Statement, values: readonly unknown[]): Promise<number> {
  for (let total = 0; ; ) {
    const [row] = await database.query<{ count: number }>(statement, values);
    const count = row?.count ?? 0;
    total += count;
    if (count < biteSize) return total;
  }
}
