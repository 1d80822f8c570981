/** The pure rules of core as tables: what an outcome changes, what an act may take, which states follow; and money and cards as text. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { brandOf, type CardBrand, Pan, parsePan, passesLuhn } from '../src/core/instrument/card.ts';
import { maskCardNumbers } from '../src/core/instrument/mask.ts';
import { formatDecimalAmount, largestAmount, parseDecimalAmount } from '../src/core/money/amount.ts';
import { currencyOf } from '../src/core/money/currency.ts';
import { decideCapture } from '../src/core/payment/capture.ts';
import { effectOf } from '../src/core/payment/effect.ts';
import type { OperateCommand } from '../src/core/payment/operate.ts';
import { type OperationKind, type OperationNode, operationKinds, type PaymentTree } from '../src/core/payment/operation.ts';
import { decideRefund } from '../src/core/payment/refund.ts';
import { decideVoid } from '../src/core/payment/void.ts';
import {
  type OperationEvent,
  type OperationState,
  operationEvents,
  operationStates,
  operationTransitions,
} from '../src/core/states/operation.ts';
import { paymentEvents, paymentStates, paymentTransitions } from '../src/core/states/payment.ts';

const parameters = { seed: Number(process.env.POLYGATE_SEED ?? 1) | 0, numRuns: process.env.POLYGATE_SOAK === '1' ? 10_000 : 1_000 };

/** Rows of a text table: cells between bars, without the heading and empty lines. */
function tableOf(text: string): string[][] {
  const lines = text.trim().split('\n').slice(1);
  return lines.map((line) => line.split('|').map((cell) => cell.trim()));
}

/** `captured+1 capture_pending-1`: the counters that change, for an amount of 1. */
function deltasOf(delta: object): string {
  const changes = Object.entries(delta).filter(([, value]) => value !== 0);
  return changes.map(([name, value]) => `${name}${value > 0 ? '+' : ''}${value}`).join(' ');
}

const keeps = ['approve_partly', 'lose', 'escalate'] as const;
const givesBack = ['decline', 'fail', 'confirm_undone'] as const;

const effects = tableOf(`
kind            target           event    | payment event | payment                        | target                      | ledger
preauthorization -               approve  | hold          | authorized+1                   |                             | hold pending +1
preauthorization -               back     | fail          |                                |                             |
preauthorization -               reopen   | reopen        |                                |                             |
preauthorization -               keep     |               |                                |                             |
debit            -               approve  | charge        | captured+1                     |                             | debit posted +1
debit            -               back     | fail          |                                |                             |
debit            -               reopen   | reopen        |                                |                             |
debit            -               keep     |               |                                |                             |
rebill           -               approve  | charge        | captured+1                     |                             | rebill posted +1
rebill           -               back     | fail          |                                |                             |
rebill           -               reopen   | reopen        |                                |                             |
rebill           -               keep     |               |                                |                             |
payout           -               approve  | pay_out       |                                |                             | payout posted -1
payout           -               back     | fail          |                                |                             |
payout           -               keep     |               |                                |                             |
capture          preauthorization approve | move          | captured+1 capturePending-1    |                             | hold_release pending -1, capture posted +1
capture          preauthorization back    |               | capturePending-1               |                             |
capture          preauthorization keep    |               |                                |                             |
reversal         preauthorization approve | move          | released+1 releasePending-1    |                             | hold_release pending -1
reversal         preauthorization back    |               | releasePending-1               |                             |
reversal         preauthorization keep    |               |                                |                             |
reversal         debit           approve  | move          | reversed+1                     | reversed+1 reversePending-1 | charge_reversal posted -1
reversal         debit           back     |               |                                | reversePending-1            |
reversal         debit           keep     |               |                                |                             |
reversal         capture         approve  | move          | reversed+1                     | reversed+1 reversePending-1 | charge_reversal posted -1
reversal         capture         back     |               |                                | reversePending-1            |
reversal         capture         keep     |               |                                |                             |
refund           debit           approve  |               | refunded+1                     | refunded+1 refundPending-1  | refund posted -1
refund           debit           back     |               |                                | refundPending-1             |
refund           debit           keep     |               |                                |                             |
reversal         rebill          approve  | move          | reversed+1                     | reversed+1 reversePending-1 | charge_reversal posted -1
refund           rebill          approve  |               | refunded+1                     | refunded+1 refundPending-1  | refund posted -1
refund           capture         approve  |               | refunded+1                     | refunded+1 refundPending-1  | refund posted -1
refund           capture         back     |               |                                | refundPending-1             |
refund           capture         keep     |               |                                |                             |
`);

