/**
 * A payment whose shopper may have to do something first: it is recorded as waiting, with a visit and a run of 3-D Secure, before anybody is asked; then it
 * goes as far as it can. An issuer that asks nothing of the shopper lets it go through to its outcome at once.
 */
import { randomUUIDv7 } from 'node:crypto';
import type { CredentialUse } from '../instrument/agreement.ts';
import type { BillingAddress } from '../instrument/billing-address.ts';
import type { CardSummary, Cvc, Pan } from '../instrument/card.ts';
import { maskCardNumbers } from '../instrument/mask.ts';
import type { Channel } from '../merchant/channel.ts';
import type { CardSubmission, NewPayment } from '../ports/new-operation.ts';
import {
  type AgreementTerms,
  type AuthenticationRequest,
  challengeMandated,
  type Exemption,
  type ShopperBrowser,
} from '../three-d-secure/authentication.ts';
import { type InHand, keepCvc } from '../three-d-secure/run.ts';
import type { Enrolment } from '../three-d-secure/three-ds-server.ts';
import { viewOfRun } from '../three-d-secure/view.ts';
import type { NewAuthentication } from '../three-d-secure/visit.ts';
import { advance } from './advance.ts';
import type { Engine } from './engine.ts';
import type { OperationView } from './operation.ts';

/** The shopper as the merchant describes them, for a payment that may send them somewhere. */
export interface Shopper {
  readonly browser: ShopperBrowser;
  /** Where the shopper goes in the end; the id is that of the payment's first operation. */
  readonly returnUrl: (operationId: string) => string;
  /** Nothing is sent, and no issuer asked, before the shopper is on the page; where the issuer does not ask them, they confirm the payment there. */
  readonly confirms?: true;
  /** Nothing is sent before the merchant says so, and no issuer asked before the shopper is on the page. Means nothing for a card that is not enrolled. */
  readonly merchantConfirms?: true;
  /** What authenticates the payment already: the cryptogram of a network token. No issuer is asked. It is sealed until the payment is sent. */
  readonly proof?: { readonly eci?: string; readonly value: string };
  /** The issuer's page is not run before the issuer is asked: the answer must come at once, and the shopper's browser is not here. */
  readonly withoutMethod?: true;
  readonly challengeIndicator?: string;
  /** Unless the issuer has authenticated the shopper, or tried to, nothing is sent, also where the card takes part in no 3-D Secure. */
  readonly mustAuthenticate?: true;
  /** A decline for want of authentication stands: the shopper is not asked after it. */
  readonly withoutStepUp?: true;
  readonly email?: string;
  /** Of the agreement that the payment makes, where it makes one. */
  readonly terms?: Omit<AgreementTerms, 'agreement'>;
  readonly simulate?: AuthenticationRequest['simulate'];
}

/** What of the use of a card tells whether it makes an agreement. */
export type AgreementStart = Pick<CredentialUse, 'sequence' | 'type'>;

/** How a payment waits: instead of being sent, it is recorded with its visit, and then begun. */
export interface Waiting {
  record(row: NewPayment): Promise<CardSubmission>;
  /** Never rejects: what was recorded is answered as it stands. */
  begin(row: NewPayment, view: OperationView, pan: Pan | undefined): Promise<OperationView>;
}

interface Waiter {
  readonly channel: Channel;
  readonly shopper: Shopper;
  readonly use: CredentialUse | undefined;
  readonly summary: CardSummary;
  readonly pan: Pan;
  readonly cvc?: Cvc;
  readonly tokenize: boolean;
  readonly exemption?: Exemption;
  readonly address?: BillingAddress;
  readonly captureData?: Readonly<Record<string, string>>;
}

/** Undefined: the card takes part in no 3-D Secure and the shopper need not confirm, so the payment is sent as it is. */
export function waitingFor(
  engine: Engine,
  { channel, shopper, use, summary, pan, cvc, tokenize, exemption, address, captureData }: Waiter,
): Waiting | undefined {
  const { shoppers } = engine;
  const request = {
    ...requestUnder(use, { channel, shopper, summary, ...(exemption === undefined ? {} : { exemption }) }),
    ...(exemption === undefined ? {} : { exemption }),
    ...(address === undefined ? {} : { address }),
  };
  const enrolment = shopper.proof === undefined ? shoppers.server?.enrolmentOf(pan, request) : undefined;
  if (enrolment === undefined && shopper.confirms === undefined) return undefined;
  return {
    record: (row) => {
      const { merchantId, channelId, paymentId, operationId: visitId } = row;
      const lifeMs = cvc === undefined ? shoppers.waitMs : Math.min(shoppers.waitMs, shoppers.waitWithCvcMs);
      return shoppers.visits.begin({
        ...{ merchantId, channelId, paymentId, visitId, payment: row, tokenize, hasCvc: cvc !== undefined },
        ...{ returnUrl: shopper.returnUrl(visitId), expiresAtMs: row.createdAtMs + lifeMs },
        ...(captureData === undefined ? {} : { captureData }),
        ...(shopper.confirms === undefined ? {} : { confirmation: 'asked' as const }),
        ...(shopper.merchantConfirms === undefined ? {} : { merchantWord: 'awaited' as const }),
        authentication:
          shopper.proof === undefined
            ? firstRun(row, request, enrolment, shopper.withoutMethod === true)
            : provenRun(engine, row, { request, proof: shopper.proof }),
      });
    },
    async begin(row, view, storedPan) {
      if (shopper.confirms !== true && shopper.merchantConfirms !== true) {
        // Without its card in the vault it ends at once, and cleanly.
        const inHand = storedPan === undefined ? {} : { pan: storedPan, ...(cvc === undefined ? {} : { cvc }) };
        return goThrough(engine, { row, view, inHand });
      }
      const { merchantId, operationId: visitId } = row;
      return unlessItThrows(engine, view, async () => {
        await keepCvc(engine, { merchantId, visitId }, cvc === undefined ? {} : { cvc });
        return view;
      });
    },
  };
}

