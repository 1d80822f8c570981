/** Contract: payments that are answered, and what may follow them; the host's books have to say the same. */
import assert from 'node:assert/strict';
import type { DeclineReason } from '../../src/core/payment/decline.ts';
import type { HostEntry } from '../harness/host-control.ts';
import type { Answer, Order } from './driver.ts';
import { expectOutcome, order, stories } from './stories.ts';

const story = stories();

/** What the host has, in short: kind, amount, what is left of it. */
const inShort = (entries: readonly HostEntry[]) => entries.map(({ kind, amount, remainingAmount }) => [kind, amount, remainingAmount]);

function assertMoney({ amount, currency }: Answer, expected: number, of = 'EUR'): void {
  assert.deepEqual([amount, currency], [expected, of]);
}

story('a debit takes the money, once', [], async ({ shop, booked }) => {
  const answer = await shop.debit(order({ amount: 12_50 }));
  const handle = expectOutcome(answer, 'approved');
  assertMoney(answer, 12_50);
  assertMoney(await shop.read(handle), 12_50);
  assert.deepEqual(inShort(await booked()), [['debit', 12_50, 12_50]]);
});

story('an authorization holds the money, its capture takes it', [], async ({ shop, booked }) => {
  const hold = expectOutcome(await shop.authorize(order()), 'approved');
  assert.deepEqual(inShort(await booked()), [['authorization', 100_00, 100_00]]);
  const capture = await shop.capture(hold, { amount: 100_00 });
  const handle = expectOutcome(capture, 'approved');
  assertMoney(capture, 100_00);
  expectOutcome(await shop.read(handle), 'approved');
  const [authorization, captured] = await booked();
  assert.deepEqual([authorization?.capturedAmount, authorization?.remainingAmount, captured?.amount], [100_00, 0, 100_00]);
});

story('another currency', [], async ({ shop, booked }) => {
  expectOutcome(await shop.debit(order({ amount: 5_000, currency: 'USD' })), 'approved');
  assert.deepEqual(
    (await booked()).map(({ amount, currency }) => [amount, currency]),
    [[5_000, '840']],
  );
});

const declines: readonly (readonly [number: string, reason: DeclineReason, more?: { readonly cvc?: string; readonly amount?: number }])[] =
  [
    ['4000000000000002', 'do_not_honor'],
    ['4000000000009995', 'insufficient_funds'],
    ['4000000000000069', 'expired_card'],
    ['4000000000000127', 'invalid_cvc'],
    ['4000000000000119', 'system_malfunction'],
    ['4000000000000101', 'authentication_required'],
    ['4444333322221111', 'invalid_cvc', { cvc: '124' }],
    ['5555555555554444', 'invalid_cvc', { cvc: '124' }],
    ['4111111111111111', 'over_amount_limit', { amount: 1_000_000_01 }],
  ];

for (const [number, reason, { cvc = '123', amount = 10_00 } = {}] of declines) {
  const needs = reason === 'authentication_required' ? (['unauthenticated shoppers'] as const) : [];
  story(`card ${number.slice(-4)} of ${amount} is declined: ${reason}`, needs, async ({ shop, booked }) => {
    const sent: Order = { amount, card: { number, cvc } };
    for (const answer of [await shop.authorize(sent), await shop.debit(sent)]) {
      const handle = expectOutcome(answer, 'declined', reason);
      expectOutcome(await shop.read(handle), 'declined', reason);
      expectOutcome(await shop.refund(handle, { amount: 1_00 }), 'refused');
      expectOutcome(await shop.void(handle), 'refused');
    }
    assert.deepEqual(await booked(), []);
  });
}

story('a number with a wrong check digit is rejected: recorded, never sent', [], async ({ shop, booked, stack }) => {
  for (const pay of [shop.authorize, shop.debit]) {
    const handle = expectOutcome(await pay(order({ card: { number: '4444444444444444', cvc: '123' } })), 'rejected', 'invalid_card_number');
    expectOutcome(await shop.read(handle), 'rejected', 'invalid_card_number');
    expectOutcome(await shop.capture(handle, { amount: 1_00 }), 'refused');
  }
  assert.deepEqual(await booked(), []);
  const { rows } = await stack.database.query<{ state: string }>(`select state from polygate.operation order by created_at desc limit 2`);
  assert.deepEqual(rows, [{ state: 'rejected' }, { state: 'rejected' }]);
});

story('captures in parts, up to what was authorized', ['several captures'], async ({ shop, booked }) => {
  const hold = expectOutcome(await shop.authorize(order()), 'approved');
  expectOutcome(await shop.capture(hold, { amount: 30_00 }), 'approved');
  expectOutcome(await shop.capture(hold, { amount: 70_01 }), 'refused', 'limit');
  expectOutcome(await shop.capture(hold, { amount: 70_00 }), 'approved');
  expectOutcome(await shop.capture(hold, { amount: 1 }), 'refused', 'limit');
  assert.deepEqual(inShort(await booked()), [
    ['authorization', 100_00, 0],
    ['capture', 30_00, 30_00],
    ['capture', 70_00, 70_00],
  ]);
});

