/** OPP: RB charges the card of an order again, as a payment of its own that everything can follow. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  approved,
  bookedOnce,
  debit,
  expectReply,
  freshName,
  other,
  type Parameters,
  plain,
  type Reply,
  useOppStack,
} from './harness/opp.ts';
import { eventually } from './harness/processes.ts';

const stack = useOppStack();

const euros = (amount: string) => ({ amount, currency: 'EUR' });

async function pay(more: Parameters = {}): Promise<Reply> {
  return expectReply(await stack.post('/v1/payments', debit(more)), 200, approved);
}

function act(id: string | undefined, parameters: Parameters, headers: Record<string, string> = {}): Promise<Reply> {
  return stack.post(`/v1/payments/${id}`, parameters, { headers });
}

async function rebill(id: string | undefined, amount: string): Promise<Reply> {
  return expectReply(await act(id, { paymentType: 'RB', ...euros(amount) }), 200, approved);
}

test('a rebill of a debit: a new id, linked to the id in the URL, as a payment of the merchant under the first one', async () => {
  const first = await pay();
  const reply = await rebill(first.body.id, '99.00');
  const { id, paymentType, referencedId, amount, currency, card } = reply.body;
  assert.deepEqual([paymentType, referencedId, amount, currency, card?.last4Digits], ['RB', first.body.id, '99.00', 'EUR', '1111']);
  assert.notEqual(id, first.body.id);
  const entry = await bookedOnce(stack, reply);
  assert.deepEqual([entry.kind, entry.amount, entry.state], ['debit', 9_900, 'booked']);
  const initialReference = first.body.resultDetails?.CardholderInitiatedTransactionID;
  assert.deepEqual(entry.storedCredential, { initiation: 'M101', initialReference, isInitialKnown: true });
  assert.equal(reply.body.resultDetails?.CardholderInitiatedTransactionID, initialReference);
  const { body: again } = expectReply(await stack.get(`/v1/query/${id}`), 200, approved);
  assert.deepEqual([again.paymentType, again.referencedId, again.amount], ['RB', first.body.id, '99.00']);
});

test('a rebill is refunded, reversed and rebilled like any payment; the first payment is not touched', async () => {
  const first = await pay();
  const second = await rebill(first.body.id, '20.00');
  expectReply(await act(second.body.id, { paymentType: 'RF', ...euros('5.00') }), 200, approved);
  expectReply(await act(second.body.id, { paymentType: 'RF', ...euros('15.01') }), 400, '700.400.200');
  expectReply(await act(second.body.id, { paymentType: 'CP', ...euros('1.00') }), 400, '700.400.510');
  const third = await rebill(second.body.id, '30.00');
  assert.equal(third.body.referencedId, second.body.id);
  const initialReference = first.body.resultDetails?.CardholderInitiatedTransactionID;
  assert.deepEqual((await bookedOnce(stack, third)).storedCredential, { initiation: 'M101', initialReference, isInitialKnown: true });
  expectReply(await act(third.body.id, { paymentType: 'RV' }), 200, approved);
  expectReply(await act(third.body.id, { paymentType: 'RB', ...euros('1.00') }), 400, '700.300.300');
  expectReply(await act(first.body.id, { paymentType: 'RF', ...euros('12.50') }), 200, approved);
  await rebill(first.body.id, '1.00');
});

test('a capture, and the authorization that was captured, can be rebilled', async () => {
  const { id } = (await pay({ paymentType: 'PA' })).body;
  expectReply(await act(id, { paymentType: 'RB', ...euros('1.00') }), 400, '700.300.100');
  const capture = expectReply(await act(id, { paymentType: 'CP', ...euros('12.50') }), 200, approved);
  assert.equal((await rebill(capture.body.id, '2.00')).body.referencedId, capture.body.id);
  assert.equal((await rebill(id, '3.00')).body.referencedId, id);
});

test('what cannot be rebilled, in the order of the checks', async () => {
  const declined = expectReply(await stack.post('/v1/payments', debit({ 'card.number': '4000000000000002' })), 400, '800.100.152');
  const first = await pay();
  const refund = expectReply(await act(first.body.id, { paymentType: 'RF', ...euros('2.50') }), 200, approved);
  const wrong: readonly (readonly [string | undefined, Parameters, string])[] = [
    ['0123456789abcdef0123456789abcdef', euros('1.00'), '700.100.100'],
    ['not-an-id', euros('1.00'), '700.100.100'],
    [declined.body.id, euros('1.00'), '700.300.200'],
    [refund.body.id, { amount: '1.00', currency: 'USD' }, '700.300.100'],
    [first.body.id, { amount: '1.00', currency: 'USD' }, '700.100.500'],
    [first.body.id, {}, '100.550.300'],
    [first.body.id, euros('0.00'), '100.550.300'],
  ];
  for (const [id, money, code] of wrong) expectReply(await act(id, { paymentType: 'RB', ...money }), 400, code);
  const byPlain = await stack.post(`/v1/payments/${first.body.id}`, { paymentType: 'RB', ...euros('1.00') }, { as: plain });
  expectReply(byPlain, 400, '700.400.700');
  const byOther = await stack.post(`/v1/payments/${first.body.id}`, { paymentType: 'RB', ...euros('1.00') }, { as: other });
  expectReply(byOther, 400, '700.100.100');
});

test('a rebill by a key is charged once, and its repeat tells what became of it', async () => {
  const { id } = (await pay()).body;
  const headers = { 'idempotency-key': freshName('rebill') };
  const replies = await Promise.all([1, 2, 3].map(() => act(id, { paymentType: 'RB', ...euros('4.00') }, headers)));
  const ids = new Set(replies.filter(({ code }) => code !== '800.600.100').map(({ body }) => body.id));
  assert.equal(ids.size, 1);
  const repeat = expectReply(await act(id, { paymentType: 'RB', ...euros('4.00') }, headers), 200, approved);
  assert.equal(repeat.headers['idempotent-replayed'], 'true');
  assert.ok(ids.has(repeat.body.id ?? ('' as never)));
  expectReply(await act(id, { paymentType: 'RB', ...euros('5.00') }, headers), 400, '200.200.106');
});

test('a rebill that is declined says so; one that is not answered is reversed', async () => {
  const pan = '5454545454545454';
  const { id } = (await pay({ 'card.number': pan, paymentBrand: 'MASTER' })).body;
  await stack.parts.host.addFault({ fault: 'decline', code: '51', pan, mti: '0200' });
  const declined = expectReply(await act(id, { paymentType: 'RB', ...euros('4.00') }), 400, '800.100.155');
  assert.deepEqual([declined.body.paymentType, declined.body.referencedId], ['RB', id]);
  await stack.parts.host.addFault({ fault: 'answer_lost', pan, mti: '0200' });
  const lost = expectReply(await act(id, { paymentType: 'RB', ...euros('4.00') }), 200, '000.200.000');
  expectReply(await act(lost.body.id, { paymentType: 'RB', ...euros('4.00') }), 400, '700.400.570');
  await eventually(async () => (await stack.get(`/v1/query/${lost.body.id}`)).code === '900.100.301', 'the rebill to be reversed');
});
