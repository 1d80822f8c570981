/** tZero in Chromium: the page on which a customer confirms a payment, in their language, and the way back. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertAccessible, assertFits, desktop, phone, photograph, visit } from './harness/payment-page.ts';
import { useBrowserAtShop } from './harness/shop.ts';
import { order, useTzero } from './harness/tzero.ts';

const stack = useTzero();
const at = useBrowserAtShop(() => ({ scriptUrl: stack.url, integrity: '' }));

const begin = async () => (await stack.authorise(order({ amount: 12_34, return_url: `${at.shop.url}/result` }))).body;

for (const [name, options, locale] of [
  ['a desk', desktop, 'en-US'],
  ['a telephone', phone, 'de-DE'],
] as const) {
  test(`a customer at ${name} confirms with a button and comes back to the shop`, async () => {
    const { redirect_url: url = '', id = '' } = await begin();
    const { page, complaints } = await visit(at.browser, url, { ...options, locale });
    const title = locale === 'de-DE' ? 'Zahlung bestätigen' : 'Confirm your payment';
    await page.getByRole('heading', { name: title }).waitFor();
    await assertAccessible(page);
    await assertFits(page);
    await photograph(page, `confirm-${locale}`);
    await page.locator('button.primary').click();
    await page.waitForURL(`${at.shop.url}/result?*`);
    assert.equal(new URL(page.url()).searchParams.get('status'), 'captured');
    // The way back in the browser's history charges nobody again.
    await page.goBack();
    assert.equal((await stack.read(id)).body.amount_captured, 12_34);
    assert.deepEqual(complaints, []);
    await page.context().close();
  });
}

test('a customer who calls it off comes back as well', async () => {
  const { redirect_url: url = '' } = await begin();
  const { page, complaints } = await visit(at.browser, url);
  await page.locator('button.quiet').click();
  await page.waitForURL(`${at.shop.url}/result?*`);
  assert.equal(new URL(page.url()).searchParams.get('status'), 'cancelled');
  assert.deepEqual(complaints, []);
  await page.context().close();
});
