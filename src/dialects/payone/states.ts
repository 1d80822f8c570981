/**
 * Status, category and number of payments and operations: the platform's old numbers (5 authorized, 9 paid, 8 refunded, 2 refused …), derived from
 * states and amounts. Total over core's states and kinds.
 */
import { isCapturing, isInReview, stateShown } from '../../core/risk/review.ts';
import { isCharge, isChargedBack, leftOf, type OperationNode, type OperationState, type PaymentTree } from './tree.ts';

export interface Status {
  readonly status: string;
  readonly category: string;
  readonly code: number;
}

const table = {
  1: ['CANCELLED', 'UNSUCCESSFUL'],
  2: ['REJECTED', 'UNSUCCESSFUL'],
  41: ['PENDING_PAYMENT', 'PENDING_PAYMENT'],
  46: ['REDIRECTED', 'PENDING_CONNECT_OR_3RD_PARTY'],
  5: ['PENDING_CAPTURE', 'PENDING_MERCHANT'],
  50: ['AUTHORIZATION_REQUESTED', 'PENDING_CONNECT_OR_3RD_PARTY'],
  51: ['AUTHORIZATION_REQUESTED', 'PENDING_CONNECT_OR_3RD_PARTY'],
  52: ['AUTHORIZATION_REQUESTED', 'PENDING_CONNECT_OR_3RD_PARTY'],
  6: ['CANCELLED', 'UNSUCCESSFUL'],
  61: ['CANCELLED', 'PENDING_MERCHANT'],
  62: ['CANCELLED', 'PENDING_CONNECT_OR_3RD_PARTY'],
  63: ['CANCELLATION_REJECTED', 'UNSUCCESSFUL'],
  7: ['REVERSED', 'REVERSED'],
  8: ['REFUNDED', 'REFUNDED'],
  81: ['REFUND_REQUESTED', 'PENDING_CONNECT_OR_3RD_PARTY'],
  82: ['REFUND_REQUESTED', 'PENDING_CONNECT_OR_3RD_PARTY'],
  83: ['REJECTED', 'UNSUCCESSFUL'],
  9: ['CAPTURED', 'COMPLETED'],
  91: ['CAPTURE_REQUESTED', 'PENDING_CONNECT_OR_3RD_PARTY'],
  92: ['CAPTURE_REQUESTED', 'PENDING_CONNECT_OR_3RD_PARTY'],
  93: ['REJECTED_CAPTURE', 'UNSUCCESSFUL'],
  96: ['CANCELLED', 'COMPLETED'],
} as const satisfies Readonly<Record<number, readonly [string, string]>>;

export type StatusCode = keyof typeof table;

export function statusOf(code: StatusCode): Status {
  const [status, category] = table[code];
  return { status, category, code };
}

/** Numbers of an act: asked for, not answered, done, refused. */
type ActCodes = readonly [requested: StatusCode, uncertain: StatusCode, done: StatusCode, refused: StatusCode];

function codeIn([requested, uncertain, done, refused]: ActCodes, state: OperationState): StatusCode {
  switch (state) {
    case 'awaiting':
    case 'submitted':
    case 'pending':
      return requested;
    case 'unknown':
    case 'escalated':
      return uncertain;
    case 'approved':
      return done;
    case 'declined':
    case 'rejected':
    case 'failed':
    case 'undone':
      return refused;
  }
}

/** An act by itself, as the lists of acts show it. */
export function codeOfOperation(operation: OperationNode): StatusCode {
  switch (operation.kind) {
    case 'preauthorization':
      return codeOfFirst(operation, 5);
    case 'debit':
    case 'rebill':
      return codeOfFirst(operation, 9);
    case 'payout':
      return codeIn([81, 82, 8, 2], operation.state);
    case 'capture':
      return codeIn([91, 92, 9, 93], operation.state);
    case 'refund':
      return codeIn([81, 82, 8, 83], operation.state);
    case 'reversal':
      return codeIn([61, 62, 6, 63], operation.state);
    case 'receipt':
      return 9;
    case 'chargeback':
      return 7;
    case 'chargeback_reversal':
      return 96;
  }
}

/** Authorized and held for review: the verdict is somebody else's. */
const reviewed = 50;

function codeOfFirst(operation: OperationNode, approved: StatusCode): StatusCode {
  const { bank, reason } = operation;
  // The capture that follows has numbers of its own.
  if (isCapturing(operation)) return approved;
  switch (stateShown(operation)) {
    case 'awaiting':
      return 46;
    case 'submitted':
      return bank === undefined ? 51 : 46;
    case 'unknown':
    case 'escalated':
      return bank === undefined ? 52 : 46;
    case 'pending':
      return isInReview(operation) ? reviewed : reason === 'payment_deferred' ? 41 : 46;
    case 'approved':
      return approved;
    case 'rejected':
    case 'declined':
      return reason === 'shopper_canceled' ? 1 : 2;
    case 'failed':
    case 'undone':
      return 2;
  }
}

/** What of the hold can still be captured or given up. */
export function heldIn({ authorized, captured, capturePending, released, releasePending }: PaymentTree): number {
  return authorized - captured - capturePending - released - releasePending;
}

function sum(operations: readonly OperationNode[], part: (operation: OperationNode) => number): number {
  return operations.reduce((total, operation) => total + part(operation), 0);
}

export function chargesIn({ operations }: PaymentTree): readonly OperationNode[] {
  return operations.filter((operation) => isCharge(operation) && operation.state === 'approved');
}

/** What of the captured money can be refunded, in minor units. */
export function refundableIn(tree: PaymentTree): number {
  return sum(
    chargesIn(tree).filter((charge) => !isChargedBack(charge)),
    leftOf,
  );
}

const isUncertain = ({ state }: OperationNode): boolean => state === 'unknown' || state === 'escalated';

/** The payment as a whole, with all that has followed. */
export function codeOfPayment(tree: PaymentTree): StatusCode {
  const [first] = tree.operations;
  if (first === undefined) throw new Error(`payment ${tree.paymentId} has no operation`);
  if (isInReview(first)) return reviewed;
  if (isRefusedByReview(first) || first.state !== 'approved' || first.kind === 'payout') return codeOfOperation(first);
  if (first.kind !== 'preauthorization') return codeOfCharged(tree);
  if (heldIn(tree) > 0) return 5;
  if (tree.capturePending > 0) return tree.operations.some((one) => one.kind === 'capture' && isUncertain(one)) ? 92 : 91;
  if (tree.captured > 0) return codeOfCharged(tree);
  if (tree.releasePending > 0) return tree.operations.some((one) => one.kind === 'reversal' && isUncertain(one)) ? 62 : 61;
  return 6;
}

function codeOfCharged(tree: PaymentTree): StatusCode {
  const charges = chargesIn(tree);
  if (charges.some(isChargedBack)) return 7;
  if (sum(charges, leftOf) > 0) return 9;
  if (sum(charges, ({ refundPending }) => refundPending) > 0) {
    return tree.operations.some((one) => one.kind === 'refund' && isUncertain(one)) ? 82 : 81;
  }
  return sum(charges, ({ refunded }) => refunded) > 0 ? 8 : 7;
}

/** It was authorized, and is as good as refused. */
function isRefusedByReview(first: OperationNode): boolean {
  return stateShown(first) === 'rejected';
}

/** An act that was just asked for and has succeeded is told as asked for: the platform settles it a moment later, and clients wait for that. */
export function justAsked(code: StatusCode): StatusCode {
  switch (code) {
    case 9:
      return 91;
    case 8:
      return 81;
    case 6:
      return 61;
    default:
      return code;
  }
}
