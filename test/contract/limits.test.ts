/** Contract: no amount rule can be beaten by asking often enough at the same moment. */
import assert from 'node:assert/strict';
import type { HostEntry } from '../harness/host-control.ts';
import type { Answer } from './driver.ts';
import { atOnce, expectOutcome, order, stories, tally } from './stories.ts';

const story = stories();

/** A refusal for the limit, or because another one is just being decided; never anything else. */
function assertRefusals(answers: readonly Answer[]): void {
  for (const { outcome, reason, text } of answers) {
    if (outcome === 'refused') assert.ok(reason === 'limit' || reason === 'conflict', text);
    else assert.equal(outcome, 'approved', text);
  }
}

const sumOf = (entries: readonly HostEntry[], kind: HostEntry['kind']) =>
  entries.filter((entry) => entry.kind === kind).reduce((sum, { amount }) => sum + amount, 0);

story('20 captures of a tenth at once take all of it, and no more', ['several captures'], async ({ shop, booked }) => {
  const hold = expectOutcome(await shop.authorize(order()), 'approved');
  const answers = await atOnce(20, () => shop.capture(hold, { amount: 10_00 }));
  assertRefusals(answers);
  const { approved = 0 } = tally(answers);
  // What was refused because another one was just being decided is asked again, one by one.
  for (let taken = approved; taken < 10; taken += 1) expectOutcome(await shop.capture(hold, { amount: 10_00 }), 'approved');
  expectOutcome(await shop.capture(hold, { amount: 1 }), 'refused', 'limit');
  assert.equal(sumOf(await booked(), 'capture'), 100_00);
});

story('20 refunds of a tenth at once give all of it back, and no more', ['several refunds'], async ({ shop, booked }) => {
  const debit = expectOutcome(await shop.debit(order()), 'approved');
  const answers = await atOnce(20, () => shop.refund(debit, { amount: 10_00 }));
  assertRefusals(answers);
  const { approved = 0 } = tally(answers);
  for (let given = approved; given < 10; given += 1) expectOutcome(await shop.refund(debit, { amount: 10_00 }), 'approved');
  expectOutcome(await shop.refund(debit, { amount: 1 }), 'refused', 'limit');
  assert.equal(sumOf(await booked(), 'refund'), 100_00);
});

story('20 captures of all of it at once are one', [], async ({ shop, booked }) => {
  const hold = expectOutcome(await shop.authorize(order()), 'approved');
  const answers = await atOnce(20, () => shop.capture(hold, { amount: 100_00 }));
  assertRefusals(answers);
  assert.deepEqual([tally(answers).approved, sumOf(await booked(), 'capture')], [1, 100_00]);
});

story('20 refunds of all of it at once are one', [], async ({ shop, booked }) => {
  const debit = expectOutcome(await shop.debit(order()), 'approved');
  const answers = await atOnce(20, () => shop.refund(debit, { amount: 100_00 }));
  assertRefusals(answers);
  assert.deepEqual([tally(answers).approved, sumOf(await booked(), 'refund')], [1, 100_00]);
});

story('captures and voids at once never share the money', [], async ({ shop, booked }) => {
  const hold = expectOutcome(await shop.authorize(order()), 'approved');
  const answers = await atOnce(20, (index) => (index % 2 === 0 ? shop.capture(hold, { amount: 100_00 }) : shop.void(hold)));
  assertRefusals(answers);
  assert.equal(tally(answers).approved, 1);
  const [authorization] = await booked();
  assert.deepEqual(
    [(authorization?.capturedAmount ?? 0) + (authorization?.reversedAmount ?? 0), authorization?.remainingAmount],
    [100_00, 0],
  );
});

story('voids and refunds of a debit at once never share the money', ['void of a debit'], async ({ shop, booked }) => {
  const debit = expectOutcome(await shop.debit(order()), 'approved');
  const answers = await atOnce(20, (index) => (index % 2 === 0 ? shop.refund(debit, { amount: 100_00 }) : shop.void(debit)));
  assertRefusals(answers);
  assert.equal(tally(answers).approved, 1);
  assert.equal((await booked()).find(({ kind }) => kind === 'debit')?.remainingAmount, 0);
});
