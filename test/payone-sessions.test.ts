/** PAYONE: cards that a page or an app has encrypted for a session, as the platform's client libraries do. */
import assert from 'node:assert/strict';
import { createPublicKey } from 'node:crypto';
import { test } from 'node:test';
import { CompactEncrypt } from 'jose';
import { freshCardNumber } from './harness/card-numbers.ts';
import { demo, exchangePayone, type Nested, other, type PayoneCaller } from './harness/payone.ts';
import { codeIn, usePayoneStack } from './harness/payone-stack.ts';
import { rememberCard } from './harness/traces.ts';

const stack = usePayoneStack();

async function openSession(caller: PayoneCaller = demo): Promise<string> {
  const request = { method: 'POST', path: '/sessions', body: {} } as const;
  const { body } = await exchangePayone(stack.url, stack.parts.traces, { caller, merchantId: caller.merchantId, request });
  return body.clientSessionId ?? '';
}

const askForKey = (session: string, merchantId = demo.merchantId) =>
  fetch(`${stack.url}/client/v1/${merchantId}/crypto/publickey`, {
    headers: { authorization: `GCS v1Client:${session}`, 'x-gcs-clientmetainfo': 'e30=' },
  });

/** What a client library sends to its shop. */
async function encrypted(session: string, values: Readonly<Record<string, string>>, merchantId = demo.merchantId): Promise<string> {
  const { keyId, publicKey } = (await (await askForKey(session, merchantId)).json()) as {
    readonly keyId: string;
    readonly publicKey: string;
  };
  const input = {
    ...{ clientSessionId: session, nonce: 'n', paymentProductId: 1, tokenize: false },
    paymentValues: Object.entries(values).map(([key, value]) => ({ key, value })),
  };
  rememberCard(stack.parts.traces, { pan: values.cardNumber, cvc: values.cvv });
  const key = createPublicKey({ key: Buffer.from(publicKey, 'base64'), format: 'der', type: 'spki' });
  return new CompactEncrypt(new TextEncoder().encode(JSON.stringify(input)))
    .setProtectedHeader({ alg: 'RSA-OAEP', enc: 'A256CBC-HS512', kid: keyId })
    .encrypt(key);
}

const values = () => ({ cardNumber: freshCardNumber(), expiryDate: '12/34', cvv: '123', cardholderName: 'Ada Example' });
const withoutCard = { card: undefined };

test('an encrypted card pays and is stored like any other', async () => {
  const session = await openSession();
  const card = values();
  const encryptedCustomerInput = await encrypted(session, card);
  const { status, body, text } = await stack.pay(withoutCard, { encryptedCustomerInput });
  assert.deepEqual([status, codeIn(body)], [201, 5], text);
  assert.equal(body.payment?.paymentOutput?.cardPaymentMethodSpecificOutput?.card?.cardNumber, `************${card.cardNumber.slice(-4)}`);
  const token = await stack.post('/tokens', { encryptedCustomerInput: await encrypted(session, card) });
  assert.equal(token.status, 201);
  const quote = {
    cardSource: { encryptedCustomerInput: await encrypted(session, card) },
    amountOfMoney: { amount: 100, currencyCode: 'EUR' },
  };
  assert.equal((await stack.post('/services/surchargecalculation', quote)).status, 200);
});

test('pages of any origin may ask for the key, with an open session of this account only', async () => {
  const session = await openSession();
  const answer = await askForKey(session);
  assert.deepEqual([answer.status, answer.headers.get('access-control-allow-origin')], [200, '*']);
  const preflight = await fetch(`${stack.url}/client/v1/${demo.merchantId}/crypto/publickey`, { method: 'OPTIONS' });
  assert.equal(preflight.status, 204);
  const theirs = await openSession(other);
  for (const wrong of ['', 'x', session.slice(0, -1), `1${session.slice(1)}`, theirs])
    assert.equal((await askForKey(wrong)).status, 403, wrong);
});

test('what was encrypted for nobody here, for another account, or holds no card is refused without a word about why', async () => {
  const session = await openSession();
  const good = await encrypted(session, values());
  const theirs = await encrypted(await openSession(other), values(), other.merchantId);
  const wrong = [
    'x',
    'a.b.c.d.e',
    `${good.slice(0, -4)}AAAA`,
    theirs,
    await encrypted(session, { ...values(), cardNumber: '4111' }),
    await encrypted(session, { ...values(), expiryDate: '13/34' }),
  ];
  for (const encryptedCustomerInput of wrong) {
    const { status, body } = await stack.pay(withoutCard, { encryptedCustomerInput });
    assert.deepEqual([status, body.errors?.[0]?.propertyName], [400, 'encryptedCustomerInput']);
  }
  assert.equal((await stack.pay({}, { encryptedCustomerInput: good })).status, 400);
});

test('pages and apps ask for products, groups, whose card it is, and quotes, with their session and from any origin', async () => {
  const session = await openSession();
  const ask = async (path: string, body?: object, as = session) => {
    const answer = await fetch(`${stack.url}/client/${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { authorization: `GCS v1Client:${as}`, 'content-type': 'application/json', origin: 'https://shop.example' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    assert.equal(answer.headers.get('access-control-allow-origin'), '*', path);
    return { status: answer.status, body: (await answer.json()) as Nested };
  };
  const own = `v1/${demo.merchantId}`;
  const query = '?countryCode=DE&currencyCode=EUR';
  const cardSource = { card: { cardNumber: '4111111111111111' } };
  const amount = { amount: 1000, currencyCode: 'EUR' };
  const calls: readonly (readonly [path: string, body: object | undefined, member: string])[] = [
    [`${own}/products${query}`, undefined, 'paymentProducts'],
    [`${own}/products/1${query}`, undefined, 'fields'],
    [`${own}/products/320/networks${query}`, undefined, 'networks'],
    [`${own}/productgroups${query}`, undefined, 'paymentProductGroups'],
    [`${own}/services/getIINdetails`, { bin: '424242' }, 'paymentProductId'],
    [`${own}/services/surchargecalculation`, { cardSource, amountOfMoney: amount }, 'surcharges'],
    [`v2/${demo.merchantId}/services/dccrate`, { cardSource, transaction: { amount } }, 'result'],
  ];
  for (const [path, body, member] of calls) {
    const answer = await ask(path, body);
    assert.equal(answer.status, 200, path);
    assert.ok(member in answer.body, `${path} ${JSON.stringify(answer.body)}`);
    assert.equal((await ask(path, body, await openSession(other))).status, 403, path);
  }
  // A session opens nothing else.
  for (const path of ['payments/1_0', 'tokens/x', 'services/testconnection']) {
    const server = await fetch(`${stack.url}/v2/${demo.merchantId}/${path}`, { headers: { authorization: `GCS v1Client:${session}` } });
    assert.equal(server.status, 403, path);
  }
  const preflight = await fetch(`${stack.url}/client/${own}/products`, { method: 'OPTIONS' });
  assert.deepEqual([preflight.status, preflight.headers.get('access-control-allow-methods')], [204, 'GET, POST']);
});
