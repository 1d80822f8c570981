/** What a failed transaction means for the answer. */

/** Thrown by a store when a transaction failed and nothing of it stands: rolled back, or never sent. */
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
