/** Which deliveries go next, and what they tell. Leases and pauses run on the database's clock. */
import { randomUUIDv7 } from 'node:crypto';
import type { ClaimedDelivery, DeliverySubject, Endpoint, Outbox, PaymentEventRecord } from '../core/event/outbox.ts';
import type { QueuedMail } from '../core/mail/send.ts';
import type { CheckoutEventRecord } from '../core/payment/checkout-terms.ts';
import { plainArray } from '../postgres/columns.ts';
import { type Database, type Row, retriable, type Statement } from '../postgres/connection.ts';
import { type ChannelRow, channelOf } from './channel-row.ts';

type Claim = Parameters<Outbox['claim']>[0];

/** Nothing that is to be told of the same payment, order or token is before it. */
const isNext = (delivery: string): string => `not exists (
            select from polygate.delivery b where b.payment_id = ${delivery}.payment_id and b.endpoint_id = ${delivery}.endpoint_id
              and b.merchant_id = ${delivery}.merchant_id and b.state = 'pending' and b.sequence < ${delivery}.sequence)`;

// Endpoint by endpoint, so that a queue of a million never stands before somebody else's. Of a payment only the first pending delivery to an
// endpoint may go; one that is due behind another is put off to when that one is due, and brought back when it is finished. What happened to an order
// and to its payments goes in the order in which it happened; behind one that is being sent it looks again a second later. Only those are waited for
// that are next of theirs: what waits for another one cannot hold that one up. Both changes are
// conditional on `due_at`, so that a node that has seen an older state of the row changes nothing.
const claim: Statement = {
  name: 'claim_deliveries',
  text: `
with awake as (
  select merchant_id, endpoint_id, failures from polygate.endpoint
  where state = 'active' and removed_at is null and wake_at <= now() and endpoint_id <> all ($1::uuid[])
), due as (
  select d.*, a.failures from awake a cross join lateral (
    select d.merchant_id, d.endpoint_id, d.payment_id, d.sequence, d.due_at, d.order_id, d.created_at, d.subject from polygate.delivery d
    where d.endpoint_id = a.endpoint_id and d.merchant_id = a.merchant_id and d.due_at <= now()
    order by d.due_at limit $2
  ) d
  order by d.due_at limit $3
), candidate as (
  select due.*, head.is_head, head.due_at as head_due_at,
    row_number() over (partition by due.endpoint_id, head.is_head order by due.due_at) as place
  from due cross join lateral (
    select first.sequence = due.sequence and ahead.due_at is null as is_head, greatest(first.due_at, ahead.due_at) as due_at from (
      select h.sequence, h.due_at from polygate.delivery h
      where h.payment_id = due.payment_id and h.endpoint_id = due.endpoint_id and h.merchant_id = due.merchant_id and h.state = 'pending'
      order by h.sequence limit 1
    ) first left join lateral (
      select case when o.lease is null then o.due_at else now() end as due_at from (
        select o.due_at, o.lease, o.created_at from polygate.delivery o
        where o.payment_id = due.order_id and o.endpoint_id = due.endpoint_id and o.merchant_id = due.merchant_id and o.state = 'pending'
          and o.created_at < due.created_at and ${isNext('o')}
        union all
        select o.due_at, o.lease, o.created_at from polygate.delivery o
        where o.order_id = coalesce(due.order_id, case when due.subject = 'checkout' then due.payment_id end) and o.endpoint_id = due.endpoint_id
          and o.merchant_id = due.merchant_id and o.state = 'pending' and o.payment_id <> due.payment_id and o.created_at < due.created_at and ${isNext('o')}
      ) o order by o.created_at limit 1
    ) ahead on true
  ) head
)
update polygate.delivery d set
  due_at = case when c.is_head then now() + $4 * interval '1 millisecond' else greatest(c.head_due_at, now() + interval '1 second') end,
  lease = case when c.is_head then gen_random_uuid() else d.lease end,
  tries = d.tries + c.is_head::int
from candidate c
where d.payment_id = c.payment_id and d.endpoint_id = c.endpoint_id and d.sequence = c.sequence and d.merchant_id = c.merchant_id
  and d.state = 'pending' and d.due_at = c.due_at and (not c.is_head or c.failures = 0 or c.place = 1)
returning c.is_head, d.merchant_id, d.endpoint_id, d.payment_id, d.sequence, d.lease`,
};

