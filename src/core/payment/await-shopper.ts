/**
 * A payment whose shopper may have to do something first: it is recorded as waiting, with a visit and a run of 3-D Secure, before anybody is asked; then it
 * goes as far as it can. An issuer that asks nothing of the shopper lets it go through to its outcome at once.
 */
import { randomUUIDv7 } from 'node:crypto';
import type { CardSummary, Cvc, Pan } from '../instrument/card.ts';
import type { Channel } from '../merchant/channel.ts';
import type { NewPayment, Submission } from '../ports.ts';
import type { AuthenticationRequest, Exemption, ShopperBrowser } from '../three-d-secure/authentication.ts';
import type { Enrolment } from '../three-d-secure/three-ds-server.ts';
import { viewOfRun } from '../three-d-secure/view.ts';
import { advance } from './advance.ts';
import type { Engine } from './engine.ts';
import type { OperationView } from './operation.ts';

/** The shopper as the merchant describes them, for a payment that may send them somewhere. */
export interface Shopper {
  readonly browser: ShopperBrowser;
  /** Where the shopper goes in the end; the id is that of the payment's first operation. */
  readonly returnUrl: (operationId: string) => string;
  readonly challengeIndicator?: string;
  readonly email?: string;
  readonly simulate?: AuthenticationRequest['simulate'];
}

/** How a payment waits: instead of being sent, it is recorded with its visit, and then begun. */
export interface Waiting {
  record(row: NewPayment): Promise<Submission>;
  /** Never rejects: what was recorded is answered as it stands. */
  begin(row: NewPayment, view: OperationView, pan: Pan | undefined): Promise<OperationView>;
}

interface Waiter {
  readonly channel: Channel;
  readonly shopper: Shopper;
  readonly summary: CardSummary;
  readonly pan: Pan;
  readonly cvc?: Cvc;
  readonly tokenize: boolean;
  readonly exemption?: Exemption;
  readonly captureData?: Readonly<Record<string, string>>;
}

/** Undefined: the card takes part in no 3-D Secure, so the payment is sent as it is. */
export function waitingFor(
  engine: Engine,
  { channel, shopper, summary, pan, cvc, tokenize, exemption, captureData }: Waiter,
): Waiting | undefined {
  const { shoppers } = engine;
  const request = { ...requestOf(channel, shopper, summary), ...(exemption === undefined ? {} : { exemption }) };
  const enrolment = shoppers.server?.enrolmentOf(pan, request);
  if (enrolment === undefined) return undefined;
  return {
    record: (row) => {
      const { merchantId, channelId, paymentId, operationId: visitId } = row;
      const lifeMs = cvc === undefined ? shoppers.waitMs : Math.min(shoppers.waitMs, shoppers.waitWithCvcMs);
      return shoppers.visits.begin({
        ...{ merchantId, channelId, paymentId, visitId, payment: row, tokenize, hasCvc: cvc !== undefined },
        ...{ returnUrl: shopper.returnUrl(visitId), expiresAtMs: row.createdAtMs + lifeMs },
        ...(captureData === undefined ? {} : { captureData }),
        authentication: firstRun(row, request, enrolment),
      });
    },
    async begin(row, view, storedPan) {
      const { merchantId, operationId } = row;
      try {
        // Without its card in the vault it ends at once, and cleanly.
        const inHand = storedPan === undefined ? {} : { pan: storedPan, ...(cvc === undefined ? {} : { cvc }) };
        const visit = await advance(engine, { merchantId, visitId: operationId }, inHand);
        const now = (await engine.store.findOperation({ merchantId, operationId })) ?? view;
        return visit === undefined ? now : { ...now, authentication: viewOfRun(visit.authentication) };
      } catch (error) {
        engine.log.error({ operationId, error: String(error) }, 'a payment that waits for its shopper could not go on; it waits');
        return view;
      }
    },
  };
}

function firstRun(
  { amount, currency, cardId, createdAtMs }: Pick<NewPayment, 'amount' | 'currency' | 'cardId' | 'createdAtMs'>,
  request: AuthenticationRequest,
  { version, methodUrl }: Enrolment,
) {
  return {
    ...{ authenticationId: randomUUIDv7(), number: 1, amount, currency, cardId, request, version, createdAtMs },
    ...(methodUrl === undefined ? { state: 'ready' as const } : { state: 'method' as const, methodUrl }),
  };
}

/** What the issuer is told of a shopper and their card. */
export function requestOf(
  { name }: Channel,
  { browser, challengeIndicator, email, simulate }: Shopper,
  { brand, holder, expiry }: CardSummary,
): AuthenticationRequest {
  return {
    ...{ browser, merchantName: name, brand },
    cardExpiry: `${String(expiry.year % 100).padStart(2, '0')}${String(expiry.month).padStart(2, '0')}`,
    ...(holder === undefined ? {} : { holder }),
    ...(challengeIndicator === undefined ? {} : { challengeIndicator }),
    ...(email === undefined ? {} : { email }),
    ...(simulate === undefined ? {} : { simulate }),
  };
}
