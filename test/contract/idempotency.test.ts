/** Contract: one operation for each key, whatever happens around it. */
import assert from 'node:assert/strict';
import { freshCardNumber } from '../harness/card-numbers.ts';
import { freshName } from '../harness/opp.ts';
import { eventually } from '../harness/processes.ts';
import type { Act, Answer, Client, Driver } from './driver.ts';
import { atOnce, expectOutcome, order, stories } from './stories.ts';

const story = stories();

/** A repeat of what `first` was the answer to. */
function assertRepeat({ keyPolicy }: Driver, first: Answer, again: Answer): void {
  if (keyPolicy.repeat === 'refused') {
    expectOutcome(again, 'refused', 'key_reused');
    return;
  }
  assert.deepEqual([again.handle, again.outcome, again.replayed], [first.handle, first.outcome, true], again.text);
}

function assertMismatch({ keyPolicy }: Driver, first: Answer, again: Answer): void {
  if (keyPolicy.mismatch === 'refused') expectOutcome(again, 'refused', 'key_reused');
  else assert.equal(again.handle, first.handle, again.text);
}

story('the same payment again is the first one', ['idempotency key'], async ({ shop, driver, booked }) => {
  for (const pay of [shop.authorize, shop.debit]) {
    const sent = order({ idempotencyKey: freshName('key') });
    const first = await pay(sent);
    expectOutcome(first, 'approved');
    assert.equal(first.replayed, false);
    for (let repeat = 0; repeat < 3; repeat += 1) assertRepeat(driver, first, await pay(sent));
  }
  assert.equal((await booked()).length, 2);
});

story('another payment with the same key is not made', ['idempotency key'], async ({ shop, driver, booked }) => {
  const sent = order({ idempotencyKey: freshName('key') });
  const first = await shop.debit(sent);
  expectOutcome(first, 'approved');
  const others = [
    { ...sent, amount: 100_01 },
    { ...sent, currency: 'USD' },
    { ...sent, card: { number: freshCardNumber(), cvc: '123' } },
  ];
  for (const other of others) assertMismatch(driver, first, await shop.debit(other));
  assertMismatch(driver, first, await shop.authorize(sent));
  assert.equal((await booked()).length, 1);
});

story(
  'a card number as a key is kept nowhere, and still names its own request alone',
  ['idempotency key'],
  async ({ shop, driver, booked }) => {
    // Masked, both would be the same.
    const [key, like] = ['4111111111111111', '4111110311111111'];
    const sent = order({ idempotencyKey: key });
    const first = await shop.debit(sent);
    expectOutcome(first, 'approved');
    assertRepeat(driver, first, await shop.debit(sent));
    const second = await shop.debit(order({ idempotencyKey: like }));
    expectOutcome(second, 'approved');
    assert.notEqual(second.handle, first.handle);
    for (const { text } of [first, second]) assert.doesNotMatch(text, /411111\d{6}1111/);
    assert.equal((await booked()).length, 2);
  },
);

story('many at once with one key are one payment', ['idempotency key'], async ({ shop, booked, stack }) => {
  const sent = order({ idempotencyKey: freshName('key') });
  // Slow enough that the others come while the first one is under way.
  await stack.host.addFault({ fault: 'slow', pan: sent.card.number, delay_ms: 200 });
  const answers = await atOnce(12, () => shop.debit(sent));
  for (const { outcome, reason, text } of answers) {
    assert.ok(outcome === 'approved' || outcome === 'pending' || reason === 'conflict' || reason === 'key_reused', text);
  }
  assert.equal(new Set(answers.flatMap(({ handle }) => handle ?? [])).size, 1);
  assert.equal((await booked()).length, 1);
});

