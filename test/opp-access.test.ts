/** OPP: who is let in, in every way that clients identify themselves, and that nobody sees or touches what is another's. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  approved,
  bearerOf,
  debit,
  demo,
  encode,
  expectReply,
  freshName,
  other,
  type Parameters,
  plain,
  type Reply,
  useOppStack,
} from './harness/opp.ts';

const stack = useOppStack();

const userId = demo.entityId;
const legacy = { 'authentication.userId': userId, 'authentication.password': 'sandbox' };
const unknownEntity = 'f'.repeat(32);

interface Case {
  readonly what: string;
  readonly authorization?: string;
  readonly parameters: Parameters;
  readonly expected: readonly [status: number, code: string];
}

const let_in = [200, approved] as const;
const nameless = [401, '800.900.300'] as const;
const forbidden = [403, '800.900.300'] as const;
const noEntity = [400, '200.300.404'] as const;

const cases: readonly Case[] = [
  { what: 'bearer and entity', authorization: demo.bearer, parameters: { entityId: demo.entityId }, expected: let_in },
  {
    what: 'a bearer token without padding',
    authorization: demo.bearer.replace(/=+$/, ''),
    parameters: { entityId: demo.entityId },
    expected: let_in,
  },
  {
    what: 'another word for bearer',
    authorization: demo.bearer.replace('Bearer', 'bearer'),
    parameters: { entityId: demo.entityId },
    expected: let_in,
  },
  { what: 'the second entity of the merchant', authorization: demo.bearer, parameters: { entityId: plain.entityId }, expected: let_in },
  {
    what: 'bearer and authentication.entityId',
    authorization: demo.bearer,
    parameters: { 'authentication.entityId': demo.entityId },
    expected: let_in,
  },
  { what: 'legacy login', parameters: { entityId: demo.entityId, ...legacy }, expected: let_in },
  {
    what: 'legacy login and authentication.entityId',
    parameters: { 'authentication.entityId': demo.entityId, ...legacy },
    expected: let_in,
  },
  { what: 'both logins', authorization: demo.bearer, parameters: { entityId: demo.entityId, ...legacy }, expected: let_in },
  {
    what: 'both ways to name the entity',
    authorization: demo.bearer,
    parameters: { entityId: demo.entityId, 'authentication.entityId': demo.entityId },
    expected: let_in,
  },
  { what: 'nothing', parameters: { entityId: demo.entityId }, expected: nameless },
  { what: 'an empty header', authorization: '', parameters: { entityId: demo.entityId }, expected: nameless },
  { what: 'Basic', authorization: demo.bearer.replace('Bearer', 'Basic'), parameters: { entityId: demo.entityId }, expected: nameless },
  { what: 'a token that is no base64', authorization: 'Bearer {token}', parameters: { entityId: demo.entityId }, expected: nameless },
  {
    what: 'a token without its two parts',
    authorization: `Bearer ${Buffer.from('sandbox').toString('base64')}`,
    parameters: { entityId: demo.entityId },
    expected: nameless,
  },
  {
    what: 'a token with a NUL in it',
    authorization: bearerOf(userId, 'a\0b'),
    parameters: { entityId: demo.entityId },
    expected: nameless,
  },
  { what: 'a user id alone', parameters: { entityId: demo.entityId, 'authentication.userId': userId }, expected: nameless },
  {
    what: 'an empty legacy password',
    parameters: { entityId: demo.entityId, 'authentication.userId': userId, 'authentication.password': '' },
    expected: nameless,
  },
  {
    what: 'a malformed header beside a good legacy login',
    authorization: 'Bearer',
    parameters: { entityId: demo.entityId, ...legacy },
    expected: nameless,
  },
  { what: 'a wrong password', authorization: bearerOf(userId, 'Sandbox'), parameters: { entityId: demo.entityId }, expected: forbidden },
  {
    what: 'an unknown user',
    authorization: bearerOf(unknownEntity, 'sandbox'),
    parameters: { entityId: demo.entityId },
    expected: forbidden,
  },
  {
    what: 'a user id as long as a book',
    authorization: bearerOf('a'.repeat(5_000), 'sandbox'),
    parameters: { entityId: demo.entityId },
    expected: forbidden,
  },
  {
    what: 'a wrong legacy password',
    parameters: { entityId: demo.entityId, ...legacy, 'authentication.password': 'wrong' },
    expected: forbidden,
  },
  {
    what: 'a wrong token beside a good legacy login',
    authorization: bearerOf(userId, 'wrong'),
    parameters: { entityId: demo.entityId, ...legacy },
    expected: forbidden,
  },
  { what: 'the entity of another merchant', authorization: demo.bearer, parameters: { entityId: other.entityId }, expected: forbidden },
  { what: 'the login of another merchant', authorization: other.bearer, parameters: { entityId: demo.entityId }, expected: forbidden },
  {
    what: 'an unknown entity with a wrong password',
    authorization: bearerOf(userId, 'wrong'),
    parameters: { entityId: unknownEntity },
    expected: forbidden,
  },
  { what: 'no entity', authorization: demo.bearer, parameters: {}, expected: noEntity },
  { what: 'an empty entity', authorization: demo.bearer, parameters: { entityId: '' }, expected: noEntity },
  { what: 'an unknown entity', authorization: demo.bearer, parameters: { entityId: unknownEntity }, expected: noEntity },
  {
    what: 'an entity in upper case',
    authorization: demo.bearer,
    parameters: { entityId: demo.entityId.toUpperCase() },
    expected: noEntity,
  },
  { what: 'a malformed entity', authorization: demo.bearer, parameters: { entityId: 'shop' }, expected: noEntity },
];

const form = { 'content-type': 'application/x-www-form-urlencoded' };

for (const { what, authorization, parameters, expected } of cases) {
  test(`${what}: ${expected.join(' ')}`, async () => {
    const headers = authorization === undefined ? {} : { authorization };
    const posted = await stack.send({
      method: 'POST',
      path: '/v1/payments',
      headers: { ...headers, ...form },
      body: encode(debit(parameters)),
    });
    expectReply(posted, ...expected);
    assertEntityError(posted);
    const { id } = expected === let_in ? posted.body : (await stack.post('/v1/payments', debit())).body;
    const acted = await stack.send({
      method: 'POST',
      path: `/v1/payments/${id}`,
      headers: { ...headers, ...form },
      body: encode({ paymentType: 'RV', ...parameters }),
    });
    expectReply(acted, ...expected);
    const queried = await stack.send({ method: 'GET', path: `/v1/query/${id}?${encode(parameters)}`, headers });
    expectReply(queried, ...expected);
    assertEntityError(queried);
    assert.doesNotMatch(posted.text + acted.text + queried.text, /sandbox2?"|MGYw/);
  });
}

function assertEntityError(reply: Reply): void {
  if (reply.code !== '200.300.404') return;
  assert.match(reply.text, /"parameterErrors":\[\{"name":"entityId","value":(null|"[^"]*"),"message":"invalid or missing parameter"\}\]/);
}

test('a wrong login and a missing one are told apart by status, and by nothing else', async () => {
  const wrong = await stack.send({
    method: 'GET',
    path: `/v1/query/x?entityId=${demo.entityId}`,
    headers: { authorization: bearerOf(userId, 'x') },
  });
  assert.equal(wrong.body.result?.description, 'invalid authentication information');
});

test('another merchant’s payments, tokens and references do not exist', async () => {
  const reference = freshName('shared');
  const mine = await stack.post('/v1/payments', debit({ paymentType: 'PA', createRegistration: 'true', merchantTransactionId: reference }));
  const { id, registrationId } = expectReply(mine, 200, approved).body;
  const as = other;
  const money = { amount: '1.00', currency: 'EUR' };
  expectReply(await stack.get(`/v1/payments/${id}`, {}, { as }), 404, '200.300.404');
  expectReply(await stack.get(`/v1/query/${id}`, {}, { as }), 404, '700.400.580');
  expectReply(await stack.get('/v1/query', { merchantTransactionId: reference }, { as }), 404, '700.400.580');
  expectReply(await stack.post(`/v1/payments/${id}`, { paymentType: 'CP', ...money }, { as }), 400, '700.400.510');
  expectReply(await stack.post(`/v1/payments/${id}`, { paymentType: 'RV' }, { as }), 400, '700.400.530');
  expectReply(await stack.post(`/v1/payments/${id}`, { paymentType: 'RF', ...money }, { as }), 400, '600.200.500');
  expectReply(
    await stack.post(`/v1/registrations/${registrationId}/payments`, { paymentType: 'DB', ...money }, { as }),
    400,
    '100.150.200',
  );
  expectReply(await stack.post(`/v1/payments/${id}`, { paymentType: 'CP', ...money }), 200, approved);
});

test('another entity of the same merchant: reports keep apart, acts name the fault, tokens are the merchant’s', async () => {
  const { id, registrationId } = (await stack.post('/v1/payments', debit({ createRegistration: 'true' }))).body;
  expectReply(await stack.get(`/v1/payments/${id}`, {}, { as: plain }), 404, '200.300.404');
  expectReply(await stack.get(`/v1/query/${id}`, {}, { as: plain }), 404, '700.400.580');
  expectReply(await stack.post(`/v1/payments/${id}`, { paymentType: 'RV' }, { as: plain }), 400, '700.400.700');
  const paid = await stack.post(
    `/v1/registrations/${registrationId}/payments`,
    { paymentType: 'DB', amount: '1.00', currency: 'EUR' },
    { as: plain },
  );
  expectReply(paid, 200, approved);
});
