/** 3-D Secure as a shopper lives through it, in Chromium: every way it can go, and what impatient people do to pages on the way. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BrowserContextOptions, Frame, Page } from 'playwright-core';
import { moveClock } from './harness/console.ts';
import { openMerchantPage, sendOn } from './harness/merchant-page.ts';
import { approved, debit, expectReply, type Parameters, type Reply, useOppStack } from './harness/opp.ts';
import {
  assertAccessible,
  assertFits,
  desktop,
  openCheckout,
  payAddress,
  phone,
  photograph,
  typeCard,
  visit,
} from './harness/payment-page.ts';
import { eventually } from './harness/processes.ts';
import { useBrowserAtShop } from './harness/shop.ts';
import { browserData, redirectOf } from './harness/shopper.ts';
import { rememberCard } from './harness/traces.ts';

const stack = useOppStack({ env: { STATUS_REQUESTS_PER_MINUTE: '1000' } });
const at = useBrowserAtShop(() => ({ scriptUrl: stack.url, integrity: '' }));

const pending = '000.200.000';
const cards = { challenged: '5555555555554444', withMethod: '4000000000003220', smooth: '4242424242424242', refused: '4000000000003063' };

/** A payment whose shopper is asked in a frame of the gateway's page, or, `05`, on the whole page. */
const pay = async (number: string, window = '02', more: Parameters = {}): Promise<Reply> =>
  expectReply(
    await stack.post(
      '/v1/payments',
      debit({
        ...{ ...browserData, paymentBrand: undefined, 'card.number': number, 'customer.browser.challengeWindow': window },
        shopperResultUrl: `${at.shop.url}/result`,
        ...more,
      }),
    ),
    200,
    pending,
  );
const read = (reply: Reply): Promise<Reply> => stack.get(`/v1/query/${reply.body.id}`);

/** Charges that stand at the host for this payment. */
async function charges(reply: Reply): Promise<number> {
  const rrn = (await read(reply)).body.resultDetails?.ConnectorTxID1;
  return rrn === undefined ? 0 : (await stack.books(rrn)).length;
}

/** The shopper on the merchant's page, about to go on. */
const arrive = (reply: Reply, options: BrowserContextOptions = desktop): Promise<Page> =>
  openMerchantPage(at.browser, { shop: at.shop, redirect: redirectOf(reply), options });

async function comesHome(page: Page, reply: Reply): Promise<void> {
  await page.waitForURL(`${at.shop.url}/result?**`);
  assert.equal(new URL(page.url()).searchParams.get('id'), reply.body.id);
}

