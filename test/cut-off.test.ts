/** The cut-off in its time zone, what a batch comes to, and how its totals stand in a message: rules without a stack. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { firstCutOffAfter, isTimeZone, parseTimeOfDay } from '../src/core/settlement/cut-off.ts';
import { partsOf, type SettledGroup, settlementLines, totalsOf } from '../src/core/settlement/settlement.ts';
import { pack, unpack } from '../src/protocols/iso8583/codec.ts';
import { HOST_LINK } from '../src/protocols/iso8583/layouts/host-link.ts';
import { readReconciliation, reconciliationCutOff, reconciliationFields } from '../src/protocols/iso8583/reconciliation.ts';

const after = (time: string, minute: number, timeZone: string) =>
  new Date(firstCutOffAfter(Date.parse(time), { minute, timeZone })).toISOString().slice(0, 16);

test('a cut-off is the first one strictly after a moment', () => {
  assert.equal(after('2026-03-01T22:59:59.999Z', 1380, 'UTC'), '2026-03-01T23:00');
  assert.equal(after('2026-03-01T23:00:00.000Z', 1380, 'UTC'), '2026-03-02T23:00');
  assert.equal(after('2026-12-31T23:30:00Z', 1380, 'UTC'), '2027-01-01T23:00');
  assert.equal(after('2026-03-01T10:00:00Z', 30, 'Asia/Kathmandu'), '2026-03-01T18:45');
});

test('clocks that change move no cut-off away, and make no second one', () => {
  // Berlin has no 02:30 on the last Sunday of March, and two in October.
  assert.equal(after('2026-03-28T12:00:00Z', 150, 'Europe/Berlin'), '2026-03-29T01:30');
  assert.equal(after('2026-03-29T01:30:00Z', 150, 'Europe/Berlin'), '2026-03-30T00:30');
  assert.equal(after('2026-10-24T12:00:00Z', 150, 'Europe/Berlin'), '2026-10-25T00:30');
  assert.equal(after('2026-10-25T00:30:00Z', 150, 'Europe/Berlin'), '2026-10-26T01:30');
});

test('times of day and time zones are told from what is none', () => {
  assert.deepEqual(['00:00', '23:59', '24:00', '9:00', '12:60'].map(parseTimeOfDay), [0, 1439, undefined, undefined, undefined]);
  assert.deepEqual(['UTC', 'Europe/Berlin', 'Nowhere/Land', ''].map(isTimeZone), [true, true, false, false]);
});

const group = (kind: SettledGroup['kind'], amount: number, more: Partial<SettledGroup> = {}): SettledGroup => {
  return { merchantId: 'm', currency: 'EUR', kind, count: 1, amount, fees: 0, ...more };
};

test('a part is what came in less what went back; a payout moves nothing of it', () => {
  const groups = [
    group('debit', 1000, { fees: 30 }),
    group('capture', 500),
    group('refund', 700),
    group('reversal', 100),
    group('payout', 9000, { fees: 5 }),
  ];
  assert.deepEqual(partsOf([...groups, group('chargeback', 2000), group('chargeback_reversal', 50, { currency: 'USD' })]), [
    { merchantId: 'm', currency: 'EUR', operations: 6, gross: -1300, fees: 35 },
    { merchantId: 'm', currency: 'USD', operations: 1, gross: 50, fees: 0 },
  ]);
  const totals = totalsOf(groups).get('EUR');
  assert.deepEqual(
    [totals?.debits, totals?.credits, totals?.debitReversals, totals?.payouts],
    [
      { count: 2, amount: 1500 },
      { count: 1, amount: 700 },
      { count: 1, amount: 100 },
      { count: 1, amount: 9000 },
    ],
  );
});

test('nothing is booked for nothing; below zero the lines turn round; the fees pass through', () => {
  const shown = (gross: number, fees: number) =>
    settlementLines({ gross, fees }).map(({ debit, credit, amount }) => `${debit} ${credit} ${amount}`);
  assert.deepEqual(shown(0, 0), []);
  assert.deepEqual(shown(70, 0), ['settlement_receivable acquirer_receivable 70', 'merchant_payable settlement_payable 70']);
  assert.deepEqual(shown(-70, 0), ['acquirer_receivable settlement_receivable 70', 'settlement_payable merchant_payable 70']);
  assert.deepEqual(shown(0, 3), ['acquirer_fees settlement_receivable 3', 'settlement_payable acquirer_fees 3']);
});

test('totals stand in the fields of a reconciliation, over the wire and back', () => {
  const [total] = totalsOf([
    group('debit', 123_456, { count: 12 }),
    group('refund', 200_000, { count: 3 }),
    group('chargeback', 77),
  ]).values();
  assert.ok(total !== undefined);
  const cutOffAtMs = Date.parse('2026-11-21T23:00:00Z');
  const fields = reconciliationFields(total, cutOffAtMs);
  assert.deepEqual([fields[74], fields[76], fields[86], fields[88]], ['0000000003', '0000000012', '0000000000200000', '0000000000123456']);
  assert.equal(fields[97], 'D0000000000076621');
  assert.equal(fields[48]?.slice(0, 18), '801420261121230000');
  const message = unpack(HOST_LINK, pack(HOST_LINK, { mti: '0500', fields }));
  assert.deepEqual(readReconciliation(message.fields), total);
  assert.equal(reconciliationCutOff(message.fields), cutOffAtMs);
  assert.throws(() => readReconciliation({ ...fields, 88: undefined as never }), /field 88/);
  assert.throws(() => readReconciliation({ ...fields, 48: '8014' }), /field 48/);
  assert.throws(() => reconciliationFields({ ...total, debits: { count: 1, amount: 1.5 } }, cutOffAtMs), /whole number/);
});
