/**
 * Preauthorization, debit and payout: a new payment with its first operation. Two transactions around one exchange with the acquirer; the card
 * goes to the vault beside the first one, and nothing is sent before both are durable.
 */
import { randomUUIDv7 } from 'node:crypto';
import { type AgreementRequest, type CredentialUse, isConsistent } from '../instrument/agreement.ts';
import type { CardSummary, Cvc, Pan } from '../instrument/card.ts';
import { whyNoToken } from '../instrument/why-no-token.ts';
import { refuseInactive } from '../merchant/activation.ts';
import type { Channel, Flow } from '../merchant/channel.ts';
import { purgeTime } from '../merchant/retention.ts';
import { largestAmount } from '../money/amount.ts';
import type { NewPayment, Submission } from '../ports/new-operation.ts';
import { type Refusal, refusal } from '../refusals.ts';
import type { CardTesting } from '../risk/card-testing.ts';
import { type AfterReview, afterReview, inReview, screened as screenedBefore } from '../risk/review.ts';
import type { Origin, ReviewCause } from '../risk/rule.ts';
import { type RiskVerdict, screen } from '../risk/screen.ts';
import type { Exemption } from '../three-d-secure/authentication.ts';
import { type ExternalAuthentication, evidenceOf, refusedBy } from '../three-d-secure/external.ts';
import { isIssuerAsked, type ShopperlessWish, waitingForIssuer } from './await-issuer.ts';
import { type Shopper, type Waiting, waitingFor } from './await-shopper.ts';
import { conclude } from './conclude.ts';
import { type CardUse, credentialUseOf } from './credential-use.ts';
import { isTooLateToSend } from './deadline.ts';
import type { ActResult, Engine } from './engine.ts';
import { exchange } from './exchange.ts';
import { holderOfKey, inputHash, repeatOf } from './idempotency.ts';
import type { OperationView, RejectionReason } from './operation.ts';
import { blockOf } from './retry-limits.ts';
import { isCertainlyNotRecorded, refuseWhenUnavailable } from './store-failure.ts';

/**
 * What is paid with. `rejected`: the request names a card that no acquirer would be asked about; it is recorded with its reason, and
 * without the number.
 */
export type Instrument =
  | { readonly type: 'card'; readonly pan: Pan; readonly cvc?: Cvc; readonly summary: CardSummary }
  | { readonly type: 'token'; readonly token: string; readonly cvc?: Cvc }
  /** The card of an earlier payment of the same merchant. */
  | { readonly type: 'kept'; readonly cardId: string; readonly summary: CardSummary }
  | { readonly type: 'rejected'; readonly summary: CardSummary; readonly reason: RejectionReason };

export interface AuthorizeCommand {
  readonly channel: Channel;
  readonly kind: 'preauthorization' | 'debit' | 'payout';
  /** Minor units. */
  readonly amount: number;
  readonly currency: string;
  readonly instrument: Instrument;
  /** From the merchant's own 3-D Secure server. */
  readonly authentication?: ExternalAuthentication;
  /** Of strong customer authentication, asked for. */
  readonly exemption?: Exemption;
  /** Keep the card under a token when the payment is approved. */
  readonly tokenize: boolean;
  /** Under which agreement a stored card is used, or that one is made. */
  readonly agreement?: AgreementRequest;
  /** Where it comes from; what is not said is taken from the shopper. */
  readonly origin?: Origin;
  /** Present: the shopper is there, and may be sent to the issuer to authenticate. */
  readonly shopper?: Shopper;
  /** Of a payment that the merchant starts: whether its issuer is asked before, and what it is told. */
  readonly withoutShopper?: ShopperlessWish;
  /** Of a preauthorization: all of it is captured at once. */
  readonly thenCapture?: true;
  /** Of a preauthorization: all that is left of it by then is captured; in ms from now, or at a business time in epoch ms. */
  readonly captureLater?: { readonly afterMs: number } | { readonly atMs: number };
  /** Of that capture: its dialect data. */
  readonly captureData?: Readonly<Record<string, string>>;
  readonly merchantReference?: string;
  readonly idempotencyKey?: string;
  /** How long the key is remembered, in wall ms; absent: as the settings say. */
  readonly keyLifetimeMs?: number;
  /** A repeat under the key counts as the same request whatever it asks for; else it is refused when it asks for something else. */
  readonly keyMatchesAnyInput?: true;
  /** From `takePaymentNumber`; it is found under the same name in the dialect's data of the operation. */
  readonly paymentNumber?: number;
  readonly dialectData: Readonly<Record<string, string>>;
}

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
    const cause = verdict?.action === 'review' ? verdict.cause : undefined;
    const agreement = await credentialUseOf(engine, cardUseOf(command));
    if (agreement !== undefined && 'code' in agreement) return { kind: 'refused', refusal: agreement };
    const waits = await waitingOf(engine, command, card, agreement);
    const payable = waits === undefined ? unlessAuthenticated(card, command) : card;
    const row = await newPayment(engine, command, { card: payable, agreement, waits, cause });
    return submit(engine, { ...command, ...(waits === undefined ? {} : { waits }) }, payable, row);
  });
}

