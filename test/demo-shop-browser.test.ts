/** The demo shop, clicked through by a person's browser: what a newcomer sees first. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { createGateways } from '../demo-shop/gateways/registry.ts';
import { type RunningShop, startShop } from '../demo-shop/server.ts';
import { auditAfterEach } from './harness/auditor.ts';
import { startBrowser } from './harness/browser.ts';
import { startListener } from './harness/listener.ts';
import { type Stack, startStack } from './harness/stack.ts';

let stack: Stack;
let shop: RunningShop;
let browser: Browser;

before(async () => {
  stack = await startStack();
  shop = await startShop({ host: '127.0.0.1', port: 0, gatewayUrl: `http://127.0.0.1:${stack.config.port}` });
  // tZero returns everybody to the one address of the channel, which is that of the shop at its usual port.
  await stack.database.query(
    `update polygate.channel set policies = jsonb_set(policies::jsonb, '{returnUrl}', to_jsonb($1::text)) where dialect = 'tzero'`,
    [`http://127.0.0.1:${shop.port}/return/tzero`],
  );
  browser = await startBrowser();
});
after(async () => {
  await browser?.close();
  await shop?.stop();
  await stack?.stop();
});
auditAfterEach(() => stack);

const frictionless = '4242424242424242';
const challenged = '5555555555554444';
const declined = '4000000000000002';

/** Puts something into the basket and opens the checkout. */
async function openCheckout(page: Page, at = shop): Promise<void> {
  await page.goto(`http://127.0.0.1:${at.port}/`);
  await page.getByRole('button', { name: 'Add Harbor Blend to the basket' }).click();
  await page.getByRole('button', { name: 'One Harbor Blend more' }).click();
  await page.getByRole('link', { name: 'Check out' }).click();
}

async function fillCard(page: Page, number: string): Promise<void> {
  await page.getByLabel('Card number').fill(number);
  await page.getByLabel('Expiry').fill('1234');
  await page.getByLabel('Security code').fill('123');
}

/** The issuer's page: the code that it asks for. */
async function confirm(page: Page, code = '1234'): Promise<void> {
  await page.getByLabel(/code/i).fill(code);
  await page.getByRole('button', { name: /confirm|submit|pay/i }).click();
}

for (const { name, width, height } of [
  { name: 'a desktop', width: 1280, height: 900 },
  { name: 'a phone', width: 390, height: 844 },
]) {
  test(`on ${name}: basket, card, code of the bank, thanks`, async () => {
    const page = await browser.newPage({ viewport: { width, height } });
    await openCheckout(page);
    await fillCard(page, challenged);
    await page.getByRole('button', { name: 'Pay €27.00' }).click();
    await confirm(page);
    await page.getByRole('heading', { name: 'Thank you, it is paid' }).waitFor();
    assert.equal(await page.locator('.count').count(), 0, 'the basket is empty afterwards');
    const overflow = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
    assert.ok(overflow <= 0, `the page is ${overflow} pixels too wide`);
    await page.close();
  });
}

for (const { name, title } of createGateways('http://127.0.0.1')) {
  test(`paid through ${name}, after a challenge; a declined card is told`, async () => {
    const page = await browser.newPage();
    await openCheckout(page);
    await page.getByRole('radio', { name: title }).check();
    await fillCard(page, challenged);
    await page.getByRole('button', { name: 'Pay €27.00' }).click();
    await confirm(page);
    await page.getByRole('heading', { name: 'Thank you, it is paid' }).waitFor();
    assert.match(await page.locator('.facts').innerText(), new RegExp(title));
    await openCheckout(page);
    await page.getByRole('radio', { name: title }).check();
    await fillCard(page, declined);
    await page.getByRole('button', { name: 'Pay €27.00' }).click();
    if (name === 'tzero') await page.getByRole('button', { name: 'Pay €27.00' }).click();
    await page.getByRole('heading', { name: 'That did not work' }).waitFor();
    await page.getByRole('alert').getByText('The payment was not approved, and nothing was charged.').waitFor();
    assert.match(await page.locator('.result').innerText(), /The gateway says: \S/);
    await page.close();
  });
}

