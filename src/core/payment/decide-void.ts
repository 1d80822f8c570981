/** What a reversal may take: of a hold what is not captured, of a charge what is not refunded, settled or disputed. */
import { refusal } from '../refusals.ts';
import { chargeMeant } from '../risk/review.ts';
import { type Decide, refuseUnsuccessful } from './operate.ts';
import { isChargedBack } from './operation.ts';

const reversible = ['preauthorization', 'debit', 'capture', 'rebill', 'receipt'] as const;

/** Without an amount, all that is left is reversed. */
export const decideVoid: Decide = (tree, named, command) => {
  if (!reversible.some((kind) => kind === named.kind)) return refusal('wrong_kind');
  const unsuccessful = refuseUnsuccessful(named);
  if (unsuccessful !== undefined) return unsuccessful;
  const charge = chargeMeant(tree, named);
  if (charge !== named) return decideChargeReversal(tree, charge, command);
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
