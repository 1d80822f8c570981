/**
 * Preauthorization, debit and payout: a new payment with its first operation. What is asked for is judged and made a row here; submit.ts takes it through
 * its transactions.
 */

import { randomUUIDv7 } from 'node:crypto';
import type { CredentialUse } from '../instrument/agreement.ts';
import { whyNoToken } from '../instrument/why-no-token.ts';
import { refuseInactive } from '../merchant/activation.ts';
import type { Flow } from '../merchant/channel.ts';
import { orderedId } from '../ordered-id.ts';
import type { NewPayment } from '../ports/new-operation.ts';
import type { Refusal } from '../refusals.ts';
import { screened as screenedBefore } from '../risk/review.ts';
import type { ReviewCause } from '../risk/rule.ts';
import { type AuthorizeCommand, refuseTerms } from './authorize-command.ts';
import { isIssuerAsked, waitingForIssuer } from './await-issuer.ts';
import { type Waiting, waitingFor } from './await-shopper.ts';
import { type CardUse, credentialUseOf } from './credential-use.ts';
import type { ActResult, Engine } from './engine.ts';
import { heldForReview } from './hold-for-review.ts';
import { keyOfRow } from './idempotency.ts';
import { judged, screened, suspected, suspicionOf, unlessAuthenticated, waitsForChecks, withAuthentication } from './judge.ts';
import { withNumber } from './merchant-names.ts';
import { refuseWhenUnavailable } from './store-failure.ts';
import { type PaymentCard, submit } from './submit.ts';

/** Runs the payment to a certain outcome, or to "not answered". Refuses what can be refused without a trace. */
export async function authorize(engine: Engine, asked: AuthorizeCommand): Promise<ActResult> {
  const suspicion = engine.cardTesting === undefined ? undefined : suspicionOf(engine.cardTesting, asked);
  const command = suspicion === undefined ? asked : withAuthentication(asked);
  const refused = refuseTerms(command);
  if (refused !== undefined) return { kind: 'refused', refusal: refused };
  return refuseWhenUnavailable(engine, async () => {
    const found = await cardOf(engine, command);
    if ('code' in found) return { kind: 'refused', refusal: found };
    const inactive = refuseInactive(command.channel, { brand: found.summary.brand, ...flowOf(command) });
    if (inactive !== undefined) return { kind: 'refused', refusal: inactive };
    const judgedCard = suspected(judged(found, command), command, suspicion);
    const verdict = await screened(engine, judgedCard, command);
    const card = verdict?.action === 'block' ? { ...judgedCard, rejection: verdict.reason } : judgedCard;
    const cause = verdict?.action === 'review' ? verdict.cause : waitsForChecks(card, command) ? 'card_checks' : undefined;
    const agreement = await credentialUseOf(engine, cardUseOf(command));
    if (agreement !== undefined && 'code' in agreement) return { kind: 'refused', refusal: agreement };
    const waits = await waitingOf(engine, command, card, agreement);
    const payable = waits === undefined ? unlessAuthenticated(card, command) : card;
    const row = await newPayment(engine, command, { card: payable, agreement, waits, cause });
    return submit(engine, { ...command, ...(waits === undefined ? {} : { waits }) }, payable, row);
  });
}

/** A payout is no payment that could go one way or another. */
function flowOf({ kind, shopper, authentication }: AuthorizeCommand): { readonly flow?: Flow } {
  if (kind === 'payout') return {};
  return { flow: shopper === undefined && authentication === undefined ? 'synchronous' : 'three_d_secure' };
}

/** Whether it waits for its shopper, or for its issuer's word; nothing is looked up for a payment that does neither. */
async function waitingOf(
  engine: Engine,
  command: AuthorizeCommand,
  card: PaymentCard,
  use: CredentialUse | undefined,
): Promise<Waiting | undefined> {
  const { channel, shopper, tokenize, exemption, origin: { address } = {}, captureData } = command;
  if (card.rejection !== undefined || (shopper === undefined && !asksByItself(command, use))) return undefined;
  const { summary, cardId, cvc } = card;
  const pan = card.pan ?? (await engine.vault.reveal({ merchantId: channel.merchantId, cardId }));
  if (pan === undefined) return undefined;
  const waiter = {
    ...{ channel, summary, pan, tokenize },
    ...(exemption === undefined ? {} : { exemption }),
    ...(address === undefined ? {} : { address }),
    ...(captureData === undefined ? {} : { captureData }),
  };
  if (shopper !== undefined) return waitingFor(engine, { ...waiter, shopper, use, ...(cvc === undefined ? {} : { cvc }) });
  if (use === undefined) return undefined;
  const { agreement: { initial } = {}, withoutShopper: wish } = command;
  const { token } = card;
  return waitingForIssuer(engine, {
    ...{ ...waiter, use, wish },
    ...(initial === undefined ? {} : { initial }),
    ...(token === undefined ? {} : { token }),
  });
}

