/** Directory server and ACS of the sandbox, as a 3DS Server asks them and as a shopper's browser meets them. */

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { type BrowserPage, openPage, postForm, submit, textOf } from './harness/form-browser.ts';
import { askDirectory, challengeForm, fromField, type Json, type Requestor, startRequestor } from './harness/requestor.ts';
import { type Sandbox, startSandbox } from './sandbox-process.ts';

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

const ask = (pan: string, changes?: Json): Promise<Json> => askDirectory(url, requestor.areq(pan, changes));

/** Asks about a card that challenges and opens the page. */
async function openChallenge(pan: string, changes?: Json, sessionData?: string): Promise<{ ares: Json; page: BrowserPage }> {
  const ares = await ask(pan, changes);
  assert.equal(ares.transStatus, 'C');
  const page = await postForm(String(ares.acsURL), challengeForm(ares, sessionData));
  assert.equal(page.status, 200);
  return { ares, page };
}

function assertBack(page: BrowserPage, ares: Json, transStatus: string): void {
  const [form] = page.forms;
  assert.equal(form?.action, `${requestor.url}/challenge-done`);
  const { messageVersion, threeDSServerTransID, acsTransID } = ares;
  assert.deepEqual(fromField(form?.fields.cres), {
    messageType: 'CRes',
    messageVersion,
    threeDSServerTransID,
    acsTransID,
    transStatus,
    challengeCompletionInd: 'Y',
  });
}

test('the list of cards has each enrolled card, its version and its Method', async () => {
  const preq = {
    messageType: 'PReq',
    messageVersion: '2.2.0',
    threeDSServerTransID: randomUUID(),
    threeDSServerRefNumber: '3DS_LOA_SER_TEST_020200_00001',
  };
  const pres = await askDirectory(url, preq);
  assert.equal(pres.messageType, 'PRes');
  assert.equal(pres.threeDSServerTransID, preq.threeDSServerTransID);
  const ranges = pres.cardRangeData as readonly Record<string, string>[];
  const row = (pan: string): readonly (string | undefined)[] => {
    const range = ranges.find(({ startRange, endRange }) => startRange === pan && endRange === pan);
    return [range?.acsStartProtocolVersion, range?.acsEndProtocolVersion, range?.threeDSMethodURL === undefined ? 'none' : 'Method'];
  };
  const enrolled = ['4000000000003063', '4000000000003097', '4000000000003105', '4000000000003113', '4000000000003121', '4000000000000101'];
  for (const pan of ['5555555555554444', ...enrolled]) assert.deepEqual(row(pan), ['2.2.0', '2.2.0', 'none'], pan);
  for (const pan of ['4242424242424242', '4000000000003220', '4000000000003139']) assert.deepEqual(row(pan), ['2.2.0', '2.2.0', 'Method']);
  assert.deepEqual(row('4000002760003184'), ['2.3.1', '2.3.1', 'none']);
  for (const pan of ['4111111111111111', '4444333322221111', '378282246310005']) assert.deepEqual(row(pan), [undefined, undefined, 'none']);
  assert.ok(ranges.every(({ threeDSMethodURL = '' }) => threeDSMethodURL.length <= 256 && !/[0-9]{12}/.test(threeDSMethodURL)));

  const unchanged = await askDirectory(url, { ...preq, serialNum: pres.serialNum });
  assert.deepEqual([unchanged.messageType, unchanged.serialNum, unchanged.cardRangeData], ['PRes', pres.serialNum, undefined]);
  const foreign = await askDirectory(url, { ...preq, serialNum: 'never-given' });
  assert.deepEqual([foreign.messageType, foreign.errorCode, foreign.errorComponent], ['Erro', '307', 'D']);
});

