/** The pause before the next try of what has failed `failures` times before this time: `firstMs`, doubled for each of them, and `atMostMs` at most. */
export function backOffMs(failures: number, { firstMs, atMostMs }: { readonly firstMs: number; readonly atMostMs: number }): number {
  return Math.min(firstMs * 2 ** failures, atMostMs);
}
