/**
 * Invoices: an order, and mails to the shopper with the way to pay it. A reference of the merchant's has one invoice that can be paid at a time: a new one
 * takes the place of one that was called off or has expired.
 */
import { isDeepStrictEqual } from 'node:util';
import { madeUuid } from '../made-uuid.ts';
import type { InvoiceMail } from '../mail/invoice.ts';
import type { Channel } from '../merchant/channel.ts';
import { stateOfCheckout } from '../payment/checkout.ts';
import type { Checkout, CheckoutTerms } from '../payment/checkout-terms.ts';
import type { Engine } from '../payment/engine.ts';
import { closeOrder, openOrderOnce } from '../payment/order.ts';
import { type Refusal, type Refused, refusal } from '../refusals.ts';
import type { Invoice } from './invoice-store.ts';
import { mailOrder } from './mail-order.ts';

/** `open`: it can be paid. `pending`: what was tried has no certain outcome. `replaced`: another one has taken its place. */
export type InvoiceState = 'open' | 'pending' | 'paid' | 'cancelled' | 'expired' | 'replaced';

export interface InvoiceView {
  readonly invoice: Invoice;
  readonly order: Checkout;
  readonly state: InvoiceState;
  /** The first operation of the payment that has paid it. */
  readonly operationId?: string;
}

export interface NewInvoice {
  readonly channel: Channel;
  readonly terms: CheckoutTerms;
  readonly reference: string;
  /** One plain address, as `isMailAddress` wants it: else no mail is sent. */
  readonly email: string;
  readonly periodMs: number;
  readonly details: Readonly<Record<string, string>>;
  /** The invoice whose place it takes; one that could still be paid is called off, without a mail of its own. */
  readonly replaces?: InvoiceView;
  readonly isTest: boolean;
}

export type Issued =
  | Refused
  /** The reference has an invoice already. */
  | { readonly kind: 'taken' }
  | { readonly kind: 'issued'; readonly invoice: Invoice };

const dayMs = 86_400_000;

/**
 * Records the invoice and mails it. A crash on the way leaves an order that nobody knows of, which the same request takes up again. The invoice that it
 * replaces is called off once the order has its reference, and before anybody can pay the new one.
 */
export async function issueInvoice(engine: Engine, given: NewInvoice): Promise<Issued> {
  const { channel, terms, reference, email, periodMs, details, replaces } = given;
  const { merchantId, channelId } = channel;
  const old = replaces?.invoice;
  const orderId = orderIdOf([merchantId, reference, String(old?.reference === reference ? old.invoiceNumber : 0)]);
  const createdAtMs = engine.clock.businessNow();
  const refused = await openOrderOnce(engine, channel, { orderId, terms, expiresAtMs: createdAtMs + periodMs });
  if (refused !== undefined) return { kind: 'refused', refusal: refused };
  const order = await engine.checkouts.findById({ merchantId, checkoutId: orderId });
  // What the shopper is mailed is what the page asks for: an order with other terms belongs to another request of the same moment, or to one before.
  if (order === undefined || !isDeepStrictEqual(order.terms, JSON.parse(JSON.stringify(terms)))) return { kind: 'taken' };
  if (replaces?.state === 'open') {
    const kept = await cancelInvoice(engine, { view: replaces, channel, isTest: given.isTest, silently: true });
    if (kept !== undefined) return { kind: 'refused', refusal: kept };
  }
  const { expiresAtMs = createdAtMs + periodMs } = order;
  const made = {
    ...{ merchantId, channelId, orderId, reference, email, details, createdAtMs },
    // Whoever has two days or more is reminded on the last one.
    ...(periodMs >= 2 * dayMs ? { remindAtMs: expiresAtMs - dayMs } : {}),
  };
  const invoiceNumber = await engine.invoices.create(made);
  if (invoiceNumber === undefined) return { kind: 'taken' };
  const invoice: Invoice = { ...made, invoiceNumber };
  if (old !== undefined) await engine.invoices.replace({ merchantId, invoiceNumber: old.invoiceNumber, by: invoiceNumber });
  await mail(engine, { invoice, channel, terms, expiresAtMs }, { purpose: 'issued', isTest: given.isTest });
  return { kind: 'issued', invoice };
}

