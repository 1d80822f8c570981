/** A merchant's contract with an acquirer, as its messages name it, and the numbers that tell those messages apart. */

export interface AcquirerAccount {
  readonly accountId: string;
  /** The merchant's id at the acquirer (MID). */
  readonly merchantIdentifier: string;
  /** Merchant category code, four digits (ISO 18245). */
  readonly categoryCode: string;
  /** As many as the account's rate needs, since each terminal has 999,999 STANs a day. */
  readonly terminals: readonly string[];
}

/** Numbers that no two nodes may use twice, taken in blocks from the database. */
export interface TraceNumbers {
  /** The first of `count` STANs of a terminal on a business day (`YYYY-MM-DD`); undefined when the day has not that many left. */
  takeStans(block: { readonly terminal: string; readonly businessDate: string; readonly count: number }): Promise<number | undefined>;
  /** The first of `count` numbers of the sequence inside RRNs. */
  takeRrns(count: number): Promise<number>;
}
