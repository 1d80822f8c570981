/** The worker that does one kind of what becomes due: looks every second, and again at once while something was due. */
import type { DueWork } from '../core/due/work.ts';
import type { EngineLog } from '../core/payment/engine.ts';
import { startWorker, type Worker } from './worker.ts';

const lookEveryMs = 1_000;
const atOnce = 16;

export function startDueWork(work: DueWork, log: EngineLog): Worker {
  let wasDown = false;
  return startWorker(async () => {
    try {
      const { taken } = await work.run(atOnce);
      if (wasDown) log.info({ work: work.name }, 'what is due is looked at again');
      wasDown = false;
      // What was late may be due again already.
      return taken > 0 ? 0 : lookEveryMs;
    } catch (error) {
      if (!wasDown) log.warn({ work: work.name, error: String(error) }, 'what is due cannot be looked at; trying again');
      wasDown = true;
      return lookEveryMs;
    }
  });
}
