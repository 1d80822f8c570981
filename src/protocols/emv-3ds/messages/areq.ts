/** AReq: the 3DS Server asks whether the shopper is the cardholder. */

import { APP, all, any, BROWSER, NO_SHOPPER, not, PAYMENT, present, where } from '../conditions.ts';
import {
  COUNTRY,
  CURRENCY,
  code,
  DATE,
  DATE_TIME,
  digits,
  FLAG,
  IP_ADDRESS,
  list,
  MERCHANT_CATEGORY,
  opaque,
  openCode,
  PAN,
  TIME_ZONE,
  text,
  UUID,
  upTo,
  url,
} from '../formats.ts';
import { row, SINCE_2_2, SINCE_2_3, UNTIL_2_2 } from '../rule.ts';
import { AREQ_RISK } from './areq-risk.ts';
import { MESSAGE_EXTENSION, SERVER_TRANSACTION } from './extension.ts';

const RECURRING = any(where('threeDSRequestorAuthenticationInd', '02', '03'), where('threeRIInd', '01', '02'));
const INSTALMENTS = any(where('threeDSRequestorAuthenticationInd', '03'), where('threeRIInd', '02'));
/** Payments have an amount, and so have some authentications without a payment. */
const WITH_AMOUNT = any(
  PAYMENT,
  where('threeDSRequestorAuthenticationInd', '02', '03'),
  where('threeRIInd', '01', '02', '06', '07', '08', '09', '11'),
);
const WITH_SHOPPER = not(NO_SHOPPER);
/** Known only to a browser that runs scripts; 2.1.0 had no way to say that it does not. */
const SCRIPTED_BROWSER = all(BROWSER, any(where('browserJavascriptEnabled', true), where('messageVersion', '2.1.0')));

const IDENTITY = [
  SERVER_TRANSACTION,
  row('messageCategory', openCode('01', '02'), 'required'),
  row('deviceChannel', code('01', '02', '03'), 'required'),
  row('threeDSServerRefNumber', text(32), 'required'),
  row('threeDSServerOperatorID', text(32)),
  row('threeDSServerURL', url(2048), 'required'),
  row('threeDSRequestorID', text(35), 'required'),
  row('threeDSRequestorName', text(40), 'required'),
  row('threeDSRequestorURL', url(2048), 'required'),
  row('acctNumber', PAN, 'required'),
  MESSAGE_EXTENSION,
] as const;

const PURCHASE = [
  row('acquirerBIN', text(11), PAYMENT),
  row('acquirerMerchantID', text(35), PAYMENT),
  row('mcc', MERCHANT_CATEGORY, PAYMENT),
  row('merchantCountryCode', COUNTRY, PAYMENT),
  row('merchantName', text(40), PAYMENT),
  // Minor units: the amount as an integer, its currency, and how many decimals that currency has.
  row('purchaseAmount', digits(1, 48), WITH_AMOUNT),
  row('purchaseCurrency', CURRENCY, WITH_AMOUNT),
  row('purchaseExponent', digits(1), WITH_AMOUNT),
  row('purchaseDate', DATE_TIME, WITH_AMOUNT),
  row('purchaseInstalData', { ...digits(1, 3), pattern: /^(?!0*[01]$)[0-9]+$/, says: 'a number from 2 to 999' }, INSTALMENTS),
  row('recurringExpiry', DATE, RECURRING, { versions: UNTIL_2_2 }),
  row('recurringExpiry', DATE, 'optional', { versions: SINCE_2_3 }),
  row('recurringFrequency', digits(1, 4), RECURRING, { versions: UNTIL_2_2 }),
  row('recurringFrequency', digits(1, 4), 'optional', { versions: SINCE_2_3 }),
  row('transType', code('01', '03', '10', '11', '28')),
] as const;

const BROWSER_DATA = [
  row('browserAcceptHeader', text(2048), BROWSER, { only: BROWSER }),
  row('browserUserAgent', text(2048), BROWSER, { only: BROWSER }),
  row('browserLanguage', text(8), BROWSER, { only: BROWSER, versions: UNTIL_2_2 }),
  row('browserLanguage', text(8), 'optional', { only: BROWSER, versions: SINCE_2_3 }),
  row('acceptLanguage', list(text(100), 99), BROWSER, { only: BROWSER, versions: SINCE_2_3 }),
  row('browserJavascriptEnabled', FLAG, BROWSER, { only: BROWSER, versions: SINCE_2_2 }),
  row('browserJavaEnabled', FLAG, SCRIPTED_BROWSER, { only: BROWSER }),
  row('browserColorDepth', code('1', '4', '8', '15', '16', '24', '32', '48'), SCRIPTED_BROWSER, { only: BROWSER }),
  row('browserScreenHeight', digits(1, 6), SCRIPTED_BROWSER, { only: BROWSER }),
  row('browserScreenWidth', digits(1, 6), SCRIPTED_BROWSER, { only: BROWSER }),
  row('browserTZ', TIME_ZONE, SCRIPTED_BROWSER, { only: BROWSER }),
  row('browserIP', IP_ADDRESS, 'optional', { only: BROWSER }),
  row('notificationURL', url(256), BROWSER, { only: BROWSER }),
  row('threeDSCompInd', code('Y', 'N', 'U'), BROWSER, { only: BROWSER }),
] as const;

