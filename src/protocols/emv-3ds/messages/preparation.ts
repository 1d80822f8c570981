/** PReq and PRes: which cards take part, in which versions, and where their 3DS Method is. */

import { code, list, object, openCode, PAN, text, upTo, url } from '../formats.ts';
import { row, SINCE_2_3 } from '../rule.ts';
import { DS_TRANSACTION, MESSAGE_EXTENSION, SERVER_TRANSACTION } from './extension.ts';

/** A version as text: real lists hold versions that this library does not know. */
const VERSION_TEXT = { ...text(8, 5), pattern: /^[0-9]+\.[0-9]+\.[0-9]+$/, says: 'a version like 2.2.0' } as const;

/** One range of cards. `actionInd`: A add, M modify, D delete. */
export const CARD_RANGE = object([
  row('startRange', PAN, 'required'),
  row('endRange', PAN, 'required'),
  row('actionInd', code('A', 'M', 'D')),
  row('acsStartProtocolVersion', VERSION_TEXT, 'required'),
  row('acsEndProtocolVersion', VERSION_TEXT, 'required'),
  row('dsStartProtocolVersion', VERSION_TEXT),
  row('dsEndProtocolVersion', VERSION_TEXT),
  row('threeDSMethodURL', url(256)),
  row('acsInfoInd', list(openCode(...upTo(4)), 99), 'optional', { versions: ['2.2.0'] }),
  row('acsInfoInd', list(openCode(...upTo(11)), 99), 'optional', { versions: SINCE_2_3 }),
]);

/** The PReq's table. Without a serial number the whole list is asked for, else what changed since. */
export const PREQ = [
  SERVER_TRANSACTION,
  row('threeDSServerRefNumber', text(32), 'required'),
  row('threeDSServerOperatorID', text(32)),
  row('threeDSRequestorURL', url(2048)),
  row('serialNum', text(20)),
  MESSAGE_EXTENSION,
] as const;

/** The PRes' table. */
export const PRES = [
  SERVER_TRANSACTION,
  DS_TRANSACTION,
  row('dsStartProtocolVersion', VERSION_TEXT, 'required'),
  row('dsEndProtocolVersion', VERSION_TEXT, 'required'),
  row('serialNum', text(20)),
  row('cardRangeData', list(CARD_RANGE, 1_000_000)),
  MESSAGE_EXTENSION,
] as const;