for (const [outcome = '', paymentEvent, payment, target, ledger] of effects) {
  const [kind, targetKind, group] = outcome.split(/\s+/);
  const events = group === 'back' ? givesBack : group === 'keep' ? keeps : [group as OperationEvent];
  test(`what changes when a ${kind} of ${targetKind}: ${group}`, () => {
    for (const event of events) {
      const targetOf = targetKind === '-' ? undefined : (targetKind as OperationKind);
      for (const amount of [1, largestAmount]) {
        const effect = effectOf({ kind: kind as OperationKind, targetKind: targetOf, amount, event });
        const one = (delta: object) => Object.fromEntries(Object.entries(delta).map(([name, value]) => [name, value / amount]));
        assert.equal(effect.paymentEvent ?? '', paymentEvent);
        assert.equal(deltasOf(one(effect.payment)), payment);
        assert.equal(deltasOf(one(effect.target)), target);
        const lines = effect.ledger.map((line) => {
          assert.equal(line.amount, amount);
          assert.notEqual(line.debit, line.credit);
          return `${line.kind} ${line.layer} ${line.credit === 'merchant_payable' ? '+1' : '-1'}`;
        });
        assert.equal(lines.join(', '), ledger);
        assert.ok(effect.event.startsWith(`${kind}.`));
      }
    }
  });
}

test('every event of an operation has a name of its own', () => {
  const names = operationEvents.map((event) => effectOf({ kind: 'refund', targetKind: 'debit', amount: 1, event }).event);
  assert.equal(new Set(names).size, operationEvents.length);
});

/**
 * A payment with one operation of each kind. `payment` and `named` are counters that are not zero. The authorization is of 100, the capture
 * and the debit are of 60.
 */
interface Situation {
  readonly named: OperationKind;
  readonly state?: OperationState;
  readonly payment?: Partial<PaymentTree>;
  readonly own?: Partial<OperationNode>;
  readonly amount?: number;
}

function treeOf({ named, state = 'approved', payment, own }: Situation): PaymentTree {
  const view = { merchantId: 'm', channelId: 'c', paymentId: 'p', currency: 'EUR', cardId: 'k', dialectData: {}, createdAtMs: 0 };
  const counters = { refunded: 0, refundPending: 0, reversed: 0, reversePending: 0 };
  const operations = operationKinds.map((kind): OperationNode => {
    const amount = kind === 'preauthorization' ? 100 : 60;
    return {
      ...view,
      ...counters,
      kind,
      amount,
      operationId: kind,
      state: kind === named ? state : 'approved',
      ...(kind === named ? own : {}),
    };
  });
  const amounts = { authorized: 100, captured: 60, capturePending: 0, released: 0, releasePending: 0 };
  return { merchantId: 'm', channelId: 'c', paymentId: 'p', state: 'authorized', currency: 'EUR', ...amounts, ...payment, operations };
}

const decisions = { CP: decideCapture, RV: decideVoid, RF: decideRefund };

/** `40 of preauthorization, 60 remain`, or the code of the refusal. */
function decide(act: keyof typeof decisions, situation: Situation): string {
  const tree = treeOf(situation);
  const named = tree.operations.find(({ kind }) => kind === situation.named);
  if (named === undefined) throw new Error(`no ${situation.named}`);
  const channel = {} as OperateCommand['channel'];
  const amount = situation.amount === undefined ? {} : { amount: situation.amount };
  const decision = decisions[act](tree, named, { channel, operationId: named.operationId, dialectData: {}, ...amount });
  if ('code' in decision) return decision.code;
  const remain = decision.remaining === undefined ? '' : `, ${decision.remaining} remain`;
  return `${decision.amount} of ${decision.target.kind}${remain}`;
}

