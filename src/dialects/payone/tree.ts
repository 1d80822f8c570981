/** Payments as this dialect looks at them: the whole tree. */
import type { OperationNode, PaymentTree } from '../../core/payment/operation.ts';

export { isCharge, isChargedBack, leftOf } from '../../core/payment/operation.ts';
export type { OperationState } from '../../core/states/operation.ts';
export type { OperationNode, PaymentTree };

export function firstOf({ operations, paymentId }: PaymentTree): OperationNode {
  const [first] = operations;
  if (first === undefined) throw new Error(`payment ${paymentId} has no operation`);
  return first;
}

export function operationIn(tree: PaymentTree, number: number): OperationNode | undefined {
  return tree.operations.find((operation) => operation.number === number);
}
