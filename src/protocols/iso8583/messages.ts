/** Rules that hold across fields: message type arithmetic, dates and times, original data (DE90), replacement amounts (DE95). */

import { Iso8583Error } from './error.ts';

// Message type = version, class, function, origin (ISO 8583-1). Functions come in pairs (request, answer); an odd origin marks a repeat.

const ANSWERABLE = new Set(['0', '2']);

function digitsOf(mti: string): readonly [version: string, messageClass: string, role: string, origin: string] {
  if (!/^[0-9]{4}$/.test(mti)) throw new Iso8583Error('message type: expected four digits');
  return [mti.charAt(0), mti.charAt(1), mti.charAt(2), mti.charAt(3)];
}

/** Class digit: `1` authorization, `2` financial, `4` reversal, `8` network management. */
export function mtiClass(mti: string): string {
  return digitsOf(mti)[1];
}

/** True for requests and advices, which expect an answer; false for answers, notifications and acknowledgements. */
export function isRequest(mti: string): boolean {
  return ANSWERABLE.has(digitsOf(mti)[2]);
}

/** True for a repeat: 0101, 0201, 0221, 0421. */
export function isRepeat(mti: string): boolean {
  return Number(digitsOf(mti)[3]) % 2 === 1;
}

/** The first transmission that a repeat repeats: 0421 → 0420. Others are returned unchanged. */
export function firstOf(mti: string): string {
  const [version, messageClass, role, origin] = digitsOf(mti);
  return `${version}${messageClass}${role}${Number(origin) - (Number(origin) % 2)}`;
}

/** The repeat of a request or advice: 0420 → 0421. A repeat is returned unchanged. Throws `Iso8583Error` for an answer. */
export function repeatOf(mti: string): string {
  const [version, messageClass, role, origin] = digitsOf(mti);
  if (!ANSWERABLE.has(role)) throw new Iso8583Error(`message type ${mti} is an answer, only requests and advices are repeated`);
  return `${version}${messageClass}${role}${Number(origin) | 1}`;
}

/** The answer to a request or advice, or to its repeat: 0100 → 0110, 0421 → 0430. Throws `Iso8583Error` for what expects no answer. */
export function responseOf(mti: string): string {
  const [version, messageClass, role] = digitsOf(mti);
  if (!ANSWERABLE.has(role)) throw new Iso8583Error(`message type ${mti} expects no answer`);
  return `${version}${messageClass}${Number(role) + 1}${firstOf(mti).charAt(3)}`;
}

const two = (value: number): string => (value < 10 ? `0${value}` : String(value));

/** DE7, MMDDhhmmss in UTC, of a time in ms since the epoch. */
export function transmissionDateTime(epochMs: number): string {
  return localDate(epochMs) + localTime(epochMs);
}

/** DE12, hhmmss, of a time in ms since the epoch; UTC unless the caller shifts it by the terminal's offset. */
export function localTime(epochMs: number): string {
  const at = new Date(epochMs);
  return two(at.getUTCHours()) + two(at.getUTCMinutes()) + two(at.getUTCSeconds());
}

/** DE13, MMDD, of a time in ms since the epoch; UTC unless the caller shifts it by the terminal's offset. */
export function localDate(epochMs: number): string {
  const at = new Date(epochMs);
  return two(at.getUTCMonth() + 1) + two(at.getUTCDate());
}

/** A full date and time in private data, YYYYMMDDhhmmss, UTC, of a time in ms since the epoch. */
export function fullDateTime(epochMs: number): string {
  return new Date(epochMs).toISOString().replaceAll(/[-T:]/g, '').slice(0, 14);
}

/** Epoch ms of what `fullDateTime` writes; undefined for anything else. */
export function parseFullDateTime(text: string): number | undefined {
  const [, year, month, day, hour, minute, second] = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(text) ?? [];
  const ms = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(ms) ? undefined : ms;
}

/** What DE90 says about the message that a reversal, capture or refund refers to. */
export interface OriginalData {
  /** Message type of the original's first transmission. */
  readonly mti: string;
  /** DE11 of the original, six digits. */
  readonly stan: string;
  /** DE7 of the original, ten digits. */
  readonly transmittedAt: string;
  /** DE32 of the original, up to eleven digits; empty when it had none. */
  readonly acquirer: string;
  /** DE33 of the original, up to eleven digits; empty when it had none. */
  readonly forwarder: string;
}

const INSTITUTION_DIGITS = 11;

/** DE90 (n42): original type, STAN, transmission time, acquiring and forwarding institution, right-aligned with zeros. */
export function originalData(original: OriginalData): string {
  const value = `${original.mti}${original.stan}${original.transmittedAt}${original.acquirer.padStart(INSTITUTION_DIGITS, '0')}${original.forwarder.padStart(INSTITUTION_DIGITS, '0')}`;
  const parts = [original.mti.length === 4, original.stan.length === 6, original.transmittedAt.length === 10];
  if (parts.includes(false) || !/^[0-9]{42}$/.test(value)) {
    throw new Iso8583Error(
      'field 90 (original data): expected a type of 4, a STAN of 6, a time of 10 and institutions of up to 11 digits',
      90,
    );
  }
  return value;
}

/** The parts of DE90; institutions without their leading zeros. Throws `Iso8583Error` unless it has 42 digits. */
export function parseOriginalData(value: string): OriginalData {
  if (!/^[0-9]{42}$/.test(value)) throw new Iso8583Error('field 90 (original data): expected 42 digits', 90);
  const institution = (start: number): string => value.slice(start, start + INSTITUTION_DIGITS).replace(/^0+/, '');
  return {
    mti: value.slice(0, 4),
    stan: value.slice(4, 10),
    transmittedAt: value.slice(10, 20),
    acquirer: institution(20),
    forwarder: institution(31),
  };
}

const LARGEST_AMOUNT = 999_999_999_999;

/** DE4 and its kin: minor units as twelve digits. Throws `Iso8583Error` for what is no whole number from 0 to 999,999,999,999. */
export function amountDigits(amountMinor: number): string {
  if (!Number.isSafeInteger(amountMinor) || amountMinor < 0 || amountMinor > LARGEST_AMOUNT) {
    throw new Iso8583Error(`amount: expected whole minor units from 0 to ${LARGEST_AMOUNT}`);
  }
  return String(amountMinor).padStart(12, '0');
}

/**
 * DE95 (an42) of a partial reversal: what remains of the original after it, in minor units of DE49. The other three parts (settlement amount,
 * transaction and settlement fee, the fees with their sign) are zero.
 */
export function replacementAmounts(remainingMinor: number): string {
  return `${amountDigits(remainingMinor)}${'0'.repeat(12)}C00000000C00000000`;
}

/** The remaining amount in DE95, in minor units. Throws `Iso8583Error` unless its first twelve characters are digits. */
export function parseReplacementAmounts(value: string): number {
  if (!/^[0-9]{12}[0-9A-Za-z]{30}$/.test(value)) {
    throw new Iso8583Error('field 95 (replacement amounts): expected 42 letters and digits, the first twelve of them digits', 95);
  }
  return Number(value.slice(0, 12));
}