story('refunds in parts, of a debit and of a capture, up to what was taken', ['several refunds'], async ({ shop, booked }) => {
  const debit = expectOutcome(await shop.debit(order()), 'approved');
  const hold = expectOutcome(await shop.authorize(order()), 'approved');
  const capture = expectOutcome(await shop.capture(hold, { amount: 100_00 }), 'approved');
  for (const target of [debit, capture]) {
    const first = await shop.refund(target, { amount: 25_00 });
    expectOutcome(await shop.read(expectOutcome(first, 'approved')), 'approved');
    assertMoney(first, 25_00);
    expectOutcome(await shop.refund(target, { amount: 75_01 }), 'refused', 'limit');
    expectOutcome(await shop.refund(target, { amount: 75_00 }), 'approved');
    expectOutcome(await shop.refund(target, { amount: 1 }), 'refused', 'limit');
  }
  const taken = (await booked()).filter(({ kind }) => kind === 'debit' || kind === 'capture');
  assert.deepEqual(
    taken.map(({ refundedAmount, remainingAmount }) => [refundedAmount, remainingAmount]),
    [
      [100_00, 0],
      [100_00, 0],
    ],
  );
});

story('what was only authorized cannot be refunded, what was debited cannot be captured', [], async ({ shop }) => {
  const hold = expectOutcome(await shop.authorize(order()), 'approved');
  expectOutcome(await shop.refund(hold, { amount: 1_00 }), 'refused');
  const debit = expectOutcome(await shop.debit(order()), 'approved');
  expectOutcome(await shop.capture(debit, { amount: 1_00 }), 'refused');
});

story('a hold that is voided can be neither captured nor voided again', [], async ({ shop, booked }) => {
  const hold = expectOutcome(await shop.authorize(order()), 'approved');
  expectOutcome(await shop.void(hold), 'approved');
  expectOutcome(await shop.capture(hold, { amount: 1_00 }), 'refused', 'limit');
  expectOutcome(await shop.void(hold), 'refused', 'limit');
  assert.equal((await booked())[0]?.reversedAmount, 100_00);
});

story('a hold is voided in part; the rest can be captured, and no more', ['partial void'], async ({ shop, booked }) => {
  const hold = expectOutcome(await shop.authorize(order()), 'approved');
  expectOutcome(await shop.void(hold, { amount: 40_00 }), 'approved');
  expectOutcome(await shop.void(hold, { amount: 60_01 }), 'refused', 'limit');
  expectOutcome(await shop.capture(hold, { amount: 60_01 }), 'refused', 'limit');
  expectOutcome(await shop.capture(hold, { amount: 60_00 }), 'approved');
  const [authorization] = await booked();
  assert.deepEqual([authorization?.reversedAmount, authorization?.capturedAmount], [40_00, 60_00]);
});

story('a debit is voided or refunded, not both', ['void of a debit'], async ({ shop, booked }) => {
  const voided = expectOutcome(await shop.debit(order()), 'approved');
  expectOutcome(await shop.void(voided), 'approved');
  expectOutcome(await shop.refund(voided, { amount: 1_00 }), 'refused', 'limit');
  const refunded = expectOutcome(await shop.debit(order()), 'approved');
  expectOutcome(await shop.refund(refunded, { amount: 1_00 }), 'approved');
  expectOutcome(await shop.void(refunded), 'refused', 'limit');
  const debits = (await booked()).filter(({ kind }) => kind === 'debit');
  assert.deepEqual(inShort(debits), [
    ['debit', 100_00, 0],
    ['debit', 100_00, 99_00],
  ]);
});

story('a stored card pays again, without being sent again', ['tokens'], async ({ shop, booked }) => {
  const kept = await shop.createToken(order());
  expectOutcome(kept, 'approved');
  assert.ok(kept.token !== undefined, kept.text);
  const before = (await booked()).length;
  for (const amount of [3_00, 4_00]) {
    const paid = await shop.payWithToken(kept.token, { amount });
    expectOutcome(await shop.read(expectOutcome(paid, 'approved')), 'approved');
    assertMoney(paid, amount);
  }
  const debits = (await booked()).slice(before);
  assert.deepEqual(inShort(debits), [
    ['debit', 3_00, 3_00],
    ['debit', 4_00, 4_00],
  ]);
  assert.equal(new Set((await booked()).map(({ account }) => account.id)).size, 1);
});

story('a token that nobody has is refused', ['tokens'], async ({ shop, driver, booked }) => {
  expectOutcome(await shop.payWithToken(driver.nothing.token, { amount: 3_00 }), 'refused', 'unknown');
  assert.deepEqual(await booked(), []);
});
