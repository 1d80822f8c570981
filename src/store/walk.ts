/**
 * Walks all operations in the order of time, by their primary key: ids are made in time order, so nothing of this is on the payment path, and no index
 * has to know what is looked for. How far it came is kept in a counter. As in `orphans.ts`, what was committed late, or made by a machine whose
 * clock is behind, is found by a second look.
 */
import type { Clock } from '../core/ports/clock.ts';
import type { Database, Statement } from '../postgres/connection.ts';

const secondLookAfterMs = 600_000;
/** What is so young may be on its way into the database still: it is looked at again by every walk that comes so near. */
const youngMs = 10_000;

/** Looks at the operations made between two moments (wall time, epoch ms); it may come there again. */
export type Look = (fromMs: number, untilMs: number) => Promise<void>;

/** Walks until `untilMs` (wall time, epoch ms). `name`: that of the counter, which a migration has made. */
export function createWalk(
  database: Database,
  clock: Pick<Clock, 'wallNow'>,
  name: string,
): (untilMs: number, look: Look) => Promise<void> {
  const read: Statement = { name: `read_${name}`, text: `select next_value from polygate.counter where name = '${name}'` };
  const save: Statement = {
    name: `save_${name}`,
    text: `update polygate.counter set next_value = $1 where name = '${name}' and next_value < $1`,
  };
  let firstUntilMs: number | undefined;
  let secondUntilMs = 0;
  let savedMs = 0;

  return async (untilMs, look) => {
    if (firstUntilMs === undefined) {
      const [row] = await database.query<{ next_value: number }>(read);
      secondUntilMs = row?.next_value ?? 0;
      firstUntilMs = secondUntilMs;
    }
    const settledMs = clock.wallNow() - secondLookAfterMs;
    if (untilMs > firstUntilMs) {
      await look(Math.max(secondUntilMs, Math.min(firstUntilMs, clock.wallNow() - youngMs)), untilMs);
      // What is long over was seen whole. Where only that is ever looked at, as holds are in live mode, there is no second look.
      if (secondUntilMs === firstUntilMs) secondUntilMs = Math.max(secondUntilMs, Math.min(untilMs, settledMs));
      firstUntilMs = untilMs;
    }
    const againUntilMs = Math.min(firstUntilMs, settledMs);
    if (againUntilMs - secondUntilMs >= secondLookAfterMs) {
      await look(secondUntilMs, againUntilMs);
      secondUntilMs = againUntilMs;
    }
    if (secondUntilMs - savedMs < secondLookAfterMs) return;
    await database.query(save, [secondUntilMs]);
    savedMs = secondUntilMs;
  };
}
