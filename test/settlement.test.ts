/** The daily cut-off: what is in a batch, what it comes to, what it forbids, and how it compares with the host's totals. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findWaiting } from '../src/store/verify.ts';
import { moveClock } from './harness/console.ts';
import { approved, debit, demo, expectReply, plain, useOppStack } from './harness/opp.ts';
import { eventually } from './harness/processes.ts';
import { type Settled, settlementsOf } from './harness/settlements.ts';

const stack = useOppStack();
const day = 86_400;

const pay = async (more: Parameters<typeof debit>[0] = {}, as = plain) => {
  const reply = expectReply(await stack.post('/v1/payments', debit(more), { as }), 200, approved);
  return reply.body.id as string;
};
const act = (id: string, paymentType: string, more: Record<string, string> = {}, as = plain) =>
  stack.post(`/v1/payments/${id}`, { paymentType, ...more }, { as });

const known = new Set<string>();

/** What was not there when it was asked last: what others tell after the day of its payment may be in a batch at once. */
async function newBatches(): Promise<readonly Settled[]> {
  const found = (await settlementsOf(stack.parts)).filter(({ id }) => !known.has(id));
  for (const { id } of found) known.add(id);
  return found;
}

/** Moves the clock past the next cut-off of all accounts, and waits for the host's answers. Returns the batches since the last time. */
async function settleDay(): Promise<readonly Settled[]> {
  await moveClock(stack.url, day);
  await eventually(
    async () => (await settlementsOf(stack.parts)).every(({ comparison }) => comparison !== 'waiting'),
    'the host to answer',
  );
  return newBatches();
}

const shown = (settled: readonly Settled[]) =>
  settled.map(({ account, cutOff, currency, operations, gross, comparison }) =>
    [account, cutOff, currency, operations, gross, comparison].join(' '),
  );

test('a batch holds what was taken and given back, by currency, and is in balance with the host', async () => {
  const amount = { amount: '10.00' };
  await pay(amount);
  const hold = await pay({ ...amount, paymentType: 'PA' });
  expectReply(await act(hold, 'CP', { amount: '6.00', currency: 'EUR' }), 200, approved);
  expectReply(await act(hold, 'RV'), 200, approved);
  const refunded = await pay(amount);
  expectReply(await act(refunded, 'RF', { amount: '2.50', currency: 'EUR' }), 200, approved);
  const reversed = await pay(amount);
  expectReply(await act(reversed, 'RV'), 200, approved);
  await pay({ ...amount, currency: 'USD' });
  await pay({ paymentType: 'PA' });
  await stack.post('/v1/payments', debit({ 'card.number': '4000000000000002' }), { as: demo });
  await pay({ amount: '3.00', paymentType: 'CD', 'card.cvv': undefined });
  // 10 + 6 + (10 - 2.50) + (10 - 10); a payout moves nothing of it.
  assert.deepEqual(shown(await settleDay()), ['sandbox-plain 23:00 EUR 7 2350 in_balance', 'sandbox-plain 23:00 USD 1 1000 in_balance']);
  assert.deepEqual(await settleDay(), []);
});

test('what is settled cannot be reversed any more, and can be refunded; a hold can be released', async () => {
  const [first, second, hold] = [await pay(), await pay(), await pay({ paymentType: 'PA' })];
  expectReply(await act(first, 'RV', { amount: '2.50', currency: 'EUR' }), 200, approved);
  await settleDay();
  expectReply(await act(first, 'RV'), 400, '700.300.700');
  expectReply(await act(second, 'RV'), 400, '700.300.700');
  expectReply(await act(first, 'RF', { amount: '1.00', currency: 'EUR' }), 200, approved);
  expectReply(await act(second, 'RF', { amount: '12.50', currency: 'EUR' }), 200, approved);
  expectReply(await act(hold, 'RV'), 200, approved);
  assert.deepEqual(shown(await settleDay()), ['sandbox-plain 23:00 EUR 2 -1350 in_balance']);
});

