/**
 * What the issuers behind the host find of the holder's address and of the code on the card, by values that are easily sent: as with the large sandboxes,
 * everything matches that does not ask for something else. It changes nothing of the answer's code.
 */

import { type CheckResults, type HolderAddress, packCheckResults } from '../../src/protocols/iso8583/card-checks.ts';
import type { AnswerData } from './answer.ts';
import { CVC_MISMATCH, knowsCardTriggers } from './issuer.ts';
import type { FinancialRequest } from './request.ts';

/** The answer with what was found (DE44), where anything was sent to be compared. */
export function withChecks(request: FinancialRequest, data: AnswerData): AnswerData {
  const { act, terminal } = request;
  if ((act !== 'authorization' && act !== 'debit') || !knowsCardTriggers(terminal) || NOBODY_ASKED.has(data.code)) return data;
  const results = packCheckResults(resultsOf(request, data.code));
  return results === undefined ? data : { ...data, more: { ...data.more, fields: { 44: results } } };
}

/** The message could not be read or came too late, or nobody behind this host could be reached. */
const NOBODY_ASKED: ReadonlySet<string> = new Set(['12', '30', '68', '91', '92', '94', '96']);

function resultsOf({ address, details: { 92: cvc } }: FinancialRequest, code: string): CheckResults {
  return {
    ...(address === undefined ? {} : { address: addressResult(address) }),
    ...(cvc === undefined ? {} : { cvc: code === CVC_MISMATCH ? 'N' : (CVC_RESULTS.get(cvc) ?? 'M') }),
  };
}

/** No match, not processed, the issuer takes no part; the longer ones are for cards whose code has four digits. */
const CVC_RESULTS: ReadonlyMap<string, string> = new Map([
  ['200', 'N'],
  ['2000', 'N'],
  ['201', 'P'],
  ['2011', 'P'],
  ['301', 'U'],
  ['3011', 'U'],
]);

type Found = 'match' | 'mismatch' | 'not_checked';

/** By postcode: of the address as a whole. System unavailable; not supported. */
const WHOLE: ReadonlyMap<string, string> = new Map([
  ['30000', 'R'],
  ['30001', 'S'],
]);
const POSTCODES: ReadonlyMap<string, Found> = new Map([
  ['20000', 'mismatch'],
  ['20001', 'not_checked'],
]);
/** By the first number in the street. */
const STREET_NUMBERS: ReadonlyMap<string, Found> = new Map([
  ['200', 'mismatch'],
  ['201', 'not_checked'],
]);

/** Street, then postcode. */
const CODES: Readonly<Record<`${Found} ${Found}`, string>> = {
  'match match': 'Y',
  'match mismatch': 'A',
  'match not_checked': 'B',
  'mismatch match': 'Z',
  'mismatch mismatch': 'N',
  'mismatch not_checked': 'N',
  'not_checked match': 'P',
  'not_checked mismatch': 'N',
  'not_checked not_checked': 'I',
};

/** With nine digits of a postcode. */
const LONGER: ReadonlyMap<string, string> = new Map([
  ['Y', 'X'],
  ['Z', 'W'],
]);

function addressResult({ postcode, street }: HolderAddress): string {
  const whole = WHOLE.get(postcode ?? '');
  if (whole !== undefined) return whole;
  const [number = ''] = /\d+/.exec(street ?? '') ?? [];
  const ofStreet = street === undefined ? 'not_checked' : (STREET_NUMBERS.get(number) ?? 'match');
  const ofPostcode = postcode === undefined ? 'not_checked' : (POSTCODES.get(postcode) ?? 'match');
  const code = CODES[`${ofStreet} ${ofPostcode}`];
  return /^\d{9}$/.test(postcode ?? '') ? (LONGER.get(code) ?? code) : code;
}
