/** PAYONE's hosted checkouts and payment links through the platform's unmodified library; the shopper pays on the gateway's own page. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import type * as sdk from 'onlinepayments-sdk-nodejs';
import { freshCardNumber } from './harness/card-numbers.ts';
import { moveClock } from './harness/console.ts';
import { other } from './harness/payone.ts';
import { merchantId, refused, sdkClient, taken } from './harness/payone-sdk.ts';
import { usePayoneStack } from './harness/payone-stack.ts';
import { eventually } from './harness/processes.ts';
import { rememberCard } from './harness/traces.ts';

const stack = usePayoneStack();
/** There once the stack is. */
let made: sdk.Client | undefined;
const clientOf = (): sdk.Client => {
  made ??= sdkClient(stack.url);
  return made;
};

const order = { amountOfMoney: { amount: 1250, currencyCode: 'EUR' }, references: { merchantReference: 'order 7' } };
const card = { cardPaymentMethodSpecificInput: { authorizationMode: 'SALE' } };

/** What the shopper types on the page; returns the page that follows. */
async function pay(url: string, cardnumber: string): Promise<string> {
  rememberCard(stack.parts.traces, { pan: cardnumber, cvc: '123' });
  const fields = { cardnumber, 'exp-date': '12 / 39', cvc: '123', ccname: 'Ada Example', attempt: '1', revision: '1', browser: '' };
  const answer = await fetch(url, { method: 'POST', headers: { accept: 'text/html' }, body: new URLSearchParams(fields) });
  return answer.text();
}

test('a hosted checkout is paid on the page, and the shopper comes back with what the shop compares', async () => {
  const opened = await taken(
    clientOf().hostedCheckout.createHostedCheckout(merchantId, {
      ...{ order, ...card },
      hostedCheckoutSpecificInput: { returnUrl: 'https://shop.example/back?cart=3&sign=a%20b~c', locale: 'en_US' },
    }),
  );
  const [id, redirectUrl, RETURNMAC] = [opened.hostedCheckoutId ?? '', opened.redirectUrl ?? '', opened.RETURNMAC ?? ''];
  assert.ok(redirectUrl.startsWith(stack.url) && RETURNMAC !== '', JSON.stringify(opened));
  const read = () => taken(clientOf().hostedCheckout.getHostedCheckout(merchantId, id));
  assert.deepEqual(await read(), { status: 'IN_PROGRESS' });
  await pay(redirectUrl, freshCardNumber());
  await eventually(async () => (await read()).status === 'PAYMENT_CREATED', 'the checkout to be paid');
  const { createdPaymentOutput } = await read();
  assert.equal(createdPaymentOutput?.paymentStatusCategory, 'SUCCESSFUL');
  const { payment } = createdPaymentOutput ?? {};
  assert.deepEqual([payment?.statusOutput?.statusCode, payment?.paymentOutput?.references?.merchantReference], [9, 'order 7']);
  assert.equal((await taken(clientOf().payments.getPayment(merchantId, payment?.id ?? ''))).id, payment?.id);
  const page = await (await fetch(redirectUrl, { headers: { accept: 'text/html' } })).text();
  assert.ok(page.includes(`cart=3&#38;sign=a%20b~c&#38;RETURNMAC=${RETURNMAC}&#38;hostedCheckoutId=${id}`), page);
  const { hostedCheckoutSpecificOutput } = await taken(clientOf().payments.getPaymentDetails(merchantId, payment?.id ?? ''));
  assert.deepEqual(
    [hostedCheckoutSpecificOutput, payment?.hostedCheckoutSpecificOutput],
    [{ hostedCheckoutId: id }, { hostedCheckoutId: id }],
  );
  const stranger = await refused(sdkClient(stack.url, other).hostedCheckout.getHostedCheckout(other.merchantId, id));
  assert.equal(stranger.status, 404);
});

test('a hosted checkout needs a way back, and takes no card from the shop', async () => {
  const withoutWayBack = await refused(clientOf().hostedCheckout.createHostedCheckout(merchantId, { order }));
  assert.equal(withoutWayBack.body.errors[0]?.propertyName, 'hostedCheckoutSpecificInput.returnUrl');
  assert.equal((await refused(clientOf().hostedCheckout.getHostedCheckout(merchantId, 'nothing'))).status, 404);
});

