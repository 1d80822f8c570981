/**
 * What falls due by itself: after the load the sandbox's business clock goes on for some weeks, while things are killed. Schedules pay each day, holds
 * come to their end, and each account's day is closed and compared with the host.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { type ClockReading, callConsole, operatorKey } from '../../test/harness/console.ts';
import { createCardSource, panLength } from '../cards.ts';
import type { MerchantAccess } from '../requests.ts';
import type { GatewayOperation } from './books.ts';

/** A daily debit, at a full hour. */
export interface DrillSchedule {
  /** UUID. */
  readonly scheduleId: string;
  readonly hour: number;
  readonly sinceMs: number;
}

const dayMs = 86_400_000;
const amount = '9.90';

export interface SchedulesOptions {
  /** Of the gateway. */
  readonly url: string;
  readonly merchants: readonly MerchantAccess[];
  readonly random: () => number;
}

/** One for each of the merchants, at an hour of its own that is not soon. Nothing is killed yet. */
export async function writeSchedules({ url, merchants, random }: SchedulesOptions): Promise<readonly DrillSchedule[]> {
  const cards = createCardSource(random);
  const schedules: DrillSchedule[] = [];
  for (const { entityId, bearerToken } of merchants) {
    const post = async (path: string, parameters: Readonly<Record<string, string>>): Promise<string> => {
      const headers = { authorization: `Bearer ${bearerToken}` };
      const response = await fetch(`${url}${path}`, { method: 'POST', headers, body: new URLSearchParams({ entityId, ...parameters }) });
      const { id, result } = (await response.json()) as { readonly id?: string; readonly result?: object };
      if (!response.ok || id === undefined) throw new Error(`${path} was answered ${response.status} ${JSON.stringify(result)}`);
      return id;
    };
    const digits = Buffer.alloc(panLength);
    cards.write(digits, 0);
    const holder = { 'card.holder': 'Ada Example', 'card.expiryMonth': '12', 'card.expiryYear': '2034' };
    const registrationId = await post('/v1/registrations', { 'card.number': digits.toString('latin1'), ...holder });
    const sinceMs = Date.now();
    const hour = (new Date(sinceMs).getUTCHours() + 3 + Math.floor(random() * 18)) % 24;
    const job = { paymentType: 'DB', amount, currency: 'EUR', 'job.hour': String(hour) };
    const id = await post('/scheduling/v1/schedules', { registrationId, ...job });
    schedules.push({ scheduleId: id.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-'), hour, sinceMs });
  }
  return schedules;
}

const pauseMs = 200;
/** A move is answered when all is done that has become due on the way. */
const patienceMs = 60_000;

/** Moves the business clock on by `days`, one at a time, whatever breaks; resolves with the business time then, when `signal` has not ended it. */
export async function letDaysPass({
  url,
  days,
  signal,
}: {
  readonly url: string;
  readonly days: number;
  readonly signal: AbortSignal;
}): Promise<number | undefined> {
  let offsetMs = await clock(url, undefined, signal);
  const targetMs = (offsetMs ?? 0) + days * dayMs;
  while (offsetMs === undefined || offsetMs < targetMs) {
    if (signal.aborted) return undefined;
    const stepMs = offsetMs === undefined ? undefined : Math.min(dayMs, targetMs - offsetMs);
    // One that was not answered may have moved it all the same.
    const moved = stepMs === undefined ? undefined : await clock(url, stepMs, signal);
    if (moved === undefined) await delay(pauseMs, undefined, { signal }).catch(() => undefined);
    offsetMs = moved ?? (await clock(url, undefined, signal));
  }
  return Date.now() + offsetMs;
}

/** The clock's offset in ms after it was moved, or as it is; undefined when there was no good answer. */
async function clock(url: string, stepMs: number | undefined, signal: AbortSignal): Promise<number | undefined> {
  const move = stepMs === undefined ? {} : { method: 'POST', body: JSON.stringify({ advance_seconds: Math.ceil(stepMs / 1_000) }) };
  try {
    const answered = callConsole(url, { ...move, key: operatorKey });
    const response = await Promise.race([answered, delay(patienceMs, undefined, { signal })]);
    if (response?.ok !== true) return undefined;
    return ((await response.json()) as ClockReading).offset_seconds * 1_000;
  } catch {
    return undefined;
  }
}

export interface DueSides {
  readonly operations: readonly Pick<GatewayOperation, 'operationId' | 'state' | 'reason' | 'key' | 'amountMinor'>[];
  readonly schedules: readonly DrillSchedule[];
  /** Business time up to which all is due. */
  readonly untilMs: number;
}

export interface DueAudit {
  readonly lost: readonly string[];
  readonly chargedTwice: readonly string[];
  readonly booksApart: readonly string[];
}

/** Each due time was paid once, and nothing was paid at any other; pure. */
export function compareDue({ operations, schedules, untilMs }: DueSides): DueAudit {
  // Where no acquirer was there to be asked it is tried again, as another payment.
  const tried = operations.filter(({ key, reason }) => isOfSchedule(key) && reason !== 'acquirer_unreachable');
  const paid = Map.groupBy(tried, ({ key = '' }) => dueNameOf(key));
  const due = new Set(schedules.flatMap((schedule) => dueTimes(schedule, untilMs)));
  const describe = (name: string) =>
    `${name}: ${(paid.get(name) ?? []).map(({ operationId, state }) => `${operationId} ${state}`).join(' and ') || 'nothing'}`;
  return {
    lost: [...due].filter((name) => !paid.has(name)).map((name) => `due, and never paid: schedule ${describe(name)}`),
    chargedTwice: [...paid].filter(([, all]) => all.length > 1).map(([name]) => `paid more than once: schedule ${describe(name)}`),
    booksApart: [...paid].filter(([name]) => !due.has(name)).map(([name]) => `paid, and never due: schedule ${describe(name)}`),
  };
}

/** No merchant's own key begins so. */
const keyStart = '\u0001schedule ';

/** Whether a key is the one of a due time of a schedule. */
function isOfSchedule(key: string | undefined): boolean {
  return key?.startsWith(keyStart) === true;
}

/** The schedule and the time, without the number of the try. */
function dueNameOf(key: string): string {
  return key.slice(keyStart.length).split(' ').slice(0, 2).join(' ');
}

function dueTimes({ scheduleId, hour, sinceMs }: DrillSchedule, untilMs: number): readonly string[] {
  const names: string[] = [];
  for (let timeMs = Math.floor(sinceMs / dayMs) * dayMs + hour * 3_600_000; timeMs <= untilMs; timeMs += dayMs) {
    if (timeMs > sinceMs) names.push(`${scheduleId} ${new Date(timeMs).toISOString()}`);
  }
  return names;
}
