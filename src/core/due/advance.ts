/**
 * Moving the business clock, which only the sandbox does: from due time to due time in order, doing at each stop what is due by then, so that one
 * long jump leaves what many short ones leave. Forward only: what has happened has its date.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '../ports/clock.ts';
import type { DueWork } from './work.ts';

export interface MovableClock extends Clock {
  /** What business time is ahead of wall time, in ms. */
  offsetMs(): number;
  /** Moves it forward, in the database; less than it has is no move. */
  moveTo(offsetMs: number): Promise<void>;
  /** Runs `move` while nobody else moves the clock, after waiting for whoever does. Resolves when all nodes go by the new time. */
  exclusively<T>(move: () => Promise<T>): Promise<T>;
}

export interface Advance {
  readonly clock: MovableClock;
  readonly works: readonly DueWork[];
  readonly advanceMs: number;
}

/** `done`: how much of each work was over with, by its name. */
export type Advanced =
  | { readonly kind: 'advanced'; readonly done: Readonly<Record<string, number>> }
  /** The clock stands where this is due, since it cannot be done. */
  | { readonly kind: 'stuck'; readonly work: string; readonly dueAtMs: number };

const atOnce = 16;
const pauseMs = 20;
/** Without progress for so long, what is due cannot be done: the acquirer is away, or does not answer. */
const patienceMs = 30_000;

export function advance({ clock, works, advanceMs }: Advance): Promise<Advanced> {
  return clock.exclusively(async () => {
    const targetMs = clock.offsetMs() + advanceMs;
    const done: Record<string, number> = Object.fromEntries(works.map(({ name }) => [name, 0]));
    let lastProgressMs = performance.now();
    for (;;) {
      const first = await firstDue(works);
      if (first === undefined || first.dueAtMs > clock.wallNow() + targetMs) break;
      if (first.dueAtMs > clock.businessNow()) {
        await clock.moveTo(first.dueAtMs - clock.wallNow());
        lastProgressMs = performance.now();
      }
      const { taken, done: over } = await first.work.run(atOnce);
      done[first.work.name] = (done[first.work.name] ?? 0) + over;
      if (over > 0) lastProgressMs = performance.now();
      else if (performance.now() - lastProgressMs > patienceMs) return { kind: 'stuck', work: first.work.name, dueAtMs: first.dueAtMs };
      // Another node has it, or it is put off.
      if (taken === 0) await delay(pauseMs);
    }
    await clock.moveTo(targetMs);
    return { kind: 'advanced', done };
  });
}

/** Of works that are due at the same time, the one that comes first in their order. */
async function firstDue(works: readonly DueWork[]): Promise<{ readonly work: DueWork; readonly dueAtMs: number } | undefined> {
  const times = await Promise.all(works.map(async (work) => ({ work, dueAtMs: await work.nextDueAtMs() })));
  return times.reduce<{ work: DueWork; dueAtMs: number } | undefined>(
    (first, { work, dueAtMs }) => (dueAtMs === undefined || (first !== undefined && first.dueAtMs <= dueAtMs) ? first : { work, dueAtMs }),
    undefined,
  );
}