/** A reference that has an invoice gets another one only in the place of that one. */
export async function isReferenceTaken(engine: Engine, { merchantId, reference: own }: Invoice, reference: string): Promise<boolean> {
  return reference !== own && (await engine.invoices.findByReference({ merchantId, reference })) !== undefined;
}

/** The same order for the same invoice: of two requests at once one makes it. */
function orderIdOf(parts: readonly string[]): string {
  return madeUuid(JSON.stringify(['invoice', ...parts]));
}

export async function viewInvoice(engine: Engine, invoice: Invoice): Promise<InvoiceView> {
  const { merchantId, orderId } = invoice;
  const order = await engine.checkouts.findById({ merchantId, checkoutId: orderId });
  if (order === undefined) throw new Error(`invoice ${invoice.invoiceNumber} has no order`);
  const state = await stateOfCheckout(engine, order);
  switch (state.kind) {
    case 'succeeded':
      return { invoice, order, state: 'paid', operationId: state.last.targetId ?? state.last.operationId };
    case 'pending':
      return { invoice, order, state: 'pending' };
    case 'closed':
      return { invoice, order, state: invoice.replacedBy === undefined ? 'cancelled' : 'replaced' };
    case 'expired':
    case 'exhausted':
    case 'kept':
      return { invoice, order, state: invoice.replacedBy === undefined ? 'expired' : 'replaced' };
    case 'open':
      return { invoice, order, state: 'open' };
  }
}

/** Calls it off and tells the shopper; refused when it is paid, or about to be. `silently`: the shopper hears of another one instead. */
export async function cancelInvoice(
  engine: Engine,
  {
    view,
    channel,
    isTest,
    silently,
  }: { readonly view: InvoiceView; readonly channel: Channel; readonly isTest: boolean; readonly silently?: true },
): Promise<Refusal | undefined> {
  const { invoice, order } = view;
  const refused = await closeOrder(engine, order, 'cancelled');
  if (refused !== undefined) return refused;
  await engine.invoices.endReminder(invoice);
  if (silently !== true) await mail(engine, { invoice, channel, terms: order.terms }, { purpose: 'cancelled', isTest });
  return undefined;
}

/** Tells the shopper again; refused when there is nothing to pay. */
export async function remindOfInvoice(
  engine: Engine,
  {
    view,
    channel,
    isTest,
    key,
  }: { readonly view: InvoiceView; readonly channel: Channel; readonly isTest: boolean; readonly key?: string },
): Promise<Refusal | undefined> {
  const { invoice, order, state } = view;
  if (state !== 'open') return refusal('checkout_closed');
  const { expiresAtMs } = order;
  const about = { invoice, channel, terms: order.terms, ...(expiresAtMs === undefined ? {} : { expiresAtMs }) };
  await mail(engine, about, { purpose: 'reminder', isTest, ...(key === undefined ? {} : { key }) });
  return undefined;
}

interface Mailing {
  readonly invoice: Invoice;
  readonly channel: Channel;
  readonly terms: CheckoutTerms;
  readonly expiresAtMs?: number;
}

/** Sent once: what is issued or called off, and reminders under a key. */
async function mail(
  engine: Engine,
  { invoice, channel, terms, expiresAtMs }: Mailing,
  { purpose, isTest, key }: Pick<InvoiceMail, 'purpose' | 'isTest'> & { readonly key?: string },
): Promise<void> {
  const { invoiceNumber, orderId, reference, email } = invoice;
  const once = purpose === 'reminder' ? key : purpose;
  await mailOrder(engine, {
    ...{ channel, orderId, terms, purpose, reference, isTest, to: [email] },
    ...(expiresAtMs === undefined ? {} : { payByMs: expiresAtMs }),
    ...(once === undefined ? {} : { key: `${invoiceNumber} ${once}` }),
  });
}
