/**
 * Holds that will end and captures to come. Nothing of it is on the payment path: an authorization with a capture to come is written with its row
 * in a transaction of its own, and holds are found by walking the operations' primary key, which is in time order, long after they were made. Only
 * what is not captured by then gets a row.
 */
import type { DueHold, DueHoldStore, FoundHold } from '../core/due/due-hold.ts';
import type { CardBrand } from '../core/instrument/card.ts';
import type { Clock } from '../core/ports/clock.ts';
import type { CardSubmission, NewOperation, NewPayment, Submission } from '../core/ports/new-operation.ts';
import { plainArray, timeArray } from '../postgres/columns.ts';
import type { Database, Row, Statement } from '../postgres/connection.ts';
import { endGivenUp, releaseGivenUp } from './given-up-holds.ts';
import { firstIdAt } from './id-time.ts';
import { createLeases } from './leases.ts';
import { addReview } from './risk-reviews.ts';
import { submitOperations } from './submit-operation.ts';
import { submitPayment } from './submit-payment.ts';
import { createWalk } from './walk.ts';

// A bite of the primary key; of most operations nothing but the key and the kind is looked at. A bank's order is no hold: it ends by the bank's word.
const bite: Statement = {
  name: 'walk_holds',
  text: `select o.operation_id, o.merchant_id, o.payment_id, p.channel_id, a.brand, o.agreement ->> 'initiator' as initiator,
  (extract(epoch from o.created_at) * 1000)::bigint as created_ms, p.state in ('processing', 'authorized') and a.card_id is not null as is_held
from (
  select * from polygate.operation where operation_id > $1 and operation_id < $2 order by operation_id limit $3
) o
  left join polygate.payment p on o.kind = 'preauthorization' and p.merchant_id = o.merchant_id and p.payment_id = o.payment_id
  left join polygate.attempt a on o.kind = 'preauthorization' and a.merchant_id = o.merchant_id and a.payment_id = o.payment_id
    and a.number = o.attempt_number
order by o.operation_id`,
};
const biteSize = 1_000;

const addition: Statement = {
  name: 'add_due_work',
  text: `insert into polygate.due_work (merchant_id, payment_id, kind, channel_id, operation_id, state, due_at, leased_until)
select merchant_id, payment_id, kind, channel_id, operation_id, 'waiting', due_at, now()
from unnest($1::uuid[], $2::uuid[], $3::text[], $4::uuid[], $5::uuid[], $6::timestamptz[])
  as i (merchant_id, payment_id, kind, channel_id, operation_id, due_at)
on conflict do nothing`,
};

// One row speaks for all captures of a payment that release the rest; the last of them gives it its time, so that a node that looked before it was
// written does not take the row away.
const restAddition: Statement = {
  name: 'add_due_rest',
  text: `insert into polygate.due_work (merchant_id, payment_id, kind, channel_id, operation_id, state, due_at, leased_until)
values ($1, $2, 'rest', $3, $4, 'waiting', $5, now())
on conflict (payment_id, kind, merchant_id) do update set due_at = excluded.due_at, state = 'waiting', reason = null, given_up_at = null,
  failed_tries = 0`,
};

const completion: Statement = {
  name: 'finish_due_work',
  text: `delete from polygate.due_work where merchant_id = $1 and payment_id = $2 and kind = $3
  and (kind <> 'rest' or (extract(epoch from due_at) * 1000)::bigint = $4)`,
};

const newTime: Statement = {
  name: 'move_due_work',
  text: `update polygate.due_work set due_at = $4, leased_until = now() where merchant_id = $1 and payment_id = $2 and kind = $3`,
};

const putOff: Statement = {
  name: 'put_off_due_work',
  text: `update polygate.due_work
set leased_until = now() + $4 * interval '1 millisecond', state = case when $5::text is null then state else 'failed' end, reason = $5,
  given_up_at = case when $5::text is not null then now() + (select offset_ms from polygate.clock) * interval '1 millisecond' end,
  failed_tries = least(failed_tries + $6, 30000)
where merchant_id = $1 and payment_id = $2 and kind = $3 and state = 'waiting'`,
};

interface BiteRow extends Row {
  readonly operation_id: string;
  readonly merchant_id: string;
  readonly payment_id: string;
  readonly channel_id: string | null;
  readonly brand: CardBrand | null;
  readonly initiator: string | null;
  readonly created_ms: number;
  readonly is_held: boolean | null;
}

interface DueRow extends Row {
  readonly merchant_id: string;
  readonly payment_id: string;
  readonly kind: DueHold['kind'];
  readonly channel_id: string;
  readonly operation_id: string;
  readonly due_ms: number;
  readonly failed_tries: number;
}

