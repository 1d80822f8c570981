/** What goes wrong on demand at the directory server and the ACS: faults, cards that stay silent, time-outs, a restart, a 3DS Server that is away. */

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { openPage, postForm, submit, textOf } from './harness/form-browser.ts';
import { askDirectory, challengeForm, fromField, type Json, type Requestor, startRequestor } from './harness/requestor.ts';
import { control, dataDirectory, type Sandbox, startSandbox } from './sandbox-process.ts';

let sandbox: Sandbox;
let requestor: Requestor;
let url: string;

before(async () => {
  [sandbox, requestor] = await Promise.all([startSandbox(), startRequestor()]);
  url = `http://127.0.0.1:${sandbox.httpPort}`;
});

after(async () => {
  await requestor.close();
  assert.equal(await sandbox.stop(), 0);
});

const FRICTIONLESS = '4242424242424242';

async function order(body: Json): Promise<void> {
  const { status, json } = await control(sandbox, 'POST', '/control/faults', body);
  assert.equal(status, 201, JSON.stringify(json));
}

async function pending(): Promise<readonly Json[]> {
  const { json } = await control(sandbox, 'GET', '/control/faults');
  return (json as { faults: readonly Json[] }).faults;
}

const ask = (pan: string, changes?: Json): Promise<Json> => askDirectory(url, requestor.areq(pan, changes));

async function methodUrlOf(pan: string): Promise<string> {
  const preq = { messageType: 'PReq', messageVersion: '2.2.0', threeDSServerTransID: randomUUID(), threeDSServerRefNumber: 'REF' };
  const { cardRangeData } = await askDirectory(url, preq);
  return (cardRangeData as readonly Record<string, string>[]).find(({ startRange }) => startRange === pan)?.threeDSMethodURL ?? '';
}

const methodForm = (): URLSearchParams => {
  const note = { threeDSServerTransID: randomUUID(), threeDSMethodNotificationURL: `${requestor.url}/method-done` };
  return new URLSearchParams({ threeDSMethodData: Buffer.from(JSON.stringify(note)).toString('base64url') });
};

test('an ACS that is down is an Erro of the directory server, for the card and the number of times ordered', async () => {
  await order({ fault: 'acs_down', pan: FRICTIONLESS, times: 2 });
  assert.equal((await ask('4000000000003097')).transStatus, 'A');
  for (const left of [1, 0]) {
    const erro = await ask(FRICTIONLESS);
    assert.deepEqual([erro.messageType, erro.errorCode, erro.errorComponent], ['Erro', '405', 'D']);
    assert.equal((await pending()).length, left === 0 ? 0 : 1);
  }
  assert.equal((await ask(FRICTIONLESS)).transStatus, 'Y');
});

test('an ACS that is down in the middle shows the shopper a page, and works again on reload', async () => {
  const ares = await ask('4000000000003220');
  await order({ fault: 'acs_down', pan: '4000000000003220' });
  const page = await postForm(String(ares.acsURL), challengeForm(ares));
  assert.equal(page.status, 503);
  assert.match(textOf(page), /Not available right now/);
  assert.equal((await postForm(String(ares.acsURL), challengeForm(ares))).status, 200);
});

test('a slow ACS answers after its delay', async () => {
  await order({ fault: 'acs_slow', delay_ms: 50 });
  const startedAt = performance.now();
  assert.equal((await ask(FRICTIONLESS)).transStatus, 'Y');
  assert.ok(performance.now() - startedAt >= 45);
});

test('a directory server that is down closes the connection; garbage is no message', async () => {
  await order({ fault: 'ds_down' });
  await assert.rejects(ask(FRICTIONLESS), TypeError);
  await order({ fault: 'ds_garbage', pan: FRICTIONLESS });
  const response = await fetch(`${url}/ds`, { method: 'POST', body: JSON.stringify(requestor.areq(FRICTIONLESS)) });
  assert.equal(response.status, 200);
  const text = await response.text();
  assert.throws(() => JSON.parse(text) as unknown);
  assert.equal((await ask(FRICTIONLESS)).transStatus, 'Y');
});

test('a Method that is down closes the connection', async () => {
  const methodUrl = await methodUrlOf(FRICTIONLESS);
  await order({ fault: 'method_down', pan: FRICTIONLESS });
  await assert.rejects(fetch(methodUrl, { method: 'POST', body: methodForm() }), TypeError);
  assert.equal((await fetch(methodUrl, { method: 'POST', body: methodForm() })).status, 200);
});

test('the silent cards hold the connection and say nothing', async () => {
  const silent = await methodUrlOf('4000000000003139');
  const asked = [
    fetch(silent, { method: 'POST', body: methodForm(), signal: AbortSignal.timeout(300) }),
    fetch(`${url}/ds`, { method: 'POST', body: JSON.stringify(requestor.areq('4000000000003121')), signal: AbortSignal.timeout(300) }),
  ];
  for (const { status, reason } of (await Promise.allSettled(asked)) as readonly PromiseRejectedResult[]) {
    assert.deepEqual([status, (reason as Error).name], ['rejected', 'TimeoutError']);
  }
  assert.equal((await ask(FRICTIONLESS)).transStatus, 'Y');
});