type Suspicion = ReturnType<CardTesting['suspects']>;

/** Whether the card is one of many that somebody tries out. A stored card was good once; a payout is for nobody who steals cards. */
function suspicionOf(cardTesting: CardTesting, { channel, kind, instrument, agreement, shopper, origin }: AuthorizeCommand): Suspicion {
  if (instrument.type !== 'card' || kind === 'payout' || agreement?.initiator === 'merchant') return undefined;
  const ip = origin?.ip ?? shopper?.browser.ip;
  return cardTesting.suspects({ merchantId: channel.merchantId, ip, pan: instrument.pan });
}

/** Nothing is sent unless the issuer has authenticated the shopper. */
function withAuthentication(command: AuthorizeCommand): AuthorizeCommand {
  return command.shopper === undefined ? command : { ...command, shopper: { ...command.shopper, mustAuthenticate: true } };
}

function suspected(card: PaymentCard, { shopper, authentication }: AuthorizeCommand, suspicion: Suspicion): PaymentCard {
  const isRefused = suspicion === 'refuse' || (suspicion === 'authenticate' && shopper === undefined && authentication === undefined);
  return isRefused && card.rejection === undefined ? { ...card, rejection: 'card_testing' } : card;
}

/** A payout is no payment that could go one way or another. */
function flowOf({ kind, shopper, authentication }: AuthorizeCommand): { readonly flow?: Flow } {
  if (kind === 'payout') return {};
  return { flow: shopper === undefined && authentication === undefined ? 'synchronous' : 'three_d_secure' };
}

/** A card whose holder did not authenticate, by the merchant's own server, is not sent. */
function judged(card: PaymentCard, { authentication, channel }: AuthorizeCommand): PaymentCard {
  const reason = authentication === undefined ? undefined : refusedBy(authentication, channel);
  return reason === undefined || card.rejection !== undefined ? card : { ...card, rejection: reason };
}

/** Before any authentication. A merchant without rules pays nothing for it. */
async function screened(engine: Engine, card: PaymentCard, command: AuthorizeCommand): Promise<RiskVerdict | undefined> {
  const { channel, kind, shopper, idempotencyKey } = command;
  if (channel.riskRules === undefined || card.rejection !== undefined) return undefined;
  const { ip = shopper?.browser.ip, email = shopper?.email, country } = command.origin ?? {};
  const origin = { ip, email, country };
  return screen(engine, { channel, kind, origin, card, ...(idempotencyKey === undefined ? {} : { idempotencyKey }) });
}

/** A card that takes part in no 3-D Secure, of a merchant who wants no payment without it. */
function unlessAuthenticated(card: PaymentCard, { shopper }: AuthorizeCommand): PaymentCard {
  return shopper?.mustAuthenticate === true && card.rejection === undefined ? { ...card, rejection: 'authentication_unavailable' } : card;
}

