/** What a directory server may send, right and wrong: answers that break the rules, results that are repeated, contradictory, late or somebody else's. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, test } from 'node:test';
import { challenge, ending, startDirectory } from './harness/directory.ts';
import { openPage } from './harness/form-browser.ts';
import { approved, debit, expectReply, type Reply, useOppStack } from './harness/opp.ts';
import { eventually } from './harness/processes.ts';
import { fromField, type Json } from './harness/requestor.ts';
import { browserData, followRedirect, settled } from './harness/shopper.ts';

const card = '5555555555554444';
const directory = await startDirectory(card);
const stack = useOppStack({ env: { DIRECTORY_SERVER_URL: directory.url, DIRECTORY_SERVER_TIMEOUT_MS: '1000' } });
after(() => directory.close());

const pending = '000.200.000';
const value = Buffer.alloc(20, 7).toString('base64');

const pay = (): Promise<Reply> =>
  stack.post(
    '/v1/payments',
    debit({ ...browserData, 'card.number': card, paymentBrand: undefined, shopperResultUrl: `${stack.url}/healthz` }),
  );
const read = (id: string | undefined): Promise<Reply> => stack.get(`/v1/query/${id}`);

/** A payment that waits for its challenge, and what its directory server knows of it. */
async function challenged(
  spell = (ares: Json): Json => ares,
): Promise<{ readonly reply: Reply; readonly url: string; readonly rreq: Json }> {
  let ares: Json = {};
  directory.answerNext((areq) => {
    ares = spell(challenge(areq));
    return ares;
  });
  const reply = expectReply(await pay(), 200, pending);
  const areq = directory.received.findLast(({ messageType }) => messageType === 'AReq') ?? {};
  const { threeDSServerTransID, acsTransID, dsTransID } = ares;
  const rreq = {
    ...{ messageType: 'RReq', messageVersion: '2.2.0', messageCategory: '01', threeDSServerTransID, acsTransID, dsTransID },
    ...{ transStatus: 'Y', authenticationType: '02', authenticationValue: value, eci: '02', interactionCounter: '01' },
  };
  return { reply, url: String(areq.threeDSServerURL), rreq };
}

async function bring(url: string, message: Json | string): Promise<Json> {
  const body = typeof message === 'string' ? message : JSON.stringify(message);
  const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json; charset=utf-8' }, body });
  assert.equal(response.status, 200);
  return (await response.json()) as Json;
}

const isPaid = async (id: string | undefined): Promise<boolean> => (await read(id)).code === approved;

test('the AReq says what the shop knows, for this amount and this card', async () => {
  const { reply, rreq, url } = await challenged();
  const areq = directory.received.findLast(({ messageType }) => messageType === 'AReq') ?? {};
  assert.deepEqual(
    [areq.acctNumber, areq.purchaseAmount, areq.purchaseCurrency, areq.purchaseExponent, areq.cardExpiryDate, areq.cardholderName],
    [card, '1250', '978', '2', '3412', 'Ada Example'],
  );
  assert.deepEqual([areq.browserScreenWidth, areq.browserTZ, areq.browserIP, areq.threeDSCompInd], ['1920', '-60', '192.0.2.7', 'U']);
  assert.ok(String(areq.notificationURL).length <= 256);
  await bring(url, rreq);
  await eventually(() => isPaid(reply.body.id), 'the payment to be done');
});

test('answers that break the rules are told an Erro, and the payment goes on without authentication', async () => {
  const wrong: readonly ((areq: Json) => Json | string)[] = [
    () => '',
    () => 'not json',
    () => `{"messageType":"ARes","messageType":"ARes"}`,
    () => '['.repeat(100_000),
    (areq) => ({ ...ending(areq, 'Y', { authenticationValue: value }), threeDSServerTransID: randomUUID() }),
    (areq) => ending(areq, 'Y'),
    (areq) => ending(areq, 'Y', { authenticationValue: 'short' }),
    (areq) => ending(areq, 'D', { acsChallengeMandated: 'Y', authenticationType: '04', acsDecConInd: 'N' }),
    (areq) => ending(areq, 'I'),
    (areq) => ({ ...challenge(areq), acsURL: undefined }),
    (areq) => ({ ...challenge(areq), acsURL: 'javascript:alert(1)' }),
    (areq) => ({ ...challenge(areq), messageVersion: '2.3.1' }),
    (areq) => ({ ...areq }),
  ];
  for (const answer of wrong) {
    const before = directory.received.length;
    directory.answerNext(answer);
    const reply = expectReply(await pay(), 200, approved);
    assert.equal(reply.body.threeDSecure, undefined, JSON.stringify(answer({})).slice(0, 100));
    await eventually(() => directory.received.slice(before).some(({ messageType }) => messageType === 'Erro'), 'an Erro');
  }
  const before = directory.received.length;
  directory.answerNext(({ threeDSServerTransID }) => ({
    ...{ messageType: 'Erro', messageVersion: '2.2.0', threeDSServerTransID, errorCode: '403', errorComponent: 'D' },
    ...{ errorDescription: 'Transient system failure', errorDetail: 'x' },
  }));
  expectReply(await pay(), 200, approved);
  assert.equal(directory.received.length, before + 1);
});

