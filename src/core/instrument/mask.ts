/** Finds card numbers in free text, so that none is kept or shown where nobody expects one. */
import { passesLuhn } from './card.ts';

/** One of these may stand between any two digits: blanks, hyphens and dashes, `+` (a blank of a form), and what nobody sees. */
const blanks = String.raw` \-+\t\u00a0\u00ad\u1680\u2000-\u200d\u2010-\u2015\u202f\u205f\u2060\u2212\u3000\ufe58\ufe63\ufeff\uff0d`;
/** These stand in addresses, amounts, versions and dates as well: only between groups as they are on a card. */
const marks = String.raw`.,/_\uff0c\uff0e\uff0f\uff3f`;
/** One of either. */
export const separator = `[${blanks}${marks}]`;

export const uuid = String.raw`[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}`;
/** As of a digest or a random id. One or two letters stand in the data of a track, too. */
const hexWord = String.raw`(?<![\da-z])(?=(?:\d*[a-f]){4})[\da-f]{32,}(?![\da-z])`;

/** Ids that machines make, whose digits can look like a card number, or groups of digits with whatever stands beside them. */
const idOrDigits = new RegExp(String.raw`(${uuid}|${hexWord})|\p{Nd}+(?:${separator}\p{Nd}+)*`, 'giu');
const marked = new RegExp(`[${marks}]`);

/** First digits under which cards are issued: without them, every tenth order number or time stamp would look like a card. */
const cardPrefix = /^(?:[3-6]|2[2-7]|81[0-7])/;
/** Lengths of the groups of digits on cards. */
const cardForms: ReadonlySet<string> = new Set(['4-4-4-4', '4-4-4-4-3', '4-6-5', '4-6-4']);

const shortest = 12;
const longest = 19;

/**
 * Whatever has no such run of digits, from the beginning of a group on, nor a character of the ranges where digits of other scripts are, holds
 * no card number: nearly every text is done with here. Without classes of Unicode, which make it several times slower.
 */
const possible = new RegExp(
  String.raw`(?<!\d)(?:[3-6]|2[2-7]|81[0-7])(?:${separator}?\d){9}|[\u0660-\u1c59\ua620-\uabf9\ud801-\ud83e\uff10-\uff19]`,
);

/** Masks every number that could be a card's (right length, prefix and check digit), keeping first six and last four digits. */
export function maskCardNumbers(text: string): string {
  if (text.length < shortest || !possible.test(text)) return text;
  return text.replace(idOrDigits, (run, id?: string) => (id !== undefined || run.length < shortest ? run : maskRun(run)));
}

/** The same for a number, which becomes a text where it could be a card's. Of one too long to be exact, the check digit is lost. */
export function maskCardNumber(value: number): number | string {
  const text = String(value);
  if (text.length < shortest) return value;
  if (Number.isInteger(value) && !Number.isSafeInteger(value) && text.length <= longest && cardPrefix.test(text)) return maskDigits(text);
  const masked = maskCardNumbers(text);
  return masked === text ? value : masked;
}

const decodings = 3;

/** Whether an address holds a card number, also one that is written in percent signs, or in an address within the address. */
export function holdsCardNumber(url: string): boolean {
  let text = url;
  for (let decoded = 0; ; decoded += 1) {
    if (maskCardNumbers(text) !== text) return true;
    if (decoded === decodings || !text.includes('%')) return false;
    text = decodeBytes(text);
  }
}

/** What is no escape stays as it is. */
function decodeBytes(text: string): string {
  return text.replace(/(?:%[\da-f]{2})+/gi, (bytes) => Buffer.from(bytes.replaceAll('%', ''), 'hex').toString());
}

/** Digits that stand together, and where in the text. */
export interface Group {
  /** In ASCII. */
  readonly digits: string;
  readonly from: number;
  readonly to: number;
}

interface Found {
  readonly masked: string;
  /** The last of its groups. */
  readonly last: number;
}

/** A number may begin and end at any group: "2 4111 1111 1111 1111" is a count and a card number. The longest one that fits is taken. */
function maskRun(run: string): string {
  const groups = groupsOf(run);
  let masked = '';
  let done = 0;
  for (let first = 0; first < groups.length; first += 1) {
    const found = cardNumberAt(run, groups, first);
    if (found === undefined) continue;
    masked += run.slice(done, groups[first]?.from) + found.masked;
    done = groups[found.last]?.to ?? run.length;
    first = found.last;
  }
  return masked + run.slice(done);
}

function cardNumberAt(run: string, groups: readonly Group[], first: number): Found | undefined {
  let digits = '';
  let found: Found | undefined;
  for (let last = first; last < groups.length; last += 1) {
    digits += groups[last]?.digits;
    if (digits.length > longest) break;
    if (isCardNumber(digits) && isWrittenAsCard(run, groups.slice(first, last + 1))) found = { masked: maskDigits(digits), last };
  }
  return found;
}

function isCardNumber(digits: string): boolean {
  return digits.length >= shortest && cardPrefix.test(digits) && passesLuhn(digits);
}

/** Whether the groups can be one number: between some of them may be a mark. */
export function isWrittenAsCard(run: string, groups: readonly Group[]): boolean {
  if (!marked.test(run.slice(groups[0]?.from, groups.at(-1)?.to))) return true;
  return cardForms.has(groups.map(({ digits }) => digits.length).join('-'));
}

function maskDigits(digits: string): string {
  return `${digits.slice(0, 6)}${'*'.repeat(digits.length - 10)}${digits.slice(-4)}`;
}

export function groupsOf(run: string): readonly Group[] {
  return Array.from(run.matchAll(/\p{Nd}+/gu), ({ 0: text, index }) => {
    return { digits: text.replaceAll(/[^0-9]/gu, digitOf), from: index, to: index + text.length };
  });
}

/** The digits of a script stand in a row from 0 to 9, and one script may follow the other. */
function digitOf(digit: string): string {
  let before = 0;
  for (let code = digit.codePointAt(0) ?? 0; /\p{Nd}/u.test(String.fromCodePoint(code - 1)); code -= 1) before += 1;
  return String(before % 10);
}