async function frameOf(page: Page): Promise<Frame> {
  const handle = await page.locator('iframe.bank').elementHandle();
  const frame = await handle?.contentFrame();
  assert.ok(frame !== null && frame !== undefined);
  await frame.waitForURL(/\/acs\/challenge\//);
  return frame;
}

async function confirm(bank: Page | Frame, code = '1234'): Promise<void> {
  await bank.getByLabel('One-time code').fill(code);
  await bank.getByRole('button', { name: 'Confirm payment' }).click();
}

test('frictionless, method iframe present: nobody is asked anything, and the shopper is home by themselves', async () => {
  const reply = await pay(cards.smooth);
  const page = await arrive(reply);
  const [reported] = await Promise.all([
    page.waitForRequest(
      (request) => request.method() === 'POST' && request.frame() !== page.mainFrame() && request.url().startsWith(stack.url),
    ),
    sendOn(page),
  ]);
  assert.match(reported.postData() ?? '', /^threeDSMethodData=/);
  await comesHome(page, reply);
  const paid = expectReply(await read(reply), 200, approved);
  assert.deepEqual([paid.body.threeDSecure?.authenticationStatus, paid.body.threeDSecure?.flow], ['Y', 'frictionless']);
  await page.context().close();
});

test('frictionless, method iframe absent: the payment page goes straight to the result', async () => {
  const number = '4200000000000091';
  rememberCard(stack.parts.traces, { pan: number, cvc: '123' });
  const { page, complaints } = await visit(at.browser, payAddress(stack, await openCheckout(stack)));
  await typeCard(page, { number });
  await page.locator('button[type=submit]').click();
  await page.getByRole('heading', { name: 'Payment complete' }).waitFor();
  assert.deepEqual(complaints, []);
  await page.context().close();
});

test('method iframe that never answers: after ten seconds the page goes on without it', async () => {
  const reply = await pay('4000000000003139');
  const page = await arrive(reply);
  await page.clock.install();
  await sendOn(page);
  await page.getByRole('heading', { name: 'Checking with your bank' }).waitFor();
  await photograph(page, '3ds-method');
  await assertAccessible(page);
  await page.clock.fastForward(9_000);
  assert.match(page.url(), /\/p\//);
  expectReply(await read(reply), 200, pending);
  await page.clock.fastForward(2_000);
  await comesHome(page, reply);
  expectReply(await read(reply), 200, approved);
  await page.context().close();
});

for (const [name, options] of [
  ['desktop', desktop],
  ['phone', phone],
  ['dark', { ...phone, colorScheme: 'dark' }],
] as const) {
  test(`${name}: challenge passed in a frame, with a method iframe before it`, async () => {
    const reply = await pay(cards.withMethod);
    const page = await arrive(reply, options);
    await sendOn(page);
    const bank = await frameOf(page);
    await assertFits(page);
    await assertAccessible(page);
    await photograph(page, `3ds-frame-${name}`);
    await confirm(bank);
    await comesHome(page, reply);
    expectReply(await read(reply), 200, approved);
    assert.equal(await charges(reply), 1);
    await page.context().close();
  });
}

test('challenge failed three times: the third wrong code ends it, and the payment is never sent', async () => {
  const reply = await pay(cards.challenged);
  const page = await arrive(reply);
  await sendOn(page);
  const bank = await frameOf(page);
  for (const left of ['You can try 2 more times.', 'You can try once more.']) {
    await confirm(bank, '9999');
    await bank.getByRole('alert').filter({ hasText: left }).waitFor();
  }
  await photograph(page, '3ds-wrong-code');
  await confirm(bank, '9999');
  await comesHome(page, reply);
  expectReply(await read(reply), 400, '100.380.401');
  assert.equal(await charges(reply), 0);
  await page.context().close();
});

test('challenge canceled at the bank, and canceled on the page around it', async () => {
  for (const place of ['bank', 'page'] as const) {
    const reply = await pay(cards.challenged);
    const page = await arrive(reply, phone);
    await sendOn(page);
    const bank = await frameOf(page);
    await (place === 'bank' ? bank.getByRole('button', { name: 'Cancel' }) : page.getByRole('button', { name: 'Cancel payment' })).click();
    await comesHome(page, reply);
    expectReply(await read(reply), 400, '100.396.101');
    assert.equal(await charges(reply), 0);
    await page.context().close();
  }
});

test('abandoned: nobody comes back, the time ends, and whoever comes later is told so by the shop', async () => {
  const reply = await pay(cards.challenged);
  const page = await arrive(reply);
  await sendOn(page);
  const bank = await frameOf(page);
  const address = page.url();
  await moveClock(stack.url, 16 * 60);
  await eventually(async () => (await read(reply)).code === '100.396.103', 'the payment to be timed out');
  // A second tab that was left open, and the first one, whose shopper confirms after all.
  const later = await page.context().newPage();
  await later.goto(address);
  await comesHome(later, reply);
  await confirm(bank);
  await comesHome(page, reply);
  expectReply(await read(reply), 400, '100.396.103');
  assert.equal(await charges(reply), 0);
  await page.context().close();
});

test('double click: on paying, and on confirming; each counts once', async () => {
  rememberCard(stack.parts.traces, { pan: cards.challenged, cvc: '123' });
  const before = (await stack.parts.host.books()).length;
  const checkoutId = await openCheckout(stack);
  const { page, complaints } = await visit(at.browser, payAddress(stack, checkoutId), phone);
  await typeCard(page, { number: cards.challenged });
  await page.locator('button[type=submit]').dblclick();
  await page.waitForURL(/\/acs\/challenge\//);
  await page.getByLabel('One-time code').fill('1234');
  await page.getByRole('button', { name: 'Confirm payment' }).dblclick();
  await page.getByRole('heading', { name: 'Payment complete' }).waitFor();
  assert.equal((await stack.parts.host.books()).length, before + 1);
  assert.deepEqual(
    complaints.filter((complaint) => !complaint.includes('autofocusing')),
    [],
  );
  await page.context().close();
});

test('back button: from the challenge to the shop and forward again; from the end to the shop again; it is paid once', async () => {
  const reply = await pay(cards.challenged, '05');
  const page = await arrive(reply);
  await sendOn(page);
  await page.waitForURL(/\/acs\/challenge\//);
  await page.goBack();
  await page.waitForURL(`${at.shop.url}/cart`);
  await page.goForward();
  await page.waitForURL(/\/acs\/challenge\//);
  await confirm(page);
  await comesHome(page, reply);
  await page.goBack();
  await comesHome(page, reply);
  expectReply(await read(reply), 200, approved);
  assert.equal(await charges(reply), 1);
  await page.context().close();
});

test('two tabs: what one has finished, the other is told; the card is charged once', async () => {
  const reply = await pay(cards.challenged);
  const [first, second] = [await arrive(reply), await arrive(reply, phone)];
  await Promise.all([sendOn(first), sendOn(second)]);
  const [bank, otherBank] = await Promise.all([frameOf(first), frameOf(second)]);
  await confirm(bank);
  await comesHome(first, reply);
  await confirm(otherBank);
  await comesHome(second, reply);
  expectReply(await read(reply), 200, approved);
  assert.equal(await charges(reply), 1);
  await Promise.all([first.context().close(), second.context().close()]);
});

test('two tabs of the payment page, with two cards: one of them pays', async () => {
  for (const pan of ['4111111111111111', '378282246310005']) rememberCard(stack.parts.traces, { pan, cvc: '123' });
  const before = (await stack.parts.host.books()).length;
  const address = payAddress(stack, await openCheckout(stack));
  const [first, second] = await Promise.all([visit(at.browser, address), visit(at.browser, address, phone)]);
  await typeCard(first.page);
  await typeCard(second.page, { number: '378282246310005', cvc: '1234' });
  await Promise.all([first, second].map(({ page }) => page.locator('button[type=submit]').click()));
  for (const { page } of [first, second]) await page.getByRole('heading', { name: 'Payment complete' }).waitFor();
  assert.equal((await stack.parts.host.books()).length, before + 1);
  await Promise.all([first, second].map(({ page }) => page.context().close()));
});

test('a hostile page: a payment that is not the shopper’s, and a browser’s own word about the challenge, prove nothing', async () => {
  const reply = await pay(cards.challenged, '05');
  const page = await arrive(reply);
  await sendOn(page);
  await page.waitForURL(/\/acs\/challenge\//);
  const cres = Buffer.from(JSON.stringify({ messageType: 'CRes', messageVersion: '2.2.0', transStatus: 'Y', challengeCompletionInd: 'Y' }));
  const { url } = redirectOf(reply);
  const forged = await fetch(url, { method: 'POST', body: new URLSearchParams({ cres: cres.toString('base64url') }) });
  assert.equal(forged.status, 200);
  expectReply(await read(reply), 200, pending);
  assert.equal(await charges(reply), 0);
  await page.context().close();
});
