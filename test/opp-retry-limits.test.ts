/** The schemes' limits on trying a declined card again, through OPP: what is recorded instead of being sent, and for how long. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { approved, debit, expectReply, type OppStack, other, type Parameters, type Reply, startOppStack } from './harness/opp.ts';
import { eventually } from './harness/processes.ts';

const forbidden = '800.200.160';
const exhausted = '800.120.101';

let strict: OppStack;
let lenient: OppStack;

before(async () => {
  [strict, lenient] = await Promise.all([startOppStack({ RETRY_LIMITS: 'all', RETRIES_AT_MOST: '2' }), startOppStack()]);
});
after(async () => {
  await strict?.finish();
  await lenient?.finish();
});

interface Card {
  readonly stack: OppStack;
  readonly pan: string;
  readonly brand?: string;
}

const withoutCode: Parameters = { 'card.cvv': undefined };

function pay({ stack, pan, brand = 'VISA' }: Card, more: Parameters = {}, as?: typeof other): Promise<Reply> {
  const parameters = debit({ 'card.number': pan, paymentBrand: brand, ...more });
  return stack.post('/v1/payments', parameters, as === undefined ? {} : { as });
}

async function declined(card: Card, code: string, more: Parameters = {}): Promise<Reply> {
  await card.stack.parts.host.addFault({ fault: 'decline', code, pan: card.pan });
  return pay(card, more);
}

/** How many messages the host has seen of it cannot be asked; a fault that waits for one can. */
async function isNotSent(card: Card, act: () => Promise<Reply>, code: string): Promise<Reply> {
  await card.stack.parts.host.addFault({ fault: 'decline', code: '05', pan: card.pan });
  const reply = expectReply(await act(), 400, code);
  assert.equal((await card.stack.parts.host.faults()).length, 1);
  await card.stack.parts.host.clearFaults();
  assert.match(reply.body.id ?? '', /^[a-f0-9]{32}$/);
  assert.equal(reply.body.resultDetails, undefined);
  expectReply(await card.stack.get(`/v1/payments/${reply.body.id}`), 400, code);
  return reply;
}

/** Cards with the same first six and last four digits. */
const twins = ['4111110000180005', '4111110000260005'] as const;

test('what an issuer has ruled out for good is not sent again, in whatever way the card comes', async () => {
  const card = { stack: strict, pan: twins[0] };
  const first = expectReply(await pay(card, { createRegistration: 'true' }), 200, approved);
  expectReply(await declined(card, '43', { amount: '3.00' }), 400, '800.100.159');
  await isNotSent(card, () => pay(card), forbidden);
  await isNotSent(card, () => pay(card, { paymentType: 'PA', amount: '1.00', currency: 'USD' }), forbidden);
  const money = { amount: '1.00', currency: 'EUR' };
  const byToken = `/v1/registrations/${first.body.registrationId}/payments`;
  await isNotSent(card, () => strict.post(byToken, { paymentType: 'DB', ...money }), forbidden);
  await isNotSent(card, () => strict.post(`/v1/payments/${first.body.id}`, { paymentType: 'RB', ...money }), forbidden);
});

test('the block is of one card at one merchant; refunds and payouts to it go on', async () => {
  const card = { stack: strict, pan: '4242424242424242' };
  const first = expectReply(await pay(card), 200, approved);
  expectReply(await declined(card, '41'), 400, '800.100.165');
  expectReply(await pay(card), 400, forbidden);
  expectReply(await pay(card, {}, other), 200, approved);
  expectReply(await pay(card, { paymentType: 'CD', ...withoutCode }), 200, approved);
  const refund = { paymentType: 'RF', amount: '1.00', currency: 'EUR' };
  expectReply(await strict.post(`/v1/payments/${first.body.id}`, refund), 200, approved);
});

test('another card that shows the same digits is not meant', async () => {
  expectReply(await declined({ stack: strict, pan: twins[0] }, '43', { amount: '4.00' }), 400, forbidden);
  await strict.parts.host.clearFaults();
  for (const more of [{}, { createRegistration: 'true' }]) expectReply(await pay({ stack: strict, pan: twins[1] }, more), 200, approved);
});

test('a shopper who has stopped the payments of a merchant can still pay', async () => {
  const card = { stack: strict, pan: '4444333322221111' };
  const ofMerchant = { recurringType: 'REPEATED', ...withoutCode };
  expectReply(await declined(card, 'R1', ofMerchant), 400, '800.100.197');
  await isNotSent(card, () => pay(card, ofMerchant), forbidden);
  expectReply(await pay(card), 200, approved);
});

test('Visa: so many times with the same amount, then not until the window has passed', async () => {
  const card = { stack: strict, pan: '4000000000009995' };
  for (let count = 0; count < 3; count++) expectReply(await pay(card), 400, '800.100.155');
  await isNotSent(card, () => pay(card), exhausted);
  expectReply(await pay(card, { amount: '12.51' }), 400, '800.100.155');
  expectReply(await pay(card, { currency: 'USD' }), 400, '800.100.155');
  await strict.parts.database.query('update polygate.clock set offset_ms = offset_ms + 31::bigint * 86400000');
  await eventually(async () => (await pay(card)).code === '800.100.155', 'the window to have passed');
});

test('Mastercard: ten declines in a day, whatever the amounts', async () => {
  const card = { stack: strict, pan: '5454545454545454', brand: 'MASTER' };
  for (let count = 1; count <= 10; count++) expectReply(await declined(card, '51', { amount: `${count}.00` }), 400, '800.100.155');
  await isNotSent(card, () => pay(card), exhausted);
});

test('a key leads to what was recorded instead of being sent', async () => {
  const card = { stack: strict, pan: '378282246310005', brand: 'AMEX' };
  expectReply(await declined(card, '14', { 'card.cvv': '1234' }), 400, '800.100.151');
  const headers = { 'idempotency-key': 'blocked-card' };
  const send = () => strict.post('/v1/payments', debit({ 'card.number': card.pan, paymentBrand: 'AMEX', 'card.cvv': '1234' }), { headers });
  const first = expectReply(await send(), 400, forbidden);
  const repeat = expectReply(await send(), 400, forbidden);
  assert.equal(repeat.body.id, first.body.id);
});

test('in the sandbox nothing is counted; only what is ruled out for good is not sent', async () => {
  const card = { stack: lenient, pan: '4000000000009995' };
  for (let count = 0; count < 20; count++) expectReply(await pay(card), 400, '800.100.155');
  const stolen = { stack: lenient, pan: '4242424242424242' };
  expectReply(await declined(stolen, '43'), 400, '800.100.159');
  expectReply(await pay(stolen), 400, forbidden);
  const { rows } = await lenient.parts.database.query('select from polygate.card_decline');
  assert.equal(rows.length, 0);
});
