/** What runs beside the requests. */
import { setTimeout as delay } from 'node:timers/promises';
import type { EngineLog } from '../core/payment/engine.ts';

export interface Worker {
  /** Resolves when the work under way is done. */
  stop(): Promise<void>;
}

/** Runs `turn` again and again until stopped; it says how long to pause at most before the next time, in ms, and never rejects. */
export function startWorker(turn: () => Promise<number>): Worker {
  const stopping = new AbortController();
  const running = run(turn, stopping.signal);
  return {
    async stop() {
      stopping.abort();
      await running;
    },
  };
}

export interface Retrying {
  readonly log: EngineLog;
  /** Told with both. */
  readonly fields?: Readonly<Record<string, unknown>>;
  /** What is told when a turn fails after one that has worked, and when it works again. */
  readonly failing: string;
  readonly working: string;
  /** How long to pause after a turn that failed. */
  readonly pauseMs: number;
}

/** A turn that never rejects, made of one that does while the database is away. Each of these times has two lines in the log, however many turns it takes. */
export function retrying(turn: () => Promise<number>, { log, fields = {}, failing, working, pauseMs }: Retrying): () => Promise<number> {
  let isFailing = false;
  return async () => {
    try {
      const nextMs = await turn();
      if (isFailing) log.info(fields, working);
      isFailing = false;
      return nextMs;
    } catch (error) {
      if (!isFailing) log.warn({ ...fields, error: String(error) }, failing);
      isFailing = true;
      return pauseMs;
    }
  };
}

async function run(turn: () => Promise<number>, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const pauseMs = await turn();
    await delay(untilBeatMs(pauseMs, performance.now()), undefined, { signal }).catch(() => undefined);
  }
}

/**
 * All workers pause until the same beat, the next whole multiple of their pause: to wake up costs an idle process more than what it looks for, and so it
 * wakes up five times a second and not thirty.
 */
function untilBeatMs(pauseMs: number, nowMs: number): number {
  if (pauseMs === 0) return 0;
  const leftMs = pauseMs - (nowMs % pauseMs);
  // A timer may be a moment early.
  return leftMs < pauseMs / 10 ? leftMs + pauseMs : leftMs;
}
