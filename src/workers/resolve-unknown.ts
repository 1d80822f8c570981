/** The worker that resolves what was not answered: looks regularly, and again at once while there was something to do. */
import type { Engine } from '../core/payment/engine.ts';
import { resolveDue } from '../core/payment/resolve.ts';
import { retrying, startWorker, type Worker } from './worker.ts';

const lookEveryMs = 250;
const pauseAfterErrorMs = 1_000;
const atOnce = 64;

export function startResolving(engine: Engine): Worker {
  const underWay = new Set<Promise<void>>();
  const look = async (): Promise<number> => {
    const room = atOnce - underWay.size;
    if (room === 0) await Promise.race(underWay);
    const begun = room === 0 ? [] : await resolveDue(engine, room);
    for (const work of begun) {
      underWay.add(work);
      void work.finally(() => underWay.delete(work));
    }
    return room === 0 || begun.length === room ? 0 : lookEveryMs;
  };
  const worker = startWorker(
    retrying(look, {
      ...{ log: engine.log, pauseMs: pauseAfterErrorMs },
      failing: 'unanswered operations cannot be looked at; trying again',
      working: 'the resolution of unanswered operations goes on',
    }),
  );
  return {
    async stop() {
      await worker.stop();
      await Promise.all(underWay);
    },
  };
}