export function createDueHoldStore(database: Database, clock: Pick<Clock, 'wallNow'>): DueHoldStore {
  const leases = createLeases<DueRow>(database, {
    ...{
      name: 'due_work',
      table: 'polygate.due_work',
      key: { merchant_id: 'uuid', payment_id: 'uuid', kind: 'text' },
      dueAt: 'd.due_at',
    },
    // What is under review, or waits for its shopper, is not captured, and nothing is done while an operator has yet to decide what became of
    // the hold, or of something that takes of it; whoever moves the clock does not wait for it. Of operations, the small index of what is to be looked at
    // has those.
    isWaiting: `d.state = 'waiting' and not (d.kind = 'capture' and (exists (select from polygate.due_work r
      where r.payment_id = d.payment_id and r.merchant_id = d.merchant_id and r.kind = 'review')
      or exists (select from polygate.operation o
      where o.operation_id = d.operation_id and o.merchant_id = d.merchant_id and o.state = 'awaiting')))
      and not exists (select from polygate.operation o where o.resolve_at is not null and o.state = 'escalated'
      and o.kind in ('preauthorization', 'capture', 'reversal') and o.payment_id = d.payment_id and o.merchant_id = d.merchant_id)`,
    columns: `d.merchant_id, d.payment_id, d.kind, d.channel_id, d.operation_id, d.failed_tries, (extract(epoch from d.due_at) * 1000)::bigint as due_ms`,
    // After an outage a capture and the end of its hold may both be due.
    mustWait: `exists (select from polygate.due_work e where e.payment_id = d.payment_id and e.merchant_id = d.merchant_id and e.kind <> d.kind
      and e.state = 'waiting' and (e.due_at, e.kind) < (d.due_at, d.kind))`,
  });
  return {
    walk: createHoldWalk(database, clock),
    async add(rows) {
      if (rows.length > 0) await database.query(addition, additionColumns(rows));
    },
    async claimDue(request) {
      return (await leases.claim(request)).map((row) => ({
        merchantId: row.merchant_id,
        channelId: row.channel_id,
        paymentId: row.payment_id,
        operationId: row.operation_id,
        kind: row.kind,
        dueAtMs: row.due_ms,
        failedTries: row.failed_tries,
      }));
    },
    nextDueAtMs: leases.nextDueAtMs,
    async finish({ merchantId, paymentId, kind, dueAtMs }) {
      await database.query(completion, [merchantId, paymentId, kind, dueAtMs]);
    },
    async moveTo({ merchantId, paymentId, kind }, dueAtMs) {
      await database.query(newTime, [merchantId, paymentId, kind, new Date(dueAtMs)]);
    },
    async putOff({ merchantId, paymentId, kind }, again) {
      const [afterMs, reason] = 'afterMs' in again ? [again.afterMs, undefined] : [0, again.failedBecause];
      const failed = 'afterMs' in again && again.failed === true ? 1 : 0;
      await database.query(putOff, [merchantId, paymentId, kind, afterMs, reason, failed]);
    },
    endGivenUp: (key, end) => endGivenUp(database, key, end),
    releaseGivenUp: (release) => releaseGivenUp(database, release),
  };
}

function createHoldWalk(database: Database, clock: Pick<Clock, 'wallNow'>): DueHoldStore['walk'] {
  const walk = createWalk(database, clock, 'holds_walked_until_ms');
  return (untilMs, found) =>
    walk(untilMs, async (fromMs, toMs) => {
      for (let after = firstIdAt(fromMs); ; ) {
        const rows = await database.query<BiteRow>(bite, [after, firstIdAt(toMs), biteSize]);
        await found(rows.flatMap(holdOf));
        const last = rows.at(-1);
        if (last === undefined || rows.length < biteSize) return;
        after = last.operation_id;
      }
    });
}

function holdOf(row: BiteRow): FoundHold[] {
  const { merchant_id, payment_id, operation_id, channel_id, brand, initiator, created_ms, is_held } = row;
  if (is_held !== true || channel_id === null) return [];
  return [
    {
      ...{ merchantId: merchant_id, paymentId: payment_id, operationId: operation_id, channelId: channel_id },
      ...{ brand: brand ?? 'unknown', isMerchantInitiated: initiator === 'merchant', createdAtMs: created_ms },
    },
  ];
}

function additionColumns(rows: readonly Omit<DueHold, 'failedTries'>[]): string[] {
  return [
    plainArray(rows.map((row) => row.merchantId)),
    plainArray(rows.map((row) => row.paymentId)),
    plainArray(rows.map((row) => row.kind)),
    plainArray(rows.map((row) => row.channelId)),
    plainArray(rows.map((row) => row.operationId)),
    timeArray(rows.map((row) => row.dueAtMs)),
  ];
}

/** Writes an authorization together with the capture or the review that is to follow: all of it stands, or nothing. */
export async function submitWithDueWork(database: Database, row: NewPayment): Promise<CardSubmission> {
  return database.transaction(async (query) => {
    const submission = await submitPayment({ query }, row);
    if (submission === 'submitted') await addDueWork({ query }, row);
    return submission;
  });
}

/** Writes a capture together with the release that is to follow it: both stand, or nothing. */
export async function submitCaptureWithRest(database: Database, row: NewOperation): Promise<Submission> {
  const { merchantId, channelId, paymentId, targetId, createdAtMs } = row;
  return database.transaction(async (query) => {
    const [submission = 'guard_failed'] = await submitOperations({ query }, [row]);
    if (submission === 'submitted') await query(restAddition, [merchantId, paymentId, channelId, targetId, new Date(createdAtMs)]);
    return submission;
  });
}

/** In the transaction that writes the authorization. */
export async function addDueWork(database: Pick<Database, 'query'>, row: NewPayment): Promise<void> {
  const { captureDueAtMs, review } = row;
  if (captureDueAtMs !== undefined) await database.query(addition, additionColumns([{ ...row, kind: 'capture', dueAtMs: captureDueAtMs }]));
  if (review !== undefined) await addReview(database, row, review);
}
