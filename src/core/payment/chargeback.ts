/**
 * Chargeback and its reversal as a merchant declares them: what its bank has told it on paper. Nobody is asked, so what is declared is posted
 * at once, and marked: it stands on the merchant's word until the acquirer tells the same (`core/dispute/take-notice.ts`).
 */
import { orderedId } from '../ordered-id.ts';
import type { NewPosting } from '../ports/new-operation.ts';
import { refusal } from '../refusals.ts';
import { chargeMeant } from '../risk/review.ts';
import type { ActResult, Engine } from './engine.ts';
import { resultOfFailure, resultOfHolder } from './idempotency.ts';
import { type Decide, decideAndRecord, type OperateCommand, refuseUnsuccessful, type Submittal } from './operate.ts';
import { isCharge, isChargedBack, leftOf, type OperationNode, type OperationView, type PaymentTree } from './operation.ts';

export function chargeback(engine: Engine, command: OperateCommand): Promise<ActResult> {
  return declare(engine, 'chargeback', command, decideChargeback);
}

export function chargebackReversal(engine: Engine, command: OperateCommand): Promise<ActResult> {
  return declare(engine, 'chargeback_reversal', command, decideChargebackReversal);
}

/** One for each charge, of what is left of it; without an amount, of all that is left. */
export const decideChargeback: Decide = (tree, target, { amount }) => {
  const named = chargeMeant(tree, target);
  if (!isCharge(named)) return refusal('wrong_kind');
  const unsuccessful = refuseUnsuccessful(named);
  if (unsuccessful !== undefined) return unsuccessful;
  if (isChargedBack(named)) return refusal('already_charged_back');
  if (named.chargedBack > 0) return refusal('charged_back_before');
  const left = leftOf(named);
  if (left <= 0) return refusal('already_charged_back');
  const wanted = amount ?? left;
  if (wanted > left) return refusal('exceeds_captured', 'amount');
  return { target: named, amount: wanted };
};

/** Of the chargeback that is named, or of the last one of the charge that is named; always whole. */
export const decideChargebackReversal: Decide = (tree, named, { amount }) => {
  const meant = chargeMeant(tree, named);
  const found = named.kind === 'chargeback' ? named : chargebackOf(tree, meant);
  if (found === undefined) return refusal(isCharge(meant) ? 'no_chargeback' : 'wrong_kind');
  const charge = tree.operations.find(({ operationId }) => operationId === found.targetId);
  if (charge === undefined) return refusal('no_chargeback');
  if (isReversed(tree, found)) return refusal('chargeback_already_reversed');
  if (amount !== undefined && amount !== found.amount) return refusal('chargeback_amount_differs', 'amount');
  return { target: charge, amount: found.amount, disputeId: found.operationId };
};

/** The chargeback of a charge that a reversal could mean: one that is not reversed, else any. */
function chargebackOf(tree: PaymentTree, charge: OperationNode): OperationNode | undefined {
  const all = tree.operations.filter(({ kind, targetId }) => kind === 'chargeback' && targetId === charge.operationId);
  return all.find((one) => !isReversed(tree, one)) ?? all[0];
}

function isReversed(tree: PaymentTree, { operationId }: OperationNode): boolean {
  return tree.operations.some(({ kind, disputeId }) => kind === 'chargeback_reversal' && disputeId === operationId);
}

function declare(engine: Engine, kind: NewPosting['kind'], command: OperateCommand, decide: Decide): Promise<ActResult> {
  return decideAndRecord(engine, { kind, command, decide, record: (submittal) => post(engine, kind, submittal) });
}

/** Undefined when the charge changed since it was read: the act decides anew. */
async function post(engine: Engine, kind: NewPosting['kind'], { command, tree, decision, key }: Submittal): Promise<ActResult | undefined> {
  const { channel, merchantReference, dialectData } = command;
  const { merchantId, channelId } = channel;
  const { target, amount } = decision;
  const operationId = orderedId(engine.clock);
  const row: NewPosting = {
    ...{ merchantId, channelId, paymentId: tree.paymentId, operationId, kind, amount, currency: tree.currency, dialectData, ...key },
    ...postedOn(target),
    disputeId: decision.disputeId ?? operationId,
    declared: true,
    createdAtMs: engine.clock.businessNow(),
    ...(merchantReference === undefined ? {} : { merchantReference }),
  };
  try {
    const submission = await engine.store.postOperation(row);
    if (submission === 'guard_failed') return undefined;
    if (submission === 'key_taken') return resultOfHolder(engine, row);
    return { kind: 'recorded', operation: viewOf(row, target, 'approved'), repeat: false };
  } catch (error) {
    return resultOfFailure(engine, error, row, viewOf(row, target, 'submitted'));
  }
}

/** The charge that a posting is about, with the counters that it was decided on. */
export function postedOn(target: OperationNode): Pick<NewPosting, 'targetId' | 'targetKind' | 'seen'> {
  const { operationId, kind, chargedBack, chargebackReversed } = target;
  return { targetId: operationId, targetKind: kind, seen: { chargedBack, chargebackReversed } };
}

/** `submitted`: whether it was recorded is not known. */
function viewOf(row: NewPosting, target: OperationNode, state: 'approved' | 'submitted'): OperationView {
  const { merchantId, channelId, paymentId, operationId, kind, amount, currency, targetId, disputeId, declared } = row;
  const { dialectData, createdAtMs, merchantReference } = row;
  return {
    ...{ merchantId, channelId, paymentId, operationId, kind, amount, currency, targetId, disputeId, declared },
    ...{ dialectData, createdAtMs, state },
    ...(target.card === undefined ? {} : { card: target.card }),
    ...(merchantReference === undefined ? {} : { merchantReference }),
  };
}