test('faults of the host and of 3-D Secure do not meet, and orders that mean nothing are refused', async () => {
  await order({ fault: 'decline' });
  await order({ fault: 'no_answer', pan: FRICTIONLESS });
  assert.equal((await ask(FRICTIONLESS)).transStatus, 'Y');
  assert.equal((await pending()).length, 2);
  await control(sandbox, 'DELETE', '/control/faults');
  for (const [body, field] of [
    [{ fault: 'acs_down', delay_ms: 5 }, 'delay_ms'],
    [{ fault: 'ds_down', mti: '0100' }, 'mti'],
    [{ fault: 'acs_slow', code: '05' }, 'code'],
    [{ fault: 'acs_asleep' }, 'fault'],
  ] as const) {
    const { status, json } = await control(sandbox, 'POST', '/control/faults', body);
    assert.deepEqual([status, (json as Json).field], [400, field]);
  }
});

test('a result that is not taken is sent once more when nothing came back, and the shopper still gets home', async () => {
  for (const answer of [
    { status: 500, body: 'broken' },
    { status: 200, body: '{"messageType":"RRes"}' },
  ]) {
    const ares = await ask('4000000000003220');
    requestor.answerNext(() => answer);
    const page = await postForm(String(ares.acsURL), challengeForm(ares));
    const done = await submit(page, { code: '1234' });
    assert.equal(fromField(done.forms[0]?.fields.cres).transStatus, 'Y');
    assert.equal(requestor.results(String(ares.threeDSServerTransID)).length, 1);
  }
  // Port 1 of the loopback has nobody listening.
  const ares = await ask('4000000000003220', { threeDSServerURL: 'http://127.0.0.1:1/rreq' });
  const page = await postForm(String(ares.acsURL), challengeForm(ares));
  assert.equal((await submit(page, { code: '1234' })).forms.length, 1);
  assert.match(sandbox.stderr(), /the result of challenge [0-9a-f-]+ was not taken/);
});

test('a shopper who never comes, or stops half way, is reported; one who comes late is sent home', async (context) => {
  const hasty = await startSandbox(dataDirectory(), context, ['--challenge-start-ms', '60', '--challenge-step-ms', '60']);
  const hastyUrl = `http://127.0.0.1:${hasty.httpPort}`;
  const absent = await askDirectory(hastyUrl, requestor.areq('4000000000003220'));
  const unasked = await requestor.result(String(absent.threeDSServerTransID));
  assert.deepEqual(
    [unasked.transStatus, unasked.transStatusReason, unasked.challengeCancel, unasked.interactionCounter],
    ['N', '14', '05', '00'],
  );
  const late = await postForm(String(absent.acsURL), challengeForm(absent));
  assert.equal(fromField(late.forms[0]?.fields.cres).transStatus, 'N');
  assert.equal(await hasty.stop(), 0);

  const patient = await startSandbox(dataDirectory(), context, ['--challenge-step-ms', '200']);
  const begun = await askDirectory(`http://127.0.0.1:${patient.httpPort}`, requestor.areq('4000000000003220'));
  const page = await postForm(String(begun.acsURL), challengeForm(begun));
  const stopped = await requestor.result(String(begun.threeDSServerTransID));
  assert.deepEqual([stopped.transStatus, stopped.transStatusReason, stopped.challengeCancel], ['N', '14', '04']);
  const again = await openPage(page.url);
  assert.equal(fromField(again.forms[0]?.fields.cres).transStatus, 'N');
  assert.equal(await patient.stop(), 0);
});

test('a restart loses open challenges cleanly', async (context) => {
  const directory = dataDirectory();
  const first = await startSandbox(directory, context);
  const ares = await askDirectory(`http://127.0.0.1:${first.httpPort}`, requestor.areq('4000000000003220'));
  const page = await postForm(String(ares.acsURL), challengeForm(ares));
  await first.stop('SIGKILL');
  const second = await startSandbox(directory, context);
  const here = (address: string): string => address.replace(String(first.httpPort), String(second.httpPort));
  for (const lost of [
    await openPage(here(page.url)),
    await postForm(here(page.forms[0]?.action ?? ''), { code: '1234' }),
    await postForm(here(String(ares.acsURL)), challengeForm(ares)),
  ]) {
    assert.equal(lost.status, 410);
    assert.match(textOf(lost), /no longer open.*Go back to the shop/);
  }
  assert.equal(await second.stop(), 0);
});

test('browsers are sent to the public address when there is one', async (context) => {
  const hidden = await startSandbox(dataDirectory(), context, ['--public-url', 'https://bank.example/sandbox/']);
  const ares = await askDirectory(`http://127.0.0.1:${hidden.httpPort}`, requestor.areq('4000000000003220'));
  assert.equal(ares.acsURL, 'https://bank.example/sandbox/acs/challenge');
  assert.equal(await hidden.stop(), 0);
});
