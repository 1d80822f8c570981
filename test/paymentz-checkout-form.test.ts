/** Paymentz: the form of the shop's page goes through the shopper's hands: what its checksum leaves out may ask for more, never for less. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createConsoleClient, moveClock } from './harness/console.ts';
import { encode, freshName, type Parameters, type Reply } from './harness/opp.ts';
import { demoMember, expectResult, key, md5, purchase, rest, usePaymentzStack, who } from './harness/paymentz.ts';
import { eventually } from './harness/processes.ts';
import { rememberCard } from './harness/traces.ts';

const stack = usePaymentzStack();
const operator = createConsoleClient(() => stack.url);
const shopUrl = 'https://shop.example/done';
const challenged = '5555555555554444';

/** What the shop has made, with a checksum over what the protocol signs. */
function formOf(more: Parameters = {}): Parameters {
  const sent: Parameters = {
    ...{ memberId: '10001', totype: 'gateway', amount: '8.00', currency: 'EUR', merchantTransactionId: freshName('order') },
    ...{ merchantRedirectUrl: shopUrl, transactionType: 'DB', ...more },
  };
  const sum = md5(
    '10001',
    sent.totype ?? '',
    sent.amount ?? '',
    sent.merchantTransactionId ?? '',
    sent.merchantRedirectUrl ?? '',
    demoMember.key,
  );
  return { ...sent, checksum: sum };
}

/** The shopper's browser posts it; the address of the page that follows, or the refusal. */
async function post(form: Parameters): Promise<{ readonly page?: string; readonly code?: string; readonly text: string }> {
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const reply = await fetch(`${stack.url}/transaction/Checkout`, { method: 'POST', headers, body: encode(form), redirect: 'manual' });
  const text = await reply.text();
  if (reply.status === 303) return { page: reply.headers.get('location') ?? '', text };
  return { code: (JSON.parse(text) as { result: { code: string } }).result.code, text };
}

async function payAt(page: string, cardnumber: string): Promise<void> {
  rememberCard(stack.parts.traces, { pan: cardnumber, cvc: '123' });
  const fields = { cardnumber, 'exp-date': '12 / 39', cvc: '123', ccname: 'Ada Example', attempt: '1', revision: '1', browser: '' };
  const answer = await fetch(page, { method: 'POST', headers: { accept: 'text/html' }, body: new URLSearchParams(fields) });
  assert.equal(answer.status, 200, await answer.text());
}

async function statusOf({ merchantTransactionId = '' }: Parameters): Promise<string | undefined> {
  const found = await stack.demo.post(`${rest}/inquiry`, [who, key, merchantTransactionId], { idType: 'MID', merchantTransactionId });
  return found.body.transactionStatus;
}

const terminal = '/merchants/{merchant_id}/channels/{channel_id}';
/** That of the demo member. */
const ids = { merchant_id: '00000000-0000-7000-8000-000000000001', channel_id: '00000000-0000-7000-8000-000000000151' };

/** The terminal with these settings, only while `work` runs. */
async function withSettings(settings: object, isThere: () => Promise<boolean>, work: () => Promise<void>): Promise<void> {
  await operator.done('patch', terminal, { ids, body: settings });
  try {
    await eventually(isThere, 'the settings to be known');
    await work();
  } finally {
    await operator.done('patch', terminal, { ids, body: { policies: {}, currencies: null } });
  }
}

test('a shopper who adds attemptThreeD=Direct is asked by the issuer all the same', async () => {
  for (const attemptThreeD of ['Direct', 'direct', 'DIRECT']) {
    const form = { ...formOf(), attemptThreeD };
    await payAt((await post(form)).page ?? '', challenged);
    assert.equal(await statusOf(form), '3D');
  }
});

test('where a policy of the terminal allows it, attemptThreeD=Direct of a form asks no issuer', async () => {
  const paid = async () => {
    const form = formOf({ attemptThreeD: 'Direct' });
    await payAt((await post(form)).page ?? '', challenged);
    return (await statusOf(form)) === 'Y';
  };
  await withSettings({ policies: { checkoutDirect: true } }, paid, async () => assert.ok(await paid()));
});

test('a server may ask for payments without authentication as before: its request has a token', async () => {
  const asked = purchase({ 'card.number': challenged, paymentBrand: 'MC', attemptThreeD: 'Direct' });
  expectResult(await stack.demo.pay(asked), '00001');
});

test('notificationUrl of a form is at the origin of the signed merchantRedirectUrl', async () => {
  for (const elsewhere of [
    ...['https://evil.example/told', 'http://shop.example/told', 'https://shop.example:8443/told', 'evil.example/told'],
    ...['https://shop.example@evil.example/', 'https://shop.example.evil.example/told'],
  ]) {
    const { code, text } = await post({ ...formOf(), notificationUrl: elsewhere });
    assert.equal(code, '20002', elsewhere);
    assert.match(text, /notificationUrl: must be at the origin of merchantRedirectUrl/);
  }
  for (const own of ['https://shop.example/told', 'shop.example/told?by=polygate', 'https://SHOP.example:443/told']) {
    assert.ok((await post({ ...formOf(), notificationUrl: own })).page, own);
  }
  assert.ok((await post(formOf({ merchantRedirectUrl: 'shop.example/done', notificationUrl: 'https://shop.example/told' }))).page);
});

