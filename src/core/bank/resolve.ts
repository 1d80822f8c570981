/** Resolution at a bank: payments are looked at until they have an outcome, acts are repeated until they are answered. Nothing is undone by guess. */
import { backOffMs } from '../due/back-off.ts';
import { outcomeOf, recordSurely } from '../payment/conclude.ts';
import type { Engine } from '../payment/engine.ts';
import { isFirstKind } from '../payment/operation.ts';
import type { ClaimedOperation } from '../ports/payment-store.ts';
import { repeatAct } from './act.ts';
import { askBank } from './ask.ts';
import { askOfTransfer } from './transfer.ts';

const pauses = { firstMs: 500, atMostMs: 60_000 };
/** The money of a payment that its shopper has put off may take days, and so may a transfer. */
const deferredPauseMs = 300_000;

/** Works on one operation that is due. Rejects when the database is away. */
export async function resolveAtBank(engine: Engine, claimed: ClaimedOperation): Promise<void> {
  const { operation, attempt } = claimed;
  const { merchantId, operationId, reason } = operation;
  const isTransfer = operation.kind === 'payout';
  const mayTakeDays = reason === 'payment_deferred' || (isTransfer && operation.state === 'pending');
  // However long a bank is away, it will be able to tell one day.
  const afterMs = mayTakeDays ? deferredPauseMs : backOffMs(attempt - 1, pauses);
  if (isTransfer) await askOfTransfer(engine, operation);
  else if (isFirstKind(operation.kind)) await askBank(engine, operation);
  else if (await hasOutcome(engine, claimed)) return;
  // Nothing is put off any more once it has an outcome.
  await engine.store.postpone({ merchantId, operationId, counts: true, afterMs });
}

async function hasOutcome(engine: Engine, claimed: ClaimedOperation): Promise<boolean> {
  const { operation, target } = claimed;
  if (operation.state === 'pending') return true;
  const answer = await repeatAct(engine, claimed);
  if (answer.outcome === 'not_sent' || answer.outcome === 'unknown') return false;
  const open = { view: operation, ...(target === undefined ? {} : { targetKind: target.kind }) };
  await recordSurely(engine, { ...outcomeOf(open, answer), from: operation.state });
  return true;
}
