/** ISO 8583:1987 packed: digits and lengths in BCD, an odd number of digits behind a zero nibble, text in ASCII, a raw bitmap. */

import { defineLayout } from '../layout.ts';
import type { Content, DataEncoding, FieldSpec } from '../spec.ts';
import { ISO87_ELEMENTS } from './iso87-fields.ts';

function encodingOf(content: Content): DataEncoding {
  switch (content) {
    case 'n':
    case 'z':
    case 'x+n':
      return 'bcd';
    case 'a':
    case 'an':
    case 'ans':
      return 'ascii';
    case 'b':
      return 'binary';
  }
}

function packedFields(): Record<number, FieldSpec> {
  const fields: Record<number, FieldSpec> = {};
  for (const [number, { name, content, length, lengthDigits }] of Object.entries(ISO87_ELEMENTS)) {
    const encoding = encodingOf(content);
    fields[Number(number)] =
      lengthDigits === 0
        ? { name, content, length, encoding }
        : { name, content, length, encoding, prefix: { coding: 'bcd', digits: lengthDigits, counts: 'digits' } };
  }
  return fields;
}

/** ISO 87 with packed digits and a raw bitmap. */
export const ISO87_BINARY = defineLayout({ name: 'iso87-binary', mti: 'bcd', bitmap: 'binary', fields: packedFields() });