test('a chargeback of the bank is in the batch of its day, one that only the merchant has declared in none until the bank tells it too', async () => {
  const [told, declared] = [await pay({ amount: '41.00' }), await pay({ amount: '42.00' })];
  await settleDay();
  await stack.parts.host.dispute({ pan: '4111111111111111', amount: 4100, reason: '10.4' });
  expectReply(await act(declared, 'CB', { amount: '42.00', currency: 'EUR' }), 200, approved);
  await eventually(
    async () => (await stack.parts.host.disputes()).every(({ chargebackAnswer }) => chargebackAnswer !== undefined),
    'an answer',
  );
  assert.deepEqual(shown(await settleDay()), ['sandbox-plain 23:00 EUR 1 -4100 in_balance']);
  expectReply(await act(told, 'RF', { amount: '1.00', currency: 'EUR' }), 400, '700.300.600');
  await stack.parts.host.dispute({ pan: '4111111111111111', amount: 4200, reason: '10.4' });
  await eventually(
    async () => (await stack.parts.host.disputes()).every(({ chargebackAnswer }) => chargebackAnswer !== undefined),
    'an answer',
  );
  await pay({ amount: '43.00' });
  const settled = await settleDay();
  const sum = (of: (batch: Settled) => number) => settled.reduce((total, batch) => total + of(batch), 0);
  assert.deepEqual([sum(({ operations }) => operations), sum(({ gross }) => gross)], [2, 100]);
  assert.ok(settled.every(({ comparison }) => comparison === 'in_balance'));
});

test('what was told after its day is in the next batch, also where the account has moved nothing else', async () => {
  const declared = await pay({ amount: '45.00' });
  expectReply(await act(declared, 'CB', { amount: '45.00', currency: 'EUR' }), 200, approved);
  assert.deepEqual(shown(await settleDay()), ['sandbox-plain 23:00 EUR 1 4500 in_balance']);
  assert.deepEqual(await settleDay(), []);
  await stack.parts.host.dispute({ pan: '4111111111111111', amount: 4500, reason: '10.4' });
  await eventually(
    async () => (await stack.parts.host.disputes()).every(({ chargebackAnswer }) => chargebackAnswer !== undefined),
    'an answer',
  );
  assert.deepEqual(shown(await settleDay()), ['sandbox-plain 23:00 EUR 1 -4500 in_balance']);
  assert.deepEqual(await settleDay(), []);
});

test('a chargeback of a hold that was not captured is in a batch as well, and so is its reversal', async () => {
  const { body } = expectReply(await stack.post('/v1/payments', debit({ paymentType: 'PA' }), { as: plain }), 200, approved);
  const rrn = (body.resultDetails as Record<string, string>).ConnectorTxID1 ?? '';
  await stack.parts.host.dispute({ rrn, amount: 1000, reason: '10.4' });
  const told = async () => (await stack.parts.host.disputes()).at(-1);
  await eventually(async () => (await told())?.chargebackAnswer !== undefined, 'an answer');
  assert.deepEqual(shown(await settleDay()), ['sandbox-plain 23:00 EUR 1 -1000 in_balance']);
  await stack.parts.host.reverseDispute((await told())?.id ?? '');
  await eventually(async () => (await told())?.reversalAnswer !== undefined, 'an answer');
  assert.deepEqual(shown(await settleDay()), ['sandbox-plain 23:00 EUR 1 1000 in_balance']);
});

test('accounts have batches and cut-offs of their own, in their time zones', async () => {
  await stack.parts.database.query(
    `update polygate.acquirer_account set cut_off_minute = 30, time_zone = 'Asia/Kathmandu' where account_id = 'sandbox-plain'`,
  );
  await pay({ amount: '1.00' });
  await pay({ amount: '2.00' }, demo);
  const settled = await settleDay();
  // Kathmandu is 5:45 ahead.
  assert.deepEqual(shown(settled.filter(({ account }) => account === 'sandbox-plain')), ['sandbox-plain 18:45 EUR 1 100 in_balance']);
  assert.deepEqual(
    shown(settled.filter(({ account }) => account !== 'sandbox-plain')).map((line) => line.replace(/^\S+ /, '')),
    ['23:00 EUR 1 200 in_balance'],
  );
});

test('a chargeback that comes after the cut-off, and before the host was asked, is in the next batch on both sides', async () => {
  const { host } = stack.parts;
  await pay({ amount: '47.00' });
  await settleDay();
  await pay({ amount: '48.00' });
  await host.addFault({ fault: 'no_answer', mti: '0500', times: 1_000 });
  await moveClock(stack.url, day);
  await eventually(async () => (await settlementsOf(stack.parts)).some(({ comparison }) => comparison === 'waiting'), 'the batch');
  await host.dispute({ pan: '4111111111111111', amount: 4700, reason: '10.4' });
  await eventually(async () => (await host.disputes()).every(({ chargebackAnswer }) => chargebackAnswer !== undefined), 'an answer');
  await host.clearFaults();
  await eventually(async () => (await settlementsOf(stack.parts)).every(({ comparison }) => comparison !== 'waiting'), 'the totals');
  assert.deepEqual(shown(await newBatches()), ['sandbox-plain 18:45 EUR 1 4800 in_balance']);
  assert.deepEqual(shown(await settleDay()), ['sandbox-plain 18:45 EUR 1 -4700 in_balance']);
});

