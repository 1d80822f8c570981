/** Decimal numbers as the platform takes them, as text or JSON numbers, in exact arithmetic. */

export interface Decimal {
  /** The number times ten to the power of its decimals. */
  readonly scaled: bigint;
  /** With all of its decimals: `1.0000`. */
  readonly text: string;
}

interface Limits {
  readonly decimals: number;
  /** In all, before and after the point. */
  readonly digits: number;
}

export function decimalOf(scaled: bigint, decimals: number): Decimal {
  const digits = (scaled < 0n ? -scaled : scaled).toString().padStart(decimals + 1, '0');
  const text = `${scaled < 0n ? '-' : ''}${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
  return { scaled, text };
}

/** `1.5`, `100`, `1e2`. Undefined for what is no number. */
export function parseDecimal(
  text: string,
  { decimals, digits }: Limits,
): Decimal | { readonly code: string; readonly message: string } | undefined {
  const [, sign, whole = '', fraction = '', exponentText = '0'] =
    /^([+-]?)(\d+)(?:\.(\d*))?(?:[eE]([+-]?\d{1,2}))?$/.exec(text.trim()) ?? [];
  if (sign === undefined) return undefined;
  const exponent = Number(exponentText);
  const places = Math.max(0, fraction.length - exponent);
  const before = `${whole}${fraction}`.replace(/^0+/, '').length - fraction.length + exponent;
  if (places > decimals) {
    return { code: 'max_decimal_places', message: `Ensure that there are no more than ${decimals} decimal places.` };
  }
  if (Math.max(before, 0) + places > digits) {
    return { code: 'max_digits', message: `Ensure that there are no more than ${digits} digits in total.` };
  }
  const power = decimals - fraction.length + exponent;
  const mantissa = BigInt(`${whole}${fraction}`);
  const scaled = power >= 0 ? mantissa * 10n ** BigInt(power) : mantissa / 10n ** BigInt(-power);
  return decimalOf(sign === '-' ? -scaled : scaled, decimals);
}