test('a payment link: made, read, paid; another one: called off', async () => {
  const ask = (more: object = {}) =>
    clientOf().paymentLinks.createPaymentLink(merchantId, {
      ...{ order, ...card },
      paymentLinkSpecificInput: { description: 'Two chairs', recipientName: 'Ada', ...more },
    });
  const link = await taken(ask());
  const [id, url] = [link.paymentLinkId ?? '', link.redirectionUrl ?? ''];
  assert.deepEqual([link.status, link.recipientName, link.paymentLinkOrder?.amount?.amount], ['ACTIVE', 'Ada', 1250]);
  await pay(url, freshCardNumber());
  const read = () => taken(clientOf().paymentLinks.getPaymentLinkById(merchantId, id));
  await eventually(async () => (await read()).status === 'PAID', 'the link to be paid');
  assert.match((await read()).paymentId ?? '', /^\d+_0$/);
  const cancel = (linkId: string) => refused(clientOf().paymentLinks.cancelPaymentLinkById(merchantId, linkId));
  const notActive = async (linkId: string) => {
    const { status, body } = await cancel(linkId);
    return [status, body.errors[0]?.id, body.errors[0]?.propertyName, body.errors[0]?.retriable];
  };
  const conflict = [409, 'ACTION_NOT_ALLOWED_ON_TRANSACTION', 'paymentLinkId', false];
  assert.deepEqual(await notActive(id), conflict);
  const second = await taken(ask());
  const secondId = second.paymentLinkId ?? '';
  assert.equal((await clientOf().paymentLinks.cancelPaymentLinkById(merchantId, secondId)).status, 204);
  assert.equal((await taken(clientOf().paymentLinks.getPaymentLinkById(merchantId, secondId))).status, 'CANCELLED');
  assert.deepEqual(await notActive(secondId), conflict);
  const dead = await fetch(second.redirectionUrl ?? '', { headers: { accept: 'text/html' } });
  assert.deepEqual([dead.status, (await dead.text()).includes('The shop has canceled it.')], [410, true]);
  assert.equal((await cancel(randomUUID())).status, 404);
  const readUnknown = async (linkId: string) => (await refused(clientOf().paymentLinks.getPaymentLinkById(merchantId, linkId))).status;
  assert.deepEqual([await readUnknown('nothing'), await readUnknown(randomUUID())], [400, 404]);
  const third = (await taken(ask({ expirationDate: new Date(Date.now() + 3_600_000).toISOString() }))).paymentLinkId ?? '';
  await moveClock(stack.url, 7_200);
  assert.equal((await taken(clientOf().paymentLinks.getPaymentLinkById(merchantId, third))).status, 'EXPIRED');
  assert.deepEqual(await notActive(third), conflict);
  await pay(second.redirectionUrl ?? '', freshCardNumber());
  assert.equal((await taken(clientOf().paymentLinks.getPaymentLinkById(merchantId, secondId))).status, 'CANCELLED');
  for (const expirationDate of ['2020-01-01T00:00:00+00:00', '2999-01-01T00:00:00Z', 'tomorrow']) {
    assert.equal((await refused(ask({ expirationDate }))).status, 400, expirationDate);
  }
});

test('a payment link by the older names, which the library still has', async () => {
  const expirationDate = new Date(Date.now() + 86_400_000).toISOString();
  const ask = (body: sdk.Domain.CreatePaymentLinkRequest) => clientOf().paymentLinks.createPaymentLink(merchantId, body);
  const paymentLinkOrder = { amount: { amount: 990, currencyCode: 'EUR' }, merchantReference: 'older' };
  const link = await taken(ask({ paymentLinkOrder, description: 'A chair', recipientName: 'Bob', expirationDate }));
  assert.deepEqual(
    [link.paymentLinkOrder?.amount?.amount, link.paymentLinkOrder?.merchantReference, link.recipientName, link.expirationDate],
    [990, 'older', 'Bob', expirationDate],
  );
  const both = { order, paymentLinkOrder, recipientName: 'Bob', paymentLinkSpecificInput: { recipientName: 'Ada' } };
  const present = await taken(ask(both));
  assert.deepEqual([present.paymentLinkOrder?.amount?.amount, present.recipientName], [1250, 'Ada']);
  const late = await refused(ask({ paymentLinkOrder, expirationDate: '2020-01-01T00:00:00Z' }));
  assert.deepEqual([late.status, late.body.errors[0]?.propertyName], [400, 'expirationDate']);
  assert.equal((await refused(ask({ description: 'Nothing' }))).body.errors[0]?.propertyName, 'order');
});

test('what the address of the page asks for narrows what the shop allows, and never widens it', async () => {
  const request = {
    ...{ order, ...card },
    hostedCheckoutSpecificInput: {
      returnUrl: 'https://shop.example/back',
      paymentProductFilters: { restrictTo: { products: [3] } },
    },
  };
  const opened = await taken(clientOf().hostedCheckout.createHostedCheckout(merchantId, request));
  const visa = freshCardNumber();
  for (const brands of ['visa', 'visa amex', 'ideal visa']) {
    const page = await pay(`${opened.redirectUrl}?${new URLSearchParams({ brands })}`, visa);
    assert.match(page, /Visa is not accepted here/);
  }
  const status = async () => (await taken(clientOf().hostedCheckout.getHostedCheckout(merchantId, opened.hostedCheckoutId ?? ''))).status;
  assert.equal(await status(), 'IN_PROGRESS');
  await pay(`${opened.redirectUrl}?brands=visa`, '5105105105105100');
  await eventually(async () => (await status()) === 'PAYMENT_CREATED', 'the checkout to be paid');
});
