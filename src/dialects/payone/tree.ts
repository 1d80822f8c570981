/** Payments as this dialect looks at them: the whole tree, also of a payment that was made a moment ago and has one operation. */
import type { OperationNode, OperationView, PaymentTree } from '../../core/payment/operation.ts';

export { isCharge, isChargedBack, leftOf } from '../../core/payment/operation.ts';
export type { OperationState } from '../../core/states/operation.ts';
export type { OperationNode, PaymentTree };

/** A new payment, without asking the database for what is known. */
export function treeOfNew(view: OperationView): PaymentTree {
  const { merchantId, channelId, paymentId, currency, state, kind, amount } = view;
  const isApproved = state === 'approved';
  return {
    ...{ merchantId, channelId, paymentId, currency },
    state: isApproved ? (kind === 'preauthorization' ? 'authorized' : kind === 'payout' ? 'paid_out' : 'captured') : 'processing',
    authorized: isApproved && kind === 'preauthorization' ? amount : 0,
    captured: isApproved && kind === 'debit' ? amount : 0,
    ...{ capturePending: 0, released: 0, releasePending: 0 },
    operations: [nodeOfNew(view)],
  };
}

/** An operation that nothing has followed yet. */
export function nodeOfNew(view: OperationView): OperationNode {
  const none = { refunded: 0, refundPending: 0, reversed: 0, reversePending: 0, chargedBack: 0, chargebackReversed: 0 };
  return { ...view, ...none, settled: false, number: 0 };
}

export function firstOf({ operations, paymentId }: PaymentTree): OperationNode {
  const [first] = operations;
  if (first === undefined) throw new Error(`payment ${paymentId} has no operation`);
  return first;
}

export function operationIn(tree: PaymentTree, number: number): OperationNode | undefined {
  return tree.operations.find((operation) => operation.number === number);
}
