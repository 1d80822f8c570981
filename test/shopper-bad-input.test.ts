/**
 * The shopper's addresses, asked for nonsense: at each stage of a payment odd bodies, methods, content types and tickets get a page, or a refusal, and
 * never somebody else's payment; the shopper goes on as if nothing had been.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { drivers } from './contract/drivers.ts';
import { audit } from './harness/auditor.ts';
import { torment } from './harness/bad-requests.ts';
import { freshCardNumber } from './harness/card-numbers.ts';
import { type BrowserPage, openPage, postForm, submit } from './harness/form-browser.ts';
import { exchange, freshName, demo as opp } from './harness/opp.ts';
import { createPaymentzClient, demoMember, key, md5, who } from './harness/paymentz.ts';
import { exchangePayone, demo as payone } from './harness/payone.ts';
import { demo as qorepay, seedPurchase } from './harness/qorepay.ts';
import { authenticateAt, goOn, openChallenge, runMethod, sendShopper, settled } from './harness/shopper.ts';
import { type Stack, startStack } from './harness/stack.ts';
import { rememberCard } from './harness/traces.ts';
import { sendTzero, demo as tzero } from './harness/tzero.ts';

let stack: Stack;
let url: string;
before(async () => {
  stack = await startStack({ env: { REQUESTS_PER_MINUTE: '1000000', STATUS_REQUESTS_PER_MINUTE: '1000' } });
  url = `http://127.0.0.1:${stack.config.port}`;
});
after(() => stack?.stop());

const back = () => `${url}/healthz`;

/** A payment that needs its shopper, of the dialect. */
async function challenged(dialect: string, number: string, comesBackTo = back()) {
  const driver = drivers.find((one) => one.dialect === dialect);
  assert.ok(driver !== undefined);
  const client = driver.connect({ url, caller: 'demo', traces: stack.traces });
  const order = { amount: 1_250, card: { number, cvc: '123' }, comesBackTo, description: `of ${dialect}` };
  const answer = await client.debit(order);
  assert.ok(answer.redirect !== undefined && answer.handle !== undefined, answer.text);
  return { client, handle: answer.handle, redirect: answer.redirect };
}

const withMethod = '4000000000003220';

for (const { dialect, lacks } of drivers) {
  if (lacks.includes('challenge')) continue;
  test(`${dialect}: the way through 3-D Secure stands every nonsense on it`, async () => {
    const theirs = await challenged(dialect, '5555555555554444');
    const { client, handle, redirect } = await challenged(dialect, withMethod);
    const foreign = theirs.handle.split(/[ /]/).filter((part) => part.length > 12);
    const wrong: string[] = [];
    // The addresses of the way are those of all dialects; where it begins and ends is each one's own.
    const isWhole = dialect === 'opp';
    const tormented = async (address: string): Promise<void> => {
      wrong.push(...(await torment({ stack, address, foreign })));
    };
    let page = await settled(await sendShopper(redirect));
    await tormented(redirect.url);
    const method = page.forms.find(({ fields }) => 'threeDSMethodData' in fields);
    assert.ok(method !== undefined || !isWhole, page.html);
    const data = Buffer.from(method?.fields.threeDSMethodData ?? '', 'base64url').toString();
    if (isWhole) await tormented((JSON.parse(data) as Readonly<Record<string, string>>).threeDSMethodNotificationURL ?? '');
    else if (method !== undefined) await runMethod(page);
    page = await settled(await openPage(page.url));
    if (page.forms.some(({ fields }) => 'threeDSMethodData' in fields)) page = await goOn(page);
    if (isWhole) await tormented(page.url);
    const issuers = await submit(await openChallenge(page), { code: '1234', act: 'confirm' });
    const action = issuers.forms[0]?.action ?? '';
    if (isWhole) await tormented(action);
    await settled(await submit(issuers));
    await tormented(page.url);
    if (isWhole) await tormented(action);
    assert.deepEqual(wrong, []);
    const read = await client.read(handle);
    assert.equal(read.outcome, 'approved', read.text);
    // The other shopper, whom nobody has asked for, leaves.
    const left = await settled(await sendShopper(theirs.redirect));
    await postForm(left.url, { event: 'cancelled' });
    await audit(stack);
  });
}

for (const { dialect, lacks } of drivers) {
  if (lacks.includes('challenge')) continue;
  test(`${dialect}: a shop gets its shopper back at an address with letters of any script`, async () => {
    const shop = `${back()}?from=Zürich-漢字&x=%0d%0aset-cookie:a`;
    const { client, handle, redirect } = await challenged(dialect, '5555555555554444', shop);
    const page = await authenticateAt(redirect, { code: '1234', act: 'confirm' });
    const way = page.url.startsWith(back()) ? page.url : (page.forms[0]?.action ?? page.html);
    assert.equal(new URL(way).searchParams.get('from'), 'Zürich-漢字');
    const read = await client.read(handle);
    assert.equal(read.outcome, 'approved', read.text);
    await audit(stack);
  });
}

const json = { 'content-type': 'application/json' };
const order = { amountOfMoney: { amount: 1250, currencyCode: 'EUR' }, references: { merchantReference: 'order 1' } };

