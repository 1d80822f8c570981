/** OPP: payments whose shopper authenticates, with every card of the sandbox that takes part in 3-D Secure. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { approved, debit, expectReply, freshName, type Parameters, type Reply, useOppStack } from './harness/opp.ts';
import { answerChallenge, authenticate, browserData, followRedirect, goOn, openChallenge, runMethod, settled } from './harness/shopper.ts';

const stack = useOppStack({ env: { DIRECTORY_SERVER_TIMEOUT_MS: '1000', STATUS_REQUESTS_PER_MINUTE: '1000' } });

const pending = '000.200.000';

/** A debit whose shopper is there; it comes back to a page that exists. */
function asynchronous(card: string, more: Parameters = {}): Parameters {
  return debit({
    ...{ ...browserData, 'card.number': card, paymentBrand: undefined },
    shopperResultUrl: `${stack.url}/healthz?order=7#top`,
    ...more,
  });
}

const pay = (card: string, more: Parameters = {}): Promise<Reply> => stack.post('/v1/payments', asynchronous(card, more));
const read = (id: string | undefined): Promise<Reply> => stack.get(`/v1/query/${id}`);

/** The page that the shopper came home to names the payment. */
function assertHome(url: string, id: string | undefined): void {
  const home = new URL(url);
  assert.equal(home.pathname, '/healthz');
  assert.equal(home.searchParams.get('order'), '7');
  assert.equal(home.searchParams.get('id'), id);
  assert.equal(home.searchParams.get('resourcePath'), `/v1/payments/${id}`);
}

test('a card that takes no part is paid at once, as without a shopper', async () => {
  const reply = expectReply(await pay('4111111111111111'), 200, approved);
  assert.equal(reply.body.redirect, undefined);
  assert.equal(reply.body.threeDSecure, undefined);
});

test('without browser data, or without a way back, nobody is sent anywhere', async () => {
  for (const card of ['5555555555554444', '4000000000003113']) {
    expectReply(await stack.post('/v1/payments', debit({ 'card.number': card, paymentBrand: undefined })), 200, approved);
    expectReply(await pay(card, { shopperResultUrl: undefined }), 200, approved);
  }
});

const frictionless = [
  ['4000000000003097', '200', approved, 'A', '06'],
  ['4200000000000091', '200', approved, 'Y', '05'],
  ['4000000000003105', '200', approved, 'U', '07'],
  ['4000000000003121', '200', approved, undefined, undefined],
  ['4000000000003113', '400', '100.390.100', 'R', undefined],
  ['4469362473905800', '400', '100.380.401', 'N', '07'],
] as const;

for (const [card, status, code, transStatus, eci] of frictionless) {
  test(`${card} is answered at once: ${transStatus ?? 'the directory server does not answer'}`, async () => {
    const reply = expectReply(await pay(card), Number(status), code);
    assert.equal(reply.body.redirect, undefined);
    assert.equal(reply.body.threeDSecure?.authenticationStatus, transStatus);
    assert.equal(reply.body.threeDSecure?.eci, eci);
    const again = expectReply(await read(reply.body.id), Number(status), code);
    assert.deepEqual(again.body.threeDSecure, reply.body.threeDSecure);
    assert.equal((await stack.books(reply.body.resultDetails?.ConnectorTxID1 ?? '-')).length, status === '200' ? 1 : 0);
  });
}

