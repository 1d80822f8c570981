/** Making and canceling schedules. */
import { randomUUIDv7 } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { nextDue, type Timetable } from '../due/timetable.ts';
import { whyNoToken } from '../instrument/why-no-token.ts';
import type { Channel } from '../merchant/channel.ts';
import { refuseMoney } from '../money/refuse-money.ts';
import type { Engine } from '../payment/engine.ts';
import { inputHash, sameInput } from '../payment/idempotency.ts';
import { type Refusal, type Refused, refused } from '../refusals.ts';
import type { Schedule } from './schedule.ts';

export interface PlanCommand {
  readonly channel: Channel;
  readonly kind: Schedule['kind'];
  readonly token: string;
  /** Minor units. */
  readonly amount: number;
  readonly currency: string;
  readonly timetable: Timetable;
  /** Business time, epoch ms: nothing is due before it. */
  readonly startsAtMs?: number;
  readonly merchantReference?: string;
  readonly idempotencyKey?: string;
  readonly dialectData: Readonly<Record<string, string>>;
}

export type PlanResult = Refused | { readonly kind: 'recorded'; readonly schedule: Schedule; readonly repeat: boolean };

/** Makes a schedule. Due times before now are not made up for. */
export async function plan(engine: Engine, command: PlanCommand): Promise<PlanResult> {
  const { channel, kind, token, amount, currency, timetable, startsAtMs, merchantReference, idempotencyKey, dialectData } = command;
  const { merchantId, channelId } = channel;
  const input = { kind: 'schedule', pays: kind, token, amount, currency, timetable, startsAtMs, merchantReference, dialectData };
  const key =
    idempotencyKey === undefined ? undefined : { key: idempotencyKey, inputHash: await inputHash(engine, merchantId, undefined, input) };
  const repeated = await repeatedPlan(engine, { merchantId, channelId, key });
  if (repeated !== undefined) return repeated;
  const wrong = refuseMoney(channel, amount, currency) ?? (await refuseToken(engine, { merchantId, token }));
  if (wrong !== undefined) return { kind: 'refused', refusal: wrong };
  const createdAtMs = engine.clock.businessNow();
  const firstDueAtMs = nextDue(timetable, Math.max(createdAtMs, (startsAtMs ?? 0) - 1));
  if (firstDueAtMs === undefined) return refused('never_due', 'timetable');
  const schedule: Schedule = {
    ...{ merchantId, channelId, scheduleId: randomUUIDv7(), kind, token, amount, currency, timetable, dialectData, createdAtMs },
    ...(merchantReference === undefined ? {} : { merchantReference }),
  };
  if ((await engine.schedules.create(schedule, firstDueAtMs, key)) === 'created') return { kind: 'recorded', schedule, repeat: false };
  return (await repeatedPlan(engine, { merchantId, channelId, key })) ?? refused('key_in_flight', 'idempotencyKey');
}

type Keyed = { readonly merchantId: string; readonly channelId: string; readonly key: { key: string; inputHash: Uint8Array } | undefined };

async function repeatedPlan(engine: Engine, { merchantId, channelId, key }: Keyed): Promise<PlanResult | undefined> {
  if (key === undefined) return undefined;
  const found = await engine.schedules.findByKey({ merchantId, channelId, key: key.key });
  if (found === undefined) return undefined;
  if (!sameInput(found, key)) return refused('key_reused', 'idempotencyKey');
  return { kind: 'recorded', schedule: found.schedule, repeat: true };
}

async function refuseToken(engine: Engine, key: { readonly merchantId: string; readonly token: string }): Promise<Refusal | undefined> {
  return (await engine.vault.resolveToken(key)) === undefined ? whyNoToken(engine, key) : undefined;
}

export interface CancelCommand {
  readonly channel: Channel;
  readonly scheduleId: string;
}

export type CancelResult = Refused | { readonly kind: 'canceled'; readonly cancelId: string };

const busyTries = 30;
const busyPauseMs = 100;

/** Ends a schedule: after the answer it pays nothing more, so a payment under way is waited for. */
export async function cancel(engine: Engine, { channel, scheduleId }: CancelCommand): Promise<CancelResult> {
  const { merchantId, channelId } = channel;
  const found = await engine.schedules.find({ merchantId, scheduleId });
  if (found === undefined) return refused('schedule_unknown');
  if (found.channelId !== channelId) return refused('operation_of_other_channel');
  const cancelId = randomUUIDv7();
  for (let attempt = 1; attempt <= busyTries; attempt += 1) {
    const done = await engine.schedules.cancel({ merchantId, scheduleId, cancelId });
    if (done === 'canceled') return { kind: 'canceled', cancelId };
    if (done === 'over') return refused('schedule_unknown');
    await delay(busyPauseMs);
  }
  return refused('payment_busy');
}