test('each card that is answered at once gets its status, indicator and evidence', async () => {
  const table: readonly (readonly [pan: string, status: string, eci: string | undefined, reason: string | undefined])[] = [
    ['4242424242424242', 'Y', '05', undefined],
    ['4000000000003097', 'A', '06', undefined],
    ['4000000000003105', 'U', '07', '22'],
    ['4000000000003113', 'R', undefined, '11'],
    ['4000000000003139', 'Y', '05', undefined],
    ['4000000000000101', 'U', '07', '22'],
    ['4200000000000091', 'Y', '05', undefined],
    ['5137009801943438', 'Y', '02', undefined],
    ['371449635311004', 'Y', '05', undefined],
    ['5156400512420624', 'A', '01', undefined],
    ['4469362473905800', 'N', '07', '01'],
    ['4111111111111111', 'U', undefined, '13'],
  ];
  for (const [pan, status, eci, reason] of table) {
    const areq = requestor.areq(pan);
    const ares = await askDirectory(url, areq);
    assert.deepEqual(
      [ares.messageType, ares.messageVersion, ares.transStatus, ares.eci, ares.transStatusReason],
      ['ARes', '2.2.0', status, eci, reason],
      pan,
    );
    assert.equal(ares.threeDSServerTransID, areq.threeDSServerTransID);
    const isProven = status === 'Y' || status === 'A';
    assert.equal(ares.authenticationValue === undefined, !isProven, pan);
    if (isProven) assert.match(String(ares.authenticationValue), /^[A-Za-z0-9+/]{27}=$/);
    assert.equal(ares.acsURL, undefined);
  }
});

test('a shopper confirms, the result comes before the browser is sent back, and only once', async () => {
  const sessionData = Buffer.from('payment 1').toString('base64url');
  const { ares, page } = await openChallenge('4000000000003220', {}, sessionData);
  assert.deepEqual([ares.acsChallengeMandated, ares.authenticationType, ares.authenticationValue], ['N', '02', undefined]);
  const text = textOf(page);
  for (const part of ['Blümchen & Söhne <Café>', '€1,234.56', '•••• 3220', 'Visa', '1234'])
    assert.ok(text.includes(part), `${part} in ${text}`);
  assert.ok(!page.html.includes('4000000000003220'));
  assert.ok(!page.url.includes('3220'));
  assert.equal(requestor.results(String(ares.threeDSServerTransID)).length, 0);

  const done = await submit(page, { code: '12 34', act: 'confirm' });
  const [rreq, ...more] = requestor.results(String(ares.threeDSServerTransID));
  assert.equal(more.length, 0);
  const { authenticationValue, ...rest } = rreq ?? {};
  assert.match(String(authenticationValue), /^[A-Za-z0-9+/]{27}=$/);
  assert.deepEqual(rest, {
    messageType: 'RReq',
    messageVersion: '2.2.0',
    messageCategory: '01',
    threeDSServerTransID: ares.threeDSServerTransID,
    acsTransID: ares.acsTransID,
    dsTransID: ares.dsTransID,
    transStatus: 'Y',
    authenticationType: '02',
    eci: '05',
    interactionCounter: '01',
  });
  assertBack(done, ares, 'Y');
  assert.equal(done.forms[0]?.fields.threeDSSessionData, sessionData);

  // Reload, the back button and a second press of a button.
  for (const again of [await openPage(page.url), await submit(page, { code: '0000' }), await submit(page, { act: 'cancel' })]) {
    assertBack(again, ares, 'Y');
  }
  assert.equal(requestor.results(String(ares.threeDSServerTransID)).length, 1);
});

