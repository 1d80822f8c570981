/** The worker that does one kind of what becomes due: looks every second, and again at once while something was due. */
import type { DueWork } from '../core/due/work.ts';
import type { EngineLog } from '../core/payment/engine.ts';
import { retrying, startWorker, type Worker } from './worker.ts';

const lookEveryMs = 1_000;
const atOnce = 16;

export function startDueWork(work: DueWork, log: EngineLog): Worker {
  const look = async (): Promise<number> => {
    const { taken } = await work.run(atOnce);
    // What was late may be due again already.
    return taken > 0 ? 0 : lookEveryMs;
  };
  return startWorker(
    retrying(look, {
      ...{ log, fields: { work: work.name }, pauseMs: lookEveryMs },
      failing: 'what is due cannot be looked at; trying again',
      working: 'what is due is looked at again',
    }),
  );
}
