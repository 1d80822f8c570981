/** Contract: what is not answered is pending, never a guess; later it is what its kind makes of it, and both books agree. */
import assert from 'node:assert/strict';
import { freshCardNumber } from '../harness/card-numbers.ts';
import type { FaultRequest } from '../harness/host-control.ts';
import type { Answer, Client } from './driver.ts';
import { expectOutcome, order, type Scene, stories } from './stories.ts';

const story = stories();

const cards = [
  ['4000000000000911', 'never reaches the host'],
  ['4000000000000929', 'is approved and its answer lost'],
  ['4000000000000937', 'is approved too late'],
  ['4000000000000952', 'is approved and the connection closed'],
] as const;

for (const [number, what] of cards) {
  story(`a payment that ${what} is pending, then reversed`, [], async ({ shop, truthOf, booked }) => {
    for (const pay of [shop.authorize, shop.debit]) {
      const lost = await pay(order({ card: { number, cvc: '123' } }));
      // On a slow machine it may be resolved before its answer is written, and some dialects read it again for that.
      const handle = expectOutcome(lost, lost.outcome === 'undone' ? 'undone' : 'pending');
      expectOutcome(await truthOf(lost), 'undone');
      expectOutcome(await shop.capture(handle, { amount: 1_00 }), 'refused');
      expectOutcome(await shop.refund(handle, { amount: 1_00 }), 'refused');
      expectOutcome(await shop.void(handle), 'refused');
    }
    // Nothing stands: where the host had it, all of it was given back.
    for (const { remainingAmount, capturedAmount } of await booked()) assert.deepEqual([remainingAmount, capturedAmount], [0, 0]);
  });
}

story('an answer that comes twice is one payment', [], async ({ shop, booked }) => {
  expectOutcome(await shop.debit(order({ card: { number: '4000000000000945', cvc: '123' } })), 'approved');
  assert.equal((await booked()).length, 1);
});

interface Row {
  readonly what: string;
  /** Type of the message whose answer is spoiled. */
  readonly mti: NonNullable<FaultRequest['mti']>;
  readonly prepare: (shop: Client, card: string) => Promise<string>;
  readonly act: (shop: Client, target: string) => Promise<Answer>;
}

const held = async (shop: Client, number: string) =>
  expectOutcome(await shop.authorize(order({ card: { number, cvc: '123' } })), 'approved');
const taken = async (shop: Client, number: string) => expectOutcome(await shop.debit(order({ card: { number, cvc: '123' } })), 'approved');

const rows: readonly Row[] = [
  { what: 'a capture', mti: '0220', prepare: held, act: (shop, target) => shop.capture(target, { amount: 100_00 }) },
  { what: 'a void', mti: '0420', prepare: held, act: (shop, target) => shop.void(target) },
  { what: 'a refund', mti: '0200', prepare: taken, act: (shop, target) => shop.refund(target, { amount: 100_00 }) },
];

const spoiled: readonly FaultRequest[] = [
  { fault: 'no_answer' },
  { fault: 'answer_lost' },
  { fault: 'late_answer', delay_ms: 1_500 },
  { fault: 'wrong_stan' },
];

for (const row of rows) {
  story(`${row.what} that is not answered is repeated until it stands, once`, [], async (scene) => {
    for (const fault of spoiled) await isRepeated(scene, row, fault);
  });
}

async function isRepeated({ shop, stack, truthOf, booked }: Scene, { what, mti, prepare, act }: Row, fault: FaultRequest): Promise<void> {
  const pan = freshCardNumber();
  const target = await prepare(shop, pan);
  await stack.host.addFault({ ...fault, pan, mti });
  const before = (await booked()).length;
  const answer = await act(shop, target);
  expectOutcome(answer, 'pending');
  // The same money cannot be had a second time while nobody knows.
  expectOutcome(await act(shop, target), 'refused');
  expectOutcome(await truthOf(answer), 'approved');
  expectOutcome(await act(shop, target), 'refused');
  const moved = (await booked()).slice(before);
  assert.deepEqual(
    moved.map(({ amount }) => amount),
    [100_00],
    `${what} with ${fault.fault}`,
  );
}

story('a payment that is pending can be neither captured nor voided', [], async ({ shop, stack, truthOf }) => {
  const pan = freshCardNumber();
  // The first reversal is not answered either, so that the doubt lasts.
  await stack.host.addFault({ fault: 'no_answer', pan, times: 2 });
  const lost = await shop.authorize(order({ card: { number: pan, cvc: '123' } }));
  const handle = expectOutcome(lost, 'pending');
  expectOutcome(await shop.capture(handle, { amount: 1_00 }), 'refused', 'conflict');
  expectOutcome(await shop.void(handle), 'refused', 'conflict');
  expectOutcome(await truthOf(lost), 'undone');
});