test('shows what went over the wire, without the card', async () => {
  const page = await browser.newPage();
  await openCheckout(page);
  await fillCard(page, frictionless);
  await page.getByRole('button', { name: 'Pay €27.00' }).click();
  await page.getByText('What went over the wire').click();
  const text = await page.locator('.wire').innerText();
  assert.match(text, /card\.number = 424242\*{6}4242/);
  assert.match(text, /"code": "000\./);
  assert.ok(!(await page.content()).includes(frictionless));
  await page.close();
});

test('tells of a declined card, keeps the basket, and takes another card', async () => {
  const page = await browser.newPage();
  await openCheckout(page);
  await fillCard(page, declined);
  await page.getByRole('button', { name: 'Pay €27.00' }).click();
  await page.getByRole('heading', { name: 'That did not work' }).waitFor();
  await page.getByRole('link', { name: 'Try again' }).click();
  await fillCard(page, frictionless);
  await page.getByRole('button', { name: 'Pay €27.00' }).click();
  await page.getByRole('heading', { name: 'Thank you, it is paid' }).waitFor();
  await page.close();
});

test('says which field is wrong before anybody is asked, and keeps what was typed', async () => {
  const page = await browser.newPage();
  await openCheckout(page);
  await fillCard(page, '4242424242424241');
  await page.getByLabel('Name on card').fill('Grace Example');
  await page.getByRole('button', { name: 'Pay €27.00' }).click();
  await page.getByText('Check the card number').waitFor();
  await page.getByRole('button', { name: 'Pay €27.00' }).click();
  await page.getByText('Enter the card number.').waitFor();
  assert.equal(await page.getByLabel('Name on card').inputValue(), 'Grace Example');
  assert.equal(await page.getByLabel('Card number').inputValue(), '', 'a card number is never sent back');
  await page.close();
});

test('works without scripts', async () => {
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  await openCheckout(page);
  await fillCard(page, frictionless);
  await page.getByRole('button', { name: 'Pay €27.00' }).click();
  await page.getByRole('heading', { name: 'On to your bank' }).waitFor();
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByRole('heading', { name: 'Checking with your bank' }).waitFor();
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByRole('heading', { name: 'Thank you, it is paid' }).waitFor();
  await context.close();
});

test('an order is shown to the browser that made it, and to nobody else', async () => {
  const page = await browser.newPage();
  await openCheckout(page);
  await fillCard(page, frictionless);
  await page.getByRole('button', { name: 'Pay €27.00' }).click();
  await page.getByRole('heading', { name: 'Thank you, it is paid' }).waitFor();
  const stranger = await fetch(page.url());
  assert.equal(stranger.status, 404);
  await page.close();
});

test('a form that is sent twice is one order', async () => {
  const cookie = (await fetch(`http://127.0.0.1:${shop.port}/`)).headers.get('set-cookie')?.split(';')[0] ?? '';
  const post = (path: string, fields: Record<string, string>): Promise<Response> =>
    fetch(`http://127.0.0.1:${shop.port}${path}`, {
      method: 'POST',
      body: new URLSearchParams(fields),
      headers: { cookie },
      redirect: 'manual',
    });
  await post('/basket', { product: 'cup', change: '1' });
  const form = {
    ...{ formKey: '00112233445566778899aabbccddeeff', gateway: 'opp', email: 'ada@example.com', holder: 'Ada Example' },
    ...{ number: '4111111111111111', expiry: '12/34', cvc: '123' },
  };
  const [first, second] = await Promise.all([post('/orders', form), post('/orders', form)]);
  assert.equal(first?.headers.get('location'), second?.headers.get('location'));
  assert.match(first?.headers.get('location') ?? '', /^\/orders\/MR-/);
});

test('where the gateway breaks off, nobody says that nothing was charged, or offers to pay again', async () => {
  const broken = await startListener((response) => response.destroy());
  const other = await startShop({ host: '127.0.0.1', port: 0, gatewayUrl: broken.url });
  const page = await browser.newPage();
  await openCheckout(page, other);
  await fillCard(page, frictionless);
  await page.getByRole('button', { name: 'Pay €27.00' }).click();
  await page.getByRole('alert').filter({ hasText: 'Your card may have been charged' }).waitFor();
  assert.equal(await page.getByRole('link', { name: 'Try again' }).count(), 0);
  await page.close();
  await Promise.all([other.stop(), broken.close()]);
});

test('bodies that are no form, or too large, are refused as that', async () => {
  const post = (type: string, body: string) =>
    fetch(`http://127.0.0.1:${shop.port}/basket`, { method: 'POST', body, headers: { 'content-type': type }, redirect: 'manual' });
  const form = 'application/x-www-form-urlencoded';
  const answers = [
    await post('application/json', '{"product":["cup"]}'),
    await post('text/plain', 'x'),
    await post(form, 'a'.repeat(100_000)),
  ];
  assert.deepEqual(
    answers.map(({ status }) => status),
    [415, 415, 413],
  );
  for (const answer of answers) assert.match(answer.headers.get('content-type') ?? '', /^text\/html/);
});
