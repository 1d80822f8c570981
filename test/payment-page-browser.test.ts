/** The hosted payment page in Chromium: by keyboard, on a phone, in the dark, without scripts, in a frame of the merchant's page. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Frame, Page } from 'playwright-core';
import { debit, useOppStack } from './harness/opp.ts';
import {
  assertAccessible,
  assertFits,
  desktop,
  dress,
  openCheckout,
  payAddress,
  phone,
  photograph,
  typeCard,
  visit,
} from './harness/payment-page.ts';
import { useBrowserAtShop } from './harness/shop.ts';
import { rememberCard } from './harness/traces.ts';

const stack = useOppStack({ env: { STATUS_REQUESTS_PER_MINUTE: '1000' } });
/** The script of the shop's page, and its checksum. */
let widget = { scriptUrl: 'http://127.0.0.1/', integrity: '' };
const at = useBrowserAtShop(() => widget);

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
    const { page, complaints } = await visit(at.browser, payAddress(stack, checkoutId), options);
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
    const checkoutId = await openCheckout(stack, { ...cart, shopperResultUrl: `${at.shop.url}/result?order=7` });
    const { page, complaints } = await visit(at.browser, payAddress(stack, checkoutId), options);
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
    await page.waitForURL(`${at.shop.url}/result?order=7&id=${checkoutId}&resourcePath=*`);
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
  const { page, complaints } = await visit(at.browser, `${at.shop.url}/checkout`, phone);
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

test('by keyboard alone: every field and button is reached in the order of the page', async () => {
  rememberCard(stack.parts.traces, { pan: '378282246310005', cvc: '1234' });
  const checkoutId = await openCheckout(stack, { merchantTransactionId: 'A-1048' });
  const { page, complaints } = await visit(at.browser, payAddress(stack, checkoutId, { language: 'fr' }));
  assert.equal(await page.getAttribute('html', 'lang'), 'fr');
  const keys = page.keyboard;
  // The ways to pay come first, of which the card is chosen.
  await keys.press('Tab');
  assert.equal(await page.evaluate('document.activeElement.type'), 'radio');
  await keys.press('Tab');
  await keys.type('378282246310005');
  assert.equal(await page.locator('#number').inputValue(), '3782 822463 10005');
  // A forgotten digit is put in where it belongs, and the caret stays there.
  await keys.press('Home');
  await keys.press('ArrowRight');
  await keys.press('Delete');
  await keys.type('7');
  assert.equal(await page.locator('#number').inputValue(), '3782 822463 10005');
  assert.equal(await page.evaluate("document.getElementById('number').selectionStart"), 2);
  await keys.press('Tab');
  await keys.type('4/39');
  assert.equal(await page.locator('#expiry').inputValue(), '04 / 39');
  await keys.press('Tab');
  await keys.type('1234');
  assert.equal(await page.locator('#cvc-hint').textContent(), '4 chiffres au recto de votre carte');
  await keys.press('Tab');
  await keys.press('Enter');
  assert.equal(await page.locator('details.where').getAttribute('open'), '');
  await keys.press('Tab');
  await keys.type('Zoë Exemple');
  await photograph(page, 'keyboard');
  await keys.press('Enter');
  await page.getByRole('heading', { name: 'Paiement effectué' }).waitFor();
  assert.deepEqual(complaints, []);
  await page.context().close();
});

test('nothing of a card that was typed is there again for whoever comes back to the page', async () => {
  const { page } = await visit(at.browser, payAddress(stack, await openCheckout(stack)));
  await typeCard(page);
  await page.goto(`${at.shop.url}/other`);
  await page.goBack();
  assert.deepEqual([await page.locator('#number').inputValue(), await page.locator('#cvc').inputValue()], ['', '']);
  await page.context().close();
});

