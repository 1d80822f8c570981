/** Values that are taken, kept and shown again: none of them breaks whoever reads it later. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { auditAfterEach } from './harness/auditor.ts';
import { callConsole, viewerKey } from './harness/console.ts';
import * as opp from './harness/opp.ts';
import * as paymentz from './harness/paymentz.ts';
import * as payone from './harness/payone.ts';
import { eventually } from './harness/processes.ts';
import { demo, seedCard, seedPurchase } from './harness/qorepay.ts';
import { type Stack, startStack } from './harness/stack.ts';

let running: Stack | undefined;
const stack = (): Stack => {
  if (running === undefined) throw new Error('The stack runs only while tests do.');
  return running;
};
before(async () => {
  running = await startStack();
});
after(() => running?.stop());
auditAfterEach(() => running);

const urlOf = () => `http://127.0.0.1:${stack().config.port}`;
const json = { 'content-type': 'application/json' };
const form = { 'content-type': 'application/x-www-form-urlencoded' };
const send = (request: opp.RawRequest) => opp.exchange(urlOf(), request);
const qorepay = (method: string, path: string, body?: unknown) =>
  send({
    ...{ method, path: `/api/v1/${path}`, headers: { authorization: `Bearer ${demo.apiKey}`, ...json } },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
const pay = (more: opp.Parameters) =>
  send({
    ...{ method: 'POST', path: '/v1/payments', headers: { authorization: opp.demo.bearer, ...form } },
    body: opp.encode({ entityId: opp.demo.entityId, ...opp.debit(more) }),
  });
const payonePay = (card: object) =>
  payone.exchangePayone(urlOf(), stack().traces, {
    ...{ caller: payone.demo, merchantId: payone.demo.merchantId },
    request: {
      ...{ method: 'POST', path: '/payments' },
      body: {
        cardPaymentMethodSpecificInput: {
          ...{ card: payone.cardData(stack().traces, { number: '5555555555554444' }), authorizationMode: 'SALE', ...card },
        },
        order: { amountOfMoney: { amount: 1_000, currencyCode: 'EUR' }, customer: { device } },
      },
    },
  });
const device = {
  ...{ acceptHeader: 'text/html', ipAddress: '192.0.2.1', locale: 'en', timezoneOffsetUtcMinutes: '0', userAgent: 'x' },
  browserData: { colorDepth: 24, javaEnabled: false, javaScriptEnabled: true, screenHeight: '900', screenWidth: '900' },
};
const browser = Object.fromEntries(
  Object.entries({
    ...{ acceptHeader: 'text/html', language: 'en', screenHeight: '900', screenWidth: '900', timezone: '0', userAgent: 'x' },
  }).map(([name, value]) => [`customer.browser.${name}`, value]),
);

/** Where a program is sent that opens a payment's page after its shopper has canceled. */
async function wayBack(page: unknown): Promise<string> {
  const { pathname: path } = new URL(String(page));
  await send({ method: 'POST', path, headers: form, body: 'event=cancelled' });
  let location: string | undefined;
  await eventually(async () => {
    const reply = await send({ method: 'GET', path });
    assert.ok(reply.status < 400, reply.text);
    location = reply.headers.location;
    return location !== undefined;
  }, 'the way back');
  return location ?? '';
}

