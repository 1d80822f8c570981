/**
 * The steps that a shopper's browser takes for a payment, as data: pages are made of them, and know nothing else of the payment.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { bankStep } from '../bank/shopper.ts';
import type { CardSummary } from '../instrument/card.ts';
import type { Channel } from '../merchant/channel.ts';
import { isOpen } from '../states/authentication.ts';
import { type AuthenticationResult, type ChallengeWindow, calledOffRule } from '../three-d-secure/authentication.ts';
import { leaseMarginMs, move } from '../three-d-secure/run.ts';
import { pageUrl, readTicket, returnUrls, type Ticket } from '../three-d-secure/tickets.ts';
import { awaitsConfirmation, awaitsMerchant, type Visit, type VisitKey } from '../three-d-secure/visit.ts';
import { advance } from './advance.ts';
import type { Engine } from './engine.ts';

/**
 * - `method`: the issuer's page, in an invisible frame, gets a form post of `threeDSMethodData` = `data`; then, or after `timeoutMs`, the event
 *   `method_timed_out` goes on.
 * - `challenge`: the browser goes to `url` with the form fields `creq` and `threeDSSessionData` (= `sessionData`), within 30 seconds.
 * - `confirm`: the shopper says whether to pay this amount (minor units): the event `confirmed`, or `cancelled`.
 * - `redirect`: the browser goes elsewhere.
 * - `wait`: look again after `retryAfterMs`.
 * - `done`: back to the shop; `calledOff`: the shop has taken the payment back.
 * - `gone`: there is no such step, or not any more.
 */
export type ShopperStep =
  | { readonly kind: 'method'; readonly url: string; readonly data: string; readonly timeoutMs: number }
  | {
      readonly kind: 'challenge';
      readonly url: string;
      readonly creq: string;
      readonly sessionData: string;
      readonly window: ChallengeWindow;
    }
  | { readonly kind: 'confirm'; readonly amount: number; readonly currency: string; readonly card?: CardSummary }
  | {
      readonly kind: 'redirect';
      readonly url: string;
      readonly method: 'GET' | 'POST';
      readonly parameters: readonly { readonly name: string; readonly value: string }[];
    }
  | { readonly kind: 'wait'; readonly retryAfterMs: number }
  | { readonly kind: 'done'; readonly returnUrl: string; readonly calledOff?: true }
  | { readonly kind: 'gone' };

/**
 * What the browser brings. `arrived`: it opened the page, or looks again. `method_done`: the issuer's page has finished, told to an address of
 * its own. `method_timed_out`: the page has waited for it long enough. `challenge_returned`: the issuer has sent the browser back, which proves
 * nothing. `confirmed`: the shopper wants to pay. `cancelled`: the shopper does not want to go on.
 */
export type ShopperEvent = 'arrived' | 'method_done' | 'method_timed_out' | 'challenge_returned' | 'confirmed' | 'cancelled';

/** How long a browser should wait before it looks again. */
const lookAgainAfterMs = 1_000;
/** How long an event may be worked on before the browser is told to wait. */
const patienceMs = 2_500;
/** The issuer's page has ten seconds (EMV 3-D Secure, Req 315). */
const methodTimeoutMs = 10_000;

/**
 * Takes an event of the shopper's browser and says what comes next. `ticket`: of the page, or of an address that the issuer was given. Repeats, the back
 * button and a second tab get what is true now; whatever does not apply is taken for `arrived`. Throws when the database is away.
 */
export async function shopperStep(
  engine: Engine,
  { ticket: text, event }: { readonly ticket: string; readonly event: ShopperEvent },
): Promise<ShopperStep> {
  const atBank = await findAtBank(engine, text);
  if (atBank !== undefined) {
    const step = await withinPatience(engine, bankStep(engine, atBank));
    return step === 'busy' ? { kind: 'wait', retryAfterMs: lookAgainAfterMs } : step;
  }
  const found = await findVisit(engine, text);
  if (found === undefined) return { kind: 'gone' };
  const { ticket, visit } = found;
  await take(engine, visit, { event, ticket });
  const push = { methodIsOver: event === 'method_timed_out' && ticket.purpose === 'page', isShopperHere: true };
  const now = await withinPatience(engine, advance(engine, visit, {}, push));
  if (now === 'busy') return { kind: 'wait', retryAfterMs: lookAgainAfterMs };
  if (now === undefined) return { kind: 'gone' };
  return awaitsConfirmation(now) && !isOpen(now.authentication.state)
    ? confirmStep(engine, now)
    : stepOf(engine, now, ticket.routingNumber);
}

