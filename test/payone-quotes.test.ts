/** PAYONE: quotes by the rates of the account, refunds over several captures, keys of hosted pages, links that are opened, names in another case. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import type * as sdk from 'onlinepayments-sdk-nodejs';
import { freshCardNumber } from './harness/card-numbers.ts';
import { createConsoleClient } from './harness/console.ts';
import { createHooks } from './harness/hooks.ts';
import { demo, exchangePayone, type Nested, other } from './harness/payone.ts';
import { merchantId, refused, sdkClient, taken } from './harness/payone-sdk.ts';
import { codeIn, usePayoneStack } from './harness/payone-stack.ts';
import { eventually } from './harness/processes.ts';
import { rememberCard } from './harness/traces.ts';

const stack = usePayoneStack({ webhooks: true });
const console = createConsoleClient(() => stack.url);
let made: sdk.Client | undefined;
const clientOf = (): sdk.Client => {
  made ??= sdkClient(stack.url);
  return made;
};
const ids = { merchant_id: '00000000-0000-7000-8000-000000000001', channel_id: '00000000-0000-7000-8000-000000000121' };
const money = (amount: number, currencyCode = 'EUR') => ({ amount, currencyCode });
const source = { card: { cardNumber: '4111111111111111', paymentProductId: 1 } };

/** Only while `work` runs. */
async function withPolicies(policies: object, isThere: () => Promise<boolean>, work: () => Promise<void>): Promise<void> {
  const change = (value: object) =>
    console.done('patch', '/merchants/{merchant_id}/channels/{channel_id}', { ids, body: { policies: value } });
  const { policies: before } = await console.done('get', '/merchants/{merchant_id}/channels/{channel_id}', { ids });
  await change(policies);
  try {
    await eventually(isThere, 'the policies to be known');
    await work();
  } finally {
    await change((before ?? {}) as object);
  }
}

test('a conversion is quoted at the account’s rate and mark-up, to the minor unit, also between currencies of other decimals', async () => {
  const ask = (amount: number, currency = 'EUR') =>
    taken(clientOf().services.getDccRateInquiry(merchantId, { cardSource: source, transaction: { amount: money(amount, currency) } }));
  const policies = { dccRates: { EUR: { USD: 1_085_000 }, USD: { JPY: 150_123_456 } }, dccMarkUp: 30_000 };
  await withPolicies(
    policies,
    async () => (await ask(1000)).result?.result === 'Allowed',
    async () => {
      const quote = await ask(1000);
      // 1.085 and three percent on top: 1.11755; 11.1755 dollars are 11.18.
      assert.deepEqual(quote.proposal?.targetAmount, money(1118, 'USD'));
      assert.deepEqual(quote.proposal?.baseAmount, money(1000));
      assert.deepEqual([quote.proposal?.rate?.exchangeRate, quote.proposal?.rate?.markUpRate], [1.11755, 0.03]);
      assert.match(quote.dccSessionId ?? '', /^[0-9a-f-]{36}$/);
      assert.match(quote.proposal?.disclaimerReceipt ?? '', /3 %/);
      // 10.00 dollars at 154.62716 are 1546 yen, which have no minor unit; of a million dollars every digit of the rate counts.
      assert.deepEqual((await ask(1000, 'USD')).proposal?.targetAmount, money(1546, 'JPY'));
      assert.deepEqual((await ask(1_000_000_00, 'USD')).proposal?.targetAmount, money(154_627_160, 'JPY'));
      assert.deepEqual([(await ask(1000, 'GBP')).result?.result, (await ask(1000, 'GBP')).proposal], ['NoRate', undefined]);
    },
  );
  const agreed = await stack.pay({ currencyConversion: { acceptedByUser: true, dccSessionId: randomUUID() } });
  assert.deepEqual([agreed.status, agreed.body.errors?.[0]?.id], [400, 'PAYMENT_PRODUCT_NOT_AVAILABLE'], agreed.text);
  assert.equal((await stack.pay({ currencyConversion: { acceptedByUser: false } })).status, 201);
});

