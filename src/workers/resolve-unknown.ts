/** The worker that resolves what was not answered: looks regularly, and again at once while there was something to do. */
import type { Engine } from '../core/payment/engine.ts';
import { resolveDue } from '../core/payment/resolve.ts';
import { startWorker, type Worker } from './worker.ts';

const lookEveryMs = 250;
const pauseAfterErrorMs = 1_000;
const atOnce = 64;

export function startResolving(engine: Engine): Worker {
  let wasDown = false;
  const underWay = new Set<Promise<void>>();
  const worker = startWorker(async () => {
    try {
      const room = atOnce - underWay.size;
      if (room === 0) await Promise.race(underWay);
      const begun = room === 0 ? [] : await resolveDue(engine, room);
      for (const work of begun) {
        underWay.add(work);
        void work.finally(() => underWay.delete(work));
      }
      if (wasDown) engine.log.info({}, 'the resolution of unanswered operations goes on');
      wasDown = false;
      return room === 0 || begun.length === room ? 0 : lookEveryMs;
    } catch (error) {
      if (!wasDown) engine.log.warn({ error: String(error) }, 'unanswered operations cannot be looked at; trying again');
      wasDown = true;
      return pauseAfterErrorMs;
    }
  });
  return {
    async stop() {
      await worker.stop();
      await Promise.all(underWay);
    },
  };
}
