/** Paymentz in Chromium: the shop's own form leads to the hosted page, which offers what mode and brand leave of it; none is spared the issuer by what the form leaves unsigned. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { startBrowser } from './harness/browser.ts';
import { type Listener, startListener } from './harness/listener.ts';
import { encode, freshName, type Parameters } from './harness/opp.ts';
import { assertAccessible, assertFits, desktop, phone, typeCard, visit } from './harness/payment-page.ts';
import { demoMember, expectResult, key, md5, usePaymentzStack, who } from './harness/paymentz.ts';
import { rememberCard } from './harness/traces.ts';

const stack = usePaymentzStack({ env: { DIRECTORY_SERVER_TIMEOUT_MS: '1000' } });

let browser: Browser;
let shop: Listener;
/** What the shop's page has in its form. */
let fields: Parameters = {};

const quoted = (text: string) => text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;');

before(async () => {
  shop = await startListener((response, path) => {
    const inputs = Object.entries(fields)
      .map(([name, value]) => `<input type="hidden" name="${name}" value="${quoted(value ?? '')}">`)
      .join('');
    const form = `<form method="post" action="${stack.url}/transaction/Checkout">${inputs}<button>Pay</button></form>`;
    const text = path.startsWith('/done') ? '<h1>Thanks</h1>' : `<h1>Basket</h1>${form}`;
    response.writeHead(200, { 'content-type': 'text/html' }).end(`<!doctype html><title>Shop</title>${text}`);
  });
  browser = await startBrowser();
});
after(async () => Promise.all([browser?.close(), shop?.close()]));

function checkout(more: Parameters = {}): Parameters {
  const sent: Parameters = {
    ...{ memberId: '10001', totype: 'gateway', amount: '8.00', currency: 'EUR', merchantTransactionId: freshName('order') },
    ...{ merchantRedirectUrl: `${shop.url}/done`, orderDescription: 'Tea & "cake"', transactionType: 'DB', lang: 'en', ...more },
  };
  const sum = ['10001', sent.totype, sent.amount, sent.merchantTransactionId, sent.merchantRedirectUrl, demoMember.key].join('|');
  return { ...sent, checksum: md5(sum) };
}