test('the pages on the way to the bank speak the language of the page before them', async () => {
  rememberCard(stack.parts.traces, { pan: challengeCard, cvc: '123' });
  const checkoutId = await openCheckout(stack, cart);
  const { page } = await visit(at.browser, payAddress(stack, checkoutId, { language: 'de' }), { ...desktop, locale: 'en-US' });
  await typeCard(page, { number: challengeCard });
  await page.locator('button[type=submit]').click();
  await bankOf(page, true);
  assert.equal(await page.getAttribute('html', 'lang'), 'de');
  await page.getByRole('heading', { name: 'Bestätigen Sie bei Ihrer Bank' }).waitFor();
  await page.getByRole('button', { name: 'Zahlung abbrechen' }).click();
  await page.getByRole('alert').filter({ hasText: 'Sie haben die Zahlung bei Ihrer Bank abgebrochen' }).waitFor();
  await page.getByLabel('iDEAL').check();
  await page.locator('button[type=submit]').click();
  await page.waitForURL(/\/bank\/pay\//);
  await page.goBack();
  await page.context().close();
});

test('a large amount stays on the page, also of a currency that has no symbol', async () => {
  const checkoutId = await openCheckout(stack, { ...cart, amount: '9876543210.00', currency: 'IDR' });
  for (const [name, options] of [
    ['large-desktop', desktop],
    ['large-phone', { ...phone, viewport: { width: 320, height: 640 } }],
  ] as const) {
    const { page } = await visit(at.browser, payAddress(stack, checkoutId, { language: 'de' }), options);
    await assertFits(page);
    const sum = page.locator('.summary .total').first();
    assert.equal(await sum.evaluate((element) => element.scrollWidth <= element.clientWidth), true);
    await photograph(page, name);
    await page.context().close();
  }
});

test('inputs side by side stand at one height, in every language and on a narrow phone', async () => {
  const checkoutId = await openCheckout(stack, cart);
  for (const language of ['en', 'de', 'fr', 'es']) {
    for (const width of [320, 390]) {
      const { page } = await visit(at.browser, payAddress(stack, checkoutId, { language }), { ...phone, viewport: { width, height: 800 } });
      const tops = await Promise.all(['expiry', 'cvc'].map(async (id) => (await page.locator(`#${id}`).boundingBox())?.y));
      assert.equal(tops[0], tops[1], `${language}, ${width} pixels`);
      await page.context().close();
    }
  }
});

test('the month of a date may be written with one digit, also January', async () => {
  const { page } = await visit(at.browser, payAddress(stack, await openCheckout(stack)));
  const expiry = page.locator('#expiry');
  const shown = async (text: string, write: (text: string) => Promise<void>) => {
    await expiry.fill('');
    await write(text);
    return expiry.inputValue();
  };
  for (const [text, expected] of [
    ['1/39', '01 / 39'],
    ['1 / 2039', '01 / 39'],
    ['01/39', '01 / 39'],
    ['1239', '12 / 39'],
    ['10/39', '10 / 39'],
    ['2/39', '02 / 39'],
  ] as const) {
    assert.equal(await shown(text, (typed) => expiry.pressSequentially(typed)), expected);
    assert.equal(await shown(text, (pasted) => expiry.fill(pasted)), expected);
  }
  // As a browser fills it in.
  assert.equal(await shown('2039-12', (filled) => expiry.fill(filled)), '12 / 39');
  // The second digit of the month is replaced, and the year stays.
  await shown('1139', (typed) => expiry.pressSequentially(typed));
  for (const key of ['Home', 'ArrowRight', 'Delete', '2']) await page.keyboard.press(key);
  assert.equal(await expiry.inputValue(), '12 / 39');
  await page.context().close();
});

test('a stored American Express card asks for the four digits on its front, and for no others', async () => {
  const { body } = await stack.post(
    '/v1/payments',
    debit({ paymentBrand: 'AMEX', 'card.number': '378282246310005', 'card.cvv': '1234', createRegistration: 'true' }),
  );
  const { page } = await visit(at.browser, payAddress(stack, await openCheckout(stack, { 'registrations[0].id': body.registrationId })));
  assert.equal(await page.locator('#cvc-hint').textContent(), '4 digits on the front of your card');
  await page.locator('#cvc').fill('123');
  await page.locator('button[type=submit]').click();
  assert.equal(await page.locator('#cvc-error').textContent(), 'The security code has 4 digits.');
  await page.getByLabel('Use another card').check();
  assert.equal(await page.locator('#cvc-hint').textContent(), '3 digits on the back of your card');
  await page.getByLabel('American Express ending in 0005').check();
  await page.locator('#cvc').fill('1234');
  await page.locator('button[type=submit]').click();
  await page.getByRole('heading', { name: 'Payment complete' }).waitFor();
  await page.context().close();
});

test('without scripts: faults are told by the server, the bank is reached by a button, and the shop too', async () => {
  rememberCard(stack.parts.traces, { pan: challengeCard, cvc: '123' });
  const checkoutId = await openCheckout(stack, { ...cart, shopperResultUrl: `${at.shop.url}/result` });
  const { page } = await visit(at.browser, payAddress(stack, checkoutId), { ...phone, javaScriptEnabled: false });
  await page.locator('button[type=submit]').click();
  await page.getByRole('alert').getByRole('link', { name: 'Enter your card number.' }).click();
  await photograph(page, 'no-scripts-1-wrong');
  await typeCard(page, { number: challengeCard });
  await page.locator('button[type=submit]').click();
  // The issuer's look at the browser needs scripts; its page does not.
  await page.getByRole('button', { name: 'Continue' }).click();
  await photograph(page, 'no-scripts-2-bank');
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByLabel('One-time code').fill('1234');
  await page.getByRole('button', { name: 'Confirm payment' }).click();
  await page.getByRole('button', { name: 'Continue to the shop' }).click();
  await page.waitForURL(`${at.shop.url}/result?*`);
  assert.equal(await statusOf(checkoutId), '000.100.110');
  await page.context().close();
});

test('a merchant’s color is made readable, stored cards are offered, and pasted numbers are grouped', async () => {
  await dress(stack, { name: 'Teehaus am Markt', accent: '#ffe100' });
  await stack.parts.stopGateway();
  await stack.parts.startGateway();
  const { body } = await stack.post('/v1/payments', debit({ createRegistration: 'true' }));
  const checkoutId = await openCheckout(stack, { ...cart, 'registrations[0].id': body.registrationId });
  for (const [name, options] of [
    ['look-desktop', desktop],
    ['look-dark', { ...phone, colorScheme: 'dark' }],
  ] as const) {
    const { page, complaints } = await visit(at.browser, payAddress(stack, checkoutId, { language: 'de' }), options);
    await assertAccessible(page);
    await assertFits(page);
    assert.equal(await page.locator('#number').isVisible(), false);
    await photograph(page, `${name}-1-stored`);
    await page.getByLabel('Andere Karte verwenden').check();
    await page.locator('#number').fill('6011-1111-1111-1117');
    assert.equal(await page.locator('#number').inputValue(), '6011 1111 1111 1117');
    await assertAccessible(page);
    await photograph(page, `${name}-2-other`);
    assert.deepEqual(complaints, []);
    await page.context().close();
  }
});
