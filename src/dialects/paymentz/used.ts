/**
 * References that pages have: an order of a link or of a form, and an invoice. Their attempts have keys of their own, so whoever takes money under a
 * reference asks here first.
 */
import { maskCardNumbers } from '../../core/instrument/mask.ts';
import { madeUuid } from '../../core/made-uuid.ts';
import { type CheckoutState, stateOfCheckout } from '../../core/payment/checkout.ts';
import type { Checkout } from '../../core/payment/checkout-terms.ts';
import type { Engine } from '../../core/payment/engine.ts';
import type { DialectContext } from '../dialect.ts';
import { paymentIdOf } from './write.ts';

export interface ReferenceOf {
  readonly merchantId: string;
  /** As the member sends it. */
  readonly reference: string;
}

interface OrderOfReference {
  readonly order: Checkout;
  readonly state: CheckoutState;
}

/** The latest order of links and forms, and the id of the next: there is none while the latest has not expired. */
export async function ordersOf(
  engine: Engine,
  { merchantId, reference }: ReferenceOf,
): Promise<{ readonly latest?: OrderOfReference; readonly nextId?: string }> {
  let latest: OrderOfReference | undefined;
  for (let expired = 0; ; expired += 1) {
    const orderId = orderIdOf(['order', merchantId, reference, ...(expired === 0 ? [] : [expired])]);
    const order = await engine.checkouts.findById({ merchantId, checkoutId: orderId });
    if (order === undefined) return { nextId: orderId, ...(latest === undefined ? {} : { latest }) };
    latest = { order, state: await stateOfCheckout(engine, order) };
    if (latest.state.kind !== 'expired') return { latest };
  }
}

/** The same for the same reference, however often it is asked for. */
function orderIdOf(parts: readonly (string | number)[]): string {
  return madeUuid(JSON.stringify(parts));
}

/** The payment that has begun under the reference, if one has; absent: it can be paid there. */
export interface Used {
  readonly paymentId?: string;
}

/** Undefined where no page has the reference. */
export async function usedByPage(context: DialectContext, given: ReferenceOf): Promise<Used | undefined> {
  const [byOrder, byInvoice] = await Promise.all([usedByOrder(context, given), usedByInvoice(context, given)]);
  return byOrder ?? byInvoice;
}

export async function usedByOrder({ engine }: DialectContext, given: ReferenceOf): Promise<Used | undefined> {
  const { latest } = await ordersOf(engine, given);
  return latest === undefined ? undefined : usedIn(latest.state);
}

export async function usedByInvoice({ engine }: DialectContext, { merchantId, reference }: ReferenceOf): Promise<Used | undefined> {
  const invoice = await engine.invoices.findByReference({ merchantId, reference: maskCardNumbers(reference) });
  const order = invoice === undefined ? undefined : await engine.checkouts.findById({ merchantId, checkoutId: invoice.orderId });
  return order === undefined ? undefined : usedIn(await stateOfCheckout(engine, order));
}

/** What ended before anything was tried has used nothing up. */
function usedIn({ kind, last }: CheckoutState): Used | undefined {
  if (last !== undefined) return { paymentId: paymentIdOf(last) };
  return kind === 'open' ? {} : undefined;
}