describe('addresses that no header can have are written as a browser would', () => {
  const addresses = [
    ['http://127.0.0.1:9/zurück/漢字?q=漢', 'http://127.0.0.1:9/zur%C3%BCck/%E6%BC%A2%E5%AD%97?q=%E6%BC%A2'],
    ['http://127.0.0.1:9/\u0001x', 'http://127.0.0.1:9/%01x'],
  ] as const;
  for (const [given, written] of addresses) {
    test(`OPP ${JSON.stringify(given)}`, async () => {
      const flow = { 'customParameters[3DS2_flow]': 'challenge' };
      const card = { 'card.number': '5555555555554444', paymentBrand: 'MASTER' };
      const begun = await pay({ ...card, ...browser, ...flow, shopperResultUrl: given });
      const location = await wayBack(begun.body.redirect?.url);
      assert.ok(location.startsWith(`${written}${given.includes('?') ? '&' : '?'}id=`), location);
    });
    test(`PAYONE ${JSON.stringify(given)}`, async () => {
      const begun = await payonePay({ threeDSecure: { challengeIndicator: 'challenge-required', redirectionData: { returnUrl: given } } });
      const location = await wayBack(begun.body.merchantAction?.redirectData?.redirectURL);
      assert.ok(location.startsWith(`${written}${given.includes('?') ? '&' : '?'}REF=`), location);
    });
    test(`QorePay ${JSON.stringify(given)}`, async () => {
      const made = await qorepay('POST', 'purchases/', seedPurchase({ success_redirect: given, failure_redirect: given }));
      const { pathname: path } = new URL(String(made.body.direct_post_url));
      const failed = await send({ method: 'POST', path, headers: form, body: 'card_number=1' });
      assert.equal(failed.headers.location, written, failed.text);
      const paid = await send({
        ...{ method: 'POST', path: `${path}?s2s=true`, headers: { authorization: `Bearer ${demo.s2sToken}`, ...json } },
        body: JSON.stringify(seedCard()),
      });
      assert.equal(paid.text, '{"status":"executed"}');
      const back = await send({ method: 'GET', path: `${path}result/` });
      assert.equal(back.headers.location, written, back.text);
    });
  }
});

describe('times at the ends of what can be asked for', () => {
  const last = 253_402_300_799;
  test('QorePay: reports up to the last second of the year 9999', async () => {
    for (const path of [`account/json/balance/?to=${last}`, `account/json/turnover/?currency=NGN&from=${last}&to=${last}`]) {
      const reply = await qorepay('GET', path);
      assert.equal(reply.status, 200, reply.text);
    }
    await statementIs(
      'success',
      await qorepay('POST', `company_statements/?currency=NGN&to=${last}&updated_to=${last}`, { format: 'csv' }),
    );
  });
  test('QorePay: a trial of a thousand times a thousand months', async () => {
    const client = await qorepay('POST', 'clients/', { email: 'ada@example.com' });
    const periods = { subscription_period: 1_000, subscription_trial_periods: 1_000, subscription_active: true };
    const purchase = { currency: 'NGN', products: [{ name: 'Dog food', price: 100 }] };
    const made = await qorepay('POST', 'billing_templates/', {
      brand_id: demo.brandId,
      title: 'x',
      is_subscription: true,
      ...periods,
      purchase,
    });
    const path = `billing_templates/${made.body.id}`;
    const added = await qorepay('POST', `${path}/add_subscriber/`, { client_id: client.body.id });
    assert.equal(added.status, 200, added.text);
    const listed = await qorepay('GET', `${path}/clients/`);
    assert.match(listed.text, /"subscription_billing_scheduled_on":"\+0853\d\d-\d\d-\d\d"/);
  });
  test('OPP and Paymentz: searches from the year 0 on', async () => {
    const span = { 'date.from': '0000-01-01 00:00:00', 'date.to': '9999-12-31 23:59:59' };
    assert.equal((await pay({})).code, opp.approved);
    const headers = { authorization: opp.demo.bearer };
    const found = await send({ method: 'GET', path: `/v3/query?${opp.encode({ entityId: opp.demo.entityId, ...span })}`, headers });
    assert.equal(found.status, 200, found.text);
    const client = paymentz.createPaymentzClient({ url: urlOf(), traces: stack().traces, member: paymentz.demoMember });
    paymentz.expectResult(await client.pay(), '00001');
    const days = { 'pagination.fromdate': '01/01/0000', 'pagination.todate': '31/12/9999' };
    const listed = await client.post(`${paymentz.rest}/getTransactionList`, [paymentz.who, paymentz.key], days);
    paymentz.expectResult(listed, '00026');
  });
  test('console API: what the database cannot read is refused, not a failure', async () => {
    const half = Buffer.from('["\\u0000"]').toString('base64url');
    for (const query of ['from=2026-01-01T00:00:00%2B99:99', `cursor=${half}`]) {
      const reply = await callConsole(urlOf(), { path: `/console-api/payments?${query}`, key: viewerKey });
      assert.equal(reply.status, 400, await reply.text());
    }
  });
});

