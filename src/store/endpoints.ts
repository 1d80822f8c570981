/** Endpoints and deliveries as an operator sees and changes them. */
import type { EndpointState } from '../core/event/outbox.ts';
import type { EndpointToMake, ReplayOrder } from '../core/operator/operator-store.ts';
import { jsonText } from '../postgres/columns.ts';
import type { Database, Row, Statement } from '../postgres/connection.ts';

/** A database, or one transaction of it. */
type Query = Pick<Database, 'query'>;

/** An endpoint with how it fares. */
export interface EndpointRecord extends Row {
  readonly endpointId: string;
  readonly merchantId: string;
  readonly merchant: string;
  readonly dialect: string;
  /** Null: all channels that speak the dialect. */
  readonly channelId: string | null;
  /** Null: whatever requests name. */
  readonly url: string | null;
  readonly settings: Readonly<Record<string, string>>;
  readonly secret: Buffer | null;
  readonly state: EndpointState;
  /** Why it is parked, or what went wrong last. */
  readonly reason: string | null;
  readonly failingSince: Date | null;
  readonly pausedUntil: Date | null;
  readonly pending: number;
}

export interface DeliveryRecord extends Row {
  readonly paymentId: string;
  readonly sequence: number;
  readonly event: string;
  readonly state: string;
  readonly tries: number;
  readonly createdAt: Date;
  readonly dueAt: Date | null;
  readonly lastTryAt: Date | null;
  readonly lastStatus: number | null;
  readonly lastMs: number | null;
  readonly lastProblem: string | null;
  readonly lastAnswer: string | null;
}

const columns = `ep.endpoint_id as "endpointId", ep.merchant_id as "merchantId", m.name as merchant, ep.dialect, ep.channel_id as "channelId", ep.url,
  ep.settings, ep.secret, ep.state, ep.reason, ep.failing_since as "failingSince", case when ep.wake_at > now() then ep.wake_at end as "pausedUntil",
  (select count(*)::int from (
    select from polygate.delivery d where d.endpoint_id = ep.endpoint_id and d.merchant_id = ep.merchant_id and d.due_at is not null limit 100000
  ) d) as pending`;

const select: Statement = {
  name: 'list_endpoints',
  text: `select ${columns} from polygate.endpoint ep join polygate.merchant m on m.merchant_id = ep.merchant_id
  where ep.removed_at is null and ($1::uuid is null or ep.endpoint_id = $1)
  order by ep.merchant_id, ep.created_at, ep.endpoint_id`,
};

const insert: Statement = {
  name: 'insert_endpoint',
  text: `insert into polygate.endpoint (merchant_id, endpoint_id, dialect, channel_id, url, settings, secret, state)
values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing returning endpoint_id`,
};

const remove: Statement = {
  name: 'remove_endpoint',
  text: `with gone as (
  update polygate.endpoint set removed_at = now(), secret = null where endpoint_id = $1 and removed_at is null returning merchant_id, endpoint_id
), ended as (
  update polygate.delivery d set state = 'given_up', due_at = null, lease = null, finished_at = now() from gone
  where d.endpoint_id = gone.endpoint_id and d.merchant_id = gone.merchant_id and d.due_at is not null
)
select endpoint_id from gone`,
};

const activate: Statement = {
  name: 'activate_endpoint',
  text: `with awake as (
  update polygate.endpoint set state = 'active', reason = null, failures = 0, failing_since = null, wake_at = now()
  where merchant_id = $1 and endpoint_id = $2 and removed_at is null returning merchant_id, endpoint_id
)
update polygate.delivery d set due_at = now() from awake
where d.endpoint_id = awake.endpoint_id and d.merchant_id = awake.merchant_id and d.due_at > now() and d.lease is null`,
};

const move: Statement = {
  name: 'move_endpoint',
  text: `update polygate.endpoint set url = $3 where merchant_id = $1 and endpoint_id = $2 and url <> $3`,
};

/** What a delivery `d` tells of, as operators read it: over the payment's event `e` and the order's `k`. */
export const deliveredEvent = `case when d.subject = 'mail' then 'mail.' || (d.mail ->> 'kind') when d.subject = 'payment' then e.name
  when d.subject = 'checkout' then 'checkout.' || k.name when d.subject = 'subscriber' then 'subscriber.ended' when d.sequence = 1 then 'token.made' else 'token.deleted' end`;

