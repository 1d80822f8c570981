/**
 * An authentication without a payment: for a merchant that pays elsewhere, or later. It is a visit of its own; its evidence, the proof included, belongs
 * to the merchant who asked for it.
 */
import { randomUUIDv7 } from 'node:crypto';
import { type AgreementRequest, isConsistent } from '../instrument/agreement.ts';
import type { CardSummary, Pan } from '../instrument/card.ts';
import type { Channel } from '../merchant/channel.ts';
import { refuseMoney } from '../money/refuse-money.ts';
import { advance } from '../payment/advance.ts';
import { requestUnder, type Shopper } from '../payment/await-shopper.ts';
import type { Engine } from '../payment/engine.ts';
import { inputHash } from '../payment/idempotency.ts';
import { type Refused, refused } from '../refusals.ts';
import type { Authentication } from './authentication.ts';
import type { NewVisit, Visit } from './visit.ts';

export interface AuthenticateCommand {
  readonly channel: Channel;
  /** Minor units. */
  readonly amount: number;
  readonly currency: string;
  readonly card: { readonly pan: Pan; readonly summary: CardSummary };
  readonly shopper: Shopper;
  /** That the payments belong to which the merchant makes with it: the issuer is told of one that begins here. */
  readonly agreement?: AgreementRequest;
  readonly merchantReference?: string;
  readonly idempotencyKey?: string;
  readonly dialectData: Readonly<Record<string, string>>;
}

/** What a merchant may see of it. */
export interface StandAloneView {
  readonly id: string;
  readonly run: Authentication;
  /** The proof, base64; only where there is one. */
  readonly value?: string;
}

export type AuthenticateResult =
  | Refused
  /** The card takes part in no 3-D Secure; nothing was recorded. */
  | { readonly kind: 'not_enrolled' }
  | { readonly kind: 'recorded'; readonly view: StandAloneView; readonly repeat: boolean };

/** The card is needed until the run is over, and not after. */
const cardMarginMs = 3_600_000;

/**
 * Runs it as far as it goes without the shopper. A repeat under the same key gets the first one as it stands, for as long as that is kept: its id is
 * made of the key. Throws when database or vault are away.
 */
export async function authenticate(engine: Engine, command: AuthenticateCommand): Promise<AuthenticateResult> {
  const { channel, amount, currency, card, shopper, agreement, merchantReference, dialectData } = command;
  const { shoppers, clock, vault } = engine;
  const wrong = refuseMoney(channel, amount, currency);
  if (wrong !== undefined) return { kind: 'refused', refusal: wrong };
  if (agreement !== undefined && !isConsistent(agreement)) return refused('agreement_inconsistent', 'agreement');
  const keyed = await keyedRun(engine, command);
  const repeated = keyed === undefined ? undefined : await repeatOf(engine, command, keyed);
  if (repeated !== undefined) return repeated;
  const input = keyed === undefined ? {} : { inputHash: keyed.inputHash };
  const standAlone = { ...input, card: card.summary, dialectData, ...(merchantReference === undefined ? {} : { merchantReference }) };
  const request = { ...requestUnder(agreement, { channel, shopper, summary: card.summary }), standAlone };
  const enrolment = shoppers.server?.enrolmentOf(card.pan, request);
  if (enrolment === undefined) return { kind: 'not_enrolled' };
  const { merchantId, channelId } = channel;
  const [visitId, cardId, createdAtMs] = [keyed?.visitId ?? randomUUIDv7(), randomUUIDv7(), clock.businessNow()];
  const expiresAtMs = createdAtMs + shoppers.waitMs;
  await vault.store({ merchantId, cardId, pan: card.pan, purgeAtMs: expiresAtMs + cardMarginMs });
  const begun = await beginOnce(engine, {
    ...{ merchantId, channelId, visitId, returnUrl: shopper.returnUrl(visitId), tokenize: false, hasCvc: false, expiresAtMs },
    authentication: {
      ...{ authenticationId: visitId, number: 1, amount, currency, cardId, request, createdAtMs, ...enrolment },
      state: enrolment.methodUrl === undefined ? 'ready' : 'method',
    },
  });
  if (!begun && keyed !== undefined) {
    await vault.discard({ merchantId, cardId });
    const other = await repeatOf(engine, command, keyed);
    if (other !== undefined) return other;
  }
  const visit = await advance(engine, { merchantId, visitId }, { pan: card.pan });
  if (visit === undefined) throw new Error(`visit ${visitId} is gone`);
  return { kind: 'recorded', view: viewOf(engine, visit), repeat: false };
}

