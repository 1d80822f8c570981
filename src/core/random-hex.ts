/** Random names and secrets in hexadecimal, which nobody takes for a card number: neither our own search for them nor one that a merchant runs. */
import { randomBytes } from 'node:crypto';

/** Two digits for each byte, lower case, without a run of decimal digits as long as a card number. */
export function randomHex(bytes: number): string {
  for (;;) {
    const text = randomBytes(bytes).toString('hex');
    if (!/\d{12}/.test(text)) return text;
  }
}

/** 32 digits, the first a letter: no program takes it for a number either. For names; a secret has less than 128 bits so. */
export function randomHexName(): string {
  for (;;) {
    const text = randomHex(16);
    if (/^[a-f]/.test(text)) return text;
  }
}