test('a challenge: the shopper goes to the issuer, types the code, and comes back to a payment that is done', async () => {
  const reply = expectReply(await pay('5555555555554444', { paymentType: 'PA' }), 200, pending);
  assert.equal(reply.body.amount, undefined);
  assert.equal((reply.body.redirect as unknown as { method: string }).method, 'POST');
  expectReply(await read(reply.body.id), 200, pending);
  const home = await authenticate(reply);
  assertHome(home.url, reply.body.id);
  const paid = expectReply(await read(reply.body.id), 200, approved);
  assert.equal(paid.body.threeDSecure?.authenticationStatus, 'Y');
  assert.equal(paid.body.threeDSecure?.eci, '02');
  assert.equal(paid.body.threeDSecure?.flow, 'challenge');
  assert.match(paid.body.threeDSecure?.dsTransactionId ?? '', /^[0-9a-f-]{36}$/);
  const [booked] = await stack.books(paid.body.resultDetails?.ConnectorTxID1 ?? '-');
  assert.equal(booked?.authentication?.eci, '02');
  assert.equal(booked?.authentication?.transaction, `2${paid.body.threeDSecure?.dsTransactionId}`);
  assert.match(booked?.authentication?.valueHash ?? '', /^[0-9a-f]{64}$/);
  const captured = await stack.post(`/v1/payments/${reply.body.id}`, { paymentType: 'CP', amount: '12.50', currency: 'EUR' });
  expectReply(captured, 200, approved);
});

test('a wrong code of the card waits as well, and is sent with the payment', async () => {
  const reply = expectReply(await pay('5555555555554444', { 'card.cvv': '999' }), 200, pending);
  await authenticate(reply);
  expectReply(await read(reply.body.id), 400, '800.100.153');
});

test('the issuer’s own page runs first, then the challenge', async () => {
  const reply = expectReply(await pay('4000000000003220'), 200, pending);
  const page = await followRedirect(reply);
  await runMethod(page);
  const toIssuer = await goOn(page);
  const home = await answerChallenge(await openChallenge(toIssuer), { code: '1234', act: 'confirm' });
  assertHome(home.url, reply.body.id);
  expectReply(await read(reply.body.id), 200, approved);
});

for (const card of ['4242424242424242', '4000000000003139']) {
  test(`${card}: an issuer's page that is not waited for, then no challenge`, async () => {
    const reply = expectReply(await pay(card), 200, pending);
    const home = await goOn(await followRedirect(reply));
    assertHome(home.url, reply.body.id);
    expectReply(await read(reply.body.id), 200, approved);
  });
}

test('message version 2.3.1, challenged although an exemption is asked for', async () => {
  const reply = expectReply(await pay('4000002760003184', { 'threeDSecure.exemptionFlag': '02' }), 200, pending);
  await authenticate(reply);
  const paid = expectReply(await read(reply.body.id), 200, approved);
  assert.equal(paid.body.threeDSecure?.version, '2.3.1');
});

test('an exemption that the issuer grants: no challenge, and no liability shift', async () => {
  const reply = expectReply(await pay('5555555555554444', { 'threeDSecure.challengeIndicator': '5' }), 200, approved);
  assert.equal(reply.body.threeDSecure?.authenticationStatus, 'I');
  assert.equal(reply.body.threeDSecure?.eci, '06');
});

test('the shopper fails, or calls it off: the payment is never sent', async () => {
  const refused = expectReply(await pay('4000000000003063'), 200, pending);
  const challenge = await openChallenge(await settled(await followRedirect(refused)));
  const once = await answerTwice(challenge);
  assertHome((await answerChallenge(once, { code: '1234', act: 'confirm' })).url, refused.body.id);
  const failed = expectReply(await read(refused.body.id), 400, '100.380.401');
  assert.equal(failed.body.resultDetails, undefined);

  const left = expectReply(await pay('5555555555554444'), 200, pending);
  const home = await answerChallenge(await openChallenge(await settled(await followRedirect(left))), { act: 'cancel', code: '' });
  assertHome(home.url, left.body.id);
  expectReply(await read(left.body.id), 400, '100.396.101');
});

async function answerTwice(challenge: Awaited<ReturnType<typeof openChallenge>>) {
  const { submit } = await import('./harness/form-browser.ts');
  return submit(await submit(challenge, { code: '1234', act: 'confirm' }), { code: '1234', act: 'confirm' });
}

test('a soft decline steps up to a challenge, once, and the payment stands', async () => {
  const reply = expectReply(await pay('4000000000000101'), 200, pending);
  const home = await authenticate(reply);
  assertHome(home.url, reply.body.id);
  const paid = expectReply(await read(reply.body.id), 200, approved);
  assert.equal(paid.body.threeDSecure?.authenticationStatus, 'Y');
});

