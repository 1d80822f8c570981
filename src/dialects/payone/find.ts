/** Payments as their merchant may find them: by the number on the wire, within the account that asks. */
import type { Channel } from '../../core/merchant/channel.ts';
import { withAuthentication } from '../../core/three-d-secure/view.ts';
import type { DialectContext } from '../dialect.ts';
import { fromWireId } from './ids.ts';
import { Problem, type ProblemId } from './problem.ts';
import { firstOf, type OperationNode, operationIn, type PaymentTree } from './tree.ts';

export interface Found {
  readonly tree: PaymentTree;
  /** The one that the id names. */
  readonly operation: OperationNode;
}

export interface Wanted {
  readonly channel: Channel;
  readonly id: string;
  /** What is said when it is not there. */
  readonly unknown?: ProblemId;
}

/** Throws a 404 for whatever is not the account's own. */
export async function findOwn({ engine }: DialectContext, { channel, id, unknown = 'UNKNOWN_PAYMENT_ID' }: Wanted): Promise<Found> {
  const wireId = fromWireId(id);
  const { merchantId, channelId } = channel;
  const propertyName = unknown === 'UNKNOWN_PAYOUT_ID' ? 'payoutId' : 'paymentId';
  const problem = new Problem(unknown, { status: 404, propertyName });
  if (wireId === undefined) throw problem;
  const operationId = await engine.store.findByNumber({ merchantId, paymentNumber: wireId.paymentNumber });
  const tree = operationId === undefined ? undefined : await engine.store.findTree({ merchantId, operationId });
  const operation = tree === undefined ? undefined : operationIn(tree, wireId.index);
  if (tree === undefined || operation === undefined || tree.channelId !== channelId) throw problem;
  const isPayout = firstOf(tree).kind === 'payout';
  if (isPayout !== (unknown === 'UNKNOWN_PAYOUT_ID')) throw problem;
  return { tree, operation };
}

/** With what came of 3-D Secure. */
export async function authenticated({ engine }: DialectContext, { tree, operation }: Found): Promise<Found> {
  const first = firstOf(tree);
  if (first.bank !== undefined) return { tree, operation };
  const view = { ...first, ...(await withAuthentication(engine, first)) };
  const operations = tree.operations.map((one) => (one.number === 0 ? view : one));
  return { tree: { ...tree, operations }, operation: operation.number === 0 ? view : operation };
}