story('a repeat of what is pending says so, and later the truth', ['idempotency key'], async ({ shop, driver, truthOf }) => {
  const sent = order({ card: { number: '4000000000000911', cvc: '123' }, idempotencyKey: freshName('key') });
  // Either of two requests that are sent together may be the first to come in.
  const one = shop.debit(sent);
  const repeats: Answer[] = [];
  await eventually(async () => {
    repeats.push(await shop.debit(sent));
    return repeats.at(-1)?.outcome !== 'refused' || repeats.length > 3;
  }, 'a repeat beside the first request');
  const answers = [await one, ...repeats];
  const lost = answers.find(({ outcome }) => outcome === 'pending') ?? assert.fail(answers.map(({ text }) => text).join('\n'));
  const handle = expectOutcome(lost, 'pending');
  for (const answer of answers) assert.ok(answer.handle === undefined || answer.handle === handle, answer.text);
  expectOutcome(await truthOf(lost), 'undone');
  assertRepeat(driver, { ...lost, outcome: 'undone' }, await shop.debit(sent));
});

story('a decline and a rejection are repeated as such', ['idempotency key'], async ({ shop, driver, booked }) => {
  for (const [number, outcome] of [
    ['4000000000009995', 'declined'],
    ['4111111111111112', 'rejected'],
  ] as const) {
    const sent = order({ card: { number, cvc: '123' }, idempotencyKey: freshName('key') });
    const first = await shop.debit(sent);
    expectOutcome(first, outcome);
    assertRepeat(driver, first, await shop.debit(sent));
  }
  assert.deepEqual(await booked(), []);
});

story('a refusal keeps no key: the mended request goes through', ['idempotency key'], async ({ shop }) => {
  const sent = order({ idempotencyKey: freshName('key') });
  expectOutcome(await shop.debit({ ...sent, fault: 'no amount' }), 'refused', 'malformed');
  expectOutcome(await shop.debit({ ...sent, fault: 'an amount of zero' }), 'refused', 'malformed');
  expectOutcome(await shop.debit(sent), 'approved');
});

type Amount = number | undefined;

const acts: readonly (readonly [name: string, act: (shop: Client, target: string, key: string, amount: Amount) => Promise<Answer>])[] = [
  ['capture', (shop, target, idempotencyKey, amount) => shop.capture(target, actOf(idempotencyKey, amount))],
  ['refund', (shop, target, idempotencyKey, amount) => shop.refund(target, actOf(idempotencyKey, amount))],
  ['void', (shop, target, idempotencyKey, amount) => shop.void(target, actOf(idempotencyKey, amount))],
];

function actOf(idempotencyKey: string, amount: Amount): Act {
  return { idempotencyKey, ...(amount === undefined ? {} : { amount }) };
}

for (const [name, act] of acts) {
  story(`a ${name} that is repeated moves money once`, ['idempotency key'], async ({ shop, driver, booked }) => {
    const target = expectOutcome(name === 'refund' ? await shop.debit(order()) : await shop.authorize(order()), 'approved');
    const key = freshName('key');
    // Where all of a hold is voided or nothing, no other void could come under the key.
    const isWhole = name === 'void' && driver.lacks.includes('partial void');
    const first = await act(shop, target, key, isWhole ? undefined : 5_00);
    expectOutcome(first, 'approved');
    assertRepeat(driver, first, await act(shop, target, key, isWhole ? undefined : 5_00));
    if (!isWhole) assertMismatch(driver, first, await act(shop, target, key, 5_01));
    assert.deepEqual(
      (await booked()).map(({ amount }) => amount),
      [100_00, isWhole ? 100_00 : 5_00],
    );
  });
}

story('merchants have keys of their own', ['idempotency key'], async ({ shop, callerNamed }) => {
  const idempotencyKey = freshName('key');
  const mine = await shop.debit(order({ idempotencyKey }));
  const theirs = await callerNamed('other').debit(order({ idempotencyKey }));
  assert.notEqual(expectOutcome(mine, 'approved'), expectOutcome(theirs, 'approved'));
  assert.equal(theirs.replayed, false);
});