test('three wrong codes fail, and the page says how many are left', async () => {
  const { ares, page } = await openChallenge('5555555555554444');
  assert.match(textOf(page), /Mastercard.*You have 3 attempts/);
  const empty = await submit(page, { code: ' ' });
  assert.match(textOf(empty), /Type the code.*You have 3 attempts/);
  const once = await submit(empty, { code: '4321' });
  assert.match(textOf(once), /That code is not right\. You can try 2 more times/);
  assert.match(once.html, /<p class="alert" id="problem" role="alert">/);
  assert.match(once.html, /aria-describedby="problem hint" aria-invalid="true"/);
  assert.match(once.html, /<title>Error: /);
  const twice = await submit(once, { code: '12345' });
  assert.match(textOf(twice), /You can try once more.*This is your last attempt/);
  assertBack(await submit(twice, { code: '1235' }), ares, 'N');
  const [rreq] = requestor.results(String(ares.threeDSServerTransID));
  assert.deepEqual([rreq?.transStatus, rreq?.interactionCounter, rreq?.eci, rreq?.authenticationValue], ['N', '03', '00', undefined]);
});

test('Cancel cancels, and one wrong code before it does not matter', async () => {
  const { ares, page } = await openChallenge('4000000000003220');
  assertBack(await submit(await submit(page, { code: '9' }), { act: 'cancel', code: '' }), ares, 'N');
  const [rreq] = requestor.results(String(ares.threeDSServerTransID));
  assert.deepEqual([rreq?.transStatus, rreq?.challengeCancel, rreq?.interactionCounter], ['N', '01', '01']);
});

test('the card whose ACS refuses takes no code, and published cards end as published', async () => {
  const refused = await openChallenge('4000000000003063');
  const second = await submit(await submit(refused.page, { code: '1234' }), { code: '1234' });
  assertBack(await submit(second, { code: '1234' }), refused.ares, 'N');
  for (const [pan, status] of [
    ['4839645466321180', 'A'],
    ['4450022237973103', 'R'],
    ['5148904639667695', 'U'],
  ] as const) {
    const { ares, page } = await openChallenge(pan);
    assertBack(await submit(page, { code: '1' }), ares, status === 'A' ? 'Y' : 'N');
    assert.equal(requestor.results(String(ares.threeDSServerTransID))[0]?.transStatus, status);
  }
});

const V231 = {
  messageVersion: '2.3.1',
  acceptLanguage: ['en-GB'],
  acquirerCountryCode: '276',
  acquirerCountryCodeSource: '01',
};

test('the card of version 2.3.1 challenges in it, also where an exemption is asked', async () => {
  const { ares, page } = await openChallenge('4000002760003184', { ...V231, threeDSRequestorChallengeInd: ['05'] });
  assert.deepEqual([ares.messageVersion, ares.acsChallengeMandated, ares.authenticationMethod], ['2.3.1', 'Y', ['02']]);
  assertBack(await submit(page, { code: '1234' }), ares, 'Y');
  const [rreq] = requestor.results(String(ares.threeDSServerTransID));
  assert.deepEqual([rreq?.messageVersion, rreq?.transStatus, rreq?.authenticationMethod], ['2.3.1', 'Y', ['02']]);
  const old = await ask('4000002760003184');
  assert.deepEqual([old.messageType, old.errorCode], ['Erro', '102']);
});

test('what the merchant asks for changes the answer where the rules say so', async () => {
  const table: readonly (readonly [pan: string, changes: Json, status: string])[] = [
    ['4000000000000101', { threeDSRequestorChallengeInd: '04' }, 'C'],
    ['4000000000000101', { threeDSRequestorChallengeInd: '03' }, 'U'],
    ['4000000000003220', { threeDSRequestorChallengeInd: '05' }, 'I'],
    ['4000000000003220', { threeDSRequestorChallengeInd: '06' }, 'I'],
    ['4000000000003220', { threeDSRequestorChallengeInd: '08' }, 'Y'],
    ['4000000000003220', { threeDSRequestorChallengeInd: '02' }, 'C'],
    ['4242424242424242', { threeDSRequestorChallengeInd: '04' }, 'Y'],
    ['5137009801943438', { messageCategory: '80' }, 'Y'],
    ['4242424242424242', { messageCategory: '02', purchaseAmount: undefined, mcc: undefined }, 'Y'],
    ['4242424242424242', { deviceChannel: '03', threeRIInd: '05' }, 'Y'],
    ['4000000000003220', { deviceChannel: '03', threeRIInd: '05' }, 'U'],
    ['4000002760003184', { ...V231, threeDSRequestorChallengeInd: ['06'] }, 'I'],
  ];
  for (const [pan, changes, status] of table)
    assert.equal((await ask(pan, changes)).transStatus, status, `${pan} ${JSON.stringify(changes)}`);
});

