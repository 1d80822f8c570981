/** What the core needs from outside, as interfaces; `gateway.ts` plugs in the store, the vault, the clock and the acquirers. */

import type { BankReceipt } from './bank/bank.ts';
import type { Dispute, DisputeNotice, DisputeOutcome, DisputeStage } from './dispute/dispute.ts';
import type { AccountSummary } from './instrument/account.ts';
import type { CredentialUse } from './instrument/agreement.ts';
import type { BankUse } from './instrument/bank.ts';
import type { CardSummary, Cvc, Pan } from './instrument/card.ts';
import type { TokenAct } from './instrument/token.ts';
import type { CardBlock, CardDecline, PastDecline } from './payment/card-block.ts';
import type { DeclineReason } from './payment/decline.ts';
import type {
  DisputeKind,
  DueReason,
  FailureReason,
  FirstKind,
  OperationKind,
  OperationNode,
  OperationView,
  PaymentTree,
  RejectionReason,
  SentKind,
  Trace,
} from './payment/operation.ts';
import type { ReviewCause } from './risk/rule.ts';
import type { Totals } from './settlement/settlement.ts';
import type { OperationEvent, OperationState } from './states/operation.ts';
import type { AuthenticationEvidence, Exemption } from './three-d-secure/authentication.ts';

/** Three clocks, never mixed: business and wall time here; leases and time-outs use monotonic or database time where they are kept. */
export interface Clock {
  /** Business time in epoch ms: due dates, expiry, settlement day, what the acquirer is told. In the sandbox it can be moved. */
  businessNow(): number;
  /** Wall time in epoch ms: request dates, signatures, rate windows. */
  wallNow(): number;
  /** Wall time in epoch ms when this node last saw business time moved; 0: never. */
  movedAtMs(): number;
  /** Whether somebody is moving it now, as far as this node has seen: what is due is then waited for. */
  isMoving(): boolean;
}

/** A card to keep for one payment, or longer under a token. */
export interface CardToStore {
  readonly merchantId: string;
  /** UUID made by the caller: the key under which the PAN is read again. */
  readonly cardId: string;
  readonly pan: Pan;
  /** Business time in epoch ms after which the PAN is deleted. */
  readonly purgeAtMs: number;
}

/** A secret that must be readable again: what a protocol signs or encrypts with. */
export interface SecretToSeal {
  readonly merchantId: string;
  /** UUID of what it belongs to; it opens only there. */
  readonly secretId: string;
  readonly secret: string;
}

export interface SealedSecret {
  readonly merchantId: string;
  readonly secretId: string;
  readonly sealed: Uint8Array;
}

