/** The formats that recur in the tables of messages, as data. */

import type { Format, Row } from './rule.ts';

/** Text of `least` to `most` characters. */
export const text = (most: number, least = 1) => ({ kind: 'text', least, most, says: `${least} to ${most} characters` }) as const;

/** Text of one shape. */
const shaped = (says: string, { least, most, pattern }: { least: number; most: number; pattern: RegExp }) =>
  ({ kind: 'text', least, most, pattern, says }) as const;

/** `least` to `most` decimal digits. */
export const digits = (least: number, most = least) =>
  shaped(least === most ? `${least} digits` : `${least} to ${most} digits`, { least, most, pattern: /^[0-9]+$/ });

/** One of the values; directory servers may add values of their own from 80 to 99. */
export const code = (...values: readonly string[]) => ({ kind: 'code', values, openToSchemes: false }) as const;

/** Like `code`, open to the directory servers' own values from 80 to 99. */
export const openCode = (...values: readonly string[]) => ({ kind: 'code', values, openToSchemes: true }) as const;

/** `01`, `02`, … up to `last`. */
export const upTo = (last: number): readonly string[] => Array.from({ length: last }, (_, index) => String(index + 1).padStart(2, '0'));

/** An absolute URL of at most `most` characters; https only in 2.3.1, http or https before. */
export const url = (most: number) => ({ kind: 'url', most }) as const;

/** `true` or `false`, as JSON has them. */
export const FLAG = { kind: 'flag' } as const;

/** A JSON array of one kind of value. */
export const list = <F extends Format>(of: F, most: number) => ({ kind: 'list', of, least: 1, most }) as const;

/** A JSON object with known members. */
export const object = <const R extends readonly Row[]>(rows: R) => ({ kind: 'object', rows }) as const;

/** Any JSON, up to `most` characters of it. */
export const opaque = (most: number) => ({ kind: 'opaque', most }) as const;

/** The canonical form of a UUID, any version. */
export const UUID = shaped('a UUID of 36 characters', {
  least: 36,
  most: 36,
  pattern: /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i,
});

/** A card number or token. */
export const PAN = digits(13, 19);

const datePattern = '[0-9]{4}(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])';

/** A day, `YYYYMMDD`. */
export const DATE = shaped('a date YYYYMMDD', { least: 8, most: 8, pattern: new RegExp(`^${datePattern}$`) });

/** A minute in UTC, `YYYYMMDDHHMM`. */
export const DATE_MINUTE = shaped('a time YYYYMMDDHHMM', {
  least: 12,
  most: 12,
  pattern: new RegExp(`^${datePattern}([01][0-9]|2[0-3])[0-5][0-9]$`),
});

/** A second in UTC, `YYYYMMDDHHMMSS`. */
export const DATE_TIME = shaped('a time YYYYMMDDHHMMSS', {
  least: 14,
  most: 14,
  pattern: new RegExp(`^${datePattern}([01][0-9]|2[0-3])[0-5][0-9][0-5][0-9]$`),
});

/** A card's expiry, `YYMM`. */
export const YEAR_MONTH = shaped('a month YYMM', { least: 4, most: 4, pattern: /^[0-9]{2}(0[1-9]|1[0-2])$/ });

/** ISO 3166-1 numeric. */
export const COUNTRY = { ...digits(3), code: 'country' } as const;

/** ISO 4217 numeric. */
export const CURRENCY = { ...digits(3), code: 'currency' } as const;

/** ISO 18245. */
export const MERCHANT_CATEGORY = { ...digits(4), code: 'merchant category' } as const;

/** Minutes between UTC and the browser's time, positive when it is behind, as JavaScript's `getTimezoneOffset()` has it. */
export const TIME_ZONE = shaped('minutes with or without a sign', { least: 1, most: 5, pattern: /^[+-]?[0-9]{1,4}$/ });

/** An IPv4 or IPv6 address. */
export const IP_ADDRESS = shaped('an IP address', { least: 2, most: 45, pattern: /^[0-9a-fA-F:.]+$/ });

/** Proof of authentication: 20 bytes in base64. */
export const AUTHENTICATION_VALUE = shaped('20 bytes in base64, 28 characters', {
  least: 28,
  most: 28,
  pattern: /^[A-Za-z0-9+/]{26}(==|[A-Za-z0-9+/]=|[A-Za-z0-9+/]{2})$/,
});

/** Since 2.3.1 a proof of authentication may be longer. */
export const LONG_AUTHENTICATION_VALUE = shaped('up to 4000 characters of base64', {
  least: 1,
  most: 4000,
  pattern: /^[A-Za-z0-9+/]+={0,2}$/,
});

/** An e-mail address, as far as its shape is the specification's business. */
export const EMAIL = shaped('an e-mail address', { least: 3, most: 254, pattern: /^[^\s@]+@[^\s@]+$/ });
