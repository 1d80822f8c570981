/** What happened to a payment, as it was when it happened. */
import type { OperationState } from '../states/operation.ts';
import type { PaymentState } from '../states/payment.ts';

export interface PaymentEventRecord {
  readonly sequence: number;
  /** `<operation kind>.<what became of it>`, as in `debit.approved`. */
  readonly name: string;
  readonly paymentState: PaymentState;
  readonly operationState: OperationState;
  /** The payment's amounts after it, in minor units. */
  readonly snapshot: Readonly<Record<string, string | number>>;
  /** Business time, epoch ms. */
  readonly happenedAtMs: number;
}
