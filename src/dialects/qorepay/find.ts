/** Purchases as those may find them who ask: the merchant's own by key, or whoever knows the address. */
import type { Channel } from '../../core/merchant/channel.ts';
import type { OperationView } from '../../core/payment/operation.ts';
import { type OrderView, readOrder } from '../../core/payment/order.ts';

import { readRecorded } from '../../core/payment/store-failure.ts';
import { nodeOfNew, treeOfNew } from '../../core/payment/tree-of-new.ts';
import type { OperationState } from '../../core/states/operation.ts';
import type { DialectContext } from '../dialect.ts';
import { routingNumberOf } from './ids.ts';
import { notFound } from './problem.ts';
import type { Writing } from './write.ts';

export interface Found {
  readonly view: OrderView;
  readonly channel: Channel;
}

/** The merchant's own purchase, or payout; throws 404 when there is none, also when it is another merchant's. */
export async function findOwn(
  context: DialectContext,
  merchantId: string,
  purchaseId: string,
  what: 'purchase' | 'payout' = 'purchase',
): Promise<Found> {
  const id = purchaseId.toLowerCase();
  if (routingNumberOf(id) === undefined) throw notFound();
  const view = await readOrder(context.engine, { merchantId, checkoutId: id });
  if (view === undefined || view.order.dialect !== 'qorepay' || isPayout(view) !== (what === 'payout')) throw notFound();
  const channel = await context.directory.channel({ dialect: 'qorepay', wireId: view.order.wireId });
  if (channel === undefined || !channel.enabled) throw notFound();
  return { view, channel };
}

export function isPayout({ order }: OrderView): boolean {
  return order.terms.order.kind === 'payout';
}

/** The purchase, or payout, at this address, whoever's it is; throws 404. */
export async function findByAddress(context: DialectContext, purchaseId: string, what?: 'payout'): Promise<Found> {
  const routingNumber = routingNumberOf(purchaseId.toLowerCase());
  if (routingNumber === undefined) throw notFound();
  const merchantId = await context.engine.shoppers.visits.merchantOf(routingNumber);
  if (merchantId === undefined) throw notFound();
  return findOwn(context, merchantId, purchaseId, what);
}

/** As it is by now, whatever was done to it. */
export async function asItIs(context: DialectContext, { view }: Found, operationId?: string): Promise<OrderView> {
  const { merchantId, checkoutId } = view.order;
  const now = await readOrder(context.engine, { merchantId, checkoutId, ...(operationId === undefined ? {} : { operationId }) });
  if (now === undefined) throw notFound();
  return now;
}

/** The same after something was recorded, also while the database restarts: nobody may be told that nothing was. `operationId`: as for `readOrder`. */
export function again(context: DialectContext, found: Found, operationId?: string): Promise<OrderView> {
  return readRecorded(context.engine, () => asItIs(context, found, operationId));
}

/**
 * The same after an act on it. An act that was perhaps recorded, and is not found, is shown as not answered: its merchant can take it neither for done nor for
 * refused.
 */
export async function afterAct(context: DialectContext, found: Found, operation: OperationView): Promise<OrderView> {
  const { targetId, operationId: madeId } = operation;
  const view = await again(context, found, targetId === undefined ? madeId : undefined);
  const isThere = view.payments.some(({ operations }) => operations.some(({ operationId }) => operationId === madeId));
  return isThere ? view : withUnanswered(view, operation);
}

function withUnanswered(view: OrderView, operation: OperationView): OrderView {
  const { paymentId, operationId, kind, createdAtMs } = operation;
  const others = view.payments.filter((tree) => tree.paymentId !== paymentId);
  const own = view.payments.find((tree) => tree.paymentId === paymentId);
  const tree = own === undefined ? treeOfNew(operation) : { ...own, operations: [...own.operations, nodeOfNew(operation)] };
  const operationState: OperationState = 'unknown';
  const event = {
    ...{ sequence: Number.MAX_SAFE_INTEGER, name: `${kind}.${operationState}`, happenedAtMs: createdAtMs },
    ...{ operationState, paymentState: tree.state, snapshot: {} },
  };
  return { ...view, payments: [...others, tree], paymentEvents: [...view.paymentEvents, { paymentId, operationId, event }] };
}

export function writingFor({ engine, mode }: DialectContext, channel: Channel): Writing {
  return { mode, channel, publicUrl: engine.shoppers.publicUrl, nowMs: engine.clock.businessNow() };
}
