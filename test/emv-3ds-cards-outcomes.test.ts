/** The list of card ranges and its changes, the choice of a version, and what a result means. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { applyPRes, type CardRanges, chooseVersion, findRange, NO_CARD_RANGES } from '../src/protocols/emv-3ds/card-ranges.ts';
import type { PRes } from '../src/protocols/emv-3ds/message.ts';
import { type OutcomeStatus, outcomeOf, REASON_TEXTS, reasonGroup, type Scheme, statusOf } from '../src/protocols/emv-3ds/outcomes.ts';
import { parse } from '../src/protocols/emv-3ds/parse.ts';
import { DS_ID, SERVER_ID } from './harness/three-ds-samples.ts';

type Entry = readonly [start: string, end: string, action?: 'A' | 'M' | 'D', more?: Readonly<Record<string, unknown>>];

/** A PRes as it comes over the wire. */
function pRes(entries: readonly Entry[], more: Readonly<Record<string, unknown>> = {}): PRes {
  const cardRangeData = entries.map(([startRange, endRange, actionInd = 'A', rest = {}]) => ({
    startRange,
    endRange,
    actionInd,
    acsStartProtocolVersion: '2.1.0',
    acsEndProtocolVersion: '2.2.0',
    ...rest,
  }));
  const message = {
    messageType: 'PRes',
    messageVersion: '2.2.0',
    threeDSServerTransID: SERVER_ID,
    dsTransID: DS_ID,
    dsStartProtocolVersion: '2.1.0',
    dsEndProtocolVersion: '2.3.1',
    serialNum: '1',
    ...(entries.length === 0 ? {} : { cardRangeData }),
    ...more,
  };
  const parsed = parse(JSON.stringify(message), { expected: ['PRes'] });
  assert.ok(parsed.ok, JSON.stringify(parsed));
  return parsed.message;
}

function applied(old: CardRanges, answer: PRes, isWholeList = false): CardRanges {
  const updated = applyPRes(old, answer, { isWholeList });
  assert.ok(updated.ok, JSON.stringify(updated));
  return updated.ranges;
}

const refusal = (old: CardRanges, answer: PRes, isWholeList = false): string => {
  const updated = applyPRes(old, answer, { isWholeList });
  return updated.ok ? 'ok' : updated.problem.errorCode;
};

const VISA: Entry = ['4000000000000000', '4999999999999999'];
const AMEX: Entry = [
  '340000000000000',
  '349999999999999',
  'A',
  { threeDSMethodURL: 'https://acs.example/method', acsInfoInd: ['01', '02'] },
];
const NINETEEN: Entry = ['4000000000000000000', '4000000000000000009'];

