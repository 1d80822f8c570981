/**
 * Finds operations that a crash, or a lost connection, has left submitted: nobody waits for their answer any more. No index holds them, since an
 * index on the state of operations would make each outcome a change of all indexes (migration 0004). Their ids are made in time order, so each is
 * looked at twice by walking the primary key: once as soon as no exchange can still be under way, and again much later, for what was
 * committed late or made by a machine whose clock is behind. `polygate verify` tells whatever is open for more than an hour.
 */
import type { Database, Statement } from '../postgres/connection.ts';
import { firstIdAt } from './id-time.ts';

const readSwept: Statement = { name: 'orphans_swept', text: `select next_value from polygate.counter where name = 'swept_until_ms'` };

const saveSwept: Statement = {
  name: 'save_orphans_swept',
  text: `update polygate.counter set next_value = $1 where name = 'swept_until_ms' and next_value < $1`,
};

// From now on it is found by the index of what is unresolved. It is due only after the time of a whole exchange, on the database's clock: its id, made by
// a clock that is a little behind or looked at by one that is ahead, may be older than it is, and then its exchange is still under way.
const markSubmitted: Statement = {
  name: 'mark_orphans',
  text: `update polygate.operation set resolve_at = now() + $3 * interval '1 millisecond'
where operation_id >= $1 and operation_id < $2 and state = 'submitted' and resolve_at is null
returning operation_id`,
};

/** Covers a statement that waited for its lock or its disk, and clocks that differ (a gateway starts with at most half of it). */
const secondLookAfterMs = 600_000;
/** What is found is due only seconds later, so whoever asks more often is answered from what was found. */
const firstLookEveryMs = 1_000;
const secondLookEveryMs = 60_000;

export interface OrphanSweep {
  /**
   * Makes operations that were made before this moment (wall time, epoch ms) and are still submitted due for resolution, after so long. Returns
   * their number.
   */
  mark(request: { readonly createdBeforeMs: number; readonly afterMs: number }): Promise<number>;
}

export function createOrphanSweep(database: Database): OrphanSweep {
  let firstUntilMs: number | undefined;
  let secondUntilMs = 0;

  async function sweep({ fromMs, untilMs, afterMs }: { fromMs: number; untilMs: number; afterMs: number }): Promise<number> {
    return (await database.query(markSubmitted, [firstIdAt(fromMs), firstIdAt(untilMs), afterMs])).length;
  }

  return {
    async mark({ createdBeforeMs, afterMs }) {
      if (firstUntilMs === undefined) {
        const [row] = await database.query<{ next_value: number }>(readSwept);
        secondUntilMs = row?.next_value ?? 0;
        firstUntilMs = secondUntilMs;
      }
      let found = 0;
      if (createdBeforeMs >= firstUntilMs + firstLookEveryMs) {
        found += await sweep({ fromMs: firstUntilMs, untilMs: createdBeforeMs, afterMs });
        firstUntilMs = createdBeforeMs;
      }
      const againUntilMs = createdBeforeMs - secondLookAfterMs;
      if (againUntilMs >= secondUntilMs + secondLookEveryMs) {
        found += await sweep({ fromMs: secondUntilMs, untilMs: againUntilMs, afterMs });
        secondUntilMs = againUntilMs;
        await database.query(saveSwept, [againUntilMs]);
      }
      return found;
    },
  };
}