interface KeyedRun {
  readonly visitId: string;
  /** Hex. */
  readonly inputHash: string;
}

/** What a key names, and what it was used for. */
async function keyedRun(engine: Engine, command: AuthenticateCommand): Promise<KeyedRun | undefined> {
  const { channel, amount, currency, card, shopper, agreement, merchantReference, dialectData, idempotencyKey } = command;
  if (idempotencyKey === undefined) return undefined;
  const { merchantId, channelId } = channel;
  const hex = Buffer.from(engine.inputMac(`authentication|${merchantId}|${channelId}|${idempotencyKey}`)).toString('hex');
  // Version 8 of RFC 9562: made of something, not drawn.
  const visitId = `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
  const { challengeIndicator, email, simulate } = shopper;
  const input = {
    ...{ amount, currency, merchantReference, dialectData, challengeIndicator, email, simulate },
    ...{ card: card.summary, returnUrl: shopper.returnUrl('') },
    ...(agreement === undefined ? {} : { agreement, terms: shopper.terms }),
  };
  return { visitId, inputHash: Buffer.from(await inputHash(engine, merchantId, card.pan, input)).toString('hex') };
}

/** The run that this key has begun before; whoever had begun it may be gone, so it goes on here. */
async function repeatOf(
  engine: Engine,
  { channel, card }: AuthenticateCommand,
  { visitId, inputHash: hash }: KeyedRun,
): Promise<AuthenticateResult | undefined> {
  const { merchantId } = channel;
  const known = await engine.shoppers.visits.find({ merchantId, visitId });
  if (known === undefined) return undefined;
  if (known.authentication.request.standAlone?.inputHash !== hash) {
    return refused('key_reused', 'idempotencyKey');
  }
  const visit = (await advance(engine, { merchantId, visitId }, { pan: card.pan })) ?? known;
  return { kind: 'recorded', view: viewOf(engine, visit), repeat: true };
}

/** False when a request of the same moment, under the same key, has begun it. */
async function beginOnce(engine: Engine, visit: NewVisit): Promise<boolean> {
  const { merchantId, visitId } = visit;
  try {
    await engine.shoppers.visits.begin(visit);
    return true;
  } catch (error) {
    if ((await engine.shoppers.visits.find({ merchantId, visitId })) === undefined) throw error;
    return false;
  }
}

/** The channel's own; undefined when it has none of that id. */
export async function findAuthentication(
  engine: Engine,
  { channel, id }: { readonly channel: Channel; readonly id: string },
): Promise<StandAloneView | undefined> {
  const { merchantId, channelId } = channel;
  const visit = await engine.shoppers.visits.find({ merchantId, visitId: id });
  if (visit === undefined || visit.channelId !== channelId || visit.paymentId !== undefined) return undefined;
  return viewOf(engine, visit);
}

function viewOf({ vault }: Engine, { merchantId, visitId, authentication }: Visit): StandAloneView {
  const { sealedValue, authenticationId } = authentication;
  const value = sealedValue === undefined ? undefined : vault.openSecret({ merchantId, secretId: authenticationId, sealed: sealedValue });
  return { id: visitId, run: authentication, ...(value === undefined ? {} : { value }) };
}
