/** Faults, forgeries and repeats on the way between shopper, issuer and gateway: none gets a payment through, or through twice. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type BrowserPage, openPage, postForm, submit } from './harness/form-browser.ts';
import { approved, debit, expectReply, type Parameters, type Reply, useOppStack } from './harness/opp.ts';
import { eventually } from './harness/processes.ts';
import { fromField, type Json } from './harness/requestor.ts';
import { answerChallenge, authenticate, browserData, followRedirect, goOn, openChallenge, runMethod, settled } from './harness/shopper.ts';

const stack = useOppStack({ env: { DIRECTORY_SERVER_TIMEOUT_MS: '1000' } });

const pending = '000.200.000';
const challenged = '5555555555554444';
const withMethod = '4000000000003220';

const pay = (card: string, more: Parameters = {}): Promise<Reply> =>
  stack.post(
    '/v1/payments',
    debit({ ...browserData, 'card.number': card, paymentBrand: undefined, shopperResultUrl: `${stack.url}/healthz`, ...more }),
  );
const read = (id: string | undefined): Promise<Reply> => stack.get(`/v1/query/${id}`);
const pageOf = (reply: Reply): string => (reply.body.redirect as unknown as { readonly url: string }).url;
const creqOf = (page: BrowserPage): Json => fromField(page.forms[0]?.fields.creq);

async function send(url: string, message: unknown): Promise<{ readonly status: number; readonly body: Json }> {
  const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(message) });
  const text = await response.text();
  return { status: response.status, body: text === '' ? {} : (JSON.parse(text) as Json) };
}

test('faults of directory server and issuer: the payment goes on without authentication, and says so', async () => {
  for (const fault of ['ds_down', 'ds_garbage', 'acs_down'] as const) {
    await stack.parts.host.addFault({ fault, pan: challenged });
    const reply = expectReply(await pay(challenged), 200, approved);
    assert.equal(reply.body.threeDSecure, undefined, fault);
    const [booked] = await stack.books(reply.body.resultDetails?.ConnectorTxID1 ?? '-');
    assert.equal(booked?.authentication?.valueHash, undefined);
  }
  await stack.parts.host.addFault({ fault: 'acs_slow', pan: challenged, delay_ms: 2_000 });
  expectReply(await pay(challenged), 200, approved);
  assert.deepEqual(await stack.parts.host.faults(), []);
});

test('an issuer’s page that is down does not keep the shopper', async () => {
  await stack.parts.host.addFault({ fault: 'method_down', pan: withMethod });
  const reply = expectReply(await pay(withMethod), 200, pending);
  const page = await followRedirect(reply);
  await assert.rejects(runMethod(page));
  await answerChallenge(await openChallenge(await goOn(page)), { code: '1234', act: 'confirm' });
  expectReply(await read(reply.body.id), 200, approved);
});

test('the browser’s word proves nothing: a forged answer of the challenge leaves the payment open', async () => {
  const reply = expectReply(await pay(challenged), 200, pending);
  const page = await settled(await followRedirect(reply));
  const { threeDSServerTransID, acsTransID } = creqOf(page);
  const challenge = await openChallenge(page);
  const cres = {
    messageType: 'CRes',
    messageVersion: '2.2.0',
    threeDSServerTransID,
    acsTransID,
    transStatus: 'Y',
    challengeCompletionInd: 'Y',
  };
  const back = await postForm(pageOf(reply), { cres: Buffer.from(JSON.stringify(cres)).toString('base64url') });
  assert.equal(back.status, 200);
  expectReply(await read(reply.body.id), 200, pending);
  await answerChallenge(challenge, { act: 'cancel', code: '' });
  expectReply(await read(reply.body.id), 400, '100.396.101');
});

test('tickets: one is good for one payment, and none can be made', async () => {
  const one = pageOf(expectReply(await pay(challenged), 200, pending));
  const two = pageOf(expectReply(await pay(challenged), 200, pending));
  const [first = '', second = ''] = [one, two].map((url) => url.split('/p/')[1]);
  const [kind, idOfOne, secretOfOne] = first.split('.');
  const [, , secretOfTwo] = second.split('.');
  const forged = [
    `${kind}.${idOfOne}.${secretOfTwo}`,
    `m${kind?.slice(1)}.${idOfOne}.${secretOfOne}`,
    `p2.${idOfOne}.${secretOfOne}`,
    `${first}x`,
    'p1.x.y',
    '..%2f',
  ];
  for (const ticket of forged) {
    assert.equal((await openPage(`${stack.url}/p/${ticket}`)).status, 404, ticket);
    assert.equal((await postForm(`${stack.url}/p/${ticket}`, { event: 'cancelled' })).status, 404, ticket);
    assert.equal((await send(`${stack.url}/three-ds/results/${ticket}`, {})).status, 404, ticket);
  }
  assert.equal((await send(`${stack.url}/three-ds/results/${first}`, {})).status, 404);
  for (const url of [one, two]) {
    await postForm(url, { event: 'cancelled' });
    assert.equal(new URL((await openPage(url)).url).pathname, '/healthz');
  }
});

test('the back button, a second tab and a late press of a button get what is true', async () => {
  const reply = expectReply(await pay(withMethod), 200, pending);
  const page = await followRedirect(reply);
  const toIssuer = await goOn(page);
  const again = await goOn(page);
  assert.deepEqual(creqOf(again), creqOf(toIssuer));
  assert.deepEqual(creqOf(await openPage(pageOf(reply))), creqOf(toIssuer));
  const home = await authenticate(reply);
  for (const event of ['method_timed_out', 'cancelled', 'arrived']) {
    assert.equal((await postForm(pageOf(reply), { event })).url, home.url);
  }
  expectReply(await read(reply.body.id), 200, approved);
});

test('a shopper who calls it off on the gateway’s page ends the payment; the issuer’s late word changes nothing', async () => {
  const reply = expectReply(await pay(challenged), 200, pending);
  const challenge = await openChallenge(await settled(await followRedirect(reply)));
  await postForm(pageOf(reply), { event: 'cancelled' });
  expectReply(await read(reply.body.id), 400, '100.396.101');
  await submit(challenge, { code: '1234', act: 'confirm' });
  const late = async () => {
    const { rows } = await stack.parts.database.query('select late_status from polygate.authentication where late_status is not null');
    return rows.length === 1;
  };
  await eventually(late, 'the late result to be noted');
  expectReply(await read(reply.body.id), 400, '100.396.101');
});
