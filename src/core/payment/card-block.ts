/** What is remembered of declines: those that count towards a limit of the card schemes, and the cards that have reached one. */

/** `never_again`: only what an issuer has ruled out for good; nothing is counted. */
export type RetryLimits = 'all' | 'never_again' | 'off';

/** A decline, as it counts for its card at its merchant. */
export interface CardDecline {
  readonly merchantId: string;
  readonly fingerprint: Uint8Array;
  readonly operationId: string;
  /** Minor units. */
  readonly amount: number;
  readonly currency: string;
  /** Business time, epoch ms. */
  readonly atMs: number;
}

export type PastDecline = Pick<CardDecline, 'amount' | 'currency' | 'atMs'>;

/** A card that must not be tried. First six and last four digits rule it out for nearly all others without a look at the number. */
export interface CardBlock {
  readonly merchantId: string;
  readonly fingerprint: Uint8Array;
  readonly bin: string;
  readonly last4: string;
  /** For payments of this amount only. */
  readonly only?: { readonly amount: number; readonly currency: string };
  /** For payments that the merchant starts: the shopper has told the bank to stop them. */
  readonly onlyMerchantInitiated: boolean;
  /** Business time, epoch ms; absent: for good. */
  readonly untilMs?: number;
}
