/**
 * What an acquirer tells of a dispute becomes an operation of the payment. A chargeback has happened, so it is always recorded, also beyond
 * what the charge has left and whatever its state; what the merchant had declared is confirmed instead of counted again; what was recorded
 * before is known by its case number, whoever recorded it.
 */

import { setTimeout as delay } from 'node:timers/promises';
import { orderedId } from '../ordered-id.ts';
import { postedOn } from '../payment/chargeback.ts';
import type { Engine } from '../payment/engine.ts';
import { isCharge, isChargedBack, leftOf, type OperationNode, type OperationView, type PaymentTree } from '../payment/operation.ts';
import type { NewPosting } from '../ports/new-operation.ts';
import type { Dispute, DisputeNotice, TakenNotice } from './dispute.ts';

/** Tries against a payment that changes between reading and posting, and looks at a charge whose own answer is still being recorded. */
const triesAtMost = 40;
const pauseMs = 50;

/** Rejects when it could not be recorded now; whoever told it has to tell it again. */
export async function takeDisputeNotice(engine: Engine, notice: DisputeNotice): Promise<TakenNotice> {
  const named = await findNamed(engine, notice);
  if (typeof named === 'string') return unmatched(engine, notice, named);
  if (named.currency !== notice.currency) return unmatched(engine, notice, 'the operation of this RRN has another currency');
  const { merchantId, operationId } = named;
  for (let attempt = 1; attempt <= triesAtMost; attempt += 1) {
    // The payment first: what is posted after it was read changes the counters that the posting is held to, so nothing read later is too old.
    const tree = await engine.store.findTree({ merchantId, operationId });
    const known = await engine.store.findDispute({ merchantId, caseNumber: notice.caseNumber });
    if (tree === undefined) throw new Error(`the payment of operation ${operationId} cannot be read`);
    const outcome = await (notice.stage === 'chargeback' ? takeChargeback : takeReversal)(engine, { notice, known, tree, operationId });
    if (outcome !== undefined) return outcome;
    await delay(pauseMs, undefined, { ref: false });
  }
  throw new Error('the charge is still being recorded, or others post to it all the time');
}

/** The operation whose trace is told, whichever gateway has sent it; or why there is none. */
async function findNamed(engine: Engine, { original }: DisputeNotice): Promise<OperationView | string> {
  const { terminal, stan } = original;
  const own = await engine.store.findByTrace(original);
  if (own?.trace !== undefined && own.trace.terminal === terminal && (stan === undefined || own.trace.stan === stan)) return own;
  const imported = await engine.store.findImportedByTrace(original);
  if (imported !== undefined) return imported;
  return own === undefined ? 'no operation has this RRN' : 'the operation of this RRN has another terminal or STAN';
}

interface Context {
  readonly notice: DisputeNotice;
  /** The dispute of this case number. */
  readonly known: Dispute | undefined;
  readonly tree: PaymentTree;
  /** The operation whose trace the acquirer names. */
  readonly operationId: string;
}

/** Undefined: not now. */
async function takeChargeback(engine: Engine, { notice, known, tree, operationId }: Context): Promise<TakenNotice | undefined> {
  const { merchantId, paymentId } = tree;
  if (known !== undefined) {
    if (known.paymentId === paymentId) return { outcome: 'repeated', bookedAtMs: known.openedAtMs };
    return unmatched(engine, notice, `the case ${notice.caseNumber} is about another payment`);
  }
  const charges = chargesMeant(tree, operationId);
  if (charges.length === 0) return unmatched(engine, notice, 'the operation of this RRN took no money');
  const declared = (await engine.store.findDisputesOf({ merchantId, paymentId })).find(
    (dispute) =>
      dispute.caseNumber === undefined &&
      dispute.amount === notice.amount &&
      charges.some((charge) => charge.operationId === dispute.chargeId),
  );
  if (declared !== undefined) return confirm(engine, { notice, dispute: declared, operationId: declared.disputeId });
  const charge = charges.find((one) => !isChargedBack(one) && leftOf(one) >= notice.amount) ?? charges[0];
  // Its approval is on the way to the books, which may not be changed from two sides at the same moment.
  if (charge === undefined || charge.state === 'submitted') return undefined;
  if (charge.state !== 'approved' || isChargedBack(charge) || leftOf(charge) < notice.amount) {
    const { caseNumber, amount } = notice;
    const fields = { caseNumber, operationId: charge.operationId, state: charge.state, amount, left: leftOf(charge) };
    engine.log.warn(fields, 'a chargeback goes beyond what its charge has left; it is recorded, and an operator should look at it');
  }
  const disputeId = orderedId(engine.clock);
  return post(engine, { notice, tree, charge, row: { kind: 'chargeback', operationId: disputeId, disputeId } });
}

