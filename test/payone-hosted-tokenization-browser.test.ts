/** PAYONE's Hosted Tokenization Page in Chromium, on a page of a merchant on another origin. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser, Frame, Page } from 'playwright-core';
import { startBrowser } from './harness/browser.ts';
import { freshCardNumber } from './harness/card-numbers.ts';
import { assertAccessible, assertFits, phone, visit } from './harness/payment-page.ts';
import { usePayoneStack } from './harness/payone-stack.ts';
import { type FormSession, startTokenizingShop, type TokenizingShop } from './harness/tokenizing-shop.ts';
import { rememberCard } from './harness/traces.ts';

const stack = usePayoneStack();
let browser: Browser;
let shop: TokenizingShop;
let session: FormSession = { gatewayUrl: 'http://127.0.0.1', formUrl: '', integrity: '', options: {} };
before(async () => {
  [browser, shop] = await Promise.all([startBrowser(), startTokenizingShop(() => session)]);
});
after(async () => {
  await Promise.all([browser?.close(), shop?.close()]);
});

async function openSession(request: object, options: object): Promise<string> {
  const { status, body, text } = await stack.post('/hostedtokenizations', request);
  assert.equal(status, 200, text);
  session = { gatewayUrl: stack.url, formUrl: body.hostedTokenizationUrl ?? '', integrity: body.sri ?? '', options };
  return body.hostedTokenizationId ?? '';
}

async function frameOf(page: Page): Promise<Frame> {
  await page.locator('#result').filter({ hasText: 'ready' }).waitFor();
  const frame = page.frames().find((each) => each.url().startsWith(stack.url));
  assert.ok(frame !== undefined);
  return frame;
}

async function buy(page: Page, expected: RegExp): Promise<{ readonly success: boolean; readonly hostedTokenizationId?: string }> {
  await page.locator('#buy').click();
  await page.locator('#result').filter({ hasText: expected }).waitFor();
  return JSON.parse((await page.locator('#result').textContent()) ?? '{}');
}

test('the card is typed in a frame, the shop’s page gets a session’s id alone, and its server pays with it', async () => {
  const number = freshCardNumber();
  rememberCard(stack.parts.traces, { pan: number, cvc: '123' });
  const id = await openSession({ locale: 'en_US' }, { hideCardholderName: false });
  const { page, complaints } = await visit(browser, shop.url, phone);
  const frame = await frameOf(page);
  await assertAccessible(frame);
  await assertFits(frame);
  assert.equal(await frame.locator('button[type=submit]').isVisible(), false);
  await buy(page, /"success":false/);
  assert.equal(await frame.locator('#number').getAttribute('aria-invalid'), 'true');
  await frame.locator('#number').pressSequentially(number);
  await frame.locator('#expiry').pressSequentially('1239');
  await frame.locator('#cvc').pressSequentially('123');
  await page.locator('#valid').filter({ hasText: 'false' }).waitFor();
  await frame.locator('#holder').pressSequentially('Ada Example');
  await page.locator('#valid').filter({ hasText: 'true' }).waitFor();
  const result = await buy(page, /"success":true/);
  assert.deepEqual(result, { success: true, hostedTokenizationId: id });
  // Of the card nothing has come to the page around the frame.
  assert.equal((await page.content()).includes(number.slice(6)), false);
  const { body } = await stack.get(`/hostedtokenizations/${id}`);
  assert.deepEqual([body.token?.isTemporary, body.token?.card?.data?.cardWithoutCvv?.cardholderName], [true, 'Ada Example']);
  const paid = await stack.pay({ card: undefined, authorizationMode: 'SALE' }, { hostedTokenizationId: id });
  assert.deepEqual([paid.status, paid.body.payment?.statusOutput?.statusCode], [201, 9]);
  assert.deepEqual(complaints, []);
  await page.context().close();
});

test('without the name, and kept as the page says', async () => {
  const number = freshCardNumber();
  rememberCard(stack.parts.traces, { pan: number, cvc: '123' });
  const id = await openSession({}, { storePermanently: true });
  const { page, complaints } = await visit(browser, shop.url);
  const frame = await frameOf(page);
  assert.equal(await frame.locator('#holder').count(), 0);
  await frame.locator('#number').pressSequentially(number);
  await frame.locator('#expiry').pressSequentially('1239');
  await frame.locator('#cvc').pressSequentially('123');
  await buy(page, /"success":true/);
  const token = (await stack.get(`/hostedtokenizations/${id}`)).body.token;
  assert.deepEqual([token?.isTemporary, token?.card?.data?.cardWithoutCvv?.cardholderName], [false, undefined]);
  assert.deepEqual(complaints, []);
  await page.context().close();
});