test('forms keep to the currency and the type that policies of the terminal name', async () => {
  const isKnown = async () => (await post(formOf({ currency: 'JPY' }))).code === '20006';
  await withSettings({ policies: { checkoutCurrency: 'EUR', checkoutType: 'DB' } }, isKnown, async () => {
    const currency = await post({ ...formOf(), currency: 'USD' });
    assert.equal(currency.code, '20006');
    assert.match(currency.text, /currency: is not the one that forms have at this terminal/);
    assert.equal((await post({ ...formOf(), transactionType: 'PA' })).code, '20002');
    assert.ok((await post(formOf({ transactionType: 'db' }))).page);
    // What a server signs is the member's own.
    expectResult(await stack.demo.pay(purchase({ currency: 'USD' })), '00001');
  });
});

test('a shopper cannot choose another currency at a terminal that has one', async () => {
  const isKnown = async () => (await post(formOf({ currency: 'JPY' }))).code === '20006';
  await withSettings({ currencies: ['EUR'] }, isKnown, async () => {
    assert.equal((await post({ ...formOf(), currency: 'USD' })).code, '20006');
    assert.ok((await post(formOf())).page);
  });
});

test('policies that there are not, or of another form, are refused by name', async () => {
  for (const [policy, value] of Object.entries({ checkoutCurrency: 'euro', checkoutType: 'CP', checkoutDirect: 'yes', magic: true })) {
    const reply = await operator.call('patch', terminal, { ids, body: { policies: { [policy]: value } } });
    assert.equal(reply.status, 400);
    assert.match(reply.text, new RegExp(`policies\\.${policy}`));
  }
});

/** A payment link for an order of 8.00 EUR: the page that it leads to, or the refusal. */
async function linkTo(orderID: string, code = '00026'): Promise<string> {
  const sent = { 'merchant.orderID': orderID, 'merchant.amount': '8.00', 'merchant.currency': 'EUR' };
  const reply = await stack.demo.post('/merchantServices/api/v1/generatePayByLink', [who, orderID, '8.00', key], sent);
  const url = expectResult(reply, code).body.result?.url;
  return url === undefined ? '' : ((await fetch(url, { redirect: 'manual' })).headers.get('location') ?? '');
}

test('a reference that is paid on a page, or can be, is used: no other request takes money under it', async () => {
  const form = formOf();
  const { merchantTransactionId } = form;
  const page = (await post(form)).page ?? '';
  expectResult(await stack.demo.pay(purchase({ merchantTransactionId })), '20015');
  await payAt(page, '4111111111111111');
  assert.equal(await statusOf(form), 'Y');
  const paid = await stack.demo.post(`${rest}/inquiry`, [who, key, merchantTransactionId ?? ''], { idType: 'MID', merchantTransactionId });
  const again = expectResult(await stack.demo.pay(purchase({ merchantTransactionId })), '20015');
  assert.equal(again.body.paymentId, paid.body.paymentId);
  const linked = freshName('order');
  await payAt(await linkTo(linked), '4111111111111111');
  expectResult(await stack.demo.pay(purchase({ merchantTransactionId: linked })), '20015');
  const direct = purchase();
  expectResult(await stack.demo.pay(direct), '00001');
  await linkTo(direct.merchantTransactionId ?? '', '20015');
});

test('what has expired unpaid can be asked for again, and is another page', async () => {
  const form = formOf();
  const order = freshName('order');
  const pages = [(await post(form)).page ?? '', await linkTo(order)];
  await moveClock(stack.url, 86_460);
  for (const page of pages) assert.equal((await fetch(page)).status, 410);
  const unpaid = purchase({ merchantTransactionId: order });
  const anew = [(await post(form)).page ?? '', await linkTo(order)];
  for (const [index, page] of anew.entries()) {
    assert.notEqual(page, pages[index]);
    await payAt(page, '4111111111111111');
  }
  assert.equal(await statusOf(form), 'Y');
  expectResult(await stack.demo.pay(unpaid), '20015');
  assert.equal(await linkTo(order), anew[1]);
});

test('an invoice and a payment never have one reference', async () => {
  const invoice = (act: string, sum: readonly string[], sent: Parameters) => stack.demo.post(`/invoiceServices/REST/v1/${act}`, sum, sent);
  const codeOf = async (reply: Promise<Reply>) => /"statusInvoiceResult":\{"code":"(\d+)"/.exec((await reply).text)?.[1];
  const issue = (merchantInvoiceId: string) => {
    const more = { amount: '8.00', currency: 'EUR', merchantRedirectUrl: shopUrl, 'customer.email': 'ada@shop.example' };
    return invoice('generate', [who, key, merchantInvoiceId, '8.00', shopUrl], { merchantInvoiceId, ...more });
  };
  const paid = purchase();
  expectResult(await stack.demo.pay(paid), '00001');
  assert.equal(await codeOf(issue(paid.merchantTransactionId ?? '')), '20015');
  const linked = freshName('order');
  await linkTo(linked);
  assert.equal(await codeOf(issue(linked)), '20015');
  const reference = freshName('invoice');
  const issued = await issue(reference);
  await linkTo(reference, '20015');
  const direct = purchase({ merchantTransactionId: reference });
  expectResult(await stack.demo.pay(direct), '20015');
  // Called off before anybody tried to pay it, it has used nothing up.
  assert.equal(await codeOf(invoice('cancel', [who, key, reference], { merchantInvoiceId: reference })), '00011');
  expectResult(await stack.demo.pay(direct), '00001');
  const invoiceId = /"systemInvoiceId":"(\d+)"/.exec(issued.text)?.[1] ?? '';
  const anew = (more: Parameters) =>
    codeOf(invoice('regenerate', [invoiceId, who, key, shopUrl], { invoiceId, merchantRedirectUrl: shopUrl, ...more }));
  assert.equal(await anew({}), '20015');
  assert.equal(await anew({ merchantInvoiceId: linked }), '20015');
  assert.equal(await anew({ merchantInvoiceId: freshName('invoice') }), '00013');
});
