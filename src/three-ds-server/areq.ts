/** The AReq of a run: what is known of card, shopper, shop and purchase in the protocol's words. Pure. */

import type { AcquirerAccount } from '../core/acquirer/account.ts';
import { isDay } from '../core/day.ts';
import { currencyOf } from '../core/money/currency.ts';
import type { AgreementTerms, AuthenticationRequest, WithoutShopper } from '../core/three-d-secure/authentication.ts';
import type { Asking } from '../core/three-d-secure/three-ds-server.ts';
import { browserElements } from '../protocols/emv-3ds/browser-data.ts';
import type { AReq } from '../protocols/emv-3ds/message.ts';
import { OFFERED_VERSIONS, type Version } from '../protocols/emv-3ds/rule.ts';

/** Who asks, as the directory server knows it. */
export interface Requestor {
  /** Reference number of the 3DS Server. */
  readonly serverReference: string;
  readonly requestorId: string;
  /** A page about the requestor. */
  readonly requestorUrl: string;
  /** The acquirer's institution identification code. */
  readonly acquirerBin: string;
  /** ISO 3166-1 number. */
  readonly merchantCountry: string;
}

/** The extension in which the sandbox's directory server reads what it should simulate. No other one knows it, and it may ignore it. */
const sandboxExtension = 'POLYGATE-SANDBOX';

const longestName = 40;

export function versionOf(version: string): Version {
  return OFFERED_VERSIONS.find((offered) => offered === version) ?? OFFERED_VERSIONS[0];
}

/** `nowMs`: business time. */
export function areqOf(asking: Asking, account: AcquirerAccount, requestor: Requestor, nowMs: number): AReq {
  const { authentication, pan, resultUrl } = asking;
  const { request, amount, authenticationId } = authentication;
  const currency = currencyOf(authentication.currency);
  const version = versionOf(authentication.version);
  const isNew = version === '2.3.1';
  const { withoutShopper, simulate } = request;
  const areq = {
    messageType: 'AReq',
    messageVersion: version,
    ...{ messageCategory: '01', threeDSServerTransID: authenticationId },
    ...{ threeDSServerRefNumber: requestor.serverReference, threeDSServerURL: resultUrl },
    ...{ threeDSRequestorID: requestor.requestorId, threeDSRequestorName: request.merchantName.slice(0, longestName) },
    ...{ threeDSRequestorURL: requestor.requestorUrl, acctNumber: pan.reveal() },
    ...{ acquirerBIN: requestor.acquirerBin, acquirerMerchantID: account.merchantIdentifier.trim(), mcc: account.categoryCode },
    ...{ merchantCountryCode: requestor.merchantCountry, merchantName: request.merchantName.slice(0, longestName) },
    ...{ purchaseAmount: String(amount), purchaseCurrency: currency?.numeric ?? '', purchaseExponent: String(currency?.decimals ?? 2) },
    purchaseDate: timeText(nowMs, 14),
    ...{ cardExpiryDate: request.cardExpiry, transType: '01' },
    ...(withoutShopper === undefined ? shopperElements(asking, isNew) : merchantElements(withoutShopper, request, isNew)),
    ...(request.holder === undefined ? {} : { cardholderName: request.holder }),
    ...(request.email === undefined ? {} : { email: request.email }),
    ...(isNew ? { acquirerCountryCode: requestor.merchantCountry, acquirerCountryCodeSource: countryFromServer } : {}),
    ...(simulate === undefined ? {} : { messageExtension: [simulation(simulate)] }),
  };
  // Elements that only one version knows are required there, which the type cannot say.
  return areq as unknown as AReq;
}

/** `acquirerCountryCodeSource`, which 2.3.1 wants: the 3DS Server has said so. */
const countryFromServer = '01';

const browserChannel = '02';
const requestorChannel = '03';

/** The shopper's browser, and where it comes back to. */
function shopperElements({ authentication, methodCompletion, returnUrl }: Asking, isNew: boolean) {
  const { browser, challengeIndicator: wish, mandate } = authentication.request;
  const { language = 'en' } = browser;
  const told = mandate === undefined ? 'other' : toldAs(mandate);
  return {
    ...{ deviceChannel: browserChannel, threeDSRequestorAuthenticationInd: authenticationInd[told] },
    ...(mandate === undefined ? {} : termElements(told, mandate)),
    ...{ notificationURL: returnUrl, threeDSCompInd: methodCompletion },
    ...browserElements(browser),
    ...(wish === undefined ? {} : { threeDSRequestorChallengeInd: isNew ? [wish] : wish }),
    ...(isNew ? { acceptLanguage: [language.slice(0, 100) || 'en'] } : {}),
  };
}

/** Parts of a purchase are told as such where their number is known, which goes with it. */
type Told = 'recurring' | 'installment' | 'other';

/** `threeDSRequestorAuthenticationInd`: what the shopper is there for. */
const authenticationInd: Readonly<Record<Told, string>> = { recurring: '02', installment: '03', other: '01' };
/** `threeRIInd` */
const shopperlessInd: Readonly<Record<Told, string>> = { recurring: '01', installment: '02', other: '11' };

/** For an agreement that ends at no certain day, and whose payments may come as near as the day after. */
const withoutEnd = '99991231';
const anyDay = 1;

const priorMethods = { frictionless: '01', challenge: '02' } as const;

/** What the merchant says of a payment that it starts, and of the one in which the shopper has agreed. Wishes about a challenge came with 2.3.1. */
function merchantElements(about: WithoutShopper, { challengeIndicator: wish }: AuthenticationRequest, isNew: boolean) {
  const { prior } = about;
  const told = toldAs(about);
  const priorInfo =
    prior === undefined
      ? undefined
      : {
          ...{ threeDSReqPriorAuthMethod: priorMethods[prior.method], threeDSReqPriorRef: prior.acsTransactionId },
          threeDSReqPriorAuthTimestamp: timeText(prior.atMs, 12),
        };
  return {
    ...{ deviceChannel: requestorChannel, threeRIInd: shopperlessInd[told] },
    ...termElements(told, about),
    ...(priorInfo === undefined ? {} : { threeDSRequestorPriorAuthenticationInfo: isNew ? [priorInfo] : priorInfo }),
    ...(wish === undefined || !isNew ? {} : { threeDSRequestorChallengeInd: [wish] }),
  };
}

function toldAs({ agreement, installments = 0 }: AgreementTerms): Told {
  switch (agreement) {
    case 'recurring':
      return 'recurring';
    case 'installment':
      return installments > 1 && installments < 1000 ? 'installment' : 'other';
    case 'unscheduled':
      return 'other';
  }
}

/** What goes with an agreement. A day that is none must not cost the authentication. */
function termElements(told: Told, { until = '', everyDays = anyDay, installments }: AgreementTerms) {
  if (told === 'other') return {};
  return {
    recurringExpiry: isDay(until) ? until.replaceAll('-', '') : withoutEnd,
    recurringFrequency: String(Math.max(everyDays, anyDay)),
    ...(told === 'installment' ? { purchaseInstalData: String(installments) } : {}),
  };
}

/** Digits of a time in UTC, from the year on. */
function timeText(epochMs: number, digits: number): string {
  return new Date(epochMs).toISOString().replace(/\D/g, '').slice(0, digits);
}

function simulation(flow: 'challenge' | 'frictionless' | 'enrolled') {
  return { name: sandboxExtension, id: sandboxExtension, criticalityIndicator: false, data: { flow } };
}
