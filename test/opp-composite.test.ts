/** OPP: PA.CP, a preauthorization and its capture in one request: two operations, told as far as they have come. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { approved, bookedOnce, debit, expectReply, freshName, type Parameters, type Reply, useOppStack } from './harness/opp.ts';
import { eventually } from './harness/processes.ts';

const stack = useOppStack();

const pending = '000.200.000';
const lossy = '5454545454545454';

function compose(more: Parameters = {}, headers: Record<string, string> = {}): Promise<Reply> {
  return stack.post('/v1/payments', debit({ paymentType: 'PA.CP', ...more }), { headers });
}

async function truthOf(id: string | undefined): Promise<Reply> {
  let reply = await stack.get(`/v1/query/${id}`);
  await eventually(async () => {
    reply = await stack.get(`/v1/query/${id}`);
    return reply.code !== pending;
  }, 'the truth about the payment');
  return reply;
}

test('both succeed: the answer is the capture, linked to the authorization', async () => {
  const reply = expectReply(await compose({ merchantTransactionId: freshName('order') }), 200, approved);
  const { id, referencedId, paymentType, amount, currency, card, merchantTransactionId } = reply.body;
  assert.deepEqual([paymentType, amount, currency, card?.last4Digits], ['PA.CP', '12.50', 'EUR', '1111']);
  assert.notEqual(id, referencedId);
  assert.deepEqual((({ kind, amount: minor }) => [kind, minor])(await bookedOnce(stack, reply)), ['capture', 1_250]);
  const hold = expectReply(await stack.get(`/v1/query/${referencedId}`), 200, approved);
  assert.equal(hold.body.paymentType, 'PA');
  assert.deepEqual((({ kind, capturedAmount }) => [kind, capturedAmount])(await bookedOnce(stack, hold)), ['authorization', 1_250]);
  const list = expectReply(await stack.get('/v1/query', { merchantTransactionId }), 200, '000.000.100');
  assert.deepEqual(
    (list.body.payments as unknown as { id: string }[]).map((payment) => payment.id),
    [referencedId, id],
  );
  for (const named of [id, referencedId]) {
    expectReply(await stack.post(`/v1/payments/${named}`, { paymentType: 'RF', amount: '1.00', currency: 'EUR' }), 200, approved);
  }
});

test('a preauthorization that is declined or rejected is the whole story', async () => {
  for (const [number, code] of [
    ['4000000000000002', '800.100.152'],
    ['4111111111111112', '100.100.101'],
  ]) {
    const { body } = expectReply(await compose({ 'card.number': number }), 400, code ?? '');
    assert.deepEqual([body.paymentType, body.referencedId], ['PA', undefined]);
  }
});

test('a preauthorization that is not answered is pending, then reversed; nothing is captured', async () => {
  await stack.parts.host.addFault({ fault: 'answer_lost', pan: lossy, mti: '0100' });
  const reply = expectReply(await compose({ 'card.number': lossy, paymentBrand: 'MASTER' }), 200, pending);
  assert.equal(reply.body.paymentType, 'PA');
  assert.equal((await truthOf(reply.body.id)).code, '900.100.301');
});

test('a capture that is not answered is pending under an id of its own, then captured', async () => {
  await stack.parts.host.addFault({ fault: 'answer_lost', pan: lossy, mti: '0220' });
  const reply = expectReply(await compose({ 'card.number': lossy, paymentBrand: 'MASTER' }), 200, pending);
  const { id, referencedId } = reply.body;
  expectReply(await stack.get(`/v1/query/${referencedId}`), 200, approved);
  expectReply(await truthOf(id), 200, approved);
});

test('a repeat by the key tells the same two operations and captures nothing twice', async () => {
  const headers = { 'idempotency-key': freshName('both') };
  const [one, two] = await Promise.all([compose({}, headers), compose({}, headers)]);
  const first = expectReply(one.code === approved ? one : two, 200, approved);
  const repeat = expectReply(await compose({}, headers), 200, approved);
  assert.deepEqual([repeat.body.id, repeat.body.referencedId], [first.body.id, first.body.referencedId]);
  assert.equal(repeat.headers['idempotent-replayed'], 'true');
  expectReply(await compose({ paymentType: 'PA' }, headers), 400, '200.200.106');
});

test('a repeat finishes what was held and not captured', async () => {
  const headers = { 'idempotency-key': freshName('half') };
  const whole = expectReply(await compose({}, headers), 200, approved);
  const hold = expectReply(await stack.post('/v1/payments', debit({ paymentType: 'PA' })), 200, approved);
  // As if that process had ended between the two: the key leads to a payment that is held and not captured.
  await stack.parts.database.query('update polygate.idempotency_key set operation_id = $1::uuid where key = $2', [
    hold.body.id,
    headers['idempotency-key'],
  ]);
  const repeat = expectReply(await compose({}, headers), 200, approved);
  assert.deepEqual([repeat.body.paymentType, repeat.body.referencedId], ['PA.CP', hold.body.id]);
  assert.notEqual(repeat.body.id, whole.body.id);
  assert.equal((await bookedOnce(stack, hold)).capturedAmount, 1_250);
});