test("Mastercard's soft decline (65) steps up as well; with other brands it is a limit", async () => {
  const pan = '5555555555554444';
  const soft = { fault: 'decline', code: '65' } as const;
  await stack.parts.host.addFault({ ...soft, pan });
  // The issuer grants the exemption in the authentication, and does not follow it in the payment.
  const reply = expectReply(await pay(pan, { 'threeDSecure.challengeIndicator': '5' }), 200, pending);
  assertHome((await authenticate(reply)).url, reply.body.id);
  const paid = expectReply(await read(reply.body.id), 200, approved);
  assert.equal(paid.body.threeDSecure?.authenticationStatus, 'Y');

  for (const [card, paymentBrand, code] of [
    [pan, 'MASTER', '300.100.100'],
    ['6759649826438453', 'MAESTRO', '300.100.100'],
    ['4111111111111111', 'VISA', '800.100.163'],
  ] as const) {
    await stack.parts.host.addFault({ ...soft, pan: card });
    expectReply(await stack.post('/v1/payments', debit({ 'card.number': card, paymentBrand })), 400, code);
  }
});

test('a repeat with the same key gets the same redirect; after the end, the result', async () => {
  const headers = { 'idempotency-key': freshName('key') };
  const parameters = asynchronous('5555555555554444');
  const first = expectReply(await stack.post('/v1/payments', parameters, { headers }), 200, pending);
  const again = expectReply(await stack.post('/v1/payments', parameters, { headers }), 200, pending);
  assert.deepEqual([again.body.id, again.body.redirect], [first.body.id, first.body.redirect]);
  await authenticate(again);
  expectReply(await stack.post('/v1/payments', parameters, { headers }), 200, approved);
});

test('a token is kept after the challenge, and pays with one of its own', async () => {
  const reply = expectReply(await pay('5555555555554444', { createRegistration: 'true' }), 200, pending);
  await authenticate(reply);
  const { registrationId } = expectReply(await read(reply.body.id), 200, approved).body;
  assert.match(registrationId ?? '', /^[a-z][a-z0-9]{31}$/);
  const {
    'card.number': _number,
    'card.expiryMonth': _month,
    'card.expiryYear': _year,
    'card.holder': _holder,
    ...more
  } = asynchronous('');
  const next = expectReply(await stack.post(`/v1/registrations/${registrationId}/payments`, more), 200, pending);
  await authenticate(next);
  expectReply(await read(next.body.id), 200, approved);
});

test('held and captured in one request: the capture follows the challenge', async () => {
  const reply = expectReply(await pay('5555555555554444', { paymentType: 'PA.CP' }), 200, pending);
  await authenticate(reply);
  const tree = await stack.get(`/v1/query/${reply.body.id}`, { includeLinkedTransactions: 'true' });
  const payments = tree.body.payments as unknown as readonly { readonly paymentType: string; readonly result: { readonly code: string } }[];
  assert.equal(payments.filter(({ result }) => result.code === approved).length, 2);
  const smooth = expectReply(await pay('4200000000000091', { paymentType: 'PA.CP' }), 200, approved);
  assert.equal(smooth.body.paymentType, 'PA.CP');
});

test('in the sandbox, what the issuer does can be asked for', async () => {
  const challenged = expectReply(await pay('4111111111111111', { 'customParameters[3DS2_flow]': 'challenge' }), 200, pending);
  await authenticate(challenged);
  expectReply(await read(challenged.body.id), 200, approved);
  const enrolled = expectReply(await pay('4111111111111111', { 'customParameters[3DS2_enrolled]': 'true' }), 200, pending);
  await authenticate(enrolled);
  expectReply(await read(enrolled.body.id), 200, approved);
  const smooth = expectReply(await pay('5555555555554444', { 'customParameters[3DS2_flow]': 'frictionless' }), 200, approved);
  assert.equal(smooth.body.threeDSecure?.authenticationStatus, 'Y');
});
