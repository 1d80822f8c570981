/**
 * Receipt: the money of an order at a bank has come. The merchant may declare it from its own statement; the bank tells it as well, by itself. Both mean
 * the same money, so what the bank tells first confirms what was declared, and only the rest is a receipt of its own.
 */
import { orderedId } from '../ordered-id.ts';
import type { NewReceipt } from '../ports/new-operation.ts';
import { refusal } from '../refusals.ts';
import type { ActResult, Engine } from './engine.ts';
import { resultOfFailure, resultOfHolder } from './idempotency.ts';
import { type Decide, decideAndRecord, type OperateCommand, refuseUnsuccessful, type Submittal } from './operate.ts';
import type { OperationNode, OperationView } from './operation.ts';

/** Declares a receipt, in one part or several, up to what was ordered. */
export function receipt(engine: Engine, command: OperateCommand): Promise<ActResult> {
  return decideAndRecord(engine, { kind: 'receipt', command, decide: decideReceipt, record: (submittal) => declare(engine, submittal) });
}

/** Without an amount, all that has not come yet is meant. */
export const decideReceipt: Decide = (tree, named, { amount }) => {
  if (named.bank === undefined) return refusal('receipt_not_supported');
  if (named.kind !== 'preauthorization') return refusal(named.targetId === undefined ? 'receipt_by_bank_only' : 'wrong_kind');
  const unsuccessful = refuseUnsuccessful(named);
  if (unsuccessful !== undefined) return unsuccessful;
  const left = tree.authorized - tree.captured - tree.capturePending - tree.released - tree.releasePending;
  const wanted = amount ?? left;
  if (wanted <= 0 || wanted > left) return refusal('exceeds_authorized', 'amount');
  return { target: named, amount: wanted };
};

/** Undefined when the payment changed since it was read: the act decides anew. */
async function declare(engine: Engine, { command, tree, decision, key }: Submittal): Promise<ActResult | undefined> {
  const { channel, merchantReference, dialectData } = command;
  const { merchantId, channelId } = channel;
  const row: NewReceipt = {
    ...{ merchantId, channelId, paymentId: tree.paymentId, operationId: orderedId(engine.clock), orderId: decision.target.operationId },
    ...{ amount: decision.amount, currency: tree.currency, dialectData, ...key },
    createdAtMs: engine.clock.businessNow(),
    ...(merchantReference === undefined ? {} : { merchantReference }),
  };
  try {
    const submission = await engine.store.declareReceipt(row);
    if (submission === 'guard_failed') return undefined;
    if (submission === 'key_taken') return resultOfHolder(engine, row);
    return { kind: 'recorded', operation: viewOf(row, decision.target, 'approved'), repeat: false };
  } catch (error) {
    return resultOfFailure(engine, error, row, viewOf(row, decision.target, 'submitted'));
  }
}

/** `submitted`: whether it was recorded is not known. */
function viewOf(row: NewReceipt, order: OperationNode, state: 'approved' | 'submitted'): OperationView {
  const { merchantId, channelId, paymentId, operationId, amount, currency, orderId: targetId, dialectData, createdAtMs } = row;
  return {
    ...{ merchantId, channelId, paymentId, operationId, kind: 'receipt', amount, currency, targetId, dialectData, createdAtMs, state },
    declared: true,
    ...(order.bank === undefined ? {} : { bank: order.bank }),
    ...(row.merchantReference === undefined ? {} : { merchantReference: row.merchantReference }),
  };
}

/** A receipt that was declared, and how much of it the bank has told so far; minor units. */
export interface DeclaredReceipt {
  readonly operationId: string;
  readonly amount: number;
  readonly confirmed: number;
}

/** What becomes of money that the bank tells of; the parts add up to it. */
export interface ReceiptSplit {
  readonly confirms: readonly { readonly operationId: string; readonly amount: number; readonly isWhole: boolean }[];
  /** A receipt of its own. */
  readonly posted: number;
  /** More than was ordered, or for an order that does not stand. */
  readonly unassigned: number;
}

/** `left`: what was ordered and has neither come nor been declared. What was declared goes first, the oldest first. */
export function splitReceipt(amount: number, declared: readonly DeclaredReceipt[], left: number): ReceiptSplit {
  const confirms: ReceiptSplit['confirms'][number][] = [];
  let rest = amount;
  for (const one of declared) {
    const open = one.amount - one.confirmed;
    const part = Math.min(open, rest);
    if (part <= 0) continue;
    confirms.push({ operationId: one.operationId, amount: part, isWhole: part === open });
    rest -= part;
  }
  const posted = Math.min(rest, left);
  return { confirms, posted, unassigned: rest - posted };
}
