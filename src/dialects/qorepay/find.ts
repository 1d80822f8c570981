/** Purchases as those may find them who ask: the merchant's own by key, or whoever knows the address. */
import type { Channel } from '../../core/merchant/channel.ts';
import { type OrderView, readOrder } from '../../core/payment/order.ts';
import type { DialectContext } from '../dialect.ts';
import { routingNumberOf } from './ids.ts';
import { notFound } from './problem.ts';
import type { Writing } from './write.ts';

export interface Found {
  readonly view: OrderView;
  readonly channel: Channel;
}

/** The merchant's own purchase; throws 404 when there is none, also when it is another merchant's. */
export async function findOwn(context: DialectContext, merchantId: string, purchaseId: string): Promise<Found> {
  const id = purchaseId.toLowerCase();
  if (routingNumberOf(id) === undefined) throw notFound();
  const view = await readOrder(context.engine, { merchantId, checkoutId: id });
  if (view === undefined || view.order.dialect !== 'qorepay') throw notFound();
  const channel = await context.directory.channel({ dialect: 'qorepay', wireId: view.order.wireId });
  if (channel === undefined || !channel.enabled) throw notFound();
  return { view, channel };
}

/** The purchase at this address, whoever's it is; throws 404. */
export async function findByAddress(context: DialectContext, purchaseId: string): Promise<Found> {
  const routingNumber = routingNumberOf(purchaseId.toLowerCase());
  if (routingNumber === undefined) throw notFound();
  const merchantId = await context.engine.shoppers.visits.merchantOf(routingNumber);
  if (merchantId === undefined) throw notFound();
  return findOwn(context, merchantId, purchaseId);
}

/** As it is after something was done to it. */
export async function again(context: DialectContext, { view }: Found, operationId?: string): Promise<OrderView> {
  const { merchantId, checkoutId } = view.order;
  const now = await readOrder(context.engine, { merchantId, checkoutId, ...(operationId === undefined ? {} : { operationId }) });
  if (now === undefined) throw notFound();
  return now;
}

export function writingFor({ engine, mode }: DialectContext, channel: Channel): Writing {
  return { mode, channel, publicUrl: engine.shoppers.publicUrl, nowMs: engine.clock.businessNow() };
}