const deliveries: Statement = {
  name: 'list_deliveries',
  text: `select d.payment_id as "paymentId", d.sequence, ${deliveredEvent} as event,
  d.state, d.tries, d.created_at as "createdAt", d.due_at as "dueAt",
    a.started_at as "lastTryAt", a.status as "lastStatus", a.duration_ms as "lastMs", a.problem as "lastProblem", a.answer as "lastAnswer"
  from polygate.endpoint ep join polygate.delivery d on d.merchant_id = ep.merchant_id and d.endpoint_id = ep.endpoint_id
    left join polygate.event e on d.subject = 'payment' and e.payment_id = d.payment_id and e.sequence = d.sequence and e.merchant_id = d.merchant_id
    left join polygate.checkout_event k on d.subject = 'checkout' and k.checkout_id = d.payment_id and k.sequence = d.sequence and k.merchant_id = d.merchant_id
    left join lateral (
      select * from polygate.delivery_attempt a where a.payment_id = d.payment_id and a.endpoint_id = d.endpoint_id and a.sequence = d.sequence
        and a.merchant_id = d.merchant_id order by a.started_at desc limit 1
    ) a on true
  where ep.endpoint_id = $1 and ($2::text is null or d.state = $2) and ($3::uuid is null or d.payment_id = $3)
  order by d.created_at desc, d.payment_id desc, d.sequence desc limit $4`,
};

// What is replayed goes once more through the whole ladder. Within a payment and endpoint the order holds for what is pending.
const replay: Statement = {
  name: 'replay_deliveries',
  text: `update polygate.delivery d set state = 'pending', due_at = now(), tries = 0, messages_sent = 0, lease = null, finished_at = null
from polygate.endpoint ep
where ep.endpoint_id = $1 and ep.removed_at is null and d.merchant_id = ep.merchant_id and d.endpoint_id = ep.endpoint_id and d.state <> 'pending'
  and ($2::uuid is null or d.payment_id = $2) and ($3::int is null or d.sequence = $3) and (not $4::boolean or d.state = 'given_up')
  and ($5::timestamptz is null or d.created_at >= $5) and ($6::timestamptz is null or d.created_at < $6)
returning d.sequence`,
};

/** All endpoints, or one. */
export function listEndpoints(database: Query, { endpointId }: { readonly endpointId?: string } = {}): Promise<EndpointRecord[]> {
  return database.query<EndpointRecord>(select, [endpointId ?? null]);
}

/** False when there is one of that id. */
export async function addEndpoint(database: Query, endpoint: Omit<EndpointToMake, 'actor'>): Promise<boolean> {
  const { merchantId, endpointId, dialect, channelId, url, settings, sealedSecret, state } = endpoint;
  const values = [merchantId, endpointId, dialect, channelId ?? null, url, jsonText(settings), sealedSecret ?? null, state];
  return (await database.query(insert, values)).length > 0;
}

/** Ends an endpoint: its secret is forgotten, and what waits for it is given up. False when there is none of that id. */
export async function removeEndpoint(database: Query, endpointId: string): Promise<boolean> {
  return (await database.query(remove, [endpointId])).length > 0;
}

/** A test message was acknowledged: it is sent what waits for it, at once. */
export async function activateEndpoint(
  database: Query,
  { merchantId, endpointId }: { readonly merchantId: string; readonly endpointId: string },
): Promise<void> {
  await database.query(activate, [merchantId, endpointId]);
}

/** Gives an endpoint another URL. */
export async function moveEndpoint(
  database: Database,
  { merchantId, endpointId, url }: { readonly merchantId: string; readonly endpointId: string; readonly url: string },
): Promise<void> {
  await database.query(move, [merchantId, endpointId, url]);
}

/** The latest deliveries of an endpoint with the last try of each. */
export function listDeliveries(
  database: Database,
  wanted: { readonly endpointId: string; readonly state?: string; readonly paymentId?: string; readonly limit: number },
): Promise<DeliveryRecord[]> {
  return database.query<DeliveryRecord>(deliveries, [wanted.endpointId, wanted.state ?? null, wanted.paymentId ?? null, wanted.limit]);
}

/** Makes finished deliveries pending again, and returns how many. */
export async function replayDeliveries(database: Query, wanted: Omit<ReplayOrder, 'actor'>): Promise<number> {
  const { endpointId, paymentId, sequence, onlyFailed, from, to } = wanted;
  const values = [endpointId, paymentId ?? null, sequence ?? null, onlyFailed, from ?? null, to ?? null];
  return (await database.query(replay, values)).length;
}
