/** Paymentz: customers who authenticate or pay at their bank, how they come back to the shop, and what the shop is told meanwhile. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { goToBank, press, printedReference } from './harness/bank-shopper.ts';
import type { BrowserPage } from './harness/form-browser.ts';
import { createHooks } from './harness/hooks.ts';
import { freshName, type Parameters, type Reply } from './harness/opp.ts';
import { demoMember, deviceDetails, expectResult, key, md5, purchase, rest, usePaymentzStack, who } from './harness/paymentz.ts';
import { eventually } from './harness/processes.ts';
import { authenticate, authenticateAt, redirectOf } from './harness/shopper.ts';

const stack = usePaymentzStack({ env: { DIRECTORY_SERVER_TIMEOUT_MS: '1000' } });

const shopUrl = 'https://shop.example/back?order=7';
const away = (card: string, more: Parameters = {}): Parameters =>
  purchase({
    ...deviceDetails,
    'card.number': card,
    paymentBrand: card.startsWith('5') ? 'MC' : 'VISA',
    merchantRedirectUrl: shopUrl,
    ...more,
  });
const pay = (card: string, more: Parameters = {}) => stack.demo.pay(away(card, more));
const idOf = ({ body }: Reply): string => body.paymentId ?? '';
const inquire = (reply: Reply) => stack.demo.act(idOf(reply), 'IN');

/** The form that takes the customer back to the shop. */
function formOf({ forms, html }: BrowserPage, url = shopUrl): Readonly<Record<string, string>> {
  const form = forms.find(({ action }) => action === url);
  assert.ok(form !== undefined, `expected the way back to ${url} in ${html}`);
  assert.match(html, new RegExp(`method="post" action="${url.replaceAll(/[?.]/g, '\\$&').replaceAll('&', '&#38;')}"`));
  return form.fields;
}

function assertSigned(fields: Readonly<Record<string, string>>): void {
  const { paymentId = '', merchantTransactionId = '', amount = '', checksum } = fields;
  const status = fields.status?.length === 1 || fields.status === '3D' ? fields.status : (fields.transactionStatus ?? '');
  assert.equal(checksum, md5(paymentId, merchantTransactionId, amount, status, demoMember.key));
}

test('3D: the customer authenticates, and the browser posts the outcome to the shop, signed', async () => {
  const sent = away('5555555555554444', { attemptThreeD: '3D' });
  const reply = expectResult(await stack.demo.pay(sent), '00019', '3D Authstarted', '3D');
  assert.equal(reply.body.redirect?.method, 'POST');
  expectResult(await inquire(reply), '00026', '3D Authstarted', '3D');
  const fields = formOf(await authenticate(reply));
  assertSigned(fields);
  const { paymentId, merchantTransactionId, amount, currency, status, transactionStatus, resultCode, cardBin, cardLast4Digits, eci } =
    fields;
  assert.deepEqual(
    [paymentId, merchantTransactionId, amount, currency, status, transactionStatus, resultCode],
    [idOf(reply), sent.merchantTransactionId, '12.50', 'EUR', 'Y', 'Y', '00001'],
  );
  assert.deepEqual(
    [fields.trackingid, fields.desc, cardBin, cardLast4Digits, eci],
    [paymentId, merchantTransactionId, '555555', '4444', '02'],
  );
  const polled = expectResult(await stack.demo.get(fields.resourcePath ?? ''), '00026', 'capturesuccess', 'Y');
  assert.equal(polled.body.eci, '02');
});

test('a customer who calls it off comes back as well', async () => {
  const reply = expectResult(await pay('5555555555554444'), '00019');
  const fields = formOf(await authenticateAt(redirectOf(reply), { code: '', act: 'cancel' }));
  assertSigned(fields);
  assert.deepEqual([fields.status, fields.resultCode], ['C', '12003']);
  expectResult(await inquire(reply), '00026', 'authcancelled', 'C');
});

test('with redirectMethod=GET the outcome is in the address, and nothing of the card', async () => {
  const reply = await pay('5555555555554444', { redirectMethod: 'GET', merchantRedirectUrl: `${stack.url}/healthz?order=7&note=a%20b%21` });
  const home = new URL((await authenticate(reply)).url);
  const fields = Object.fromEntries(home.searchParams);
  assertSigned(fields);
  assert.deepEqual([home.pathname, fields.order, fields.status, fields.cardBin], ['/healthz', '7', 'Y', undefined]);
  assert.match(home.search, /^\?order=7&note=a%20b%21&/);
});

test('attemptThreeD says whether anybody is asked', async () => {
  const challenged = '5555555555554444';
  expectResult(await pay(challenged, { attemptThreeD: 'Direct' }), '00001', 'capturesuccess', 'Y');
  expectResult(await stack.demo.pay(purchase({ 'card.number': challenged, paymentBrand: 'MC' })), '00001');
  expectResult(await pay('4111111111111111'), '00001');
  expectResult(await pay('4000000000003105', { attemptThreeD: '3D' }), '00001');
  // No payment without it: neither for a card that takes no part, nor where the issuer cannot.
  for (const card of ['4111111111111111', '4000000000003105', '4000000000003121']) {
    const reply = expectResult(await pay(card, { attemptThreeD: 'only3d' }), '12005', 'authfailed', 'N');
    expectResult(await inquire(reply), '00026', 'authfailed', 'N');
  }
  expectResult(await pay('4200000000000091', { attemptThreeD: 'Only3D' }), '00001', 'capturesuccess', 'Y');
  expectResult(await pay('4000000000003113', { attemptThreeD: '3D' }), '12002', 'authfailed', 'N');
  expectResult(await pay(challenged, { attemptThreeD: '3D', merchantRedirectUrl: undefined }), '20001');
  expectResult(await pay(challenged, { merchantRedirectUrl: 'javascript:alert(1)' }), '20002');
});

