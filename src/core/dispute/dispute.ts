/**
 * A dispute: the cardholder's bank takes back the money of a charge, and may have to return it. Each of its stages is an operation of the
 * payment: a `chargeback`, and perhaps a `chargeback_reversal`. A case number stands for one chargeback and at most one reversal of it; a
 * bank that charges back again opens a case of another number.
 */

/** `chargeback`: the money is with the cardholder. `reversed`: it was returned to the merchant. */
export const disputeStages = ['chargeback', 'reversed'] as const;

export type DisputeStage = (typeof disputeStages)[number];

export interface Dispute {
  readonly merchantId: string;
  /** The id of the operation that is its chargeback. */
  readonly disputeId: string;
  readonly paymentId: string;
  /** The operation whose money was taken back. */
  readonly chargeId: string;
  /** Minor units of `currency`. */
  readonly amount: number;
  readonly currency: string;
  readonly stage: DisputeStage;
  /** The scheme's reason code, such as 10.4; absent when the merchant declared none. */
  readonly schemeReason?: string;
  /** The acquirer's number of the case; absent while only the merchant has told of it. */
  readonly caseNumber?: string;
  /** The operation that returned the money. */
  readonly reversalId?: string;
  /** Business time, epoch ms. */
  readonly openedAtMs: number;
  readonly reversedAtMs?: number;
  /** When the acquirer told of the reversal; absent while only the merchant has. */
  readonly reversalConfirmedAtMs?: number;
}

/** What an acquirer tells by itself. */
export interface DisputeNotice {
  readonly stage: DisputeStage;
  readonly caseNumber: string;
  readonly schemeReason?: string;
  /** Minor units of `currency`. */
  readonly amount: number;
  readonly currency: string;
  /** The trace of the operation that is disputed. */
  readonly original: { readonly routingNumber: number; readonly rrn: string; readonly terminal: string; readonly stan?: string };
}

/**
 * `recorded`: posted now. `merged`: the merchant had declared it. `repeated`: known. `unmatched`: about nothing that exists here; a person
 * has to look at it.
 */
export type DisputeOutcome = 'recorded' | 'merged' | 'repeated' | 'unmatched';

/** What became of a notice. `bookedAtMs`: since when it is in the books, which says to which batch it belongs; business time, epoch ms. */
export type TakenNotice =
  | { readonly outcome: Exclude<DisputeOutcome, 'unmatched'>; readonly bookedAtMs: number }
  | { readonly outcome: 'unmatched' };