const decisionsByKind = tableOf(`
act | named            | outcome
CP  | preauthorization | 40 of preauthorization
CP  | debit            | wrong_kind
CP  | capture          | wrong_kind
CP  | reversal         | wrong_kind
CP  | refund           | wrong_kind
CP  | rebill           | wrong_kind
CP  | payout           | wrong_kind
RV  | preauthorization | 40 of preauthorization, 60 remain
RV  | debit            | 60 of debit, 0 remain
RV  | capture          | 60 of capture, 0 remain
RV  | reversal         | wrong_kind
RV  | refund           | wrong_kind
RV  | rebill           | 60 of rebill, 0 remain
RV  | payout           | wrong_kind
RF  | preauthorization | 60 of capture
RF  | debit            | 60 of debit
RF  | capture          | 60 of capture
RF  | reversal         | wrong_kind
RF  | refund           | wrong_kind
RF  | rebill           | 60 of rebill
RF  | payout           | wrong_kind
`);

const decisionsByState: Readonly<Record<OperationState, string | undefined>> = {
  submitted: 'operation_pending',
  approved: undefined,
  declined: 'operation_unsuccessful',
  rejected: 'operation_unsuccessful',
  failed: 'operation_unsuccessful',
  unknown: 'operation_pending',
  undone: 'operation_unsuccessful',
  escalated: 'operation_pending',
};

test('what an act may take, for every kind and state of what it names', () => {
  for (const [act = '', named = '', outcome = ''] of decisionsByKind) {
    for (const state of operationStates) {
      // A refund that names the authorization looks for captures, whatever became of the authorization.
      const looksFurther = act === 'RF' && named === 'preauthorization';
      const expected = outcome === 'wrong_kind' || looksFurther ? outcome : (decisionsByState[state] ?? outcome);
      const situation = { named: named as OperationKind, state };
      assert.equal(decide(act as keyof typeof decisions, situation), expected, `${act} of a ${named} that is ${state}`);
    }
  }
});

const decisionsByAmount: readonly (readonly [act: keyof typeof decisions, situation: Situation, outcome: string])[] = [
  ['CP', { named: 'preauthorization', amount: 40 }, '40 of preauthorization'],
  ['CP', { named: 'preauthorization', amount: 41 }, 'exceeds_authorized'],
  ['CP', { named: 'preauthorization', amount: 30, payment: { capturePending: 11 } }, 'exceeds_authorized'],
  ['CP', { named: 'preauthorization', amount: 30, payment: { released: 11 } }, 'exceeds_authorized'],
  ['CP', { named: 'preauthorization', amount: 30, payment: { releasePending: 11 } }, 'exceeds_authorized'],
  ['CP', { named: 'preauthorization', amount: 29, payment: { releasePending: 11 } }, '29 of preauthorization'],
  ['CP', { named: 'preauthorization', payment: { captured: 100 } }, 'exceeds_authorized'],
  ['RV', { named: 'preauthorization', amount: 40 }, '40 of preauthorization, 60 remain'],
  ['RV', { named: 'preauthorization', amount: 1 }, '1 of preauthorization, 99 remain'],
  ['RV', { named: 'preauthorization', amount: 41 }, 'exceeds_authorized'],
  ['RV', { named: 'preauthorization', payment: { capturePending: 15 } }, '25 of preauthorization, 75 remain'],
  ['RV', { named: 'preauthorization', payment: { released: 15 } }, '25 of preauthorization, 60 remain'],
  ['RV', { named: 'preauthorization', amount: 1, payment: { releasePending: 1 } }, 'payment_busy'],
  ['RV', { named: 'preauthorization', payment: { captured: 90, capturePending: 10 } }, 'nothing_left'],
  ['RV', { named: 'preauthorization', payment: { captured: 0 } }, '100 of preauthorization, 0 remain'],
  ['RV', { named: 'debit', amount: 61 }, 'exceeds_captured'],
  ['RV', { named: 'debit', amount: 10, own: { reversed: 5 } }, '10 of debit, 45 remain'],
  ['RV', { named: 'debit', amount: 10, own: { reversePending: 5 } }, 'payment_busy'],
  ['RV', { named: 'debit', own: { reversed: 60 } }, 'already_refunded'],
  ['RV', { named: 'capture', amount: 1, own: { refunded: 1 } }, 'already_refunded'],
  ['RV', { named: 'capture', amount: 1, own: { refundPending: 1 } }, 'already_refunded'],
  ['RF', { named: 'debit', amount: 60 }, '60 of debit'],
  ['RF', { named: 'debit', amount: 61 }, 'exceeds_captured'],
  ['RF', { named: 'debit', own: { refunded: 10, refundPending: 10, reversed: 10, reversePending: 10 } }, '20 of debit'],
  ['RF', { named: 'debit', amount: 21, own: { refunded: 10, refundPending: 10, reversed: 10, reversePending: 10 } }, 'exceeds_captured'],
  ['RF', { named: 'capture', own: { refunded: 60 } }, 'exceeds_captured'],
];

