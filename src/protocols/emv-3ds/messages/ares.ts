/** ARes: the issuer's first answer, final or a call for a challenge. */

import { AREQ_AT_HAND, all, any, asked, not, present, where } from '../conditions.ts';
import { AUTHENTICATION_VALUE, code, LONG_AUTHENTICATION_VALUE, list, opaque, openCode, text, UUID, upTo, url } from '../formats.ts';
import { row, SINCE_2_2, SINCE_2_3, UNTIL_2_2 } from '../rule.ts';
import { ACS_TRANSACTION, DS_TRANSACTION, MESSAGE_EXTENSION, SERVER_TRANSACTION } from './extension.ts';

/** The message itself does not say whether it is about a payment; without the AReq at hand it is taken for one. */
const ABOUT_PAYMENT = any(asked('messageCategory', '01'), not(AREQ_AT_HAND));
const CHALLENGED = where('transStatus', 'C', 'D');
const PROVEN = all(where('transStatus', 'Y', 'A'), ABOUT_PAYMENT);

/** transStatusReason: which codes which version knows. */
export const REASONS = [
  row('transStatusReason', openCode(...upTo(21)), all(where('transStatus', 'N', 'U', 'R'), ABOUT_PAYMENT), { versions: ['2.1.0'] }),
  row('transStatusReason', openCode(...upTo(26)), all(where('transStatus', 'N', 'U', 'R'), ABOUT_PAYMENT), { versions: ['2.2.0'] }),
  row('transStatusReason', openCode(...upTo(30)), all(where('transStatus', 'N', 'U', 'R'), ABOUT_PAYMENT), { versions: SINCE_2_3 }),
] as const;

/** The cardholder's list of trusted merchants, as the issuer reports it. */
export const TRUST_LIST = [
  row('whiteListStatus', code('Y', 'N', 'E', 'P', 'R', 'U'), 'optional', { versions: ['2.2.0'] }),
  row('whiteListStatusSource', openCode('01', '02', '03'), present('whiteListStatus'), { versions: ['2.2.0'] }),
  row('trustListStatus', code('Y', 'N', 'E', 'P', 'R', 'U'), 'optional', { versions: SINCE_2_3 }),
  row('trustListStatusSource', openCode('01', '02', '03'), present('trustListStatus'), { versions: SINCE_2_3 }),
] as const;

/** The ARes' table. */
export const ARES = [
  SERVER_TRANSACTION,
  ACS_TRANSACTION,
  DS_TRANSACTION,
  row('acsReferenceNumber', text(32), 'required'),
  row('dsReferenceNumber', text(32), 'required'),
  row('acsOperatorID', text(32)),
  row('transStatus', code('Y', 'N', 'U', 'A', 'C', 'R'), ABOUT_PAYMENT, { versions: ['2.1.0'] }),
  row('transStatus', code('Y', 'N', 'U', 'A', 'C', 'R', 'D', 'I'), ABOUT_PAYMENT, { versions: ['2.2.0'] }),
  row('transStatus', code('Y', 'N', 'U', 'A', 'C', 'R', 'D', 'I', 'S'), ABOUT_PAYMENT, { versions: SINCE_2_3 }),
  ...REASONS,
  row('transStatusReasonInfo', text(256), 'optional', { versions: SINCE_2_3 }),
  row('authenticationValue', AUTHENTICATION_VALUE, PROVEN, { versions: UNTIL_2_2 }),
  row('authenticationValue', LONG_AUTHENTICATION_VALUE, PROVEN, { versions: SINCE_2_3 }),
  row('eci', text(2)),
  row('acsChallengeMandated', code('Y', 'N'), CHALLENGED),
  row('authenticationType', openCode('01', '02', '03', '04'), CHALLENGED, { versions: UNTIL_2_2 }),
  row('authenticationMethod', list(openCode(...upTo(16)), 99), CHALLENGED, { versions: SINCE_2_3 }),
  row('acsURL', url(2048), all(where('transStatus', 'C'), asked('deviceChannel', '02')), { only: where('transStatus', 'C') }),
  row('acsDecConInd', code('Y', 'N'), where('transStatus', 'D'), { versions: SINCE_2_2 }),
  row('cardholderInfo', text(128), where('acsDecConInd', 'Y'), { versions: UNTIL_2_2 }),
  row('cardholderInfo', opaque(8192), where('acsDecConInd', 'Y'), { versions: SINCE_2_3 }),
  ...TRUST_LIST,
  row('transChallengeExemption', code('05', '08', '10', '11', '79'), 'optional', { versions: SINCE_2_3 }),
  row('spcTransData', opaque(65_536), 'optional', { versions: SINCE_2_3 }),
  row('webAuthnCredList', opaque(65_536), 'optional', { versions: SINCE_2_3 }),
  // The app channel's.
  row('acsRenderingType', opaque(1024)),
  row('acsSignedContent', text(65_536)),
  row('sdkTransID', UUID, asked('deviceChannel', '01')),
  MESSAGE_EXTENSION,
] as const;
