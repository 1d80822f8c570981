/** The tree of a payment that was made a moment ago: what is known of it without the database, where it may not stand. */
import type { OperationNode, OperationView, PaymentTree } from './operation.ts';

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