test('what an act may take, for every amount that stands in its way', () => {
  for (const [act, situation, outcome] of decisionsByAmount) {
    assert.equal(decide(act, situation), outcome, `${act} ${JSON.stringify(situation)}`);
  }
});

const operationMoves = tableOf(`
from      | approve  | decline  | approve_partly | fail   | lose    | confirm_undone | reopen  | escalate
submitted | approved | declined | unknown        | failed | unknown |                |         |
approved  |          |          |                |        |         |                |         |
declined  |          |          |                |        |         |                |         |
rejected  |          |          |                |        |         |                |         |
failed    |          |          |                |        |         |                |         |
unknown   | approved | declined |                | failed |         | undone         |         | escalated
undone    |          |          |                |        |         |                | unknown |
escalated | approved | declined |                |        |         |                |         |
`);

test('which states of an operation follow which', () => {
  assert.deepEqual(
    operationMoves.map(([from]) => from),
    [...operationStates],
  );
  for (const [from = '', ...moves] of operationMoves) {
    const found = operationEvents.map((event) => operationTransitions.next(from as OperationState, event) ?? '');
    assert.deepEqual(found, moves, from);
  }
});

const paymentMoves = tableOf(`
from       | hold       | charge   | pay_out  | fail   | reopen     | move       | finish_charged | finish_voided
processing | authorized | captured | paid_out | failed |            |            |                |
authorized |            |          |          |        |            | authorized | captured       | voided
captured   |            |          |          |        |            |            | captured       | voided
paid_out   |            |          |          |        |            |            |                |
voided     |            |          |          |        |            |            |                |
failed     |            |          |          |        | processing |            |                |
`);

test('which states of a payment follow which', () => {
  assert.deepEqual(
    paymentMoves.map(([from]) => from),
    [...paymentStates],
  );
  for (const [from = '', ...moves] of paymentMoves) {
    const found = paymentEvents.map((event) => paymentTransitions.next(from as (typeof paymentStates)[number], event) ?? '');
    assert.deepEqual(found, moves, from);
  }
});

function currency(code: string) {
  const found = currencyOf(code);
  if (found === undefined) throw new Error(`no currency ${code}`);
  return found;
}

const amounts = fc.integer({ min: 0, max: largestAmount });
const currencies = fc.constantFrom('JPY', 'EUR', 'KWD').map(currency);

test('an amount that is written is read back as the same', () => {
  const law = fc.property(amounts, currencies, (amount, money) => {
    for (const minDecimals of [undefined, 2, 3])
      assert.equal(parseDecimalAmount(formatDecimalAmount(amount, money, minDecimals), money), amount);
  });
  fc.assert(law, parameters);
});

test('whatever is read as an amount is a safe integer of exactly the digits that were written', () => {
  const texts = fc.oneof(fc.string({ maxLength: 12 }), fc.stringMatching(/^\d{1,14}(\.\d{1,4})?$/));
  const law = fc.property(texts, currencies, (text, money) => {
    const amount = parseDecimalAmount(text, money);
    if (amount === undefined) return;
    const [whole = '', fraction = ''] = text.split('.');
    assert.equal(BigInt(amount) * 10_000n, BigInt(whole + fraction.padEnd(4, '0').slice(0, 4)) * 10n ** BigInt(money.decimals));
  });
  fc.assert(law, parameters);
});

const amountTexts: readonly (readonly [text: string, code: string, amount: number | undefined])[] = [
  ['12.30', 'EUR', 1230],
  ['12', 'EUR', 1200],
  ['0.01', 'EUR', 1],
  ['12.300', 'EUR', 1230],
  ['12.305', 'EUR', undefined],
  ['12.00', 'JPY', 12],
  ['12.50', 'JPY', undefined],
  ['1.234', 'KWD', 1234],
  ['1.2', 'KWD', 1200],
  ['', 'EUR', undefined],
  ['-1', 'EUR', undefined],
  ['+1', 'EUR', undefined],
  ['1e3', 'EUR', undefined],
  ['1,00', 'EUR', undefined],
  [' 1', 'EUR', undefined],
  ['1.', 'EUR', undefined],
  ['.5', 'EUR', undefined],
  ['٣', 'EUR', undefined],
  ['1234567890123456', 'EUR', undefined],
];

