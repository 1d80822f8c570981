/**
 * An authentication without a payment: for a merchant that pays elsewhere, or later. It is a visit of its own; its evidence, the proof included, belongs
 * to the merchant who asked for it.
 */
import { randomUUIDv7 } from 'node:crypto';
import type { CardSummary, Pan } from '../instrument/card.ts';
import type { Channel } from '../merchant/channel.ts';
import { largestAmount } from '../money/amount.ts';
import { advance } from '../payment/advance.ts';
import { requestOf, type Shopper } from '../payment/await-shopper.ts';
import type { Engine } from '../payment/engine.ts';
import { type Refusal, refusal } from '../refusals.ts';
import type { Authentication } from './authentication.ts';
import type { Visit } from './visit.ts';

export interface AuthenticateCommand {
  readonly channel: Channel;
  /** Minor units. */
  readonly amount: number;
  readonly currency: string;
  readonly card: { readonly pan: Pan; readonly summary: CardSummary };
  readonly shopper: Shopper;
  readonly merchantReference?: string;
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
  | { readonly kind: 'refused'; readonly refusal: Refusal }
  /** The card takes part in no 3-D Secure; nothing was recorded. */
  | { readonly kind: 'not_enrolled' }
  | { readonly kind: 'recorded'; readonly view: StandAloneView };

/** The card is needed until the run is over, and not after. */
const cardMarginMs = 3_600_000;

/** Runs it as far as it goes without the shopper. Throws when database or vault are away. */
export async function authenticate(engine: Engine, command: AuthenticateCommand): Promise<AuthenticateResult> {
  const { channel, amount, currency, card, shopper, merchantReference, dialectData } = command;
  const { shoppers, clock, vault } = engine;
  if (amount <= 0) return { kind: 'refused', refusal: refusal('amount_too_low', 'amount') };
  if (amount > largestAmount) return { kind: 'refused', refusal: refusal('amount_too_large', 'amount') };
  const standAlone = { card: card.summary, dialectData, ...(merchantReference === undefined ? {} : { merchantReference }) };
  const request = { ...requestOf(channel, shopper, card.summary), standAlone };
  const enrolment = shoppers.server?.enrolmentOf(card.pan, request);
  if (enrolment === undefined) return { kind: 'not_enrolled' };
  const { merchantId, channelId } = channel;
  const [visitId, cardId, createdAtMs] = [randomUUIDv7(), randomUUIDv7(), clock.businessNow()];
  const expiresAtMs = createdAtMs + shoppers.waitMs;
  await vault.store({ merchantId, cardId, pan: card.pan, purgeAtMs: expiresAtMs + cardMarginMs });
  await shoppers.visits.begin({
    ...{ merchantId, channelId, visitId, returnUrl: shopper.returnUrl(visitId), tokenize: false, hasCvc: false, expiresAtMs },
    authentication: {
      ...{ authenticationId: visitId, number: 1, amount, currency, cardId, request, createdAtMs, ...enrolment },
      state: enrolment.methodUrl === undefined ? 'ready' : 'method',
    },
  });
  const visit = await advance(engine, { merchantId, visitId }, { pan: card.pan });
  if (visit === undefined) throw new Error(`visit ${visitId} is gone`);
  return { kind: 'recorded', view: viewOf(engine, visit) };
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
