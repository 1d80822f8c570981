/** What the second transaction of an operation writes. */
import type { CardChecks } from '../instrument/card-checks.ts';
import type { OperationKind } from '../payment/operation.ts';
import type { OperationEvent, OperationState } from '../states/operation.ts';

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
  /** Of a part that the merchant does not take: how much it is. */
  readonly approvedPart?: number;
  /** The event happens only to an operation in this state. */
  readonly from: OperationState;
  readonly event: OperationEvent;
  readonly token?: string;
  readonly approvalCode?: string;
  readonly responseCode?: string;
  readonly hostCode?: string;
  readonly adviceCode?: string;
  readonly checks?: CardChecks;
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