/** What the issuer is told of a shopper and their card, and of the agreement that they make with it. */
export function requestUnder(
  use: AgreementStart | undefined,
  { channel, shopper, summary, exemption }: Pick<Waiter, 'channel' | 'shopper' | 'summary' | 'exemption'>,
): AuthenticationRequest {
  const mandate = mandateOf(use, shopper);
  if (mandate === undefined) return requestOf(channel, shopper, summary);
  return { ...requestOf(channel, withChallenge(shopper, exemption), summary), mandate };
}

/** A card that is kept for whenever something is due may as well be kept for the shopper's own payments: that is no mandate. */
function mandateOf(use: AgreementStart | undefined, { terms }: Shopper): AgreementTerms | undefined {
  return use?.sequence !== 'initial' || use.type === 'unscheduled' ? undefined : { agreement: use.type, ...terms };
}

/** What the merchant charges later goes without the shopper because they were authenticated once, here: by a challenge, unless the merchant says otherwise. */
function withChallenge(shopper: Shopper, exemption: Exemption | undefined): Shopper {
  const { challengeIndicator = exemption === undefined ? challengeMandated : undefined } = shopper;
  return challengeIndicator === undefined ? shopper : { ...shopper, challengeIndicator };
}

/** Takes a payment that was just recorded as far as it goes without its shopper. Never rejects. */
export function goThrough(
  engine: Engine,
  { row, view, inHand }: { readonly row: NewPayment; readonly view: OperationView; readonly inHand: InHand },
): Promise<OperationView> {
  const { merchantId, operationId } = row;
  return unlessItThrows(engine, view, async () => {
    const visit = await advance(engine, { merchantId, visitId: operationId }, inHand);
    const now = (await engine.store.findOperation({ merchantId, operationId })) ?? view;
    return visit === undefined ? now : { ...now, authentication: viewOfRun(visit.authentication) };
  });
}

async function unlessItThrows({ log }: Engine, view: OperationView, work: () => Promise<OperationView>): Promise<OperationView> {
  try {
    return await work();
  } catch (error) {
    log.error({ operationId: view.operationId, error: String(error) }, 'a payment that waits could not go on; it waits');
    return view;
  }
}

/** It is over as it begins: the proof came with the payment. */
function provenRun(
  { vault }: Engine,
  { merchantId, amount, currency, cardId, createdAtMs }: NewPayment,
  { request, proof: { value, ...said } }: { readonly request: AuthenticationRequest; readonly proof: NonNullable<Shopper['proof']> },
): NewAuthentication {
  const authenticationId = randomUUIDv7();
  const proof = { ...said, sealedValue: vault.sealSecret({ merchantId, secretId: authenticationId, secret: value }) };
  return { authenticationId, number: 1, amount, currency, cardId, request, createdAtMs, version: '', state: 'authenticated', proof };
}

export function firstRun(
  { amount, currency, cardId, createdAtMs }: Pick<NewPayment, 'amount' | 'currency' | 'cardId' | 'createdAtMs'>,
  request: AuthenticationRequest,
  enrolment: Enrolment | undefined,
  withoutMethod: boolean,
) {
  const run = { authenticationId: randomUUIDv7(), number: 1, amount, currency, cardId, request, createdAtMs };
  if (enrolment === undefined) return { ...run, version: '', state: 'not_enrolled' as const };
  const { version, methodUrl } = enrolment;
  return {
    ...{ ...run, version },
    ...(methodUrl === undefined ? {} : { methodUrl }),
    state: methodUrl === undefined || withoutMethod ? ('ready' as const) : ('method' as const),
  };
}

/** What the issuer is told of a shopper and their card. */
export function requestOf(
  { name }: Channel,
  { browser, challengeIndicator, mustAuthenticate, withoutStepUp, email, simulate }: Omit<Shopper, 'returnUrl'>,
  { brand, holder, expiry }: CardSummary,
): AuthenticationRequest {
  return {
    ...{ browser: withoutCardNumbers(browser), merchantName: name, brand },
    cardExpiry: `${String(expiry.year % 100).padStart(2, '0')}${String(expiry.month).padStart(2, '0')}`,
    ...(holder === undefined ? {} : { holder }),
    ...(challengeIndicator === undefined ? {} : { challengeIndicator }),
    ...(mustAuthenticate === undefined ? {} : { mustAuthenticate }),
    ...(withoutStepUp === undefined ? {} : { withoutStepUp }),
    ...(email === undefined ? {} : { email: maskCardNumbers(email) }),
    ...(simulate === undefined ? {} : { simulate }),
  };
}

/** Of a browser, what 3-D Secure has room for. */
const largestNumber = 999_999;

/** It is kept with the run, and anybody sends anything as a name, a language or a width of a browser. */
function withoutCardNumbers(browser: ShopperBrowser): ShopperBrowser {
  const members = Object.entries(browser).map(([name, value]) => {
    if (typeof value === 'string') return [name, maskCardNumbers(value)];
    return [name, typeof value === 'number' ? Math.max(-largestNumber, Math.min(value, largestNumber)) : value];
  });
  return Object.fromEntries(members) as ShopperBrowser;
}
