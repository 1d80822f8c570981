/** The bank's page in a browser: in the frames that 3-D Secure knows, by keyboard, in both color schemes, and without scripts. */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser, BrowserContextOptions, Frame, Page } from 'playwright-core';
import { startBrowser } from './harness/browser.ts';
import { askDirectory, challengeForm, fromField, type Json, type Requestor, startRequestor } from './harness/requestor.ts';
import { type Sandbox, startSandbox } from './sandbox-process.ts';

let sandbox: Sandbox;
let requestor: Requestor;
let browser: Browser;

before(async () => {
  [sandbox, requestor, browser] = await Promise.all([startSandbox(), startRequestor(), startBrowser()]);
});

after(async () => {
  await browser?.close();
  await requestor.close();
  assert.equal(await sandbox.stop(), 0);
});

interface Visit {
  readonly ares: Json;
  readonly page: Page;
  /** Where the bank's page is. */
  readonly bank: Frame;
  /** What the browser complained about, and where else it went. */
  readonly complaints: readonly string[];
}

/** Opens a shop's page that shows the challenge in a frame of the given size, or goes to it as a whole when there is none. */
async function visit(options: BrowserContextOptions, frame?: { readonly width: number; readonly height: number }): Promise<Visit> {
  const ares = await askDirectory(`http://127.0.0.1:${sandbox.httpPort}`, requestor.areq('4000000000003220'));
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const complaints: string[] = [];
  const here = [`http://127.0.0.1:${sandbox.httpPort}/acs/challenge`, requestor.url];
  page.on('request', (request) => {
    if (!here.some((address) => request.url().startsWith(address))) complaints.push(request.url());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    // A frame of another origin may not take the focus by itself; that is as it should be.
    if (!message.text().includes('autofocusing')) complaints.push(message.text());
  });
  await page.goto(`${requestor.url}/checkout`);
  const { creq } = challengeForm(ares);
  const target = frame === undefined ? '_self' : 'bank';
  const form = `<form method="post" action="${ares.acsURL}" target="${target}"><input type="hidden" name="creq" value="${creq}"><button>Pay</button></form>`;
  const inside = frame === undefined ? '' : `<iframe name="bank" title="Bank" width="${frame.width}" height="${frame.height}"></iframe>`;
  await page.setContent(`<!doctype html><title>Shop</title>${form}${inside}`);
  await page.click('button');
  const bank = frame === undefined ? page.mainFrame() : page.frame('bank');
  assert.ok(bank !== null);
  await bank.waitForURL(/\/acs\/challenge\//);
  return { ares, page, bank, complaints };
}

/** The browser has brought the CRes back to the shop. */
async function assertBack({ ares, bank, complaints, page }: Visit, transStatus: string): Promise<void> {
  await bank.waitForURL(`${requestor.url}/challenge-done`);
  const cres = requestor.received
    .filter(({ path }) => path === '/challenge-done')
    .map(({ body }) => fromField(new URLSearchParams(body).get('cres') ?? undefined))
    .filter(({ acsTransID }) => acsTransID === ares.acsTransID);
  assert.deepEqual(
    cres.map((message) => message.transStatus),
    [transStatus],
  );
  assert.deepEqual(complaints, []);
  await page.context().close();
}

/** Nothing sticks out to the side. */
async function assertFits(bank: Frame): Promise<void> {
  assert.equal(await bank.evaluate('document.documentElement.scrollWidth <= innerWidth'), true);
}

for (const frame of [
  { width: 250, height: 400 },
  { width: 390, height: 400 },
  { width: 500, height: 600 },
  { width: 600, height: 400 },
]) {
  test(`in a frame of ${frame.width} by ${frame.height} everything fits, and the field is in sight`, async () => {
    const visited = await visit({ viewport: { width: frame.width + 60, height: frame.height + 120 } }, frame);
    const { bank } = visited;
    await assertFits(bank);
    assert.equal(await bank.evaluate("document.getElementById('code').getBoundingClientRect().bottom <= innerHeight"), true);
    await bank.getByLabel('One-time code').fill('1234');
    await bank.getByRole('button', { name: 'Confirm payment' }).click();
    await assertBack(visited, 'Y');
  });
}

for (const colorScheme of ['light', 'dark'] as const) {
  test(`on a phone by keyboard, ${colorScheme}: a wrong code is announced, Cancel is within reach`, async () => {
    const visited = await visit({ viewport: { width: 390, height: 844 }, colorScheme });
    const { bank, page } = visited;
    await assertFits(bank);
    const field = bank.getByLabel('One-time code');
    assert.equal(await bank.evaluate('document.activeElement.id'), 'code');
    await page.keyboard.type('9999');
    await page.keyboard.press('Enter');
    await bank.getByRole('alert').filter({ hasText: 'You can try 2 more times' }).waitFor();
    assert.match(await page.title(), /^Error: /);
    assert.equal(await field.inputValue(), '', 'the wrong code is not left standing');
    assert.equal(await field.getAttribute('aria-invalid'), 'true');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    assert.equal(await bank.evaluate('document.activeElement.textContent'), 'Cancel');
    await page.keyboard.press('Enter');
    await assertBack(visited, 'N');
  });
}

test('without scripts a button takes the shopper back', async () => {
  const visited = await visit({ viewport: { width: 1280, height: 900 }, javaScriptEnabled: false });
  await visited.bank.getByLabel('One-time code').fill('1234');
  await visited.bank.getByRole('button', { name: 'Confirm payment' }).click();
  await visited.bank.getByRole('button', { name: 'Continue to the shop' }).click();
  await assertBack(visited, 'Y');
});