/** Whether it waits for its shopper, or for its issuer's word; nothing is looked up for a payment that does neither. */
async function waitingOf(
  engine: Engine,
  command: AuthorizeCommand,
  card: PaymentCard,
  use: CredentialUse | undefined,
): Promise<Waiting | undefined> {
  const { channel, shopper, tokenize, exemption, captureData } = command;
  if (card.rejection !== undefined || (shopper === undefined && !asksByItself(command, use))) return undefined;
  const { summary, cardId, cvc } = card;
  const pan = card.pan ?? (await engine.vault.reveal({ merchantId: channel.merchantId, cardId }));
  if (pan === undefined) return undefined;
  const waiter = {
    ...{ channel, summary, pan, tokenize },
    ...(exemption === undefined ? {} : { exemption }),
    ...(captureData === undefined ? {} : { captureData }),
  };
  if (shopper !== undefined) return waitingFor(engine, { ...waiter, shopper, ...(cvc === undefined ? {} : { cvc }) });
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

/** What is wrong with a command whatever card it names. */
export function refuseTerms({
  amount,
  currency,
  channel,
  agreement,
}: Pick<AuthorizeCommand, 'amount' | 'currency' | 'channel' | 'agreement'>): Refusal | undefined {
  if (amount <= 0) return refusal('amount_too_low', 'amount');
  if (amount > largestAmount) return refusal('amount_too_large', 'amount');
  if (channel.currencies !== undefined && !channel.currencies.includes(currency)) return refusal('currency_not_enabled', 'currency');
  if (agreement !== undefined && !isConsistent(agreement)) return refusal('agreement_inconsistent', 'agreement');
  return undefined;
}

/** What of a command the exchange needs beside the rows. */
type Conduct = Pick<AuthorizeCommand, 'channel' | 'tokenize' | 'authentication' | 'exemption' | 'origin' | 'shopper'> & {
  readonly waits?: Waiting;
};

/** The card a payment uses: a new one to be stored under `cardId`, or the one behind a token. */
export interface PaymentCard {
  readonly cardId: string;
  readonly summary: CardSummary;
  readonly pan?: Pan;
  readonly cvc?: Cvc;
  readonly token?: string;
  readonly rejection?: RejectionReason;
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
  const { channel, kind, amount, currency, instrument, merchantReference, idempotencyKey, dialectData } = command;
  const key =
    idempotencyKey === undefined
      ? undefined
      : {
          key: idempotencyKey,
          inputHash: await inputHash(engine, channel.merchantId, card.pan, {
            ...{
              kind,
              amount,
              currency,
              merchantReference,
              dialectData,
              tokenize: command.tokenize,
              agreement: command.agreement,
              thenCapture: command.thenCapture,
              captureLater: command.captureLater,
              authentication: command.authentication,
              exemption: command.exemption,
              token: card.token,
              ...(instrument.type === 'kept' ? { cardId: instrument.cardId } : {}),
              card: card.summary,
            },
          }),
          expiresAtMs: engine.clock.wallNow() + (command.keyLifetimeMs ?? engine.settings.keyLifetimeMs),
          ...(command.keyMatchesAnyInput === undefined ? {} : { matchesAnyInput: true as const }),
        };
  const createdAtMs = engine.clock.businessNow();
  const isHeld = cause !== undefined && card.rejection === undefined;
  const after = kind === 'preauthorization' ? (command.thenCapture === undefined ? undefined : 'capture') : 'debit';
  const held = isHeld ? heldForReview(engine, { cause, after, dialectData: withNumber(command) }) : undefined;
  const sent = held?.kind ?? kind;
  return {
    merchantId: channel.merchantId,
    channelId: channel.channelId,
    paymentId: randomUUIDv7(),
    operationId: randomUUIDv7(),
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
    ...(key === undefined ? {} : { idempotencyKey: key }),
    ...(card.rejection === undefined ? {} : { rejection: card.rejection }),
    ...(card.rejection === undefined && waits === undefined ? { trace: await engine.acquirer.prepare({ channel, kind: sent }) } : {}),
    ...held,
  };
}

/** What of a new payment's row is different where an operator is to look at it first: whatever it was to be, its amount is held only. */
export function heldForReview(
  { clock, settings }: Pick<Engine, 'clock' | 'settings'>,
  {
    cause,
    after,
    dialectData,
  }: { readonly cause: ReviewCause; readonly after: AfterReview | undefined; readonly dialectData: NewPayment['dialectData'] },
): Pick<NewPayment, 'kind' | 'review' | 'dialectData'> {
  return {
    kind: 'preauthorization',
    review: { cause, dueAtMs: clock.businessNow() + settings.reviewMs },
    dialectData: after === undefined ? dialectData : { ...dialectData, [afterReview]: after },
  };
}

/** The number is no part of what a repeat is compared by: each try takes one. */
export function withNumber({
  dialectData,
  paymentNumber,
}: Pick<AuthorizeCommand, 'dialectData' | 'paymentNumber'>): AuthorizeCommand['dialectData'] {
  return paymentNumber === undefined ? dialectData : { ...dialectData, paymentNumber: String(paymentNumber) };
}

function captureDue({ kind, captureLater }: AuthorizeCommand, nowMs: number): Pick<NewPayment, 'captureDueAtMs'> {
  if (kind !== 'preauthorization' || captureLater === undefined) return {};
  return { captureDueAtMs: 'atMs' in captureLater ? captureLater.atMs : nowMs + captureLater.afterMs };
}

/** First transaction and vault side by side; then the exchange; then the second transaction. */
export async function submit(engine: Engine, command: Conduct, card: PaymentCard, row: NewPayment): Promise<ActResult> {
  const startedMs = performance.now();
  const { waits } = command;
  const recording = waits === undefined || row.rejection !== undefined ? engine.store.submitPayment(row) : waits.record(row);
  const [submission, pan] = await Promise.allSettled([recording, panInVault(engine, card, row, command.channel)]);
  if (submission.status === 'rejected') {
    if (!isCertainlyNotRecorded(submission.reason)) {
      return (await holderOfKey(engine, row)) ?? { kind: 'recorded', operation: viewOf(row), repeat: false };
    }
    if (pan.status === 'fulfilled') discardOrphan(engine, card, row);
    engine.log.error({ error: String(submission.reason) }, 'a payment could not be recorded; it was refused');
    return { kind: 'refused', refusal: refusal('unavailable') };
  }
  if (submission.value === 'card_blocked') {
    const reason = pan.status === 'rejected' || pan.value === undefined ? undefined : await blockOf(engine, row, pan.value);
    return reason === undefined
      ? submit(engine, command, stored(card), { ...row, blocksChecked: true })
      : reject(engine, command, card, row, reason);
  }
  const lost = await lostRace(engine, card, row, submission.value);
  if (lost !== undefined) return lost;
  const { trace } = row;
  if (trace === undefined) {
    const stands = row.rejection !== undefined || waits === undefined;
    const inVault = pan.status === 'fulfilled' ? pan.value : undefined;
    return { kind: 'recorded', operation: stands ? viewOf(row) : await waits.begin(row, viewOf(row), inVault), repeat: false };
  }
  if (isTooLateToSend(startedMs)) {
    engine.log.warn({ operationId: row.operationId }, 'recording took too long; the payment is not sent and its resolution will close it');
    return { kind: 'recorded', operation: viewOf(row), repeat: false };
  }
  const open = { view: viewOf(row) };
  if (pan.status === 'rejected' || pan.value === undefined) {
    engine.log.error({ operationId: row.operationId }, 'the card could not be stored; the payment is not sent');
    const operation = await conclude(engine, open, {
      outcome: 'not_sent',
      cause: 'the card is not in the vault',
      reason: 'card_not_stored',
    });
    return { kind: 'recorded', operation, repeat: false };
  }
  const { channel, tokenize, authentication, exemption } = command;
  const ip = command.origin?.ip ?? command.shopper?.browser.ip;
  const { cvc } = card;
  const operation = await exchange(engine, {
    ...{ channel, tokenize, open, row, trace, pan: pan.value },
    ...(cvc === undefined ? {} : { cvc }),
    ...(exemption === undefined ? {} : { exemption }),
    ...(ip === undefined ? {} : { ip }),
    ...(authentication === undefined ? {} : { authentication: evidenceOf(authentication) }),
    ...(authentication?.authenticationValue === undefined ? {} : { authenticationValue: authentication.authenticationValue }),
  });
  return { kind: 'recorded', operation, repeat: false };
}

/** A card that is in the vault by now. */
function stored({ pan, ...card }: PaymentCard): PaymentCard {
  return card;
}

/** Recorded instead of sent, like what no acquirer would be asked about. */
function reject(engine: Engine, command: Conduct, card: PaymentCard, row: NewPayment, rejection: RejectionReason): Promise<ActResult> {
  discardOrphan(engine, card, row);
  const { trace, ...unsent } = row;
  return submit(engine, command, { ...stored(card), rejection }, { ...unsent, rejection, blocksChecked: true });
}

/** Stores a new card, or reads the one behind a token. */
async function panInVault(engine: Engine, card: PaymentCard, row: NewPayment, channel: Channel): Promise<Pan | undefined> {
  const { merchantId, cardId } = row;
  if (card.rejection !== undefined) return undefined;
  if (card.pan === undefined) return engine.vault.reveal({ merchantId, cardId });
  await engine.vault.store({ merchantId, cardId, pan: card.pan, purgeAtMs: purgeTime(row.createdAtMs, channel, engine.settings) });
  return card.pan;
}

async function lostRace(engine: Engine, card: PaymentCard, row: NewPayment, submission: Submission): Promise<ActResult | undefined> {
  if (submission === 'submitted') return undefined;
  discardOrphan(engine, card, row);
  if (submission === 'guard_failed') return { kind: 'refused', refusal: refusal('balance_too_low', 'amount') };
  return (await repeatOf(engine, row)) ?? { kind: 'refused', refusal: refusal('key_in_flight', 'idempotencyKey') };
}

/** A card stored for a payment that does not exist; its purge date would take it later anyway. */
function discardOrphan(engine: Engine, card: PaymentCard, { merchantId, cardId }: NewPayment): void {
  if (card.pan === undefined) return;
  engine.vault.discard({ merchantId, cardId }).catch((error: unknown) => {
    engine.log.warn({ cardId, error: String(error) }, 'an unused card stays in the vault until its purge date');
  });
}

function viewOf(row: NewPayment): OperationView {
  const { merchantId, channelId, paymentId, operationId, kind, amount, currency, card, dialectData, createdAtMs } = row;
  return {
    ...{ merchantId, channelId, paymentId, operationId, kind, amount, currency, card, dialectData, createdAtMs },
    state: row.rejection !== undefined ? 'rejected' : row.trace === undefined ? 'awaiting' : 'submitted',
    ...(row.trace === undefined ? {} : { trace: row.trace }),
    ...(row.token === undefined ? {} : { token: row.token }),
    ...(row.referenceId === undefined ? {} : { referenceId: row.referenceId }),
    ...(row.agreement === undefined ? {} : { agreement: row.agreement }),
    ...(row.merchantReference === undefined ? {} : { merchantReference: row.merchantReference }),
    ...reasonOf(row),
  };
}

/** The reason that a new payment is recorded with. */
function reasonOf({ rejection, review }: NewPayment): Pick<OperationView, 'reason'> {
  if (rejection !== undefined) return { reason: rejection };
  return review === undefined ? {} : { reason: inReview };
}
