/** Payments as their member may find them: by number, or by the member's own reference; other dialects' payments are not here. */
import type { Channel } from '../../core/merchant/channel.ts';
import { storedKey } from '../../core/payment/idempotency.ts';
import { firstKinds, type OperationNode, type PaymentTree } from '../../core/payment/operation.ts';
import type { DialectContext } from '../dialect.ts';
import { dialect } from './auth.ts';

export interface FoundPayment {
  readonly channel: Channel;
  readonly tree: PaymentTree;
  readonly first: OperationNode;
}

/** Undefined also for what is another member's. */
export async function findByNumber(
  context: DialectContext,
  merchantId: string,
  paymentNumber: number | undefined,
): Promise<FoundPayment | undefined> {
  if (paymentNumber === undefined) return undefined;
  const operationId = await context.engine.store.findByNumber({ merchantId, paymentNumber });
  return operationId === undefined ? undefined : findByOperation(context, merchantId, operationId);
}

/** The payment that was asked for under this reference, with whatever terminal; those of pages have keys of their own. */
export async function findByKey(context: DialectContext, merchantId: string, reference: string): Promise<FoundPayment | undefined> {
  const { engine, directory } = context;
  for (const { channelId } of await directory.channelsOf({ dialect, merchantId })) {
    const found = await engine.store.findByKey({ merchantId, channelId, key: storedKey(engine, reference) });
    if (found !== undefined) return findByOperation(context, merchantId, found.operationId);
  }
  return undefined;
}

/** The payment that has this reference, with whatever terminal or on whatever page it was made. */
export async function findByReference(context: DialectContext, merchantId: string, reference: string): Promise<FoundPayment | undefined> {
  const { engine, directory } = context;
  const keyed = await findByKey(context, merchantId, reference);
  if (keyed !== undefined) return keyed;
  for (const { channelId } of await directory.channelsOf({ dialect, merchantId })) {
    const search = { merchantId, channelId, merchantReference: reference, kinds: firstKinds, offset: 0, limit: 1 };
    const [operation] = (await engine.store.search(search)).operations;
    if (operation !== undefined) return findByOperation(context, merchantId, operation.operationId);
  }
  return undefined;
}

async function findByOperation(
  { engine, directory }: DialectContext,
  merchantId: string,
  operationId: string,
): Promise<FoundPayment | undefined> {
  const tree = await engine.store.findTree({ merchantId, operationId });
  const [first] = tree?.operations ?? [];
  if (tree === undefined || first === undefined) return undefined;
  const channel = (await directory.channelsOf({ dialect, merchantId })).find(({ channelId }) => channelId === tree.channelId);
  return channel === undefined ? undefined : { channel, tree, first };
}
