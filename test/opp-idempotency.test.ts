/** OPP: the form of the optional header Idempotency-Key, and what it compares. The contract suite tells what a key is good for. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { approved, debit, demo, expectReply, freshName, type Parameters, plain, type Reply, useOppStack } from './harness/opp.ts';

const stack = useOppStack();

const created = '000.200.100';
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
  for (const more of others) {
    const reply = expectReply(await pay(key, more), 400, '200.200.106');
    assert.equal(reply.body.id, undefined);
    assert.match(
      reply.text,
      /"parameterErrors":\[\{"name":"Idempotency-Key","value":null,"message":"was sent with another request before;/,
    );
  }
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

test('checkouts: the same request again gets the same checkout, and another one is refused', async () => {
  const key = newKey();
  const order = { amount: '31.00', currency: 'EUR', paymentType: 'DB', shopperResultUrl: 'https://shop.example/back' };
  const open = (more: Parameters = {}, headers: Record<string, string> = { 'idempotency-key': key }, as = demo) =>
    stack.post('/v1/checkouts', { ...order, ...more }, { headers, as });
  const opened = (reply: Reply, code = created) => {
    assert.deepEqual([reply.status, reply.code], [200, code], reply.text);
    return reply;
  };
  const first = opened(await open());
  assert.equal(first.headers['idempotent-replayed'], undefined);
  const { id } = first.body;
  const again = opened(await open());
  assert.deepEqual([again.body.id, again.headers['idempotent-replayed']], [id, 'true']);
  for (const more of [{ amount: '31.01' }, { paymentType: 'PA' }, { merchantTransactionId: 'another' }]) {
    assert.equal(expectReply(await open(more), 400, '200.200.106').body.id, undefined);
  }
  // What was changed since is no other request.
  opened(await stack.post(`/v1/checkouts/${id}`, { amount: '32.00', currency: 'EUR' }), '000.200.101');
  assert.equal(opened(await open()).body.id, id);
  assert.notEqual((await open({}, {})).body.id, (await open({}, {})).body.id);
  assert.notEqual((await open({}, undefined, plain)).body.id, id);
  // A key of a checkout is none of a payment.
  expectReply(await pay(key), 200, approved);
  const at = newKey();
  const atOnce = await Promise.all(Array.from({ length: 8 }, () => open({}, { 'idempotency-key': at })));
  assert.deepEqual([new Set(atOnce.map(({ status }) => status)), new Set(atOnce.map(({ body }) => body.id)).size], [new Set([200]), 1]);
  const keeping = { amount: undefined, currency: undefined, paymentType: undefined, createRegistration: 'true' };
  const kept = newKey();
  const keep = async () => opened(await open(keeping, { 'idempotency-key': kept })).body.id;
  assert.equal(await keep(), await keep());
});

test('registrations: the same request again gets the same token', async () => {
  const key = newKey();
  const { paymentType: _type, amount: _amount, currency: _currency, 'card.cvv': _code, ...card } = debit();
  const register = (more: Parameters = {}) =>
    stack.post('/v1/registrations', { ...card, ...more }, { headers: { 'idempotency-key': key } });
  const first = expectReply(await register(), 200, approved);
  const again = expectReply(await register(), 200, approved);
  assert.deepEqual([again.body.id, again.headers['idempotent-replayed']], [first.body.id, 'true']);
  expectReply(await register({ 'card.holder': 'Bea Example' }), 400, '200.200.106');
});