test('who asks for a surcharge is not paid without it', async () => {
  const id = (await stack.pay()).body.payment?.id ?? '';
  const orderOf = (surchargeSpecificInput: object) => ({ order: { amountOfMoney: money(100), surchargeSpecificInput } });
  const wanted = orderOf({ mode: 'pass-through', surchargeAmount: money(20) });
  for (const { status, body, text } of [await stack.pay({}, wanted), await stack.post(`/payments/${id}/subsequent`, wanted)]) {
    assert.deepEqual([status, body.errors?.[0]?.id], [400, 'PAYMENT_PRODUCT_NOT_AVAILABLE'], text);
  }
  for (const wrong of [
    { mode: 'pass-through', surchargeAmount: '20' },
    { surchargeAmount: { amount: '20', currencyCode: 'EUR' } },
    { mode: 'mine' },
  ]) {
    const { status, body, text } = await stack.pay({}, orderOf(wrong));
    assert.deepEqual([status, body.errors?.[0]?.propertyName?.startsWith('order.surchargeSpecificInput.')], [400, true], text);
  }
  assert.equal((await stack.pay({}, orderOf({ mode: 'pass-through', surchargeAmount: money(0) }))).status, 201);
  assert.equal((await stack.pay({}, orderOf({ mode: 'on-behalf-of' }))).status, 201);
});

test('a surcharge is a part of the amount and a fixed one, for a card, a token, and a card of the Hosted Tokenization Page', async () => {
  const ask = (cardSource: sdk.Domain.CardSource, amount = 10_000) =>
    taken(clientOf().services.surchargeCalculation(merchantId, { cardSource, amountOfMoney: money(amount) }));
  const there = async () => (await ask(source)).surcharges?.[0]?.result === 'OK';
  await withPolicies({ surchargeRate: 15_000, surchargeFixed: 10 }, there, async () => {
    const [quote] = (await ask(source)).surcharges ?? [];
    assert.deepEqual(quote?.surchargeAmount, money(160));
    assert.deepEqual([quote?.netAmount, quote?.totalAmount, quote?.paymentProductId], [money(10_000), money(10_160), 1]);
    assert.deepEqual([quote?.surchargeRate?.adValoremRate, quote?.surchargeRate?.specificRate], [1.5, 10]);
    const onBehalf = await stack.pay({}, { order: { amountOfMoney: money(100), surchargeSpecificInput: { mode: 'on-behalf-of' } } });
    assert.equal(onBehalf.body.errors?.[0]?.propertyName, 'order.surchargeSpecificInput', onBehalf.text);
    // Half a minor unit counts as one.
    assert.deepEqual((await ask(source, 100)).surcharges?.[0]?.surchargeAmount, money(12));
    const number = freshCardNumber();
    const card = { cardNumber: number, expiryDate: '1239', cardholderName: 'Ada', cvv: '123' };
    rememberCard(stack.parts.traces, { pan: number, cvc: '123' });
    const { token } = await taken(clientOf().tokens.createToken(merchantId, { paymentProductId: 1, card: { data: { card } } }));
    assert.deepEqual((await ask({ token: token ?? '' })).surcharges?.[0]?.surchargeAmount, money(160));
    const session = await taken(clientOf().hostedTokenization.createHostedTokenization(merchantId, {}));
    const hostedTokenizationId = session.hostedTokenizationId ?? '';
    const early = await refused(
      clientOf().services.surchargeCalculation(merchantId, { cardSource: { hostedTokenizationId }, amountOfMoney: money(100) }),
    );
    assert.equal(early.body.errors[0]?.propertyName, 'cardSource.hostedTokenizationId');
    await typed(session.hostedTokenizationUrl ?? '');
    assert.deepEqual((await ask({ hostedTokenizationId })).surcharges?.[0]?.surchargeAmount, money(160));
  });
});

/** What a shopper types on a page of the gateway's. */
async function typed(url: string): Promise<void> {
  const cardnumber = freshCardNumber();
  rememberCard(stack.parts.traces, { pan: cardnumber, cvc: '123' });
  const fields = { cardnumber, 'exp-date': '12 / 39', cvc: '123', ccname: 'Ada Example', attempt: '1', revision: '1', browser: '' };
  await fetch(url, { method: 'POST', headers: { accept: 'text/html' }, body: new URLSearchParams(fields) });
}

