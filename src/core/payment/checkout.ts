/**
 * A checkout: the merchant's wish to be paid, before any card. The shopper has half an hour and several attempts; each attempt is an
 * operation of its own, and none begins before the one ahead of it has certainly failed, so that a shopper is never charged twice.
 */
import { authorizeAtBank } from '../bank/authorize.ts';
import { payOutToAccount } from '../bank/transfer.ts';
import type { BankAccount } from '../instrument/account.ts';
import { type BankMethod, bankMethods, supports } from '../instrument/bank.ts';
import type { Cvc } from '../instrument/card.ts';
import type { TokenAct } from '../instrument/token.ts';
import { tokenize } from '../instrument/tokenize.ts';
import type { Channel } from '../merchant/channel.ts';
import { type Refusal, type Refused, refusal, refused } from '../refusals.ts';
import { stateShown } from '../risk/review.ts';
import { isOpen, isUnsuccessful } from '../states/operation.ts';
import { keepCvc } from '../three-d-secure/run.ts';
import { attemptKey } from './attempt-key.ts';
import { authorize } from './authorize.ts';
import { authorizeAndCapture } from './authorize-and-capture.ts';
import { type AuthorizeCommand, type Instrument, refuseTerms } from './authorize-command.ts';
import type { Shopper } from './await-shopper.ts';
import { captureHeld } from './capture.ts';
import type { Checkout, CheckoutTerms } from './checkout-terms.ts';
import type { ActResult, Engine } from './engine.ts';
import { spentWith } from './kept-card.ts';
import type { OperationView } from './operation.ts';

/** Whoever needs more than this is trying out cards. */
const attemptsAtMost = 10;

/**
 * `open`: the next attempt may begin; `last` is the one that failed. `pending`: what was tried has no certain outcome. `exhausted`: too many
 * attempts failed. `closed`: the merchant has ended it. `kept`: the card that was only to be kept is. Without an act, a stored one was chosen instead.
 */
export type CheckoutState =
  | { readonly kind: 'open'; readonly attempt: number; readonly last?: OperationView }
  | { readonly kind: 'pending' | 'succeeded'; readonly last: OperationView }
  | { readonly kind: 'expired' | 'exhausted' | 'closed'; readonly last?: OperationView }
  | { readonly kind: 'kept'; readonly act?: TokenAct; readonly last?: undefined };

/** How a checkout stands now. */
export async function stateOfCheckout(engine: Engine, checkout: Checkout): Promise<CheckoutState> {
  const { merchantId, operationId } = checkout;
  if (checkout.terms.keepsCardOnly === true) return stateOfKeeping(engine, checkout);
  const noted = operationId === undefined ? undefined : await engine.store.findOperation({ merchantId, operationId });
  return stateFrom(engine, checkout, noted, checkout.attempts);
}

/** A card is kept at the first attempt, or it was not sent at all. */
async function stateOfKeeping(engine: Engine, checkout: Checkout): Promise<CheckoutState> {
  const { merchantId, channelId } = checkout;
  const found = await engine.tokenActs.findByKey({ merchantId, channelId, key: attemptKey(checkout, 1) });
  if (found !== undefined) return { kind: 'kept', act: found.act };
  if (checkout.chosenToken !== undefined) return { kind: 'kept' };
  if (checkout.closed !== undefined) return { kind: 'closed' };
  const isLate = checkout.expiresAtMs !== undefined && engine.clock.businessNow() >= checkout.expiresAtMs;
  return isLate ? { kind: 'expired' } : { kind: 'open', attempt: 1 };
}

async function stateFrom(engine: Engine, checkout: Checkout, last: OperationView | undefined, attempts: number): Promise<CheckoutState> {
  if (last !== undefined && !hasFailed(last)) {
    return isOpen(stateShown(last)) ? { kind: 'pending', last } : { kind: 'succeeded', last: await capturedToo(engine, checkout, last) };
  }
  // An attempt whose process ended, or is still about to note it, is known by its key.
  const next = attempts + 1;
  const begun = await operationOfAttempt(engine, checkout, next);
  if (begun !== undefined) {
    await note(engine, checkout, next, begun);
    return stateFrom(engine, checkout, begun, next);
  }
  const failed = last === undefined ? {} : { last };
  if (checkout.closed !== undefined) return { kind: 'closed', ...failed };
  if (checkout.expiresAtMs !== undefined && engine.clock.businessNow() >= checkout.expiresAtMs) return { kind: 'expired', ...failed };
  return next > attemptsFor(checkout) ? { kind: 'exhausted', ...failed } : { kind: 'open', attempt: next, ...failed };
}

