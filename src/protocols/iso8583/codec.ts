/** Packs and unpacks messages under a compiled layout. */

import { Iso8583Error } from './error.ts';
import type { Cursor } from './field.ts';
import { HIGHEST_FIELD, type Layout } from './layout.ts';

/** A message. Values are text as it reads; binary fields are lower-case hex. Field 1 is the bitmap's own bit and never a field. */
export interface Iso8583Message {
  /** Message type, four digits. */
  readonly mti: string;
  readonly fields: Readonly<Record<number, string>>;
}

/** As much of a message as could be read, and what stopped the reading. */
export interface PartialMessage {
  /** Absent when not even the message type could be read. */
  readonly mti: string | undefined;
  /** The fields in front of the one at fault; each is valid. */
  readonly fields: Readonly<Record<number, string>>;
  /** Absent when the whole message is good. */
  readonly error: Iso8583Error | undefined;
}

const MTI_LENGTH = 4;
const BITMAP_BYTES = 8;

/** The message as bytes. Throws `Iso8583Error` naming the field and what was expected there, never its value. */
export function pack(layout: Layout, message: Iso8583Message): Buffer {
  checkMti(message.mti);
  const { codecs } = layout;
  const map = [0, 0, 0, 0];
  let bodyBytes = 0;
  for (const key in message.fields) {
    const number = Number(key);
    const codec = codecs[number];
    if (codec === undefined) throw unknownField(layout, key);
    bodyBytes += codec.wireLength(message.fields[number] as string);
    const bit = number - 1;
    map[bit >> 5] = (map[bit >> 5] ?? 0) | (0x80000000 >>> (bit & 31));
  }
  const hasSecond = map[2] !== 0 || map[3] !== 0;
  if (hasSecond) map[0] = (map[0] ?? 0) | 0x80000000;
  const mapBytes = (hasSecond ? 2 : 1) * BITMAP_BYTES * (layout.bitmap === 'binary' ? 1 : 2);
  const mtiBytes = layout.mti === 'bcd' ? MTI_LENGTH / 2 : MTI_LENGTH;
  const out = Buffer.allocUnsafe(mtiBytes + mapBytes + bodyBytes);
  writeMti(layout, message.mti, out);
  writeBitmap({ layout, map, words: hasSecond ? 4 : 2, out, offset: mtiBytes });
  let offset = mtiBytes + mapBytes;
  // Integer keys are visited in ascending order (ECMAScript OrdinaryOwnPropertyKeys), which is the order on the wire.
  for (const key in message.fields) {
    const number = Number(key);
    const codec = codecs[number];
    if (codec !== undefined) offset = codec.write(message.fields[number] as string, out, offset);
  }
  return out;
}

/** The message in exactly these bytes. Throws `Iso8583Error`, and nothing else, for anything that is no message of this layout. */
export function unpack(layout: Layout, bytes: Buffer): Iso8583Message {
  const { mti, fields, error } = unpackPartial(layout, bytes);
  if (error !== undefined || mti === undefined) throw error ?? new Iso8583Error('no message type');
  return { mti, fields };
}

/** Like `unpack`, but gives what stands in front of the fault too: a host answers a format error when it can still tell whom. */
export function unpackPartial(layout: Layout, bytes: Buffer): PartialMessage {
  const cursor: Cursor = { bytes, offset: 0 };
  const fields: Record<number, string> = {};
  let mti: string | undefined;
  try {
    mti = readMti(layout, cursor);
    const map = readBitmap(layout, cursor);
    for (let word = 0; word < map.length; word++) readFieldsOfWord({ layout, bits: map[word] ?? 0, base: word * 32, cursor, fields });
    if (cursor.offset !== bytes.length)
      throw new Iso8583Error(`expected the end of the message, ${bytes.length - cursor.offset} bytes are left over`);
    return { mti, fields, error: undefined };
  } catch (error) {
    if (error instanceof Iso8583Error) return { mti, fields, error };
    throw error;
  }
}

interface WordOfFields {
  readonly layout: Layout;
  readonly bits: number;
  readonly base: number;
  readonly cursor: Cursor;
  readonly fields: Record<number, string>;
}

function readFieldsOfWord({ layout, bits, base, cursor, fields }: WordOfFields): void {
  let rest = base === 0 ? bits & 0x7fffffff : bits;
  while (rest !== 0) {
    const lead = Math.clz32(rest);
    rest &= ~(0x80000000 >>> lead);
    const number = base + lead + 1;
    const codec = layout.codecs[number];
    if (codec === undefined) throw unknownField(layout, String(number));
    fields[number] = codec.read(cursor);
  }
}

function unknownField(layout: Layout, key: string): Iso8583Error {
  const number = Number(key);
  const inRange = Number.isSafeInteger(number) && number >= 1 && number <= HIGHEST_FIELD;
  // A key that is no number came from the caller, not from a table of field numbers, and could be anything: it is not repeated.
  if (!inRange) return new Iso8583Error(`expected field numbers from 2 to ${HIGHEST_FIELD}`);
  return new Iso8583Error(`field ${number} is not in the layout ${layout.name}`, number);
}

