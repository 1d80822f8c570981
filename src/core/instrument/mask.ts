/** Finds card numbers in free text, so that none is kept or shown where nobody expects one. */
import { passesLuhn } from './card.ts';

/** 12 to 19 digits, single spaces or hyphens between them allowed, not part of a longer run. */
const digitRuns = /(?<!\d)\d(?:[ -]?\d){11,18}(?!\d)/g;

/** First digits under which cards are issued: without them, every tenth order number or time stamp would look like a card. */
const cardPrefix = /^(?:3[0-9]|4|5|6|2[2-7])/;

/** Masks every number that could be a card's (right length, prefix and check digit), keeping first six and last four digits. */
export function maskCardNumbers(text: string): string {
  if (text.length < 12) return text;
  return text.replace(digitRuns, (run) => {
    const digits = run.replace(/[ -]/g, '');
    if (!cardPrefix.test(digits) || !passesLuhn(digits)) return run;
    return `${digits.slice(0, 6)}${'*'.repeat(digits.length - 10)}${digits.slice(-4)}`;
  });
}
