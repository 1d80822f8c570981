/** The worker that makes the payments of schedules: looks every second, and again at once while more is due than it took. */
import type { Directory } from '../core/merchant/channel.ts';
import type { Engine } from '../core/payment/engine.ts';
import { payDue } from '../core/subscription/pay-due.ts';
import { startWorker, type Worker } from './worker.ts';

const lookEveryMs = 1_000;
const atOnce = 16;

export function startPayingSchedules(engine: Engine, directory: Pick<Directory, 'channelById'>): Worker {
  let wasDown = false;
  return startWorker(async () => {
    try {
      const count = await payDue(engine, directory, atOnce);
      if (wasDown) engine.log.info({}, 'scheduled payments go on');
      wasDown = false;
      // What was late may be due again already.
      return count > 0 ? 0 : lookEveryMs;
    } catch (error) {
      if (!wasDown) engine.log.warn({ error: String(error) }, 'scheduled payments cannot be looked at; trying again');
      wasDown = true;
      return lookEveryMs;
    }
  });
}
