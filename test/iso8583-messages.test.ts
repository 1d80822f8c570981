/** Message types, dates, original data, replacement amounts, and the fields inside fields. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isConstructed, packBer, unpackBer } from '../src/protocols/iso8583/ber.ts';
import { Iso8583Error } from '../src/protocols/iso8583/error.ts';
import {
  amountDigits,
  firstOf,
  isRepeat,
  isRequest,
  localDate,
  localTime,
  mtiClass,
  originalData,
  parseOriginalData,
  parseReplacementAmounts,
  repeatOf,
  replacementAmounts,
  responseOf,
  transmissionDateTime,
} from '../src/protocols/iso8583/messages.ts';
import {
  packAdditionalAmounts,
  packSubelements,
  unpackAdditionalAmounts,
  unpackSubelements,
} from '../src/protocols/iso8583/subelements.ts';
import { soak } from './iso8583-soak.ts';

test('message types', () => {
  const table: readonly (readonly [mti: string, repeat: string, response: string, messageClass: string])[] = [
    ['0100', '0101', '0110', '1'],
    ['0120', '0121', '0130', '1'],
    ['0200', '0201', '0210', '2'],
    ['0220', '0221', '0230', '2'],
    ['0400', '0401', '0410', '4'],
    ['0420', '0421', '0430', '4'],
    ['1420', '1421', '1430', '4'],
    ['0422', '0423', '0432', '4'],
    ['0800', '0801', '0810', '8'],
  ];
  for (const [mti, repeat, response, messageClass] of table) {
    assert.equal(repeatOf(mti), repeat);
    assert.equal(repeatOf(repeat), repeat);
    assert.equal(firstOf(repeat), mti);
    assert.equal(firstOf(mti), mti);
    assert.equal(responseOf(mti), response);
    assert.equal(responseOf(repeat), response);
    assert.equal(mtiClass(mti), messageClass);
    assert.ok(isRequest(mti) && isRequest(repeat) && !isRequest(response));
    assert.ok(isRepeat(repeat) && !isRepeat(mti));
    assert.throws(() => responseOf(response), Iso8583Error);
    assert.throws(() => repeatOf(response), Iso8583Error);
  }
  assert.throws(() => mtiClass('08'), Iso8583Error);
});

test('dates and times are UTC', () => {
  const at = Date.UTC(2031, 10, 21, 4, 7, 9, 999);
  assert.equal(transmissionDateTime(at), '1121040709');
  assert.equal(localDate(at), '1121');
  assert.equal(localTime(at), '040709');
});

test('original data as in the golden reversal', () => {
  const value = '010000012311210447000000000000000000000000';
  const original = { mti: '0100', stan: '000123', transmittedAt: '1121044700', acquirer: '', forwarder: '' };
  assert.equal(originalData(original), value);
  assert.deepEqual(parseOriginalData(value), original);
  const full = { ...original, acquirer: '123456', forwarder: '98765432101' };
  assert.equal(originalData(full), '010000012311210447000000012345698765432101');
  assert.deepEqual(parseOriginalData(originalData(full)), full);
  assert.throws(() => originalData({ ...original, stan: '123' }), Iso8583Error);
  assert.throws(() => originalData({ ...original, stan: '1234567', transmittedAt: '121044700' }), Iso8583Error);
  assert.throws(() => parseOriginalData(value.slice(1)), Iso8583Error);
});

test('replacement amounts say what remains', () => {
  assert.equal(replacementAmounts(6000), '000000006000000000000000C00000000C00000000');
  assert.equal(replacementAmounts(0).length, 42);
  assert.equal(parseReplacementAmounts(replacementAmounts(6000)), 6000);
  assert.equal(parseReplacementAmounts(`000000006000${'0'.repeat(30)}`), 6000);
  assert.throws(() => parseReplacementAmounts('6000'), Iso8583Error);
  assert.equal(amountDigits(999_999_999_999), '999999999999');
  for (const wrong of [-1, 0.5, Number.NaN, 1e12]) assert.throws(() => amountDigits(wrong), Iso8583Error);
});

test('DE48 sub-elements', () => {
  assert.equal(packSubelements({ '92': '123', '42': '05' }), '42020592' + '03123');
  assert.deepEqual(unpackSubelements('4202059203123'), { '42': '05', '92': '123' });
  assert.deepEqual(unpackSubelements(''), {});
  assert.throws(() => packSubelements({ '4': 'x' }), /two digits/);
  assert.throws(() => packSubelements({ '42': 'x'.repeat(100) }), /at most 99/);
  assert.throws(() => packSubelements({ '42': 'é' }), /printable/);
  assert.throws(() => unpackSubelements('4203'), /longer than the field/);
  assert.throws(() => unpackSubelements('420'), /id and length/);
  assert.throws(() => unpackSubelements('42014201420142'), Iso8583Error);
  assert.throws(() => unpackSubelements('420114201' + '2'), /twice/);
  const elements = fc.dictionary(
    fc.integer({ min: 0, max: 99 }).map((id) => String(id).padStart(2, '0')),
    fc.string({ maxLength: 99, unit: 'grapheme-ascii' }),
    { noNullPrototype: true },
  );
  fc.assert(
    fc.property(elements, (given) => assert.deepEqual(unpackSubelements(packSubelements(given)), given)),
    soak(500),
  );
});

test('DE54 groups', () => {
  const partial = { accountType: '00', amountType: '57', currency: '978', amountMinor: 12345 };
  const balance = { accountType: '30', amountType: '02', currency: '978', amountMinor: -5 };
  assert.equal(packAdditionalAmounts([partial, balance]), '0057978C0000000123453002978D000000000005');
  assert.deepEqual(unpackAdditionalAmounts('0057978C0000000123453002978D000000000005'), [partial, balance]);
  assert.deepEqual(unpackAdditionalAmounts('0057978D000000000000'), [{ ...partial, amountMinor: 0 }]);
  assert.throws(() => unpackAdditionalAmounts('0057978C00000001234'), /whole|groups/);
  assert.throws(() => unpackAdditionalAmounts('0057978X000000012345'), /group 1/);
  assert.throws(() => packAdditionalAmounts(Array.from({ length: 7 }, () => partial)), /at most 6/);
});

test('DE55 data objects, as in EMV book 3', () => {
  const hex = '9f2608c2c12b098f3da6e39f2701808202580070039f1a00';
  const elements = [
    { tag: '9f26', value: 'c2c12b098f3da6e3' },
    { tag: '9f27', value: '80' },
    { tag: '82', value: '5800' },
    { tag: '70', value: '9f1a00' },
  ];
  assert.deepEqual(unpackBer(hex), elements);
  assert.equal(packBer(elements), hex);
  assert.ok(isConstructed('70') && !isConstructed('9f26'));
  assert.deepEqual(unpackBer('9f1a00'), [{ tag: '9f1a', value: '' }]);
  assert.equal(packBer([{ tag: '82', value: '00'.repeat(200) }]).slice(0, 6), '8281c8');
  for (const wrong of ['82', '8205', '8280', '82850000000001', '9f', '9f808080', '820', '82XX', '8281'])
    assert.throws(() => unpackBer(wrong), Iso8583Error);
  for (const tag of ['', '9f', '8282', 'ZZ', '9f8001ff']) assert.throws(() => packBer([{ tag, value: '' }]), Iso8583Error);
});

test('any data objects come back, and any bytes give objects or the library error', () => {
  const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
  const list = fc.array(
    fc.record(
      { tag: fc.constantFrom('82', '9f26', 'df8129', '9f818102'), value: fc.uint8Array({ maxLength: 300 }).map(hexOf) },
      { noNullPrototype: true },
    ),
  );
  fc.assert(
    fc.property(list, (elements) => assert.deepEqual(unpackBer(packBer(elements)), elements)),
    soak(300),
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }).map(hexOf), (hex) => {
      try {
        assert.deepEqual(unpackBer(packBer(unpackBer(hex))), unpackBer(hex));
      } catch (error) {
        assert.ok(error instanceof Iso8583Error, String(error));
      }
    }),
    soak(1000),
  );
});
