/** The data part of a field, without its length: text, packed digits, signed digits, raw bytes, bytes as hex characters. */

import { byteOfCharacter, readText, textTable, writeText } from './encodings.ts';
import type { Fail } from './error.ts';
import type { Content, FieldSpec, OddDigits, TextEncoding } from './spec.ts';

/** Compiled data part. A unit is a character of the value, or one byte for content `b`. */
export interface BodyCodec {
  /** Bytes on the wire for so many units. */
  readonly wireLength: (units: number) => number;
  /** Units in so many bytes on the wire; throws where no number of units takes exactly that. */
  readonly unitsIn: (bytes: number) => number;
  readonly write: (value: string, out: Buffer, offset: number) => void;
  /** Reads `units` units at `offset`; the caller has checked that the bytes are there. */
  readonly read: (bytes: Buffer, offset: number, units: number) => string;
}

const CONTENT_MEANS: Readonly<Record<Content, string>> = {
  n: 'digits',
  a: 'letters',
  an: 'letters and digits',
  ans: 'printable ASCII characters',
  z: 'track 2 characters',
  'x+n': 'C or D, then digits',
  b: 'lower-case hex digits',
};

/** Compiles the data part of a field; `reject` for encodings that cannot carry the content. */
export function bodyCodec(spec: FieldSpec, { fail, reject }: { fail: Fail; reject: Fail }): BodyCodec {
  const { content, encoding } = spec;
  switch (encoding) {
    case 'ascii':
    case 'ebcdic-037':
    case 'ebcdic-1047':
      if (content === 'b') return reject('binary content needs the encoding binary or hex');
      if (content === 'x+n') return signedBody({ encoding, digits: textBody({ content: 'n', encoding, extra: '', fail }), fail });
      return textBody({ content, encoding, extra: spec.padding?.with ?? '', fail });
    case 'bcd': {
      if (content !== 'n' && content !== 'z' && content !== 'x+n') return reject('only digits and track 2 can be packed');
      const digits = bcdBody({
        content: content === 'z' ? 'z' : 'n',
        odd: spec.oddDigits ?? 'left-0',
        countsBytes: spec.prefix?.counts === 'bytes',
        fail,
        reject,
      });
      return content === 'x+n' ? signedBody({ encoding: 'ascii', digits, fail }) : digits;
    }
    case 'binary':
      return content === 'b' ? binaryBody(fail) : reject('the encoding binary belongs to content b');
    case 'hex-ascii':
    case 'hex-ebcdic':
      return content === 'b' ? hexBody({ ebcdic: encoding === 'hex-ebcdic', fail }) : reject('the encoding hex belongs to content b');
  }
}

const same = (count: number): number => count;

function textBody(options: { content: Exclude<Content, 'b' | 'x+n'>; encoding: TextEncoding; extra: string; fail: Fail }): BodyCodec {
  const { content, fail } = options;
  const table = textTable(options);
  const wrong = (index: number): never => fail(`expected ${CONTENT_MEANS[content]} (${content}), character ${index + 1} is something else`);
  return {
    wireLength: same,
    unitsIn: same,
    write: (value, out, offset) => {
      const index = writeText({ value, table, out, offset });
      if (index >= 0) wrong(index);
    },
    read: (bytes, offset, units) => {
      const text = readText({ bytes, table, start: offset, end: offset + units });
      return typeof text === 'string' ? text : wrong(text);
    },
  };
}

/** x+n: the sign takes one character also where the digits are packed (jPOS packs DE28 of ISO 87 binary this way). */
function signedBody({ encoding, digits, fail }: { encoding: TextEncoding; digits: BodyCodec; fail: Fail }): BodyCodec {
  const credit = byteOfCharacter('C', encoding);
  const debit = byteOfCharacter('D', encoding);
  const wrong = (): never => fail(`expected ${CONTENT_MEANS['x+n']}`);
  return {
    wireLength: (units) => 1 + digits.wireLength(units - 1),
    unitsIn: (bytes) => 1 + digits.unitsIn(bytes - 1),
    write: (value, out, offset) => {
      const sign = value[0];
      if (sign !== 'C' && sign !== 'D') wrong();
      out[offset] = sign === 'C' ? credit : debit;
      digits.write(value.slice(1), out, offset + 1);
    },
    read: (bytes, offset, units) => {
      const sign = bytes[offset];
      if (sign !== credit && sign !== debit) wrong();
      return (sign === credit ? 'C' : 'D') + digits.read(bytes, offset + 1, units - 1);
    },
  };
}

interface BcdOptions {
  readonly content: 'n' | 'z';
  readonly odd: OddDigits;
  readonly countsBytes: boolean;
  readonly fail: Fail;
  readonly reject: Fail;
}

