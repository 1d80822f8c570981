/** OPP: CD pays out to a card, from a balance that no two payouts can overdraw. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { approved, bookedOnce, debit, expectReply, freshName, other, type Parameters, type Reply, useOppStack } from './harness/opp.ts';

const stack = useOppStack();

/** No shopper is there, so there is no code. */
function credit(more: Parameters = {}, headers: Record<string, string> = {}): Promise<Reply> {
  return stack.post('/v1/payments', debit({ paymentType: 'CD', 'card.cvv': undefined, ...more }), { headers });
}

/** What is left of the demo merchant's balance, in minor units. */
async function balance(currency = 'EUR'): Promise<number> {
  const { rows } = await stack.parts.database.query<{ available: string }>(
    `select available from polygate.account_limit where merchant_id = '00000000-0000-7000-8000-000000000001' and currency = $1`,
    [currency],
  );
  return Number(rows[0]?.available);
}

test('a payout: the card is credited, the balance falls, here and at the host', async () => {
  const before = await balance();
  const reply = expectReply(await credit(), 200, approved);
  const { id, paymentType, amount, currency, referencedId, card } = reply.body;
  assert.deepEqual([paymentType, amount, currency, referencedId, card?.last4Digits], ['CD', '12.50', 'EUR', undefined, '1111']);
  const entry = await bookedOnce(stack, reply);
  assert.deepEqual([entry.kind, entry.amount, entry.state, entry.remainingAmount], ['payout', 1_250, 'booked', 1_250]);
  assert.equal(await balance(), before - 1_250);
  const there = (await stack.parts.host.payoutBalances()).find(
    ({ merchant, currency }) => merchant === 'POLYGATE0000001' && currency === '978',
  );
  assert.deepEqual([there?.opened, (there?.opened ?? 0) - (there?.available ?? 0)], [100_000_000, 100_000_000 - (await balance())]);
  expectReply(await stack.get(`/v1/payments/${id}`), 200, approved);
});

test('nothing can follow a payout', async () => {
  const { id } = expectReply(await credit(), 200, approved).body;
  const money = { amount: '1.00', currency: 'EUR' };
  for (const [paymentType, code] of [
    ['CP', '700.400.510'],
    ['RV', '700.400.530'],
    ['RF', '700.400.520'],
    ['RB', '700.300.100'],
  ]) {
    expectReply(await stack.post(`/v1/payments/${id}`, { paymentType, ...money }), 400, code ?? '');
  }
});

test('a payout with a token', async () => {
  const { registrationId } = expectReply(await stack.post('/v1/payments', debit({ createRegistration: 'true' })), 200, approved).body;
  const parameters = { paymentType: 'CD', amount: '3.00', currency: 'EUR' };
  const reply = expectReply(await stack.post(`/v1/registrations/${registrationId}/payments`, parameters), 200, approved);
  assert.equal((await bookedOnce(stack, reply)).kind, 'payout');
});

test('a payout that is declined, rejected or not sent leaves the balance as it was', async () => {
  const before = await balance();
  expectReply(await credit({ 'card.number': '4000000000000002' }), 400, '800.100.152');
  expectReply(await credit({ 'card.number': '4111111111111112' }), 400, '100.100.101');
  assert.equal(await balance(), before);
});

test('the balance cannot be overdrawn: refused without a trace, however many come at once', async () => {
  const currency = 'CHF';
  expectReply(await credit({ amount: '1000000.00', currency }), 200, approved);
  assert.equal(await balance(currency), 0);
  const reply = expectReply(await credit({ amount: '0.01', currency }), 400, '800.100.164');
  assert.equal(reply.body.id, undefined);
  // Ten at once, and money for four of them.
  const replies = await Promise.all(Array.from({ length: 10 }, () => credit({ amount: '250000.00', currency: 'SEK' })));
  assert.deepEqual(replies.map(({ code }) => code).sort(), [...Array(4).fill(approved), ...Array(6).fill('800.100.164')]);
  assert.equal(await balance('SEK'), 0);
});

test('each merchant has a balance of its own', async () => {
  expectReply(await credit({ amount: '1000000.00', currency: 'NOK' }), 200, approved);
  expectReply(await credit({ amount: '1.00', currency: 'NOK' }), 400, '800.100.164');
  const theirs = await stack.post('/v1/payments', debit({ paymentType: 'CD', amount: '1.00', currency: 'NOK' }), { as: other });
  expectReply(theirs, 200, approved);
});

test('a payout by a key is made once; a refused one keeps no key', async () => {
  const before = await balance();
  const headers = { 'idempotency-key': freshName('payout') };
  const replies = await Promise.all([1, 2, 3].map(() => credit({}, headers)));
  assert.equal(new Set(replies.filter(({ code }) => code === approved).map(({ body }) => body.id)).size, 1);
  expectReply(await credit({}, headers), 200, approved);
  assert.equal(await balance(), before - 1_250);
  const later = { 'idempotency-key': freshName('payout') };
  expectReply(await credit({ amount: '1000000.00' }, later), 400, '800.100.164');
  expectReply(await credit({}, later), 200, approved);
});
