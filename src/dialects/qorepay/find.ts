/** Purchases as those may find them who ask: the merchant's own by key, or whoever knows the address. */
import type { Channel } from '../../core/merchant/channel.ts';
import { type OrderView, readOrder } from '../../core/payment/order.ts';
import { readRecorded } from '../../core/payment/store-failure.ts';
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

/** The same after something was recorded, also while the database restarts: nobody may be told that nothing was. */
export function again(context: DialectContext, found: Found, operationId?: string): Promise<OrderView> {
  return readRecorded(context.engine, () => asItIs(context, found, operationId));
}

export function writingFor({ engine, mode }: DialectContext, channel: Channel): Writing {
  return { mode, channel, publicUrl: engine.shoppers.publicUrl, nowMs: engine.clock.businessNow() };
}
