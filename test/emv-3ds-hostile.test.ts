/** Hostile input: any bytes, any JSON, damaged messages, deep nesting, huge numbers of things. Nothing throws, nothing hangs, nothing leaks. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { fromBase64Url, readCReq, readCRes, readMethodRequest } from '../src/protocols/emv-3ds/browser-forms.ts';
import { build } from '../src/protocols/emv-3ds/build.ts';
import { MESSAGE_TYPES, type Message } from '../src/protocols/emv-3ds/message.ts';
import { parse } from '../src/protocols/emv-3ds/parse.ts';
import { ERRORS, erroOf } from '../src/protocols/emv-3ds/problem.ts';
import { aReq, aRes, type Fields, rReq } from './harness/three-ds-samples.ts';

const seed = Number(process.env.POLYGATE_SEED ?? '20261121');
const runs = { seed, numRuns: process.env.POLYGATE_SOAK === '1' ? 50_000 : 1_000 };

/** Reads it, and holds what comes out to what must be true of anything. */
function survives(bytes: Uint8Array | string): void {
  const parsed = parse(bytes);
  if (parsed.ok) {
    assert.ok(MESSAGE_TYPES.includes(parsed.message.messageType));
    const { messageVersion } = parsed.message;
    // What passes may be written again, but for elements that are only tolerated on the way in.
    const built = build(parsed.message);
    if (!built.ok)
      assert.ok(
        messageVersion === '2.1.0' || built.findings.every(({ says }) => says.startsWith('does not belong')),
        JSON.stringify(built.findings),
      );
    return;
  }
  assert.ok(parsed.problem.errorCode in ERRORS);
  assert.ok(parsed.problem.errorDetail.length > 0);
  const built = build(erroOf(parsed.problem, 'S'));
  assert.ok(built.ok, JSON.stringify(built));
}

describe('whatever comes', () => {
  test('any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2_000 }), (bytes) => survives(bytes)),
      runs,
    );
  });

  test('any text, as text and in a form', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 500 }), (text) => {
        survives(text);
        for (const read of [readCReq, readCRes, readMethodRequest]) assert.equal(read(text).ok, false);
        fromBase64Url(text);
      }),
      runs,
    );
  });

  test('any JSON', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 8 }), (json) => survives(json)),
      runs,
    );
  });

  const names = [...new Set([...Object.keys(aReq('2.3.1')), ...Object.keys(rReq()), ...Object.keys(aRes())])];
  const name = fc.oneof(
    fc.constantFrom(...names, 'acctInfo', 'messageExtension', 'homePhone', '__proto__', 'constructor', 'toString'),
    fc.string(),
  );
  const damage = fc.dictionary(name, fc.jsonValue({ maxDepth: 4 }), { maxKeys: 6 });
  test('right messages with some elements replaced by anything', () => {
    fc.assert(
      fc.property(fc.constantFrom<Fields>(aReq(), aReq('2.3.1'), aRes(), rReq()), damage, (message, changes) => {
        survives(JSON.stringify({ ...message, ...changes }));
      }),
      runs,
    );
  });

  test('right messages with some bytes changed', () => {
    const edit = fc.tuple(fc.nat(1_500), fc.nat(255));
    fc.assert(
      fc.property(fc.constantFrom<Fields>(aReq(), aRes(), rReq()), fc.array(edit, { minLength: 1, maxLength: 5 }), (message, edits) => {
        const bytes = Buffer.from(JSON.stringify(message));
        for (const [at, byte] of edits) bytes[at % bytes.length] = byte;
        survives(bytes);
      }),
      runs,
    );
  });

  test('anything that is to be written', () => {
    fc.assert(
      fc.property(damage, (changes) => {
        const built = build({ ...aReq(), ...changes, messageType: 'AReq', messageVersion: '2.2.0' } as unknown as Message);
        if (built.ok) assert.ok(parse(built.text).ok);
      }),
      runs,
    );
  });
});

describe('too much of something', () => {
  const inElement = (value: string): string => JSON.stringify(aReq()).replace('"mcc"', `"x":${value},"mcc"`);
  const detailOf = (text: string): string => {
    const parsed = parse(text);
    return parsed.ok ? 'ok' : `${parsed.problem.errorCode} ${parsed.problem.errorDetail}`;
  };

  test('levels', () => {
    for (const depth of [31, 1_000_000]) {
      const expected = depth === 31 ? 'ok' : '101 nested deeper than 32 levels';
      assert.equal(detailOf(inElement('['.repeat(depth) + ']'.repeat(depth))), expected);
      assert.equal(detailOf(inElement(`${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`)), expected);
    }
    assert.equal(detailOf('['.repeat(5_000_000)), '101 nested deeper than 32 levels');
  });

  test('bytes', () => {
    assert.equal(parse(inElement('1'), { limitBytes: 100 }).ok, false);
    assert.equal(detailOf(inElement(`"${'x'.repeat(5_000_000)}"`)), 'ok');
    assert.equal(detailOf(`"${'\\'.repeat(5_000_001)}`), '101 not JSON');
  });

  test('names, twice', () => {
    const twice = Array.from({ length: 100_000 }, (_, index) => `"n${index % 50_000}":1`).join(',');
    assert.match(detailOf(`{"messageType":"AReq","messageVersion":"2.2.0",${twice}}`), /^204 n0,n1,/);
  });

  test('bad entries in a list', () => {
    const cardRangeData = Array.from({ length: 200_000 }, () => ({ startRange: 'x', endRange: 'y' }));
    const ids = { threeDSServerTransID: aRes().threeDSServerTransID, dsTransID: aRes().dsTransID };
    const versions = { dsStartProtocolVersion: '2.1.0', dsEndProtocolVersion: '2.2.0' };
    const text = JSON.stringify({ messageType: 'PRes', messageVersion: '2.2.0', ...ids, ...versions, cardRangeData });
    assert.equal(detailOf(text), '201 cardRangeData.acsStartProtocolVersion,cardRangeData.acsEndProtocolVersion');
  });

  test('an Erro never repeats a card number, wherever it stood', () => {
    const pan = '4242424242424242';
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(aReq())), fc.boolean(), (name, isDouble) => {
        const broken = { ...aReq(), [name]: { [pan]: pan } };
        const text = isDouble ? JSON.stringify(broken).replace('"mcc"', `"${pan}":1,"${pan}":2,"mcc"`) : JSON.stringify(broken);
        const parsed = parse(text);
        assert.ok(!parsed.ok);
        assert.ok(!JSON.stringify(parsed.problem).includes(pan), JSON.stringify(parsed.problem));
      }),
      runs,
    );
  });
});
