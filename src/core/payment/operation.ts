/** The nouns of a payment as plain data: what the store returns, what acts compute with, what dialects write from. */

import type { AccountSummary } from '../instrument/account.ts';
import type { CredentialUse } from '../instrument/agreement.ts';
import type { BankUse } from '../instrument/bank.ts';
import type { CardSummary } from '../instrument/card.ts';
import type { CardChecks } from '../instrument/card-checks.ts';
import type { GivenUpReason, ReviewReason, RiskReason } from '../risk/rule.ts';
import type { OperationState } from '../states/operation.ts';
import type { PaymentState } from '../states/payment.ts';
import type { AuthenticationView } from '../three-d-secure/authentication.ts';
import type { DeclineReason } from './decline.ts';

/** The acts of this engine. */
export const operationKinds = [
  'preauthorization',
  'debit',
  'capture',
  'reversal',
  'refund',
  'chargeback',
  'chargeback_reversal',
  'rebill',
  'payout',
  'receipt',
] as const;

export type OperationKind = (typeof operationKinds)[number];

/** Acts that begin a payment of their own; all others act upon one. */
export const firstKinds = ['preauthorization', 'debit', 'rebill', 'payout'] as const satisfies readonly OperationKind[];

export type FirstKind = (typeof firstKinds)[number];

export function isFirstKind(kind: OperationKind): kind is FirstKind {
  return firstKinds.some((first) => first === kind);
}

/** Acts that nobody is asked about: what has happened at the bank is posted as it is told, by the merchant or by the acquirer. */
export const postedKinds = ['chargeback', 'chargeback_reversal', 'receipt'] as const satisfies readonly OperationKind[];

export type PostedKind = (typeof postedKinds)[number];

/** What is posted about a dispute. */
export type DisputeKind = Exclude<PostedKind, 'receipt'>;

/** Acts that an acquirer is asked for. */
export type SentKind = Exclude<OperationKind, PostedKind>;

export function isPosted(kind: OperationKind): kind is PostedKind {
  return postedKinds.some((posted) => posted === kind);
}

/** Operations that took money, and may lose it again to a refund, a reversal or a chargeback. */
export function isCharge({ kind }: Pick<OperationView, 'kind'>): boolean {
  return kind === 'debit' || kind === 'capture' || kind === 'rebill' || kind === 'receipt';
}

/**
 * Why a payment that waited for its shopper is not sent: not the cardholder, as far as the issuer can tell; forbidden by the issuer; called off;
 * nobody came, or took too long; the authentication could not be made, by the issuer or by the way to it; the
 * card or its CVC could not be kept for so long.
 */
export type ShopperFailure =
  | 'authentication_failed'
  | 'authentication_forbidden'
  | 'shopper_canceled'
  | 'shopper_timed_out'
  | 'authentication_unavailable'
  | 'directory_unreachable'
  | 'card_gone'
  | 'cvc_gone';

/** Reasons to record a request without sending it: the second kind of no. */
export type RejectionReason =
  | 'invalid_card_number'
  | 'card_expired'
  | 'brand_mismatch'
  | 'cvc_missing'
  | 'cvc_length'
  /** The issuer has said that this card must never be tried again. */
  | 'retry_forbidden'
  /** The scheme's number of attempts is used up for now. */
  | 'retries_exhausted'
  | RiskReason
  | ShopperFailure;

/** How an unanswered authorization came to stand for nothing. */
export type UndoReason = 'undone' | 'never_arrived';

/** Why a payment at a bank is still pending: its shopper has ordered it and will pay later. */
export type PendingReason = 'payment_deferred';

/**
 * Why an operation was never sent although recorded: there was no way to the acquirer; the vault could not keep or give the card; the number of
 * the card was deleted at the end of its term, for good.
 */
export type FailureReason = 'acquirer_unreachable' | 'card_not_stored' | 'card_purged';

/**
 * Why the gateway has acted by itself: nobody captured the hold in its life, the capture was asked for with the authorization, or a capture was
 * to be the only one; or a review has ended.
 */
export type DueReason = 'hold_expired' | 'delayed_capture' | 'rest_released' | 'review_accepted' | GivenUpReason;

/**
 * What identifies a message on the acquirer's side; fixed and saved before the first byte is written. (terminal, date, STAN) is unique;
 * the RRN is, everywhere.
 */
export interface Trace {
  readonly accountId: string;
  readonly mti: string;
  readonly terminal: string;
  /** Six digits. */
  readonly stan: string;
  /** Twelve characters; the last four carry the merchant's routing number in base 36. */
  readonly rrn: string;
  /** Business time in epoch ms: DE7, DE12 and DE13 follow from it and never change in repeats. */
  readonly transmittedAtMs: number;
}