test('a host that does not answer is asked again until it does', async () => {
  await stack.parts.host.addFault({ fault: 'no_answer', mti: '0500', times: 1 });
  await stack.parts.host.addFault({ fault: 'answer_lost', mti: '0500', times: 1 });
  await pay({ amount: '5.00' });
  const [settled] = await settleDay();
  assert.deepEqual([settled?.comparison, settled?.tries, settled?.gross], ['in_balance', 3, 500]);
});

test('a host that comes back after its end knows what was in a batch already', async () => {
  await pay({ amount: '9.00' });
  await settleDay();
  await stack.parts.stopSandbox();
  await stack.parts.startSandbox();
  await eventually(async () => (await fetch(`${stack.url}/readyz`)).ok, 'the link to be up again');
  await pay({ amount: '2.00' });
  assert.deepEqual(
    shown(await settleDay()).map((line) => line.replace(/^\S+ \S+ /, '')),
    ['EUR 1 200 in_balance'],
  );
});

test('a host that stays away is a warning of the verification, and no breach', async () => {
  await pay({ amount: '3.00' });
  await stack.parts.host.addFault({ fault: 'no_answer', mti: '0500', times: 1_000 });
  await moveClock(stack.url, day);
  const asked = async () => ((await settlementsOf(stack.parts)).at(-1)?.tries ?? 0) > 0;
  await eventually(asked, 'the first question');
  await moveClock(stack.url, 2 * 3_600);
  const [warning = '', ...others] = await findWaiting(stack.parts.config);
  await stack.parts.host.clearFaults();
  assert.deepEqual(others, []);
  assert.match(warning, /^waiting: the host has not answered for settlement \S+ in EUR since \d{4}-/);
  await eventually(async () => (await settlementsOf(stack.parts)).at(-1)?.comparison === 'in_balance', 'the answer');
  await newBatches();
});

test('totals that differ are kept with both figures, logged, and noted for the operator', async () => {
  await stack.parts.host.addFault({ fault: 'wrong_totals', mti: '0500', times: 1 });
  await pay({ amount: '5.00' });
  const [settled] = await settleDay();
  assert.equal(settled?.comparison, 'apart');
  const { rows } = await stack.parts.database.query(`select ours, theirs from polygate.reconciliation where state = 'apart'`);
  assert.deepEqual(
    [rows[0]?.ours.debits, rows[0]?.theirs.debits],
    [
      { count: 1, amount: 500 },
      { count: 2, amount: 501 },
    ],
  );
  const loud = () => stack.parts.log().filter((line) => line.includes('other totals')).length;
  await eventually(() => loud() > 0, 'a line in the log');
  assert.equal(loud(), 1);
  const told = await stack.parts.database.query(`select details from polygate.audit where act = 'settlement.apart'`);
  assert.equal(JSON.parse(told.rows[0]?.details).settlementId, settled?.id);
});

test('a batch waits for what has no certain outcome yet', async () => {
  const hold = await pay({ paymentType: 'PA', amount: '7.00' });
  await stack.parts.host.addFault({ fault: 'answer_lost', mti: '0220', times: 1 });
  expectReply(await act(hold, 'CP', { amount: '7.00', currency: 'EUR' }), 200, '000.200.000');
  assert.deepEqual(
    shown(await settleDay()).map((line) => line.replace(/^\S+ \S+ /, '')),
    ['EUR 1 700 in_balance'],
  );
});

test('a payment that was undone is in no batch, on neither side', async () => {
  await stack.post('/v1/payments', debit({ 'card.number': '4000000000000929' }), { as: demo });
  await stack.post('/v1/payments', debit({ 'card.number': '4000000000000911' }), { as: demo });
  await pay({ amount: '8.00' }, demo);
  assert.deepEqual(
    shown(await settleDay()).map((line) => line.replace(/^\S+ /, '')),
    ['23:00 EUR 1 800 in_balance'],
  );
});