const APP_DATA = [
  row('deviceRenderOptions', opaque(1024), APP, { only: APP }),
  row('sdkAppID', UUID, APP, { only: APP }),
  row('sdkEncData', text(64_000), 'optional', { only: APP }),
  row('sdkEphemPubKey', opaque(1024), APP, { only: APP }),
  row('sdkMaxTimeout', { ...digits(2), pattern: /^(0[5-9]|[1-9][0-9])$/, says: 'minutes from 05 to 99' }, APP, { only: APP }),
  row('sdkReferenceNumber', text(32), APP, { only: APP }),
  row('sdkTransID', UUID, APP, { only: APP }),
] as const;

const WISHES = [
  row('threeDSRequestorAuthenticationInd', openCode(...upTo(6)), WITH_SHOPPER, { only: WITH_SHOPPER, versions: UNTIL_2_2 }),
  row('threeDSRequestorAuthenticationInd', openCode(...upTo(10)), WITH_SHOPPER, { only: WITH_SHOPPER, versions: SINCE_2_3 }),
  row('threeRIInd', openCode(...upTo(5)), NO_SHOPPER, { only: NO_SHOPPER, versions: ['2.1.0'] }),
  row('threeRIInd', openCode(...upTo(11)), NO_SHOPPER, { only: NO_SHOPPER, versions: ['2.2.0'] }),
  row('threeRIInd', openCode(...upTo(19)), NO_SHOPPER, { only: NO_SHOPPER, versions: SINCE_2_3 }),
  row('threeDSRequestorChallengeInd', openCode(...upTo(4)), 'optional', { only: WITH_SHOPPER, versions: ['2.1.0'] }),
  row('threeDSRequestorChallengeInd', openCode(...upTo(9)), 'optional', { only: WITH_SHOPPER, versions: ['2.2.0'] }),
  row('threeDSRequestorChallengeInd', list(openCode(...upTo(14)), 2), 'optional', { versions: SINCE_2_3 }),
] as const;

/** What 2.3.1 adds. Where only a name is known, the inside is left to the two ends. */
const ADDED_IN_2_3 = [
  row('acquirerCountryCode', COUNTRY, 'required', { versions: SINCE_2_3 }),
  row('acquirerCountryCodeSource', openCode('01', '02'), 'required', { versions: SINCE_2_3 }),
  row('appIp', IP_ADDRESS, 'optional', { versions: SINCE_2_3, only: APP }),
  row('cardSecurityCode', digits(3, 4), 'optional', { versions: SINCE_2_3 }),
  row('cardSecurityCodeStatus', text(2), 'optional', { versions: SINCE_2_3 }),
  row('deviceBindingStatus', text(2), 'optional', { versions: SINCE_2_3 }),
  row('deviceBindingStatusSource', text(2), present('deviceBindingStatus'), { versions: SINCE_2_3 }),
  row('deviceId', text(64), 'optional', { versions: SINCE_2_3 }),
  row('userId', text(64), 'optional', { versions: SINCE_2_3 }),
  row('multiTransaction', opaque(8192), 'optional', { versions: SINCE_2_3 }),
  row('payeeOrigin', url(2048), 'optional', { versions: SINCE_2_3 }),
  row('payTokenInfo', opaque(8192), 'optional', { versions: SINCE_2_3 }),
  row('recurringAmount', digits(1, 48), 'optional', { versions: SINCE_2_3 }),
  row('recurringCurrency', CURRENCY, present('recurringAmount'), { versions: SINCE_2_3 }),
  row('recurringExponent', digits(1), present('recurringAmount'), { versions: SINCE_2_3 }),
  row('recurringDate', DATE, 'optional', { versions: SINCE_2_3 }),
  row('recurringInd', opaque(1024), 'optional', { versions: SINCE_2_3 }),
  row('sellerInfo', list(opaque(8192), 50), 'optional', { versions: SINCE_2_3 }),
  row('spcIncompInd', text(2), 'optional', { versions: SINCE_2_3 }),
  row('taxId', text(45), 'optional', { versions: SINCE_2_3 }),
  row('threeDSMethodId', text(36), 'optional', { versions: SINCE_2_3 }),
  row('threeDSRequestorSpcSupport', code('Y'), 'optional', { versions: SINCE_2_3 }),
] as const;

/** The AReq's table. */
export const AREQ = [...IDENTITY, ...PURCHASE, ...BROWSER_DATA, ...APP_DATA, ...WISHES, ...AREQ_RISK, ...ADDED_IN_2_3] as const;
