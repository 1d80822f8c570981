/** Framing styles: bytes on the wire, any split of the stream, hostile streams. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  ASCII_FRAMES,
  BCD_FRAMES,
  createFrameReader,
  FrameError,
  type FrameStyle,
  frame,
  HEX_FRAMES,
  THREE_BYTE_FRAMES,
  TWO_BYTE_FRAMES,
  TWO_BYTE_INCLUSIVE_FRAMES,
  TWO_BYTE_TRAILER_FRAMES,
  TWO_BYTE_ZERO_FRAMES,
  tpduFrames,
} from '../src/protocols/iso8583/framing.ts';
import { soak } from './iso8583-soak.ts';

const STYLES: readonly (readonly [FrameStyle, framed: string, keepAlive: string])[] = [
  [TWO_BYTE_FRAMES, '000cBODY', '0000'],
  [TWO_BYTE_INCLUSIVE_FRAMES, '000eBODY', '0000'],
  [tpduFrames('6000010002'), '00116000010002BODY', '0000'],
  [ASCII_FRAMES, '30303132BODY', '30303030'],
  [HEX_FRAMES, '30303043BODY', '30303030'],
  [BCD_FRAMES, '0012BODY', '0000'],
  [TWO_BYTE_ZERO_FRAMES, '000c0000BODY', '00000000'],
  [TWO_BYTE_TRAILER_FRAMES, '000dBODY03', '0000'],
  [THREE_BYTE_FRAMES, '00000cBODY', '000000'],
];

const TWELVE = Buffer.from('080000000001');

for (const [style, framed, keepAlive] of STYLES) {
  test(`${style.name}: bytes on the wire, and a keep-alive that is skipped`, () => {
    const wire = Buffer.from(framed.replace('BODY', TWELVE.toString('hex')), 'hex');
    assert.equal(frame(style, TWELVE).toString('hex'), wire.toString('hex'));
    assert.equal(frame(style, Buffer.alloc(0)).toString('hex'), keepAlive);
    const idle = Buffer.from(keepAlive, 'hex');
    assert.deepEqual(createFrameReader(style).push(Buffer.concat([idle, wire, idle, idle, wire])), [TWELVE, TWELVE]);
  });

  test(`${style.name}: any bodies come out of any split of the stream`, () => {
    const bodies = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 8 });
    fc.assert(
      fc.property(bodies, fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 30 }), (list, sizes) => {
        const stream = Buffer.concat(list.map((body) => frame(style, Buffer.from(body))));
        const reader = createFrameReader(style);
        const seen: string[] = [];
        for (let offset = 0, turn = 0; offset < stream.length; turn++) {
          const end = offset + (sizes[turn % sizes.length] ?? 1);
          for (const body of reader.push(stream.subarray(offset, end))) seen.push(body.toString('hex'));
          offset = end;
        }
        assert.deepEqual(
          seen,
          list.filter((body) => body.length > 0).map((body) => Buffer.from(body).toString('hex')),
        );
      }),
      soak(100),
    );
  });

  test(`${style.name}: hostile streams give bodies within the cap or one error, quickly`, () => {
    let slowestMs = 0;
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ minLength: 1, maxLength: 200 }), { maxLength: 20 }),
        fc.integer({ min: 1, max: 500 }),
        (chunks, maxBytes) => {
          const reader = createFrameReader(style, { maxBytes });
          const startedAt = performance.now();
          let errors = 0;
          for (const chunk of chunks) {
            try {
              for (const body of reader.push(Buffer.from(chunk))) {
                assert.equal(errors, 0);
                assert.ok(body.length > 0 && body.length <= maxBytes);
              }
            } catch (error) {
              assert.ok(error instanceof FrameError, String(error));
              errors++;
            }
          }
          slowestMs = Math.max(slowestMs, performance.now() - startedAt);
          assert.ok(errors <= 1);
        },
      ),
      soak(300),
    );
    assert.ok(slowestMs < 1000, `the slowest took ${slowestMs} ms`);
  });
}

function failsWith(style: FrameStyle, hex: string, says: RegExp): void {
  assert.throws(
    () => createFrameReader(style, { maxBytes: 100 }).push(Buffer.from(hex, 'hex')),
    (error: unknown) => error instanceof FrameError && says.test(error.message),
  );
}

test('a length beyond the cap is refused before any of the body has come', () => {
  failsWith(TWO_BYTE_FRAMES, '0065', /announces a body of 101 bytes, at most 100/);
  failsWith(THREE_BYTE_FRAMES, 'ffffff', /announces/);
  failsWith(ASCII_FRAMES, '30313031', /announces/);
});

test('lengths, headers and trailers that are none', () => {
  failsWith(ASCII_FRAMES, '3030302d', /no number/);
  failsWith(HEX_FRAMES, '30303067', /no number/);
  failsWith(BCD_FRAMES, '000a', /no number/);
  failsWith(TWO_BYTE_INCLUSIVE_FRAMES, '0001', /exceeds/);
  failsWith(tpduFrames('6000000000'), '0004', /exceeds/);
  failsWith(TWO_BYTE_ZERO_FRAMES, '0001000141', /expected the header 0000/);
  failsWith(TWO_BYTE_TRAILER_FRAMES, '00024104', /trailer/);
});

test('after the one error everything is ignored, and bodies in front of it are kept', () => {
  const reader = createFrameReader(TWO_BYTE_FRAMES, { maxBytes: 100 });
  const chunk = Buffer.concat([frame(TWO_BYTE_FRAMES, TWELVE), Buffer.from('ffff', 'hex')]);
  assert.throws(
    () => reader.push(chunk),
    (error: unknown) =>
      error instanceof FrameError &&
      error.completed.length === 1 &&
      TWELVE.equals(error.completed[0] ?? Buffer.alloc(0)) &&
      !Object.keys(error).includes('completed'),
  );
  assert.deepEqual(reader.push(frame(TWO_BYTE_FRAMES, TWELVE)), []);
});

test('a body that the length cannot say is refused', () => {
  assert.throws(() => frame(TWO_BYTE_FRAMES, Buffer.alloc(0x10000)), /too long/);
  assert.throws(() => frame(ASCII_FRAMES, Buffer.alloc(10_000)), /too long/);
  assert.throws(() => tpduFrames('60'), /10 hex digits/);
});