function checkMti(mti: string): void {
  if (typeof mti !== 'string' || mti.length !== MTI_LENGTH) throw new Iso8583Error('message type: expected four digits');
  for (let index = 0; index < MTI_LENGTH; index++) {
    const digit = mti.charCodeAt(index) - 0x30;
    if (digit < 0 || digit > 9) throw new Iso8583Error('message type: expected four digits');
  }
}

function writeMti(layout: Layout, mti: string, out: Buffer): void {
  if (layout.mti === 'bcd') {
    for (let index = 0; index < MTI_LENGTH; index += 2) {
      out[index / 2] = ((mti.charCodeAt(index) - 0x30) << 4) | (mti.charCodeAt(index + 1) - 0x30);
    }
    return;
  }
  const zero = layout.mti === 'ascii' ? 0x30 : 0xf0;
  for (let index = 0; index < MTI_LENGTH; index++) out[index] = zero + mti.charCodeAt(index) - 0x30;
}

function readMti(layout: Layout, cursor: Cursor): string {
  const size = layout.mti === 'bcd' ? MTI_LENGTH / 2 : MTI_LENGTH;
  if (cursor.bytes.length < size) throw new Iso8583Error(`message type: expected ${size} bytes, found ${cursor.bytes.length}`);
  let mti = '';
  for (let index = 0; index < MTI_LENGTH; index++) {
    const digit = mtiDigit(layout, cursor.bytes, index);
    if (digit < 0 || digit > 9) throw new Iso8583Error('message type: expected four digits');
    mti += String.fromCharCode(0x30 + digit);
  }
  cursor.offset = size;
  return mti;
}

function mtiDigit(layout: Layout, bytes: Buffer, index: number): number {
  if (layout.mti === 'bcd') {
    const byte = bytes[index >> 1] ?? 0;
    return index % 2 === 0 ? byte >> 4 : byte & 15;
  }
  return (bytes[index] ?? 0) - (layout.mti === 'ascii' ? 0x30 : 0xf0);
}

function writeBitmap(options: { layout: Layout; map: readonly number[]; words: number; out: Buffer; offset: number }): void {
  const { layout, map, words, out, offset } = options;
  if (layout.bitmap === 'binary') {
    for (let word = 0; word < words; word++) out.writeInt32BE((map[word] ?? 0) | 0, offset + word * 4);
    return;
  }
  const digitBase = layout.bitmap === 'hex-ascii' ? 0x30 : 0xf0;
  const letterBase = layout.bitmap === 'hex-ascii' ? 0x41 : 0xc1;
  for (let index = 0; index < words * 8; index++) {
    const nibble = ((map[index >> 3] ?? 0) >>> (28 - (index & 7) * 4)) & 15;
    out[offset + index] = nibble < 10 ? digitBase + nibble : letterBase + nibble - 10;
  }
}

/** Two or four words of 32 bits, first bit highest. */
function readBitmap(layout: Layout, cursor: Cursor): readonly number[] {
  const first = readBitmapHalf(layout, cursor, 'first');
  if ((first[0] ?? 0) >>> 31 === 0) return first;
  return [...first, ...readBitmapHalf(layout, cursor, 'second')];
}

function readBitmapHalf(layout: Layout, cursor: Cursor, which: 'first' | 'second'): readonly number[] {
  const size = layout.bitmap === 'binary' ? BITMAP_BYTES : BITMAP_BYTES * 2;
  const { bytes, offset } = cursor;
  if (offset + size > bytes.length)
    throw new Iso8583Error(`${which} bitmap: expected ${size} bytes, only ${bytes.length - offset} are left`);
  cursor.offset = offset + size;
  if (layout.bitmap === 'binary') return [bytes.readInt32BE(offset), bytes.readInt32BE(offset + 4)];
  const words = [0, 0];
  for (let index = 0; index < size; index++) {
    const nibble = hexNibble(bytes[offset + index] ?? 0, layout.bitmap === 'hex-ebcdic');
    if (nibble < 0) throw new Iso8583Error(`${which} bitmap: expected 16 hex characters`);
    words[index >> 3] = ((words[index >> 3] ?? 0) << 4) | nibble;
  }
  return words;
}

function hexNibble(byte: number, ebcdic: boolean): number {
  const digit = byte - (ebcdic ? 0xf0 : 0x30);
  if (digit >= 0 && digit <= 9) return digit;
  const upper = byte - (ebcdic ? 0xc1 : 0x41);
  if (upper >= 0 && upper <= 5) return upper + 10;
  const lower = byte - (ebcdic ? 0x81 : 0x61);
  return lower >= 0 && lower <= 5 ? lower + 10 : -1;
}
