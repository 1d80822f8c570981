/** The memory of attempts and of reviews, as an interface; the store keeps it. */
import type { OperatorAct } from '../operator/operator-act.ts';
import type { OutcomeToRecord } from '../ports/outcome.ts';
import type { ReviewReason } from './rule.ts';

/** Attempts of one card, address or shopper, to be counted within a time. */
export interface AttemptCount {
  readonly subject: string;
  /** Keyed hash of the card, the address or the shopper's e-mail. */
  readonly valueHash: Uint8Array;
  /** Business time, epoch ms. */
  readonly sinceMs: number;
}

/** How a review ends. */
export interface ReviewEnd {
  readonly outcome: OutcomeToRecord;
  readonly channelId: string;
  /** How the review has to stand for this to be its end. */
  readonly standing: ReviewReason;
  /** What is left of it is captured now. */
  readonly captures: boolean;
  /** For the trail; absent: nobody has looked at it in time. */
  readonly act?: OperatorAct;
  /** Business time, epoch ms. */
  readonly nowMs: number;
  /** For so long nobody else carries out what follows. */
  readonly leaseMs: number;
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
  /** Ends a review, once: with the trail and with what is to follow, as due work, in one transaction. False: it was not under review any more. */
  endReview(end: ReviewEnd): Promise<boolean>;
}