describe('card ranges', () => {
  const list = applied(NO_CARD_RANGES, pRes([VISA, AMEX, NINETEEN, ['5000000000000000', '5000000000000000']]), true);

  test('are found by number and length, ends included', () => {
    for (const pan of ['4000000000000000', '4999999999999999', '4242424242424242']) assert.equal(findRange(list, pan)?.startRange, VISA[0]);
    assert.equal(findRange(list, '345678901234567')?.threeDSMethodURL, 'https://acs.example/method');
    assert.equal(findRange(list, '4000000000000000005')?.startRange, NINETEEN[0]);
    assert.equal(findRange(list, '5000000000000000')?.endRange, '5000000000000000');
    for (const pan of ['3999999999999999', '5000000000000001', '400000000000000', '4000000000000000010', '', 'x']) {
      assert.equal(findRange(list, pan), undefined, pan);
    }
    assert.equal(findRange(NO_CARD_RANGES, '4242424242424242'), undefined);
  });

  test('change by additions, modifications and deletions, and keep the new serial number', () => {
    const changes: readonly Entry[] = [
      ['4000000000000000', '4999999999999999', 'M', { acsEndProtocolVersion: '2.3.1' }],
      ['340000000000000', '349999999999999', 'D'],
      ['370000000000000', '379999999999999', 'A'],
    ];
    const changed = applied(list, pRes(changes, { serialNum: '2' }));
    assert.equal(changed.serialNum, '2');
    assert.equal(findRange(changed, '4242424242424242')?.endVersion, '2.3.1');
    assert.equal(findRange(changed, '345678901234567'), undefined);
    assert.ok(findRange(changed, '371449635311004') !== undefined);
    assert.equal(findRange(list, '4242424242424242')?.endVersion, '2.2.0', 'the old list stays as it was');
    assert.deepEqual(applied(changed, pRes([], { serialNum: '2' })), changed);
    const whole = applied(changed, pRes([AMEX], { serialNum: '3' }), true);
    assert.equal(findRange(whole, '4242424242424242'), undefined, 'a whole list replaces');
  });

  test('a list that cannot be right is refused as a whole', () => {
    assert.equal(refusal(list, pRes([['4000000000000000', '4999999999999999', 'A']])), '307');
    assert.equal(refusal(list, pRes([['4000000000000000', '4000000000000001', 'M']])), '307');
    assert.equal(refusal(list, pRes([['4000000000000000', '4000000000000001', 'D']])), '307');
    assert.equal(refusal(list, pRes([['4999999999999999', '5000000000000000', 'A']])), '307');
    assert.equal(refusal(list, pRes([['4999999999999999', '5000000000000000', 'A']], { messageVersion: '2.3.1' })), '205');
    assert.equal(refusal(list, pRes([['4000000000000000', '4000000000000001', 'D']], { messageVersion: '2.3.1' })), '206');
    assert.equal(refusal(list, pRes([['5100000000000000', '5000000000000000']])), '203');
    assert.equal(refusal(list, pRes([['510000000000000', '5100000000000000']])), '203');
    assert.equal(refusal(NO_CARD_RANGES, pRes([VISA, ['4242424242424242', '4242424242424242']]), true), '307');
  });

  test('find what a search through all of them finds', () => {
    const number = fc.integer({ min: 0, max: 400 });
    fc.assert(
      fc.property(fc.uniqueArray(fc.tuple(number, number), { maxLength: 20 }), number, (pairs, wanted) => {
        const wide = (value: number): string => `4${String(value).padStart(15, '0')}`;
        const disjoint: [number, number][] = [];
        for (const [one, other] of pairs) {
          const [start, end] = [Math.min(one, other), Math.max(one, other)];
          if (disjoint.every(([from, to]) => end < from || start > to)) disjoint.push([start, end]);
        }
        const ranges = applied(NO_CARD_RANGES, pRes(disjoint.map(([start, end]) => [wide(start), wide(end)])), true);
        const expected = disjoint.find(([start, end]) => start <= wanted && wanted <= end);
        assert.equal(findRange(ranges, wide(wanted))?.startRange, expected && wide(expected[0]));
      }),
    );
  });

  test('a list of the size of a real one is read and searched', () => {
    const entries = Array.from({ length: 50_000 }, (_, index): Entry => {
      const bin = String(400_000_000 + index * 2);
      return [`${bin}0000000`, `${bin}9999999`];
    });
    const large = applied(NO_CARD_RANGES, pRes(entries), true);
    assert.equal(findRange(large, '4000999981234567')?.startRange, '4000999980000000');
    assert.equal(findRange(large, '4000999991234567'), undefined);
  });
});