/** A reversal always follows its chargeback. */
async function takeReversal(engine: Engine, { notice, known, tree }: Context): Promise<TakenNotice | undefined> {
  if (known === undefined) return unmatched(engine, notice, 'no chargeback has this case number');
  if (known.paymentId !== tree.paymentId) return unmatched(engine, notice, `the case ${notice.caseNumber} is about another payment`);
  if (known.reversalConfirmedAtMs !== undefined)
    return { outcome: 'repeated', bookedAtMs: known.reversedAtMs ?? known.reversalConfirmedAtMs };
  if (known.amount !== notice.amount) return unmatched(engine, notice, `the chargeback is of ${known.amount}, not of ${notice.amount}`);
  if (known.reversalId !== undefined) return confirm(engine, { notice, dispute: known, operationId: known.reversalId });
  const charge = tree.operations.find(({ operationId }) => operationId === known.chargeId);
  if (charge === undefined) throw new Error(`the charge of dispute ${known.disputeId} is gone`);
  const row = { kind: 'chargeback_reversal', operationId: orderedId(engine.clock), disputeId: known.disputeId } as const;
  return post(engine, { notice, tree, charge, row });
}

/**
 * Some hosts name the capture, others the authorization that it belongs to. Without a capture that stands the authorization itself is meant:
 * the bank says that money was taken.
 */
function chargesMeant(tree: PaymentTree, operationId: string): readonly OperationNode[] {
  const named = tree.operations.find((operation) => operation.operationId === operationId);
  if (named === undefined) return [];
  if (isCharge(named)) return [named];
  if (named.kind !== 'preauthorization') return [];
  const captures = tree.operations.filter(({ kind, targetId }) => kind === 'capture' && targetId === operationId);
  const standing = captures.filter(({ state }) => state === 'approved' || state === 'unknown' || state === 'submitted');
  return standing.length > 0 ? standing : [named];
}

interface Posting {
  readonly notice: DisputeNotice;
  readonly tree: PaymentTree;
  readonly charge: OperationNode;
  readonly row: Pick<NewPosting, 'kind' | 'operationId' | 'disputeId'>;
}

/** The posting bears the merchant's reference of its charge, so that it is found where the merchant looks. */
async function post(engine: Engine, { notice, tree, charge, row }: Posting): Promise<TakenNotice | undefined> {
  const { merchantId, channelId, paymentId, currency } = tree;
  const { amount, caseNumber, schemeReason } = notice;
  const merchantReference = charge.merchantReference ?? tree.operations[0]?.merchantReference;
  const createdAtMs = engine.clock.businessNow();
  const submission = await engine.store.postOperation({
    ...{ merchantId, channelId, paymentId, currency, amount, caseNumber, ...row, ...postedOn(charge) },
    declared: false,
    dialectData: {},
    createdAtMs,
    ...(schemeReason === undefined ? {} : { schemeReason }),
    ...(merchantReference === undefined ? {} : { merchantReference }),
  });
  return submission === 'submitted' ? { outcome: 'recorded', bookedAtMs: createdAtMs } : undefined;
}

interface Confirmation {
  readonly notice: DisputeNotice;
  readonly dispute: Dispute;
  /** The operation that the merchant had declared. */
  readonly operationId: string;
}

async function confirm(engine: Engine, { notice, dispute, operationId }: Confirmation): Promise<TakenNotice | undefined> {
  const { merchantId, paymentId, disputeId } = dispute;
  const { stage, caseNumber, schemeReason } = notice;
  const confirmedAtMs = engine.clock.businessNow();
  const confirmed = await engine.store.confirmDispute({
    ...{ merchantId, paymentId, disputeId, operationId, stage, caseNumber, confirmedAtMs },
    ...(schemeReason === undefined ? {} : { schemeReason }),
  });
  const bookedAtMs = (stage === 'chargeback' ? dispute.openedAtMs : dispute.reversedAtMs) ?? confirmedAtMs;
  return confirmed ? { outcome: 'merged', bookedAtMs } : undefined;
}

function unmatched(
  engine: Engine,
  { stage, caseNumber, schemeReason, amount, currency, original }: DisputeNotice,
  why: string,
): TakenNotice {
  const fields = { stage, caseNumber, schemeReason, amount, currency, rrn: original.rrn, terminal: original.terminal, why };
  engine.log.error(fields, 'the acquirer told of a dispute that matches nothing here; an operator has to look at it');
  return { outcome: 'unmatched' };
}