/** An operation and the parts of its payment that any dialect writes: always the present state, whoever asks. */
export interface OperationView {
  readonly merchantId: string;
  readonly channelId: string;
  readonly paymentId: string;
  readonly operationId: string;
  readonly kind: OperationKind;
  readonly state: OperationState;
  /** Minor units of `currency`. */
  readonly amount: number;
  /** What was asked for, where the issuer approved less and the merchant takes it; `amount` is what was approved. */
  readonly requestedAmount?: number;
  /** What the issuer approved of it, where the merchant does not take a part: that is reversed. */
  readonly approvedPart?: number;
  readonly currency: string;
  /** The operation this one acts upon. */
  readonly targetId?: string;
  /** Of a rebill: the operation of another payment that the merchant named, whose card is charged again. */
  readonly referenceId?: string;
  /** How a stored card is used by it, and under which agreement. */
  readonly agreement?: CredentialUse;
  /** Of a reversal: what remains of its target after it, as the acquirer is told. */
  readonly remaining?: number;
  /** Of a chargeback and of its reversal: their dispute, which has the id of the chargeback. */
  readonly disputeId?: string;
  /** Of what is posted: it stands on the merchant's word alone. Absent: the acquirer has told it as well. */
  readonly declared?: boolean;
  readonly merchantReference?: string;
  readonly card?: CardSummary;
  /** Of what is paid at a bank; there is no card then. */
  readonly bank?: BankUse;
  /** Of a payout to a bank account; there is neither a card then, nor a shopper. */
  readonly account?: AccountSummary;
  readonly token?: string;
  /** What came of 3-D Secure; only where somebody has asked for it. */
  readonly authentication?: AuthenticationView;
  readonly trace?: Trace;
  readonly approvalCode?: string;
  /** The acquirer's raw response code (DE39). */
  readonly responseCode?: string;
  /** What the host says in its own words, where the link has a field for it. */
  readonly hostCode?: string;
  /** What the scheme advises after a decline, in its own code (Mastercard's merchant advice). */
  readonly adviceCode?: string;
  /** What the issuer has found of the holder's address and of the code on the card, where it has told. */
  readonly checks?: CardChecks;
  /** The scheme's transaction id: the key of later merchant-initiated payments and of disputes. */
  readonly networkReference?: string;
  readonly reason?: DeclineReason | RejectionReason | FailureReason | UndoReason | PendingReason | DueReason | ReviewReason;
  /** Echo fields only the dialect knows; flat, size-limited, without card data. */
  readonly dialectData: Readonly<Record<string, string>>;
  /** Business time, epoch ms. */
  readonly createdAtMs: number;
}

/** A number that people can read out: the same for the same operation, and hardly ever that of another. Below 10^12. */
export function shortNumberOf(operationId: string): number {
  // The last 48 bits of the id are random.
  return Number.parseInt(operationId.slice(-12), 16) % 1_000_000_000_000;
}

/** An operation with its own counters: how much of it was given back, taken back or won back, or is about to be. */
export interface OperationNode extends OperationView {
  /** Its place in the payment, in the order of recording; the first operation has 0. It never changes. */
  readonly number: number;
  /** Absent where there is no card. */
  readonly cardId?: string;
  readonly refunded: number;
  readonly refundPending: number;
  readonly reversed: number;
  readonly reversePending: number;
  /** All chargebacks of it, also those that were reversed since. */
  readonly chargedBack: number;
  readonly chargebackReversed: number;
  /** It is in a settled batch. */
  readonly settled: boolean;
}

/** What of a charge is neither given back nor about to be, in minor units; chargebacks are counted apart. */
export function leftOf({ amount, refunded, refundPending, reversed, reversePending }: OperationNode): number {
  return amount - refunded - refundPending - reversed - reversePending;
}

/** While a charge is disputed it must not be given back a second way. */
export function isChargedBack({ chargedBack, chargebackReversed }: OperationNode): boolean {
  return chargedBack !== chargebackReversed;
}

/** A payment with all its operations, oldest first. Amounts in minor units. */
export interface PaymentTree {
  readonly merchantId: string;
  readonly channelId: string;
  readonly paymentId: string;
  readonly state: PaymentState;
  readonly currency: string;
  readonly authorized: number;
  readonly captured: number;
  readonly capturePending: number;
  readonly released: number;
  readonly releasePending: number;
  readonly operations: readonly OperationNode[];
}
