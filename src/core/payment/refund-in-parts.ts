/**
 * A refund of a payment that was captured in several parts. Some protocols hold it to what was captured in all; at the acquirer each refund is of one
 * capture, so what none of them bears alone is refunded from several, the oldest first, each an operation of its own.
 *
 * The first part is decided and keyed like any refund, and carries the plan of all. The others follow from the plan alone: who repeats the request, or
 * asks at the same moment, makes what is missing of them, and no part twice; and where nobody does, the gateway itself.
 */
import { doEach } from '../due/each.ts';
import { exchangeLeaseMs } from '../due/lease.ts';
import type { DueWork } from '../due/work.ts';
import type { Channel, Directory } from '../merchant/channel.ts';
import type { DueRefund } from '../ports/refunds-in-parts.ts';
import { refusal, refused } from '../refusals.ts';
import { isUnsuccessful } from '../states/operation.ts';
import type { ActResult, Engine } from './engine.ts';
import { type Decide, type OperateCommand, operate } from './operate.ts';
import { leftOf, type OperationNode, type OperationView, type PaymentTree } from './operation.ts';
import { capturesIn, decideRefund, isRefunding, refundableOf } from './refund.ts';

/** In the data of the first part: the number of each capture, in the order of the parts, and what it bears; `1:300 2:700`. */
const planKey = 'refundParts';
/** In the data of all others: the first part. */
const firstKey = 'refundFirst';

/** After half of the time since it was asked for. */
const againAfterMs = 1_000;
const againAtMostMs = 600_000;

/** Like `refund`, but of all that was captured where the command names the authorization. The operation it brings is the refund with all its parts. */
export async function refundInParts(engine: Engine, command: OperateCommand): Promise<ActResult> {
  const first = await operate(engine, 'refund', command, decideFirstPart);
  if (first.kind === 'refused' || first.operation.dialectData[planKey] === undefined) return first;
  const { operation } = first;
  try {
    const isWhole = await makeOthers(engine, command, operation);
    if (isWhole) await engine.refundsInParts.finish(operation);
    const tree = isWhole ? await engine.store.findTree(operation) : undefined;
    if (tree !== undefined) return { ...first, operation: refundAsAsked(tree, operation) };
  } catch (error) {
    engine.log.error({ operationId: operation.operationId, error: String(error) }, 'parts of a refund could not be made or read');
  }
  // The rest follows. A repeat is told of all of it; without a key there is none, and what stands is told.
  return command.idempotencyKey === undefined ? first : refused('key_in_flight', 'idempotencyKey');
}

/** Refunds of a payment as they were asked for, and all other operations as they are. */
export function operationsAsAsked(tree: PaymentTree): readonly OperationNode[] {
  return tree.operations.flatMap((operation) => (isLaterPart(operation) ? [] : [asAsked(tree, operation)]));
}

/** The refund that an operation is a part of, as it was asked for; any other operation as it is. */
export function refundAsAsked<O extends OperationView>(tree: PaymentTree, operation: O): O | OperationNode {
  const { dialectData, operationId } = operation;
  const firstId = dialectData[firstKey] ?? (dialectData[planKey] === undefined ? undefined : operationId);
  const first = tree.operations.find((one) => one.operationId === firstId);
  return first === undefined ? operation : asAsked(tree, first);
}

/** It belongs to a refund that was begun with another operation. */
export function isLaterPart({ dialectData }: Pick<OperationView, 'dialectData'>): boolean {
  return dialectData[firstKey] !== undefined;
}

/** The refund by whose id all of its parts are known. */
export function firstPartOf({ dialectData, operationId }: Pick<OperationView, 'dialectData' | 'operationId'>): string {
  return dialectData[firstKey] ?? operationId;
}

const decideFirstPart: Decide = (tree, named, command) => {
  if (command.alone === true && isRefunding(tree)) return refusal('payment_busy');
  const captures = named.kind === 'preauthorization' ? capturesIn(tree).filter((capture) => refundableOf(capture) > 0) : [];
  const all = captures.reduce((sum, capture) => sum + leftOf(capture), 0);
  const asked = command.amount ?? all;
  const [oldest] = captures;
  if (oldest === undefined || asked <= 0 || asked > all || captures.some((capture) => leftOf(capture) >= asked)) {
    return decideRefund(tree, named, command);
  }
  let left = asked;
  const plan = captures.flatMap((capture) => {
    const amount = Math.min(leftOf(capture), left);
    left -= amount;
    return amount === 0 ? [] : [`${capture.number}:${amount}`];
  });
  return { target: oldest, amount: leftOf(oldest), inParts: true, dialectData: { [planKey]: plan.join(' ') } };
};

interface Part {
  /** Of the capture. */
  readonly number: number;
  readonly amount: number;
}

