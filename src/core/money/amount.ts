/**
 * Amounts: integers in the minor unit of their currency, never floats. DE4 of ISO 8583 has twelve digits, so nothing larger can be sent;
 * that bound also keeps every sum of a payment far inside the safe integers.
 */
import type { Currency } from './currency.ts';

/** The largest amount an acquirer can be asked for: twelve digits of minor units (ISO 8583 DE4). */
export const largestAmount = 999_999_999_999;

/**
 * Reads a decimal amount in major units (`"12"`, `"12.30"`) as minor units of the currency. Undefined when it is no plain decimal
 * number, or has digits below the minor unit that are not zero (`"1.50"` JPY).
 */
export function parseDecimalAmount(text: string, currency: Currency): number | undefined {
  const match = /^(\d{1,15})(?:\.(\d{1,6}))?$/.exec(text);
  if (match === null) return undefined;
  const [, whole = '', fraction = ''] = match;
  const kept = fraction.slice(0, currency.decimals).padEnd(currency.decimals, '0');
  if (/[1-9]/.test(fraction.slice(currency.decimals))) return undefined;
  const amount = Number(whole + kept);
  return Number.isSafeInteger(amount) ? amount : undefined;
}

/** Writes minor units as a decimal number with at least `minDecimals` decimals: 1230 EUR → `"12.30"`, 12 JPY → `"12.00"` with 2. */
export function formatDecimalAmount(amount: number | bigint, currency: Currency, minDecimals = currency.decimals): string {
  if ((typeof amount === 'number' && !Number.isSafeInteger(amount)) || amount < 0)
    throw new RangeError(`not an amount in minor units: ${amount}`);
  const digits = String(amount).padStart(currency.decimals + 1, '0');
  const whole = digits.slice(0, digits.length - currency.decimals);
  const fraction = digits.slice(digits.length - currency.decimals).padEnd(minDecimals, '0');
  return fraction === '' ? whole : `${whole}.${fraction}`;
}
