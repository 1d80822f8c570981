/** The worker that takes up payments whose shopper did not come, or whose node has ended between the shopper's part and the acquirer's. */
import { advanceDue } from '../core/payment/advance.ts';
import type { Engine } from '../core/payment/engine.ts';
import { startWorker, type Worker } from './worker.ts';

const lookEveryMs = 500;
const pauseAfterErrorMs = 1_000;
const atOnce = 64;

export function startAdvancingVisits(engine: Engine): Worker {
  let wasDown = false;
  return startWorker(async () => {
    try {
      const { taken } = await advanceDue(engine, atOnce);
      wasDown = false;
      return taken === atOnce ? 0 : lookEveryMs;
    } catch (error) {
      if (!wasDown) engine.log.warn({ error: String(error) }, 'payments that wait for their shopper cannot be looked at; trying again');
      wasDown = true;
      return pauseAfterErrorMs;
    }
  });
}