/** A shopper looks at a page meanwhile, not at an empty window: acquirer and directory server may take many seconds. */
async function withinPatience<T>({ log }: Engine, work: Promise<T>): Promise<T | 'busy'> {
  const first = await Promise.race([work, delay(patienceMs, 'busy' as const, { ref: false })]);
  if (first === 'busy') work.catch((error: unknown) => log.warn({ error: String(error) }, 'a waiting payment could not go on yet'));
  return first;
}

/** The page's own address, for a browser that the issuer has sent to another one; undefined for what is no ticket. */
export async function shopperPageUrl(engine: Engine, ticket: string): Promise<string | undefined> {
  if (readTicket(engine.shoppers, ticket)?.purpose === 'bank') return `${engine.shoppers.publicUrl}/p/${ticket}`;
  const found = await findVisit(engine, ticket);
  return found === undefined ? undefined : pageUrl(engine.shoppers, { routingNumber: found.ticket.routingNumber, id: found.visit.visitId });
}

/** The payment at a bank that a ticket is about. */
async function findAtBank({ shoppers }: Engine, text: string): Promise<OperationKey | undefined> {
  const ticket = readTicket(shoppers, text);
  if (ticket?.purpose !== 'bank') return undefined;
  const merchantId = await shoppers.visits.merchantOf(ticket.routingNumber);
  return merchantId === undefined ? undefined : { merchantId, operationId: ticket.id };
}

interface OperationKey {
  readonly merchantId: string;
  readonly operationId: string;
}

/** Whose payment a ticket is about; the channel also tells how the page looks. */
export interface ShopperPayment {
  readonly operationId: string;
  readonly channel: Channel | undefined;
}

/** Undefined for what is no ticket. */
export async function shopperPayment(engine: Engine, ticket: string): Promise<ShopperPayment | undefined> {
  const atBank = await findAtBank(engine, ticket);
  const view = atBank && (await engine.store.findOperation(atBank));
  if (view !== undefined) return { operationId: view.operationId, channel: await engine.shoppers.channelById(view) };
  const found = await findVisit(engine, ticket);
  if (found === undefined) return undefined;
  const { merchantId, channelId, visitId } = found.visit;
  return { operationId: visitId, channel: await engine.shoppers.channelById({ merchantId, channelId }) };
}

async function findVisit({ shoppers }: Engine, text: string): Promise<{ readonly ticket: Ticket; readonly visit: Visit } | undefined> {
  const ticket = readTicket(shoppers, text);
  if (ticket === undefined || ticket.purpose === 'result' || ticket.purpose === 'bank' || ticket.purpose === 'order') return undefined;
  const merchantId = await shoppers.visits.merchantOf(ticket.routingNumber);
  if (merchantId === undefined) return undefined;
  const visit =
    ticket.purpose === 'page'
      ? await shoppers.visits.find({ merchantId, visitId: ticket.id })
      : await shoppers.visits.findByAuthentication({ merchantId, authenticationId: ticket.id });
  // No shopper has anything to do there.
  return visit === undefined || visit.authentication.request.withoutShopper !== undefined ? undefined : { ticket, visit };
}

/** An address of its own for each event of the issuer: what was not addressed so says nothing. */
async function take(
  engine: Engine,
  visit: Visit,
  { event, ticket }: { readonly event: ShopperEvent; readonly ticket: Ticket },
): Promise<void> {
  const { merchantId, authentication } = visit;
  const { authenticationId, state } = authentication;
  const isAsked = ticket.purpose === 'page' && awaitsConfirmation(visit) && !isOpen(state);
  if (isAsked && (event === 'confirmed' || event === 'cancelled')) {
    await confirm(engine, visit, 'shopper', event === 'confirmed' ? 'given' : 'refused');
    return;
  }
  if (event === 'method_done' && ticket.purpose === 'method') {
    await engine.shoppers.visits.note({ merchantId, authenticationId, what: 'method_done' });
  }
  if (event === 'challenge_returned' && ticket.purpose === 'challenge') {
    await engine.shoppers.visits.note({ merchantId, authenticationId, what: 'returned' });
  }
  if (event === 'cancelled' && ticket.purpose === 'page' && !visit.isOver && state !== 'asked') {
    await move(engine, authentication, 'fail', { result: canceledByShopper });
  }
}

