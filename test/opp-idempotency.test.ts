/** OPP: the optional header Idempotency-Key: one operation per key, whatever happens around it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { approved, debit, expectReply, freshName, type Parameters, plain, type Reply, useOppStack } from './harness/opp.ts';
import { eventually } from './harness/processes.ts';

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

test('many at once with one key are one payment', async () => {
  const key = newKey();
  const replies = await Promise.all(Array.from({ length: 12 }, () => pay(key, { merchantTransactionId: key })));
  for (const reply of replies) assert.ok(['000.100.110', '000.200.000', '800.600.100'].includes(reply.code ?? ''), reply.text);
  const ids = new Set(replies.map(({ body }) => body.id).filter((id) => id !== undefined));
  assert.equal(ids.size, 1);
  const list = await stack.get('/v1/query', { merchantTransactionId: key });
  assert.equal((JSON.parse(list.text) as { payments: unknown[] }).payments.length, 1);
});

test('a repeat while the first is under way says pending with its id; after it, the truth', async () => {
  const key = newKey();
  const lost = { 'card.number': '4000000000000911' };
  const first = pay(key, lost);
  const repeats: Reply[] = [];
  await eventually(async () => {
    repeats.push(await pay(key, lost));
    return repeats.at(-1)?.headers['idempotent-replayed'] === 'true';
  }, 'a repeat that finds the first');
  const { body } = expectReply(await first, 200, '000.200.000');
  assert.deepEqual(new Set(repeats.flatMap((reply) => reply.body.id ?? [])), new Set([body.id]));
  await eventually(async () => (await pay(key, lost)).code !== '000.200.000', 'the end of the doubt');
  assert.equal(expectReply(await pay(key, lost), 400, '900.100.301').body.id, body.id);
});

test('a decline and a rejection are replayed as such', async () => {
  for (const [number, code] of [
    ['4000000000009995', '800.100.155'],
    ['4111111111111112', '100.100.101'],
  ] as const) {
    const key = newKey();
    const first = expectReply(await pay(key, { 'card.number': number }), 400, code);
    assert.equal(expectReply(await pay(key, { 'card.number': number }), 400, code).body.id, first.body.id);
  }
});

test('a refusal keeps no key: the mended request goes through', async () => {
  const key = newKey();
  expectReply(await pay(key, { amount: '0.00' }), 400, '100.550.300');
  expectReply(await pay(key, { amount: '1.5' }), 400, '200.300.404');
  expectReply(await pay(key), 200, approved);
});

test('operations: the same again is the same one, money moves once', async () => {
  const sale = expectReply(await stack.post('/v1/payments', debit({ paymentType: 'PA' })), 200, approved);
  const { id } = sale.body;
  for (const parameters of [
    { paymentType: 'CP', amount: '5.00', currency: 'EUR' },
    { paymentType: 'RF', amount: '2.00', currency: 'EUR' },
    { paymentType: 'RV', amount: '1.00', currency: 'EUR' },
  ]) {
    const key = newKey();
    const first = expectReply(await act(key, id, parameters), 200, approved);
    const again = expectReply(await act(key, id, parameters), 200, approved);
    assert.deepEqual([again.body.id, again.headers['idempotent-replayed']], [first.body.id, 'true']);
    expectReply(await act(key, id, { ...parameters, amount: '1.01' }), 400, '200.200.106');
  }
  const [entry] = await stack.books(sale.body.resultDetails?.ConnectorTxID1 ?? '');
  assert.deepEqual([entry?.capturedAmount, entry?.reversedAmount], [500, 100]);
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
