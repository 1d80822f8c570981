/** kill -9 at random moments, and how long each victim was missed. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Stand, Victim } from './stand.ts';

export interface Kill {
  readonly victim: Victim;
  /** On the clock of `performance.now()`. */
  readonly atMs: number;
  /** Until the first success of a request that was sent after it; undefined when there was none. */
  recoveredAfterMs?: number;
}

export interface KillerOptions {
  readonly stand: Pick<Stand, 'kill'>;
  readonly count: number;
  readonly durationMs: number;
  readonly random: () => number;
  readonly signal: AbortSignal;
}

export interface Killer {
  readonly kills: readonly Kill[];
  /** To be called for each success, with the moment its request was sent. */
  readonly noteSuccess: (sentAtMs: number) => void;
  readonly done: Promise<void>;
}

/** Shares of the victims, as upper bounds of one draw. */
const bounds: readonly (readonly [Victim, number])[] = [
  ['gateway', 0.4],
  ['host', 0.7],
  ['backend', 0.85],
  ['postmaster', 1],
];

export function startKiller({ stand, count, durationMs, random, signal }: KillerOptions): Killer {
  const kills: Kill[] = [];
  let waiting: Kill[] = [];

  async function run(): Promise<void> {
    // Random moments in order, spread over the whole time: some fall close together, so that two are down at once.
    const startedAtMs = performance.now();
    const moments = Array.from({ length: count }, () => (0.02 + random() * 0.96) * durationMs).sort((a, b) => a - b);
    for (const moment of moments) {
      await delay(Math.max(0, startedAtMs + moment - performance.now()), undefined, { signal }).catch(() => undefined);
      await killOne();
      if (signal.aborted) return;
    }
  }

  /** What is down already cannot be killed: then another victim is chosen, or a moment waited. */
  async function killOne(): Promise<void> {
    while (!signal.aborted) {
      const draw = random();
      const victim = bounds.find(([, bound]) => draw < bound)?.[0] ?? 'gateway';
      const kill: Kill = { victim, atMs: performance.now() };
      if (stand.kill(victim)) {
        kills.push(kill);
        waiting.push(kill);
        return;
      }
      await delay(20, undefined, { signal }).catch(() => undefined);
    }
  }

  return {
    kills,
    noteSuccess(sentAtMs) {
      if (waiting.length === 0) return;
      const nowMs = performance.now();
      waiting = waiting.filter((kill) => {
        if (kill.atMs > sentAtMs) return true;
        kill.recoveredAfterMs = nowMs - kill.atMs;
        return false;
      });
    },
    done: run(),
  };
}
