/** Length prefixes of variable fields: LL, LLL, LLLLLL and their kin in ASCII, EBCDIC, BCD or binary. */

import type { Fail } from './error.ts';
import type { LengthPrefix } from './spec.ts';

/** Compiled prefix. */
export interface PrefixCodec {
  /** Bytes the prefix takes. */
  readonly bytes: number;
  readonly write: (count: number, out: Buffer, offset: number) => void;
  readonly read: (bytes: Buffer, offset: number) => number;
}

/** Compiles a prefix that must be able to say up to `maximum`. */
export function prefixCodec(prefix: LengthPrefix, { maximum, fail, reject }: { maximum: number; fail: Fail; reject: Fail }): PrefixCodec {
  const width = prefix.coding === 'binary' ? prefix.bytes : prefix.digits;
  if (!Number.isSafeInteger(width) || width < 1 || width > 6) reject('a length prefix has 1 to 6 digits or bytes');
  const largest = (prefix.coding === 'binary' ? 256 : 10) ** width - 1;
  if (maximum > largest) reject(`the length prefix cannot say ${maximum}, its largest value is ${largest}`);
  const room = (bytes: Buffer, offset: number, needed: number): void => {
    if (offset + needed > bytes.length) fail(`expected a length prefix of ${needed} bytes, only ${bytes.length - offset} are left`);
  };
  switch (prefix.coding) {
    case 'ascii':
      return characterPrefix({ width, zero: 0x30, room, fail });
    case 'ebcdic':
      // Digits are F0 to F9 in every EBCDIC code page.
      return characterPrefix({ width, zero: 0xf0, room, fail });
    case 'bcd':
      return bcdPrefix({ width, room, fail });
    case 'binary':
      return {
        bytes: width,
        write: (count, out, offset) => {
          out.writeUIntBE(count, offset, width);
        },
        read: (bytes, offset) => {
          room(bytes, offset, width);
          return bytes.readUIntBE(offset, width);
        },
      };
  }
}

interface DecimalPrefix {
  readonly width: number;
  readonly room: (bytes: Buffer, offset: number, needed: number) => void;
  readonly fail: Fail;
}

function characterPrefix({ width, zero, room, fail }: DecimalPrefix & { readonly zero: number }): PrefixCodec {
  return {
    bytes: width,
    write: (count, out, offset) => {
      let rest = count;
      for (let index = width - 1; index >= 0; index--) {
        out[offset + index] = zero + (rest % 10);
        rest = Math.floor(rest / 10);
      }
    },
    read: (bytes, offset) => {
      room(bytes, offset, width);
      let count = 0;
      for (let index = 0; index < width; index++) {
        const digit = (bytes[offset + index] ?? 0) - zero;
        if (digit < 0 || digit > 9) fail(`expected a length prefix of ${width} decimal digits`);
        count = count * 10 + digit;
      }
      return count;
    },
  };
}

function bcdPrefix({ width, room, fail }: DecimalPrefix): PrefixCodec {
  const size = Math.ceil(width / 2);
  const largest = 10 ** width - 1;
  return {
    bytes: size,
    write: (count, out, offset) => {
      let rest = count;
      for (let index = size - 1; index >= 0; index--) {
        out[offset + index] = ((Math.floor(rest / 10) % 10) << 4) | (rest % 10);
        rest = Math.floor(rest / 100);
      }
    },
    read: (bytes, offset) => {
      room(bytes, offset, size);
      let count = 0;
      for (let index = 0; index < size; index++) {
        const byte = bytes[offset + index] ?? 0;
        const high = byte >> 4;
        const low = byte & 15;
        if (high > 9 || low > 9) fail(`expected a length prefix of ${width} packed digits`);
        count = count * 100 + high * 10 + low;
      }
      if (count > largest) fail(`expected a length prefix of ${width} packed digits behind a zero nibble`);
      return count;
    },
  };
}