/**
 * The merchant's word for a payment whose shopper is done: it is sent now. Without one, or while the shopper is not done, nothing changes. Returns the
 * visit as it then is; undefined: there is none.
 */
export async function confirmByMerchant(engine: Engine, key: VisitKey): Promise<Visit | undefined> {
  const visit = await engine.shoppers.visits.find(key);
  if (visit === undefined || !awaitsMerchant(visit)) return visit;
  await confirm(engine, visit, 'merchant', 'given');
  return advance(engine, key);
}

/** As the issuer says it when the shopper calls off its challenge. */
const canceledByShopper: AuthenticationResult = {
  ...{ status: 'N', permission: 'merchant-decides', shiftsLiability: false, rule: 'canceled', challengeCancel: '01' },
};

/** The same, said by the merchant. */
const calledOff: AuthenticationResult = { ...canceledByShopper, permission: 'never', rule: calledOffRule };

/** Calls off a payment that waits for its shopper or its merchant; what was sent meanwhile stays. */
export async function callOff(engine: Engine, key: VisitKey): Promise<void> {
  const visit = await engine.shoppers.visits.find(key);
  if (visit === undefined || visit.isOver) return;
  // Nobody was asked yet: there is nothing that could fail.
  if (visit.authentication.state === 'ready') await move(engine, visit.authentication, 'expire');
  else if (isOpen(visit.authentication.state)) await move(engine, visit.authentication, 'fail', { result: calledOff });
  else await confirm(engine, visit, awaitsMerchant(visit) ? 'merchant' : 'shopper', 'refused');
  await advance(engine, key);
}

async function confirm(
  { shoppers, acquirer, clock }: Engine,
  { merchantId, visitId }: Visit,
  by: 'shopper' | 'merchant',
  confirmation: 'given' | 'refused',
): Promise<void> {
  const leaseMs = acquirer.timeoutMs + leaseMarginMs;
  await shoppers.visits.confirm({ merchantId, visitId, by, confirmation, leaseMs, nowMs: clock.businessNow() });
}

async function confirmStep(engine: Engine, { merchantId, visitId, authentication: { amount, currency } }: Visit): Promise<ShopperStep> {
  const operation = await engine.store.findOperation({ merchantId, operationId: visitId });
  return { kind: 'confirm', amount, currency, ...(operation?.card === undefined ? {} : { card: operation.card }) };
}

function stepOf({ shoppers }: Engine, visit: Visit, routingNumber: number): ShopperStep {
  const { authentication, returnUrl } = visit;
  const { state, methodUrl, acsUrl, hasReturned, authenticationId, request } = authentication;
  const { server } = shoppers;
  if (visit.isOver) return { kind: 'done', returnUrl, ...(authentication.rule === calledOffRule ? { calledOff: true } : {}) };
  if (awaitsMerchant(visit)) return { kind: 'done', returnUrl };
  if (server !== undefined && state === 'method' && methodUrl !== undefined) {
    const { method } = returnUrls(shoppers, { routingNumber, id: authenticationId });
    const data = server.methodData({ authenticationId, notificationUrl: method });
    return { kind: 'method', url: methodUrl, data, timeoutMs: methodTimeoutMs };
  }
  if (server !== undefined && state === 'challenged' && acsUrl !== undefined && !hasReturned) {
    const sessionData = Buffer.from(authenticationId).toString('base64url');
    const creq = server.challengeRequest(authentication);
    return { kind: 'challenge', url: acsUrl, creq, sessionData, window: request.browser.challengeWindow ?? '05' };
  }
  return { kind: 'wait', retryAfterMs: lookAgainAfterMs };
}
