/**
 * A payment that the merchant starts with a stored card, and whose issuer is asked before it is sent (3RI). It is recorded and taken up like one that
 * waits for its shopper, but nobody comes: it goes through to its outcome at once, and should this process end meanwhile, another one goes on.
 */
import type { AgreementRequest, CredentialUse } from '../instrument/agreement.ts';
import type { BillingAddress } from '../instrument/billing-address.ts';
import type { CardSummary, Pan } from '../instrument/card.ts';
import type { Channel } from '../merchant/channel.ts';
import type { AuthenticationRequest, Exemption, PriorAuthentication, WithoutShopper } from '../three-d-secure/authentication.ts';
import { visitLeaseMs } from './advance.ts';
import { firstRun, goThrough, requestOf, type Shopper, type Waiting } from './await-shopper.ts';
import type { Engine } from './engine.ts';

/** What a request says of it. */
export interface ShopperlessWish
  extends Pick<Shopper, 'challengeIndicator' | 'email' | 'simulate'>,
    Pick<WithoutShopper, 'until' | 'everyDays' | 'installments' | 'prior'> {
  /** Whether the issuer is to be asked; absent: as the channel is set. */
  readonly isWanted?: boolean;
}

interface Asked {
  readonly channel: Channel;
  readonly use: CredentialUse | undefined;
  readonly wish: ShopperlessWish | undefined;
}

/** Whether the issuer is asked about a payment that has no shopper; decided from memory. */
export function isIssuerAsked({ channel, use, wish }: Asked): boolean {
  return use?.initiator === 'merchant' && (wish?.isWanted ?? channel.authenticatesWithoutShopper === true);
}

interface Waiter {
  readonly channel: Channel;
  readonly use: CredentialUse;
  readonly wish: ShopperlessWish | undefined;
  /** The payment in which the shopper has agreed, where it was named. */
  readonly initial?: AgreementRequest['initial'];
  readonly token?: string;
  readonly summary: CardSummary;
  readonly pan: Pan;
  readonly tokenize: boolean;
  readonly exemption?: Exemption;
  readonly address?: BillingAddress;
  readonly captureData?: Readonly<Record<string, string>>;
}

/** Undefined: the card takes part in no 3-D Secure, so the payment is sent as it is. Throws when the database is away. */
export async function waitingForIssuer(engine: Engine, waiter: Waiter): Promise<Waiting | undefined> {
  const { channel, wish = {}, summary, pan, tokenize, exemption, address, captureData } = waiter;
  const { shoppers } = engine;
  const asked: AuthenticationRequest = {
    ...requestOf(channel, { browser: {}, ...wish }, summary),
    ...(exemption === undefined ? {} : { exemption }),
    ...(address === undefined ? {} : { address }),
  };
  const enrolment = shoppers.server?.enrolmentOf(pan, asked);
  if (enrolment === undefined) return undefined;
  const request = { ...asked, withoutShopper: await aboutAgreement(engine, waiter) };
  return {
    record: (row) => {
      const { merchantId, channelId, paymentId, operationId: visitId } = row;
      return shoppers.visits.begin({
        ...{ merchantId, channelId, paymentId, visitId, payment: row, tokenize, hasCvc: false },
        ...{ returnUrl: '', expiresAtMs: row.createdAtMs + shoppers.waitMs, leaseMs: visitLeaseMs(engine) },
        ...(captureData === undefined ? {} : { captureData }),
        // An issuer's page has no browser to run in.
        authentication: firstRun(row, request, { version: enrolment.version }, true),
      });
    },
    begin: (row, view, storedPan) => goThrough(engine, { row, view, inHand: storedPan === undefined ? {} : { pan: storedPan } }),
  };
}

async function aboutAgreement(engine: Engine, waiter: Waiter): Promise<WithoutShopper> {
  const { use, wish = {} } = waiter;
  const { until, everyDays, installments } = wish;
  const prior = wish.prior ?? (await priorOf(engine, waiter));
  return {
    agreement: use.type,
    ...(until === undefined ? {} : { until }),
    ...(everyDays === undefined ? {} : { everyDays }),
    ...(installments === undefined ? {} : { installments }),
    ...(prior === undefined ? {} : { prior }),
  };
}

/** That of the payment that was named; else that of the latest agreement about the token. */
async function priorOf(
  { shoppers }: Engine,
  { channel, use, initial, token, summary: card }: Waiter,
): Promise<PriorAuthentication | undefined> {
  const { merchantId } = channel;
  const named =
    initial === undefined || !('operationId' in initial)
      ? undefined
      : await shoppers.visits.findPrior({ merchantId, operationId: initial.operationId, card });
  if (named !== undefined || token === undefined) return named;
  return shoppers.visits.findPrior({ merchantId, token, type: use.type, card });
}
