/** Nodes restarted one after the other, as an update does it: SIGTERM, a new process, and the next one once it is in again. */
import { setTimeout as delay } from 'node:timers/promises';
import type { RoundRobin } from './round-robin.ts';
import type { Stand } from './stand.ts';

export interface Roller {
  /** How long each restart took, from SIGTERM to being in again, in ms. */
  readonly restarts: readonly number[];
  readonly done: Promise<void>;
}

export interface RollerOptions {
  readonly stand: Pick<Stand, 'gatewayPorts' | 'restart'>;
  readonly balancer: Pick<RoundRobin, 'isIn'>;
  readonly durationMs: number;
  readonly signal: AbortSignal;
}

const lookEveryMs = 50;
const pauseMs = 500;

export function startRolling({ stand, balancer, durationMs, signal }: RollerOptions): Roller {
  const restarts: number[] = [];

  async function run(): Promise<void> {
    const untilMs = performance.now() + durationMs;
    for (let turn = 0; performance.now() < untilMs && !signal.aborted; turn += 1) {
      const index = turn % stand.gatewayPorts.length;
      const startedMs = performance.now();
      await stand.restart(index);
      while (!balancer.isIn(stand.gatewayPorts[index] ?? 0) && !signal.aborted) await delay(lookEveryMs);
      restarts.push(performance.now() - startedMs);
      await delay(pauseMs, undefined, { signal }).catch(() => undefined);
    }
  }

  return { restarts, done: run() };
}

/** For people. */
export function describeRolling({ restarts }: Roller, balancer: RoundRobin): string {
  const longestMs = Math.round(Math.max(0, ...restarts));
  const failed = balancer.failed();
  return [
    `Restarts: ${restarts.length}, the longest took ${longestMs} ms. Requests that one node left to another: ${balancer.passedOn()}.`,
    `Requests that merchants saw fail (must be zero): ${failed.length}.`,
    ...failed.slice(0, 20),
  ].join('\n');
}