async function statementIs(state: 'success' | 'error', { body: { id } }: opp.Reply): Promise<opp.Reply> {
  const read = () => qorepay('GET', `company_statements/${id}/`);
  await eventually(async () => ['success', 'error'].includes(String((await read()).body.status)), 'the statement to be over');
  const now = await read();
  assert.equal(now.body.status, state, now.text);
  return now;
}

describe('QorePay', () => {
  test('a statement that cannot be made ends, instead of being tried for ever', async () => {
    const made = await qorepay('POST', 'company_statements/?currency=NGN', { format: 'csv' });
    await statementIs('success', made);
    // As an older version has kept what nobody can read.
    await stack().database.query(
      `update polygate.statement set state = 'pending', due_at = now(), filter = '{"orderedToMs": 9e18}' where statement_id = $1`,
      [made.body.id],
    );
    const over = await statementIs('error', made);
    assert.match(String(over.body.error), /could not be made/);
  });
  test('filters of reports with a NUL are refused by their names', async () => {
    for (const name of ['q', 'flow', 'payment_method']) {
      for (const reply of [
        await qorepay('GET', `account/json/balance/?${name}=%00`),
        await qorepay('POST', `company_statements/?currency=NGN&${name}=%00`, { format: 'csv' }),
      ]) {
        assert.equal(reply.status, 400, reply.text);
        assert.deepEqual(Object.keys(reply.body), [name]);
      }
    }
  });
  test('a body that is nested too deeply is refused', async () => {
    const nested = (levels: number) =>
      JSON.stringify(seedPurchase()).replace(
        '"currency"',
        `"payment_method_details":{"a":${'['.repeat(levels)}${']'.repeat(levels)}},"currency"`,
      );
    for (const levels of [100, 20_000]) {
      const reply = await qorepay('POST', 'purchases/', nested(levels));
      assert.equal(reply.status, 400, reply.text);
    }
    const made = await qorepay('POST', 'purchases/', nested(50));
    assert.equal(made.status, 201, made.text);
  });
});

test('PAYONE: what no message to the acquirer can hold is refused by its name', async () => {
  const external = { eci: 5, cavv: 'AAABBBCCCDDD', threeDSecureVersion: '2.2.0', directoryServerTransactionId: 'a1' };
  const subsequent = { unscheduledCardOnFileRequestor: 'merchantInitiated', unscheduledCardOnFileSequenceIndicator: 'subsequent' };
  for (const name of ['cavv', 'directoryServerTransactionId', 'schemeReferenceData']) {
    const ofScheme = name === 'schemeReferenceData';
    const given = (value: string) =>
      ofScheme
        ? { ...subsequent, [name]: value }
        : { threeDSecure: { externalCardholderAuthenticationData: { ...external, [name]: value } } };
    for (const value of ['ü', 'a\nb']) {
      const refused = await payonePay(given(value));
      assert.equal(refused.status, 400, refused.text);
      assert.match(String(refused.body.errors?.[0]?.propertyName), new RegExp(`\\.${name}$`));
    }
    assert.equal((await payonePay(given('a1b2'))).status, 201);
  }
});

test('console API: a sum beyond 2^53 is shown, and takes the balances from nobody', async () => {
  const purchase = { currency: 'NGN', products: [{ name: 'Dog food', price: 999_999_999_999 }] };
  const made = await qorepay('POST', 'purchases/', seedPurchase({ purchase }));
  assert.equal((await qorepay('POST', `purchases/${made.body.id}/mark_as_paid/`)).status, 200);
  const { database } = stack();
  // As ten thousand more of them would leave it.
  const many = `update polygate.ledger_entry set amount = amount * $1 where operation_id = $2`;
  await database.query(many, [10_001, made.body.id]);
  try {
    for (const format of ['json', 'csv']) {
      const reply = await callConsole(urlOf(), { path: `/console-api/ledger/balances?currency=NGN&format=${format}`, key: viewerKey });
      const text = await reply.text();
      assert.equal(reply.status, 200, text);
      assert.match(text, /\b10000999999989999\b/);
    }
  } finally {
    await database.query(`update polygate.ledger_entry set amount = amount / $1 where operation_id = $2`, [10_001, made.body.id]);
  }
});
