/**
 * One run of 3-D Secure goes on: the directory server is asked, its answer or a brought result is recorded. Each step is recorded from the state that
 * its decision saw, so that of two browsers, nodes or messages at the same moment one is followed.
 */
import type { Cvc, Pan } from '../instrument/card.ts';
import type { Engine } from '../payment/engine.ts';
import type { AuthenticationEvent } from '../states/authentication.ts';
import { authenticationTransitions } from '../states/authentication.ts';
import { type Authentication, type AuthenticationResult, eventOf, unavailable } from './authentication.ts';
import { returnUrls } from './tickets.ts';
import type { AuthenticationChange, Visit, VisitKey } from './visit.ts';

/** What is still in memory of a payment that was just made. */
export interface InHand {
  readonly pan?: Pan;
  readonly cvc?: Cvc;
}

/** Added to the time that an acquirer may take: by then whoever has recorded a result has gone on with the payment, or is gone. */
export const leaseMarginMs = 10_000;
/** Added to the time that the directory server may take. */
const askMarginMs = 5_000;

/** The CVC may wait as long as PCI DSS lets a payment take, and no longer than its visit. */
const cvcAtMostMs = 15 * 60_000;

/** Records a step. False when the run has moved on without it. */
export async function move(
  { shoppers, clock, acquirer }: Engine,
  { merchantId, authenticationId, visitId, state }: Authentication,
  event: AuthenticationEvent,
  more: Pick<AuthenticationChange, 'challenge' | 'result'> = {},
): Promise<boolean> {
  const to = authenticationTransitions.next(state, event);
  if (to === undefined) return false;
  const leaseMs = acquirer.timeoutMs + leaseMarginMs;
  return shoppers.visits.change({
    ...{ merchantId, authenticationId, visitId, from: state, to, leaseMs, nowMs: clock.businessNow() },
    ...more,
  });
}

/** Records the end of a run; the proof is sealed first. */
export async function finish(engine: Engine, run: Authentication, result: AuthenticationResult): Promise<boolean> {
  const { merchantId, authenticationId } = run;
  const { value } = result;
  const sealedValue = value === undefined ? undefined : engine.vault.sealSecret({ merchantId, secretId: authenticationId, secret: value });
  return move(engine, run, eventOf(result), { result: { ...result, ...(sealedValue === undefined ? {} : { sealedValue }) } });
}

/** Whoever asked the directory server is gone: its time is over, and its answer was not recorded. */
export async function giveUpStale(engine: Engine, { authentication, askedForMs = 0 }: Visit): Promise<boolean> {
  if (askedForMs < engine.shoppers.askTimeoutMs + askMarginMs) return false;
  return finish(engine, authentication, unavailable('interrupted'));
}

/** Asks the directory server and records what it answers. False when somebody else does. */
export async function ask(engine: Engine, visit: Visit, inHand: InHand): Promise<boolean> {
  const { shoppers, vault } = engine;
  const { authentication, merchantId, channelId } = visit;
  if (!(await move(engine, authentication, 'ask'))) return false;
  const run: Authentication = { ...authentication, state: 'asked' };
  const channel = await shoppers.channelById({ merchantId, channelId });
  const pan = inHand.pan ?? (await vault.reveal({ merchantId, cardId: run.cardId }));
  if (shoppers.server === undefined || channel === undefined || pan === undefined) {
    return finish(engine, run, unavailable('not asked'));
  }
  const urls = returnUrls(shoppers, { routingNumber: channel.routingNumber, id: run.authenticationId });
  const answer = await shoppers.server.ask({
    ...{ authentication: run, channel, pan, returnUrl: urls.challenge, resultUrl: urls.result },
    methodCompletion: run.methodUrl === undefined ? 'U' : run.methodDone ? 'Y' : 'N',
  });
  if (answer.kind === 'result') return finish(engine, run, answer.result);
  // What is needed after the challenge must be there before anybody can finish it.
  await keepCvc(engine, visit, inHand);
  const { kind, ...challenge } = answer;
  return move(engine, run, 'challenge', { challenge });
}

/** Puts a CVC aside that is only in memory. A database without its memory later is no reason to fail now. */
export async function keepCvc(
  { vault, shoppers }: Engine,
  { merchantId, visitId, token }: VisitKey & { readonly token?: string },
  { cvc }: InHand,
): Promise<void> {
  if (cvc === undefined) return;
  const ofToken = token === undefined ? {} : { token };
  await vault.keepCvc({ ...{ merchantId, visitId, cvc }, ...ofToken, lifeMs: Math.min(shoppers.waitWithCvcMs, cvcAtMostMs) });
}
