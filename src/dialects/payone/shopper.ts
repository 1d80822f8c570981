/** The shopper of a payment: where their browser comes back to, and what the issuer is told of it. */
import type { ShopperlessWish } from '../../core/payment/await-issuer.ts';
import type { Shopper } from '../../core/payment/await-shopper.ts';
import type { Engine } from '../../core/payment/engine.ts';
import type { ChallengeWindow, PriorAuthentication, ShopperBrowser } from '../../core/three-d-secure/authentication.ts';
import { browserOf, numberIn } from '../browser.ts';
import { withQuery } from '../return-url.ts';
import { guidOf } from './ids.ts';
import { readIp, readReturnUrl } from './read.ts';
import type { CardInput, CreatePayment, Order } from './wire.ts';

/** Compared by the merchant when the shopper is back. Nobody can guess it, and it is the same whenever the payment is asked for. */
export function returnMacOf({ inputMac }: Engine, operationId: string): string {
  return guidOf(inputMac(`payone return ${operationId}`));
}

export interface WayBack {
  readonly url: string;
  readonly paymentNumber: number;
  readonly merchantReference: string | undefined;
}

/** The merchant's address with what they look for in it; their own parameters stay. */
export function returnUrlOf(engine: Engine, { url, paymentNumber, merchantReference }: WayBack): (operationId: string) => string {
  const reference = encodeURIComponent(merchantReference ?? '');
  return (operationId) => withQuery(url, `REF=${reference}&RETURNMAC=${returnMacOf(engine, operationId)}&paymentId=${paymentNumber}_0`);
}

/** Both members may name it; that of 3-D Secure counts. */
export function wayBackIn({ threeDSecure, returnUrl }: CardInput): string | undefined {
  const path = 'cardPaymentMethodSpecificInput';
  const own = threeDSecure?.redirectionData?.returnUrl;
  if (own !== undefined) return readReturnUrl(own, `${path}.threeDSecure.redirectionData.returnUrl`);
  return returnUrl === undefined ? undefined : readReturnUrl(returnUrl, `${path}.returnUrl`);
}

/** Whether nobody is there to be asked, or somebody else has asked already. */
export function skipsAuthentication(input: CardInput): boolean {
  const { threeDSecure, skipAuthentication, transactionChannel, recurring, unscheduledCardOnFileRequestor } = input;
  return (
    (threeDSecure?.skipAuthentication ?? skipAuthentication) === true ||
    transactionChannel === 'MOTO' ||
    threeDSecure?.externalCardholderAuthenticationData !== undefined ||
    recurring?.recurringPaymentSequenceIndicator === 'recurring' ||
    unscheduledCardOnFileRequestor === 'merchantInitiated'
  );
}

/** EMV 3-D Secure, `threeDSRequestorChallengeInd`. */
const wishes: Readonly<Record<string, string>> = {
  'no-preference': '01',
  'no-challenge-requested': '02',
  'challenge-requested': '03',
  'challenge-required': '04',
  'no-challenge-requested-risk-analysis-performed': '05',
  'no-challenge-requested-data-share-only': '06',
  'no-challenge-requested-consumer-authentication-performed': '07',
  'no-challenge-requested-use-whitelist-exemption': '08',
  'challenge-requested-whitelist-prompt-requested': '09',
  'request-scoring-without-connecting-to-acs': '06',
};

const exemptions: Readonly<Record<string, string>> = { 'transaction-risk-analysis': '05', 'low-value': '02', whitelist: '08' };

const windows: Readonly<Record<string, ChallengeWindow>> = {
  '250x400': '01',
  '390x400': '02',
  '500x600': '03',
  '600x400': '04',
  'full-screen': '05',
};

const emailAtMost = 70;

function emailIn({ customer }: Order): string | undefined {
  return customer?.contactDetails?.emailAddress?.trim().slice(0, emailAtMost);
}

/**
 * The shopper as the merchant's server describes them. Their browser is not here, so the issuer's page is not run: whoever needs no challenge is
 * answered at once.
 */
