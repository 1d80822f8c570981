/** Schedules, and the leases under which exactly one node pays for each due time. Leases run on the database's clock. */
import type { Schedule, ScheduleState, ScheduleStore } from '../core/subscription/schedule.ts';
import { jsonText } from '../postgres/columns.ts';
import type { Database, Row, Statement } from '../postgres/connection.ts';
import { createLeases } from './leases.ts';
import { reading } from './unavailable.ts';

const columns = `merchant_id, schedule_id, channel_id, state, kind, token, amount, currency, expression, merchant_reference, dialect_data, input_hash, failed_tries,
  (extract(epoch from ends_at) * 1000)::bigint as ends_ms, (extract(epoch from next_due_at) * 1000)::bigint as due_ms,
  (extract(epoch from created_at) * 1000)::bigint as created_ms`;

const insert: Statement = {
  name: 'create_schedule',
  text: `insert into polygate.schedule (merchant_id, schedule_id, channel_id, state, kind, token, amount, currency, expression, ends_at, next_due_at,
  leased_until, merchant_reference, dialect_data, idempotency_key, input_hash, created_at)
values ($1, $2, $3, 'active', $4, $5, $6, $7, $8, $9, $10, now(), $11, $12, $13, $14, $15) on conflict do nothing returning schedule_id`,
};

const byId: Statement = {
  name: 'find_schedule',
  text: `select ${columns} from polygate.schedule where merchant_id = $1 and schedule_id = $2`,
};

const byKey: Statement = {
  name: 'find_schedule_by_key',
  text: `select ${columns} from polygate.schedule where merchant_id = $1 and channel_id = $2 and idempotency_key = $3`,
};

const cancellation: Statement = {
  name: 'cancel_schedule',
  text: `update polygate.schedule set state = 'canceled', cancel_id = $3
where merchant_id = $1 and schedule_id = $2 and state = 'active' and leased_until <= now() returning schedule_id`,
};

// Guarded by the due time: a node that was away longer than its lease changes nothing.
const advance: Statement = {
  name: 'advance_schedule',
  text: `update polygate.schedule
set next_due_at = coalesce($4::timestamptz, next_due_at), state = case when $4::timestamptz is null then 'ended' else state end, failed_tries = 0,
  leased_until = now()
where merchant_id = $1 and schedule_id = $2 and next_due_at = $3 and state = 'active'`,
};

// Guarded by the try as well: one that was slower than its lease must not make way for a second payment beside the try after it.
const putOff: Statement = {
  name: 'put_off_schedule',
  text: `update polygate.schedule
set leased_until = now() + $4 * interval '1 millisecond', state = case when $5::text is null then state else 'failed' end, reason = $5,
  failed_tries = least(failed_tries + $6, 30000)
where merchant_id = $1 and schedule_id = $2 and next_due_at = $3 and state = 'active' and failed_tries = $7`,
};

interface ScheduleRow extends Row {
  readonly merchant_id: string;
  readonly schedule_id: string;
  readonly channel_id: string;
  readonly state: ScheduleState;
  readonly kind: Schedule['kind'];
  readonly token: string;
  readonly amount: number;
  readonly currency: string;
  readonly expression: string;
  readonly ends_ms: number | null;
  readonly due_ms: number;
  readonly merchant_reference: string | null;
  readonly dialect_data: Record<string, string>;
  readonly input_hash: Buffer | null;
  readonly failed_tries: number;
  readonly created_ms: number;
}

export function createScheduleStore(database: Database): ScheduleStore {
  const leases = createLeases<ScheduleRow>(database, {
    ...{ name: 'schedules', table: 'polygate.schedule', key: { merchant_id: 'uuid', schedule_id: 'uuid' }, dueAt: 'd.next_due_at' },
    isWaiting: `d.state = 'active'`,
    columns: columns.replaceAll(/\b(merchant_id|schedule_id)\b/g, 'd.$1'),
  });
  const time = (timeMs: number | undefined) => (timeMs === undefined ? undefined : new Date(timeMs));
  return {
    async create(schedule, nextDueAtMs, key) {
      const { merchantId, scheduleId, channelId, kind, token, amount, currency, timetable } = schedule;
      const written = await reading(
        database.query(insert, [
          ...[merchantId, scheduleId, channelId, kind, token, amount, currency, timetable.expression, time(timetable.endsAtMs)],
          ...[time(nextDueAtMs), schedule.merchantReference, jsonText(schedule.dialectData), key?.key],
          ...[key === undefined ? undefined : Buffer.from(key.inputHash), time(schedule.createdAtMs)],
        ]),
      );
      return written.length > 0 ? 'created' : 'taken';
    },
    async find({ merchantId, scheduleId }) {
      const [row] = await reading(database.query<ScheduleRow>(byId, [merchantId, scheduleId]));
      return row === undefined ? undefined : { ...scheduleOf(row), state: row.state };
    },
    async findByKey({ merchantId, channelId, key }) {
      const [row] = await reading(database.query<ScheduleRow>(byKey, [merchantId, channelId, key]));
      return row === undefined ? undefined : { schedule: scheduleOf(row), inputHash: row.input_hash ?? new Uint8Array() };
    },
    async cancel({ merchantId, scheduleId, cancelId }) {
      if ((await reading(database.query(cancellation, [merchantId, scheduleId, cancelId]))).length > 0) return 'canceled';
      const [row] = await reading(database.query<ScheduleRow>(byId, [merchantId, scheduleId]));
      return row?.state === 'active' ? 'busy' : 'over';
    },
    async claimDue(request) {
      const claimed = await leases.claim(request);
      return claimed.map((row) => ({ schedule: scheduleOf(row), dueAtMs: row.due_ms, failedTries: row.failed_tries }));
    },
    nextDueAtMs: leases.nextDueAtMs,
    async advance({ schedule, dueAtMs }, nextDueAtMs) {
      await database.query(advance, [schedule.merchantId, schedule.scheduleId, time(dueAtMs), time(nextDueAtMs)]);
    },
    async putOff({ schedule, dueAtMs, failedTries }, again) {
      const [afterMs, reason] = 'afterMs' in again ? [again.afterMs, undefined] : [0, again.failedBecause];
      const failed = 'afterMs' in again && again.failed === true ? 1 : 0;
      await database.query(putOff, [schedule.merchantId, schedule.scheduleId, time(dueAtMs), afterMs, reason, failed, failedTries]);
    },
  };
}

function scheduleOf(row: ScheduleRow): Schedule {
  return {
    merchantId: row.merchant_id,
    channelId: row.channel_id,
    scheduleId: row.schedule_id,
    kind: row.kind,
    token: row.token,
    amount: row.amount,
    currency: row.currency,
    timetable: { expression: row.expression, ...(row.ends_ms === null ? {} : { endsAtMs: row.ends_ms }) },
    dialectData: row.dialect_data,
    createdAtMs: row.created_ms,
    ...(row.merchant_reference === null ? {} : { merchantReference: row.merchant_reference }),
  };
}
