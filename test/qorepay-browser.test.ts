/** QorePay in Chromium: the hosted page with its invoice, the form that a shop's own page posts, and the transfer at the bank. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { openMerchantPage, sendOn } from './harness/merchant-page.ts';
import { assertAccessible, assertFits, desktop, phone, photograph, typeCard, visit } from './harness/payment-page.ts';
import { eventually } from './harness/processes.ts';
import { type Body, cards, useQorepayStack } from './harness/qorepay.ts';
import { useBrowserAtShop } from './harness/shop.ts';
import { rememberCard } from './harness/traces.ts';

const stack = useQorepayStack();
const at = useBrowserAtShop(() => ({ scriptUrl: stack.url, integrity: '' }));

const redirects = () => ({
  success_redirect: `${at.shop.url}/yes`,
  failure_redirect: `${at.shop.url}/no`,
  cancel_redirect: `${at.shop.url}/cancelled`,
});

async function made(more: object = {}): Promise<Body> {
  const { status, body, text } = await stack.create({ ...redirects(), ...more });
  assert.equal(status, 201, text);
  return body;
}

const act = (id: string, name: string) => stack.api('POST', `purchases/${id}/${name}/`);

/** The scan for card data has to know what was typed. */
async function typed(page: Page, number: string): Promise<void> {
  rememberCard(stack.parts.traces, { pan: number, cvc: '123' });
  await typeCard(page, { number });
}

const submit = (page: Page) => page.locator('button[type=submit]').click();

for (const [name, options] of [
  ['desktop', desktop],
  ['phone', phone],
] as const) {
  test(`${name}: the hosted page is paid on, the card kept, and its invoice says so`, async () => {
    const client = { email: 'ada@example.com', full_name: 'Ada Example', street_address: '1 Harbor Road', city: 'Lagos', country: 'NG' };
    const body = await made({ client, reference: `order-${name}` });
    const invoice = await visit(at.browser, `${body.checkout_url}invoice/`, options);
    await invoice.page.getByRole('status').filter({ hasText: 'To be paid' }).waitFor();
    await assertAccessible(invoice.page);
    await assertFits(invoice.page);
    await photograph(invoice.page, `qorepay-${name}-1-invoice`);
    assert.match((await invoice.page.textContent('main')) ?? '', /Ada Example.*1 Harbor Road.*Lagos.*Dog food Max.*90\.00/s);
    await invoice.page.getByRole('link', { name: /^Pay / }).click();
    const { page } = invoice;
    assert.equal(await page.getByRole('link', { name: /^Back to/ }).getAttribute('href'), `${at.shop.url}/cancelled`);
    await typed(page, cards.plain);
    await page.getByLabel('Keep this card for future payments').check();
    await assertAccessible(page);
    await assertFits(page);
    await photograph(page, `qorepay-${name}-2-form`);
    await submit(page);
    await page.waitForURL(`${at.shop.url}/yes`);
    const paid = await stack.read(String(body.id));
    assert.deepEqual([paid.status, paid.is_recurring_token, paid.transaction_data?.flow], ['paid', true, 'payform']);
    assert.equal((await stack.api('POST', `purchases/${body.id}/refund/`, { amount: 2000 })).status, 200);
    const { transaction_data: data } = await stack.read(String(body.id));
    assert.deepEqual(
      data?.attempts?.map(({ type, flow }) => [type, flow]),
      [
        ['refund', 'api'],
        ['execute', 'payform'],
      ],
    );
    await page.goto(String(paid.checkout_url));
    await page.getByRole('status').filter({ hasText: 'Paid' }).waitFor();
    assert.match((await page.textContent('main')) ?? '', /Visa ending in 1111.*20\.00 of it was refunded/s);
    assert.equal(await page.getByRole('link', { name: /^Pay / }).count(), 0);
    await assertAccessible(page);
    await photograph(page, `qorepay-${name}-3-paid`);
    assert.deepEqual(invoice.complaints, []);
    await page.context().close();
  });
}

test('without a check mark the card is not kept; a decline stays on the page', async () => {
  const body = await made();
  const { page } = await visit(at.browser, String(body.checkout_url));
  await typed(page, '4000000000009995');
  await submit(page);
  await page.getByRole('alert').filter({ hasText: 'not enough money' }).waitFor();
  assert.equal((await stack.read(String(body.id))).status, 'error');
  await typed(page, cards.plain);
  await submit(page);
  await page.waitForURL(`${at.shop.url}/yes`);
  assert.equal((await stack.read(String(body.id))).is_recurring_token, false);
  await page.context().close();
});

test('a purchase that was called off, or paid elsewhere, says so to whoever opens its page', async () => {
  const cancelled = await made();
  assert.equal((await act(String(cancelled.id), 'cancel')).body.status, 'cancelled');
  const off = await visit(at.browser, String(cancelled.checkout_url));
  await off.page.getByRole('heading', { name: 'This payment was canceled' }).waitFor();
  assert.equal(await off.page.getByRole('link', { name: 'Back to the shop' }).getAttribute('href'), `${at.shop.url}/cancelled`);
  await assertAccessible(off.page);
  const marked = await made();
  assert.equal((await act(String(marked.id), 'mark_as_paid')).body.status, 'paid');
  const { page, complaints } = await visit(at.browser, String(marked.checkout_url), phone);
  await page.getByRole('heading', { name: 'This is paid already' }).waitFor();
  assert.equal(await page.getByRole('link', { name: 'Back to the shop' }).getAttribute('href'), `${at.shop.url}/yes`);
  await assertAccessible(page);
  assert.deepEqual(complaints, []);
  await Promise.all([off.page.context().close(), page.context().close()]);
});

