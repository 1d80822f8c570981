/** The codec against messages made elsewhere: byte for byte in both directions. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Iso8583Message, pack, unpack } from '../src/protocols/iso8583/codec.ts';
import { ASCII_FRAMES, createFrameReader, frame } from '../src/protocols/iso8583/framing.ts';
import { defineLayout, type Layout } from '../src/protocols/iso8583/layout.ts';
import { HOST_LINK } from '../src/protocols/iso8583/layouts/host-link.ts';
import { ISO87_ASCII } from '../src/protocols/iso8583/layouts/iso87-ascii.ts';
import { ISO87_BINARY } from '../src/protocols/iso8583/layouts/iso87-binary.ts';

// The first four are what jPOS 2.1.8 and moov-io/iso8583 0.21.3 (with an 8-byte bitmap) both produce; the packed ones what jPOS's ISO87B packager does.
const PURCHASE: Iso8583Message = {
  mti: '0100',
  fields: {
    2: '4000002760003184',
    3: '000000',
    4: '000000001000',
    7: '1121044700',
    11: '000123',
    12: '044700',
    13: '1121',
    14: '3012',
    18: '5999',
    22: '010',
    25: '59',
    37: '432604000123',
    41: 'TERM0001',
    42: 'MERCHANT0000001',
    49: '978',
  },
};
const SIGN_ON: Iso8583Message = { mti: '0800', fields: { 3: '000000', 11: '000001', 41: '29110001' } };
const ECHO: Iso8583Message = { mti: '0800', fields: { 7: '1121044700', 11: '000001', 70: '301' } };
const REVERSAL: Iso8583Message = {
  mti: '0420',
  fields: {
    2: '4000002760003184',
    3: '000000',
    4: '000000001000',
    7: '1121044710',
    11: '000123',
    37: '432604000123',
    39: '68',
    41: 'TERM0001',
    42: 'MERCHANT0000001',
    49: '978',
    90: '010000012311210447000000000000000000000000',
  },
};

const PURCHASE_ASCII =
  '0100723C448008C08000164000002760003184000000000000001000112104470000012304470011213012599901059432604000123TERM0001MERCHANT0000001978';
const REVERSAL_ASCII =
  '0420F22000000AC080000000004000000000164000002760003184000000000000001000112104471000012343260400012368TERM0001MERCHANT0000001978010000012311210447000000000000000000000000';

function bothWays(layout: Layout, message: Iso8583Message, bytes: Buffer): void {
  assert.equal(pack(layout, message).toString('hex'), bytes.toString('hex'));
  assert.deepEqual(unpack(layout, bytes), message);
}

/** The vector with its hex bitmap (16 or 32 characters behind the message type) as raw bytes. */
function withRawBitmap(ascii: string): Buffer {
  const end = 4 + (Number.parseInt(ascii.charAt(4), 16) >= 8 ? 32 : 16);
  return Buffer.concat([Buffer.from(ascii.slice(0, 4)), Buffer.from(ascii.slice(4, end), 'hex'), Buffer.from(ascii.slice(end))]);
}

const ASCII_VECTORS: readonly (readonly [string, Iso8583Message, string])[] = [
  ['0100 e-commerce', PURCHASE, PURCHASE_ASCII],
  ['0800 sign-on', SIGN_ON, '0800202000000080000000000000000129110001'],
  ['0800 echo with a second bitmap', ECHO, '0800822000000000000004000000000000001121044700000001301'],
  ['0420 with original data', REVERSAL, REVERSAL_ASCII],
];

for (const [name, message, ascii] of ASCII_VECTORS) {
  test(`${name}: ASCII with a hex bitmap`, () => bothWays(ISO87_ASCII, message, Buffer.from(ascii)));
  test(`${name}: ASCII with a raw bitmap, as on the host link`, () => bothWays(HOST_LINK, message, withRawBitmap(ascii)));
}

test('0800 packed', () => {
  bothWays(ISO87_BINARY, SIGN_ON, Buffer.from('080020200000008000000000000000013239313130303031', 'hex'));
  bothWays(ISO87_BINARY, ECHO, Buffer.from('08008220000000000000040000000000000011210447000000010301', 'hex'));
});

test('0100 packed, written out by hand from the field table', () => {
  const bytes = [
    '0100',
    '723c448008c08000',
    '164000002760003184',
    '000000',
    '000000001000',
    '1121044700',
    '000123',
    '044700',
    '1121',
    '3012',
    '5999',
    '0010',
    '59',
    Buffer.from('432604000123').toString('hex'),
    Buffer.from('TERM0001').toString('hex'),
    Buffer.from('MERCHANT0000001').toString('hex'),
    '0978',
  ].join('');
  bothWays(ISO87_BINARY, PURCHASE, Buffer.from(bytes, 'hex'));
});

test('a network message of 1993 style, framed with four decimal digits', () => {
  // PayEx/IFSF host link: ASCII fields, raw bitmap, DE12 with date, DE24 function code.
  const layout = defineLayout({
    name: 'payex-network',
    mti: 'ascii',
    bitmap: 'binary',
    fields: {
      7: { name: 'transmission date and time', content: 'n', length: 10, encoding: 'ascii' },
      11: { name: 'STAN', content: 'n', length: 6, encoding: 'ascii' },
      12: { name: 'local date and time', content: 'n', length: 12, encoding: 'ascii' },
      24: { name: 'function code', content: 'n', length: 3, encoding: 'ascii' },
      32: { name: 'acquirer', content: 'n', length: 11, encoding: 'ascii', prefix: { coding: 'ascii', digits: 2, counts: 'digits' } },
    },
  });
  const framed = Buffer.from(
    '303035303138323002300101000000003039313031353238343133383239313030393039313031353238343138333130353130303031',
    'hex',
  );
  const message: Iso8583Message = {
    mti: '1820',
    fields: { 7: '0910152841', 11: '382910', 12: '090910152841', 24: '831', 32: '10001' },
  };
  const bodies = createFrameReader(ASCII_FRAMES).push(framed);
  assert.equal(bodies.length, 1);
  bothWays(layout, message, bodies[0] ?? Buffer.alloc(0));
  assert.equal(frame(ASCII_FRAMES, pack(layout, message)).toString('hex'), framed.toString('hex'));
});
