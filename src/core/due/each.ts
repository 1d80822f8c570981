import type { EngineLog } from '../payment/engine.ts';
import type { Progress } from './work.ts';

export interface Each<T> {
  readonly taken: readonly T[];
  /** Resolves with true when it is over with. What it throws is logged, and it waits for its next try. */
  readonly act: (one: T) => Promise<boolean>;
  /** For the log of one that failed: which it is, and what it waits for. */
  readonly namesOf: (one: T) => Readonly<Record<string, unknown>>;
  readonly waits: string;
}

/** Does all that a work has taken up, side by side: none of it waits for another, and none fails with another. */
export async function doEach<T>(log: Pick<EngineLog, 'warn'>, { taken, act, namesOf, waits }: Each<T>): Promise<Progress> {
  const outcomes = await Promise.all(
    taken.map(async (one) => {
      try {
        return await act(one);
      } catch (error) {
        log.warn({ ...namesOf(one), error: String(error) }, waits);
        return false;
      }
    }),
  );
  return { taken: taken.length, done: outcomes.filter(Boolean).length };
}