test('amounts as text', () => {
  for (const [text, code, amount] of amountTexts) assert.equal(parseDecimalAmount(text, currency(code)), amount, `${text} ${code}`);
  for (const wrong of [-1, 0.5, Number.NaN, 2 ** 53]) assert.throws(() => formatDecimalAmount(wrong, currency('EUR')), RangeError);
});

const brands: readonly (readonly [pan: string, brand: CardBrand])[] = [
  ['4242424242424242', 'visa'],
  ['5555555555554444', 'mastercard'],
  ['2221000000000009', 'mastercard'],
  ['2720990000000007', 'mastercard'],
  ['378282246310005', 'amex'],
  ['6011111111111117', 'discover'],
  ['3530111333300000', 'jcb'],
  ['6200000000000005', 'unionpay'],
  ['8171999927660000', 'unionpay'],
  ['6759649826438453', 'maestro'],
  ['36227206271667', 'diners'],
  ['2220990000000009', 'unknown'],
  ['1000000000000008', 'unknown'],
];

test('brands by the first digits', () => {
  for (const [pan, brand] of brands) assert.equal(brandOf(new Pan(pan)), brand, pan);
});

/** Digits whose last one makes them pass the check. */
function withCheckDigit(digits: string): string {
  return [...'0123456789'].map((check) => `${digits}${check}`).find(passesLuhn) ?? '';
}

const pans = fc
  .tuple(
    fc.constantFrom('4', '51', '2221', '2720', '34', '37', '6011', '35', '62', '810', '817', '50', '67', '36'),
    fc.integer({ min: 12, max: 19 }),
    fc.infiniteStream(fc.nat(9)),
  )
  .map(([prefix, length, digits]) => withCheckDigit((prefix + [...digits.take(18)].join('')).slice(0, length - 1)));

/** As people write it: in one piece or in groups. */
const written = fc.tuple(pans, fc.constantFrom('', ' ', '-'), fc.constantFrom(4, 6)).map(([pan, separator, size]) => {
  const groups = pan.match(new RegExp(`.{1,${size}}`, 'g')) ?? [];
  return { pan, text: groups.join(separator) };
});

test('no card number stays in a text, whatever stands beside it', () => {
  const beside = fc.oneof(
    fc.constantFrom('', 'card ', 'a:', '"', '12 ', '0-', '1 2 3 '),
    fc.string({ maxLength: 6 }).map((text) => `${text} `),
  );
  const law = fc.property(beside, written, beside, (before, { pan, text }, after) => {
    const shown = maskCardNumbers(`${before}${text}${after.split('').toReversed().join('')}`);
    assert.ok(!shown.replaceAll(/[ -]/g, '').includes(pan), shown);
    assert.ok(!shown.includes(text), shown);
  });
  fc.assert(law, parameters);
});

const texts: readonly (readonly [text: string, masked: string])[] = [
  ['4111111111111111', '411111******1111'],
  ['pay 4111 1111 1111 1111 now', 'pay 411111******1111 now'],
  ['4111-1111-1111-1111, 378282246310005', '411111******1111, 378282*****0005'],
  ['2 4111111111111111', '2 411111******1111'],
  ['12-4111-1111-1111-1111-99', '12-411111******1111-99'],
  ['4111111111111111 123', '411111******1111 123'],
  ['order 4111111111111112', 'order 4111111111111112'],
  ['9111111111111111', '9111111111111111'],
  ['+49 30 1234567', '+49 30 1234567'],
  ['41111111111111114111111111111111', '41111111111111114111111111111111'],
  ['4111  1111 1111 1111', '4111  1111 1111 1111'],
  ['2026-11-21 07:00:00', '2026-11-21 07:00:00'],
];

test('what is masked in a text, and what is not', () => {
  for (const [text, masked] of texts) assert.equal(maskCardNumbers(text), masked);
});

test('a PAN shows its first six and last four digits wherever it is printed', () => {
  const pan = parsePan('4242424242424242');
  assert.equal(`${pan} ${JSON.stringify({ pan })}`, '424242******4242 {"pan":"424242******4242"}');
  assert.equal(parsePan('4242424242424241'), undefined);
  assert.equal(parsePan('42424242424'), undefined);
});
