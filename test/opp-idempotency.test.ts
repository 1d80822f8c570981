/** OPP: the form of the optional header Idempotency-Key, and what it compares. The contract suite tells what a key is good for. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { approved, debit, expectReply, freshName, type Parameters, plain, type Reply, useOppStack } from './harness/opp.ts';

const stack = useOppStack();

const newKey = () => freshName('key');

function pay(key: string, more: Parameters = {}): Promise<Reply> {
  return stack.post('/v1/payments', debit(more), { headers: { 'idempotency-key': key } });
}

function act(key: string, id: string | undefined, parameters: Parameters): Promise<Reply> {
  return stack.post(`/v1/payments/${id}`, parameters, { headers: { 'idempotency-key': key } });
}

test('the same request again gets the same payment, marked as a replay', async () => {
  const key = newKey();
  const first = expectReply(await pay(key), 200, approved);
  assert.equal(first.headers['idempotent-replayed'], undefined);
  const again = expectReply(await pay(key), 200, approved);
  assert.equal(again.headers['idempotent-replayed'], 'true');
  assert.equal(again.body.id, first.body.id);
  // The code is no part of the comparison: it is not kept anywhere.
  assert.equal((await pay(key, { 'card.cvv': '987' })).body.id, first.body.id);
  const [entry, ...more] = await stack.books(first.body.resultDetails?.ConnectorTxID1 ?? '');
  assert.deepEqual([entry?.amount, more.length], [1250, 0]);
});

test('another request with the same key is refused, whatever differs', async () => {
  const key = newKey();
  const { id } = expectReply(await pay(key), 200, approved).body;
  const others: readonly Parameters[] = [
    { amount: '12.51' },
    { currency: 'USD' },
    { paymentType: 'PA' },
    { 'card.number': '4242424242424242' },
    { 'card.expiryYear': '2035' },
    { 'card.holder': 'Bea Example' },
    { merchantTransactionId: 'another' },
    { createRegistration: 'true' },
    { descriptor: 'another' },
  ];
  for (const more of others) assert.equal(expectReply(await pay(key, more), 400, '200.200.106').body.id, undefined);
  expectReply(await act(key, id, { paymentType: 'RV' }), 400, '200.200.106');
  const elsewhere = await stack.post('/v1/payments', debit(), { as: plain, headers: { 'idempotency-key': key } });
  assert.notEqual(expectReply(elsewhere, 200, approved).body.id, id);
});

test('keys: 1 to 255 printable characters, in quotes or not', async () => {
  const key = newKey();
  const first = expectReply(await pay(`"${key}"`), 200, approved);
  assert.equal((await pay(key)).body.id, first.body.id);
  expectReply(await pay('x'.repeat(255)), 200, approved);
  for (const bad of ['', '""', 'x'.repeat(256), 'schlüssel']) {
    const reply = expectReply(await pay(bad), 400, '200.300.404');
    assert.match(reply.text, /"name":"Idempotency-Key","value":null,"message":"must be 1 to 255 printable ASCII characters"/);
  }
});
