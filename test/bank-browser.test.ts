/** The bank's page in a real browser: from the shop's redirect and back, on a phone and without scripts, and what it is like to read and to use. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser, BrowserContextOptions } from 'playwright-core';
import { bankPayment } from './harness/bank-shopper.ts';
import { startBrowser } from './harness/browser.ts';
import { approved, expectReply, type Parameters, useOppStack } from './harness/opp.ts';
import { assertAccessible, assertFits, desktop, phone, photograph, visit } from './harness/payment-page.ts';

const stack = useOppStack();

let browser: Browser;
before(async () => {
  browser = await startBrowser();
});
after(() => browser?.close());

const pay = async (more: Parameters = {}) =>
  expectReply(
    await stack.post('/v1/payments', bankPayment('IDEAL', { shopperResultUrl: `${stack.url}/healthz`, ...more })),
    200,
    '000.200.000',
  );

const cases: readonly (readonly [name: string, options: BrowserContextOptions])[] = [
  ['a desktop', desktop],
  ['a phone in the dark', { ...phone, colorScheme: 'dark' }],
];

for (const [name, options] of cases) {
  test(`${name}: to the bank and back by themselves, and the page can be read by everybody`, async () => {
    const { body } = await pay();
    const { page, complaints } = await visit(browser, body.redirect?.url ?? '', options);
    await page.waitForURL(/\/bank\/pay\//);
    await assertFits(page);
    await photograph(page, `bank on ${name}`);
    await assertAccessible(page);
    assert.deepEqual(complaints, []);
    await page.getByRole('button', { name: 'Pay', exact: true }).click();
    await page.waitForURL(/\/healthz\?id=/);
    assert.equal(new URL(page.url()).searchParams.get('id'), body.id);
    expectReply(await stack.get(`/v1/payments/${body.id}`), 200, approved);
    await page.context().close();
  });
}

test('without scripts, by keyboard: pay later prints the reference and leads back', async () => {
  const { body } = await pay();
  const { page } = await visit(browser, body.redirect?.url ?? '', { ...desktop, javaScriptEnabled: false });
  await page.getByRole('button').press('Enter');
  await page.waitForURL(/\/bank\/pay\//);
  await page.getByRole('button', { name: 'Pay later' }).press('Enter');
  await page.getByRole('heading', { name: 'Pay later' }).waitFor();
  const [entry] = (await stack.parts.host.bank()).filter(({ state }) => state === 'deferred');
  assert.match((await page.textContent('main')) ?? '', new RegExp(entry?.bankReference ?? 'nothing'));
  await page.getByRole('link', { name: 'Back to the shop' }).press('Enter');
  await page.waitForURL(/\/healthz\?id=/);
  await page.context().close();
});
