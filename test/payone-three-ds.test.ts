/** PAYONE: 3-D Secure at the payment: frictionless, challenge, none; the way back; and the platform's published cards. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import type { Nested } from './harness/payone.ts';
import { codeIn, usePayoneStack } from './harness/payone-stack.ts';
import { authenticateAt } from './harness/shopper.ts';

const stack = usePayoneStack({ env: { DIRECTORY_SERVER_TIMEOUT_MS: '1000' } });

const typed = { code: '1234', act: 'confirm' };
const back = () => `${stack.url}/healthz?basket=7`;

const nothing: Nested = {};

const redirectTo = (body: Nested) => {
  const { redirectURL = '', RETURNMAC = '' } = body.merchantAction?.redirectData ?? nothing;
  return { url: redirectURL, mac: RETURNMAC };
};

const goTo = (url: string) => authenticateAt({ url, method: 'GET', parameters: [] }, typed);

const resultsIn = (body: Nested) => (body.payment ?? body).paymentOutput?.cardPaymentMethodSpecificOutput?.threeDSecureResults;

test('frictionless: answered at once, without an action, also where the issuer has a page of its own', async () => {
  for (const number of ['4330264936344675', '4242424242424242', '4000000000003139']) {
    const { status, body, text } = await stack.pay({ card: stack.card(number) });
    assert.deepEqual([status, codeIn(body)], [201, 5], text);
    assert.match(text, /"merchantAction":null/);
    const { flow, authenticationStatus, eci, schemeEci, liability } = resultsIn(body) ?? nothing;
    assert.deepEqual([flow, authenticationStatus, eci, schemeEci, liability], ['frictionless', 'Y', '5', '05', 'issuer']);
  }
});

test('frictionless: a repeat while the issuer is asked is told so, and neither redirects nor calls off what the first one pays', async () => {
  for (const wayBack of [{ returnUrl: back() }, { returnUrl: undefined }]) {
    const key = randomUUID();
    const input = { card: stack.card('4012000033330026'), authorizationMode: 'SALE', ...wayBack };
    const order = { amountOfMoney: { amount: 1250, currencyCode: 'EUR' } };
    const pay = () => stack.post('/payments', { order, cardPaymentMethodSpecificInput: input }, key);
    const replies = await Promise.all([pay(), pay(), pay()]);
    const told = replies.map(({ status, body }) => `${status} ${body.errors?.[0]?.id ?? codeIn(body)}`);
    assert.ok(told.includes('201 9'), told.join());
    assert.deepEqual(
      [...new Set(told)].filter((one) => one !== '201 9' && one !== '409 DUPLICATE_REQUEST_IN_PROGRESS'),
      [],
    );
    assert.deepEqual([codeIn((await pay()).body), codeIn((await pay()).body)], [9, 9]);
  }
});

test('challenge: a repeat that names no way back is told of the first, which goes on', async () => {
  const key = randomUUID();
  const order = { amountOfMoney: { amount: 1250, currencyCode: 'EUR' } };
  const pay = (wayBack: object) =>
    stack.post('/payments', { order, cardPaymentMethodSpecificInput: { card: stack.card('4874970686672022'), ...wayBack } }, key);
  const first = await pay({ returnUrl: back() });
  const repeat = await pay({});
  assert.deepEqual([repeat.status, redirectTo(repeat.body)], [201, redirectTo(first.body)], repeat.text);
  await goTo(redirectTo(first.body).url);
  await stack.becomes(first.body.payment?.id ?? '', 5);
});

test('none: a card that takes part in nothing, the telephone, and whoever skips it', async () => {
  const challenged = '4874970686672022';
  const rows: readonly object[] = [
    { card: stack.card('4111111111111111') },
    { card: stack.card(challenged), transactionChannel: 'MOTO' },
    { card: stack.card(challenged), threeDSecure: { skipAuthentication: true } },
    { card: stack.card(challenged), skipAuthentication: true },
  ];
  for (const input of rows) {
    const { status, body, text } = await stack.pay(input);
    assert.deepEqual([status, codeIn(body), resultsIn(body)], [201, 5, undefined], text);
    assert.match(text, /"merchantAction":null/);
  }
});

test('orders by mail or telephone are told as such: they need neither an authentication nor an exemption', async () => {
  const wantsAuthentication = stack.card('4000000000000101');
  const online = await stack.pay({ card: wantsAuthentication, threeDSecure: { skipAuthentication: true } });
  assert.equal(online.status, 402, online.text);
  const before = (await stack.parts.host.books()).length;
  const ordered = { card: wantsAuthentication, transactionChannel: 'MOTO', threeDSecure: { exemptionRequest: 'low-value' } };
  for (const authorizationMode of ['FINAL_AUTHORIZATION', 'SALE']) {
    const { status, body, text } = await stack.pay({ ...ordered, authorizationMode });
    assert.deepEqual([status, codeIn(body)], [201, authorizationMode === 'SALE' ? 9 : 5], text);
  }
  const entries = (await stack.parts.host.books()).slice(before);
  assert.deepEqual(
    entries.map(({ authentication }) => authentication),
    [undefined, undefined],
  );
});

test('challenge: sent to the issuer, authorized afterwards, and back with all that the shop compares', async () => {
  for (const [number, mode, code] of [
    ['4874970686672022', 'FINAL_AUTHORIZATION', 5],
    ['5130257474533310', 'SALE', 9],
  ] as const) {
    const wayBack = { threeDSecure: { redirectionData: { returnUrl: back() } } };
    const { status, body, text } = await stack.pay({
      card: stack.card(number),
      authorizationMode: mode,
      returnUrl: 'https://shop.example/no',
      ...wayBack,
    });
    const id = body.payment?.id ?? '';
    assert.deepEqual(
      [status, body.payment?.status, codeIn(body), body.merchantAction?.actionType],
      [201, 'REDIRECTED', 46, 'REDIRECT'],
      text,
    );
    const { url, mac } = redirectTo(body);
    assert.match(mac, /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/);
    assert.equal(codeIn((await stack.get(`/payments/${id}`)).body), 46);
    assert.equal((await stack.post(`/payments/${id}/capture`, {})).status, 400);
    const home = new URL((await goTo(url)).url);
    assert.deepEqual(
      [home.pathname, ...['basket', 'REF', 'RETURNMAC', 'paymentId'].map((name) => home.searchParams.get(name))],
      ['/healthz', '7', 'order 1', mac, id],
    );
    const details = await stack.get(`/payments/${id}/details`);
    assert.equal(codeIn(details.body), code);
    const { flow, authenticationStatus } = resultsIn(details.body) ?? nothing;
    assert.deepEqual([flow, authenticationStatus], ['challenge', 'Y']);
  }
});

test('the older member for the way back does as well', async () => {
  const { body } = await stack.pay({ card: stack.card('4874970686672022'), returnUrl: back() });
  assert.equal(new URL((await goTo(redirectTo(body).url)).url).pathname, '/healthz');
  assert.equal(codeIn((await stack.get(`/payments/${body.payment?.id ?? ''}`)).body), 5);
});

test('a challenge that the issuer ends with a no is a refusal, and the shopper comes home all the same', async () => {
  const { body } = await stack.pay({ card: stack.card('4450022237973103'), returnUrl: back() });
  const home = new URL((await goTo(redirectTo(body).url)).url);
  assert.equal(home.pathname, '/healthz');
  const shown = (await stack.get(`/payments/${body.payment?.id ?? ''}`)).body;
  assert.deepEqual([shown.status, codeIn(shown), shown.statusOutput?.statusCategory], ['REJECTED', 2, 'UNSUCCESSFUL']);
  assert.deepEqual(
    shown.statusOutput?.errors?.map(({ errorCode }) => errorCode),
    ['40001134', '50001111'],
  );
  assert.equal(shown.paymentOutput?.acquiredAmount?.amount as unknown, 0);
});

test('an issuer that refuses at once: 402 with the payment', async () => {
  for (const number of ['5168645305790452', '4469362473905800']) {
    const { status, body } = await stack.pay({ card: stack.card(number) });
    assert.deepEqual([status, body.errors?.[0]?.errorCode, codeIn(body.paymentResult)], [402, '40001134', 2]);
  }
});

test('attempted and unavailable go on, with and without the issuer’s liability', async () => {
  for (const [number, word, liability] of [
    ['4450213273993630', 'A', 'issuer'],
    ['4259701590936889', 'U', 'merchant'],
  ] as const) {
    const { body, text } = await stack.pay({ card: stack.card(number) });
    assert.deepEqual([codeIn(body), resultsIn(body)?.authenticationStatus, resultsIn(body)?.liability], [5, word, liability], text);
  }
});

test('a challenge without a way back is refused, and nothing of it stands', async () => {
  const { status, body } = await stack.pay({ card: stack.card('4874970686672022'), returnUrl: undefined });
  assert.deepEqual([status, body.errors?.[0]?.id], [400, 'PARAMETER_NOT_FOUND_IN_REQUEST']);
  assert.match(body.errors?.[0]?.propertyName ?? '', /returnUrl$/);
  const { rows } = await stack.parts.database.query<{ state: string }>(
    `select state from polygate.operation order by created_at desc limit 1`,
  );
  assert.deepEqual(rows, [{ state: 'rejected' }]);
});

test('ways back that no browser should follow are refused', async () => {
  for (const returnUrl of ['/back', 'javascript:alert(1)', 'shop.example', `https://shop.example/${'x'.repeat(200)}`]) {
    const { status, body } = await stack.pay({ returnUrl });
    assert.deepEqual([status, body.errors?.[0]?.propertyName], [400, 'cardPaymentMethodSpecificInput.returnUrl']);
  }
});

test('results of the merchant’s own server reach the acquirer, and nobody is asked again', async () => {
  const external = {
    eci: 5,
    cavv: 'AAABBEg0VhI0VniQEjRWAAAAAAA=',
    threeDSecureVersion: '2.2.0',
    directoryServerTransactionId: 'f25084f0-5b16-4c0a-ae5d-b24808a95e4b',
  };
  const threeDSecure = { externalCardholderAuthenticationData: external };
  const before = (await stack.parts.host.books()).length;
  const { status, body } = await stack.pay({ card: stack.card('4874970686672022'), threeDSecure });
  assert.deepEqual([status, codeIn(body)], [201, 5]);
  const [entry] = (await stack.parts.host.books()).slice(before);
  assert.equal(entry?.authentication?.eci, '05');
  const { cavv: _, ...withoutProof } = external;
  const refused = await stack.pay({ threeDSecure: { externalCardholderAuthenticationData: withoutProof } });
  assert.match(refused.body.errors?.[0]?.propertyName ?? '', /cavv$/);
});

test('a soft decline becomes a challenge', async () => {
  const { body } = await stack.pay({ card: stack.card('4000000000000101'), returnUrl: back() });
  assert.deepEqual([codeIn(body), body.merchantAction?.actionType], [46, 'REDIRECT']);
  await goTo(redirectTo(body).url);
  assert.equal(codeIn((await stack.get(`/payments/${body.payment?.id ?? ''}`)).body), 5);
});

test('the merchant charges later: authenticated without the shopper where it asks for that, by what it or the first payment tells', async () => {
  const first = await stack.pay({
    ...{ card: stack.card('5130257474533310'), isRecurring: true, recurring: { recurringPaymentSequenceIndicator: 'first' } },
    threeDSecure: { redirectionData: { returnUrl: back() } },
  });
  await goTo(redirectTo(first.body).url);
  const id = first.body.payment?.id ?? '';
  const { body } = await stack.get(`/payments/${id}/details`);
  const { acsTransactionId } = resultsIn(body) ?? nothing;
  const token = (body.payment ?? body).paymentOutput?.cardPaymentMethodSpecificOutput?.token ?? first.body.creationOutput?.token;
  const later = {
    card: undefined,
    token,
    returnUrl: undefined,
    isRecurring: true,
    recurring: { recurringPaymentSequenceIndicator: 'recurring' },
  };
  const byRequestor = { deviceChannel: 'ThreeDSRequestorInitiated' };
  const asked = await stack.pay({ ...later, threeDSecure: byRequestor });
  const { flow, authenticationStatus, schemeEci, liability } = resultsIn(asked.body) ?? nothing;
  assert.deepEqual(
    [asked.status, flow, authenticationStatus, schemeEci, liability],
    [201, 'frictionless', 'Y', '07', 'issuer'],
    asked.text,
  );
  assert.match(asked.text, /"merchantAction":null/);
  const priorThreeDSecureData = { acsTransactionId, method: 'challenged', utcTimestamp: '203411210915' };
  const alone = {
    ...later,
    token: undefined,
    card: stack.card('5130257474533310'),
    threeDSecure: { ...byRequestor, priorThreeDSecureData },
  };
  assert.equal(resultsIn((await stack.pay(alone)).body)?.authenticationStatus, 'Y');
  assert.equal(resultsIn((await stack.pay({ ...alone, threeDSecure: byRequestor })).body)?.authenticationStatus, 'U');
  for (const method of ['constructor', '__proto__']) {
    const unheardOf = { ...byRequestor, priorThreeDSecureData: { ...priorThreeDSecureData, method } };
    assert.equal(resultsIn((await stack.pay({ ...alone, threeDSecure: unheardOf })).body)?.authenticationStatus, 'U', method);
  }
  assert.equal(resultsIn((await stack.pay({ ...later, threeDSecure: {} })).body), undefined);
});