// Of a try that is under way the lease is almost whole; one whose lease has lasted longer belongs to a node that is gone, or that waits for a dead
// endpoint, and is not waited for.
const nextDue: Statement = {
  name: 'next_delivery_due',
  text: `
select (extract(epoch from min(next.at) - now()) * 1000)::float8 as in_ms
from polygate.endpoint ep cross join lateral (
  (select greatest(d.due_at, ep.wake_at) as at from polygate.delivery d
    where d.endpoint_id = ep.endpoint_id and d.merchant_id = ep.merchant_id and d.due_at is not null and d.lease is null
    order by d.due_at limit 1)
  union all
  (select now() from polygate.delivery d
    where d.endpoint_id = ep.endpoint_id and d.merchant_id = ep.merchant_id and d.due_at > now() + $1 * interval '1 millisecond' and d.lease is not null
    limit 1)
  union all
  (select greatest(d.due_at, ep.wake_at) from polygate.delivery d
    where d.endpoint_id = ep.endpoint_id and d.merchant_id = ep.merchant_id and d.due_at <= now() and d.lease is not null
    order by d.due_at limit 1)
) next
where ep.state = 'active' and ep.removed_at is null`,
};

/** A lease of 75 s that is younger than ten. */
const freshLeaseMs = 65_000;

const details: Statement = {
  name: 'claimed_deliveries',
  text: `
select d.merchant_id, d.endpoint_id, d.subject, d.mail, d.payment_id, d.sequence, d.operation_id, d.lease, d.tries, d.messages_sent,
  (extract(epoch from d.created_at) * 1000)::bigint as created_ms,
  ep.dialect, ep.url, ep.settings, ep.secret, ep.failures,
  coalesce(e.name, k.name) as event_name, e.payment_state, e.operation_state, e.snapshot, (extract(epoch from coalesce(e.happened_at, k.happened_at)) * 1000)::bigint as happened_ms,
  m.routing_number, c.channel_id, c.wire_id, c.name as channel_name, c.account_id, c.enabled, c.currencies, c.policies, c.look
from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::int[]) as i (merchant_id, endpoint_id, payment_id, sequence)
  join polygate.delivery d on d.payment_id = i.payment_id and d.endpoint_id = i.endpoint_id and d.sequence = i.sequence and d.merchant_id = i.merchant_id
  join polygate.endpoint ep on ep.merchant_id = d.merchant_id and ep.endpoint_id = d.endpoint_id
  left join polygate.event e on d.subject = 'payment' and e.payment_id = d.payment_id and e.sequence = d.sequence and e.merchant_id = d.merchant_id
  left join polygate.payment p on d.subject = 'payment' and p.merchant_id = d.merchant_id and p.payment_id = d.payment_id
  left join polygate.token_act t on d.subject = 'token' and t.merchant_id = d.merchant_id and t.act_id = d.operation_id
  left join polygate.checkout_event k on d.subject = 'checkout' and k.merchant_id = d.merchant_id and k.checkout_id = d.payment_id and k.sequence = d.sequence
  left join polygate.checkout o on d.subject = 'checkout' and o.merchant_id = d.merchant_id and o.checkout_id = d.payment_id
  left join polygate.subscriber b on d.subject = 'subscriber' and b.merchant_id = d.merchant_id and b.subscriber_id = d.payment_id
  left join polygate.channel c on c.merchant_id = d.merchant_id and c.channel_id = coalesce(p.channel_id, t.channel_id, o.channel_id, b.channel_id)
  join polygate.merchant m on m.merchant_id = d.merchant_id`,
};

interface ClaimRow extends Row {
  readonly is_head: boolean;
  readonly merchant_id: string;
  readonly endpoint_id: string;
  readonly payment_id: string;
  readonly sequence: number;
  readonly lease: string;
}

