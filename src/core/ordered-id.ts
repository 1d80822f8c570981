/** Ids in the order of time, for what is found by when it was made. */
import { randomUUIDv7 } from 'node:crypto';
import type { Clock } from './ports/clock.ts';

/**
 * A UUIDv7 by the clock that all nodes agree on. Node makes them by the machine's: what bears an id of the wrong time is looked for at another time, by the
 * search for what a crash left behind, by the end of holds and by the settlement.
 */
export function orderedId(clock: Pick<Clock, 'wallNow'>): string {
  const hex = clock.wallNow().toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}${randomUUIDv7().slice(13)}`;
}
