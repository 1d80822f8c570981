/** What passes through the shopper's browser: CReq and CRes of the challenge, and the two notes of the 3DS Method. Only the browser channel's. */

import { code, text, url } from '../formats.ts';
import { row } from '../rule.ts';
import { ACS_TRANSACTION, MESSAGE_EXTENSION, SERVER_TRANSACTION } from './extension.ts';

/** CReq: opens the challenge at the ACS. Window sizes 250×400, 390×400, 500×600, 600×400, full screen. */
export const CREQ = [
  SERVER_TRANSACTION,
  ACS_TRANSACTION,
  row('challengeWindowSize', code('01', '02', '03', '04', '05'), 'required'),
  MESSAGE_EXTENSION,
] as const;

/** CRes: sends the shopper back. Its status came through a browser, so it proves nothing; the RReq does. */
export const CRES = [
  SERVER_TRANSACTION,
  ACS_TRANSACTION,
  row('transStatus', code('Y', 'N'), 'required'),
  row('challengeCompletionInd', code('Y', 'N')),
  MESSAGE_EXTENSION,
] as const;

/** threeDSMethodData on its way to the ACS. */
export const METHOD_REQUEST = [SERVER_TRANSACTION, row('threeDSMethodNotificationURL', url(2048), 'required')] as const;

/** threeDSMethodData on its way back. */
export const METHOD_ANSWER = [SERVER_TRANSACTION] as const;

/** threeDSSessionData: what the 3DS Server gives the browser along and gets back, base64url. */
export const SESSION_DATA = { ...text(1024), pattern: /^[A-Za-z0-9_-]+={0,2}$/, says: 'up to 1024 characters of base64url' } as const;
