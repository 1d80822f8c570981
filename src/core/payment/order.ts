/**
 * An order: a checkout that the merchant's server names by an id of its protocol. It exists before any card, is paid on the hosted page or
 * by the merchant's server, can be called off while nothing was paid, and tells the merchant what happens to it. What was paid is a fact:
 * an order that was paid cannot be closed, and one that is closed begins no attempt.
 */
import { randomUUID } from 'node:crypto';
import type { TokenAct } from '../instrument/token.ts';
import { type TokenizeCommand, tokenize } from '../instrument/tokenize.ts';
import type { Channel } from '../merchant/channel.ts';
import { type Refusal, refusal, refused } from '../refusals.ts';
import { orderPageUrl } from '../three-d-secure/tickets.ts';
import { withAuthentication } from '../three-d-secure/view.ts';
import { refuseTerms } from './authorize-command.ts';
import { type AttemptResult, type CheckoutAttempt, type CheckoutState, payCheckout, stateOfCheckout } from './checkout.ts';
import type { Checkout, CheckoutEnd, CheckoutEventRecord, CheckoutTerms, PaymentEventEntry } from './checkout-terms.ts';
import type { Engine } from './engine.ts';
import type { OperationNode, PaymentTree } from './operation.ts';

export interface NewOrder {
  /** UUID made by the caller; nobody can guess it. */
  readonly orderId: string;
  readonly terms: CheckoutTerms;
  /** Business time, epoch ms; absent: it does not expire. */
  readonly expiresAtMs?: number;
}

/** Records an order. An amount of zero is only for a card that is to be kept: nothing will be asked of an acquirer. */
export async function openOrder(engine: Engine, channel: Channel, { orderId, terms, expiresAtMs }: NewOrder): Promise<Refusal | undefined> {
  const keepsOnly = terms.order.amount === 0 && terms.order.kind === 'preauthorization';
  const refused = refuseTerms({ channel, ...terms.order, ...(keepsOnly ? { amount: 1 } : {}) });
  if (refused !== undefined) return refused;
  const { merchantId, channelId } = channel;
  await engine.checkouts.create({
    ...{ merchantId, channelId, checkoutId: orderId, terms, createdAtMs: engine.clock.businessNow() },
    ...(expiresAtMs === undefined ? {} : { expiresAtMs }),
  });
  return undefined;
}

/** The same where the id says which order it is: one that is there already, from an earlier request or one of the same moment, stands as it is. */
export async function openOrderOnce(engine: Engine, channel: Channel, order: NewOrder): Promise<Refusal | undefined> {
  const key = { merchantId: channel.merchantId, checkoutId: order.orderId };
  if ((await engine.checkouts.findById(key)) !== undefined) return undefined;
  try {
    return await openOrder(engine, channel, order);
  } catch (error) {
    if ((await engine.checkouts.findById(key)) !== undefined) return undefined;
    throw error;
  }
}

/** In the dialect's data of a payment: the order that it belongs to. */
const orderIdKey = 'orderId';

/**
 * Opens an order of a shopper's own, made of one that may be paid again and again, and ends with it. Returns the address of its page; undefined where
 * the order is over, or the terms cannot be met any more.
 */
export async function openUse(engine: Engine, channel: Channel, { terms, checkoutId, ...of }: Checkout): Promise<string | undefined> {
  if (of.closed !== undefined || (of.expiresAtMs !== undefined && engine.clock.businessNow() >= of.expiresAtMs)) return undefined;
  const orderId = randomUUID();
  const { reusable: _reusable, notesView: _notesView, expiresExhausted: _expires, ...own } = terms;
  const document = { ...(terms.document as object | undefined), of: checkoutId };
  const order = { ...own.order, dialectData: { ...own.order.dialectData, [orderIdKey]: orderId } };
  const refused = await openOrder(engine, channel, {
    ...{ orderId, terms: { ...own, order, document } },
    ...(of.expiresAtMs === undefined ? {} : { expiresAtMs: of.expiresAtMs }),
  });
  return refused === undefined ? orderPageUrl(engine.shoppers, { routingNumber: of.routingNumber, id: orderId }) : undefined;
}

