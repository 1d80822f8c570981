/** OPP: stored cards without a payment: made, read, paid with, deleted. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { approved, debit, demo, expectReply, freshName, other, type Parameters, plain, type Reply, useOppStack } from './harness/opp.ts';

const stack = useOppStack();

/** A card without a payment; `more` replaces and removes. */
function card(more: Parameters = {}): Parameters {
  return debit({ paymentType: undefined, amount: undefined, currency: undefined, ...more });
}

const money = { paymentType: 'DB', amount: '3.00', currency: 'EUR' };

function pay(token: string | undefined, as = demo): Promise<Reply> {
  return stack.post(`/v1/registrations/${token}/payments`, money, { as });
}

function remove(token: string | undefined, { as = demo, headers = {}, parameters = {} } = {}): Promise<Reply> {
  return stack.remove(`/v1/registrations/${token}`, parameters, { as, headers });
}

test('a card is stored, read and paid with', async () => {
  const reference = freshName('card');
  const sent = card({ merchantTransactionId: reference, 'customParameters[shelf]': 'top', 'customer.givenName': 'Ada' });
  const made = expectReply(await stack.post('/v1/registrations', sent), 200, approved);
  assert.match(made.body.id ?? '', /^[a-f][a-f0-9]{31}$/);
  assert.deepEqual(made.body.card, { bin: '411111', last4Digits: '1111', holder: 'Ada Example', expiryMonth: '12', expiryYear: '2034' });
  assert.deepEqual(
    [made.body.paymentBrand, made.body.merchantTransactionId, made.body.customParameters?.shelf, made.body.customer?.givenName],
    ['VISA', reference, 'top', 'Ada'],
  );
  assert.deepEqual([made.body.paymentType, made.body.amount, made.body.currency], [undefined, undefined, undefined]);
  const read = expectReply(await stack.get(`/v1/registrations/${made.body.id}`), 200, approved);
  assert.deepEqual({ ...read.body, timestamp: '', ndc: '' }, { ...made.body, timestamp: '', ndc: '' });
  assert.match(read.body.timestamp ?? '', /\.\d{3}\+0000$/);
  const paid = expectReply(await pay(made.body.id), 200, approved);
  assert.deepEqual([paid.body.registrationId, paid.body.amount], [made.body.id, '3.00']);
  assert.notEqual(paid.body.id, made.body.id);
  assert.equal((await stack.books(paid.body.resultDetails?.ConnectorTxID1 ?? '')).length, 1);
});

test('without a brand the number tells it, and a token that a payment made can be read as well', async () => {
  const made = await stack.post(
    '/v1/registrations',
    card({ paymentBrand: undefined, 'card.number': '5555555555554444', 'card.cvv': undefined }),
  );
  assert.equal(expectReply(made, 200, approved).body.paymentBrand, 'MASTER');
  const { registrationId } = (await stack.post('/v1/payments', debit({ createRegistration: 'true' }))).body;
  const read = expectReply(await stack.get(`/v1/registrations/${registrationId}`), 200, approved);
  assert.deepEqual([read.body.id, read.body.paymentBrand, read.body.card?.last4Digits], [registrationId, 'VISA', '1111']);
});

const bad: readonly (readonly [what: string, more: Parameters, code: string])[] = [
  ['a wrong check digit', { 'card.number': '4444444444444444' }, '100.100.101'],
  ['an expired card', { 'card.expiryYear': '2020' }, '100.100.303'],
  ['a brand that is not the number’s', { paymentBrand: 'MASTER' }, '100.100.700'],
  ['a code that is too long', { 'card.cvv': '1234' }, '100.100.601'],
];

for (const [what, more, code] of bad) {
  test(`${what} is recorded with an id that cannot be paid with`, async () => {
    const made = expectReply(await stack.post('/v1/registrations', card(more)), 400, code);
    assert.match(made.body.id ?? '', /^[a-f0-9]{32}$/);
    assert.equal(made.body.card?.holder, 'Ada Example');
    assert.equal(expectReply(await stack.get(`/v1/registrations/${made.body.id}`), 400, code).body.id, made.body.id);
    assert.equal(expectReply(await pay(made.body.id), 400, '100.150.203').body.id, undefined);
    expectReply(await remove(made.body.id), 400, '100.150.203');
    expectReply(await pay(made.body.id, other), 400, '100.150.200');
  });
}

test('what belongs to a payment is refused, and so is a card that is missing', async () => {
  const reply = expectReply(await stack.post('/v1/registrations', debit()), 400, '200.300.404');
  for (const name of ['paymentType', 'amount', 'currency']) assert.match(reply.text, new RegExp(`"name":"${name}"`));
  expectReply(await stack.post('/v1/registrations', card({ 'card.number': undefined })), 400, '100.100.100');
  expectReply(await stack.post('/v1/registrations', card({ paymentBrand: 'IDEAL' })), 400, '600.200.201');
});

