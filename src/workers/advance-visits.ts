/** The worker that takes up payments whose shopper did not come, or whose node has ended between the shopper's part and the acquirer's. */
import { advanceDue } from '../core/payment/advance.ts';
import type { Engine } from '../core/payment/engine.ts';
import { retrying, startWorker, type Worker } from './worker.ts';

const lookEveryMs = 500;
const pauseAfterErrorMs = 1_000;
const atOnce = 64;

export function startAdvancingVisits(engine: Engine): Worker {
  const look = async (): Promise<number> => {
    const { taken } = await advanceDue(engine, atOnce);
    return taken === atOnce ? 0 : lookEveryMs;
  };
  return startWorker(
    retrying(look, {
      ...{ log: engine.log, pauseMs: pauseAfterErrorMs },
      failing: 'payments that wait for their shopper cannot be looked at; trying again',
      working: 'payments that wait for their shopper are looked at again',
    }),
  );
}