async function capturedInParts(parts: readonly number[]): Promise<string> {
  const { body } = await stack.pay({ authorizationMode: 'PRE_AUTHORIZATION' });
  const id = body.payment?.id ?? '';
  for (const amount of parts) assert.equal((await stack.post(`/payments/${id}/capture`, { amount })).status, 201);
  return id;
}

const refundsOf = async (id: string) => {
  const { body } = await stack.get(`/payments/${id}/refunds`);
  return ((body.refunds ?? []) as unknown as readonly Nested[]).map(({ refundOutput }) => Number(refundOutput?.amountOfMoney?.amount));
};

test('a refund that no capture bears alone is taken from several, up to what was captured in all', async () => {
  const id = await capturedInParts([500, 400, 350]);
  const key = randomUUID();
  const ask = (amount: number, again?: string) => stack.post(`/payments/${id}/refund`, { amountOfMoney: money(amount) }, again);
  const tooMuch = await ask(1251);
  assert.deepEqual([tooMuch.status, tooMuch.body.errors?.[0]?.message], [400, 'ACTION_NOT_ALLOWED_ON_TRANSACTION'], tooMuch.text);
  const first = await ask(800, key);
  assert.deepEqual([first.status, Number(first.body.refundOutput?.amountOfMoney?.amount)], [201, 800], first.text);
  assert.deepEqual(await refundsOf(id), [500, 300]);
  const again = await ask(800, key);
  assert.deepEqual([again.body.id, Number(again.body.refundOutput?.amountOfMoney?.amount)], [first.body.id, 800], again.text);
  assert.deepEqual(await refundsOf(id), [500, 300]);
  assert.equal(codeIn((await stack.get(`/payments/${id}`)).body), 9);
  assert.equal((await ask(451)).status, 400);
  // Without an amount: all that is left.
  const rest = await stack.post(`/payments/${id}/refund`, {});
  assert.deepEqual([rest.status, Number(rest.body.refundOutput?.amountOfMoney?.amount)], [201, 450], rest.text);
  assert.deepEqual(await refundsOf(id), [500, 300, 100, 350]);
  assert.equal(codeIn(await stack.becomes(id, 8)), 8);
  assert.equal((await stack.post(`/payments/${id}/refund`, {})).status, 400);
});

test('refunds at the same moment never give back more than was captured', async () => {
  const id = await capturedInParts([600, 650]);
  const answers = await Promise.all([1, 2, 3, 4].map(() => stack.post(`/payments/${id}/refund`, { amountOfMoney: money(700) })));
  assert.ok(answers.some(({ status }) => status === 201));
  const given = (await refundsOf(id)).reduce((sum, amount) => sum + amount, 0);
  assert.ok(given <= 1250, `${given} were given back`);
});

test('hosted checkouts and links are opened once under a key, also by requests at the same moment', async () => {
  const body = { order: { amountOfMoney: money(900) }, hostedCheckoutSpecificInput: { returnUrl: 'https://shop.example/back' } };
  const key = randomUUID();
  const ask = () => stack.post('/hostedcheckouts', body, key);
  const answers = await Promise.all([ask(), ask(), ask()]);
  assert.equal(new Set(answers.map((answer) => answer.body.hostedCheckoutId)).size, 1);
  const context = { idempotence: { key } } as { idempotence: { key: string; requestTimestamp?: string } };
  const again = await taken(clientOf().hostedCheckout.createHostedCheckout(merchantId, body, context));
  assert.deepEqual([again.hostedCheckoutId, again.RETURNMAC], [answers[0]?.body.hostedCheckoutId, answers[0]?.body.RETURNMAC]);
  assert.match(String(context.idempotence.requestTimestamp), /^\d{13}$/);
  const links = await Promise.all([1, 2].map(() => stack.post('/paymentlinks', { order: body.order }, key)));
  assert.deepEqual([links[0]?.status, links[0]?.body.paymentLinkId], [201, links[1]?.body.paymentLinkId]);
  assert.notEqual(links[0]?.body.paymentLinkId, again.hostedCheckoutId);
  const fresh = await stack.post('/hostedcheckouts', body);
  assert.equal(fresh.headers['x-gcs-idempotence-request-timestamp'], undefined);
  assert.notEqual(fresh.body.hostedCheckoutId, again.hostedCheckoutId);
});

