/** Paymentz: the form of the shop's page goes through the shopper's hands: what its checksum leaves out may ask for more, never for less. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createConsoleClient } from './harness/console.ts';
import { encode, freshName, type Parameters } from './harness/opp.ts';
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
