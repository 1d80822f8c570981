/** Where a payment and its operations stand, in the words of the protocol. Total over the core's states. */
import type { OperationKind, OperationNode, OperationView, PaymentTree } from '../../core/payment/operation.ts';
import { stateShown } from '../../core/risk/review.ts';
import { byReason } from '../by-reason.ts';
import { declines, failures, type ResultWords, rejections } from './refusals.ts';

export const statuses = [
  ...(['pending_customer', 'processing', 'authorised', 'captured', 'partially_captured', 'partially_refunded', 'refunded'] as const),
  ...(['declined', 'failed', 'cancelled', 'expired', 'chargeback'] as const),
] as const;

export type Status = (typeof statuses)[number];

/** Of an act upon a payment. */
export type ActStatus = 'processing' | 'succeeded' | 'failed';

export function statusOfAct(operation: Pick<OperationView, 'kind' | 'state' | 'reason'>): ActStatus {
  switch (stateShown(operation)) {
    case 'awaiting':
    case 'submitted':
    case 'pending':
    case 'unknown':
    case 'escalated':
      return 'processing';
    case 'approved':
      return 'succeeded';
    case 'declined':
    case 'rejected':
    case 'failed':
    case 'undone':
      return 'failed';
  }
}

/** The payment's first operation. */
export function firstOf({ operations, paymentId }: PaymentTree): OperationNode {
  const first = operations.find(({ targetId }) => targetId === undefined);
  if (first === undefined) throw new Error(`payment ${paymentId} has no first operation`);
  return first;
}

/** Amounts in minor units, of what has certainly happened. */
export interface Amounts {
  readonly authorised: number;
  /** Without what was taken back as if it had not been. */
  readonly captured: number;
  readonly refunded: number;
  /** And not won back. */
  readonly chargedBack: number;
}

export function amountsOf(tree: PaymentTree): Amounts {
  const sum = (of: (operation: OperationNode) => number) => tree.operations.reduce((total, operation) => total + of(operation), 0);
  const first = firstOf(tree);
  const isCharge = first.kind !== 'preauthorization' && first.state === 'approved';
  return {
    authorised: isCharge ? first.amount : tree.authorized,
    captured: (isCharge ? first.amount : tree.captured) - sum(({ reversed }) => reversed),
    refunded: sum(({ refunded }) => refunded),
    chargedBack: sum(({ chargedBack, chargebackReversed }) => chargedBack - chargebackReversed),
  };
}

export function statusOf(tree: PaymentTree): Status {
  const first = firstOf(tree);
  switch (stateShown(first)) {
    case 'awaiting':
      return 'pending_customer';
    case 'submitted':
    case 'pending':
    case 'unknown':
    case 'escalated':
      return 'processing';
    case 'undone':
    case 'failed':
      return 'failed';
    case 'declined':
      return 'declined';
    case 'rejected':
      return byReason(rejections, first.reason)?.[0] ?? 'declined';
    case 'approved':
      return tree.operations.some((act) => act !== first && statusOfAct(act) === 'processing') ? 'processing' : statusOfApproved(tree);
  }
}

function statusOfApproved(tree: PaymentTree): Status {
  const { captured, refunded, chargedBack } = amountsOf(tree);
  if (chargedBack > 0) return 'chargeback';
  if (tree.state === 'voided') return 'cancelled';
  if (refunded > 0) return refunded >= captured ? 'refunded' : 'partially_refunded';
  if (captured === 0) return 'authorised';
  return tree.state === 'captured' ? 'captured' : 'partially_captured';
}

/** What the answer says of it: nothing while it is not known. */
export function resultOf(operation: Pick<OperationView, 'kind' | 'state' | 'reason'>): ResultWords | undefined {
  const { reason } = operation;
  switch (stateShown(operation)) {
    case 'awaiting':
    case 'submitted':
    case 'pending':
    case 'unknown':
    case 'escalated':
      return undefined;
    case 'approved':
      return ['00', 'approved'];
    case 'declined':
      return byReason(declines, reason) ?? declines.unspecified;
    case 'rejected': {
      const [, code, message] = byReason(rejections, reason) ?? rejections.invalid_card_number;
      return [code, message];
    }
    case 'failed':
      return byReason(failures, reason) ?? failures.acquirer_unreachable;
    case 'undone':
      return ['processor_timeout', 'the processor did not answer; the payment was reversed'];
  }
}

/** What acts are called, and how their ids begin; the first operations are the payment itself. */
export const actNames = {
  capture: ['capture', 'cap'],
  reversal: ['void', 'void'],
  refund: ['refund', 'ref'],
  chargeback: ['chargeback', 'cb'],
  chargeback_reversal: ['chargeback_reversal', 'cbr'],
  receipt: ['receipt', 'rcp'],
} as const satisfies Readonly<Partial<Record<OperationKind, readonly [name: string, prefix: string]>>>;

export type ActKind = keyof typeof actNames;

export function isAct(kind: OperationKind): kind is ActKind {
  return Object.hasOwn(actNames, kind);
}
