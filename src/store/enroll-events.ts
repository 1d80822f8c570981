/** Makes deliveries of new events: one for each endpoint of the payment's merchant that the event concerns. */

import { plainArray } from '../postgres/columns.ts';
import type { Database, Statement } from '../postgres/connection.ts';
import { hasNewEvents, lockCursor, type Step } from './event-cursor.ts';

const cursorName = 'deliveries';

/** The order that a row belongs to, as its dialect's data tell it; null: to none. */
const orderIdOf = (row: string): string => `case
  when ${row}.dialect_data ->> 'orderId' ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then (${row}.dialect_data ->> 'orderId')::uuid end`;

// Endpoints are few, so whatever belongs to a merchant without one ends at the first join. An endpoint is told nothing that happened before
// it was made (a day apart, since events have business time). Of an endpoint without a URL only those payments are its business that
// name one: in the operation itself, or in the payment's first.
// What happens to a token that was kept with an order is told among what happens to the order.
const targets = `
  select f.merchant_id, ep.endpoint_id, f.subject, f.payment_id, f.sequence, f.operation_id,
    max(f.happened_at) over (partition by f.payment_id, ep.endpoint_id order by f.sequence) as happened_at, coalesce(f.order_id, (
    select ${orderIdOf('o')} from polygate.operation o
    where f.subject = 'payment' and o.merchant_id = f.merchant_id and o.payment_id = f.payment_id and o.target_id is null limit 1
  )) as order_id
  from fresh f
    join polygate.endpoint ep on ep.merchant_id = f.merchant_id and ep.removed_at is null and f.happened_at > ep.created_at - interval '1 day'
    left join polygate.payment p on p.merchant_id = f.merchant_id and p.payment_id = f.payment_id
    join polygate.channel c on c.merchant_id = f.merchant_id and c.channel_id = coalesce(f.channel_id, p.channel_id) and c.dialect = ep.dialect
  where (ep.channel_id is null or ep.channel_id = c.channel_id)
    and (ep.url is not null or exists (
      select from polygate.operation o where o.merchant_id = f.merchant_id and o.payment_id = f.payment_id
        and (o.operation_id = f.operation_id or o.target_id is null) and o.dialect_data ->> 'notificationUrl' is not null
    ))`;

// A microsecond apart, so that what happened first was made first: of the same moment, that an order was made, then its payments, then the token that
// was kept with it, then what else happened to it. The time of the statement, not that of its transaction: two nodes enroll one after the other, as the lock
// lets them, and the second may have begun first.
const enrollment = `
  insert into polygate.delivery (merchant_id, endpoint_id, subject, payment_id, sequence, operation_id, order_id, state, due_at, created_at)
  select merchant_id, endpoint_id, subject, payment_id, sequence, operation_id, order_id, 'pending', now(),
    statement_timestamp() + row_number() over (order by happened_at, subject <> 'checkout' or sequence > 1, subject = 'checkout', subject = 'token', payment_id, sequence) * interval '1 microsecond'
  from target
  on conflict do nothing`;

/** Rows of all kinds that fit a condition on `x`. A card that was refused was not kept, and nobody is told. */
const freshWhere = (condition: string): string => `
  select x.merchant_id, 'payment' as subject, x.payment_id, x.sequence, x.operation_id, x.happened_at, null::uuid as channel_id, null::uuid as order_id
  from polygate.event x where ${condition}
  union all
  select x.merchant_id, 'token', x.token::uuid, case x.kind when 'tokenization' then 1 else 2 end, x.act_id, x.happened_at, x.channel_id,
    ${orderIdOf('x')}
  from (select t.*, t.created_at as happened_at from polygate.token_act t where t.reason is null) x where ${condition}
  union all
  select x.merchant_id, 'checkout', x.checkout_id, x.sequence, x.checkout_id, x.happened_at, x.channel_id, null
  from (
    select k.*, o.channel_id from polygate.checkout_event k join polygate.checkout o on o.merchant_id = k.merchant_id and o.checkout_id = k.checkout_id
  ) x where ${condition}
  union all
  select x.merchant_id, 'subscriber', x.subscriber_id, x.sequence, x.subscriber_id, x.happened_at, x.channel_id, null
  from (
    select b.*, s.channel_id from polygate.subscriber_event b join polygate.subscriber s on s.merchant_id = b.merchant_id and s.subscriber_id = b.subscriber_id
  ) x where ${condition}`;

const enrollStep: Statement = {
  name: 'enroll_events',
  text: `
with fresh as (
${freshWhere('x.recorded_in >= $1::xid8 and x.recorded_in < $2::xid8 and x.recorded_in <> all ($3::xid8[])')}
  union all
${freshWhere('x.recorded_in = any ($4::xid8[])')}
), target as (${targets}
), enrolled as (${enrollment}
), moved as (
  update polygate.event_cursor set snapshot = $5::pg_snapshot where name = '${cursorName}'
)
select count(*)::int as count from fresh`,
};

// The numbers of transactions began anew: events of the last month are gone through, and those that were enrolled before stay as they are.
const enrollAgain: Statement = {
  name: 'enroll_events_again',
  text: `
with fresh as (
${freshWhere(`x.recorded_in is not null and x.happened_at > now() - interval '31 days'`)}
), target as (${targets}
), enrolled as (${enrollment}
), moved as (
  update polygate.event_cursor set snapshot = $1::pg_snapshot where name = '${cursorName}'
)
select count(*)::int as count from fresh`,
};

/** Returns how many events were looked at; about `limit` at most. */
export async function enrollEvents(database: Database, limit: number): Promise<number> {
  if (!(await hasNewEvents(database, cursorName))) return 0;
  return database.transaction(async (query) => {
    const { step, next, restarted } = await lockCursor(query, cursorName, limit);
    const [row] = restarted
      ? await query<{ count: number }>(enrollAgain, [next])
      : await query<{ count: number }>(enrollStep, [...valuesOf(step), next]);
    return row?.count ?? 0;
  });
}

function valuesOf({ from, to, not, late }: Step): string[] {
  return [String(from), String(to), plainArray(not.map(String)), plainArray(late.map(String))];
}