function planOf({ dialectData }: OperationView): readonly Part[] {
  const parts = dialectData[planKey]?.split(' ') ?? [];
  return parts.map((part) => {
    const [number, amount] = part.split(':').map(Number);
    return { number: number ?? 0, amount: amount ?? 0 };
  });
}

/** Makes what is missing of refunds that were cut off between their parts. */
export function dueRefunds(engine: Engine, directory: Pick<Directory, 'channelById'>): DueWork {
  return {
    name: 'parts of refunds',
    async run(limit) {
      const leaseMs = exchangeLeaseMs(engine);
      return doEach(engine.log, {
        taken: await engine.refundsInParts.claimDue({ businessNowMs: engine.clock.businessNow(), limit, leaseMs }),
        act: (due) => engine.within({ work: 'refund', operationId: due.operationId }, () => goOn(engine, directory, due)),
        namesOf: ({ operationId }) => ({ operationId }),
        waits: 'the parts of a refund wait for their next try',
      });
    },
    nextDueAtMs: () => engine.refundsInParts.nextDueAtMs(),
  };
}

async function goOn(engine: Engine, directory: Pick<Directory, 'channelById'>, due: DueRefund): Promise<boolean> {
  const first = await engine.store.findOperation(due);
  const channel = await directory.channelById(due);
  if (first === undefined || channel === undefined) throw new Error(`there is no refund ${due.operationId} with its channel`);
  if (!(await makeOthers(engine, asAskedFor(first, channel), first))) {
    const sinceMs = engine.clock.businessNow() - first.createdAtMs;
    await engine.refundsInParts.putOff(due, Math.min(Math.max(sinceMs / 2, againAfterMs), againAtMostMs));
    return false;
  }
  await engine.refundsInParts.finish(due);
  return true;
}

/** What the merchant has sent, as far as the parts need it. */
function asAskedFor({ operationId, merchantReference, dialectData }: OperationView, channel: Channel): OperateCommand {
  const { [planKey]: _plan, ...own } = dialectData;
  return { channel, operationId, dialectData: own, ...(merchantReference === undefined ? {} : { merchantReference }) };
}

/**
 * False when a part could not be asked for now, or could not be sent. One that is refused, since its capture was refunded or charged back meanwhile, is
 * left out; so is one that the acquirer has declined.
 */
async function makeOthers(engine: Engine, command: OperateCommand, first: OperationView): Promise<boolean> {
  if (!stands(first)) return true;
  const tree = await engine.store.findTree(first);
  if (tree === undefined) return false;
  const { currency: _currency, once: _once, alone: _alone, referenceKey: _referenceKey, ...shared } = command;
  let isWhole = true;
  for (const { number, amount } of planOf(first).slice(1)) {
    const capture = tree.operations.find((operation) => operation.number === number);
    if (capture === undefined) throw new Error(`the refund ${first.operationId} is of a capture that is not there`);
    const tries = partsOf(tree, first).filter(({ targetId }) => targetId === capture.operationId);
    if (tries.some((part) => !isUnsent(part))) continue;
    const part: OperateCommand = {
      ...{ ...shared, operationId: capture.operationId, amount, keyMatchesAnyInput: true },
      dialectData: { ...command.dialectData, [firstKey]: first.operationId },
      idempotencyKey: `part ${number}${tries.length === 0 ? '' : ` try ${tries.length + 1}`} of ${first.operationId}`,
    };
    const made = await operate(engine, 'refund', part, decideRefund);
    if (made.kind === 'refused' ? made.refusal.retryable : isUnsent(made.operation)) isWhole = false;
  }
  return isWhole;
}

/** Those after the first, with all tries. */
function partsOf({ operations }: PaymentTree, { operationId }: OperationView): readonly OperationNode[] {
  return operations.filter(({ dialectData }) => dialectData[firstKey] === operationId);
}

/** No acquirer was there to be asked, so it may be asked again. */
function isUnsent({ state, reason }: OperationView): boolean {
  return state === 'failed' && reason === 'acquirer_unreachable';
}

/**
 * As one operation: the first part, with the sum of what stands, or all that was asked for where nothing does. It is under way while any part is, and
 * has succeeded when any has.
 */
function asAsked(tree: PaymentTree, first: OperationNode): OperationNode {
  const plan = planOf(first);
  if (plan.length === 0) return first;
  const standing = [first, ...partsOf(tree, first)].filter(stands);
  const amount = sumOf(standing.length === 0 ? plan : standing);
  const telling = standing.find(({ state }) => state !== 'approved') ?? standing[0] ?? first;
  return { ...telling, operationId: first.operationId, number: first.number, createdAtMs: first.createdAtMs, amount };
}

function sumOf(parts: readonly { readonly amount: number }[]): number {
  return parts.reduce((sum, { amount }) => sum + amount, 0);
}

/** What is refused gives back nothing; what is not answered yet may. */
function stands({ state }: OperationView): boolean {
  return !isUnsuccessful(state);
}