/**
 * Ends an order without a payment of the gateway's; refused when it is paid, when something is under way, and when it is closed. What was paid elsewhere is
 * posted as declared. `paidAtMs`: when that was, as the merchant says.
 */
export async function closeOrder(engine: Engine, order: Checkout, as: CheckoutEnd, paidAtMs?: number): Promise<Refusal | undefined> {
  const state = await stateOfCheckout(engine, order);
  if (state.kind === 'pending') return refusal('payment_busy');
  if (state.kind === 'succeeded' || state.kind === 'closed') return refusal('checkout_closed');
  const { merchantId, checkoutId } = order;
  const attempts = state.kind === 'open' ? state.attempt - 1 : order.attempts;
  const nowMs = engine.clock.businessNow();
  const paid = paidAtMs === undefined ? {} : { paidAtMs };
  const closed = await engine.checkouts.close({ merchantId, checkoutId, as, attempts, nowMs, ...paid });
  return closed ? undefined : refusal('payment_busy');
}

/** Merchants' own keys are ASCII, so none can be equal to it. */
const keepingKey = ({ checkoutId }: Pick<Checkout, 'checkoutId'>): string => `§order ${checkoutId}`;

/**
 * Keeps a card for an order of nothing: under a token, and no acquirer is asked. Once; a repetition, also with another card, is told of the first.
 * Undefined: the order is closed, or another attempt has begun.
 */
export async function keepCardFor(
  engine: Engine,
  { order, channel }: { readonly order: Checkout; readonly channel: Channel },
  { card, dialectData }: Pick<TokenizeCommand, 'card' | 'dialectData'>,
): Promise<TokenAct | undefined> {
  const { merchantId, checkoutId } = order;
  if (order.terms.order.amount !== 0 || !(await engine.checkouts.begin({ merchantId, checkoutId, attempt: 1 }))) return undefined;
  const kept = await tokenize(engine, {
    ...{ channel, card, idempotencyKey: keepingKey(order) },
    dialectData: { ...order.terms.order.dialectData, ...dialectData },
  });
  return kept.kind === 'recorded' ? kept.act : keptFor(engine, order);
}

/** How an order stands, one of nothing included: that one is over once a card was kept for it. One of a link that was called off cannot be paid any more. */
export async function stateOfOrder(engine: Engine, order: Checkout): Promise<CheckoutState> {
  const state = await ownState(engine, order);
  const canBeOver = state.kind === 'open' || state.kind === 'expired';
  return canBeOver && (await isOfClosed(engine, order)) ? { ...state, kind: 'closed' } : state;
}

async function isOfClosed({ checkouts }: Engine, { merchantId, terms }: Checkout): Promise<boolean> {
  const { of } = (terms.document ?? {}) as { readonly of?: unknown };
  if (typeof of !== 'string') return false;
  return (await checkouts.findById({ merchantId, checkoutId: of }))?.closed !== undefined;
}

async function ownState(engine: Engine, order: Checkout): Promise<CheckoutState> {
  if (!isOfNothing(order)) return stateOfCheckout(engine, order);
  const act = await keptFor(engine, order);
  return act === undefined ? stateOfCheckout(engine, order) : { kind: 'kept', act };
}

function isOfNothing({ terms }: Checkout): boolean {
  return terms.order.amount === 0 && terms.keepsCardOnly !== true;
}

/** As `payCheckout`; for an order of nothing the card is kept. */
export async function payOrder(
  engine: Engine,
  parts: { readonly checkout: Checkout; readonly channel: Channel },
  given: CheckoutAttempt,
): Promise<AttemptResult> {
  const { checkout, channel } = parts;
  if (await isOfClosed(engine, checkout)) return { kind: 'state', state: await stateOfOrder(engine, checkout) };
  if (!isOfNothing(checkout)) return payCheckout(engine, parts, given);
  const { instrument, revision, more } = given;
  const state = await stateOfOrder(engine, checkout);
  if (state.kind !== 'open') return { kind: 'state', state };
  if (revision !== checkout.revision) return { kind: 'changed' };
  if (instrument.type !== 'card') return refused('method_not_enabled');
  const { pan, summary } = instrument;
  await keepCardFor(engine, { order: checkout, channel }, { card: { type: 'card', pan, summary }, dialectData: more?.dialectData ?? {} });
  return { kind: 'state', state: await stateOfOrder(engine, checkout) };
}

