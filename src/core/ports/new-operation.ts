/** What the first transaction of an operation writes, for each way an operation can begin; amounts in minor units, times in epoch ms. */
import type { BankReceipt } from '../bank/bank.ts';
import type { AccountSummary } from '../instrument/account.ts';
import type { CredentialUse } from '../instrument/agreement.ts';
import type { BankUse } from '../instrument/bank.ts';
import type { CardSummary } from '../instrument/card.ts';
import type { DisputeKind, DueReason, FirstKind, OperationKind, RejectionReason, Trace } from '../payment/operation.ts';
import type { ReviewCause } from '../risk/rule.ts';

/** The caller's idempotency key: at most one operation of the channel ever has it. */
export interface IdempotencyKey {
  readonly key: string;
  /** Of a payment with a card and of an act upon one: the merchant's reference, which no other operation of the channel may have either. */
  readonly referenceKey?: string;
  /** Keyed HMAC of the canonical command, with the PAN's fingerprint and without the CVC. */
  readonly inputHash: Uint8Array;
  /** A repeat with another input counts as the same request. */
  readonly matchesAnyInput?: true;
  /** Wall time, epoch ms. */
  readonly expiresAtMs: number;
}

interface NewOperationBase {
  readonly merchantId: string;
  readonly channelId: string;
  readonly paymentId: string;
  readonly operationId: string;
  readonly amount: number;
  readonly currency: string;
  readonly merchantReference?: string;
  readonly dialectData: Readonly<Record<string, string>>;
  readonly idempotencyKey?: IdempotencyKey;
  /** Of a first operation: the number under which the merchant may name its payment, from `takePaymentNumber`. */
  readonly paymentNumber?: number;
  readonly createdAtMs: number;
}

/** A payment with its first attempt and operation, to be written in one statement. */
export interface NewPayment extends NewOperationBase {
  readonly kind: FirstKind;
  readonly cardId: string;
  /** Of a preauthorization: when all that is left of it is captured, business time, epoch ms. */
  readonly captureDueAtMs?: number;
  readonly card: CardSummary;
  readonly token?: string;
  readonly referenceId?: string;
  readonly agreement?: CredentialUse;
  /** The card's blocks were looked through: it is written whatever they say. */
  readonly blocksChecked?: true;
  /** Present: it will be sent. Absent: it waits for its shopper, or it is rejected, recorded with its reason and never sent. */
  readonly trace?: Trace;
  readonly rejection?: RejectionReason;
  /** Of a preauthorization: an operator is to look at it by then (business time, epoch ms), else it is given up. */
  readonly review?: { readonly cause: ReviewCause; readonly dueAtMs: number };
}

/** A payment at a bank, with its first operation. */
export interface NewBankPayment extends NewOperationBase {
  readonly kind: Exclude<FirstKind, 'payout'>;
  readonly bank: Omit<BankUse, 'awaitsReceipt'>;
  readonly referenceId?: string;
  readonly trace: Trace;
}

/** A payout to a bank account. */
export interface NewAccountPayout extends NewOperationBase {
  readonly kind: 'payout';
  readonly account: AccountSummary;
  readonly trace: Trace;
}

/** A receipt that a merchant declares: posted at once, of what its order has left. */
export interface NewReceipt extends NewOperationBase {
  readonly orderId: string;
}

/** Money that a bank tells of. */
export interface BankReceiptNotice extends BankReceipt {
  readonly merchantId: string;
  readonly paymentId: string;
  readonly orderId: string;
  /** That of the order, so that the receipt is found where the merchant looks. */
  readonly merchantReference?: string;
  readonly receivedAtMs: number;
}

/** An operation on an existing payment, with the amount it reserves. */
export interface NewOperation extends NewOperationBase {
  readonly kind: 'capture' | 'reversal' | 'refund';
  readonly targetId: string;
  readonly targetKind: OperationKind;
  /** Of a reversal: what remains of the target after it; the guard holds the reservation to it. */
  readonly remaining?: number;
  /** Of a capture or refund: only when none succeeded before and none is under way. */
  readonly once?: true;
  /** Of a refund: only while no other of the same charge is under way. */
  readonly alone?: true;
  /** Of a capture: that what it leaves of the hold is due to be released is written with it. */
  readonly releasesRest?: true;
  /** Of a refund: that its other parts are due is written with it. */
  readonly inParts?: true;
  /** Of what the gateway does by itself: why. */
  readonly because?: DueReason;
  readonly trace: Trace;
}

/**
 * A chargeback or its reversal: recorded and posted at once, since there is nobody to ask. The store holds it to what the decision saw: of
 * two that saw the same counters of the charge, one is written.
 */
export interface NewPosting {
  readonly merchantId: string;
  readonly channelId: string;
  readonly paymentId: string;
  readonly operationId: string;
  readonly kind: DisputeKind;
  /** Minor units. */
  readonly amount: number;
  readonly currency: string;
  /** The charge that it is about. */
  readonly targetId: string;
  readonly targetKind: OperationKind;
  readonly seen: { readonly chargedBack: number; readonly chargebackReversed: number };
  /** Of a chargeback: its own id. */
  readonly disputeId: string;
  /** Declared by the merchant: only on a charge that stands, and up to what is left of it. What the acquirer tells is a fact, without limit. */
  readonly declared: boolean;
  /** The acquirer's number of the case. */
  readonly caseNumber?: string;
  /** The scheme's reason code. */
  readonly schemeReason?: string;
  readonly merchantReference?: string;
  readonly dialectData: Readonly<Record<string, string>>;
  readonly idempotencyKey?: IdempotencyKey;
  readonly createdAtMs: number;
}

/** `key_taken`: nothing was written, the key has an operation. `guard_failed`: nothing was written, the amounts or the state forbid it. */
export type Submission = 'submitted' | 'key_taken' | 'guard_failed';

/** Of a payment by card. `card_blocked`: nothing was written, a card with these digits is blocked: `findCardBlocks` tells whether it is this one. */
export type CardSubmission = Submission | 'card_blocked';
