/** The hosted payment page in Chromium: by keyboard, on a phone, in the dark, without scripts, in a frame of the merchant's page. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { startBrowser } from './harness/browser.ts';
import { useOppStack } from './harness/opp.ts';
import { assertAccessible, assertFits, desktop, openCheckout, payAddress, phone, photograph, typeCard, visit } from './harness/shopper.ts';
import { rememberCard } from './harness/traces.ts';

const stack = useOppStack();
let browser: Browser;
before(async () => {
  browser = await startBrowser();
});
after(() => browser?.close());

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
