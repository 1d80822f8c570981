/** Transition tables as data: one row per (from, event, to), and the only way to a new state is to look it up here. */

export type Transition<S extends string, E extends string> = readonly [from: S, event: E, to: S];

export interface TransitionTable<S extends string, E extends string> {
  readonly rows: readonly Transition<S, E>[];
  /** The state after `event`, or undefined when the event does not apply in that state. */
  next(from: S, event: E): S | undefined;
}

/** Builds a table; two rows for the same (from, event) are a defect of the program. */
export function transitionTable<S extends string, E extends string>(
  noun: string,
  rows: readonly Transition<S, E>[],
): TransitionTable<S, E> {
  const index = new Map<string, S>();
  for (const [from, event, to] of rows) {
    const key = `${from} ${event}`;
    if (index.has(key)) throw new Error(`two transitions of a ${noun} from ${key}`);
    index.set(key, to);
  }
  return { rows, next: (from, event) => index.get(`${from} ${event}`) };
}
