/** OPP: payments that the merchant starts, and whose issuer is asked without a shopper (3RI): what the directory server hears, and what its answer means. */
import assert from 'node:assert/strict';
import { createHash, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { challenge, ending, startDirectory } from './harness/directory.ts';
import {
  approved,
  bookedOnce,
  type Caller,
  debit,
  demo,
  encode,
  exchange,
  expectReply,
  freshName,
  other,
  type Parameters,
  plain,
  type Reply,
  useOppStack,
} from './harness/opp.ts';
import { eventually, startProcess } from './harness/processes.ts';
import type { Json } from './harness/requestor.ts';
import { browserData } from './harness/shopper.ts';

const card = '5555555555554444';
const directory = await startDirectory(card);
const stack = useOppStack({
  env: { DIRECTORY_SERVER_URL: directory.url, DIRECTORY_SERVER_TIMEOUT_MS: '1000' },
  async onStart({ database }) {
    const set = (wireId: string, settings: string) =>
      database.query(`update polygate.channel set ${settings} where wire_id = $1`, [wireId]);
    await set(other.entityId, `without_authentication = 'stop'`);
    await set(plain.entityId, 'authenticates_without_shopper = true');
  },
});
after(() => directory.close());

const value = Buffer.alloc(20, 9).toString('base64');
const asked: Parameters = { 'threeDSecure.deviceChannel': '03' };

const instruction = (mode: 'INITIAL' | 'REPEATED', type: string, more: Parameters = {}): Parameters => ({
  'standingInstruction.mode': mode,
  'standingInstruction.type': type,
  'standingInstruction.source': mode === 'INITIAL' ? 'CIT' : 'MIT',
  ...more,
});

const areqs = (): readonly Json[] => directory.received.filter(({ messageType }) => messageType === 'AReq');
const lastAReq = (): Json => areqs().at(-1) ?? {};

/** How the issuer answers the next question. */
function answerNext(status: string, more: Json = {}): void {
  const proof = status === 'Y' || status === 'A' ? { authenticationValue: value } : {};
  directory.answerNext((areq) => ending(areq, status, { ...proof, ...more }));
}

interface Agreed {
  readonly token: string;
  readonly reply: Reply;
  /** The issuer's id of the authentication. */
  readonly acsTransID: string;
}

/** The payment in which the shopper agrees, authenticated. */
async function agree(type = 'RECURRING', as: Caller = demo): Promise<Agreed> {
  // In capitals: it is to be named later as its issuer wrote it.
  const acsTransID = randomUUID().toUpperCase();
  answerNext('Y', { eci: '02', acsTransID });
  const parameters = { ...browserData, createRegistration: 'true', ...instruction('INITIAL', type) };
  const shopper = { 'card.number': card, paymentBrand: undefined, shopperResultUrl: 'https://shop.example/back' };
  const reply = expectReply(await stack.post('/v1/payments', debit({ ...shopper, ...parameters }), { as }), 200, approved);
  return { reply, token: reply.body.registrationId ?? '', acsTransID };
}

const charge = (token: string, more: Parameters = {}, as: Caller = demo): Promise<Reply> =>
  stack.post(
    `/v1/registrations/${token}/payments`,
    { paymentType: 'DB', amount: '7.00', currency: 'EUR', ...instruction('REPEATED', 'RECURRING'), ...more },
    { as },
  );

test('the issuer hears what the payment is, and of the one in which the shopper agreed; the acquirer gets its answer', async () => {
  const { token, acsTransID } = await agree();
  const dsTransID = randomUUID();
  answerNext('Y', { eci: '07', dsTransID });
  const terms = {
    'standingInstruction.expiry': '2030-12-31',
    'standingInstruction.frequency': '28',
    'threeDSecure.challengeIndicator': '04',
  };
  const reply = expectReply(await charge(token, { ...asked, ...terms }), 200, approved);
  assert.equal(reply.body.redirect, undefined);
  const areq = lastAReq();
  const { threeDSReqPriorAuthTimestamp: at, ...prior } = areq.threeDSRequestorPriorAuthenticationInfo as Json;
  assert.deepEqual(prior, { threeDSReqPriorAuthMethod: '01', threeDSReqPriorRef: acsTransID });
  assert.match(String(at), /^20\d{10}$/);
  assert.deepEqual(
    [areq.deviceChannel, areq.threeRIInd, areq.recurringExpiry, areq.recurringFrequency, areq.purchaseAmount, areq.acctNumber],
    ['03', '01', '20301231', '28', '700', card],
  );
  // Of a browser there is none, and version 2.2 knows no wish about a challenge here.
  const ofShoppers = /^browser|^notificationURL$|^threeDSCompInd$|^threeDSRequestorAuthenticationInd$|^threeDSRequestorChallengeInd$/;
  assert.deepEqual(
    Object.keys(areq).filter((name) => ofShoppers.test(name)),
    [],
  );
  assert.deepEqual((await bookedOnce(stack, reply)).authentication, {
    eci: '07',
    valueHash: createHash('sha256').update(value).digest('hex'),
    transaction: `2${dsTransID}`,
  });
  const read = expectReply(await stack.get(`/v1/query/${reply.body.id}`), 200, approved);
  for (const { body } of [reply, read]) {
    const { eci, dsTransactionId, authenticationStatus, flow, version } = body.threeDSecure as unknown as Readonly<Record<string, string>>;
    assert.deepEqual([eci, dsTransactionId, authenticationStatus, flow, version], ['07', dsTransID, 'Y', 'frictionless', '2.2.0']);
  }
});

test('each kind of agreement has its indicator; parts of a purchase are told with their number', async () => {
  const rows: readonly (readonly [type: string, more: Parameters, expected: readonly unknown[]])[] = [
    ['RECURRING', {}, ['01', '99991231', '1', undefined]],
    ['INSTALLMENT', { 'standingInstruction.numberOfInstallments': '6' }, ['02', '99991231', '1', '6']],
    ['INSTALLMENT', {}, ['11', undefined, undefined, undefined]],
    ['UNSCHEDULED', {}, ['11', undefined, undefined, undefined]],
  ];
  for (const [type, more, expected] of rows) {
    const { token } = await agree(type);
    answerNext('Y');
    const reply = expectReply(await charge(token, { ...instruction('REPEATED', type), ...asked, ...more }), 200, approved);
    const { threeRIInd, recurringExpiry, recurringFrequency, purchaseInstalData } = lastAReq();
    assert.deepEqual([threeRIInd, recurringExpiry, recurringFrequency, purchaseInstalData], expected, type);
    // The issuer has said no indicator: it is the scheme's for what follows an agreement.
    assert.equal((await bookedOnce(stack, reply)).authentication?.eci, '07');
  }
});

test('the payment in which the shopper agreed is found by its id, with the card sent anew; that of another card is not', async () => {
  const { reply, acsTransID } = await agree();
  const initial = { 'standingInstruction.initialTransactionId': reply.body.id };
  const parameters = debit({ ...instruction('REPEATED', 'RECURRING', initial), ...asked, 'card.cvv': undefined, paymentBrand: undefined });
  answerNext('Y');
  expectReply(await stack.post('/v1/payments', { ...parameters, 'card.number': card }), 200, approved);
  assert.equal((lastAReq().threeDSRequestorPriorAuthenticationInfo as Json).threeDSReqPriorRef, acsTransID);
  const alone = debit({ 'card.number': '4111111111111111', createRegistration: 'true', ...instruction('INITIAL', 'RECURRING') });
  const foreign = expectReply(await stack.post('/v1/payments', alone), 200, approved);
  answerNext('Y');
  const named = { 'standingInstruction.initialTransactionId': foreign.body.id, 'card.number': card };
  expectReply(await stack.post('/v1/payments', { ...parameters, ...named }), 200, approved);
  assert.equal(lastAReq().threeDSRequestorPriorAuthenticationInfo, undefined);
});

test('what the issuer answers decides, and a challenge, for which nobody is there, is no authentication', async () => {
  const [mine, theirs] = [await agree(), await agree('RECURRING', other)];
  const decoupled = { acsChallengeMandated: 'Y', authenticationType: '04', acsDecConInd: 'N' };
  const rows: readonly (readonly [answer: (areq: Json) => Json | string, proceeds: string, stops: string, eci: string | undefined])[] = [
    [(areq) => ending(areq, 'A', { authenticationValue: value }), approved, approved, '01'],
    [(areq) => ending(areq, 'N', { transStatusReason: '01' }), '100.380.401', '100.380.401', undefined],
    [(areq) => ending(areq, 'R', { transStatusReason: '11' }), '100.390.100', '100.390.100', undefined],
    [(areq) => ending(areq, 'U', { transStatusReason: '21' }), approved, '100.390.107', '00'],
    [challenge, approved, '100.390.111', undefined],
    [(areq) => ending(areq, 'D', decoupled), approved, '100.390.111', undefined],
    [() => 'not json', approved, '100.390.111', undefined],
  ];
  for (const [answer, proceeds, stops, eci] of rows) {
    for (const [{ token }, as, code] of [
      [mine, demo, proceeds],
      [theirs, other, stops],
    ] as const) {
      directory.answerNext(answer);
      const before = areqs().length;
      const reply = expectReply(await charge(token, asked, as), code === approved ? 200 : 400, code);
      assert.equal(areqs().length, before + 1);
      assert.equal(reply.body.redirect, undefined);
      if (code === approved) assert.equal((await bookedOnce(stack, reply)).authentication?.eci, eci);
      else assert.equal(reply.body.resultDetails, undefined);
    }
  }
  await eventually(() => directory.received.some((message) => message.messageType === 'Erro' && message.errorCode === '305'), 'an Erro');
});

test('nobody is asked unless the merchant wants it, nor about what an own server has authenticated', async () => {
  const { token } = await agree();
  const before = directory.received.length;
  const brought = { 'threeDSecure.eci': '02', 'threeDSecure.verificationId': value, 'threeDSecure.version': '2.2.0' };
  for (const more of [{}, { 'threeDSecure.deviceChannel': '02' }, { ...asked, ...brought }]) {
    expectReply(await charge(token, more), 200, approved);
  }
  expectReply(await charge(token, { 'threeDSecure.deviceChannel': '02' }, plain), 200, approved);
  expectReply(await stack.post('/v1/payments', debit({ ...asked, 'card.number': card, paymentBrand: undefined })), 400, '600.200.501');
  expectReply(await charge(token, { 'threeDSecure.deviceChannel': '01' }), 400, '200.300.404');
  assert.equal(directory.received.length, before);
});

test('a channel may want it of all: of charges, of rebills, and where a hold is captured at once', async () => {
  const { token, reply, acsTransID } = await agree('RECURRING', plain);
  for (const paymentType of ['DB', 'PA', 'PA.CP']) {
    answerNext('Y');
    expectReply(await charge(token, { paymentType }, plain), 200, approved);
    assert.equal(lastAReq().threeRIInd, '01');
  }
  answerNext('Y');
  const more = { paymentType: 'RB', amount: '1.00', currency: 'EUR' };
  const rebill = expectReply(await stack.post(`/v1/payments/${reply.body.id}`, more, { as: plain }), 200, approved);
  assert.equal(lastAReq().threeRIInd, '11');
  assert.equal((lastAReq().threeDSRequestorPriorAuthenticationInfo as Json).threeDSReqPriorRef, acsTransID);
  assert.equal((await bookedOnce(stack, rebill)).authentication?.eci, '07');
  answerNext('R', { transStatusReason: '11' });
  expectReply(await stack.post(`/v1/payments/${reply.body.id}`, more, { as: plain }), 400, '100.390.100');
});

test('a repeat under its key asks nobody again', async () => {
  const { token } = await agree();
  const headers = { 'idempotency-key': freshName('charge') };
  const once = () =>
    stack.post(
      `/v1/registrations/${token}/payments`,
      { paymentType: 'DB', amount: '7.00', currency: 'EUR', ...instruction('REPEATED', 'RECURRING'), ...asked },
      { headers },
    );
  answerNext('Y');
  const first = expectReply(await once(), 200, approved);
  const before = areqs().length;
  const again = expectReply(await once(), 200, approved);
  assert.deepEqual([again.body.id, again.headers['idempotent-replayed'], areqs().length], [first.body.id, 'true', before]);
});

test('with the outcome the proof is gone, and nobody is expected back', async () => {
  const { token } = await agree();
  answerNext('Y');
  const reply = expectReply(await charge(token, asked), 200, approved);
  const { rows } = await stack.parts.database.query(
    `select v.return_url, a.sealed_value from polygate.shopper_visit v join polygate.authentication a on a.visit_id = v.visit_id
    where v.due_at is null and replace(v.visit_id::text, '-', '') = $1`,
    [reply.body.id],
  );
  assert.deepEqual(rows, [{ return_url: '', sealed_value: null }]);
});

for (const [story, isAnswered] of [
  ['while the issuer is asked: another one goes on, and the card is charged once', false],
  ['while the acquirer is asked: another one finds out, and nothing stands that nobody has answered', true],
] as const) {
  test(`a node that dies ${story}`, async () => {
    const { token } = await agree();
    const program = join(import.meta.dirname, 'harness', 'gateway-process.ts');
    const node = startProcess(process.execPath, [program], {
      // It waits for as long as the test needs to end it.
      env: { ...process.env, ...stack.parts.env, PORT: '0', ACQUIRER_TIMEOUT_MS: '30000', DIRECTORY_SERVER_TIMEOUT_MS: '30000' },
    });
    const url = /http:\S+\d/.exec(await node.line(/listening on/))?.[0] ?? '';
    await eventually(async () => (await fetch(`${url}/readyz`)).ok, 'the node to be ready');
    const before = areqs().length;
    if (isAnswered) await stack.parts.host.addFault({ fault: 'no_answer', pan: card, times: 1 });
    directory.answerNext(isAnswered ? (areq) => ending(areq, 'Y', { authenticationValue: value }) : () => new Promise<string>(() => {}));
    const merchantTransactionId = freshName('died');
    const body = encode({
      ...{ entityId: demo.entityId, paymentType: 'DB', amount: '7.00', currency: 'EUR', merchantTransactionId },
      ...{ ...instruction('REPEATED', 'RECURRING'), ...asked },
    });
    const headers = { authorization: demo.bearer, 'content-type': 'application/x-www-form-urlencoded' };
    const call = exchange(url, { method: 'POST', path: `/v1/registrations/${token}/payments`, headers, body });
    call.catch(() => undefined);
    const state = isAnswered ? 'submitted' : 'awaiting';
    await eventually(async () => {
      const { rows } = await stack.parts.database.query('select state from polygate.operation where merchant_reference = $1', [
        merchantTransactionId,
      ]);
      return areqs().length > before && rows[0]?.state === state;
    }, `the payment to be ${state}`);
    node.child.kill('SIGKILL');
    await assert.rejects(call);
    await node.ended;
    const found = () => stack.get('/v1/query', { merchantTransactionId });
    const expected = isAnswered ? '900.100.301' : approved;
    await eventually(async () => {
      await stack.parts.database.query('update polygate.shopper_visit set leased_until = now() where due_at is not null');
      await stack.parts.hurry();
      return JSON.stringify((await found()).body).includes(expected);
    }, `the payment to be ${expected}`);
    const payments = (await found()).body.payments as unknown as readonly {
      readonly resultDetails?: { readonly ConnectorTxID1?: string };
    }[];
    assert.equal(payments.length, 1);
    if (!isAnswered) assert.equal((await stack.books(payments[0]?.resultDetails?.ConnectorTxID1 ?? '-')).length, 1);
  });
}

test('an authentication without a payment tells the issuer of the agreement that begins with it', async () => {
  const { paymentType: _type, ...wanted } = debit({ ...browserData, paymentBrand: undefined, 'card.number': card });
  const ask = (more: Parameters = {}, headers = {}) =>
    stack.post('/v1/threeDSecure', { ...wanted, shopperResultUrl: 'https://shop.example/back', ...more }, { headers });
  const told = ({
    threeDSRequestorAuthenticationInd: why,
    threeDSRequestorChallengeInd: wish,
    recurringExpiry,
    recurringFrequency,
  }: Json) => [...[why, wish, recurringExpiry, recurringFrequency]];
  answerNext('Y', { eci: '02' });
  expectReply(await ask(), 200, approved);
  assert.deepEqual(told(lastAReq()), ['01', undefined, undefined, undefined]);
  const terms = { 'standingInstruction.expiry': '2030-12-31', 'standingInstruction.frequency': '28' };
  const headers = { 'idempotency-key': freshName('key') };
  answerNext('Y', { eci: '02' });
  const first = expectReply(await ask({ ...instruction('INITIAL', 'RECURRING'), ...terms }, headers), 200, approved);
  assert.deepEqual(told(lastAReq()), ['02', '04', '20301231', '28']);
  const again = expectReply(await ask({ ...instruction('INITIAL', 'RECURRING'), ...terms }, headers), 200, approved);
  assert.equal(again.body.id, first.body.id);
  expectReply(await ask(instruction('INITIAL', 'RECURRING'), headers), 400, '200.200.106');
  expectReply(await ask({ 'standingInstruction.type': 'RECURRING' }), 400, '100.900.500');
  expectReply(await ask(instruction('INITIAL', 'RECURRING', { 'standingInstruction.source': 'MIT' })), 400, '100.900.500');
});
