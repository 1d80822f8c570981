/** Finds card numbers in free text, so that none is kept or shown where nobody expects one. */
import { passesLuhn } from './card.ts';

/** Groups of digits with single spaces or hyphens between them, as people write card numbers, and whatever stands beside them. */
const digitRuns = /\d+(?:[ -]\d+)*/g;

/** First digits under which cards are issued: without them, every tenth order number or time stamp would look like a card. */
const cardPrefix = /^(?:[3-6]|2[2-7]|81[0-7])/;

const shortest = 12;
const longest = 19;

/** Whatever has no such run of digits, from the beginning of a group on, holds no card number: nearly every text is done with here. */
const possible = /(?<!\d)(?:[3-6]|2[2-7]|81[0-7])(?:[ -]?\d){9}/;

/** Masks every number that could be a card's (right length, prefix and check digit), keeping first six and last four digits. */
export function maskCardNumbers(text: string): string {
  if (text.length < shortest || !possible.test(text)) return text;
  return text.replace(digitRuns, (run) => (run.length < shortest ? run : maskRun(run)));
}

/** A number may begin and end at any group: "2 4111 1111 1111 1111" is a count and a card number. The longest one that fits is taken. */
function maskRun(run: string): string {
  const groups = run.split(/[ -]/);
  let masked = '';
  // Where the present group begins in `run`; every group but the last is followed by one separator.
  let position = 0;
  for (let first = 0; first < groups.length; ) {
    const found = cardNumberAt(groups, first);
    const taken = groups.slice(first, first + (found?.groups ?? 1)).join(' ').length;
    masked += found === undefined ? groups[first] : found.masked;
    position += taken;
    masked += run.slice(position, position + 1);
    position += 1;
    first += found?.groups ?? 1;
  }
  return masked;
}

function cardNumberAt(groups: readonly string[], first: number): { readonly masked: string; readonly groups: number } | undefined {
  let digits = '';
  let found: { readonly masked: string; readonly groups: number } | undefined;
  for (let last = first; last < groups.length; last += 1) {
    digits += groups[last];
    if (digits.length > longest) break;
    if (isCardNumber(digits)) found = { masked: maskDigits(digits), groups: last - first + 1 };
  }
  return found;
}

function isCardNumber(digits: string): boolean {
  return digits.length >= shortest && cardPrefix.test(digits) && passesLuhn(digits);
}

function maskDigits(digits: string): string {
  return `${digits.slice(0, 6)}${'*'.repeat(digits.length - 10)}${digits.slice(-4)}`;
}