/** Opens a page on which a shopper pays, and says where it is. */
const openings: Readonly<Record<string, () => Promise<string>>> = {
  async 'an OPP checkout'() {
    const body = new URLSearchParams({ entityId: opp.entityId, paymentType: 'DB', amount: '12.50', currency: 'EUR' }).toString();
    const headers = { authorization: opp.bearer, 'content-type': 'application/x-www-form-urlencoded' };
    const opened = await exchange(url, { method: 'POST', path: '/v1/checkouts', headers, body });
    const [secret = '', node = ''] = (opened.body.id ?? '').split('.');
    return `${url}/pay/${node.slice(3)}${secret.toLowerCase()}`;
  },
  async 'a QorePay purchase'() {
    const headers = { authorization: `Bearer ${qorepay.apiKey}`, ...json };
    const purchase = seedPurchase({ success_redirect: back(), failure_redirect: back() });
    const opened = await exchange(url, { method: 'POST', path: '/api/v1/purchases/', headers, body: JSON.stringify(purchase) });
    return String((opened.body as unknown as { readonly checkout_url: string }).checkout_url);
  },
  async 'a PAYONE hosted checkout'() {
    const body = { order, hostedCheckoutSpecificInput: { returnUrl: back() } };
    const opened = await exchangePayone(url, stack.traces, {
      ...{ caller: payone, merchantId: payone.merchantId },
      request: { method: 'POST', path: '/hostedcheckouts', body },
    });
    return String(opened.body.redirectUrl);
  },
  async 'a PAYONE hosted tokenization'() {
    const request = { method: 'POST', path: '/hostedtokenizations', body: {} } as const;
    const opened = await exchangePayone(url, stack.traces, { caller: payone, merchantId: payone.merchantId, request });
    return String(opened.body.hostedTokenizationUrl);
  },
  async 'a Paymentz link'() {
    const { memberId, key: sKey } = demoMember;
    const orderID = freshName('order');
    const merchant = { orderID, amount: 12.5, currency: 'EUR', contactName: 'Ada', email: 'ada@shop.example', orderDescription: 'Tea' };
    const body = { authentication: { memberId, checksum: md5(memberId, orderID, '12.50', sKey), expirationTime: '1' }, merchant };
    const client = createPaymentzClient({ url, traces: stack.traces, member: demoMember });
    const made = await client.send('/merchantServices/api/v1/generatePayByLink', JSON.stringify(body), json);
    return String((made.body as unknown as { readonly result: { readonly url: string } }).result.url);
  },
  async 'a tZero payment link'() {
    const body = { channel: tzero.channel, amount: 1250, currency: 'USD', reference: freshName('link') };
    return String((await sendTzero(url, stack.traces, { path: '/payment/link', body })).body.url);
  },
  async 'a Paymentz invoice'() {
    const client = createPaymentzClient({ url, traces: stack.traces, member: demoMember });
    const [merchantInvoiceId, amount, merchantRedirectUrl] = [freshName('invoice'), '12.50', back()];
    const given = { merchantInvoiceId, amount, merchantRedirectUrl, currency: 'EUR', 'customer.email': 'ada@shop.example' };
    const sum = [who, key, merchantInvoiceId, amount, merchantRedirectUrl];
    const { body } = await client.post('/invoiceServices/REST/v1/generate', sum, { ...given, merchantOrderDescription: 'Two books' });
    return (body as unknown as { readonly invoiceDetails: { readonly transactionUrl: string } }).invoiceDetails.transactionUrl;
  },
};

const approvals = async (): Promise<number> => {
  const { rows } = await stack.database.query<{ count: number }>(
    `select count(*)::int as count from polygate.operation where state = 'approved'`,
  );
  return rows[0]?.count ?? 0;
};

async function payAt(address: string): Promise<BrowserPage> {
  const number = freshCardNumber();
  rememberCard(stack.traces, { pan: number, cvc: '123' });
  const page = await openPage(address);
  const form = page.forms.find(({ fields }) => 'attempt' in fields);
  assert.ok(form !== undefined, page.html);
  const { attempt = '', revision = '' } = form.fields;
  return postForm(form.action, { attempt, revision, cardnumber: number, 'exp-date': '12 / 39', cvc: '123', ccname: 'Ada Example' });
}

for (const [what, open] of Object.entries(openings)) {
  test(`${what}: the page stands every nonsense before and after it is paid`, async () => {
    const [address, theirs] = [await open(), await open()];
    assert.ok(address.startsWith(url), address);
    const foreign = [/[\w-]{20,}/.exec(theirs)?.[0] ?? theirs];
    const hosted = (await openPage(address)).url;
    const below = what.includes('QorePay') ? ['invoice/', 'result/', '3ds/', '3ds/AAAA/'].map((part) => `${address}${part}`) : [];
    const addresses = [...new Set([address, hosted, ...below])];
    const before = await approvals();
    const wrong: string[] = [];
    for (const one of addresses) wrong.push(...(await torment({ stack, address: one, foreign })));
    assert.equal(await approvals(), before);
    const paid = await payAt(hosted);
    assert.equal(paid.status, 200, paid.html);
    // A stored card is no payment.
    const taken = what.includes('tokenization') ? before : before + 1;
    assert.equal(await approvals(), taken, paid.html);
    for (const one of addresses) wrong.push(...(await torment({ stack, address: one, foreign })));
    assert.equal(await approvals(), taken);
    assert.deepEqual(wrong, []);
    await audit(stack);
  });
}
