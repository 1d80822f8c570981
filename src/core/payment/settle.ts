/**
 * The shopper has done what was needed, or will not: the payment that waited is sent to the acquirer, or refused. Whoever comes first does it, and the
 * operation's own state lets only one; should that process end, the visit is due, and another one goes on.
 */
import { randomUUIDv7 } from 'node:crypto';
import type { Channel } from '../merchant/channel.ts';
import { stateShown } from '../risk/review.ts';
import { challengeMandated } from '../three-d-secure/authentication.ts';
import { type InHand, keepCvc } from '../three-d-secure/run.ts';
import { exemptionOf, type Verdict, verdictOf } from '../three-d-secure/verdict.ts';
import { awaitsConfirmation, awaitsMerchant, type Visit } from '../three-d-secure/visit.ts';
import { captureHeld } from './capture.ts';
import { outcomeOf, recordSurely } from './conclude.ts';
import { isTooLateToSend, resolutionMarginMs } from './deadline.ts';
import type { Engine } from './engine.ts';
import { type Exchange, exchange } from './exchange.ts';
import { firstKinds, type OperationView, type ShopperFailure } from './operation.ts';

/** Settles a visit whose run has ended. */
export async function settle(engine: Engine, visit: Visit, inHand: InHand): Promise<void> {
  const { shoppers, store } = engine;
  const { merchantId, visitId, channelId } = visit;
  if (visit.paymentId === undefined) return shoppers.visits.close(visit);
  const [operation, channel] = await Promise.all([
    store.findOperation({ merchantId, operationId: visitId }),
    shoppers.channelById({ merchantId, channelId }),
  ]);
  if (operation === undefined || channel === undefined) throw new Error(`visit ${visitId} has no operation or no channel`);
  if (operation.state === 'submitted') return;
  if (operation.state !== 'awaiting') return end(engine, { visit, operation, channel });
  const verdict = verdictOf(visit.authentication, channel);
  switch (verdict?.kind) {
    case undefined:
      return;
    case 'refuse':
      return refuse(engine, { visit, operation, channel }, verdict.reason);
    case 'send':
      if (visit.confirmation === 'refused' || visit.merchantWord === 'refused')
        return refuse(engine, { visit, operation, channel }, 'shopper_canceled');
      if (awaitsConfirmation(visit) || awaitsMerchant(visit)) return awaitShopper(engine, { visit, operation, channel });
      return send(engine, { visit, operation, channel, verdict, inHand });
  }
}

/** The shopper, or the merchant, has yet to confirm; their time ends with that of the visit. */
function awaitShopper(engine: Engine, ending: Ending): Promise<void> {
  const { visit } = ending;
  return engine.clock.businessNow() >= visit.expiresAtMs ? refuse(engine, ending, 'shopper_timed_out') : engine.shoppers.visits.rest(visit);
}

interface Ending {
  readonly visit: Visit;
  readonly operation: OperationView;
  readonly channel: Channel;
}

/** Nothing is left to do but what was to follow at once; the CVC goes with it. */
async function end(engine: Engine, { visit, operation, channel }: Ending): Promise<void> {
  const { shoppers, vault } = engine;
  if (visit.captureData !== undefined && stateShown(operation) === 'approved') {
    // A crash may have left the payment with its capture, or without it.
    await captureHeld(engine, operation, { channel, dialectData: visit.captureData });
  }
  if (visit.hasCvc) await vault.dropCvc(visit);
  await shoppers.visits.close(visit);
}

async function refuse(engine: Engine, { visit, operation: view, channel }: Ending, reason: ShopperFailure): Promise<void> {
  const { merchantId, paymentId, operationId, kind, amount } = view;
  await recordSurely(engine, { merchantId, paymentId, operationId, kind, amount, from: 'awaiting', event: 'refuse', reason });
  await end(engine, { visit, operation: { ...view, state: 'rejected' }, channel });
}

interface Sending {
  readonly visit: Visit;
  readonly operation: OperationView;
  readonly channel: Channel;
  readonly verdict: Verdict & { readonly kind: 'send' };
  readonly inHand: InHand;
}

