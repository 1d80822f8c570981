/** OPP: authentications that the merchant brings along; and what a channel does where nobody could authenticate the shopper. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { approved, bookedOnce, debit, demo, expectReply, other, type Parameters, useOppStack } from './harness/opp.ts';
import { authenticate, browserData } from './harness/shopper.ts';

const stack = useOppStack({ env: { DIRECTORY_SERVER_TIMEOUT_MS: '1000' } });

const value = `${'Q'.repeat(27)}=`;
const brought: Parameters = {
  'threeDSecure.eci': '05',
  'threeDSecure.verificationId': value,
  'threeDSecure.version': '2.2.0',
  'threeDSecure.dsTransactionId': 'c75f23af-9454-43f6-ba17-130ed529507e',
  'threeDSecure.authenticationStatus': 'Y',
};
const pay = (more: Parameters) => stack.post('/v1/payments', debit({ paymentBrand: undefined, ...brought, ...more }));

test('a result of the merchant’s own server goes to the acquirer, and sends nobody anywhere', async () => {
  // This issuer wants an authentication; the merchant's server has made one.
  const card = { 'card.number': '4000000000000101' };
  const away = { ...browserData, shopperResultUrl: 'https://shop.example/back' };
  const reply = expectReply(await pay({ ...card, ...away, 'threeDSecure.amount': '12.50', 'threeDSecure.currency': 'EUR' }), 200, approved);
  const [booked] = await stack.books(reply.body.resultDetails?.ConnectorTxID1 ?? '-');
  assert.deepEqual(booked?.authentication, {
    eci: '05',
    valueHash: createHash('sha256').update(value).digest('hex'),
    transaction: `2${brought['threeDSecure.dsTransactionId']}`,
  });
  expectReply(await stack.post('/v1/payments', debit({ ...card, paymentBrand: undefined })), 400, '300.100.100');
});

test('beside an authentication by which the issuer bears the loss no exemption is claimed', async () => {
  const claimed: Parameters = { 'threeDSecure.exemptionFlag': '02' };
  const mastercard = { 'card.number': '5436031030606378' };
  for (const [more, exemption] of [
    [{}, undefined],
    [{ 'threeDSecure.authenticationStatus': undefined, 'threeDSecure.eci': '06' }, undefined],
    [{ ...mastercard, 'threeDSecure.eci': '02' }, undefined],
    [{ ...mastercard, 'threeDSecure.eci': '06' }, '02'],
    [{ 'threeDSecure.eci': '07' }, '02'],
    [{ 'threeDSecure.authenticationStatus': 'I', 'threeDSecure.eci': '07', 'threeDSecure.verificationId': undefined }, '02'],
  ] as const) {
    const reply = expectReply(await pay({ ...claimed, ...more }), 200, approved);
    assert.equal((await bookedOnce(stack, reply)).authentication?.exemption, exemption, JSON.stringify(more));
  }
});

test('what was authenticated for another amount or currency counts for none', async () => {
  expectReply(await pay({ 'threeDSecure.amount': '12.51' }), 400, '100.390.101');
  expectReply(await pay({ 'threeDSecure.amount': '12.50', 'threeDSecure.currency': 'USD' }), 400, '100.390.101');
  expectReply(await pay({ 'threeDSecure.currency': 'USD' }), 400, '100.390.101');
});

test('a failed or forbidden result is recorded and never sent', async () => {
  for (const [status, code] of [
    ['N', '100.380.401'],
    ['C', '100.380.401'],
    ['R', '100.390.100'],
  ] as const) {
    const reply = expectReply(await pay({ 'threeDSecure.authenticationStatus': status }), 400, code);
    assert.match(reply.body.id ?? '', /^[a-f0-9]{32}$/);
  }
  expectReply(await pay({ 'threeDSecure.authenticationStatus': 'U', 'threeDSecure.eci': '07' }), 200, approved);
});

test('an authentication without a payment: its result, the proof included, pays later', async () => {
  const { paymentType, ...more } = debit({ ...browserData, paymentBrand: undefined, shopperResultUrl: `${stack.url}/healthz` });
  const authentication = (card: string) => stack.post('/v1/threeDSecure', { ...more, 'card.number': card, merchantTransactionId: 'order' });
  expectReply(await authentication('4111111111111111'), 400, '000.400.109');
  expectReply(await authentication('4000000000003113'), 400, '100.390.100');
  const asked = expectReply(await authentication('5555555555554444'), 200, '000.200.000');
  assert.equal(asked.body.paymentType, undefined);
  const home = new URL((await authenticate(asked)).url);
  assert.equal(home.searchParams.get('resourcePath'), `/v1/threeDSecure/${asked.body.id}`);
  const done = expectReply(await stack.get(`/v1/threeDSecure/${asked.body.id}`), 200, approved);
  assert.deepEqual([done.body.amount, done.body.merchantTransactionId, done.body.card?.last4Digits], ['12.50', 'order', '4444']);
  assert.match(done.body.threeDSecure?.verificationId ?? '', /^[A-Za-z0-9+/]{27}=$/);
  expectReply(await stack.get(`/v1/threeDSecure/${asked.body.id}`, {}, { as: other }), 404, '200.300.404');
  const { eci, verificationId, version, dsTransactionId } = done.body.threeDSecure as unknown as Record<string, string>;
  const evidence = {
    ...{ 'threeDSecure.eci': eci, 'threeDSecure.verificationId': verificationId, 'threeDSecure.version': version },
    'threeDSecure.dsTransactionId': dsTransactionId,
  };
  const paid = expectReply(
    await stack.post('/v1/payments', { ...more, ...evidence, paymentType, 'card.number': '5555555555554444' }),
    200,
    approved,
  );
  const [booked] = await stack.books(paid.body.resultDetails?.ConnectorTxID1 ?? '-');
  assert.equal(booked?.authentication?.transaction, `2${dsTransactionId}`);
});

test('a channel may stop where nobody could authenticate the shopper', async () => {
  await stack.parts.database.query(`update polygate.channel set without_authentication = 'stop' where wire_id = $1`, [other.entityId]);
  const shopper = (card: string, as: typeof demo) =>
    stack.post(
      '/v1/payments',
      debit({ ...browserData, paymentBrand: undefined, 'card.number': card, shopperResultUrl: 'https://shop.example/back' }),
      { as },
    );
  expectReply(await shopper('4000000000003105', other), 400, '100.390.107');
  expectReply(await shopper('4000000000003121', other), 400, '100.390.111');
  expectReply(await shopper('4000000000003097', other), 200, approved);
  expectReply(await shopper('4000000000003105', demo), 200, approved);
});
