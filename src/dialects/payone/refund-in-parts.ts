/**
 * A refund of a payment that was captured in several parts. The platform holds it to what was captured in all; at the acquirer each refund is of one
 * capture, so what none of them bears alone is refunded from several, the oldest first, each an operation of its own.
 */
import type { ActResult, Engine } from '../../core/payment/engine.ts';
import type { OperateCommand } from '../../core/payment/operate.ts';
import { refund } from '../../core/payment/refund.ts';
import { chargesIn } from './states.ts';
import { isChargedBack, leftOf, type OperationNode, type OperationState, type PaymentTree } from './tree.ts';

/** In the data of the first part: the amount that was asked for, so that a repeat of the request asks for the same. */
const wholeKey = 'refundWhole';
/** In the data of all others: the first part. */
const firstKey = 'refundFirst';

export interface RefundInParts {
  /** What decides the answer: the refund, or the first part of it. */
  readonly first: ActResult;
  /** What of all parts stands or is under way, in minor units; absent: the amount of the first. */
  readonly amount?: number;
}

interface Refund {
  readonly before: PaymentTree;
  /** What the request names: the payment, or one of its captures. */
  readonly target: OperationNode;
  readonly command: OperateCommand;
}

export async function refundInParts(engine: Engine, { before, target, command }: Refund): Promise<RefundInParts> {
  const charges = chargesIn(before).filter((charge) => charge.kind === 'capture' && !isChargedBack(charge) && leftOf(charge) > 0);
  const all = charges.reduce((sum, charge) => sum + leftOf(charge), 0);
  const asked = command.amount ?? all;
  const needsSeveral =
    target.kind === 'preauthorization' && asked > 0 && asked <= all && !charges.some((charge) => leftOf(charge) >= asked);
  const [oldest] = charges;
  const first = await refund(
    engine,
    needsSeveral && oldest !== undefined
      ? {
          ...command,
          operationId: oldest.operationId,
          amount: leftOf(oldest),
          dialectData: { ...command.dialectData, [wholeKey]: `${asked}` },
        }
      : command,
  );
  if (first.kind === 'refused' || !stands(first.operation.state)) return { first };
  const whole = first.operation.dialectData[wholeKey];
  return whole === undefined ? { first } : { first, amount: await refundRest(engine, command, { first, whole: Number(whole) }) };
}

/** The other parts, until all is refunded that was asked for. A repeat finds what was made, and makes what is missing. Returns the sum of all parts. */
async function refundRest(
  engine: Engine,
  { idempotencyKey, ...command }: OperateCommand,
  { first, whole }: { readonly first: Extract<ActResult, { readonly kind: 'recorded' }>; readonly whole: number },
): Promise<number> {
  const { merchantId, operationId } = first.operation;
  const tree = await engine.store.findTree({ merchantId, operationId });
  const made = tree?.operations.filter(({ dialectData }) => dialectData[firstKey] === operationId) ?? [];
  let sum = [first.operation, ...made].filter(({ state }) => stands(state)).reduce((total, { amount }) => total + amount, 0);
  let part = made.length + 1;
  for (const charge of tree === undefined ? [] : chargesIn(tree)) {
    const amount = Math.min(isChargedBack(charge) ? 0 : leftOf(charge), whole - sum);
    if (amount <= 0 || charge.kind !== 'capture') continue;
    part += 1;
    const result = await refund(engine, {
      ...{ ...command, operationId: charge.operationId, amount },
      dialectData: { ...command.dialectData, [firstKey]: operationId },
      ...(idempotencyKey === undefined ? {} : { idempotencyKey: `${idempotencyKey} part ${part}` }),
    });
    if (result.kind === 'recorded' && stands(result.operation.state)) sum += result.operation.amount;
  }
  return sum;
}

/** What is refused gives back nothing; what is not answered yet may. */
function stands(state: OperationState): boolean {
  return state !== 'declined' && state !== 'rejected' && state !== 'failed' && state !== 'undone';
}