/** The only holder of stored PANs. It keeps no CVC. */
export interface Vault {
  /** Encrypts and stores a card; resolves when it is durable. */
  store(card: CardToStore): Promise<void>;
  /** Deletes a card that no operation uses. */
  discard(card: { readonly merchantId: string; readonly cardId: string }): Promise<void>;
  /** The PAN of a stored card; undefined when it never was stored, or is purged. */
  reveal(card: { readonly merchantId: string; readonly cardId: string }): Promise<Pan | undefined>;
  /**
   * A keyed HMAC of the PAN within the merchant: equal cards have equal fingerprints, and nothing else can be learnt from it. Resolves at
   * once when the merchant's key is in memory.
   */
  fingerprint(merchantId: string, pan: Pan): Uint8Array | Promise<Uint8Array>;
  /** Keeps a CVC for a payment that waits for its shopper, encrypted, in memory of the database only, for `lifeMs` at most. */
  keepCvc(kept: { readonly merchantId: string; readonly visitId: string; readonly cvc: Cvc; readonly lifeMs: number }): Promise<void>;
  /** The CVC of a waiting payment; undefined when its time is over, or the database has lost its memory. */
  readCvc(key: { readonly merchantId: string; readonly visitId: string }): Promise<Cvc | undefined>;
  dropCvc(key: { readonly merchantId: string; readonly visitId: string }): Promise<void>;
  /** Makes a token for a stored card: random, letters first, so that it can never be taken for a PAN. 32 lower-case hex characters. */
  tokenize(card: {
    readonly merchantId: string;
    readonly cardId: string;
    readonly purgeAtMs: number;
    /** What may be shown of the card, kept beside the token. */
    readonly summary: CardSummary;
    /** `tokenOfCard` does not find it. */
    readonly isNotOfCard?: true;
  }): Promise<string>;
  /** Encrypts a secret for whoever keeps it; at once. */
  sealSecret(secret: SecretToSeal): Uint8Array;
  /** Throws when the bytes, or the place they are kept at, are not those of {@link Vault.sealSecret}. */
  openSecret(sealed: SealedSecret): string;
  /** The card behind a token of this merchant; undefined when unknown or deleted. */
  resolveToken(token: {
    readonly merchantId: string;
    readonly token: string;
  }): Promise<{ readonly cardId: string; readonly summary: CardSummary } | undefined>;
  /** The oldest token of this card, by its number alone; the fingerprint is that of {@link Vault.fingerprint}. */
  tokenOfCard(card: {
    readonly merchantId: string;
    readonly fingerprint: Uint8Array;
  }): Promise<{ readonly token: string; readonly cardId: string; readonly summary: CardSummary } | undefined>;
  /** Tokens of a merchant that can be paid with, in their own order, from behind `after` on. */
  listTokens(request: {
    readonly merchantId: string;
    readonly after?: string;
    readonly limit: number;
  }): Promise<readonly { readonly token: string; readonly summary: CardSummary }[]>;
  /** As `resolveToken`, but it also knows deleted tokens until they are purged. */
  describeToken(token: {
    readonly merchantId: string;
    readonly token: string;
  }): Promise<{ readonly cardId: string; readonly summary: CardSummary; readonly deleted: boolean } | undefined>;
  /**
   * Ends a token: it is not found any more, and its card, unless another token holds it, is purged at `cardPurgeAtMs` (business time; when
   * the last payment made with it no longer needs it) or earlier. False when there is no such token.
   */
  deleteToken(token: { readonly merchantId: string; readonly token: string; readonly cardPurgeAtMs: number }): Promise<boolean>;
  /** Puts off the purge of a token and its card to `purgeAtMs` (business time), where it would be earlier. */
  prolongToken(token: { readonly merchantId: string; readonly token: string; readonly purgeAtMs: number }): Promise<void>;
}

/** Keeps what happened to tokens outside payments. */
export interface TokenActStore {
  /** `taken`: nothing was written; the key, or the token for an act of this kind, has one already. */
  record(act: TokenAct, key?: Pick<IdempotencyKey, 'key' | 'inputHash'>): Promise<'recorded' | 'taken'>;
  find(key: { readonly merchantId: string; readonly token: string; readonly kind: TokenAct['kind'] }): Promise<TokenAct | undefined>;
  findByKey(key: {
    readonly merchantId: string;
    readonly channelId: string;
    readonly key: string;
  }): Promise<{ readonly act: TokenAct; readonly inputHash: Uint8Array } | undefined>;
}

/** Counts requests for all nodes together, by the database's clock. */
export interface RequestWindow {
  /** Counts one more for the subject, unless `limit` have been within the last `windowMs`. `retryAfterMs`: until one may come again. */
  count(request: {
    readonly merchantId: string;
    readonly subject: string;
    readonly limit: number;
    readonly windowMs: number;
  }): Promise<{ readonly allowed: true; readonly remaining: number } | { readonly allowed: false; readonly retryAfterMs: number }>;
}

