/** Refund: returns captured money, in one part or several, up to what each capture or debit took. */
import { refusal } from '../refusals.ts';
import type { ActResult, Engine } from './engine.ts';
import { type Decide, type OperateCommand, operate, refuseUnsuccessful } from './operate.ts';
import { isCharge, isChargedBack, leftOf, type OperationNode, type PaymentTree } from './operation.ts';

export function refund(engine: Engine, command: OperateCommand): Promise<ActResult> {
  return operate(engine, 'refund', command, decideRefund);
}

/** Without an amount, all that is left of the capture or debit is refunded. */
export const decideRefund: Decide = (tree, named, { amount, once, alone }) => {
  const target = named.kind === 'preauthorization' ? capturedOf(tree, amount) : named;
  if (target === undefined || !isCharge(target)) return refusal('wrong_kind');
  const unsuccessful = refuseUnsuccessful(target);
  if (unsuccessful !== undefined) return unsuccessful;
  if (isChargedBack(target)) return refusal('charged_back');
  if (once === true && target.refunded + target.refundPending > 0) return refusal('already_refunded');
  if (alone === true && isRefunding(tree)) return refusal('payment_busy');
  const left = leftOf(target);
  const wanted = amount ?? left;
  if (wanted <= 0 || wanted > left) return refusal('exceeds_captured', 'amount');
  return { target, amount: wanted };
};

/**
 * Merchants often name the authorization, whose id they kept: then the capture is meant that can bear the refund, the oldest first; if
 * none can, the one with most left, so that the refusal speaks of its amounts.
 */
function capturedOf(tree: PaymentTree, amount: number | undefined): OperationNode | undefined {
  const captures = capturesIn(tree);
  const able = captures.find((capture) => refundableOf(capture) >= (amount ?? 1));
  return able ?? captures.toSorted((a, b) => refundableOf(b) - refundableOf(a))[0];
}

/** Whether a refund of the payment has no outcome yet. */
export function isRefunding({ operations }: PaymentTree): boolean {
  return operations.some(({ refundPending }) => refundPending > 0);
}

/** What took the money of an authorization, oldest first. */
export function capturesIn({ operations }: PaymentTree): readonly OperationNode[] {
  return operations.filter(({ kind, state }) => (kind === 'capture' || kind === 'receipt') && state === 'approved');
}

export function refundableOf(charge: OperationNode): number {
  return isChargedBack(charge) ? 0 : leftOf(charge);
}
