/** BER tag-length-value data, as DE55 carries it (EMV book 3, annex B), from and to lower-case hex. */

import { Iso8583Error } from './error.ts';

/** One data object. A constructed one (`isConstructed`) holds further objects in its value: give it to `unpackBer` again. */
export interface BerElement {
  /** Tag of 1 to 4 bytes as lower-case hex, such as `9f26`. */
  readonly tag: string;
  /** Value as lower-case hex. */
  readonly value: string;
}

const LONGEST_TAG_BYTES = 4;
const LONGEST_LENGTH_BYTES = 3;

const fail = (problem: string): never => {
  throw new Iso8583Error(`BER data: ${problem}`);
};

/** True when the tag says that its value is made of further data objects. */
export function isConstructed(tag: string): boolean {
  return (Number.parseInt(tag.slice(0, 2), 16) & 0x20) !== 0;
}

/** The objects one after the other, as lower-case hex; lengths in their shortest form. Throws `Iso8583Error`. */
export function packBer(elements: readonly BerElement[]): string {
  return elements
    .map(({ tag, value }) => {
      if (!/^([0-9a-f]{2})+$/.test(tag) || tagBytes(Buffer.from(tag, 'hex'), 0) !== tag.length / 2) fail('a tag is malformed');
      if (!/^([0-9a-f]{2})*$/.test(value)) fail(`the value of tag ${tag} is not lower-case hex of whole bytes`);
      return tag + lengthHex(value.length / 2, tag) + value;
    })
    .join('');
}

function lengthHex(bytes: number, tag: string): string {
  if (bytes < 0x80) return bytes.toString(16).padStart(2, '0');
  const digits = bytes.toString(16);
  const even = digits.length % 2 === 0 ? digits : `0${digits}`;
  if (even.length / 2 > LONGEST_LENGTH_BYTES) fail(`the value of tag ${tag} is too long`);
  return (0x80 + even.length / 2).toString(16) + even;
}

/** The objects at the top level of `hex`. Throws `Iso8583Error` for indefinite lengths, overlong tags, and whatever does not end exactly. */
export function unpackBer(hex: string): readonly BerElement[] {
  if (!/^([0-9a-f]{2})*$/.test(hex)) fail('expected lower-case hex of whole bytes');
  const bytes = Buffer.from(hex, 'hex');
  const elements: BerElement[] = [];
  let offset = 0;
  while (offset < bytes.length) {
    const tagEnd = offset + tagBytes(bytes, offset);
    const tag = bytes.toString('hex', offset, tagEnd);
    const { length, size } = readBerLength(bytes, tagEnd);
    const start = tagEnd + size;
    if (start + length > bytes.length) fail(`tag ${tag} announces ${length} bytes, only ${bytes.length - start} are left`);
    elements.push({ tag, value: bytes.toString('hex', start, start + length) });
    offset = start + length;
  }
  return elements;
}

/** Bytes of the tag at `offset`: low five bits all set mean that more bytes follow, each but the last with its high bit set. */
function tagBytes(bytes: Buffer, offset: number): number {
  if (((bytes[offset] ?? 0) & 0x1f) !== 0x1f) return 1;
  for (let size = 2; size <= LONGEST_TAG_BYTES; size++) {
    const byte = bytes[offset + size - 1];
    if (byte === undefined) return fail('a tag is cut off');
    if ((byte & 0x80) === 0) return size;
  }
  return fail(`a tag has more than ${LONGEST_TAG_BYTES} bytes`);
}

function readBerLength(bytes: Buffer, offset: number): { length: number; size: number } {
  const first = bytes[offset];
  if (first === undefined) return fail('a length is missing');
  if (first < 0x80) return { length: first, size: 1 };
  const size = first & 0x7f;
  if (size === 0) return fail('indefinite lengths are not allowed');
  if (size > LONGEST_LENGTH_BYTES) return fail(`a length has more than ${LONGEST_LENGTH_BYTES} bytes`);
  if (offset + size >= bytes.length) return fail('a length is cut off');
  return { length: bytes.readUIntBE(offset + 1, size), size: size + 1 };
}