test('without a shopper, an issuer that challenges knows the cardholder by an earlier transaction of the same card', async () => {
  const [pan, newer] = ['4000000000003220', '4000002760003184'];
  const byRequestor = { deviceChannel: '03', threeRIInd: '11' };
  const prior = (ares: Json): Json => ({ threeDSReqPriorAuthMethod: '02', threeDSReqPriorRef: ares.acsTransID });
  const shopperless = (card: string, changes: Json): Promise<Json> => {
    const { messageVersion = '2.2.0' } = changes;
    const ofShoppers = Object.keys(requestor.areq(card)).filter((name) =>
      /^browser|^notificationURL|CompInd$|AuthenticationInd$/.test(name),
    );
    const without = Object.fromEntries([...ofShoppers, 'acceptLanguage'].map((name) => [name, undefined]));
    return ask(card, { ...changes, ...without, ...byRequestor, messageVersion });
  };
  const passed = await openChallenge(pan);
  const info = { threeDSRequestorPriorAuthenticationInfo: prior(passed.ares) };
  assert.deepEqual([(await shopperless(pan, info)).transStatus, (await shopperless(pan, {})).transStatusReason], ['U', '21']);
  assertBack(await submit(passed.page, { code: '1234' }), passed.ares, 'Y');
  const known = await shopperless(pan, info);
  assert.deepEqual([known.transStatus, known.eci, typeof known.authenticationValue], ['Y', '05', 'string']);
  assert.equal((await shopperless('5555555555554444', info)).transStatus, 'U');
  // What was answered so is known in its turn, and Mastercard has an indicator of its own for it.
  const again = { threeDSRequestorPriorAuthenticationInfo: prior(known) };
  assert.equal((await shopperless(pan, again)).transStatus, 'Y');
  const smooth = await ask('5200000091444270');
  const later = await shopperless('5200000091444270', { threeDSRequestorPriorAuthenticationInfo: prior(smooth) });
  assert.deepEqual([smooth.eci, later.eci], ['02', '07']);
  const latest = await openChallenge(newer, V231);
  assertBack(await submit(latest.page, { code: '1234' }), latest.ares, 'Y');
  const listed = { ...V231, threeDSRequestorPriorAuthenticationInfo: [prior(latest.ares)] };
  assert.deepEqual([(await shopperless(newer, listed)).transStatus, (await shopperless(newer, V231)).transStatus], ['Y', 'U']);
});

test('messages that break the rules are answered with the right error', async () => {
  const right = requestor.areq('4242424242424242');
  const table: readonly (readonly [message: unknown, code: string, detail: string])[] = [
    ['not json', '101', 'not JSON'],
    [{ ...right, messageType: 'RRes' }, '101', 'messageType'],
    [{ ...right, messageVersion: '2.1.0' }, '102', 'messageVersion'],
    [requestor.areq('4242424242424242', { mcc: undefined, notificationURL: undefined }), '201', 'mcc,notificationURL'],
    [{ ...right, browserIP: '' }, '203', 'browserIP'],
    [{ ...right, purchaseCurrency: '999' }, '304', 'purchaseCurrency'],
    [JSON.stringify(right).replace('"mcc":', '"mcc":"5411","mcc":'), '204', 'mcc'],
  ];
  for (const [message, code, detail] of table) {
    const erro = await askDirectory(url, message);
    assert.deepEqual([erro.messageType, erro.errorCode, erro.errorComponent, erro.errorDetail], ['Erro', code, 'D', detail]);
    const isReadable = typeof message !== 'string' || code === '204';
    assert.equal(typeof erro.threeDSServerTransID, isReadable ? 'string' : 'undefined');
  }
});

