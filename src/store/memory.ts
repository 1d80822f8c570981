/** Answers of the database that are remembered for a while: one question at a time for each key. When the database is away, an old answer is better than none. */
export interface Memory<V> {
  get(key: string): Promise<V>;
  /** Asks again for everything. */
  expire(): void;
}

/** Beyond `entriesAtMost` the entries go that were asked for the longest ago. */
export function createMemory<V>(
  load: (key: string) => Promise<V>,
  { freshMs, entriesAtMost }: { readonly freshMs: number; readonly entriesAtMost: number },
): Memory<V> {
  const entries = new Map<string, { readonly value: Promise<V>; readonly loadedMs: number }>();
  let expiredMs = Number.NEGATIVE_INFINITY;
  return {
    expire() {
      expiredMs = performance.now();
    },
    get(key) {
      const nowMs = performance.now();
      const known = entries.get(key);
      if (known !== undefined && known.loadedMs > expiredMs && nowMs - known.loadedMs < freshMs) return known.value;
      const loading = load(key);
      const value = known === undefined ? loading : loading.catch(() => known.value);
      entries.delete(key);
      entries.set(key, { value, loadedMs: nowMs });
      if (known === undefined) loading.catch(() => entries.delete(key));
      if (entries.size > entriesAtMost) entries.delete(entries.keys().next().value as string);
      return value;
    },
  };
}
