/** What a failed transaction means for the answer. */
import { refusal } from '../refusals.ts';
import type { ActResult, Engine } from './engine.ts';

/** Thrown by a store when a read or a transaction failed and nothing of it stands: rolled back, or never sent. */
export class NotRecorded extends Error {
  override readonly name = 'NotRecorded';
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
    engine.log.error({ error: String(error) }, 'the database is away; a request was refused');
    return { kind: 'refused', refusal: refusal('unavailable') };
  }
}
