/** The AReq of a run: what is known of card, shopper, shop and purchase in the protocol's words. Pure. */
import type { AcquirerAccount } from '../core/acquirer/account.ts';
import { currencyOf } from '../core/money/currency.ts';
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
  const { authentication, pan, methodCompletion, returnUrl, resultUrl } = asking;
  const { request, amount, authenticationId } = authentication;
  const currency = currencyOf(authentication.currency);
  const version = versionOf(authentication.version);
  const isNew = version === '2.3.1';
  const { challengeIndicator: wish, simulate } = request;
  const areq = {
    messageType: 'AReq',
    messageVersion: version,
    ...{ messageCategory: '01', deviceChannel: '02', threeDSServerTransID: authenticationId },
    ...{ threeDSServerRefNumber: requestor.serverReference, threeDSServerURL: resultUrl },
    ...{ threeDSRequestorID: requestor.requestorId, threeDSRequestorName: request.merchantName.slice(0, longestName) },
    ...{ threeDSRequestorURL: requestor.requestorUrl, threeDSRequestorAuthenticationInd: '01', acctNumber: pan.reveal() },
    ...{ acquirerBIN: requestor.acquirerBin, acquirerMerchantID: account.merchantIdentifier.trim(), mcc: account.categoryCode },
    ...{ merchantCountryCode: requestor.merchantCountry, merchantName: request.merchantName.slice(0, longestName) },
    ...{ purchaseAmount: String(amount), purchaseCurrency: currency?.numeric ?? '', purchaseExponent: String(currency?.decimals ?? 2) },
    purchaseDate: new Date(nowMs).toISOString().replace(/\D/g, '').slice(0, 14),
    ...{ cardExpiryDate: request.cardExpiry, notificationURL: returnUrl, threeDSCompInd: methodCompletion, transType: '01' },
    ...browserElements(request.browser),
    ...(request.holder === undefined ? {} : { cardholderName: request.holder }),
    ...(request.email === undefined ? {} : { email: request.email }),
    ...(wish === undefined ? {} : { threeDSRequestorChallengeInd: isNew ? [wish] : wish }),
    ...(isNew ? newElements(asking, requestor) : {}),
    ...(simulate === undefined ? {} : { messageExtension: [simulation(simulate)] }),
  };
  // Elements that only one version knows are required there, which the type cannot say.
  return areq as unknown as AReq;
}

/** What 2.3.1 wants beside: 01 says that the country comes from the 3DS Server. */
function newElements({ authentication }: Asking, { merchantCountry }: Requestor): Partial<AReq> {
  const { language = 'en' } = authentication.request.browser;
  return { acceptLanguage: [language.slice(0, 100) || 'en'], acquirerCountryCode: merchantCountry, acquirerCountryCodeSource: '01' };
}

function simulation(flow: 'challenge' | 'frictionless' | 'enrolled') {
  return { name: sandboxExtension, id: sandboxExtension, criticalityIndicator: false, data: { flow } };
}
