/** Lets the keys of the vault be replaced while the node works: looks every two seconds, and again at once while there is something to do. */
import type { EngineLog } from '../core/payment/engine.ts';
import { startWorker, type Worker } from './worker.ts';

const lookEveryMs = 2_000;

export interface KeyKeeping {
  readonly log: EngineLog;
  /** One round; `more`: there is something to do at once. */
  readonly round: () => Promise<{ readonly more: boolean }>;
}

export function startKeepingKeys({ log, round }: KeyKeeping): Worker {
  let lastError: string | undefined;
  return startWorker(async () => {
    try {
      const { more } = await round();
      if (lastError !== undefined) log.info({}, 'the keys of the vault are looked after again');
      lastError = undefined;
      return more ? 0 : lookEveryMs;
    } catch (error) {
      // Once for each reason: it is looked at every few seconds.
      if (String(error) !== lastError) log.error({ error: String(error) }, 'the keys of the vault could not be looked after; trying again');
      lastError = String(error);
      return lookEveryMs;
    }
  });
}
