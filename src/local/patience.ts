/** Waiting with an end. */
import { setTimeout as delay } from 'node:timers/promises';

/** True when `promise` settles (either way) within `patienceMs`; the timer goes with it, so that it never holds a process back. */
export async function settlesWithin({
  promise,
  patienceMs,
}: {
  readonly promise: Promise<unknown>;
  readonly patienceMs: number;
}): Promise<boolean> {
  const timer = new AbortController();
  const settled = promise.then(
    () => true,
    () => true,
  );
  const expired = delay(patienceMs, false, { signal: timer.signal }).catch(() => false);
  try {
    return await Promise.race([settled, expired]);
  } finally {
    timer.abort();
  }
}
