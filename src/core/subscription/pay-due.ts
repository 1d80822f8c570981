/** The payments of schedules: one for each due time, in order, also those that became due while nothing ran. */
import { backOffMs } from '../due/back-off.ts';
import { doEach } from '../due/each.ts';
import { nextDue } from '../due/timetable.ts';
import type { DueWork, Progress } from '../due/work.ts';
import type { Directory } from '../merchant/channel.ts';
import { authorize } from '../payment/authorize.ts';
import type { Engine } from '../payment/engine.ts';
import type { DueSchedule } from './schedule.ts';

/** Added to the time that an acquirer may take; by then a node that has leased a due time has paid for it, or is gone. */
const leaseMarginMs = 60_000;
const againAfterMs = 5_000;
const againAtMostMs = 600_000;
/** A due time is never forgotten: longer than any outage after which somebody would still let it be paid. */
const keyLifetimeMs = 3_650 * 86_400_000;

/** What schedules pay. */
export function dueSchedules(engine: Engine, directory: Pick<Directory, 'channelById'>): DueWork {
  return {
    name: 'payments of schedules',
    run: (limit) => payDue(engine, directory, limit),
    nextDueAtMs: () => engine.schedules.nextDueAtMs(),
  };
}

/** Pays what is due now, at most `limit` due times. */
async function payDue(engine: Engine, directory: Pick<Directory, 'channelById'>, limit: number): Promise<Progress> {
  const leaseMs = engine.acquirer.timeoutMs + leaseMarginMs;
  // A lease is on a schedule, so its due times follow one another; those of different schedules need not wait for each other.
  return doEach(engine.log, {
    taken: await engine.schedules.claimDue({ businessNowMs: engine.clock.businessNow(), limit, leaseMs }),
    act: (due) => engine.within({ work: 'schedule' }, () => payFor(engine, directory, due)),
    namesOf: ({ schedule: { scheduleId } }) => ({ scheduleId }),
    waits: 'a scheduled payment waits for its next try',
  });
}

/** True when the due time is over with. */
async function payFor(engine: Engine, directory: Pick<Directory, 'channelById'>, due: DueSchedule): Promise<boolean> {
  const { schedule, dueAtMs, failedTries } = due;
  const { merchantId, channelId, scheduleId, kind, amount, currency, token, timetable, merchantReference, dialectData } = schedule;
  const channel = await directory.channelById({ merchantId, channelId });
  if (channel === undefined || !channel.enabled) {
    await engine.schedules.putOff(due, { afterMs: againAfterMs * 12 });
    return false;
  }
  const result = await authorize(engine, {
    ...{ channel, kind, amount, currency, dialectData, tokenize: false, instrument: { type: 'token', token } },
    agreement: { initiator: 'merchant', sequence: 'subsequent', type: 'recurring' },
    // No request can have this key: merchants' keys are printable.
    idempotencyKey: `\u0001schedule ${scheduleId} ${new Date(dueAtMs).toISOString()}${failedTries === 0 ? '' : ` ${failedTries}`}`,
    keyLifetimeMs,
    ...(merchantReference === undefined ? {} : { merchantReference }),
  });
  if (result.kind === 'recorded') {
    // No acquirer was there to be asked, so asking again cannot pay twice.
    if (result.operation.reason === 'acquirer_unreachable') {
      const afterMs = backOffMs(failedTries, { firstMs: againAfterMs, atMostMs: againAtMostMs });
      await engine.schedules.putOff(due, { afterMs, failed: true });
      return false;
    }
    // Whether it stands is not certain while it is only submitted: the same key finds it, or makes it.
    const isCertain = result.repeat || result.operation.state !== 'submitted';
    await (isCertain
      ? engine.schedules.advance(due, nextDue(timetable, dueAtMs))
      : engine.schedules.putOff(due, { afterMs: againAfterMs }));
    return isCertain;
  }
  const { code, meaning, retryable } = result.refusal;
  engine.log.warn({ merchantId, scheduleId, code }, `a scheduled payment was refused: ${meaning}`);
  await engine.schedules.putOff(due, retryable ? { afterMs: againAfterMs } : { failedBecause: code });
  return !retryable;
}