test('a link tells that it was opened, once, and that it was paid; the shop is told of it as well', async () => {
  const link = await taken(clientOf().paymentLinks.createPaymentLink(merchantId, { order: { amountOfMoney: money(700) } }));
  const [id, url] = [link.paymentLinkId ?? '', link.redirectionUrl ?? ''];
  const events = async () =>
    (await taken(clientOf().paymentLinks.getPaymentLinkById(merchantId, id))).paymentLinkEvents?.map(({ type }) => type) ?? [];
  assert.deepEqual(await events(), ['CREATED']);
  for (let count = 0; count < 2; count++) assert.equal((await fetch(url, { headers: { accept: 'text/html' } })).status, 200);
  assert.deepEqual(await events(), ['CREATED', 'CLICKED']);
  await typed(url);
  assert.deepEqual(await events(), ['CREATED', 'CLICKED', 'PAID']);
  const told = async () =>
    (await createHooks(stack.parts.host.url).list('payone'))
      .map(({ body }) => JSON.parse(body) as Nested)
      .flatMap(({ type, paymentLink }) => (paymentLink?.paymentLinkId === id ? [`${type} ${paymentLink.status}`] : []));
  await eventually(async () => (await told()).length >= 3, 'the messages about the link');
  assert.deepEqual(await told(), ['paymentlink.created ACTIVE', 'paymentlink.clicked ACTIVE', 'paymentlink.paid PAID']);
});

test('a reusable link is paid by one shopper after another, each with an order of their own, until it is called off', async () => {
  const body = { order: { amountOfMoney: money(650) }, isReusableLink: true };
  const link = await taken(clientOf().paymentLinks.createPaymentLink(merchantId, body));
  const [id, url] = [link.paymentLinkId ?? '', link.redirectionUrl ?? ''];
  assert.equal(link.isReusableLink, true);
  const opened = async () => (await fetch(url, { headers: { accept: 'text/html' } })).url;
  const pages = [await opened(), await opened()];
  assert.equal(new Set([url, ...pages]).size, 3);
  for (const page of pages) await typed(page);
  const paid = async () =>
    (await createHooks(stack.parts.host.url).list('payone'))
      .map((hook) => JSON.parse(hook.body) as Nested)
      .flatMap(({ type, paymentLink }) =>
        String(type) === 'paymentlink.paid' && paymentLink?.paymentLinkId === id ? [paymentLink.paymentId] : [],
      );
  await eventually(async () => (await paid()).length >= 2, 'both payments to be told');
  assert.equal(new Set(await paid()).size, 2);
  const read = () => taken(clientOf().paymentLinks.getPaymentLinkById(merchantId, id));
  assert.deepEqual([(await read()).status, (await read()).isReusableLink], ['ACTIVE', true]);
  const late = await opened();
  assert.equal((await clientOf().paymentLinks.cancelPaymentLinkById(merchantId, id)).status, 204);
  assert.equal((await read()).status, 'CANCELLED');
  assert.equal(await opened(), url);
  // Who had opened it before is told so, and pays nothing.
  await typed(late);
  assert.equal((await fetch(late, { headers: { accept: 'text/html' } })).status, 410);
});

test('an account’s name means the same in upper and lower case, with its own key only', async () => {
  const request = { method: 'GET', path: '/services/testconnection' } as const;
  const ask = (name: string, caller = demo) => exchangePayone(stack.url, stack.parts.traces, { caller, merchantId: name, request });
  assert.equal((await ask('polygatedemo')).status, 200);
  assert.equal((await ask('POLYGATEDEMO')).status, 200);
  assert.equal((await ask('polygatedemo', other)).status, 403);
  assert.equal((await ask('polygatedem')).status, 403);
});

test('skipSoftDecline: what the issuer declines for want of authentication stays declined', async () => {
  const pay = (threeDSecure: object) =>
    stack.pay({
      card: stack.card('4000000000000101'),
      threeDSecure: { redirectionData: { returnUrl: 'https://shop.example/back' }, ...threeDSecure },
    });
  const asked = await pay({});
  const stays = await pay({ skipSoftDecline: true, exemptionRequest: 'low-value' });
  assert.deepEqual([asked.status, stays.status], [201, 402], `${asked.text} ${stays.text}`);
});
