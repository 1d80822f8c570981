/**
 * Columns of a batch: arrays in PostgreSQL's text form, to be unpacked by `unnest($1::uuid[], …)`. Written by hand because the driver's
 * general array writer showed up in profiles; each function knows its type and escapes only where that type can need it.
 */

/** Values without any character that the array syntax gives a meaning: ids, numbers, codes, hex. `undefined` and `null` become NULL. */
export function plainArray(values: readonly (string | number | boolean | null | undefined)[]): string {
  let text = '{';
  for (let index = 0; index < values.length; index += 1) {
    if (index > 0) text += ',';
    const value = values[index];
    text += value === null || value === undefined ? 'NULL' : String(value);
  }
  return `${text}}`;
}

const special = /["\\]/g;

/** Free text, quoted. */
export function textArray(values: readonly (string | null | undefined)[]): string {
  let text = '{';
  for (let index = 0; index < values.length; index += 1) {
    if (index > 0) text += ',';
    const value = values[index];
    if (value === null || value === undefined) text += 'NULL';
    else text += `"${value.replace(special, '\\$&')}"`;
  }
  return `${text}}`;
}

/** Epoch ms as timestamps. Within a batch most times are the same few milliseconds, so the last text is kept. */
export function timeArray(values: readonly (number | undefined)[]): string {
  let lastMs: number | undefined;
  let lastText = '';
  return plainArray(
    values.map((value) => {
      if (value === undefined) return undefined;
      if (value !== lastMs) lastText = timeText(value);
      lastMs = value;
      return lastText;
    }),
  );
}

/** Bytes, as `bytea` hex. */
export function bytesArray(values: readonly (Uint8Array | null | undefined)[]): string {
  let text = '{';
  for (let index = 0; index < values.length; index += 1) {
    if (index > 0) text += ',';
    const value = values[index];
    if (value === null || value === undefined) text += 'NULL';
    else text += `"\\\\x${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex')}"`;
  }
  return `${text}}`;
}

/**
 * Epoch ms as a timestamp of any year. PostgreSQL takes what `toISOString` writes of years after 9999 for a time zone, and has no year 0.
 * Throws for what is no time.
 */
export function timeText(epochMs: number): string {
  const text = new Date(epochMs).toISOString();
  if (text.length === 24 && !text.startsWith('0000')) return text;
  const [, yearText = '', rest = ''] = /^([+-]?\d+)(-.*)$/.exec(text) ?? [];
  const year = Number(yearText);
  return year > 0 ? `${year}${rest}` : `${String(1 - year).padStart(4, '0')}${rest} BC`;
}

export function timeOrNull(epochMs: number | undefined): string | null {
  return epochMs === undefined ? null : timeText(epochMs);
}

/** Escapes that JSON may have and PostgreSQL cannot turn into text: NUL, and half a surrogate pair. `JSON.stringify` escapes no other surrogates. */
const unreadable = /\\u(?:0000|d[89a-f])/;

/** JSON for a column. What `->>` could not read back becomes U+FFFD: one such row would break every report over its table. */
export function jsonText(value: unknown): string {
  const text = JSON.stringify(value);
  return unreadable.test(text) ? JSON.stringify(value, (_name, inner: unknown) => readable(inner)) : text;
}

function readable(value: unknown): unknown {
  if (typeof value === 'string') return readableText(value);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [readableText(name), inner]));
}

const readableText = (text: string): string => text.toWellFormed().replaceAll('\0', '\ufffd');
