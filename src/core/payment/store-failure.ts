/** What a failed transaction means for the answer. */
import { type Refusal, refusal } from '../refusals.ts';
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
export function refuseUnrecorded(engine: Engine, error: unknown): { readonly kind: 'refused'; readonly refusal: Refusal } {
  if (error instanceof NotRecorded && error.isRefused) {
    engine.log.error({ error: String(error) }, 'a request could not be recorded; it was refused');
  } else {
    engine.noteUnavailable(error);
  }
  return { kind: 'refused', refusal: refusal('unavailable') };
}
