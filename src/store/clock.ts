/** The clocks: wall time of this machine, and business time with the offset that the database keeps for all nodes. */
import type { Clock } from '../core/ports.ts';
import type { Database, Statement } from '../postgres/connection.ts';

const readOffset: Statement = { name: 'clock_offset', text: 'select offset_ms from polygate.clock' };

export interface StoreClock extends Clock {
  /** Reads the offset again; nodes do so regularly, since another may have moved it. */
  refresh(): Promise<void>;
}

export async function createClock(database: Database): Promise<StoreClock> {
  let offsetMs = 0;
  const clock: StoreClock = {
    wallNow: () => Date.now(),
    businessNow: () => Date.now() + offsetMs,
    async refresh() {
      const [row] = await database.query<{ offset_ms: number }>(readOffset);
      offsetMs = row?.offset_ms ?? offsetMs;
    },
  };
  await clock.refresh();
  return clock;
}
