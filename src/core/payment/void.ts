/**
 * Reversal: gives up a hold that was not captured, or takes back a capture or a debit as if it had not been. At the acquirer it is a
 * reversal advice that states what remains of the original (DE95), so only one may be under way for an original at a time: two remainders
 * would contradict each other.
 */
import { refusal } from '../refusals.ts';
import { callOff } from './call-off.ts';
import type { ActResult, Engine } from './engine.ts';
import { type Decide, type OperateCommand, operate, refuseUnsuccessful } from './operate.ts';
import { isChargedBack } from './operation.ts';
import { refuseWhenUnavailable } from './store-failure.ts';

/** A payment that still waits for its shopper is called off; what is recorded then is that payment itself, without an operation of its own. */
export async function voidOperation(engine: Engine, command: OperateCommand): Promise<ActResult> {
  const result = await operate(engine, 'reversal', command, decideVoid);
  if (result.kind !== 'refused' || result.refusal.code !== 'operation_pending') return result;
  return refuseWhenUnavailable(engine, async () => {
    const operation = await callOff(engine, command);
    return operation === undefined ? result : { kind: 'recorded', operation, repeat: false };
  });
}

const reversible = ['preauthorization', 'debit', 'capture', 'rebill', 'receipt'] as const;

/** Without an amount, all that is left is reversed. */
export const decideVoid: Decide = (tree, named, command) => {
  if (!reversible.some((kind) => kind === named.kind)) return refusal('wrong_kind');
  const unsuccessful = refuseUnsuccessful(named);
  if (unsuccessful !== undefined) return unsuccessful;
  if (named.bank !== undefined && named.kind !== 'preauthorization') return refusal('void_not_supported');
  return named.kind === 'preauthorization' ? decideRelease(tree, named, command) : decideChargeReversal(tree, named, command);
};

const decideRelease: Decide = (tree, named, { amount }) => {
  if (tree.releasePending > 0) return refusal('payment_busy');
  const left = tree.authorized - tree.captured - tree.capturePending - tree.released;
  if (left <= 0) return refusal('nothing_left');
  const wanted = amount ?? left;
  if (wanted > left) return refusal('exceeds_authorized', 'amount');
  // A bank calls an order off as a whole.
  if (named.bank !== undefined && wanted !== left) return refusal('void_not_supported', 'amount');
  return { target: named, amount: wanted, remaining: tree.authorized - tree.released - wanted };
};

const decideChargeReversal: Decide = (_tree, named, { amount }) => {
  if (isChargedBack(named)) return refusal('charged_back');
  if (named.refunded + named.refundPending > 0) return refusal('already_refunded');
  if (named.settled) return refusal('already_settled');
  if (named.reversePending > 0) return refusal('payment_busy');
  const left = named.amount - named.reversed;
  if (left <= 0) return refusal('already_refunded');
  const wanted = amount ?? left;
  if (wanted > left) return refusal('exceeds_captured', 'amount');
  return { target: named, amount: wanted, remaining: left - wanted };
};
