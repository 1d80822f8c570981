/** Contract: by the business clock a card expires, on its way in; a card that was kept before is the issuer's to judge. */
import assert from 'node:assert/strict';
import { freshCardNumber } from '../harness/card-numbers.ts';
import { moveClock, readClock } from '../harness/console.ts';
import { expectOutcome, order, stories } from './stories.ts';

const story = stories();

/** Longer than a month and the half day after it, in which a card is still good. */
const pastTheMonth = 33 * 86_400;

story('a card is good until its month is over by the business clock', [], async ({ shop, stack, booked }) => {
  const url = `http://127.0.0.1:${stack.config.port}`;
  const now = new Date((await readClock(url)).business_time);
  const expiry = { month: now.getUTCMonth() + 1, year: now.getUTCFullYear() };
  const card = { number: freshCardNumber(), cvc: '123', expiry };
  expectOutcome(await shop.debit(order({ card })), 'approved');
  const { token } = await shop.createToken(order({ card: { ...card, number: freshCardNumber() } }));
  assert.ok(token !== undefined);
  await moveClock(url, pastTheMonth);
  const before = (await booked()).length;
  const late = await shop.debit(order({ card }));
  assert.ok(late.outcome === 'rejected' || late.outcome === 'declined', late.text);
  assert.equal((await booked()).length, before, 'the acquirer was asked about a card that had expired');
  expectOutcome(await shop.debit(order({ card: { ...card, expiry: { month: 12, year: 2034 } } })), 'approved');
  expectOutcome(await shop.payWithToken(token, { amount: 10_00 }), 'approved');
});
