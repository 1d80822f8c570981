/** Says it in the log when requests begin to be refused for want of the database, and when that is over: a line for each would be thousands a second. */
import type { EngineLog } from '../core/payment/engine.ts';
import { outsideOfWork } from '../observability/work.ts';

/** How long nothing may be refused until it counts as over. */
const quietMs = 5_000;

export interface Outages {
  /** To be told of each request that was refused since the database is away or has no room. */
  readonly noteRefusal: (error: unknown) => void;
  /** Tells what is still to be told. */
  readonly close: () => void;
}

interface Outage {
  readonly looking: NodeJS.Timeout;
  readonly startedMs: number;
  lastMs: number;
  refused: number;
}

export function watchOutages(log: EngineLog): Outages {
  let present: Outage | undefined;

  function end(): void {
    if (present === undefined) return;
    const { looking, refused, startedMs, lastMs } = present;
    clearInterval(looking);
    present = undefined;
    log.info({ refused, seconds: Math.round((lastMs - startedMs) / 1_000) }, 'requests are no longer refused for want of the database');
  }

  function begin(error: unknown, nowMs: number): Outage {
    log.error({ error: String(error) }, 'the database is away: requests are refused; how many there were is told when that is over');
    const looking = setInterval(() => {
      if (present !== undefined && performance.now() - present.lastMs >= quietMs) end();
    }, 1_000);
    return { looking: looking.unref(), startedMs: nowMs, lastMs: nowMs, refused: 0 };
  }

  return {
    noteRefusal(error) {
      const nowMs = performance.now();
      // It is about all requests, and the first one only happens to be the first.
      present ??= outsideOfWork(() => begin(error, nowMs));
      present.lastMs = nowMs;
      present.refused += 1;
    },
    close: end,
  };
}