interface DetailRow extends ClaimRow, ChannelRow {
  readonly subject: 'payment' | 'token' | 'checkout' | 'subscriber' | 'mail';
  readonly mail: Omit<QueuedMail, 'merchantId' | 'mailId'> | null;
  readonly operation_id: string;
  readonly tries: number;
  readonly messages_sent: number;
  readonly created_ms: number;
  readonly failures: number;
  readonly url: string | null;
  readonly settings: Readonly<Record<string, string>>;
  readonly secret: Buffer | null;
  readonly event_name: string | null;
  readonly payment_state: PaymentEventRecord['paymentState'];
  readonly operation_state: PaymentEventRecord['operationState'];
  readonly snapshot: Readonly<Record<string, string | number>>;
  readonly happened_ms: number;
}

/** Leases what is due of the endpoints that are not `busy`, and reads what is to be told.. */
export async function claimDeliveries(
  database: Database,
  { perEndpoint, limit, leaseMs, busy }: Claim,
): Promise<readonly ClaimedDelivery[]> {
  const changed = await retriable(() => database.query<ClaimRow>(claim, [plainArray(busy), perEndpoint, limit, leaseMs]));
  const claimed = changed.filter((row) => row.is_head);
  if (claimed.length === 0) return [];
  const keys = [
    plainArray(claimed.map((row) => row.merchant_id)),
    plainArray(claimed.map((row) => row.endpoint_id)),
    plainArray(claimed.map((row) => row.payment_id)),
    plainArray(claimed.map((row) => row.sequence)),
  ];
  return (await retriable(() => database.query<DetailRow>(details, keys))).map(deliveryOf);
}

/** In how many ms a claim may find something; undefined while nothing waits. */
export async function nextDeliveryInMs(database: Database): Promise<number | undefined> {
  const [row] = await retriable(() => database.query<{ in_ms: number | null }>(nextDue, [freshLeaseMs]));
  return row?.in_ms ?? undefined;
}

function deliveryOf(row: DetailRow): ClaimedDelivery {
  return {
    merchantId: row.merchant_id,
    endpointId: row.endpoint_id,
    paymentId: row.payment_id,
    sequence: row.sequence,
    operationId: row.operation_id,
    lease: row.lease,
    attemptId: randomUUIDv7(),
    tries: row.tries,
    messagesSent: row.messages_sent,
    failuresBefore: row.failures,
    createdAtMs: row.created_ms,
    endpoint: endpointOf(row),
    about: subjectOf(row),
  };
}

function subjectOf(row: DetailRow): DeliverySubject {
  if (row.mail !== null) return { kind: 'mail', mail: { ...row.mail, merchantId: row.merchant_id, mailId: row.payment_id } };
  const channel = channelOf(row);
  if (row.subject === 'subscriber') return { kind: 'subscriber', channel };
  if (row.event_name === null) return { kind: 'token', channel };
  if (row.subject === 'checkout') return { kind: 'order', channel, event: checkoutEventOf(row, row.event_name) };
  return { kind: 'payment', channel, event: eventOf(row, row.event_name) };
}

function checkoutEventOf({ sequence, happened_ms }: DetailRow, name: string): CheckoutEventRecord {
  return { sequence, name: name as CheckoutEventRecord['name'], happenedAtMs: happened_ms };
}

function eventOf(row: DetailRow, name: string): PaymentEventRecord {
  return {
    sequence: row.sequence,
    name,
    paymentState: row.payment_state,
    operationState: row.operation_state,
    snapshot: row.snapshot,
    happenedAtMs: row.happened_ms,
  };
}

function endpointOf(row: DetailRow): Endpoint {
  return {
    merchantId: row.merchant_id,
    endpointId: row.endpoint_id,
    dialect: row.dialect,
    settings: row.settings,
    ...(row.url === null ? {} : { url: row.url }),
    ...(row.secret === null ? {} : { sealedSecret: row.secret }),
  };
}
