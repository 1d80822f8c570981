/**
 * What becomes due on the business clock and is done by the gateway itself. Each kind of it keeps leased rows, so that of several nodes one
 * does what is due, once, and what was due while nothing ran is caught up in order.
 */

/** How much of what was due was taken up, and how much of that is over with; the rest is tried again later. */
export interface Progress {
  readonly taken: number;
  readonly done: number;
}

export interface DueWork {
  /** What it is, for the log and for whoever waits for it. */
  readonly name: string;
  /** Does what is due now, the longest due first, at most `limit` of it. */
  run(limit: number): Promise<Progress>;
  /** When the first of all that is not done is due, whoever works on it; business time, epoch ms. */
  nextDueAtMs(): Promise<number | undefined>;
}
