/** Templates of the hosted pages: uploaded through the console API, named by `variant`, in Chromium on a merchant's page; and what cannot be one. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { problemOfCss } from '../src/core/merchant/template.ts';
import { startBrowser } from './harness/browser.ts';
import { freshCardNumber } from './harness/card-numbers.ts';
import { createConsoleClient } from './harness/console.ts';
import { assertAccessible, visit } from './harness/payment-page.ts';
import { merchantId, sdkClient, taken } from './harness/payone-sdk.ts';
import { usePayoneStack } from './harness/payone-stack.ts';
import { type FormSession, startTokenizingShop, type TokenizingShop } from './harness/tokenizing-shop.ts';
import { rememberCard } from './harness/traces.ts';

const stack = usePayoneStack();
const console = createConsoleClient(() => stack.url);
const merchant_id = '00000000-0000-7000-8000-000000000001';
const ids = { merchant_id };
const templates = '/merchants/{merchant_id}/page-templates';

let browser: Browser;
let shop: TokenizingShop;
let session: FormSession = { gatewayUrl: 'http://127.0.0.1', formUrl: '', integrity: '', options: {} };
before(async () => {
  [browser, shop] = await Promise.all([startBrowser(), startTokenizingShop(() => session)]);
});
after(async () => {
  await Promise.all([browser?.close(), shop?.close()]);
});

const css = '.field label { letter-spacing: 3px; }\n@media (min-width: 1px) { #holder { border-radius: 17px; } }';

async function write(name: string, template: object) {
  return console.done('post', templates, { ids, body: { name, ...template } });
}

test('a form of the variant wears the uploaded style sheet and words, in a frame on the merchant’s page, under the same strict policy', async () => {
  await write('autumn', { css, texts: { en: { holder: 'Your name, please' }, de: { holder: 'Ihr Name' } } });
  const opened = await taken(
    sdkClient(stack.url).hostedTokenization.createHostedTokenization(merchantId, { variant: 'autumn.html', locale: 'en_US' }),
  );
  const formUrl = opened.hostedTokenizationUrl ?? '';
  session = { gatewayUrl: stack.url, formUrl, integrity: String((opened as { sri?: string }).sri), options: { hideCardholderName: false } };
  const { page, complaints } = await visit(browser, shop.url);
  await page.locator('#result').filter({ hasText: 'ready' }).waitFor();
  const frame = page.frames().find((each) => each.url().startsWith(stack.url));
  assert.ok(frame !== undefined);
  assert.equal(await frame.locator('label[for=holder]').textContent(), 'Your name, please');
  const style = (selector: string, property: string) =>
    frame.evaluate(`getComputedStyle(document.querySelector(${JSON.stringify(selector)})).getPropertyValue('${property}')`);
  assert.deepEqual([await style('.field label', 'letter-spacing'), await style('#holder', 'border-top-left-radius')], ['3px', '17px']);
  await assertAccessible(frame);
  const number = freshCardNumber();
  rememberCard(stack.parts.traces, { pan: number, cvc: '123' });
  for (const [field, value] of [
    ['#number', number],
    ['#expiry', '1239'],
    ['#cvc', '123'],
    ['#holder', 'Ada Example'],
  ] as const) {
    await frame.locator(field).pressSequentially(value);
  }
  await page.locator('#buy').click();
  await page
    .locator('#result')
    .filter({ hasText: /"success":true/ })
    .waitFor();
  assert.deepEqual(complaints, []);
  await page.context().close();
});

test('the page’s policy allows no more with a template than without one', async () => {
  await write('plain', { css });
  const policies = [];
  for (const variant of ['plain', 'nobody-knows-it', undefined]) {
    const { body } = await stack.post('/hostedtokenizations', variant === undefined ? {} : { variant });
    const answer = await fetch(body.hostedTokenizationUrl ?? '', { headers: { accept: 'text/html' } });
    assert.equal(answer.status, 200);
    policies.push(answer.headers.get('content-security-policy'));
    assert.equal((await answer.text()).includes('template.css'), variant === 'plain');
  }
  assert.equal(new Set(policies).size, 1);
  assert.match(policies[0] ?? '', /default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;/);
});

test('a hosted checkout wears its variant as well; another merchant’s template is nobody else’s', async () => {
  await write('winter', { texts: { en: { cardNumber: 'The long number' } } });
  const order = { amountOfMoney: { amount: 900, currencyCode: 'EUR' } };
  const page = { returnUrl: 'https://shop.example/back', variant: 'winter', locale: 'en_GB' };
  const { body } = await stack.post('/hostedcheckouts', { order, hostedCheckoutSpecificInput: page });
  assert.match(await (await fetch(body.redirectUrl ?? '', { headers: { accept: 'text/html' } })).text(), /The long number/);
  const { items } = await console.done('get', '/page-templates', { query: { merchant_id, name: 'winter' } });
  assert.deepEqual([items?.length, items?.[0]?.css], [1, null]);
  await console.done('delete', '/merchants/{merchant_id}/page-templates/{name}', { ids: { merchant_id, name: 'winter' } });
  assert.doesNotMatch(await (await fetch(body.redirectUrl ?? '', { headers: { accept: 'text/html' } })).text(), /The long number/);
  const gone = await console.call('delete', '/merchants/{merchant_id}/page-templates/{name}', { ids: { merchant_id, name: 'winter' } });
  assert.equal(gone.status, 404);
});

const bad = [
  'a { background: url(https://evil.example/x.png) }',
  'a { background: URL ("x") }',
  'a { background: u\\72l(x) }',
  'a { background: u/**/rl(x) }',
  'a { background: image-set("x.png" 1x) }',
  'a { background: -webkit-image-set("x.png" 1x) }',
  'a { background: src("x") }',
  '@import "https://evil.example/x.css";',
  '@IMPORT url(x);',
  '@font-face { font-family: x }',
  '@charset "utf-8";',
  'a { width: expression(alert(1)) }',
  'a { behavior: x }',
  'a { -moz-binding: x }',
  '</style><script>alert(1)</script>',
  'a { color: red',
  'a { color: red }}',
  'a { content: "x }',
  '/* never ends',
  `a { color: red } ${' '.repeat(33_000)}`,
];

