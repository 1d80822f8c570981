/** A memory with an end: what was not written for a while is forgotten, and so is what was written first when there is too much of it. */

export interface Recent<V> {
  get(key: string): V | undefined;
  set(key: string, value: V): void;
  delete(key: string): void;
}

export interface RecentOptions {
  /** An entry lives at least so long after it was last written, and at most twice as long. */
  readonly keptMs: number;
  /** Entries in each of two generations. Beyond it the older generation is forgotten before its time. */
  readonly atMost: number;
  /** Any clock that never goes back. */
  readonly nowMs: () => number;
}

/** Two generations: whatever is written moves to the younger one, and the older one is dropped as a whole, so nothing has to be swept. */
export function createRecent<V>({ keptMs, atMost, nowMs }: RecentOptions): Recent<V> {
  let younger = new Map<string, V>();
  let older = new Map<string, V>();
  let turnedMs = nowMs();

  function turn(): void {
    const ageMs = nowMs() - turnedMs;
    if (ageMs < keptMs && younger.size < atMost) return;
    older = ageMs < 2 * keptMs ? younger : new Map();
    younger = new Map();
    turnedMs += ageMs;
  }

  return {
    get(key) {
      turn();
      return younger.get(key) ?? older.get(key);
    },
    set(key, value) {
      turn();
      younger.set(key, value);
    },
    delete(key) {
      younger.delete(key);
      older.delete(key);
    },
  };
}
