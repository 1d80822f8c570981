/** The worker that resolves what was not answered: looks regularly, and again at once while there was something to do. */
import type { Engine } from '../core/payment/engine.ts';
import { resolveDue } from '../core/payment/resolve.ts';
import { startWorker, type Worker } from './worker.ts';

const lookEveryMs = 250;
const pauseAfterErrorMs = 1_000;
const atOnce = 64;

export function startResolving(engine: Engine): Worker {
  let wasDown = false;
  return startWorker(async () => {
    try {
      const resolved = await resolveDue(engine, atOnce);
      if (wasDown) engine.log.info({}, 'the resolution of unanswered operations goes on');
      wasDown = false;
      return resolved === atOnce ? 0 : lookEveryMs;
    } catch (error) {
      if (!wasDown) engine.log.warn({ error: String(error) }, 'unanswered operations cannot be looked at; trying again');
      wasDown = true;
      return pauseAfterErrorMs;
    }
  });
}
