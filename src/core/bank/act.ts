/** Refunds and reversals at a bank: asked under a reference of their own, so that a repeat is never a second one. */
import { conclude, type OpenOperation } from '../payment/conclude.ts';
import type { Engine } from '../payment/engine.ts';
import type { OperationView } from '../payment/operation.ts';
import type { AcquirerAnswer } from '../ports/acquirer.ts';
import type { ClaimedOperation } from '../ports/payment-store.ts';
import type { BankAct, BankActAnswer } from './bank.ts';

/** Sends an act that was just recorded; `bearer`: the payment at the bank that it is about. */
export async function actAtBank(engine: Engine, open: OpenOperation, bearer: OperationView): Promise<OperationView> {
  return conclude(engine, open, await send(engine, open.view, bearer));
}

/** Repeats an act that was not answered. */
export async function repeatAct(engine: Engine, { operation, target }: ClaimedOperation): Promise<AcquirerAnswer> {
  const bearer = await bearerOf(engine, target);
  return bearer === undefined ? { outcome: 'unknown', cause: 'the payment cannot be read' } : send(engine, operation, bearer);
}

/** A receipt was never sent itself: what acts upon it names its order. */
async function bearerOf({ store }: Engine, target: OperationView | undefined): Promise<OperationView | undefined> {
  if (target?.kind !== 'receipt' || target.targetId === undefined) return target;
  return store.findOperation({ merchantId: target.merchantId, operationId: target.targetId });
}

async function send({ bank }: Engine, view: OperationView, bearer: OperationView): Promise<AcquirerAnswer> {
  const act = actOf(view, bearer);
  if (bank === undefined || act === undefined) return { outcome: 'not_sent', cause: 'there is no such bank' };
  return answerOf(await bank.act(act));
}

function actOf({ kind, trace, amount }: OperationView, { trace: original }: OperationView): BankAct | undefined {
  if (trace === undefined || original === undefined || (kind !== 'refund' && kind !== 'reversal')) return undefined;
  return { kind, trace, original, amount };
}

function answerOf(answer: BankActAnswer): AcquirerAnswer {
  switch (answer.outcome) {
    case 'done':
      return { outcome: 'approved', responseCode: answer.responseCode };
    case 'refused':
      return { outcome: 'declined', responseCode: answer.responseCode, reason: 'unspecified' };
    case 'not_sent':
    case 'unknown':
      return answer;
  }
}