async function keptFor({ tokenActs }: Engine, order: Checkout): Promise<TokenAct | undefined> {
  const { merchantId, channelId } = order;
  return (await tokenActs.findByKey({ merchantId, channelId, key: keepingKey(order) }))?.act;
}

/** An order with all that has happened to it. */
export interface OrderView {
  readonly order: Checkout;
  readonly events: readonly CheckoutEventRecord[];
  /** One for each attempt, oldest first. */
  readonly payments: readonly PaymentTree[];
  /** Of all payments, oldest first. */
  readonly paymentEvents: readonly PaymentEventEntry[];
  /** Of an order of nothing: the card that was kept for it. */
  readonly kept?: TokenAct;
  /** The token under which the card was kept that it was paid with, while it is. */
  readonly keptToken?: string;
  /** Where a shopper can pay it. */
  readonly pageUrl: string;
}

/**
 * An order as it is now. `operationId`: an operation that is certainly one of its payments', should its attempt not be noted yet. Undefined: there is no
 * such order.
 */
export async function readOrder(
  engine: Engine,
  { merchantId, checkoutId, operationId }: { readonly merchantId: string; readonly checkoutId: string; readonly operationId?: string },
): Promise<OrderView | undefined> {
  const { checkouts, store, shoppers } = engine;
  const [order, events, noted] = await Promise.all([
    checkouts.findById({ merchantId, checkoutId }),
    checkouts.eventsOf({ merchantId, checkoutId }),
    checkouts.attemptsOf({ merchantId, checkoutId }),
  ]);
  if (order === undefined) return undefined;
  const begun = [...new Set([...noted, ...(operationId === undefined ? [] : [operationId])])];
  // Events before what they are about: what is told of is then in the state that the event led to, or in a later one.
  const paymentEvents = begun.length === 0 ? [] : await checkouts.paymentEventsOf({ merchantId, operationIds: begun });
  const trees = await Promise.all(begun.map((id) => store.findTree({ merchantId, operationId: id })));
  const found = [...new Map(trees.flatMap((tree) => (tree === undefined ? [] : [[tree.paymentId, tree] as const]))).values()];
  const payments = await Promise.all(found.map((tree) => authenticated(engine, tree)));
  const pageUrl = orderPageUrl(shoppers, { routingNumber: order.routingNumber, id: order.checkoutId });
  const kept = order.terms.order.amount === 0 ? await keptFor(engine, order) : undefined;
  const keptToken = await keptTokenOf(engine, payments, kept);
  return {
    ...{ order, events, payments, paymentEvents, pageUrl },
    ...(kept === undefined ? {} : { kept }),
    ...(keptToken === undefined ? {} : { keptToken }),
  };
}

/** With what came of 3-D Secure, which is kept apart. */
async function authenticated(engine: Engine, tree: PaymentTree): Promise<PaymentTree> {
  const [first, ...others] = tree.operations;
  if (first?.card === undefined) return tree;
  const { authentication } = await withAuthentication(engine, first);
  return authentication === undefined ? tree : { ...tree, operations: [{ ...first, authentication }, ...others] };
}

async function keptTokenOf({ vault }: Engine, payments: readonly PaymentTree[], kept: TokenAct | undefined): Promise<string | undefined> {
  const firsts = payments.flatMap(({ operations: [first] }) => first ?? []);
  // One that was paid with a token has kept nothing.
  const keeps = ({ state, token, agreement }: OperationNode) =>
    state === 'approved' && token !== undefined && agreement?.sequence !== 'subsequent';
  const paid = kept ?? firsts.find(keeps);
  if (paid?.token === undefined) return undefined;
  const { merchantId, token } = paid;
  return (await vault.resolveToken({ merchantId, token })) === undefined ? undefined : token;
}
