/** Paymentz: who gets a token, what it opens, and when it ends. */
import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { test } from 'node:test';
import { readToken, writeToken } from '../src/dialects/paymentz/tokens.ts';
import { encode, exchange, type Parameters, type Reply } from './harness/opp.ts';
import { demoMember, expectResult, key, otherMember, purchase, rest, usePaymentzStack, who } from './harness/paymentz.ts';

const stack = usePaymentzStack();
const form = { 'content-type': 'application/x-www-form-urlencoded' };

const ask = (path: string, parameters: Parameters): Promise<Reply> =>
  exchange(stack.url, { method: 'POST', path, headers: form, body: encode(parameters) });
const logIn = (parameters: Parameters): Promise<Reply> => ask(`${rest}/authToken`, parameters);

const login = { 'authentication.partnerId': '1', 'merchant.username': 'demo', 'authentication.sKey': demoMember.key };
const partnerKey = 'aaaabbbbccccddddeeeeffff00001111';
const partnerLogin = { 'authentication.partnerId': '1', 'partner.userName': 'demo-partner', 'authentication.sKey': partnerKey };

const claimsOf = (token: string) => JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>;

test('a member logs in through the partner, or with the member id alone', async () => {
  for (const parameters of [login, { 'authentication.memberId': '10001', 'authentication.sKey': demoMember.key }]) {
    const { body, status } = expectResult(await logIn(parameters), '200');
    assert.deepEqual([status, body.memberId, body.result?.description], [200, '10001', 'Token generated successfully']);
    const claims = claimsOf(body.AuthToken ?? '');
    assert.deepEqual([claims.iss, claims.role, Number(claims.exp) - Number(claims.iat)], ['PZ', 'merchant', 3_600]);
    assert.match(body.timestamp ?? '', /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
  }
  assert.equal((await logIn(login)).body.LoginName, 'demo');
  // A card number in the place of a name is in no answer, and in no token, which is only encoded.
  const odd = { 'merchant.username': '4111111111111111', 'authentication.memberId': '10001', 'authentication.sKey': demoMember.key };
  const { body } = expectResult(await logIn(odd), '200');
  assert.deepEqual([body.LoginName, claimsOf(body.AuthToken ?? '').sub], ['411111******1111', '411111******1111']);
  for (const path of ['/merchantServices/api/v1/authToken', '/invoiceServices/REST/v1/authToken'])
    expectResult(await ask(path, login), '200');
});

test('nobody else gets one', async () => {
  const wrong: readonly Parameters[] = [
    { ...login, 'authentication.sKey': otherMember.key },
    { ...login, 'merchant.username': 'other' },
    { ...login, 'merchant.username': 'nobody' },
    { ...login, 'authentication.partnerId': '2' },
    { ...login, 'authentication.memberId': '10002' },
    { 'authentication.memberId': '10009', 'authentication.sKey': demoMember.key },
    { 'authentication.sKey': demoMember.key },
  ];
  for (const parameters of wrong) {
    const reply = expectResult(await logIn(parameters), '20004');
    assert.equal(reply.body.AuthToken, undefined);
  }
  expectResult(await logIn({ ...login, 'authentication.sKey': undefined }), '20001');
  expectResult(await ask(`${rest}/partnerAuthToken`, { ...partnerLogin, 'authentication.sKey': demoMember.key }), '20004');
  expectResult(await ask(`${rest}/partnerAuthToken`, { ...partnerLogin, 'partner.userName': 'demo' }), '20004');
});

const payWith = (token: string, member = demoMember): Promise<Reply> =>
  stack.clientOf({ member, token: () => Promise.resolve(token) }).pay();

function signed(header: object, claims: object, secret = 'guess'): string {
  const parts = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  return `${parts}.${createHmac('sha256', secret).update(parts).digest('base64url')}`;
}

test('what was not signed here opens nothing', async () => {
  const token = await stack.demo.token();
  const claims = claimsOf(token);
  const [head = '', body = '', signature = ''] = token.split('.');
  const unsigned = `${Buffer.from('{"alg":"none","typ":"JWT"}').toString('base64url')}.${body}.`;
  const forged = signed({ alg: 'HS256', typ: 'JWT' }, claims);
  const changed = `${head}.${Buffer.from(JSON.stringify({ ...claims, member: '10002' })).toString('base64url')}.${signature}`;
  for (const bad of ['', 'x', 'a.b.c', unsigned, forged, changed, `Bearer ${token}`, `${token}x`]) {
    const reply = await payWith(bad);
    assert.equal(reply.status, 401, bad);
    expectResult(reply, '20008');
  }
  expectResult(await payWith(token), '00001');
});

test('the header is found however it is written, and a token opens one member only', async () => {
  const token = await stack.demo.token();
  for (const name of ['authtoken', 'AUTHTOKEN', 'AuthToken']) {
    const reply = await exchange(stack.url, { method: 'GET', path: `${rest}/payments/1`, headers: { [name]: token } });
    expectResult(reply, '10026');
  }
  const foreign = await payWith(token, otherMember);
  assert.deepEqual([foreign.status, foreign.code], [401, '20008']);
});

test('a token can be replaced, and what it was given for must still be there', async () => {
  const token = await stack.demo.token();
  const again = expectResult(await ask(`${rest}/regenerateToken`, { 'authentication.partnerId': '1', authToken: token }), '200');
  assert.equal(again.body.memberId, '10001');
  expectResult(await payWith(again.body.AuthToken ?? ''), '00001');
  const bad = await ask(`${rest}/regenerateToken`, { authToken: `${token}x` });
  assert.deepEqual([bad.status, bad.code], [401, '20008']);
});

test("a partner acts for its members, with its own key or the member's", async () => {
  const { body } = expectResult(await ask(`${rest}/partnerAuthToken`, partnerLogin), '200');
  assert.deepEqual([body.memberId, body.LoginName, claimsOf(body.AuthToken ?? '').role], [undefined, 'demo-partner', 'partner']);
  const token = () => Promise.resolve(body.AuthToken ?? '');
  for (const member of [demoMember, otherMember, { ...demoMember, key: partnerKey }]) {
    expectResult(await stack.clientOf({ member, token }).pay(), '00001', 'capturesuccess', 'Y');
  }
  const partner = stack.clientOf({ member: { ...demoMember, key: partnerKey }, token });
  const listed = await partner.post(`${rest}/getCardsAndAccounts`, ['1', key], { 'authentication.partnerId': '1' });
  assert.ok(listed.code === '00026' || listed.code === '10026', listed.text);
  expectResult(await stack.clientOf({ member: { ...demoMember, memberId: '77' }, token }).pay(), '20008');
  // A member cannot sign with the partner's key.
  expectResult(await stack.clientOf({ member: { ...demoMember, key: partnerKey }, token: stack.demo.token }).pay(), '20003');
});

test('a wrong checksum is told as that, and nothing is done', async () => {
  const sent = purchase();
  const reply = await stack.demo.post(`${rest}/payments`, [who, key, 'another order', '12.50'], sent);
  assert.deepEqual([reply.status, reply.body.paymentId, reply.body.status, reply.body.transactionStatus], [200, '-', 'failed', 'N']);
  expectResult(reply, '20003');
  expectResult(await stack.demo.pay(sent), '00001');
});

test('a token ends after an hour, and can be replaced for another day', async () => {
  let nowMs = Date.UTC(2030, 0, 1);
  const maker = {
    shoppers: { ticketMac: (text: string) => createHash('sha256').update(text).digest() },
    clock: { wallNow: () => nowMs },
  };
  const given = { role: 'merchant', login: 'demo', identifier: '10001', boundTo: 'x' } as const;
  const token = await writeToken(maker, given);
  const rows = [
    [0, true, true],
    [3_599, true, true],
    [3_601, false, true],
    [3_600 + 86_399, false, true],
    [3_600 + 86_401, false, false],
  ] as const;
  for (const [seconds, isGood, isReplaceable] of rows) {
    nowMs = Date.UTC(2030, 0, 1) + seconds * 1_000;
    assert.deepEqual(await readToken(maker, token), isGood ? given : undefined, `after ${seconds} s`);
    assert.deepEqual(await readToken(maker, token, { orLately: true }), isReplaceable ? given : undefined, `after ${seconds} s`);
  }
});
