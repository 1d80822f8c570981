/** Character tables: which characters each kind of content admits, and the byte each has in ASCII and in two EBCDIC code pages. */

import type { Content, TextEncoding } from './spec.ts';

/** Two arrays of 256, indexed by character code and by byte; 0 means "not allowed" (no admitted character is coded as 0 anywhere). */
export interface TextTable {
  readonly toWire: Uint8Array;
  readonly fromWire: Uint8Array;
  /** True when bytes equal character codes, so that reading needs no translation. */
  readonly identity: boolean;
}

const FIRST_PRINTABLE = 0x20;
const LAST_PRINTABLE = 0x7e;

// Printable ASCII (0x20 to 0x7e) in IBM code page 037, as glibc's iconv translates it.
const PRINTABLE_IN_037 =
  '405a7f7b5b6c507d4d5d5c4e6b604b61f0f1f2f3f4f5f6f7f8f97a5e4c7e6e6f7cc1c2c3c4c5c6c7c8c9d1d2d3d4d5d6d7d8d9e2e3e4e5e6e7e8e9bae0bbb06d79818283848586878889919293949596979899a2a3a4a5a6a7a8a9c04fd0a1';
const PRINTABLE_IN_1047 = PRINTABLE_IN_037.replace('e9bae0bbb06d', 'e9ade0bd5f6d');

const ADMITTED: Readonly<Record<Exclude<Content, 'b' | 'x+n'>, RegExp>> = {
  n: /^[0-9]$/,
  a: /^[A-Za-z]$/,
  an: /^[A-Za-z0-9]$/,
  ans: /^[\x20-\x7e]$/,
  // ISO 7811 track 2: digits, separator `=` (or `D` where the track was packed), and the other signs of its 4-bit set.
  z: /^[0-9:;<=>?D]$/,
};

function codePage(encoding: TextEncoding): (code: number) => number {
  switch (encoding) {
    case 'ascii':
      return (code) => code;
    case 'ebcdic-037':
    case 'ebcdic-1047': {
      const bytes = Buffer.from(encoding === 'ebcdic-037' ? PRINTABLE_IN_037 : PRINTABLE_IN_1047, 'hex');
      return (code) => bytes[code - FIRST_PRINTABLE] ?? 0;
    }
  }
}

/** The table of one content in one encoding; `extra` admits further characters (the pad of a padded field). */
export function textTable({
  content,
  encoding,
  extra = '',
}: {
  content: keyof typeof ADMITTED;
  encoding: TextEncoding;
  extra?: string;
}): TextTable {
  const admitted = ADMITTED[content];
  const byteOf = codePage(encoding);
  const toWire = new Uint8Array(256);
  const fromWire = new Uint8Array(256);
  for (let code = FIRST_PRINTABLE; code <= LAST_PRINTABLE; code++) {
    const character = String.fromCharCode(code);
    if (!admitted.test(character) && !extra.includes(character)) continue;
    const byte = byteOf(code);
    toWire[code] = byte;
    fromWire[byte] = code;
  }
  return { toWire, fromWire, identity: encoding === 'ascii' };
}

/** The byte of one printable character. */
export function byteOfCharacter(character: string, encoding: TextEncoding): number {
  return codePage(encoding)(character.charCodeAt(0));
}

/** Index of the first character the table does not admit, or -1. Writes the others to `out` at `offset`. */
export function writeText({ value, table, out, offset }: { value: string; table: TextTable; out: Buffer; offset: number }): number {
  const { toWire } = table;
  for (let index = 0; index < value.length; index++) {
    const code = value.charCodeAt(index);
    const byte = code < 256 ? (toWire[code] ?? 0) : 0;
    if (byte === 0) return index;
    out[offset + index] = byte;
  }
  return -1;
}

/** The text in `bytes[start, end)`, or the index (from `start`) of the first byte the table does not admit. */
export function readText({ bytes, table, start, end }: { bytes: Buffer; table: TextTable; start: number; end: number }): string | number {
  const { fromWire, identity } = table;
  for (let index = start; index < end; index++) {
    if ((fromWire[bytes[index] ?? 0] ?? 0) === 0) return index - start;
  }
  if (identity) return bytes.toString('latin1', start, end);
  const translated = Buffer.allocUnsafe(end - start);
  for (let index = start; index < end; index++) translated[index - start] = fromWire[bytes[index] ?? 0] ?? 0;
  return translated.toString('latin1');
}