test('an address without a purchase leads to a page that says so, and a program to the protocol’s answer', async () => {
  const path = '/p/11111111-1111-4111-8111-111111111119/';
  for (const address of [path, `${path}invoice/`]) {
    const { page } = await visit(at.browser, `${stack.url}${address}`, phone);
    await page.getByRole('heading', { name: 'This page is no longer available' }).waitFor();
    await page.context().close();
    assert.equal((await fetch(`${stack.url}${address}`)).status, 404);
  }
});

test('whoever may try once is told that this was it, and that nothing was charged', async () => {
  const products = [{ name: 'Dog food Max', price: 9000 }];
  const { checkout_url } = await made({ purchase: { currency: 'NGN', products, single_attempt: true } });
  const { page } = await visit(at.browser, String(checkout_url));
  await typed(page, '4000000000009995');
  await submit(page);
  await page.getByRole('alert').filter({ hasText: 'it can be tried once only. Nothing was charged.' }).waitFor();
  await page.getByRole('link', { name: 'Back to the shop' }).click();
  await page.waitForURL(`${at.shop.url}/cancelled`);
  await page.context().close();
});

test('a challenge on the hosted page, and in the shop’s own form; the issuer asks, and the shop has its payer back', async () => {
  const hosted = await made();
  const { page } = await visit(at.browser, String(hosted.checkout_url), phone);
  await typed(page, cards.challenged);
  await submit(page);
  await confirmAtIssuer(page);
  await page.waitForURL(`${at.shop.url}/yes`);
  assert.equal((await stack.read(String(hosted.id))).status, 'paid');
  await page.context().close();
  const own = await made();
  const form = await openShopForm(own, { card_number: cards.challenged });
  await sendOn(form);
  await confirmAtIssuer(form);
  await form.waitForURL(`${at.shop.url}/yes`);
  const paid = await stack.read(String(own.id));
  assert.deepEqual([paid.status, paid.transaction_data?.flow, paid.transaction_data?.extra?.three_d_secure], ['paid', 'direct_post', true]);
  await form.context().close();
});

test('the shop’s own form: paid with a card that is kept, or sent to the failure page', async () => {
  const body = await made();
  const declined = await openShopForm(body, { card_number: '4000000000009995' });
  await sendOn(declined);
  await declined.waitForURL(`${at.shop.url}/no`);
  await declined.context().close();
  const page = await openShopForm(body, { remember_card: 'on' });
  await sendOn(page);
  await page.waitForURL(`${at.shop.url}/yes`);
  const paid = await stack.read(String(body.id));
  assert.deepEqual([paid.status, paid.is_recurring_token], ['paid', true]);
  await page.context().close();
});

test('a total of zero: the hosted page keeps a card and charges nothing', async () => {
  const body = await made({ skip_capture: true, purchase: { currency: 'NGN', products: [{ name: 'Trial', price: 0 }] } });
  const { page } = await visit(at.browser, String(body.checkout_url));
  await page.getByRole('heading', { name: /Save a card/ }).waitFor();
  await typed(page, cards.plain);
  await photograph(page, 'qorepay-keep');
  await submit(page);
  await page.waitForURL(`${at.shop.url}/yes`);
  const kept = await stack.read(String(body.id));
  assert.deepEqual([kept.status, kept.is_recurring_token, kept.payment], ['preauthorized', true, null]);
  assert.deepEqual([kept.transaction_data?.payment_method, kept.transaction_data?.flow], ['visa', 'payform']);
  const again = await stack.create();
  assert.equal((await stack.api('POST', `purchases/${again.body.id}/charge/`, { recurring_token: body.id })).body.status, 'paid');
  await page.context().close();
});

test('a transfer alone is offered where the whitelist says so; it is pending until the money has come', async () => {
  const body = await made({ payment_method_whitelist: ['sarepay_bank_transfer'] });
  const { page, complaints } = await visit(at.browser, `${body.checkout_url}?preferred=sarepay_bank_transfer`);
  await page.getByLabel(/Bank transfer/).waitFor();
  assert.equal(await page.locator('#number').isVisible(), false);
  await assertAccessible(page);
  await photograph(page, 'qorepay-transfer');
  await submit(page);
  await page.waitForURL(/\/bank\/pay\//);
  await page.getByRole('button', { name: 'Pay later' }).click();
  const reference = (await page.locator('#reference').textContent()) ?? '';
  await page.getByRole('link', { name: 'Back to the shop' }).click();
  await page.waitForURL(`${at.shop.url}/yes`);
  assert.equal((await stack.read(String(body.id))).status, 'pending_execute');
  await stack.parts.host.receive(reference);
  await eventually(async () => (await stack.read(String(body.id))).status?.toString() === 'paid', 'the money to come');
  assert.deepEqual(complaints, []);
  await page.context().close();
});

async function confirmAtIssuer(page: Page): Promise<void> {
  await page.waitForURL(/\/acs\/challenge\//);
  await page.getByLabel('One-time code').fill('1234');
  await page.getByRole('button', { name: 'Confirm payment' }).click();
}

/** A page of the shop with the fields of a direct post, filled in. */
async function openShopForm(purchase: Body, more: Readonly<Record<string, string>> = {}): Promise<Page> {
  const fields = { cardholder_name: 'Ada Example', card_number: cards.plain, expires: '01/34', cvc: '123', ...more };
  rememberCard(stack.parts.traces, { pan: fields.card_number, cvc: fields.cvc });
  const parameters = Object.entries(fields).map(([name, value]) => ({ name, value }));
  return openMerchantPage(at.browser, {
    shop: at.shop,
    redirect: { url: String(purchase.direct_post_url), method: 'POST', parameters },
    options: phone,
  });
}