async function send(engine: Engine, { visit, operation, channel, verdict, inHand }: Sending): Promise<void> {
  const { vault, acquirer, shoppers, clock } = engine;
  const { merchantId, visitId, authentication } = visit;
  const { operationId, paymentId, amount, currency, card, createdAtMs, agreement } = operation;
  const kind = firstKinds.find((first) => first === operation.kind);
  const { cardId, sealedValue, authenticationId } = authentication;
  const exemption = exemptionOf(authentication);
  const { email, browser, address } = authentication.request;
  if (kind === undefined || card === undefined) throw new Error(`a ${operation.kind} waits for no shopper`);
  const [pan, cvc] = await Promise.all([
    inHand.pan ?? vault.reveal({ merchantId, cardId }),
    inHand.cvc ?? (visit.hasCvc ? vault.readCvc({ merchantId, visitId }) : undefined),
  ]);
  const authenticationValue =
    sealedValue === undefined ? undefined : vault.openSecret({ merchantId, secretId: authenticationId, sealed: sealedValue });
  if (pan === undefined) return refuse(engine, { visit, operation, channel }, 'card_gone');
  if (visit.hasCvc && cvc === undefined) return refuse(engine, { visit, operation, channel }, 'cvc_gone');
  const trace = await acquirer.prepare({ channel, kind });
  const startedMs = performance.now();
  const resolveAfterMs = acquirer.timeoutMs + resolutionMarginMs;
  const submission = await shoppers.visits.submit({
    ...{ merchantId, paymentId, operationId, trace, resolveAfterMs, nowMs: clock.businessNow() },
  });
  if (submission === 'guard_failed') return;
  const view: OperationView = { ...operation, state: 'submitted', trace };
  if (isTooLateToSend(startedMs)) {
    engine.log.warn({ operationId }, 'recording took too long; the payment is not sent and its resolution will close it');
    return;
  }
  const onDecline: Exchange['onDecline'] = async (answer) => {
    if (answer.reason !== 'authentication_required') return undefined;
    return stepUp(engine, { visit, view, inHand: { pan, ...(cvc === undefined ? {} : { cvc }) }, answer });
  };
  const concluded = await exchange(engine, {
    ...{ channel, open: { view }, trace, pan, tokenize: visit.tokenize, onDecline },
    ...(browser.ip === undefined ? {} : { ip: browser.ip }),
    ...(email === undefined ? {} : { email }),
    ...(address === undefined ? {} : { address }),
    ...(verdict.evidence === undefined ? {} : { authentication: verdict.evidence }),
    row: { merchantId, operationId, kind, amount, currency, cardId, card, createdAtMs, ...(agreement === undefined ? {} : { agreement }) },
    ...(cvc === undefined ? {} : { cvc }),
    ...(exemption === undefined ? {} : { exemption }),
    ...(authenticationValue === undefined ? {} : { authenticationValue }),
  });
  if (concluded.state !== 'awaiting' && concluded.state !== 'submitted') await end(engine, { visit, operation: concluded, channel });
}

interface SteppingUp {
  readonly visit: Visit;
  readonly view: OperationView;
  readonly inHand: InHand;
  readonly answer: Parameters<NonNullable<Exchange['onDecline']>>[0];
}

/**
 * The issuer declined for want of authentication, and the shopper is there: once, and unless the shopper was asked already, a run that demands a
 * challenge follows. Undefined: the decline stands.
 */
async function stepUp(engine: Engine, { visit, view, inHand, answer }: SteppingUp): Promise<OperationView | undefined> {
  const { shoppers, clock, log } = engine;
  const { authentication: before } = visit;
  if (before.number > 1 || before.acsUrl !== undefined || inHand.pan === undefined) return undefined;
  if (before.request.withoutStepUp === true) return undefined;
  // Nobody is there who could be challenged.
  if (before.request.withoutShopper !== undefined) return undefined;
  // An issuer that declined for want of authentication has not followed the exemption.
  const { exemption: _refused, ...asked } = before.request;
  const request = { ...asked, challengeIndicator: challengeMandated };
  const enrolment = shoppers.server?.enrolmentOf(inHand.pan, request);
  if (enrolment === undefined) return undefined;
  try {
    await keepCvc(engine, visit, inHand);
    const { amount, currency, cardId } = before;
    const begun = await shoppers.visits.addAuthentication(visit, {
      ...{ authenticationId: randomUUIDv7(), number: 2, amount, currency, cardId, request, ...enrolment },
      ...{ state: enrolment.methodUrl === undefined ? 'ready' : 'method', createdAtMs: clock.businessNow() },
    });
    if (!begun) return undefined;
  } catch (error) {
    log.warn({ operationId: view.operationId, error: String(error) }, 'the shopper could not be asked after a soft decline; it stands');
    return undefined;
  }
  const outcome = { ...outcomeOf({ view }, answer), event: 'step_up', from: 'submitted' } as const;
  const { applied } = await recordSurely(engine, outcome);
  return applied ? { ...view, state: 'awaiting', responseCode: answer.responseCode } : undefined;
}
