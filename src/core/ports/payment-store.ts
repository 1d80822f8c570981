/** What the core needs of the store of payments and operations. */
import type { Dispute, DisputeStage } from '../dispute/dispute.ts';
import type { CredentialUse } from '../instrument/agreement.ts';
import type { OperatorAct } from '../operator/operator-act.ts';
import type { CardBlock, CardDecline, PastDecline } from '../payment/card-block.ts';
import type { OperationView, PaymentTree, Trace } from '../payment/operation.ts';
import type { OperationSearch, OperationsFound } from '../payment/search.ts';
import type {
  BankReceiptNotice,
  CardSubmission,
  NewAccountPayout,
  NewBankPayment,
  NewOperation,
  NewPayment,
  NewPosting,
  NewReceipt,
  Submission,
} from './new-operation.ts';
import type { OutcomeToRecord, RecordedOutcome } from './outcome.ts';

/** An open operation leased for its resolution: nobody else resolves it until the lease ends. */
export interface ClaimedOperation {
  readonly operation: OperationView & { readonly cardId?: string };
  /** An approval of it has come after its time-out. */
  readonly lateApproved: boolean;
  readonly target?: OperationView;
  /** Messages sent to resolve it so far, this one included. */
  readonly attempt: number;
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

export interface PaymentStore {
  /** First transaction of a payment. */
  submitPayment(row: NewPayment): Promise<CardSubmission>;
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
  /** The imported operation whose message, sent by another gateway, bore this trace; undefined also when several did. */
  findImportedByTrace(trace: {
    readonly rrn: string;
    readonly terminal: string;
    readonly stan?: string;
  }): Promise<OperationView | undefined>;
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
   * Makes operations due for resolution that were made before this moment (wall time, epoch ms) and are still only submitted: after so long, on the
   * database's clock, whoever waited for their answer is gone.
   */
  markOrphans(request: { readonly createdBeforeMs: number; readonly afterMs: number }): Promise<number>;
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
