/** The page of `/docs/opp` in a browser: a payment made with what the form begins with, and nothing asked of anybody but the gateway. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { auditAfterEach } from './harness/auditor.ts';
import { startBrowser } from './harness/browser.ts';
import { type Stack, startStack } from './harness/stack.ts';

let stack: Stack | undefined;
let browser: Browser;
before(async () => {
  stack = await startStack();
  browser = await startBrowser();
});
auditAfterEach(() => stack);
after(async () => {
  await browser?.close();
  await stack?.stop();
});

test('the form for a payment works as it is, and sends amounts as they are written', async () => {
  assert.ok(stack !== undefined);
  const origin = `http://127.0.0.1:${stack.config.port}`;
  const page = await browser.newPage();
  const asked: string[] = [];
  const complaints: string[] = [];
  page.on('request', (request) => asked.push(request.url()));
  page.on('console', (message) => complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(error.message));
  await page.goto(`${origin}/docs`);
  await page.click('text=OPP');
  const operation = page.locator('#operations-Payments-pay');
  await operation.locator('.opblock-summary-control').click();
  const answered = page.waitForResponse(`${origin}/v1/payments`);
  await operation.locator('button.execute').click();
  const answer = await answered;
  const body = (await answer.json()) as { readonly amount: string; readonly result: { readonly code: string } };
  assert.deepEqual([answer.status(), body.result.code, body.amount], [200, '000.100.110', '12.50']);
  // What was left empty is not sent.
  const sent = new URLSearchParams(answer.request().postData() ?? '');
  assert.deepEqual(
    [...sent.keys()].filter((name) => !/^(entityId|payment|amount|currency|card\.)/.test(name)),
    [],
  );
  await operation.locator('.live-responses-table').getByText('000.100.110').first().waitFor();
  assert.deepEqual(complaints, []);
  assert.deepEqual(
    asked.filter((url) => !url.startsWith(`${origin}/`) && !url.startsWith('data:')),
    [],
  );
  assert.equal((await stack.host.books()).length, 1);
});

test('on a phone nothing of an opened request is beyond the edge', async () => {
  assert.ok(stack !== undefined);
  const page = await browser.newPage({ viewport: { width: 390, height: 844 } });
  for (const name of ['opp', 'console']) {
    await page.goto(`http://127.0.0.1:${stack.config.port}/docs/${name}`);
    const operation = page.locator('.opblock').first();
    await operation.locator('.opblock-summary-control').click();
    await operation.locator('button.execute').click();
    await operation.locator('.live-responses-table').waitFor();
    const beyond = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
    assert.ok(beyond <= 0, `${name}: ${beyond} pixels`);
    // Nor is a column so narrow that each letter has a line.
    const narrow = await page.evaluate<readonly string[]>(
      `[...document.querySelectorAll('.opblock-body tbody td')].filter((cell) => cell.offsetWidth > 0 && cell.offsetWidth < 200).map((cell) => cell.textContent)`,
    );
    assert.deepEqual(narrow, [], name);
  }
  await page.close();
});
