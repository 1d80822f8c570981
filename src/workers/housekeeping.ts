/** Deletes what has come to its end: a task at a time, all of them every minute. */
import type { EngineLog } from '../core/payment/engine.ts';
import { startWorker, type Worker } from './worker.ts';

const everyMs = 60_000;

export interface Housekeeping {
  readonly log: EngineLog;
  /** By what they delete; each returns how many rows it was. */
  readonly tasks: Readonly<Record<string, () => Promise<number>>>;
}

export function startHousekeeping({ log, tasks }: Housekeeping): Worker {
  return startWorker(async () => {
    for (const [what, task] of Object.entries(tasks)) {
      try {
        const count = await task();
        if (count > 0) log.info({ what, count }, 'deleted what has expired');
      } catch (error) {
        log.warn({ what, error: String(error) }, 'what has expired could not be deleted; trying again later');
      }
    }
    return everyMs;
  });
}
