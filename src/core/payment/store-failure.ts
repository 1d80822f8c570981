/** What a failed transaction, or a read after one, means for the answer. */
import { setTimeout as delay } from 'node:timers/promises';
import { type Refused, refused } from '../refusals.ts';
import type { ActResult, Engine } from './engine.ts';

/** Thrown by a store when a read or a transaction failed and nothing of it stands: rolled back, or never sent. */
export class NotRecorded extends Error {
  override readonly name = 'NotRecorded';
  /** The store has refused just this, while others may be recorded: a defect. Else it is away, or has no room. */
  readonly isRefused: boolean;
  constructor(message: string, { isRefused = false, ...options }: { readonly isRefused?: boolean; readonly cause?: unknown } = {}) {
    super(message, options);
    this.isRefused = isRefused;
  }
}

/**
 * Once the first transaction may have committed, the answer is "pending", never "try again": only a failure that certainly left nothing
 * behind may be refused.
 */
export function isCertainlyNotRecorded(error: unknown): boolean {
  return error instanceof NotRecorded;
}

/** Runs an act. A store that is away before anything may have been recorded makes it a refusal: the same request may succeed later. */
export async function refuseWhenUnavailable(engine: Engine, act: () => Promise<ActResult>): Promise<ActResult> {
  try {
    return await act();
  } catch (error) {
    if (!isCertainlyNotRecorded(error)) throw error;
    return refuseUnrecorded(engine, error);
  }
}

/** Refuses a request of which nothing was recorded; the same may succeed later. */
export function refuseUnrecorded(engine: Engine, error: unknown): Refused {
  if (error instanceof NotRecorded && error.isRefused) {
    engine.log.error({ error: String(error) }, 'a request could not be recorded; it was refused');
  } else {
    engine.noteUnavailable(error);
  }
  return refused('unavailable');
}

/** Thrown where an act was recorded, and how it stands cannot be told: nobody may say of it that nothing was done. */
export class RecordedUnread extends Error {
  override readonly name = 'RecordedUnread';
}

/** How long what was recorded is looked for: a database that restarts is back by then, also on a busy machine. */
export const lookForMs = 5_000;
export const lookAgainMs = 250;

/** Reads for the answer to what was just recorded, again while the database is away. Throws `RecordedUnread` when it does not come back soon. */
export async function readRecorded<T>(engine: Pick<Engine, 'log'>, read: () => Promise<T>): Promise<T> {
  const untilMs = performance.now() + lookForMs;
  for (let tries = 1; ; tries += 1) {
    try {
      return await read();
    } catch (error) {
      if (!isCertainlyNotRecorded(error)) throw error;
      if (tries === 1) engine.log.error({ error: String(error) }, 'what was recorded cannot be read for its answer; it is tried again');
      if (performance.now() >= untilMs) throw new RecordedUnread('what was recorded cannot be read', { cause: error });
      await delay(lookAgainMs);
    }
  }
}