/** The shopper presses the button of the shop's page. */
async function fromShop(given: Parameters, options: BrowserContextOptions = desktop) {
  fields = given;
  const found = await visit(browser, `${shop.url}/basket`, options);
  await found.page.getByRole('button', { name: 'Pay' }).click();
  await found.page.waitForURL(/\/pay\//);
  return found;
}

const submit = (page: Page) => page.locator('button[type=submit]').click();

/** What the browser has brought back to the shop, last. */
async function broughtBack(page: Page): Promise<Readonly<Record<string, string>>> {
  await page.waitForURL(`${shop.url}/done`);
  const back = shop.requests.findLast(({ path }) => path === '/done');
  assert.equal(back?.method, 'POST');
  const brought = Object.fromEntries(new URLSearchParams(back?.body));
  const { paymentId = '', merchantTransactionId = '', amount = '', status = '', checksum } = brought;
  assert.equal(checksum, md5(paymentId, merchantTransactionId, amount, status, demoMember.key));
  return brought;
}

const typed = (page: Page, number: string) => {
  rememberCard(stack.parts.traces, { pan: number, cvc: '123' });
  return typeCard(page, { number });
};

for (const [name, options] of [
  ['a desktop', desktop],
  ['a phone in the dark', { ...phone, colorScheme: 'dark' }],
] as const) {
  test(`${name}: the shop's form leads to the hosted page, and its shopper back by a post that is signed`, async () => {
    const { page, complaints } = await fromShop(checkout(), options);
    await assertAccessible(page);
    await assertFits(page);
    await typed(page, '4111111111111111');
    await submit(page);
    const back = await broughtBack(page);
    assert.deepEqual([back.status, back.resultCode, back.amount], ['Y', '00001', '8.00']);
    expectResult(await stack.demo.act(back.paymentId ?? '', 'IN'), '00026', 'capturesuccess', 'Y');
    assert.deepEqual(complaints, []);
    await page.context().close();
  });
}

test('paymentBrand leaves one brand of cards', async () => {
  const { page } = await fromShop(checkout({ paymentMode: 'CC', paymentBrand: 'MC' }));
  await typed(page, '4111111111111111');
  await submit(page);
  await page.getByText('Visa is not accepted here. Use another card.').first().waitFor();
  await page.locator('#number').fill('');
  await page.locator('#cvc').fill('');
  rememberCard(stack.parts.traces, { pan: '5105105105105100', cvc: '123' });
  await page.locator('#number').pressSequentially('5105105105105100');
  await page.locator('#cvc').pressSequentially('123');
  await submit(page);
  const back = await broughtBack(page);
  assert.deepEqual([back.status, back.resultCode], ['Y', '00001']);
  await page.context().close();
});

test('paymentMode=NB leaves the bank alone', async () => {
  const { page } = await fromShop(checkout({ paymentMode: 'NB', paymentBrand: 'Bank Transfer' }));
  assert.equal(await page.locator('input[value=card]').count(), 0);
  await assertAccessible(page);
  await submit(page);
  await page.waitForURL(/\/bank\/pay\//);
  await page.getByRole('button', { name: 'Pay', exact: true }).click();
  const back = await broughtBack(page);
  assert.deepEqual([back.status, back.resultCode], ['Y', '00001']);
  await page.context().close();
});

test('who chooses at the bank to pay later comes back by a post that is signed, and says that the money is yet to come', async () => {
  const { page } = await fromShop(checkout({ paymentMode: 'NB', paymentBrand: 'Bank Transfer' }));
  await submit(page);
  await page.waitForURL(/\/bank\/pay\//);
  await page.getByRole('button', { name: 'Pay later' }).click();
  await page.getByRole('link', { name: 'Back to the shop' }).click();
  const back = await broughtBack(page);
  const told = await stack.demo.act(back.paymentId ?? '', 'IN');
  assert.deepEqual([back.status, back.transactionStatus], ['P', told.body.transactionStatus], told.text);
  await page.context().close();
});

test('attemptThreeD of the form may ask for more: Only3D takes nothing without an issuer, and Direct spares nobody the challenge', async () => {
  const direct = await fromShop(checkout({ attemptThreeD: 'Direct' }));
  await typed(direct.page, '5555555555554444');
  await submit(direct.page);
  const issuer = direct.page.frameLocator('iframe.bank');
  await issuer.getByLabel('One-time code').fill('1234');
  await issuer.getByRole('button', { name: 'Confirm payment' }).click();
  assert.equal((await broughtBack(direct.page)).status, 'Y');
  await direct.page.context().close();
  const given = checkout({ attemptThreeD: 'Only3D' });
  const strict = await fromShop(given);
  await typed(strict.page, '4111111111111111');
  await submit(strict.page);
  await strict.page.getByRole('alert').waitFor();
  const { merchantTransactionId = '' } = given;
  const byReference = { idType: 'MID', merchantTransactionId };
  const found = await stack.demo.post('/transactionServices/REST/v1/inquiry', [who, key, merchantTransactionId], byReference);
  assert.deepEqual([found.body.status, found.body.resultCode], ['authfailed', '12005']);
  await strict.page.context().close();
});

test('what the page could not offer is refused before anybody sees it', async () => {
  const post = async (more: Parameters) => {
    const body = encode(checkout(more));
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const response = await fetch(`${stack.url}/transaction/Checkout`, { method: 'POST', headers, body, redirect: 'manual' });
    return ((await response.json()) as { readonly result: { readonly code: string } }).result.code;
  };
  assert.equal(await post({ paymentMode: 'EW', paymentBrand: 'SKRILL' }), '20005');
  assert.equal(await post({ paymentMode: 'CC', paymentBrand: 'NONSENSE' }), '20005');
  assert.equal(await post({ paymentMode: 'NB', paymentBrand: 'Bank Transfer', transactionType: 'PA' }), '20005');
});

test('the page of an invoice offers what the invoice leaves of it', async () => {
  const generate = async (more: Parameters) => {
    const invoice = {
      merchantInvoiceId: freshName('invoice'),
      amount: '9.00',
      currency: 'EUR',
      merchantRedirectUrl: `${shop.url}/done`,
      ...more,
    };
    const sum = [who, key, invoice.merchantInvoiceId, invoice.amount, invoice.merchantRedirectUrl];
    const reply = await stack.demo.post('/invoiceServices/REST/v1/generate', sum, { ...invoice, 'customer.email': 'ada@shop.example' });
    return reply.body as unknown as {
      readonly statusInvoiceResult: { readonly code: string };
      readonly invoiceDetails?: { readonly transactionUrl: string };
    };
  };
  const atBank = await generate({ paymentMode: 'NB', paymentBrand: 'IDEAL' });
  const { page } = await visit(browser, atBank.invoiceDetails?.transactionUrl ?? '');
  assert.deepEqual(await page.locator('input[name=method]').evaluateAll((inputs) => inputs.map((input) => input.getAttribute('value'))), [
    'redirect-ideal',
  ]);
  await submit(page);
  await page.waitForURL(/\/bank\/pay\//);
  await page.getByRole('button', { name: 'Pay', exact: true }).click();
  assert.equal((await broughtBack(page)).status, 'Y');
  await page.context().close();
  assert.equal((await generate({ paymentMode: 'EW', paymentBrand: 'SKRILL' })).statusInvoiceResult.code, '20005');
});

test('a link that was cut off leads to a page that says so, and a program to the protocol’s answer', async () => {
  for (const path of ['/transaction/PayByLink?orderId=x&authToken=o1.abc', '/transaction/PayInvoice?inv=1&ct=x']) {
    const { page } = await visit(browser, `${stack.url}${path}`, phone);
    await page.getByRole('heading', { name: 'This page is no longer available' }).waitFor();
    await page.context().close();
    assert.equal((await stack.demo.get(path)).code, '10026');
  }
});

test('a payment link is paid on a phone', async () => {
  const orderID = freshName('order');
  const sent = { 'merchant.orderID': orderID, 'merchant.amount': '12.50', 'merchant.currency': 'EUR', 'merchant.orderDescription': 'Tea' };
  const reply = await stack.demo.post('/merchantServices/api/v1/generatePayByLink', [who, orderID, '12.50', key], sent);
  const { page, complaints } = await visit(browser, expectResult(reply, '00026').body.result?.url ?? '', phone);
  await assertAccessible(page);
  await assertFits(page);
  await typed(page, '4111111111111111');
  await submit(page);
  await page.locator('h1').filter({ hasText: 'Payment complete' }).waitFor();
  assert.deepEqual(complaints, []);
  await page.context().close();
  const byReference = { idType: 'MID', merchantTransactionId: orderID };
  expectResult(
    await stack.demo.post('/transactionServices/REST/v1/inquiry', [who, key, orderID], byReference),
    '00026',
    'capturesuccess',
    'Y',
  );
});
