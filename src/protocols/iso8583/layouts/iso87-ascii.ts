/** ISO 8583:1987 in ASCII: digits as characters, lengths as characters, the bitmap and binary data as hex characters. */

import { defineLayout } from '../layout.ts';
import type { FieldSpec } from '../spec.ts';
import { ISO87_ELEMENTS } from './iso87-fields.ts';

/** Field specs of ISO 87 with every value in ASCII; `binary` says how content `b` is written. */
export function asciiFields(binary: 'binary' | 'hex-ascii'): Record<number, FieldSpec> {
  const fields: Record<number, FieldSpec> = {};
  for (const [number, { name, content, length, lengthDigits }] of Object.entries(ISO87_ELEMENTS)) {
    const encoding = content === 'b' ? binary : 'ascii';
    fields[Number(number)] =
      lengthDigits === 0
        ? { name, content, length, encoding }
        : { name, content, length, encoding, prefix: { coding: 'ascii', digits: lengthDigits, counts: 'digits' } };
  }
  return fields;
}

/** ISO 87 in ASCII with a bitmap of hex characters. */
export const ISO87_ASCII = defineLayout({ name: 'iso87-ascii', mti: 'ascii', bitmap: 'hex-ascii', fields: asciiFields('hex-ascii') });
