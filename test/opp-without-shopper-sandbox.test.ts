/** OPP with the issuers of the sandbox: the shopper authenticates once, and what the merchant charges later is authenticated without them (3RI). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createConsoleClient, moveClock } from './harness/console.ts';
import { approved, bookedOnce, debit, expectReply, freshName, type Parameters, type Reply, useOppStack } from './harness/opp.ts';
import { eventually } from './harness/processes.ts';
import { authenticate, browserData } from './harness/shopper.ts';

const stack = useOppStack({ env: { DIRECTORY_SERVER_TIMEOUT_MS: '1000' } });
const operator = createConsoleClient(() => stack.url);

const recurring = (mode: 'INITIAL' | 'REPEATED'): Parameters => ({
  'standingInstruction.mode': mode,
  'standingInstruction.type': 'RECURRING',
  'standingInstruction.source': mode === 'INITIAL' ? 'CIT' : 'MIT',
});

const charge = (token: string, more: Parameters = {}): Promise<Reply> =>
  stack.post(`/v1/registrations/${token}/payments`, {
    ...{ paymentType: 'DB', amount: '7.00', currency: 'EUR', ...recurring('REPEATED') },
    ...{ 'threeDSecure.deviceChannel': '03', ...more },
  });

/** The token of a card whose holder was challenged in the payment that made the agreement. */
async function challengedToken(card: string): Promise<string> {
  const browser = { ...browserData, shopperResultUrl: `${stack.url}/healthz`, 'threeDSecure.challengeIndicator': '04' };
  const parameters = { 'card.number': card, paymentBrand: undefined, createRegistration: 'true', ...recurring('INITIAL'), ...browser };
  const reply = expectReply(await stack.post('/v1/payments', debit(parameters)), 200, '000.200.000');
  await authenticate(reply);
  return expectReply(await stack.get(`/v1/query/${reply.body.id}`), 200, approved).body.registrationId ?? '';
}

async function tokenOf(card: string): Promise<string> {
  const { paymentType, amount, currency, ...parameters } = debit({ 'card.number': card, paymentBrand: undefined });
  return (await stack.post('/v1/registrations', parameters)).body.id ?? '';
}

for (const [card, version, eci] of [
  ['5555555555554444', '2.2.0', '07'],
  ['4000002760003184', '2.3.1', '05'],
  ['4000000000000101', '2.2.0', '05'],
] as const) {
  test(`${card}: challenged once, in version ${version}; what follows is authenticated by that`, async () => {
    const token = await challengedToken(card);
    for (const paymentType of ['DB', 'PA']) {
      const reply = expectReply(await charge(token, { paymentType }), 200, approved);
      const shown = reply.body.threeDSecure as unknown as Readonly<Record<string, string>>;
      assert.deepEqual([shown.authenticationStatus, shown.flow, shown.version, shown.eci], ['Y', 'frictionless', version, eci]);
      const { authentication } = await bookedOnce(stack, reply);
      assert.deepEqual([authentication?.eci, authentication?.transaction], [eci, `2${shown.dsTransactionId}`]);
      assert.match(authentication?.valueHash ?? '', /^[0-9a-f]{64}$/);
    }
  });
}

test('cards whose holder was never asked: what their issuers say of them', async () => {
  const rows: readonly (readonly [card: string, code: string, status: string | undefined, eci: string | undefined])[] = [
    ['5555555555554444', approved, 'U', '00'],
    ['4000000000003220', approved, 'U', '07'],
    ['4242424242424242', approved, 'Y', '05'],
    ['4000000000003097', approved, 'A', '06'],
    ['4000000000003105', approved, 'U', '07'],
    ['4000000000003113', '100.390.100', 'R', undefined],
    ['4000000000003121', approved, undefined, undefined],
    ['4111111111111111', approved, undefined, undefined],
  ];
  for (const [card, code, status, eci] of rows) {
    const reply = expectReply(await charge(await tokenOf(card)), code === approved ? 200 : 400, code);
    assert.equal(reply.body.threeDSecure?.authenticationStatus, status, card);
    if (code !== approved) assert.equal(reply.body.resultDetails, undefined, 'it is not sent');
    else assert.equal((await bookedOnce(stack, reply)).authentication?.eci, eci, card);
  }
});

test('an operator sets it for a channel: then schedules are authenticated, too', async () => {
  const token = await challengedToken('5555555555554444');
  const { channel_id, merchant_id } = (
    await stack.parts.database.query(
      `select channel_id, merchant_id from polygate.channel where wire_id = '0f0e0d0c0b0a09080706050403020100'`,
    )
  ).rows[0];
  const changed = await operator.done('patch', '/merchants/{merchant_id}/channels/{channel_id}', {
    ids: { merchant_id, channel_id },
    body: { authenticates_without_shopper: true },
  });
  assert.equal(changed.authenticates_without_shopper, true);
  await eventually(async () => {
    const reply = expectReply(await charge(token, { 'threeDSecure.deviceChannel': undefined }), 200, approved);
    return reply.body.threeDSecure?.authenticationStatus === 'Y';
  }, 'the setting to be seen');
  const merchantTransactionId = freshName('plan');
  const plan = { registrationId: token, paymentType: 'DB', amount: '9.90', currency: 'EUR', merchantTransactionId };
  expectReply(await stack.post('/scheduling/v1/schedules', { ...plan, 'job.hour': '*', 'job.minute': '30' }), 200, approved);
  await moveClock(stack.url, 3_600);
  const found = await stack.get('/v1/query', { merchantTransactionId });
  const [payment] = found.body.payments as unknown as readonly Reply['body'][];
  const [entry] = await stack.books(payment?.resultDetails?.ConnectorTxID1 ?? '-');
  assert.equal(entry?.authentication?.eci, '07', found.text);
});
