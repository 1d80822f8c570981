/**
 * The layout of Polygate's first acquirer link: ISO 8583:1987 with ASCII fields, a raw bitmap, and frames with a 2-byte length.
 * DE48 holds id-length-value elements (in a 0422 those of `DISPUTE_ELEMENTS`), DE62 the scheme's transaction id, DE123 the holder's address, DE127 private
 * text. DE44 is read as bytes: it only adds to an answer, so nothing in it may cost one.
 */

import { type FrameStyle, TWO_BYTE_FRAMES } from '../framing.ts';
import { defineLayout } from '../layout.ts';
import { asciiFields } from './iso87-ascii.ts';

/** Messages of the link. */
export const HOST_LINK = defineLayout({
  name: 'host-link',
  mti: 'ascii',
  bitmap: 'binary',
  fields: {
    ...asciiFields('binary'),
    44: {
      name: 'additional response',
      content: 'b',
      length: 25,
      encoding: 'binary',
      prefix: { coding: 'ascii', digits: 2, counts: 'bytes' },
    },
    62: {
      name: 'scheme transaction id',
      content: 'ans',
      length: 999,
      encoding: 'ascii',
      prefix: { coding: 'ascii', digits: 3, counts: 'digits' },
    },
    127: { name: 'private text', content: 'ans', length: 999, encoding: 'ascii', prefix: { coding: 'ascii', digits: 3, counts: 'digits' } },
  },
});

/**
 * DE48 of a chargeback advice (0422): the acquirer's number of the case, the scheme's reason code, and whether the money goes to the cardholder
 * or comes back; of its answer (0432): when it was booked, which says in which batch both sides count it (YYYYMMDDhhmmss, UTC).
 */
export const DISPUTE_ELEMENTS = { caseNumber: '70', reason: '71', stage: '72', bookedAt: '73' } as const;

/** Values of the stage. */
export const DISPUTE_STAGES = { chargeback: 'CB', reversed: 'CR' } as const;

/** Frames of the link. */
export const HOST_LINK_FRAMES: FrameStyle = TWO_BYTE_FRAMES;