function attemptsFor({ terms }: Checkout): number {
  return terms.singleAttempt === true ? 1 : attemptsAtMost;
}

/** What becomes of the last attempt may end the order: it is looked at as if its time were over. */
async function watchLast({ expiries, clock, log }: Engine, checkout: Checkout): Promise<void> {
  await expiries.putOff(keysOf(checkout), clock.businessNow()).catch((error: unknown) => {
    log.warn(
      { checkoutId: checkout.checkoutId, error: String(error) },
      'an order that was tried too often may be told as expired at its end only',
    );
  });
}

/** A capture that failed leaves what was held: that is no reason to hold more. */
function hasFailed(operation: OperationView): boolean {
  return operation.kind !== 'capture' && isUnsuccessful(stateShown(operation));
}

/** What was held after the shopper came back from the bank is captured as soon as anybody looks. */
async function capturedToo(engine: Engine, { merchantId, channelId, terms }: Checkout, last: OperationView): Promise<OperationView> {
  const { thenCapture } = terms.order;
  if (thenCapture === undefined || last.kind !== 'preauthorization') return last;
  const channel = await engine.shoppers.channelById({ merchantId, channelId });
  return channel === undefined ? last : captureHeld(engine, last, { ...thenCapture, channel });
}

async function operationOfAttempt(engine: Engine, checkout: Checkout, attempt: number): Promise<OperationView | undefined> {
  const { merchantId, channelId } = checkout;
  const found = await engine.store.findByKey({ merchantId, channelId, key: attemptKey(checkout, attempt) });
  return found === undefined ? undefined : engine.store.findOperation({ merchantId, operationId: found.operationId });
}

const keysOf = ({ merchantId, checkoutId }: Checkout) => ({ merchantId, checkoutId });

/** What a shopper can pay with here; a payout may go to an account instead, whose holder reads the `purpose`. */
export type CheckoutInstrument =
  | Instrument
  | { readonly type: 'bank'; readonly method: BankMethod }
  | { readonly type: 'account'; readonly account: BankAccount; readonly purpose: string };

/** The methods of banks that a checkout can be paid with: none that would not do all that was asked for. */
export function methodsOf(
  { bank }: Engine,
  { bankMethods: activated = [] }: Channel,
  { order, keepsCardOnly, banks, methods: wanted = bankMethods }: CheckoutTerms,
): BankMethod[] {
  const needsCard =
    keepsCardOnly === true || order.amount === 0 || order.tokenize || order.agreement !== undefined || order.thenCapture !== undefined;
  if (bank === undefined || needsCard) return [];
  const isAllowed = (method: BankMethod) => (banks === undefined ? supports(method, order.kind) : banks.includes(method));
  return bankMethods.filter((method) => wanted.includes(method) && activated.includes(method) && isAllowed(method));
}

/** Whether it can be paid with a card. */
export function takesCards({ methods = [], takesNoCards }: CheckoutTerms): boolean {
  return methods.length === 0 && takesNoCards !== true;
}

/** What the shopper sends. */
export interface CheckoutAttempt {
  /** As the page said: of two requests with the same number, one begins an attempt, and both get its result. */
  readonly attempt: number;
  /** Of the terms that the page showed. */
  readonly revision: number;
  readonly instrument: CheckoutInstrument;
  /** Absent: the merchant pays with a stored card, and no shopper is there. */
  readonly shopper?: Shopper;
  /** Where a card is kept for one payment: the shopper agrees that it is kept for longer. */
  readonly keepsLonger?: boolean;
  /** What this attempt has beside what was ordered: whether the card is kept, and under which agreement it is used. */
  readonly more?: Partial<Pick<AuthorizeCommand, 'tokenize' | 'agreement' | 'dialectData'>>;
}

/** `changed`: the shopper saw other terms; nothing was tried. */
export type AttemptResult = { readonly kind: 'state'; readonly state: CheckoutState } | { readonly kind: 'changed' } | Refused;

