/** The issuer's page is on another site than the gateway's, as it is in life: what the browser brings back from there, in frames and without, needs no cookie. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freePort } from '../src/local/ports.ts';
import { openMerchantPage, sendOn } from './harness/merchant-page.ts';
import { approved, debit, expectReply, useOppStack } from './harness/opp.ts';
import { desktop } from './harness/payment-page.ts';
import { useBrowserAtShop } from './harness/shop.ts';
import { browserData, redirectOf } from './harness/shopper.ts';

// Browsers take the name and the number of this machine for two sites; the bank and the shop have the number.
const port = await freePort();
const stack = useOppStack({ env: { PORT: String(port), PUBLIC_URL: `http://localhost:${port}`, STATUS_REQUESTS_PER_MINUTE: '1000' } });
const at = useBrowserAtShop(() => ({ scriptUrl: stack.url, integrity: '' }));

for (const [place, window] of [
  ['in a frame of the gateway’s page', '02'],
  ['on the whole page', '05'],
] as const) {
  test(`challenged ${place}, after the issuer’s own page in a hidden frame: the forms that come from the other site are taken`, async () => {
    const shopper = { ...browserData, 'customer.browser.challengeWindow': window, shopperResultUrl: `${at.shop.url}/result` };
    const reply = await stack.post('/v1/payments', debit({ ...shopper, paymentBrand: undefined, 'card.number': '4000000000003220' }));
    const redirect = redirectOf(expectReply(reply, 200, '000.200.000'));
    assert.equal(new URL(redirect.url).hostname, 'localhost');
    const page = await openMerchantPage(at.browser, { shop: at.shop, redirect, options: desktop });
    const sites = new Set<string | undefined>();
    page.on('request', (request) => {
      const { hostname, pathname } = new URL(request.url());
      if (hostname !== 'localhost' || request.method() !== 'POST' || !pathname.startsWith('/p/')) return;
      void request.allHeaders().then((headers) => sites.add(headers['sec-fetch-site']));
    });
    await sendOn(page);
    const bank = window === '05' ? page : page.frameLocator('iframe.bank');
    await bank.getByLabel('One-time code').fill('1234');
    await bank.getByRole('button', { name: 'Confirm payment' }).click();
    await page.waitForURL(`${at.shop.url}/result?**`);
    expectReply(await stack.get(`/v1/query/${reply.body.id}`), 200, approved);
    assert.ok(sites.has('cross-site'), `posted from ${[...sites].join(', ')}`);
    assert.deepEqual(await page.context().cookies(), []);
    await page.context().close();
  });
}
