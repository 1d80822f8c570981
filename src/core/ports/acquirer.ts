/** What the core needs of an acquirer, and what an acquirer delivers by itself; amounts in minor units. */
import type { DisputeNotice, TakenNotice } from '../dispute/dispute.ts';
import type { CredentialUse } from '../instrument/agreement.ts';
import type { BillingAddress } from '../instrument/billing-address.ts';
import type { CardSummary, Cvc, Pan } from '../instrument/card.ts';
import type { CardChecks } from '../instrument/card-checks.ts';
import type { DeclineReason } from '../payment/decline.ts';
import type { FailureReason, OperationKind, SentKind, Trace } from '../payment/operation.ts';
import type { Totals } from '../settlement/settlement.ts';
import type { AuthenticationEvidence, Exemption } from '../three-d-secure/authentication.ts';

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
  /** For undoing: the part that was approved in time and is not wanted. Absent: no answer came. */
  readonly part?: { readonly amount: number; readonly approvalCode?: string };
  /** For a reversal: what remains of the original after it, minor units. */
  readonly remaining?: number;
  /** What 3-D Secure came to, for an authorization. */
  readonly authentication?: AuthenticationEvidence;
  /** Why the shopper was not authenticated, for an authorization. */
  readonly exemption?: Exemption;
  /** For an authorization: the shopper has ordered by mail or telephone. */
  readonly isByMailOrPhone?: true;
  /** For an authorization: what its issuer may compare. */
  readonly address?: BillingAddress;
}

/**
 * `not_sent`: no byte of it can have reached the host. `unknown`: it was, or may have been, sent, and no answer came in time or none
 * that could be trusted.
 */
export type AcquirerAnswer =
  | {
      readonly outcome: 'approved';
      readonly responseCode: string;
      readonly approvalCode?: string;
      readonly networkReference?: string;
      readonly checks?: CardChecks;
    }
  | {
      readonly outcome: 'partly_approved';
      readonly responseCode: string;
      /** Minor units; above zero and below what was asked for. */
      readonly approvedAmount: number;
      readonly approvalCode?: string;
      readonly networkReference?: string;
      readonly checks?: CardChecks;
    }
  | {
      readonly outcome: 'declined';
      readonly responseCode: string;
      readonly reason: DeclineReason;
      readonly hostCode?: string;
      /** What the scheme advises, in its own code. */
      readonly adviceCode?: string;
      readonly checks?: CardChecks;
    }
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

/**
 * Called by an acquirer when an answer comes that nobody waits for: after its time-out or an answer that was none, after a restart, or twice.
 * `read` tells what it means, given what was asked; undefined: it is the answer to something else. Resolves to whether it belongs to an
 * operation here; rejects when that cannot be known or recorded now: it will be told again.
 */
export type LateAnswerListener = (
  original: { readonly routingNumber: number; readonly rrn: string },
  read: (request: AcquirerRequest) => AcquirerAnswer | undefined,
) => Promise<boolean>;

export interface TraceScope {
  readonly accountId: string;
  readonly routingNumber: number;
}

/**
 * Called by an acquirer when it delivers a chargeback or its reversal. Resolves when that is recorded, or certainly concerns nobody here;
 * only then may the acquirer be answered. Rejects when it could not be recorded: it will be told again.
 */
export type DisputeListener = (notice: DisputeNotice) => Promise<TakenNotice>;