test('the 3DS Method calls back with the transaction, in a frame, from a strict page', async () => {
  const { cardRangeData } = await askDirectory(url, {
    messageType: 'PReq',
    messageVersion: '2.2.0',
    threeDSServerTransID: randomUUID(),
    threeDSServerRefNumber: 'REF',
  });
  const methodUrl = (cardRangeData as readonly Record<string, string>[]).find(
    ({ startRange }) => startRange === '4242424242424242',
  )?.threeDSMethodURL;
  const threeDSServerTransID = randomUUID();
  const note = { threeDSServerTransID, threeDSMethodNotificationURL: `${requestor.url}/method-done` };
  const threeDSMethodData = Buffer.from(JSON.stringify(note)).toString('base64url');
  const page = await postForm(methodUrl ?? '', { threeDSMethodData });
  assert.equal(page.status, 200);
  assert.equal(page.forms[0]?.action, `${requestor.url}/method-done`);
  assert.deepEqual(fromField(page.forms[0]?.fields.threeDSMethodData), { threeDSServerTransID });
  const policy = page.headers.get('content-security-policy') ?? '';
  const nonce = /script-src 'nonce-([^']+)'/.exec(policy)?.[1];
  assert.ok(nonce !== undefined && page.html.includes(`<script nonce="${nonce}">`));
  assert.ok(policy.includes("default-src 'none'") && policy.includes('frame-ancestors *'));
  assert.equal(page.headers.get('x-frame-options'), null);
  const broken = await postForm(methodUrl ?? '', { threeDSMethodData: 'AAAA' });
  assert.equal(broken.status, 400);
});

test('the challenge page needs no script, and everybody may frame it', async () => {
  const { page } = await openChallenge('4000000000003220');
  const policy = page.headers.get('content-security-policy') ?? '';
  for (const part of ["default-src 'none'", "script-src 'none'", "form-action 'self'", "base-uri 'none'", 'frame-ancestors *']) {
    assert.ok(policy.includes(part), `${part} in ${policy}`);
  }
  assert.ok(!page.html.includes('<script'));
  assert.equal(page.headers.get('cache-control'), 'no-store');
  // When the time is over the page comes back by itself: 600 s and one, less what has passed.
  assert.match(page.html, /<meta http-equiv="refresh" content="(601|600|5[0-9]{2})">/);
  assert.match(page.html, /<html lang="en">/);
  assert.match(page.html, /<label for="code">/);
  assert.match(page.html, /inputmode="numeric" autocomplete="one-time-code"/);
  assert.match(page.html, /<meta name="viewport" content="width=device-width, initial-scale=1">/);
});

test('a CReq that cannot be used opens nothing', async () => {
  const ares = await ask('4000000000003220');
  const acsUrl = String(ares.acsURL);
  const foreign = challengeForm({ ...ares, threeDSServerTransID: randomUUID() });
  assert.equal((await postForm(acsUrl, foreign)).status, 400);
  assert.equal((await postForm(acsUrl, { creq: 'e30' })).status, 400);
  assert.equal((await postForm(acsUrl, {})).status, 400);
  assert.equal((await postForm(acsUrl, challengeForm({ ...ares, acsTransID: randomUUID() }))).status, 410);
  assert.equal((await openPage(`${acsUrl}/${randomUUID()}`)).status, 410);
  const padded = challengeForm(ares).creq ?? '';
  const withLineEnds = `${padded.slice(0, 20)}\r\n${padded.slice(20)}${'='.repeat((4 - (padded.length % 4)) % 4)}`;
  assert.equal((await postForm(acsUrl, { creq: withLineEnds })).status, 200);
});
