/** The hosted payment page in Chromium: by keyboard, on a phone, in the dark, without scripts, in a frame of the merchant's page. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser, Frame, Page } from 'playwright-core';
import { startBrowser } from './harness/browser.ts';
import { useOppStack } from './harness/opp.ts';
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
import { type Shop, startShop } from './harness/shop.ts';
import { rememberCard } from './harness/traces.ts';

const stack = useOppStack();
let browser: Browser;
let shop: Shop;
/** The script of the shop's page, and its checksum. */
let widget = { scriptUrl: 'http://127.0.0.1/', integrity: '' };
before(async () => {
  [browser, shop] = await Promise.all([startBrowser(), startShop(() => widget)]);
});
after(async () => {
  await Promise.all([browser?.close(), shop?.close()]);
});

const cart = {
  merchantTransactionId: 'A-1047',
  'cart.items[0].name': 'Oolong tea',
  'cart.items[0].description': 'Loose leaves, 250 g',
  'cart.items[0].quantity': '2',
  'cart.items[0].price': '4.75',
  'cart.items[1].name': 'Delivery',
  'cart.items[1].totalAmount': '3.00',
};

async function statusOf(checkoutId: string): Promise<string | undefined> {
  return (await stack.get(`/v1/checkouts/${checkoutId}/payment`)).code;
}

for (const [name, options] of [
  ['desktop', desktop],
  ['phone', phone],
  ['dark', { ...phone, colorScheme: 'dark' }],
] as const) {
  test(`${name}: a card is paid with, and every page on the way is accessible`, async () => {
    rememberCard(stack.parts.traces, { pan: '4111111111111111', cvc: '123' });
    const checkoutId = await openCheckout(stack, cart);
    const { page, complaints } = await visit(browser, payAddress(stack, checkoutId), options);
    await assertAccessible(page);
    await assertFits(page);
    await photograph(page, `${name}-1-empty`);
    await page.locator('#number').pressSequentially('4111111111111112');
    await page.locator('button[type=submit]').click();
    assert.equal(await page.evaluate('document.activeElement.id'), 'number');
    await assertAccessible(page);
    await photograph(page, `${name}-2-wrong`);
    await page.locator('#number').fill('');
    await typeCard(page);
    assert.equal(await page.locator('#number').inputValue(), '4111 1111 1111 1111');
    assert.equal(await page.locator('#expiry').inputValue(), '12 / 39');
    await photograph(page, `${name}-3-filled`);
    await page.locator('button[type=submit]').click();
    await page.getByRole('heading', { name: 'Payment complete' }).waitFor();
    await assertAccessible(page);
    await photograph(page, `${name}-4-paid`);
    assert.equal(await statusOf(checkoutId), '000.100.110');
    assert.deepEqual(complaints, []);
    await page.context().close();
  });
}

const challengeCard = '4000000000003220';

for (const [name, options] of [
  ['desktop', desktop],
  ['phone', phone],
] as const) {
  test(`${name}: the bank is asked, refuses once, and then confirms; the shopper stays at the payment`, async () => {
    rememberCard(stack.parts.traces, { pan: challengeCard, cvc: '123' });
    const checkoutId = await openCheckout(stack, { ...cart, shopperResultUrl: `${shop.url}/result?order=7` });
    const { page, complaints } = await visit(browser, payAddress(stack, checkoutId), options);
    await typeCard(page, { number: challengeCard });
    await page.locator('button[type=submit]').click();
    const bank = await bankOf(page, name === 'desktop');
    await photograph(page, `${name}-5-bank`);
    if (name === 'desktop') await assertAccessible(page);
    await bank.getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('alert').filter({ hasText: 'You canceled the payment' }).waitFor();
    await photograph(page, `${name}-6-canceled`);
    await assertAccessible(page);
    await typeCard(page, { number: challengeCard });
    await page.locator('button[type=submit]').click();
    const again = await bankOf(page, name === 'desktop');
    await again.getByLabel('One-time code').fill('1234');
    await again.getByRole('button', { name: 'Confirm payment' }).click();
    await page.waitForURL(`${shop.url}/result?order=7&id=${checkoutId}&resourcePath=*`);
    assert.equal(await statusOf(checkoutId), '000.100.110');
    assert.deepEqual(complaints.filter(byBank), []);
    await page.context().close();
  });
}

/** The bank's page sets the focus by itself, which a frame of another origin may not; that is as it should be. */
function byBank(complaint: string): boolean {
  return !complaint.includes('autofocusing');
}

async function bankOf(page: Page, isFramed: boolean): Promise<Frame> {
  if (!isFramed) {
    await page.waitForURL(/\/acs\/challenge\//);
    return page.mainFrame();
  }
  const handle = await page.locator('iframe.bank').elementHandle();
  const frame = await handle?.contentFrame();
  assert.ok(frame !== null && frame !== undefined);
  await frame.waitForURL(/\/acs\/challenge\//);
  return frame;
}

test('in a frame of the merchant’s page: the card is typed there, the bank has the whole page, and the shop is told the path of the result', async () => {
  rememberCard(stack.parts.traces, { pan: challengeCard, cvc: '123' });
  const reply = await stack.post('/v1/checkouts', { paymentType: 'PA', amount: '8.00', currency: 'EUR', integrity: 'true' });
  const { id: checkoutId = '' } = reply.body;
  widget = { scriptUrl: `${stack.url}/v1/paymentWidgets.js?checkoutId=${checkoutId}`, integrity: reply.body.integrity ?? '' };
  const { page, complaints } = await visit(browser, `${shop.url}/checkout`, phone);
  await page.frameLocator('iframe.polygate-payment').getByLabel('Kartennummer').waitFor();
  const frame = page.frames().find((each) => each.url().startsWith(stack.url));
  assert.ok(frame !== undefined);
  await assertAccessible(frame);
  await assertFits(frame);
  await typeCard(frame, { number: '3782 822463 10005', cvc: '1234' });
  await frame.locator('button[type=submit]').click();
  await frame.getByText('American Express wird hier nicht akzeptiert').waitFor();
  await photograph(page, 'widget');
  await frame.locator('#number').fill('');
  await frame.locator('#cvc').fill('');
  await frame.locator('#expiry').fill('');
  await frame.locator('#holder').fill('');
  await typeCard(frame, { number: challengeCard });
  await frame.locator('button[type=submit]').click();
  const bank = await bankOf(page, false);
  await bank.getByLabel('One-time code').fill('1234');
  await bank.getByRole('button', { name: 'Confirm payment' }).click();
  await page.getByRole('heading', { name: 'Danke' }).waitFor();
  const back = new URL(page.url());
  assert.equal(back.searchParams.get('id'), checkoutId);
  const result = await stack.get(back.searchParams.get('resourcePath') ?? '');
  assert.deepEqual([result.code, result.body.paymentType, result.body.amount], ['000.100.110', 'PA', '8.00']);
  assert.deepEqual(complaints.filter(byBank), []);
  await page.context().close();
});
