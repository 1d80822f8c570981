/**
 * A merchant takes back a payment that still waits for its shopper: nothing of it was ever sent, so there is nothing to reverse. The run of 3-D Secure
 * ends, the payment is rejected as canceled, and its shopper, wherever they are by then, is told so and led back to the shop. Where the shopper is to pay
 * at a bank, the bank calls it off first, and has the last word.
 */
import { callOffAtBank } from '../bank/ask.ts';
import type { Engine } from './engine.ts';
import type { OperateCommand } from './operate.ts';
import type { OperationView } from './operation.ts';
import { callOff } from './shopper-step.ts';

/**
 * The payment as it then stands; undefined when it does not wait for its shopper, its issuer is just being asked, only a part is meant, or somebody was
 * faster. Rejects when the database is away.
 */
export async function takeBackAwaiting(
  engine: Engine,
  { channel, operationId, amount }: OperateCommand,
): Promise<OperationView | undefined> {
  const { merchantId } = channel;
  const view = await engine.store.findOperation({ merchantId, operationId });
  if (view === undefined || (amount !== undefined && amount !== view.amount)) return undefined;
  if (view.bank !== undefined) return (await callOffAtBank(engine, view)) ? engine.store.findOperation(view) : undefined;
  if (view.state !== 'awaiting') return undefined;
  const visit = await engine.shoppers.visits.find({ merchantId, visitId: operationId });
  if (visit === undefined || visit.isOver || visit.authentication.state === 'asked') return undefined;
  await callOff(engine, { merchantId, visitId: operationId });
  const now = await engine.store.findOperation({ merchantId, operationId });
  return now?.state === 'rejected' ? now : undefined;
}