test('a style sheet that loads or runs anything, or is not whole, is refused and says why', async () => {
  for (const sheet of bad) {
    const { status, body, text } = await console.call('post', templates, { ids, body: { name: 'bad', css: sheet } });
    assert.deepEqual([status, body.errors?.[0]?.field], [400, 'css'], `${sheet.slice(0, 60)} ${text}`);
  }
  const good = [
    css,
    ':root { --accent: #123456; }',
    'a::before { content: "→ (so)"; } /* fine */',
    '@supports (gap: 1px) { a > b { gap: 1px } }',
  ];
  for (const sheet of good) assert.equal(problemOfCss(sheet), undefined, sheet);
  const texts = await console.call('post', templates, { ids, body: { name: 'bad', texts: { en: { testMode: 'live' } } } });
  const long = await console.call('post', templates, { ids, body: { name: 'bad', texts: { en: { holder: 'x'.repeat(301) } } } });
  assert.deepEqual([texts.status, long.status, long.body.errors?.[0]?.field], [400, 400, 'texts.en.holder']);
  const nobody = { merchant_id: '018f0000-0000-7000-8000-00000000dead' };
  assert.equal((await console.call('post', templates, { ids: nobody, body: { name: 'x', css } })).status, 404);
});

test('ValidationRules: the code may be left out where the merchant says so, for new cards and for stored ones', async () => {
  const fill = async (url: string, fields: Readonly<Record<string, string>>) => {
    const number = freshCardNumber();
    rememberCard(stack.parts.traces, { pan: number });
    const given = { cardnumber: number, 'exp-date': '12 / 39', ccname: 'Ada Example', cvc: '', attempt: '1', revision: '1', browser: '' };
    const body = new URLSearchParams({ ...given, ...fields });
    return (await fetch(`${url}?embedded=1`, { method: 'POST', headers: { accept: 'text/html' }, body })).status;
  };
  const open = async (rules: object, more: object = {}) =>
    (await stack.post('/hostedtokenizations', { creditCardSpecificInput: { ValidationRules: rules }, ...more })).body
      .hostedTokenizationUrl ?? '';
  assert.equal(await fill(await open({}), {}), 422);
  assert.equal(await fill(await open({ cvvMandatoryForExistingToken: false }), {}), 422);
  assert.equal(await fill(await open({ cvvMandatoryForNewToken: false }), {}), 200);
  const kept = await stack.post('/tokens', {
    paymentProductId: 1,
    card: { data: { card: { cardNumber: freshCardNumber(), expiryDate: '1239', cardholderName: 'Ada', cvv: '123' } } },
  });
  const tokens = { tokens: kept.body.token };
  assert.equal(await fill(await open({ cvvMandatoryForNewToken: false }, tokens), { method: 'stored-0' }), 422);
  assert.equal(await fill(await open({ cvvMandatoryForExistingToken: false }, tokens), { method: 'stored-0' }), 200);
});
