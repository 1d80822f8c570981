/**
 * A card as the shopper's bank knows it. PAN and CVC live in types of their own that print masked wherever they end up by accident
 * (logs, JSON, string templates, the debugger); the clear digits leave only through `reveal()`, which a reviewer can search for.
 * PCI DSS 4.0.1: 3.4.1 (at most BIN and last four are shown), 3.3.1 (the CVC is never stored after authorization).
 */
import { inspect } from 'node:util';

abstract class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** The clear digits: for the vault, the acquirer's message, and nothing else. */
  reveal(): string {
    return this.#value;
  }

  abstract get masked(): string;

  toString(): string {
    return this.masked;
  }

  toJSON(): string {
    return this.masked;
  }

  [inspect.custom](): string {
    return this.masked;
  }
}

/** A primary account number: 12 to 19 digits (ISO/IEC 7812-1) with a right check digit. Make one with {@link parsePan}. */
export class Pan extends Secret {
  /** First six and last four digits; one truncation for the whole product, since two different ones together rebuild a PAN (PCI FAQ 1091). */
  get masked(): string {
    return `${this.bin}${'*'.repeat(this.reveal().length - 10)}${this.last4}`;
  }

  get bin(): string {
    return this.reveal().slice(0, 6);
  }

  get last4(): string {
    return this.reveal().slice(-4);
  }
}

/** A card verification code: 3 or 4 digits. Make one with {@link parseCvc}. */
export class Cvc extends Secret {
  get masked(): string {
    return '*'.repeat(this.reveal().length);
  }
}

/** Reads a PAN; undefined when the length or the Luhn check digit is wrong. */
export function parsePan(digits: string): Pan | undefined {
  return /^\d{12,19}$/.test(digits) && passesLuhn(digits) ? new Pan(digits) : undefined;
}

/** Reads a CVC; undefined when it is not 3 or 4 digits. */
export function parseCvc(digits: string): Cvc | undefined {
  return /^\d{3,4}$/.test(digits) ? new Cvc(digits) : undefined;
}

/** The Luhn check (ISO/IEC 7812-1 annex B) over a string of digits. */
export function passesLuhn(digits: string): boolean {
  let sum = 0;
  for (let index = digits.length - 1, double = false; index >= 0; index -= 1, double = !double) {
    let digit = digits.charCodeAt(index) - 48;
    if (double) {
      digit *= 2;
      if (digit > 9) digit -= 9;
    }
    sum += digit;
  }
  return sum % 10 === 0;
}

/** Month and year as printed on the card. */
export interface Expiry {
  /** 1 to 12. */
  readonly month: number;
  /** Four digits. */
  readonly year: number;
}

/** A card is good through the last moment of its month, anywhere on earth: UTC−12 ends it. */
export function isExpired(expiry: Expiry, nowMs: number): boolean {
  return nowMs >= Date.UTC(expiry.year, expiry.month, 1) + 12 * 3_600_000;
}

/** What may be shown of a card, and is kept beside the payment. */
export interface CardSummary {
  readonly brand: CardBrand;
  readonly bin: string;
  readonly last4: string;
  readonly expiry: Expiry;
  readonly holder?: string;
}

export const cardBrands = ['visa', 'mastercard', 'maestro', 'amex', 'discover', 'diners', 'jcb', 'unionpay', 'unknown'] as const;

export type CardBrand = (typeof cardBrands)[number];

/** IIN intervals of the brands, most specific first: from, to (both as six digits). Source: ISO/IEC 7812 assignments the schemes publish. */
export const iinRanges: readonly (readonly [from: number, to: number, brand: CardBrand])[] = [
  [340000, 349999, 'amex'],
  [370000, 379999, 'amex'],
  [300000, 305999, 'diners'],
  [309500, 309599, 'diners'],
  [360000, 369999, 'diners'],
  [380000, 399999, 'diners'],
  [352800, 358999, 'jcb'],
  [601100, 601199, 'discover'],
  [644000, 659999, 'discover'],
  [620000, 629999, 'unionpay'],
  [810000, 817199, 'unionpay'],
  [222100, 272099, 'mastercard'],
  [510000, 559999, 'mastercard'],
  [500000, 509999, 'maestro'],
  [560000, 589999, 'maestro'],
  [630000, 639999, 'maestro'],
  [670000, 679999, 'maestro'],
  [400000, 499999, 'visa'],
];

/** The brand that issued a PAN, by its first six digits. */
export function brandOf(pan: Pan): CardBrand {
  const iin = Number(pan.bin);
  return iinRanges.find(([from, to]) => iin >= from && iin <= to)?.[2] ?? 'unknown';
}

/** How many digits the code of a brand's cards has: American Express prints four, all others three. Undefined: of an unknown brand nothing is known. */
export function cvcLengthOf(brand: CardBrand): number | undefined {
  return brand === 'unknown' ? undefined : brand === 'amex' ? 4 : 3;
}
