/** What runs beside the requests. */
import { setTimeout as delay } from 'node:timers/promises';

export interface Worker {
  /** Resolves when the work under way is done. */
  stop(): Promise<void>;
}

/** Runs `turn` again and again until stopped; it says how long to pause before the next time, in ms, and never rejects. */
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

async function run(turn: () => Promise<number>, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const pauseMs = await turn();
    await delay(pauseMs, undefined, { signal }).catch(() => undefined);
  }
}
