/** RReq: how the challenge ended, from the ACS by way of the directory server. RRes: the 3DS Server has it. */

import { all, PAYMENT, where } from '../conditions.ts';
import { AUTHENTICATION_VALUE, code, digits, LONG_AUTHENTICATION_VALUE, list, opaque, openCode, text, UUID, upTo } from '../formats.ts';
import { row, SINCE_2_3, UNTIL_2_2 } from '../rule.ts';
import { REASONS, TRUST_LIST } from './ares.ts';
import { ACS_TRANSACTION, DS_TRANSACTION, MESSAGE_EXTENSION, SERVER_TRANSACTION } from './extension.ts';

const PROVEN = all(where('transStatus', 'Y', 'A'), PAYMENT);
const CANCELS = ['01', '03', '04', '05', '06', '07', '08'] as const;

/** The RReq's table. */
export const RREQ = [
  SERVER_TRANSACTION,
  ACS_TRANSACTION,
  DS_TRANSACTION,
  row('messageCategory', openCode('01', '02'), 'required'),
  row('transStatus', code('Y', 'N', 'U', 'A', 'R'), PAYMENT),
  ...REASONS,
  row('authenticationType', openCode('01', '02', '03', '04'), where('transStatus', 'Y', 'N'), { versions: UNTIL_2_2 }),
  // Between ACS and directory server; the latter takes it away before the 3DS Server sees the message (2.2.0).
  row('authenticationMethod', openCode(...upTo(16)), 'optional', { versions: UNTIL_2_2 }),
  row('authenticationMethod', list(openCode(...upTo(16)), 99), 'optional', { versions: SINCE_2_3 }),
  row('authenticationValue', AUTHENTICATION_VALUE, PROVEN, { versions: UNTIL_2_2 }),
  row('authenticationValue', LONG_AUTHENTICATION_VALUE, PROVEN, { versions: SINCE_2_3 }),
  row('eci', text(2)),
  row('interactionCounter', digits(2)),
  row('challengeCancel', openCode(...CANCELS), 'optional', { versions: UNTIL_2_2 }),
  row('challengeCancel', openCode(...CANCELS, '09', '10'), 'optional', { versions: SINCE_2_3 }),
  row('challengeErrorReporting', opaque(8192), 'optional', { versions: SINCE_2_3 }),
  row('transStatusReasonInfo', text(256), 'optional', { versions: SINCE_2_3 }),
  ...TRUST_LIST,
  // The app channel's.
  row('acsRenderingType', opaque(1024)),
  row('sdkTransID', UUID),
  MESSAGE_EXTENSION,
] as const;

/** The RRes' table. Results: 01 received, 02 no CReq was ever sent to the ACS, 03 the ARes never reached the requestor. */
export const RRES = [
  SERVER_TRANSACTION,
  ACS_TRANSACTION,
  DS_TRANSACTION,
  row('resultsStatus', code('01', '02', '03'), 'required'),
  row('sdkTransID', UUID),
  MESSAGE_EXTENSION,
] as const;
