/** The memory of attempts, as an interface; the store keeps it. */

/** Attempts of one card, address or shopper, to be counted within a time. */
export interface AttemptCount {
  readonly subject: string;
  /** Keyed hash of the card, the address or the shopper's e-mail. */
  readonly valueHash: Uint8Array;
  /** Business time, epoch ms. */
  readonly sinceMs: number;
}

export interface RiskStore {
  /**
   * Notes an attempt and counts those after `sinceMs`, this one included. It is noted before any are counted, so that of attempts at the same time
   * no more get through than may. `attemptHash`: two attempts with the same are one. `atMs`: business time.
   */
  countAttempts(attempt: {
    readonly merchantId: string;
    readonly attemptHash: Uint8Array;
    readonly atMs: number;
    readonly counts: readonly AttemptCount[];
  }): Promise<readonly number[]>;
}