test('a result is taken once: repeated it gets the same answer, contradicted an Erro', async () => {
  const { reply, url, rreq } = await challenged();
  const both = await Promise.all([bring(url, rreq), bring(url, rreq)]);
  const right = both.filter(({ resultsStatus }) => resultsStatus === '01');
  assert.equal(right.length, 2, JSON.stringify(both));
  await eventually(() => isPaid(reply.body.id), 'the payment to be done');
  assert.equal((await bring(url, rreq)).resultsStatus, '01');
  const { authenticationValue, eci, ...rest } = rreq;
  const contrary = await bring(url, { ...rest, transStatus: 'N', transStatusReason: '01' });
  assert.deepEqual([contrary.messageType, contrary.errorCode], ['Erro', '305']);
  const paid = expectReply(await read(reply.body.id), 200, approved);
  assert.equal((await stack.books(paid.body.resultDetails?.ConnectorTxID1 ?? '-')).length, 1);
});

test('results with wrong ids, of another payment, of another version, or unreadable are refused; the right one still counts', async () => {
  const mine = await challenged();
  const theirs = await challenged();
  const refused: readonly (readonly [string, Json | string, string])[] = [
    [mine.url, { ...mine.rreq, dsTransID: randomUUID() }, '301'],
    [mine.url, { ...mine.rreq, acsTransID: randomUUID() }, '301'],
    [mine.url, { ...mine.rreq, threeDSServerTransID: randomUUID() }, '301'],
    [mine.url, theirs.rreq, '301'],
    [theirs.url, mine.rreq, '301'],
    [mine.url, { ...mine.rreq, messageVersion: '2.1.0' }, '102'],
    [mine.url, { ...mine.rreq, authenticationValue: undefined }, '201'],
    [mine.url, { ...mine.rreq, transStatus: 'C' }, '203'],
    [mine.url, { ...mine.rreq, messageType: 'RRes' }, '101'],
    [mine.url, 'x', '101'],
  ];
  for (const [url, message, code] of refused) {
    const answer = await bring(url, message);
    assert.deepEqual([answer.messageType, answer.errorCode, answer.errorComponent], ['Erro', code, 'S'], JSON.stringify(message));
  }
  for (const { reply } of [mine, theirs]) expectReply(await read(reply.body.id), 200, pending);
  for (const { reply, url, rreq } of [mine, theirs]) {
    assert.equal((await bring(url, rreq)).resultsStatus, '01');
    await eventually(() => isPaid(reply.body.id), 'the payment to be done');
  }
});

test('ids in capitals are the same ids, and their ACS gets its own back as it wrote it', async () => {
  const inCapitals = (message: Json): Json => {
    const ids = Object.entries(message).filter(([name]) => name.endsWith('TransID'));
    return { ...message, ...Object.fromEntries(ids.map(([name, id]) => [name, String(id).toUpperCase()])) };
  };
  for (const spell of ['toUpperCase', 'toLowerCase'] as const) {
    const { reply, url, rreq } = await challenged(inCapitals);
    const page = await settled(await followRedirect(reply));
    assert.equal(fromField(page.forms[0]?.fields.creq).acsTransID, rreq.acsTransID);
    const acsTransID = String(rreq.acsTransID)[spell]();
    const rres = await bring(url, { ...rreq, acsTransID });
    assert.deepEqual([rres.messageType, rres.acsTransID], ['RRes', acsTransID]);
    await eventually(() => isPaid(reply.body.id), 'the payment to be done');
    const { body } = await read(reply.body.id);
    assert.deepEqual([body.threeDSecure?.acsTransactionId, body.threeDSecure?.dsTransactionId], [rreq.acsTransID, rreq.dsTransID]);
  }
});

test('a result of failure, of prohibition and of too much time ends the payment', async () => {
  for (const [transStatus, transStatusReason, challengeCancel, code] of [
    ['N', '01', undefined, '100.380.401'],
    ['N', '14', '04', '100.396.103'],
    ['N', '26', '01', '100.396.101'],
    ['R', '11', undefined, '100.390.100'],
  ] as const) {
    const { reply, url, rreq } = await challenged();
    const { authenticationValue, eci, ...rest } = rreq;
    assert.equal((await bring(url, { ...rest, transStatus, transStatusReason, challengeCancel })).resultsStatus, '01');
    await settled(await openPage((reply.body.redirect as unknown as { readonly url: string }).url));
    expectReply(await read(reply.body.id), 400, code);
  }
});

test('a result is answered when it is recorded and not before: one that cannot be is to be brought again', async () => {
  const { reply, url, rreq } = await challenged();
  const { database } = stack.parts;
  await database.query('alter table polygate.authentication rename to authentication_away');
  try {
    const refused = await bring(url, rreq);
    assert.deepEqual([refused.messageType, refused.errorCode], ['Erro', '403']);
  } finally {
    await database.query('alter table polygate.authentication_away rename to authentication');
  }
  expectReply(await read(reply.body.id), 200, pending);
  assert.equal((await bring(url, rreq)).resultsStatus, '01');
  await eventually(() => isPaid(reply.body.id), 'the payment to be done');
});
