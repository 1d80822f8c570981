/** The worker that resolves what was not answered: looks regularly, and again at once while there was something to do. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Engine } from '../core/payment/engine.ts';
import { resolveDue } from '../core/payment/resolve.ts';

const lookEveryMs = 250;
const pauseAfterErrorMs = 1_000;
const atOnce = 64;

export interface Worker {
  /** Resolves when the work under way is done. */
  stop(): Promise<void>;
}

export function startResolving(engine: Engine): Worker {
  const stopping = new AbortController();
  const running = run(engine, stopping.signal);
  return {
    async stop() {
      stopping.abort();
      await running;
    },
  };
}

async function run(engine: Engine, signal: AbortSignal): Promise<void> {
  let wasDown = false;
  while (!signal.aborted) {
    let pauseMs = lookEveryMs;
    try {
      if ((await resolveDue(engine, atOnce)) === atOnce) pauseMs = 0;
      if (wasDown) engine.log.info({}, 'the resolution of unanswered operations goes on');
      wasDown = false;
    } catch (error) {
      if (!wasDown) engine.log.warn({ error: String(error) }, 'unanswered operations cannot be looked at; trying again');
      wasDown = true;
      pauseMs = pauseAfterErrorMs;
    }
    await delay(pauseMs, undefined, { signal }).catch(() => undefined);
  }
}
