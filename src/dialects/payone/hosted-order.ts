/** What is paid on the gateway's own page, by hosted checkouts and payment links: an order of the core, whose id is a GUID on the wire. */
import { randomUUID } from 'node:crypto';
import type { Channel } from '../../core/merchant/channel.ts';
import { stateOfCheckout } from '../../core/payment/checkout.ts';
import type { CheckoutTerms } from '../../core/payment/checkout-terms.ts';
import type { Engine } from '../../core/payment/engine.ts';
import type { OperationView } from '../../core/payment/operation.ts';
import { type OrderView, openOrderOnce, readOrder } from '../../core/payment/order.ts';
import { orderPageUrl } from '../../core/three-d-secure/tickets.ts';
import type { DialectContext } from '../dialect.ts';
import { authenticated } from './find.ts';
import { brandsOf, languageIn, offeredTokens, tokensIn, variantIn } from './hosted.ts';
import type { CreateHostedCheckout } from './hosted-wire.ts';
import { fromGuid, toGuid } from './ids.ts';
import { invalid, type Problem } from './problem.ts';
import { type RequestContext, readReturnUrl, readTerms } from './read.ts';
import { paymentNames, problemOf } from './refusals.ts';
import { firstOf } from './tree.ts';
import { type Json, writePayment } from './write.ts';

/** Which resource an order belongs to: each finds its own only. */
export type HostedKind = 'checkout' | 'link';

/** What an order's document holds. */
export interface HostedDocument {
  readonly kind: HostedKind;
  readonly description?: string;
  readonly recipientName?: string;
  /** Of a link that may be paid again and again. */
  readonly isReusable?: true;
  /** Of an order that a shopper has opened by such a link: the link's id. */
  readonly of?: string;
}

export interface NewHosted {
  readonly document: HostedDocument;
  /** Business time, epoch ms. */
  readonly expiresAtMs: number;
  /** The merchant's address as the shopper is to come back to it. */
  readonly wayBack?: (url: string, orderId: string) => string;
}

export interface Hosted {
  readonly orderId: string;
  readonly url: string;
  readonly invalidTokens: readonly string[];
  /** Of a repeat under its key: when the first request came, epoch ms. */
  readonly firstAtMs?: number;
}

/** The same for the same key, so that of two requests at the same moment one opens it. */
function orderIdOf({ inputMac }: Engine, { merchantId, channelId }: Channel, key: string): string {
  const hex = Buffer.from(inputMac(`payone hosted ${merchantId} ${channelId} ${key}`))
    .toString('hex')
    .slice(0, 32);
  return toGuid(`${hex.slice(0, 12)}4${hex.slice(13, 16)}8${hex.slice(17)}`);
}

/** Opens an order of this request. Throws a {@link Problem} for what cannot be paid so. */
export async function openHosted(
  { engine }: DialectContext,
  read: RequestContext,
  { body, made }: { readonly body: CreateHostedCheckout; readonly made: NewHosted },
): Promise<Hosted> {
  const { channel } = read;
  const { card, token } = body.cardPaymentMethodSpecificInput ?? {};
  if (card !== undefined || token !== undefined)
    throw invalid('cardPaymentMethodSpecificInput', 'the card is entered on the page; none can be named here');
  const { hostedCheckoutSpecificInput: page = {} } = body;
  const { idempotencyKey, keyMatchesAnyInput: _any, authentication: _own, exemption: _exemption, ...order } = readTerms(read, body);
  const { tokens, invalidTokens } = await offeredTokens(engine, channel, tokensIn(page.tokens));
  const orderId = idempotencyKey === undefined ? randomUUID() : orderIdOf(engine, channel, idempotencyKey);
  const { merchantId } = channel;
  const before = idempotencyKey === undefined ? undefined : await engine.checkouts.findById({ merchantId, checkoutId: orderId });
  const given = page.returnUrl === undefined ? undefined : readReturnUrl(page.returnUrl, 'hostedCheckoutSpecificInput.returnUrl');
  const returnUrl = given === undefined ? undefined : (made.wayBack?.(given, orderId) ?? given);
  const { document, expiresAtMs } = made;
  const variant = variantIn(page.variant);
  // What the payment itself tells: its number is another one, so that messages about it could not be matched.
  const ofCheckout = document.kind === 'link' ? {} : { hostedCheckoutId: orderId, ...variant };
  const terms: CheckoutTerms = {
    order: { ...order, numbered: true, dialectData: { ...order.dialectData, orderId, ...ofCheckout } },
    ...(returnUrl === undefined ? {} : { returnUrl }),
    ...languageIn(page.locale),
    ...variant,
    ...{ brands: brandsOf(page.paymentProductFilters), tokens, document },
    ...(document.kind === 'link' ? { notesView: true as const, expiresExhausted: true as const } : {}),
    ...(document.isReusable === true ? { reusable: true as const } : {}),
    lines: document.description === undefined ? [] : [{ name: document.description }],
  };
  // A repeat is told of the first, whatever else it asks for.
  const refused = await openOrderOnce(engine, channel, { orderId, terms, expiresAtMs });
  if (refused !== undefined) throw problemOf(refused, { ...paymentNames, token: 'tokens' });
  const repeated = before === undefined ? {} : { firstAtMs: before.createdAtMs };
  return { orderId, url: orderPageUrl(engine.shoppers, { routingNumber: channel.routingNumber, id: orderId }), invalidTokens, ...repeated };
}

/** The account's own order of this kind; throws what it is given where there is none. */
export async function findHosted(
  { engine }: DialectContext,
  { merchantId, channelId }: Channel,
  { id, kind, unknown }: { readonly id: string; readonly kind: HostedKind; readonly unknown: Problem },
): Promise<OrderView> {
  const hex = fromGuid(id);
  const view = hex === undefined ? undefined : await readOrder(engine, { merchantId, checkoutId: toGuid(hex) });
  if (view === undefined || view.order.channelId !== channelId || documentOf(view).kind !== kind) throw unknown;
  return view;
}

export function documentOf({ order }: OrderView): HostedDocument {
  return (order.terms.document ?? {}) as HostedDocument;
}

export interface HostedState {
  readonly kind: Awaited<ReturnType<typeof stateOfCheckout>>['kind'];
  /** Of the last attempt. */
  readonly payment?: Json;
  readonly last?: OperationView;
}

/** How it stands, with the payment of the last attempt. */
export async function stateOfHosted(context: DialectContext, { order }: OrderView): Promise<HostedState> {
  const { kind, last } = await stateOfCheckout(context.engine, order);
  if (last === undefined) return { kind };
  const { merchantId, operationId } = last;
  const tree = await context.engine.store.findTree({ merchantId, operationId });
  if (tree === undefined) return { kind };
  const found = await authenticated(context, { tree, operation: firstOf(tree) });
  return { kind, last, payment: writePayment(found.tree, found.operation) };
}