/** Whoever brings a result along wants no other. */
function asksByItself({ channel, kind, authentication, withoutShopper: wish }: AuthorizeCommand, use: CredentialUse | undefined): boolean {
  return authentication === undefined && kind !== 'payout' && isIssuerAsked({ channel, use, wish });
}

/** Who is paid out to agrees to nothing. */
function cardUseOf({ channel, kind, agreement, instrument, tokenize }: AuthorizeCommand): CardUse {
  return {
    merchantId: channel.merchantId,
    isKept: tokenize && kind !== 'payout',
    ...(instrument.type === 'token' ? { token: instrument.token } : {}),
    ...(agreement === undefined ? {} : { agreement }),
  };
}

async function cardOf(engine: Engine, { instrument, channel }: AuthorizeCommand): Promise<PaymentCard | Refusal> {
  switch (instrument.type) {
    case 'card': {
      const { pan, cvc, summary } = instrument;
      return { cardId: randomUUIDv7(), summary, pan, ...(cvc === undefined ? {} : { cvc }) };
    }
    case 'rejected':
      return { cardId: randomUUIDv7(), summary: instrument.summary, rejection: instrument.reason };
    case 'kept':
      return { cardId: instrument.cardId, summary: instrument.summary };
    case 'token': {
      const { token, cvc } = instrument;
      const found = await engine.vault.resolveToken({ merchantId: channel.merchantId, token });
      if (found === undefined) return whyNoToken(engine, { merchantId: channel.merchantId, token });
      return { ...found, token, ...(cvc === undefined ? {} : { cvc }) };
    }
  }
}

async function newPayment(
  engine: Engine,
  command: AuthorizeCommand,
  {
    card,
    agreement,
    waits,
    cause,
  }: {
    readonly card: PaymentCard;
    readonly agreement: CredentialUse | undefined;
    readonly waits: Waiting | undefined;
    /** An operator is to look at it first. */
    readonly cause: ReviewCause | undefined;
  },
): Promise<NewPayment> {
  const { channel, kind, amount, currency, instrument, merchantReference, dialectData } = command;
  const { tokenize, agreement: agreed, thenCapture, captureLater, authentication, exemption, isByMailOrPhone } = command;
  const input = {
    ...{ kind, amount, currency, merchantReference, dialectData, tokenize, agreement: agreed, thenCapture, captureLater },
    ...{ authentication, exemption, isByMailOrPhone, token: card.token, card: card.summary },
    ...(instrument.type === 'kept' ? { cardId: instrument.cardId } : {}),
  };
  const key = await keyOfRow(engine, command, input, card.pan);
  const createdAtMs = engine.clock.businessNow();
  const isHeld = cause !== undefined && card.rejection === undefined;
  const after = kind === 'preauthorization' ? (command.thenCapture === undefined ? undefined : 'capture') : 'debit';
  const held = isHeld ? heldForReview(engine, { cause, after, dialectData: withNumber(command) }) : undefined;
  const sent = held?.kind ?? kind;
  return {
    merchantId: channel.merchantId,
    channelId: channel.channelId,
    paymentId: orderedId(engine.clock),
    operationId: orderedId(engine.clock),
    kind,
    amount,
    currency,
    cardId: card.cardId,
    card: card.summary,
    dialectData: channel.riskRules === undefined ? withNumber(command) : { ...withNumber(command), [screenedBefore]: 'true' },
    createdAtMs,
    ...captureDue(command, createdAtMs),
    ...(command.paymentNumber === undefined ? {} : { paymentNumber: command.paymentNumber }),
    ...(card.token === undefined ? {} : { token: card.token }),
    ...(agreement === undefined ? {} : { agreement }),
    ...(merchantReference === undefined ? {} : { merchantReference }),
    ...key,
    ...(card.rejection === undefined ? {} : { rejection: card.rejection }),
    ...(card.rejection === undefined && waits === undefined ? { trace: await engine.acquirer.prepare({ channel, kind: sent }) } : {}),
    ...held,
  };
}

function captureDue({ kind, captureLater }: AuthorizeCommand, nowMs: number): Pick<NewPayment, 'captureDueAtMs'> {
  if (kind !== 'preauthorization' || captureLater === undefined) return {};
  return { captureDueAtMs: 'atMs' in captureLater ? captureLater.atMs : nowMs + captureLater.afterMs };
}