test('the version is the highest that everybody speaks', () => {
  const table: readonly (readonly [start: string, end: string, expected: string | undefined])[] = [
    ['2.1.0', '2.2.0', '2.2.0'],
    ['2.1.0', '2.3.1', '2.3.1'],
    ['2.3.1', '2.3.1', '2.3.1'],
    ['2.2.0', '2.3.0', '2.2.0'],
    ['2.1.0', '2.1.0', undefined],
    ['2.4.0', '2.10.0', undefined],
    ['2.2.0', '2.10.0', '2.3.1'],
  ];
  for (const [startVersion, endVersion, expected] of table) assert.equal(chooseVersion({ startVersion, endVersion }), expected);
  assert.equal(chooseVersion({ startVersion: '2.1.0', endVersion: '2.3.1' }, ['2.2.0']), '2.2.0');
  const narrow = applied(
    NO_CARD_RANGES,
    pRes([[...VISA.slice(0, 2), 'A', { acsEndProtocolVersion: '2.3.1', dsEndProtocolVersion: '2.2.0' }] as unknown as Entry]),
    true,
  );
  const range = findRange(narrow, '4242424242424242');
  assert.equal(range && chooseVersion(range), '2.2.0', 'the directory server of the range speaks less than the issuer');
});

describe('what a result means', () => {
  // Visa and those that count like it; Mastercard; does the issuer bear the loss; may the payment go on.
  const table: readonly (readonly [OutcomeStatus, string | undefined, string | undefined, boolean, string])[] = [
    ['Y', '05', '02', true, 'yes'],
    ['A', '06', '01', true, 'yes'],
    ['U', '07', '00', false, 'merchant-decides'],
    ['N', '07', '00', false, 'merchant-decides'],
    ['none', '07', '00', false, 'merchant-decides'],
    ['I', '07', '06', false, 'yes'],
    ['R', undefined, undefined, false, 'never'],
    ['C', undefined, undefined, false, 'not-yet'],
    ['D', undefined, undefined, false, 'not-yet'],
    ['S', undefined, undefined, false, 'not-yet'],
  ];
  const likeVisa: readonly Scheme[] = ['visa', 'amex', 'jcb', 'diners', 'unionpay', 'elo'];
  for (const [status, visa, mastercard, shiftsLiability, permission] of table) {
    test(`${status} of a payment`, () => {
      for (const scheme of [...likeVisa, 'mastercard', 'mir'] as const) {
        const outcome = outcomeOf({ scheme, status, hasAuthenticationValue: true });
        const eci = likeVisa.includes(scheme) ? visa : mastercard;
        assert.deepEqual([outcome.eci, outcome.shiftsLiability, outcome.permission], [eci, shiftsLiability, permission], scheme);
      }
    });
  }

  test('without its proof a result proves nothing', () => {
    for (const status of ['Y', 'A'] as const) {
      const outcome = outcomeOf({ scheme: 'visa', status, hasAuthenticationValue: false });
      assert.deepEqual(outcome, { permission: 'merchant-decides', shiftsLiability: false, eci: '07', rule: 'payment/U/visa/no-value' });
    }
  });

  test('data only, recurring payments and exemptions have numbers of their own at Mastercard', () => {
    const of = (purpose: 'data-only' | 'recurring' | 'exemption', status: OutcomeStatus) =>
      outcomeOf({ scheme: 'mastercard', status, hasAuthenticationValue: true, purpose });
    assert.deepEqual([of('data-only', 'Y').eci, of('data-only', 'Y').shiftsLiability], ['04', false]);
    assert.deepEqual([of('recurring', 'Y').eci, of('recurring', 'Y').shiftsLiability], ['07', true]);
    assert.deepEqual([of('exemption', 'I').eci, of('exemption', 'I').shiftsLiability], ['06', false]);
    assert.deepEqual([of('exemption', 'R').permission, of('data-only', 'R').permission], ['never', 'never']);
  });

  test('reasons fall into groups, and each has a text', () => {
    const groups: Readonly<Record<string, string>> = {
      '05': 'card',
      '11': 'risk',
      '21': 'capability',
      '14': 'time',
      '85': 'scheme',
      '17': 'other',
    };
    for (const [reason, group] of Object.entries(groups)) assert.equal(reasonGroup(reason), group);
    for (let number = 1; number <= 30; number++) assert.ok(REASON_TEXTS[String(number).padStart(2, '0')] !== undefined, String(number));
    assert.equal(statusOf({ transStatus: 'Y' }), 'Y');
    assert.equal(statusOf({ transStatus: 'toString' }), undefined);
  });
});
