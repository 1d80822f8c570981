/**
 * The layout of Polygate's first acquirer link: ISO 8583:1987 with ASCII fields, a raw bitmap, and frames with a 2-byte length.
 * DE48 holds id-length-value elements, DE62 the scheme's transaction id, DE127 private text.
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

/** Frames of the link. */
export const HOST_LINK_FRAMES: FrameStyle = TWO_BYTE_FRAMES;