function bcdBody({ content, odd, countsBytes, fail, reject }: BcdOptions): BodyCodec {
  // Counted in bytes, a spare zero on the right cannot be told from a digit, and the amount would read ten times as large.
  if (countsBytes && odd === 'right-0') reject('packed digits padded right with 0 must be counted in digits');
  const atLeft = odd.startsWith('left');
  const filler = odd.endsWith('F') ? 15 : 0;
  // Nibble 13 is the field separator of track 2; other content has decimal nibbles only.
  const characterOf = (nibble: number): string =>
    nibble < 10 ? String.fromCharCode(0x30 + nibble) : nibble === 13 && content === 'z' ? '=' : '';
  const nibbleOf = (code: number, index: number): number => {
    const nibble = code - 0x30;
    if (nibble >= 0 && nibble <= 9) return nibble;
    if (content === 'z' && (code === 0x3d || code === 0x44)) return 13;
    return fail(`expected ${content === 'n' ? 'digits (n)' : 'digits and one separator (z)'}, character ${index + 1} is something else`);
  };
  const pairs = Array.from({ length: 256 }, (_, byte) => {
    const high = characterOf(byte >> 4);
    const low = characterOf(byte & 15);
    return high === '' || low === '' ? '' : high + low;
  });
  const wrong = (): never => fail(`expected packed decimal digits${odd.endsWith('F') ? ' with a filler of F' : ''}`);

  const write = (value: string, out: Buffer, offset: number): void => {
    let at = offset;
    let index = 0;
    if (value.length % 2 === 1 && atLeft) out[at++] = (filler << 4) | nibbleOf(value.charCodeAt(index), index++);
    for (; index + 1 < value.length; index += 2) {
      out[at++] = (nibbleOf(value.charCodeAt(index), index) << 4) | nibbleOf(value.charCodeAt(index + 1), index + 1);
    }
    if (index < value.length) out[at] = (nibbleOf(value.charCodeAt(index), index) << 4) | filler;
  };

  const single = (byte: number): string => {
    const [spare, digit] = atLeft ? [byte >> 4, byte & 15] : [byte & 15, byte >> 4];
    if (spare !== filler) fail(`expected the spare nibble of an odd number of packed digits to be ${filler === 0 ? '0' : 'F'}`);
    const character = characterOf(digit);
    return character === '' ? wrong() : character;
  };

  const read = (bytes: Buffer, offset: number, units: number): string => {
    const size = Math.ceil(units / 2);
    // Counted in bytes, a filler of F is the only sign that the number of digits is odd.
    const fillerByte = (bytes[atLeft ? offset : offset + size - 1] ?? 0) >> (atLeft ? 4 : 0);
    const isOdd = units % 2 === 1 || (countsBytes && size > 0 && filler === 15 && (fillerByte & 15) === 15);
    const first = isOdd && atLeft ? 1 : 0;
    const last = isOdd && !atLeft ? size - 1 : size;
    let text = first === 1 ? single(bytes[offset] ?? 0) : '';
    for (let index = first; index < last; index++) {
      const pair = pairs[bytes[offset + index] ?? 0] ?? '';
      if (pair === '') wrong();
      text += pair;
    }
    return last < size ? text + single(bytes[offset + last] ?? 0) : text;
  };

  return { wireLength: (units) => (units + 1) >> 1, unitsIn: (bytes) => bytes * 2, write, read };
}

const isLowerHex = (code: number): boolean => (code >= 0x30 && code <= 0x39) || (code >= 0x61 && code <= 0x66);

function checkLowerHex(value: string, fail: Fail): void {
  for (let index = 0; index < value.length; index++) {
    if (!isLowerHex(value.charCodeAt(index))) fail(`expected ${CONTENT_MEANS.b} (b), character ${index + 1} is something else`);
  }
}

function binaryBody(fail: Fail): BodyCodec {
  return {
    wireLength: same,
    unitsIn: same,
    write: (value, out, offset) => {
      checkLowerHex(value, fail);
      out.write(value, offset, 'hex');
    },
    read: (bytes, offset, units) => bytes.toString('hex', offset, offset + units),
  };
}

function hexBody({ ebcdic, fail }: { ebcdic: boolean; fail: Fail }): BodyCodec {
  const table = textTable({ content: 'an', encoding: ebcdic ? 'ebcdic-037' : 'ascii' });
  const wrong = (): never => fail('expected bytes written as hex characters');
  return {
    wireLength: (units) => units * 2,
    unitsIn: (bytes) => (bytes % 2 === 0 ? bytes / 2 : wrong()),
    write: (value, out, offset) => {
      checkLowerHex(value, fail);
      writeText({ value: value.toUpperCase(), table, out, offset });
    },
    read: (bytes, offset, units) => {
      const text = readText({ bytes, table, start: offset, end: offset + units * 2 });
      if (typeof text !== 'string') return wrong();
      const lower = text.toLowerCase();
      for (let index = 0; index < lower.length; index++) if (!isLowerHex(lower.charCodeAt(index))) wrong();
      return lower;
    },
  };
}
