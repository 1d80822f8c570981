/** What a failed read means: the database is away, and nothing was written. */
import { NotRecorded } from '../core/payment/store-failure.ts';
import { certaintyOf } from '../postgres/connection.ts';

/** Runs a read, or what loses nothing when it is repeated. A database that is away becomes `NotRecorded`; what is wrong with the statement stays. */
export async function reading<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (certaintyOf(error) === 'refused' || !isDatabaseError(error)) throw error;
    throw new NotRecorded(String(error), { cause: error });
  }
}

/** Programming errors have no place among them: they must not be told as "try again". */
function isDatabaseError(error: unknown): boolean {
  return error instanceof Error && ![TypeError, RangeError, ReferenceError, SyntaxError].some((kind) => error instanceof kind);
}
