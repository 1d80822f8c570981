/** Paymentz: invoices from the mail to the paid page in Chromium, and what ends them; payment links; the form that leads to the hosted page. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { startBrowser } from './harness/browser.ts';
import { createHooks } from './harness/hooks.ts';
import { type Listener, startListener } from './harness/listener.ts';
import { createMailbox } from './harness/mailbox.ts';
import { encode, exchange, freshName, type Parameters, type Reply } from './harness/opp.ts';
import { assertAccessible, assertFits, desktop, phone, typeCard, visit } from './harness/payment-page.ts';
import { demoMember, expectResult, key, md5, type PaymentzClient, purchase, usePaymentzStack, who } from './harness/paymentz.ts';
import { eventually } from './harness/processes.ts';
import { rememberCard } from './harness/traces.ts';

const stack = usePaymentzStack();
let browser: Browser;
let shop: Listener;
before(async () => {
  shop = await startListener((response) =>
    response.writeHead(200, { 'content-type': 'text/html' }).end('<title>Thanks</title><h1>Thanks</h1>'),
  );
  browser = await startBrowser();
});
after(async () => Promise.all([browser?.close(), shop?.close()]));

const base = '/invoiceServices/REST/v1';

interface InvoiceBody {
  readonly statusInvoiceResult: { readonly code: string; readonly description: string };
  readonly status: string;
  readonly paymentId?: string;
  readonly invoiceDetails: Readonly<Record<string, string>>;
}

function invoiceOf(reply: Reply, code: string, status?: string): InvoiceBody {
  const body = reply.body as unknown as InvoiceBody;
  assert.equal(body.statusInvoiceResult?.code, code, reply.text);
  if (status !== undefined) assert.equal(body.status, status, reply.text);
  return body;
}

const freshInvoice = (more: Parameters = {}): Parameters => ({
  ...{ merchantInvoiceId: freshName('invoice'), amount: '50.00', currency: 'EUR', merchantRedirectUrl: `${shop.url}/done?order=7` },
  ...{ 'customer.email': `${freshName('ada')}@shop.example`, merchantOrderDescription: 'Two books', ...more },
});

const generate = (given: Parameters, client: PaymentzClient = stack.demo) =>
  client.post(`${base}/generate`, [who, key, given.merchantInvoiceId ?? '', given.amount ?? '', given.merchantRedirectUrl ?? ''], given);
const about = (act: 'cancel' | 'remind' | 'inquiry', merchantInvoiceId = '', client: PaymentzClient = stack.demo) =>
  client.post(`${base}/${act}`, [who, key, merchantInvoiceId], { merchantInvoiceId });

async function payAt(address: string, options = desktop) {
  rememberCard(stack.parts.traces, { pan: '4111111111111111', cvc: '123' });
  const seen = shop.requests.length;
  const { page, complaints } = await visit(browser, address, options);
  await assertAccessible(page);
  await assertFits(page);
  await typeCard(page);
  await page.locator('button[type=submit]').click();
  await page.waitForURL(`${shop.url}/**`);
  await page.context().close();
  assert.deepEqual(complaints, []);
  const back = shop.requests.find(({ path }, index) => index >= seen && path.startsWith('/done'));
  assert.ok(back !== undefined);
  return { ...back, fields: Object.fromEntries(new URLSearchParams(back.body)) };
}

async function advance(seconds: number): Promise<void> {
  const headers = { authorization: 'Bearer sandbox-operator-key', 'content-type': 'application/json' };
  const response = await fetch(`${stack.url}/console-api/clock`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ advance_seconds: seconds }),
  });
  assert.equal(response.status, 200, await response.text());
}

test('an invoice is mailed, paid on the hosted page, and told', async () => {
  const hooks = createHooks(stack.parts.host.url);
  const told = freshName('told');
  const given = freshInvoice({ notificationUrl: hooks.url(told) });
  const { invoiceDetails } = invoiceOf(await generate(given), '00010', 'mailsent');
  assert.deepEqual(
    [invoiceDetails.amount, invoiceDetails.currency, invoiceDetails.merchantInvoiceId, invoiceDetails.expirationPeriod],
    ['50.00', 'EUR', given.merchantInvoiceId, '10'],
  );
  assert.match(invoiceDetails.transactionUrl ?? '', /\/transaction\/PayInvoice\?inv=[0-9]+&ct=[\w-]{16}$/);
  const [mail] = await createMailbox(stack.parts.host.url).received(given['customer.email'] ?? '', 1);
  assert.match(mail?.subject ?? '', /^Invoice: Polygate Demo, .*50\.00/);
  assert.match(JSON.stringify(mail), /\/pay\//);
  const back = await payAt(invoiceDetails.transactionUrl ?? '');
  assert.deepEqual([back.method, back.path, back.fields.status, back.fields.resultCode], ['POST', '/done?order=7', 'Y', '00001']);
  const { paymentId = '', merchantTransactionId = '', amount = '', status = '' } = back.fields;
  assert.equal(merchantTransactionId, given.merchantInvoiceId);
  assert.equal(back.fields.checksum, md5(paymentId, merchantTransactionId, amount, status, demoMember.key));
  const paid = invoiceOf(await about('inquiry', given.merchantInvoiceId), '00026', 'processed');
  assert.equal(paid.paymentId, paymentId);
  expectResult(await stack.demo.act(paymentId, 'IN'), '00026', 'capturesuccess', 'Y');
  await eventually(async () => (await hooks.list(told)).some(({ body }) => body.includes('"capturesuccess"')), 'the payment to be told');
  for (const act of ['cancel', 'remind'] as const) invoiceOf(await about(act, given.merchantInvoiceId), '20010');
  expectResult(await stack.demo.act(paymentId, 'RF', { amount: '50.00' }), '00005');
});

test('lines make the amount; a reference has one invoice, also of two at once', async () => {
  const one = freshInvoice({
    'product.productDescription': 'Book',
    'product.productAmount': '50.00',
    'product.quantity': '5',
    'product.productTotal': '250.00',
  });
  assert.equal(invoiceOf(await generate(one), '00010').invoiceDetails.amount, '250.00');
  const given = freshInvoice();
  const replies = await Promise.all([1, 2, 3].map(() => generate(given)));
  const codes = replies.map(({ body }) => (body as unknown as InvoiceBody).statusInvoiceResult?.code).toSorted();
  assert.deepEqual(codes, ['00010', '20015', '20015']);
  const amounts = ['10.00', '20.00', '30.00'];
  const various = await Promise.all(
    amounts.map((amount) => generate({ ...given, merchantInvoiceId: `${given.merchantInvoiceId}-2`, amount })),
  );
  const issued = various.filter(({ body }) => (body as unknown as InvoiceBody).statusInvoiceResult?.code === '00010');
  assert.equal(issued.length, 1, various.map(({ text }) => text).join());
  const { amount: mailed, transactionUrl = '' } = invoiceOf(issued[0] as Reply, '00010').invoiceDetails;
  const { page } = await visit(browser, transactionUrl, phone);
  assert.ok((await page.locator('main').innerText()).includes(String(mailed)), `${mailed} is not what the page asks for`);
  await page.context().close();
  const product = [
    { productDescription: 'Book', productAmount: '10.00', quantity: 2, productTotal: 20 },
    { productDescription: 'Delivery', productAmount: '4.50', quantity: 1, productTotal: 4.5 },
  ];
  const listed = freshInvoice();
  const { memberId, key: sKey } = demoMember;
  const sum = md5(memberId, sKey, listed.merchantInvoiceId ?? '', '50.00', listed.merchantRedirectUrl ?? '');
  const body = { ...listed, authentication: { memberId, checksum: sum }, product };
  const reply = await stack.demo.send(`${base}/generate`, JSON.stringify(body), { 'content-type': 'application/json' });
  assert.equal(invoiceOf(reply, '00010').invoiceDetails.amount, '24.50');
  invoiceOf(await generate(freshInvoice({ 'customer.email': 'nobody' })), '20002');
  invoiceOf(await generate(freshInvoice({ 'product.quantity': '1' })), '20001');
  invoiceOf(await generate(freshInvoice({ currency: 'ABC' })), '20006');
  invoiceOf(await about('inquiry', 'nothing'), '10026');
  invoiceOf(await about('inquiry', given.merchantInvoiceId, stack.other), '10026');
});

test('what is called off or issued anew cannot be paid any more, and the customer is told', async () => {
  const mailbox = createMailbox(stack.parts.host.url);
  const given = freshInvoice();
  const { systemInvoiceId = '', transactionUrl = '' } = invoiceOf(await generate(given), '00010').invoiceDetails;
  invoiceOf(await about('remind', given.merchantInvoiceId), '00012', 'mailsent');
  await mailbox.received(given['customer.email'] ?? '', 2);
  const regenerate = (invoiceId: string, more: Parameters = {}) => {
    const merchantRedirectUrl = given.merchantRedirectUrl ?? '';
    return stack.demo.post(`${base}/regenerate`, [invoiceId, who, key, merchantRedirectUrl], {
      ...{ invoiceId, merchantRedirectUrl, invoiceExpirationPeriod: '5', ...more },
    });
  };
  const another = freshInvoice();
  invoiceOf(await generate(another), '00010');
  invoiceOf(await regenerate(systemInvoiceId, { merchantInvoiceId: another.merchantInvoiceId }), '20015');
  const anew = invoiceOf(await regenerate(systemInvoiceId), '00013', 'mailsent').invoiceDetails;
  assert.notEqual(anew.systemInvoiceId, systemInvoiceId);
  assert.equal(anew.invoiceExpirationPeriod, '5');
  const old = await stack.demo.post(`${base}/inquiry`, [systemInvoiceId, who, key], { invoiceId: systemInvoiceId });
  invoiceOf(old, '00026', 'regenerated');
  invoiceOf(await regenerate(systemInvoiceId), '20010');
  await mailbox.received(given['customer.email'] ?? '', 3);
  invoiceOf(await about('cancel', given.merchantInvoiceId), '00011', 'cancelled');
  invoiceOf(await about('cancel', given.merchantInvoiceId), '20010');
  const mails = await mailbox.received(given['customer.email'] ?? '', 4);
  const titles = mails.map(({ subject }) => subject.split(':')[0]).toSorted();
  assert.deepEqual(titles, ['Invoice', 'Invoice', 'Invoice cancelled', 'Reminder']);
  for (const address of [transactionUrl, anew.transactionUrl ?? '']) {
    const { page } = await visit(browser, address, phone);
    assert.equal(await page.locator('#number').count(), 0);
    await page.context().close();
  }
});

test('of two invoices that are issued anew under one reference at once, one stays as it was', async () => {
  const amounts = ['10.00', '10.00', '10.00', '10.00', '30.00', '40.00'];
  const merchantRedirectUrl = `${shop.url}/done`;
  const olds = await Promise.all(
    amounts.map(async (amount) => invoiceOf(await generate(freshInvoice({ amount })), '00010').invoiceDetails),
  );
  const merchantInvoiceId = freshName('anew');
  const replies = await Promise.all(
    olds.map(({ systemInvoiceId: invoiceId = '' }) =>
      stack.demo.post(`${base}/regenerate`, [invoiceId, who, key, merchantRedirectUrl], {
        invoiceId,
        merchantInvoiceId,
        merchantRedirectUrl,
      }),
    ),
  );
  const codes = replies.map(({ body }) => (body as unknown as InvoiceBody).statusInvoiceResult?.code);
  assert.deepEqual(codes.toSorted(), ['00013', ...Array.from({ length: 5 }, () => '20015')], replies.map(({ text }) => text).join());
  for (const [index, { systemInvoiceId: invoiceId = '' }] of olds.entries()) {
    const stands = await stack.demo.post(`${base}/inquiry`, [invoiceId, who, key], { invoiceId });
    invoiceOf(stands, '00026', codes[index] === '00013' ? 'regenerated' : 'mailsent');
  }
  const { amount } = invoiceOf(await about('inquiry', merchantInvoiceId), '00026', 'mailsent').invoiceDetails;
  assert.equal(amount, amounts[codes.indexOf('00013')]);
});

test('addresses that nobody was told of lead nowhere', async () => {
  const { transactionUrl = '' } = invoiceOf(await generate(freshInvoice()), '00010').invoiceDetails;
  const url = new URL(transactionUrl);
  const right = await fetch(url, { redirect: 'manual' });
  assert.deepEqual([right.status, new URL(right.headers.get('location') ?? '').pathname.startsWith('/pay/')], [303, true]);
  const ct = url.searchParams.get('ct') ?? '';
  const letters = [`${ct.slice(0, -1)}${ct.endsWith('A') ? 'B' : 'A'}`, `0002${ct.slice(4)}`, '', 'x'.repeat(16)];
  for (const wrong of letters) {
    url.searchParams.set('ct', wrong);
    assert.equal((await fetch(url, { redirect: 'manual' })).status, 404);
  }
  assert.equal((await fetch(`${stack.url}/transaction/PayByLink?orderId=1&authToken=x`, { redirect: 'manual' })).status, 404);
});

test('a payment link leads to the page, once for each order, and can be paid once', async () => {
  const orderID = freshName('order');
  const merchant = { orderID, amount: 12.5, currency: 'EUR', contactName: 'Ada', email: 'ada@shop.example', orderDescription: 'Tea' };
  const { memberId, key: sKey } = demoMember;
  const body = { authentication: { memberId, checksum: md5(memberId, orderID, '12.50', sKey), expirationTime: '1' }, merchant };
  const link = () =>
    stack.demo.send('/merchantServices/api/v1/generatePayByLink', JSON.stringify(body), { 'content-type': 'application/json' });
  const first = expectResult(await link(), '00026').body.result?.url ?? '';
  assert.match(first, /\/transaction\/PayByLink\?orderId=order-[a-z-]+&authToken=/);
  assert.equal(expectResult(await link(), '00026').body.result?.url, first);
  rememberCard(stack.parts.traces, { pan: '4111111111111111', cvc: '123' });
  const { page } = await visit(browser, first);
  await typeCard(page);
  await page.locator('button[type=submit]').click();
  const paid = async () =>
    (await stack.demo.post('/transactionServices/REST/v1/inquiry', [who, key, orderID], { idType: 'MID', merchantTransactionId: orderID }))
      .body.status;
  await eventually(async () => (await paid()) === 'capturesuccess', 'the link to be paid');
  await page.context().close();
});

test('a form of the shop leads to the hosted page', async () => {
  const sent: Parameters = {
    ...{ memberId: '10001', totype: 'gateway', amount: '8.00', currency: 'EUR', merchantTransactionId: freshName('order') },
    ...{ merchantRedirectUrl: `${shop.url}/done`, orderDescription: 'Tea', transactionType: 'PA', email: 'ada@shop.example', lang: 'en' },
  };
  const post = (more: Parameters = {}) => {
    const form = { ...sent, ...more };
    const sum = ['10001', form.totype, form.amount, form.merchantTransactionId, form.merchantRedirectUrl, demoMember.key].join('|');
    const body = encode({ ...form, checksum: form.checksum ?? md5(sum) });
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    return exchange(stack.url, { method: 'POST', path: '/transaction/Checkout', headers, body });
  };
  const opened = await post();
  assert.equal(opened.status, 303, opened.text);
  const back = await payAt(String(opened.headers.location));
  assert.deepEqual([back.fields.status, back.fields.amount], ['Y', '8.00']);
  expectResult(await stack.demo.act(back.fields.paymentId ?? '', 'IN'), '00026', 'authsuccessful', 'Y');
  expectResult(await post({ checksum: '0'.repeat(32) }), '20003');
  expectResult(await post({ amount: '9.00' }), '20015');
  const used = purchase();
  expectResult(await stack.demo.pay(used), '00001');
  expectResult(await post({ merchantTransactionId: used.merchantTransactionId }), '20015');
});

test('the clock reminds on the last day, and ends what nobody has paid', async () => {
  const mailbox = createMailbox(stack.parts.host.url);
  const given = freshInvoice({ invoiceExpirationPeriod: '3' });
  const { transactionUrl = '' } = invoiceOf(await generate(given), '00010').invoiceDetails;
  await advance(2 * 86_400 + 60);
  const mails = await mailbox.received(given['customer.email'] ?? '', 2);
  assert.deepEqual(mails.map(({ subject }) => subject.split(':')[0]).toSorted(), ['Invoice', 'Reminder']);
  invoiceOf(await about('inquiry', given.merchantInvoiceId), '00026', 'mailsent');
  await advance(86_400);
  invoiceOf(await about('inquiry', given.merchantInvoiceId), '00026', 'expired');
  invoiceOf(await about('remind', given.merchantInvoiceId), '20010');
  const { page } = await visit(browser, transactionUrl);
  assert.equal(await page.locator('#number').count(), 0);
  await page.context().close();
});