export function readShopper(body: CreatePayment, returnUrl: Shopper['returnUrl']): Shopper {
  const { cardPaymentMethodSpecificInput: input = {}, order } = body;
  const { threeDSecure = {} } = input;
  const { challengeIndicator, exemptionRequest } = threeDSecure;
  const wish = challengeIndicator === undefined ? exemptions[exemptionRequest ?? ''] : wishes[challengeIndicator];
  const email = emailIn(order);
  return {
    browser: readBrowser(order, body.fraudFields?.customerIpAddress, windows[threeDSecure.challengeCanvasSize ?? '250x400']),
    returnUrl,
    withoutMethod: true,
    ...(wish === undefined ? {} : { challengeIndicator: wish }),
    ...(email === undefined ? {} : { email }),
    terms: readTerms(input),
    ...(threeDSecure.skipSoftDecline === true ? { withoutStepUp: true as const } : {}),
  };
}

/** The fewest days that lie between two payments. */
const days = { Yearly: 365, Quarterly: 90, Monthly: 28, Weekly: 7, Daily: 1 } as const;

function readTerms({
  cardOnFileRecurringExpiration: until,
  cardOnFileRecurringFrequency: frequency,
}: CardInput): NonNullable<Shopper['terms']> {
  return {
    ...(until === undefined ? {} : { until: until.replace(/^(....)(..)/, '$1-$2-') }),
    ...(frequency === undefined ? {} : { everyDays: days[frequency as keyof typeof days] }),
  };
}

const priorMethods = new Map<unknown, PriorAuthentication['method']>([
  ['frictionless', 'frictionless'],
  ['challenged', 'challenge'],
]);

/** What the merchant says of the issuer's part in a payment that it starts, and of the authentication that it has agreed by. */
export function readWithoutShopper({ cardPaymentMethodSpecificInput: input = {}, order }: CreatePayment): ShopperlessWish {
  const { threeDSecure = {} } = input;
  const { deviceChannel, challengeIndicator, skipAuthentication } = threeDSecure;
  const wish = challengeIndicator === undefined ? undefined : wishes[challengeIndicator];
  const email = emailIn(order);
  const prior = readPrior(threeDSecure.priorThreeDSecureData);
  return {
    ...(skipAuthentication === true || deviceChannel !== undefined
      ? { isWanted: skipAuthentication !== true && deviceChannel === 'ThreeDSRequestorInitiated' }
      : {}),
    ...(wish === undefined ? {} : { challengeIndicator: wish }),
    ...(email === undefined ? {} : { email }),
    ...readTerms(input),
    ...(prior === undefined ? {} : { prior }),
  };
}

/** Known by the id at the issuer and the time, `YYYYMMDDHHmm`; what is less than that tells an issuer nothing, and is left out. */
function readPrior(data: unknown): PriorAuthentication | undefined {
  if (typeof data !== 'object' || data === null) return undefined;
  const { acsTransactionId, method, utcTimestamp } = data as Readonly<Record<string, unknown>>;
  if (typeof acsTransactionId !== 'string' || !/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(acsTransactionId)) return undefined;
  const [, ...parts] = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(typeof utcTimestamp === 'string' ? utcTimestamp : '') ?? [];
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0] = parts.map(Number);
  const known = priorMethods.get(method);
  if (parts.length === 0 || known === undefined) return undefined;
  return { acsTransactionId, method: known, atMs: Date.UTC(year, month - 1, day, hour, minute) };
}

function readBrowser({ customer }: Order, otherIp: string | undefined, challengeWindow: ChallengeWindow | undefined): ShopperBrowser {
  const { acceptHeader, userAgent, locale, timezoneOffsetUtcMinutes, ipAddress, browserData = {} } = customer?.device ?? {};
  const { colorDepth, javaEnabled, javaScriptEnabled, screenHeight, screenWidth } = browserData;
  return browserOf({
    acceptHeader,
    userAgent,
    language: (locale ?? customer?.locale)?.replace('_', '-'),
    javaEnabled,
    javascriptEnabled: javaScriptEnabled,
    colorDepth,
    screenHeight: numberIn(screenHeight),
    screenWidth: numberIn(screenWidth),
    timeZoneMinutes: numberIn(timezoneOffsetUtcMinutes),
    ip: readIp(ipAddress ?? otherIp),
    challengeWindow,
  });
}