/** Tries to pay. A repeated, outdated or too late attempt changes nothing: it is told how the checkout stands. */
export async function payCheckout(
  engine: Engine,
  { checkout, channel }: { readonly checkout: Checkout; readonly channel: Channel },
  given: CheckoutAttempt,
): Promise<AttemptResult> {
  const { attempt, revision } = given;
  const state = await stateOfCheckout(engine, checkout);
  if (state.kind !== 'open' || attempt !== state.attempt) return { kind: 'state', state };
  if (revision !== checkout.revision) return { kind: 'changed' };
  if (checkout.terms.keepsCardOnly === true) return keepCard(engine, { checkout, channel }, given);
  if (!(await engine.checkouts.begin({ ...keysOf(checkout), attempt }))) {
    return { kind: 'state', state: await stateOfCheckout(engine, (await engine.checkouts.findById(checkout)) ?? checkout) };
  }
  const result = await begin(engine, { checkout, channel }, given);
  if (result.kind === 'refused') {
    // Another tab was faster with another card: there is its result to tell.
    const isTaken = result.refusal.code === 'key_reused' || result.refusal.code === 'key_in_flight';
    return isTaken ? { kind: 'state', state: await stateOfCheckout(engine, checkout) } : result;
  }
  const { operation } = result;
  await note(engine, checkout, attempt, operation);
  if (checkout.terms.expiresExhausted === true && attempt >= attemptsFor(checkout)) await watchLast(engine, checkout);
  return { kind: 'state', state: await stateFrom(engine, checkout, operation, attempt) };
}

async function note(engine: Engine, checkout: Checkout, attempt: number, { operationId }: OperationView): Promise<void> {
  const { checkoutId } = checkout;
  await engine.checkouts.noteAttempt({ ...keysOf(checkout), attempt, operationId }).catch((error: unknown) => {
    engine.log.warn({ checkoutId, error: String(error) }, 'an attempt could not be noted with its checkout; its key still leads to it');
  });
}

/** A card that the order does not take: none at all, or one of another brand, also where it was kept before. Banks are refused by what they can do. */
export async function refuseUnwanted(
  { vault }: Pick<Engine, 'vault'>,
  { merchantId, terms }: Checkout,
  instrument: CheckoutInstrument,
): Promise<Refusal | undefined> {
  if (instrument.type === 'bank' || instrument.type === 'account') return undefined;
  if (!takesCards(terms)) return refusal('method_not_enabled');
  if (instrument.type !== 'token' || terms.brands.length === 0) return undefined;
  const kept = await vault.resolveToken({ merchantId, token: instrument.token });
  return kept === undefined || terms.brands.includes(kept.summary.brand) ? undefined : refusal('brand_not_enabled', 'card');
}

/** Every way to pay begins a payment under the key of its attempt. A bank needs its shopper, who comes back as from an issuer. */
async function begin(
  engine: Engine,
  { checkout, channel }: { readonly checkout: Checkout; readonly channel: Channel },
  { attempt, instrument, shopper, more = {} }: CheckoutAttempt,
): Promise<ActResult> {
  const { thenCapture, numbered, authenticates, ...order } = checkout.terms.order;
  const { dialectData, ...differing } = more;
  const unwanted = await refuseUnwanted(engine, checkout, instrument);
  if (unwanted !== undefined) return { kind: 'refused', refusal: unwanted };
  const given = {
    ...{ ...order, channel, idempotencyKey: attemptKey(checkout, attempt) },
    ...(numbered === undefined ? {} : { paymentNumber: await engine.store.takePaymentNumber(checkout.merchantId) }),
    dialectData: { ...order.dialectData, ...dialectData },
  };
  if (instrument.type === 'bank') {
    const { tokenize: _tokenize, agreement: _agreement, origin: _origin, kind: asked, ...bankOrder } = given;
    const { method } = instrument;
    if (asked === 'payout' || (shopper === undefined && method !== 'prepayment')) return refused('flow_not_supported');
    // What only comes later is an order first, and its receipts are the charge.
    const kind = checkout.terms.banks?.includes(method) === true && !supports(method, asked) ? 'preauthorization' : asked;
    return authorizeAtBank(engine, { ...bankOrder, kind, method, returnUrl: shopper?.returnUrl ?? (() => '') });
  }
  if (instrument.type === 'account') {
    const { tokenize: _tokenize, agreement: _agreement, origin: _origin, kind, ...payout } = given;
    const { account, purpose } = instrument;
    if (kind !== 'payout') return refused('flow_not_supported');
    return payOutToAccount(engine, { ...payout, account, purpose });
  }
  const asked = authenticates === 'always' && shopper !== undefined ? { ...shopper, mustAuthenticate: true as const } : shopper;
  const command = { ...given, instrument, ...differing, ...(asked === undefined || authenticates === 'never' ? {} : { shopper: asked }) };
  return thenCapture === undefined ? authorize(engine, command) : authorizeAndCapture(engine, command, thenCapture);
}

