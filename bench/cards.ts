/** Card numbers that nobody has used before: Luhn-valid, never one of the test cards to which the sandbox gives a meaning. */

/** Digits of every number made here. */
export const panLength = 16;

const zero = 0x30;
const lowDigits = 10_000_000;
/** Prime to ten, so that counting up walks through all seven-digit numbers once before one returns. */
const stride = 7_654_321;
/** The three digits after the 4 of the published test cards: 4000…, 4111…, 4200…, 4242…, 4444…. */
const visaTestPrefixes = new Set([0, 111, 200, 242, 444]);

export interface CardSource {
  /** Writes the next number's 16 ASCII digits into `target` at `offset`. */
  write(target: Uint8Array, offset: number): void;
}

/** Numbers beginning with 4 and with 51 to 55, in turn; ten million of each before one could come twice. `random` gives [0, 1). */
export function createCardSource(random: () => number): CardSource {
  let count = Math.floor(random() * lowDigits);
  const first = count;
  return {
    write(target, offset) {
      count += 1;
      const low = (((count - first) >> 1) * stride + first) % lowDigits;
      writeDigits(target, offset, { value: prefix(count % 2 === 0, random), width: 8 });
      writeDigits(target, offset + 8, { value: low, width: 7 });
      target[offset + 15] = zero + checkDigit(target, offset);
    },
  };
}

/** The eight leading digits. */
function prefix(visa: boolean, random: () => number): number {
  for (;;) {
    const digits = visa ? 40_000_000 + Math.floor(random() * 10_000_000) : 51_000_000 + Math.floor(random() * 5_000_000);
    const isTestCard = visa ? visaTestPrefixes.has(Math.floor(digits / 10_000) % 1_000) : Math.floor(digits / 10_000) === 5555;
    if (!isTestCard) return digits;
  }
}

/** ISO/IEC 7812-1 annex B, for 15 digits before it. */
function checkDigit(digits: Uint8Array, offset: number): number {
  let sum = 0;
  for (let index = 0; index < 15; index += 1) {
    const digit = (digits[offset + index] ?? zero) - zero;
    const weighted = index % 2 === 0 ? digit * 2 : digit;
    sum += weighted > 9 ? weighted - 9 : weighted;
  }
  return (10 - (sum % 10)) % 10;
}

/** Writes a whole number as ASCII digits, filled up with zeros from the left. */
export function writeDigits(
  target: Uint8Array,
  offset: number,
  { value, width }: { readonly value: number; readonly width: number },
): void {
  let rest = value;
  for (let index = offset + width - 1; index >= offset; index -= 1) {
    target[index] = zero + (rest % 10);
    rest = Math.floor(rest / 10);
  }
}

/** A small seeded generator (mulberry32): the same seed gives the same numbers in [0, 1). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
