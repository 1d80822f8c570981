/** The clocks: wall time of this machine, and business time with the offset that the database keeps for all nodes. */
import type { Clock } from '../core/ports.ts';
import type { Database, Statement } from '../postgres/connection.ts';

const readOffset: Statement = {
  name: 'clock_offset',
  text: 'select offset_ms, (extract(epoch from clock_timestamp()) * 1000)::bigint as now_ms from polygate.clock',
};

/** Ids are made in the order of this machine's clock, and the search for what a crash left behind relies on it: `orphans.ts`. */
const skewAtMostMs = 300_000;

export interface StoreClock extends Clock {
  /** Reads the offset again; nodes do so regularly, since another may have moved it. */
  refresh(): Promise<void>;
}

export async function createClock(database: Database): Promise<StoreClock> {
  let offsetMs = 0;
  let skewMs = 0;
  const clock: StoreClock = {
    wallNow: () => Date.now(),
    businessNow: () => Date.now() + offsetMs,
    async refresh() {
      const [row] = await database.query<{ offset_ms: number; now_ms: number }>(readOffset);
      if (row === undefined) return;
      offsetMs = row.offset_ms;
      skewMs = Date.now() - row.now_ms;
    },
  };
  await clock.refresh();
  if (Math.abs(skewMs) > skewAtMostMs) {
    const seconds = Math.round(skewMs / 1000);
    throw new Error(`this machine's clock and the database's are ${seconds} s apart; set both by a time server and start again`);
  }
  return clock;
}