/** Keeps a card that nobody pays with yet. Of two tabs one has kept its card, and both are told of that one. The code is for the first payment, which follows soon. */
async function keepCard(
  engine: Engine,
  { checkout, channel }: { readonly checkout: Checkout; readonly channel: Channel },
  { attempt, instrument, keepsLonger = false }: CheckoutAttempt,
): Promise<AttemptResult> {
  const forOnePayment = checkout.terms.forOnePayment === true && !keepsLonger;
  if (instrument.type === 'token' && checkout.terms.tokens.includes(instrument.token)) return chooseCard(engine, checkout, instrument);
  if (instrument.type !== 'card') return refused('method_not_enabled');
  const { dialectData, merchantReference } = checkout.terms.order;
  const result = await tokenize(engine, {
    ...(forOnePayment ? { forOnePayment } : {}),
    dialectData: forOnePayment ? { ...dialectData, [spentWith]: checkout.checkoutId } : dialectData,
    ...{ channel, card: { type: 'card', pan: instrument.pan, summary: instrument.summary } },
    ...(merchantReference === undefined ? {} : { merchantReference }),
    idempotencyKey: attemptKey(checkout, attempt),
  });
  if (result.kind === 'refused' && result.refusal.code !== 'key_reused') return result;
  if (result.kind === 'recorded' && !result.repeat) {
    await keepCode(engine, checkout, { token: result.act.token, cvc: instrument.cvc });
  }
  return { kind: 'state', state: await stateOfKeeping(engine, checkout) };
}

async function chooseCard(
  engine: Engine,
  checkout: Checkout,
  { token, cvc }: Extract<CheckoutInstrument, { readonly type: 'token' }>,
): Promise<AttemptResult> {
  await engine.checkouts.chooseToken({ ...keysOf(checkout), token });
  await keepCode(engine, checkout, { token, cvc });
  const chosen = await engine.checkouts.findById(checkout);
  return { kind: 'state', state: await stateOfKeeping(engine, chosen ?? checkout) };
}

/**
 * Only for a card that is about to be paid with: nothing else may keep a code (PCI DSS 3.3.1). It waits for minutes, as during a challenge; a payment that
 * comes later is made without it.
 */
async function keepCode(
  engine: Engine,
  { merchantId, checkoutId, terms }: Checkout,
  { token, cvc }: { readonly token: string; readonly cvc: Cvc | undefined },
): Promise<void> {
  if (cvc === undefined || terms.forOnePayment !== true) return;
  await keepCvc(engine, { merchantId, visitId: checkoutId, token }, { cvc });
}

/** Changes what is to be paid: only while nothing was paid and nothing is under way. */
export async function amendCheckout(
  engine: Engine,
  { checkout, channel }: { readonly checkout: Checkout; readonly channel: Channel },
  wanted: CheckoutTerms,
): Promise<Refusal | undefined> {
  const { openedWith } = checkout.terms;
  const terms = openedWith === undefined ? wanted : { ...wanted, openedWith };
  const refused = refuseTerms({ channel, ...terms.order });
  if (refused !== undefined) return refused;
  const { kind } = await stateOfCheckout(engine, checkout);
  if (kind === 'pending') return refusal('payment_busy');
  if (kind !== 'open') return refusal('checkout_closed');
  const { merchantId, checkoutId, revision } = checkout;
  return (await engine.checkouts.amend({ merchantId, checkoutId, revision, terms })) ? undefined : refusal('payment_busy');
}