test('deleted once: a new id that refers to it, then every use says so', async () => {
  const { id } = (await stack.post('/v1/registrations', card())).body;
  const paid = expectReply(await pay(id), 200, approved);
  const gone = expectReply(await remove(id, { parameters: { testMode: 'INTERNAL' } }), 200, approved);
  assert.match(gone.body.id ?? '', /^[a-f0-9]{32}$/);
  assert.notEqual(gone.body.id, id);
  assert.equal(gone.body.referencedId, id);
  assert.equal(expectReply(await remove(id), 400, '100.150.202').body.id, undefined);
  expectReply(await pay(id), 400, '100.150.202');
  expectReply(await stack.get(`/v1/registrations/${id}`), 400, '100.150.202');
  // What was paid with it can still be given back.
  expectReply(await stack.post(`/v1/payments/${paid.body.id}`, { ...money, paymentType: 'RF' }), 200, approved);
});

test('of deletions at the same moment one is the deletion', async () => {
  const { id } = (await stack.post('/v1/registrations', card())).body;
  const replies = await Promise.all(Array.from({ length: 6 }, () => remove(id)));
  assert.deepEqual(replies.map(({ code }) => code).sort(), [approved, ...Array.from({ length: 5 }, () => '100.150.202')].sort());
});

test('ids that name nothing', async () => {
  for (const [id, status, code] of [
    ['short', 400, '100.150.101'],
    ['a'.repeat(33), 400, '100.150.101'],
    ['a'.repeat(32), 404, '100.150.200'],
    ['0'.repeat(32), 404, '100.150.200'],
    [`${'a'.repeat(31)}%00`, 404, '100.150.200'],
  ] as const) {
    expectReply(await stack.get(`/v1/registrations/${id}`), status, code);
    expectReply(await remove(id), status === 404 ? 400 : status, code);
    expectReply(await pay(id), status === 404 ? 400 : status, code);
  }
});

test('another merchant’s token does not exist; every entity of the merchant has it', async () => {
  const { id } = (await stack.post('/v1/registrations', card())).body;
  expectReply(await stack.get(`/v1/registrations/${id}`, {}, { as: other }), 404, '100.150.200');
  expectReply(await remove(id, { as: other }), 400, '100.150.200');
  expectReply(await stack.get(`/v1/registrations/${id}`, {}, { as: plain }), 200, approved);
  expectReply(await pay(id, plain), 200, approved);
  expectReply(await remove(id, { as: plain }), 200, approved);
  expectReply(await pay(id), 400, '100.150.202');
});

test('a key repeats what it has done, and nothing else', async () => {
  const headers = { 'idempotency-key': freshName('key') };
  const first = expectReply(await stack.post('/v1/registrations', card(), { headers }), 200, approved);
  const again = expectReply(await stack.post('/v1/registrations', card(), { headers }), 200, approved);
  assert.deepEqual([again.body.id, again.headers['idempotent-replayed']], [first.body.id, 'true']);
  expectReply(await stack.post('/v1/registrations', card({ 'card.holder': 'Somebody Else' }), { headers }), 400, '200.200.106');
  expectReply(await stack.post('/v1/registrations', card({ 'card.number': '4242424242424242' }), { headers }), 400, '200.200.106');
  const many = { 'idempotency-key': freshName('key') };
  const ids = await Promise.all(
    Array.from({ length: 6 }, async () => (await stack.post('/v1/registrations', card(), { headers: many })).body.id),
  );
  assert.equal(new Set(ids).size, 1);
  expectReply(await pay(ids[0]), 200, approved);
  const end = { 'idempotency-key': freshName('key') };
  const gone = expectReply(await remove(ids[0], { headers: end }), 200, approved);
  assert.equal(expectReply(await remove(ids[0], { headers: end }), 200, approved).body.id, gone.body.id);
});

test('credentials, methods and parameters are looked at as everywhere', async () => {
  const { id } = (await stack.post('/v1/registrations', card())).body;
  expectReply(await stack.send({ method: 'DELETE', path: `/v1/registrations/${id}?entityId=${demo.entityId}` }), 401, '800.900.300');
  expectReply(await remove(id, { as: { ...demo, bearer: other.bearer } }), 403, '800.900.300');
  expectReply(await remove(id, { parameters: { amount: '1.00' } }), 400, '200.300.404');
  const wrong = await stack.send({ method: 'PUT', path: `/v1/registrations/${id}` });
  assert.equal(expectReply(wrong, 400, '200.300.403').headers.allow, 'DELETE, GET');
  expectReply(await pay(id), 200, approved);
});

test('a payment with a token that names a brand is one of that brand, or none', async () => {
  const { body: stored } = expectReply(await stack.post('/v1/registrations', card()), 200, approved);
  const payAs = (paymentBrand: string) => stack.post(`/v1/registrations/${stored.id}/payments`, { ...money, paymentBrand });
  const named = expectReply(await payAs('VISADEBIT'), 200, approved);
  assert.equal(named.body.paymentBrand, 'VISADEBIT');
  const { body } = expectReply(await payAs('MASTER'), 400, '100.100.700');
  assert.deepEqual([body.paymentType, body.paymentBrand, body.card?.last4Digits, body.amount], ['DB', 'MASTER', '1111', undefined]);
  expectReply(await stack.get(`/v1/query/${body.id}`), 400, '100.100.700');
  for (const [brand, code] of [
    ['NOBODY', '100.100.501'],
    ['MADA', '600.200.201'],
    ['IDEAL', '600.200.100'],
  ] as const) {
    assert.equal(expectReply(await payAs(brand), 400, code).body.id, undefined);
  }
});