const atBank = { paymentMode: 'NB', paymentBrand: 'Bank Transfer', 'card.number': undefined, 'card.expiryMonth': undefined };

test('a payment at the bank is asynchronous: the customer pays there and comes back', async () => {
  const more = { ...atBank, 'card.expiryYear': undefined, 'card.cvv': undefined, merchantRedirectUrl: shopUrl };
  const reply = expectResult(await stack.demo.pay(purchase(more)), '00003', 'authstarted', 'P');
  const fields = formOf(await press(await goToBank(reply), 'pay'));
  assertSigned(fields);
  assert.equal(fields.status, 'Y');
  expectResult(await inquire(reply), '00026', 'capturesuccess', 'Y');
  expectResult(await stack.demo.act(idOf(reply), 'RF', { amount: '12.50' }), '00005', 'reversed', 'Y');
  expectResult(await stack.demo.pay(purchase({ ...more, paymentType: 'PA' })), '20005');
  expectResult(await stack.demo.pay(purchase({ ...more, merchantRedirectUrl: undefined })), '20001');
});

test('other methods of banks: iDEAL is paid at once, money that is ordered captures itself when it comes', async () => {
  const more = { ...atBank, 'card.expiryYear': undefined, 'card.cvv': undefined, merchantRedirectUrl: shopUrl };
  const ideal = expectResult(await stack.demo.pay(purchase({ ...more, paymentBrand: 'IDEAL' })), '00003', 'authstarted', 'P');
  await press(await goToBank(ideal), 'pay');
  const paid = expectResult(await inquire(ideal), '00026', 'capturesuccess', 'Y');
  assert.equal(paid.body.paymentBrand, 'IDEAL');
  const ordered = { ...more, paymentMode: 'BT', paymentBrand: 'PREPAYMENT' };
  expectResult(await stack.demo.pay(purchase(ordered)), '20005');
  const reply = expectResult(await stack.demo.pay(purchase({ ...ordered, paymentType: 'PA' })), '00003', 'authstarted', 'P');
  const bank = await goToBank(reply);
  const reference = printedReference(bank);
  await press(bank, 'later');
  expectResult(await inquire(reply), '00026', 'authsuccessful', 'Y');
  await stack.parts.host.receive(reference);
  await eventually(async () => (await inquire(reply)).body.status === 'capturesuccess', 'the money to be there');
  const { text } = await stack.demo.post(`${rest}/getTransactionList`, [who, key], {});
  assert.match(text, new RegExp(`"systemPaymentId":"${idOf(reply)}"[^}]*"captureamount":"12.50"`));
  expectResult(await stack.demo.act(idOf(reply), 'RF', { amount: '12.50' }), '00005', 'reversed', 'Y');
});

test('the address of a request is told each result, intermediate ones as well, signed', async () => {
  const hooks = createHooks(stack.parts.host.url);
  const name = freshName('told');
  const notificationUrl = hooks.url(name);
  const sent = away('5555555555554444', { paymentType: 'PA', notificationUrl });
  const reply = expectResult(await stack.demo.pay(sent), '00019');
  await authenticate(reply);
  const id = idOf(reply);
  expectResult(await stack.demo.act(id, 'CP', { amount: '12.50' }), '00004');
  expectResult(await stack.demo.act(id, 'RF', { amount: '2.50' }), '00005');
  const told = async () => (await hooks.list(name)).map(({ body }) => JSON.parse(body) as Record<string, string>);
  await eventually(async () => (await told()).some(({ status }) => status === 'reversed'), 'the refund to be told');
  const notices = await told();
  for (const notice of notices) {
    assertSigned({ ...notice, status: '' });
    assert.deepEqual(
      [notice.paymentId, notice.merchantTransactionId, notice.paymentBrand, notice.terminalId],
      [id, sent.merchantTransactionId, 'MC', '1001'],
    );
  }
  const statuses = notices.map(({ status }) => status).filter((status) => status !== '3D Authstarted');
  assert.deepEqual([...new Set(statuses)].slice(-2), ['capturesuccess', 'reversed']);
  assert.deepEqual(notices.map(({ amount }) => amount).at(-1), '2.50');
  const shown = notices[0]?.card as unknown as Record<string, string> | undefined;
  assert.deepEqual([shown?.last4Digits, shown?.lastFourDigits], ['4444', '4444']);
});

test('addresses that cannot be told are refused', async () => {
  for (const notificationUrl of ['ftp://shop.example', 'javascript:x', 'https://']) {
    expectResult(await stack.demo.pay(purchase({ notificationUrl })), '20002');
  }
});
