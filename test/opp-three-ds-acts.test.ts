/** OPP: what a merchant may do about a payment that waits for its shopper, repeats of stand-alone authentications, and the operator's say. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openPage, textOf } from './harness/form-browser.ts';
import { createOperator } from './harness/operator.ts';
import { approved, debit, demo, expectReply, freshName, type Parameters, type Reply, useOppStack } from './harness/opp.ts';
import { eventually } from './harness/processes.ts';
import { answerChallenge, authenticate, browserData, followRedirect, openChallenge, redirectOf, settled } from './harness/shopper.ts';

const stack = useOppStack({ env: { DIRECTORY_SERVER_TIMEOUT_MS: '1000', STATUS_REQUESTS_PER_MINUTE: '1000' } });

const pending = '000.200.000';
const canceled = '100.396.101';

const asynchronous = (card: string, more: Parameters = {}): Parameters =>
  debit({ ...browserData, paymentBrand: undefined, 'card.number': card, shopperResultUrl: `${stack.url}/healthz`, ...more });
const pay = (card: string, more: Parameters = {}): Promise<Reply> => stack.post('/v1/payments', asynchronous(card, more));
const read = (id: string | undefined): Promise<Reply> => stack.get(`/v1/query/${id}`);
const reverse = (id: string | undefined, more: Parameters = {}): Promise<Reply> =>
  stack.post(`/v1/payments/${id}`, { paymentType: 'RV', ...more });

test('a payment that waits for its shopper is taken back: nothing is sent, and the shopper’s page says so', async () => {
  for (const [card, paymentType] of [
    ['5555555555554444', 'PA'],
    ['4000000000003220', 'DB'],
  ] as const) {
    const reply = expectReply(await pay(card, { paymentType }), 200, pending);
    const before = (await stack.parts.host.books()).length;
    const reversal = expectReply(await reverse(reply.body.id), 200, approved);
    assert.deepEqual([reversal.body.paymentType, reversal.body.referencedId], ['RV', reply.body.id]);
    expectReply(await read(reply.body.id), 400, canceled);
    const page = await openPage(redirectOf(reply).url);
    assert.match(page.url, /\/healthz/, 'a program follows the redirect');
    const headers = { accept: 'text/html', 'sec-fetch-mode': 'navigate' };
    const shown = await stack.send({ method: 'GET', path: new URL(redirectOf(reply).url).pathname, headers });
    assert.match(shown.text, /This payment was canceled/);
    assert.equal((await stack.parts.host.books()).length, before);
    expectReply(await reverse(reply.body.id), 400, '700.300.200');
  }
});

test('taken back while the shopper is at the issuer: the code that is typed afterwards changes nothing', async () => {
  const reply = expectReply(await pay('5555555555554444'), 200, pending);
  const challenge = await openChallenge(await settled(await followRedirect(reply)));
  expectReply(await reverse(reply.body.id, { amount: '12.50', currency: 'EUR' }), 200, approved);
  const home = await answerChallenge(challenge, { code: '1234', act: 'confirm' });
  assert.equal(new URL(home.url).pathname, '/healthz', textOf(home));
  expectReply(await read(reply.body.id), 400, canceled);
});

test('a part of what waits cannot be taken back, nor what another entity has', async () => {
  const reply = expectReply(await pay('5555555555554444'), 200, pending);
  expectReply(await reverse(reply.body.id, { amount: '2.50', currency: 'EUR' }), 400, '700.400.570');
  const other = await stack.post(`/v1/payments/${reply.body.id}`, { paymentType: 'RV', entityId: '0f0e0d0c0b0a09080706050403020199' });
  expectReply(other, 400, '700.400.700');
  expectReply(await read(reply.body.id), 200, pending);
  await authenticate(reply);
  expectReply(await read(reply.body.id), 200, approved);
});

test('taken back and confirmed at the same moment: one of them counts', async () => {
  for (let round = 0; round < 4; round += 1) {
    const reply = expectReply(await pay('5555555555554444', { paymentType: 'PA' }), 200, pending);
    const challenge = await openChallenge(await settled(await followRedirect(reply)));
    const [reversal] = await Promise.all([reverse(reply.body.id), answerChallenge(challenge, { code: '1234', act: 'confirm' })]);
    await eventually(async () => (await read(reply.body.id)).code !== pending, 'the payment to come to an end');
    const { code } = await read(reply.body.id);
    assert.ok(code === canceled || code === approved, String(code));
    if (code === canceled) assert.equal(reversal.code, approved);
    else assert.match(reversal.code ?? '', /^(700\.400\.570|000\.100\.110)$/);
  }
});

test('a stand-alone authentication under a key is made once, also of two requests at the same moment', async () => {
  const { paymentType: _type, ...wanted } = asynchronous('5555555555554444');
  const headers = { 'idempotency-key': freshName('key') };
  const ask = (more: Parameters = {}) => stack.post('/v1/threeDSecure', { ...wanted, ...more }, { headers });
  const [first, twin] = await Promise.all([ask(), ask()]);
  expectReply(first, 200, pending);
  assert.equal(twin.body.id, first.body.id);
  assert.deepEqual([first, twin].map((reply) => reply.headers['idempotent-replayed']).toSorted(), ['true', undefined]);
  expectReply(await ask({ amount: '13.00' }), 400, '200.200.106');
  await authenticate(first);
  const again = expectReply(await ask(), 200, approved);
  assert.deepEqual([again.body.id, again.headers['idempotent-replayed']], [first.body.id, 'true']);
  const other = expectReply(await stack.post('/v1/threeDSecure', wanted), 200, pending);
  assert.notEqual(other.body.id, first.body.id);
});

test('the operator says what becomes of payments that nobody could authenticate', async () => {
  const operator = createOperator(stack.parts.env);
  const set = (act: string) =>
    operator.json<{ withoutAuthentication: string }>(
      ...['channel', 'set', '--dialect', 'opp', '--wire-id', demo.entityId, '--without-authentication', act],
    );
  assert.equal((await set('stop')).withoutAuthentication, 'stop');
  await eventually(async () => (await pay('4000000000003105')).code === '100.390.107', 'the gateway to follow');
  assert.equal((await set('proceed')).withoutAuthentication, 'proceed');
  await eventually(async () => (await pay('4000000000003105')).code === approved, 'the gateway to follow');
  await assert.rejects(set('perhaps'), /proceed or stop/);
});

const exempted = async (reply: Reply): Promise<string | undefined> => {
  const { body } = await read(reply.body.id);
  const [entry] = await stack.books(body.resultDetails?.ConnectorTxID1 ?? '-');
  return entry?.authentication?.exemption;
};

test('an exemption goes into the authorization as well, unless the shopper was authenticated after all', async () => {
  for (const [flag, element] of [
    ['01', '01'],
    ['2', '02'],
    ['03', '03'],
    ['04', '04'],
    ['09', undefined],
  ] as const) {
    const direct = expectReply(await stack.post('/v1/payments', debit({ 'threeDSecure.exemptionFlag': flag })), 200, approved);
    assert.equal(await exempted(direct), element, flag);
  }
  const granted = expectReply(await pay('5555555555554444', { 'threeDSecure.exemptionFlag': '02' }), 200, approved);
  assert.equal(granted.body.threeDSecure?.authenticationStatus, 'I');
  assert.equal(await exempted(granted), '02');
  const unavailable = expectReply(await pay('4000000000003105', { 'threeDSecure.exemptionFlag': '02' }), 200, approved);
  assert.equal(await exempted(unavailable), '02');
  // This issuer asks nevertheless.
  const challenged = expectReply(await pay('4000002760003184', { 'threeDSecure.exemptionFlag': '02' }), 200, pending);
  await authenticate(challenged);
  expectReply(await read(challenged.body.id), 200, approved);
  assert.equal(await exempted(challenged), undefined);
  // And this one declines softly: after the challenge nothing is claimed any more.
  const stepped = expectReply(await pay('4000000000000101', { 'threeDSecure.exemptionFlag': '02' }), 200, pending);
  await authenticate(stepped);
  expectReply(await read(stepped.body.id), 200, approved);
  assert.equal(await exempted(stepped), undefined);
});
