/** The core's `Outbox` over PostgreSQL: any number of nodes work beside one another. */
import type { DeliveryKey, Outbox, TriedDelivery } from '../core/event/outbox.ts';
import { timeOrNull, timeText } from '../postgres/columns.ts';
import { type Database, type Row, retriable, type Statement } from '../postgres/connection.ts';
import { claimDeliveries, nextDeliveryInMs } from './claim-deliveries.ts';
import { enrollEvents } from './enroll-events.ts';
import { findTree } from './read-operations.ts';

const anyActive: Statement = {
  name: 'any_active_endpoint',
  text: `select 1 from polygate.endpoint where state = 'active' and removed_at is null limit 1`,
};

// The delivery's own row is locked first: whoever comes second sees what the first has made of it. The same update brings those that wait
// behind it to the same moment.
const record: Statement = {
  name: 'record_attempt',
  text: `
with attempt as (
  insert into polygate.delivery_attempt (merchant_id, endpoint_id, payment_id, sequence, attempt_id, started_at, duration_ms, status, problem, answer)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) on conflict do nothing
), own as (
  select d.payment_id, d.endpoint_id, d.merchant_id from polygate.delivery d
  where d.payment_id = $3 and d.endpoint_id = $2 and d.sequence = $4 and d.merchant_id = $1
    and d.state = 'pending' and (d.lease = $11 or $12 = 'delivered')
  for update
)
update polygate.delivery d set
  state = case when d.sequence = $4 then $12 else d.state end,
  messages_sent = case when d.sequence = $4 then $13 else d.messages_sent end,
  lease = case when d.sequence = $4 then null else d.lease end,
  finished_at = case when d.sequence = $4 and $12 <> 'pending' then now() end,
  due_at = case when d.sequence = $4 and $12 <> 'pending' then null else now() + coalesce($14::bigint, 0) * interval '1 millisecond' end
from own
where d.payment_id = own.payment_id and d.endpoint_id = own.endpoint_id and d.merchant_id = own.merchant_id
  and d.sequence >= $4 and d.state = 'pending'`,
};

const postponement: Statement = {
  name: 'postpone_delivery',
  text: `update polygate.delivery set due_at = now() + $6 * interval '1 millisecond', tries = tries - 1, lease = null
where payment_id = $3 and endpoint_id = $2 and sequence = $4 and merchant_id = $1 and state = 'pending' and lease = $5`,
};

/** The first failures cost nothing: one payment that a shop chokes on is no dead shop. Then 5 s, doubled up to ten minutes. */
const toleratedFailures = 2;
const firstPauseMs = 5_000;
const doublingsAtMost = 7;

const failure: Statement = {
  name: 'endpoint_failure',
  text: `update polygate.endpoint set failures = failures + 1, failing_since = coalesce(failing_since, now()), reason = $3,
  wake_at = greatest(wake_at, now() + case when failures < ${toleratedFailures} then 0
    else ${firstPauseMs} * 2 ^ least(failures - ${toleratedFailures}, ${doublingsAtMost}) end * interval '1 millisecond')
where merchant_id = $1 and endpoint_id = $2 and url is not null`,
};

const success: Statement = {
  name: 'endpoint_success',
  text: `update polygate.endpoint set failures = 0, failing_since = null, reason = null, wake_at = now()
where merchant_id = $1 and endpoint_id = $2 and failures > 0`,
};

const parking: Statement = {
  name: 'park_endpoint',
  text: `update polygate.endpoint ep set state = 'parked', reason = $3
where ep.merchant_id = $1 and ep.endpoint_id = $2 and ep.url is not null and ep.state = 'active'
  and ($4::timestamptz is null or not exists (
    select from polygate.delivery d
    where d.merchant_id = $1 and d.endpoint_id = $2 and d.created_at >= $4::timestamptz and d.state = 'delivered'
  ))
returning ep.endpoint_id`,
};

export function createOutbox(database: Database): Outbox {
  const run = <R extends Row>(statement: Statement, values: readonly unknown[]) => retriable(() => database.query<R>(statement, values));
  return {
    enroll: (limit) => enrollEvents(database, limit),
    claim: (asked) => claimDeliveries(database, asked),
    async hasActiveEndpoints() {
      return (await run(anyActive, [])).length > 0;
    },
    nextDueInMs: () => nextDeliveryInMs(database),
    findTree: (key) => findTree(database, key),
    async record(tried) {
      await run(record, recordValues(tried));
    },
    async postpone(delivery, afterMs) {
      await run(postponement, [...keyValues(delivery), delivery.lease, afterMs]);
    },
    async noteFailure({ merchantId, endpointId }, problem) {
      await run(failure, [merchantId, endpointId, problem]);
    },
    async noteSuccess({ merchantId, endpointId }) {
      await run(success, [merchantId, endpointId]);
    },
    async park({ merchantId, endpointId }, reason, sinceMs) {
      const since = timeOrNull(sinceMs);
      return (await run(parking, [merchantId, endpointId, reason, since])).length > 0;
    },
  };
}

function keyValues({ merchantId, endpointId, paymentId, sequence }: DeliveryKey): unknown[] {
  return [merchantId, endpointId, paymentId, sequence];
}

function recordValues({ delivery, attempt, result, messagesSent }: TriedDelivery): unknown[] {
  return [
    ...keyValues(delivery),
    delivery.attemptId,
    timeText(attempt.startedAtMs),
    Math.round(attempt.durationMs),
    attempt.status ?? null,
    attempt.problem ?? null,
    attempt.answer ?? null,
    delivery.lease,
    result.state,
    messagesSent,
    result.state === 'pending' ? result.retryAfterMs : null,
  ];
}