/** The caller's idempotency key: at most one operation of the channel ever has it. */
export interface IdempotencyKey {
  readonly key: string;
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

/** The acquirer tells what the merchant had declared: the two become one. */
export interface DisputeConfirmation {
  readonly merchantId: string;
  readonly paymentId: string;
  readonly disputeId: string;
  readonly stage: DisputeStage;
  /** The chargeback, or its reversal. */
  readonly operationId: string;
  readonly caseNumber: string;
  readonly schemeReason?: string;
  readonly confirmedAtMs: number;
}

/**
 * `key_taken`: nothing was written, the key has an operation. `guard_failed`: nothing was written, the amounts or the state forbid it.
 * `card_blocked`: nothing was written, a card with these digits is blocked: `findCardBlocks` tells whether it is this one.
 */
export type Submission = 'submitted' | 'key_taken' | 'guard_failed' | 'card_blocked';

/** What the acquirer's answer, or its absence, makes of an operation. */
export interface OutcomeToRecord {
  readonly merchantId: string;
  readonly paymentId: string;
  readonly operationId: string;
  readonly kind: OperationKind;
  readonly targetId?: string;
  readonly targetKind?: OperationKind;
  readonly amount: number;
  /** Of an approval for less: what was asked for. `amount` is what was approved. */
  readonly requestedAmount?: number;
  /** The event happens only to an operation in this state. */
  readonly from: OperationState;
  readonly event: OperationEvent;
  readonly token?: string;
  readonly approvalCode?: string;
  readonly responseCode?: string;
  readonly hostCode?: string;
  readonly networkReference?: string;
  readonly reason?: string;
  /** For operations that stay open: when to look again, from now. */
  readonly resolveAfterMs?: number;
}

/** `applied` is false when the operation's state did not allow the event; `state` is its state now. */
export interface RecordedOutcome {
  readonly applied: boolean;
  readonly state: OperationState;
}

/** What an operator did, for the trail. */
export interface OperatorAct {
  /** Who did it, for people: user and host, or the operator's name. */
  readonly actor: string;
  /** What was done, as in `credential.revoked`. */
  readonly act: string;
  /** Ids and names, never a secret. */
  readonly details: Readonly<Record<string, unknown>>;
}

/** An open operation leased for its resolution: nobody else resolves it until the lease ends. */
export interface ClaimedOperation {
  readonly operation: OperationView & { readonly cardId?: string };
  /** An approval of it has come after its time-out. */
  readonly lateApproved: boolean;
  readonly target?: OperationView;
  /** Messages sent to resolve it so far, this one included. */
  readonly attempt: number;
}

/** What a merchant looks for among the operations of a channel; what is absent does not matter. */
export interface OperationSearch {
  readonly merchantId: string;
  readonly channelId: string;
  readonly merchantReference?: string;
  readonly kinds?: readonly OperationKind[];
  /** Business time, epoch ms, both included. */
  readonly createdFromMs?: number;
  readonly createdToMs?: number;
  /** See `shortNumberOf`. */
  readonly shortNumber?: number;
  /** With each operation all others of its payment. */
  readonly linked?: boolean;
  /** A page by its key: the operations that come after this id; nothing beyond the page is counted, so that whoever wants to know asks for one more. */
  readonly after?: string;
  readonly offset: number;
  readonly limit: number;
}

/** `total`: how many match, counted up to `searchedAtMost` + 1, of a page by its key only those on it; the linked ones come on top. */
export interface OperationsFound {
  readonly operations: readonly OperationNode[];
  readonly total: number;
}

/** A search that matches more is too wide to be answered. */
export const searchedAtMost = 10_000;

export interface PaymentStore {
  /** First transaction of a payment. */
  submitPayment(row: NewPayment): Promise<Submission>;
  /** First transaction of an operation on a payment: reserves the amount. */
  submitOperation(row: NewOperation): Promise<Submission>;
  /** First transaction of a payment at a bank. */
  submitBankPayment(row: NewBankPayment): Promise<Submission>;
  /** First transaction of a payout to a bank account, with its amount taken from the balance; `guard_failed`: that does not cover it. */
  submitAccountPayout(row: NewAccountPayout): Promise<Submission>;
  /** The only transaction of a receipt that a merchant declares. */
  declareReceipt(row: NewReceipt): Promise<Submission>;
  /** The only transaction of a receipt that a bank tells. Returns what of it belongs to no order, in minor units; told again: 0. */
  takeReceipt(notice: BankReceiptNotice): Promise<number>;
  /** The only transaction of a chargeback or its reversal. */
  postOperation(row: NewPosting): Promise<Submission>;
  /** False when it was confirmed already. */
  confirmDispute(confirmation: DisputeConfirmation): Promise<boolean>;
  /** By the acquirer's number of the case. */
  findDispute(key: { readonly merchantId: string; readonly caseNumber: string }): Promise<Dispute | undefined>;
  findDisputesOf(key: { readonly merchantId: string; readonly paymentId: string }): Promise<readonly Dispute[]>;
  /** The operation whose first message bore this RRN, of the merchant with this routing number. */
  findByTrace(key: { readonly routingNumber: number; readonly rrn: string }): Promise<OperationView | undefined>;
  /** Second transaction. It never refuses: what the acquirer said is a fact. */
  recordOutcome(outcome: OutcomeToRecord): Promise<RecordedOutcome>;
  /** Records what an operator has decided, with its row in the trail; it is guarded like any outcome. */
  recordDecision(outcome: OutcomeToRecord, act: OperatorAct): Promise<RecordedOutcome>;
  findOperation(key: { readonly merchantId: string; readonly operationId: string }): Promise<OperationView | undefined>;
  /** A number that no other payment of the merchant has, for protocols that name payments by numbers. */
  takePaymentNumber(merchantId: string): Promise<number>;
  /**
   * For protocols whose references are used once over all channels of a merchant: false when another channel has this one. To be asked before a
   * payment under it, by merchants with several channels only: within a channel its key does the same.
   */
  claimReference(claim: { readonly merchantId: string; readonly channelId: string; readonly reference: string }): Promise<boolean>;
  /** The id of the first operation of the payment with this number. */
  findByNumber(key: { readonly merchantId: string; readonly paymentNumber: number }): Promise<string | undefined>;
  findTree(key: { readonly merchantId: string; readonly operationId: string }): Promise<PaymentTree | undefined>;
  /** Operations of a channel, oldest first. */
  search(search: OperationSearch): Promise<OperationsFound>;
  /**
   * The network reference of the agreement that was made with a token: that of the latest approved operation that began one, preferably of
   * this type. Undefined when there is none, or its answer had none.
   */
  findAgreementReference(key: {
    readonly merchantId: string;
    readonly token: string;
    readonly type: CredentialUse['type'];
  }): Promise<string | undefined>;
  /** Remembers a decline, and returns all of the card since `sinceMs` (business time), this one included; newest first. */
  noteDecline(decline: CardDecline, sinceMs: number): Promise<readonly PastDecline[]>;
  /** Blocks a card; one that is blocked in the same way already is blocked until the later moment. */
  blockCard(block: CardBlock): Promise<void>;
  /** The blocks of a card that are in force at that business time. */
  findCardBlocks(key: {
    readonly merchantId: string;
    readonly fingerprint: Uint8Array;
    readonly bin: string;
    readonly last4: string;
    readonly atMs: number;
  }): Promise<readonly CardBlock[]>;
  findByKey(key: {
    readonly merchantId: string;
    readonly channelId: string;
    readonly key: string;
  }): Promise<{ readonly inputHash: Uint8Array; readonly operationId: string } | undefined>;
  /**
   * Makes operations due for resolution that were made before this moment (wall time, epoch ms) and are still only submitted: whoever waited for
   * their answer is gone.
   */
  markOrphans(request: { readonly createdBeforeMs: number }): Promise<number>;
  /** Leases open operations whose time has come, at most `limit`, each for `leaseMs`. */
  claimUnresolved(request: { readonly limit: number; readonly leaseMs: number }): Promise<readonly ClaimedOperation[]>;
  /** Saves the trace of a reversal before its first byte is written; repeats change nothing. */
  saveUndoTrace(undo: { readonly merchantId: string; readonly operationId: string; readonly trace: Trace }): Promise<void>;
  /** Remembers that an approval came after the time-out, and tells the operation's state now. */
  noteLateApproval(key: { readonly merchantId: string; readonly operationId: string }): Promise<OperationView | undefined>;
  /** Whether an approval came after the time-out. */
  isLateApproved(key: { readonly merchantId: string; readonly operationId: string }): Promise<boolean>;
  /** Puts off the next look at an open operation. `counts`: whether the last look counts as an attempt. */
  postpone(key: {
    readonly merchantId: string;
    readonly operationId: string;
    readonly afterMs: number;
    readonly counts: boolean;
  }): Promise<void>;
}

/** The secrets an acquirer's message carries; they exist in memory only. */
export interface CardSecrets {
  readonly pan: Pan;
  readonly cvc?: Cvc;
  /** Proof of a 3-D Secure authentication, base64. */
  readonly authenticationValue?: string;
}

/** Names an operation in what the acquirer delivers later. */
export interface OperationReference {
  readonly merchantId: string;
  readonly operationId: string;
}

/** What is to be sent, apart from secrets. */
export interface AcquirerRequest {
  readonly reference: OperationReference;
  readonly kind: SentKind;
  readonly trace: Trace;
  readonly amount: number;
  readonly currency: string;
  readonly card?: CardSummary;
  /** For a first operation with a card that is or was stored. */
  readonly agreement?: CredentialUse;
  /** The operation acted upon: its trace names it to the host. */
  readonly original?: { readonly kind: OperationKind; readonly trace: Trace; readonly amount: number; readonly approvalCode?: string };
  /** For a reversal: what remains of the original after it, minor units. */
  readonly remaining?: number;
  /** What 3-D Secure came to, for an authorization. */
  readonly authentication?: AuthenticationEvidence;
  /** Why the shopper was not authenticated, for an authorization. */
  readonly exemption?: Exemption;
}

/**
 * `not_sent`: no byte of it can have reached the host. `unknown`: it was, or may have been, sent, and no answer came in time or none
 * that could be trusted.
 */
export type AcquirerAnswer =
  | { readonly outcome: 'approved'; readonly responseCode: string; readonly approvalCode?: string; readonly networkReference?: string }
  | {
      readonly outcome: 'partly_approved';
      readonly responseCode: string;
      /** Minor units; above zero and below what was asked for. */
      readonly approvedAmount: number;
      readonly approvalCode?: string;
      readonly networkReference?: string;
    }
  | { readonly outcome: 'declined'; readonly responseCode: string; readonly reason: DeclineReason; readonly hostCode?: string }
  | { readonly outcome: 'not_sent'; readonly cause: string; readonly reason?: FailureReason }
  | { readonly outcome: 'unknown'; readonly cause: string };

/** An acquirer: any dialect's payments may go to any acquirer. */
export interface Acquirer {
  /** How long `send` may take, in ms. */
  readonly timeoutMs: number;
  /** Whether the host answers a repeated message with the same trace from its records instead of executing it again. */
  readonly deduplicates: boolean;
  /** Fixes the trace of an operation. `terminal`: the original's, where the host finds originals by it. Rejects when no trace can be had. */
  prepare(request: { readonly channel: TraceScope; readonly kind: SentKind; readonly terminal?: string }): Trace | Promise<Trace>;
  /** Sends an operation and waits for its answer. Never rejects. */
  send(request: AcquirerRequest, secrets: CardSecrets): Promise<AcquirerAnswer>;
  /** Repeats an operation under its own trace. Never rejects. */
  repeat(request: AcquirerRequest, secrets: CardSecrets): Promise<AcquirerAnswer>;
  /** The trace of the message that undoes an unanswered operation. */
  undoTrace(trace: Trace): Trace;
  /** Undoes an unanswered operation. `attempt` 1 is the first message, later ones are repeats. Never rejects. */
  undo(request: AcquirerRequest, secrets: CardSecrets, attempt: number): Promise<UndoAnswer>;
  /** Fixes the trace of the message that compares a batch of an account. */
  prepareReconciliation(accountId: string): Promise<Trace>;
  /** Asks the host for its totals of a batch. `attempt` 1 is the first message, later ones are repeats. Never rejects. */
  reconcile(request: ReconciliationRequest, attempt: number): Promise<ReconciliationAnswer>;
}

/** A batch in one currency, as it is compared with the host. */
export interface ReconciliationRequest {
  readonly trace: Trace;
  readonly currency: string;
  /** Business time, epoch ms: what was sent before it, and is in no earlier batch. */
  readonly cutOffAtMs: number;
  readonly totals: Totals;
}

/** `unknown`: no answer, or none that can be read. */
export type ReconciliationAnswer =
  | { readonly outcome: 'answered'; readonly totals: Totals }
  | { readonly outcome: 'not_sent' | 'unknown'; readonly cause: string };

/**
 * `undone`: the host had it and has undone it. `never_arrived`: the host has no record of it. `refused`: the host did not do it, for a
 * technical reason.
 */
export type UndoAnswer =
  | { readonly outcome: 'undone' | 'never_arrived'; readonly responseCode: string }
  | { readonly outcome: 'refused'; readonly responseCode: string }
  | { readonly outcome: 'not_sent' | 'unknown'; readonly cause: string };

/** Called by an acquirer when an answer comes after its time-out. */
export type LateAnswerListener = (reference: OperationReference, answer: AcquirerAnswer) => void;

export interface TraceScope {
  readonly accountId: string;
  readonly routingNumber: number;
}

/**
 * Called by an acquirer when it delivers a chargeback or its reversal. Resolves when that is recorded, or certainly concerns nobody here;
 * only then may the acquirer be answered. Rejects when it could not be recorded: it will be told again.
 */
export type DisputeListener = (notice: DisputeNotice) => Promise<DisputeOutcome>;
