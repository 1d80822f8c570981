/** First transactions that fail: what certainly left nothing behind, and what only came second, is told apart from what may stand. */
import { NotRecorded } from '../core/payment/store-failure.ts';
import type { CardSubmission, IdempotencyKey } from '../core/ports/new-operation.ts';
import { certaintyOf, isOutOfResources } from '../postgres/connection.ts';

/** Rejects with `NotRecorded` where nothing was written. */
export async function classified<T>(submit: () => Promise<T>): Promise<T> {
  try {
    return await submit();
  } catch (error) {
    const certainty = certaintyOf(error);
    if (certainty === 'unknown') throw error;
    throw new NotRecorded(String(error), { cause: error, isRefused: certainty === 'refused' && !isOutOfResources(error) });
  }
}

interface Keyed {
  readonly idempotencyKey?: IdempotencyKey;
}

const uniqueViolation = '23505';

/** Another node wrote the same key at the same moment: its operation is the one. */
export async function unlessKeyTaken<S extends CardSubmission>(
  { idempotencyKey }: Keyed,
  submit: () => Promise<S>,
): Promise<S | 'key_taken'> {
  try {
    return await classified(submit);
  } catch (error) {
    const cause = error instanceof NotRecorded ? (error.cause as { code?: string }) : undefined;
    if (cause?.code === uniqueViolation && idempotencyKey !== undefined) return 'key_taken';
    throw error;
  }
}

/** Of a new payment, whose key alone is never an error: the same for its reference. */
export function unlessReferenceTaken(row: Keyed, submit: () => Promise<CardSubmission>): Promise<CardSubmission> {
  return row.idempotencyKey?.referenceKey === undefined ? classified(submit) : unlessKeyTaken(row, submit);
}
