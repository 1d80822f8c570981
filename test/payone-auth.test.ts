/** PAYONE: signatures, by the platform's published examples and over HTTP; dates; and what strangers learn. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { signatureOf } from '../src/dialects/payone/auth.ts';
import { auditAfterEach } from './harness/auditor.ts';
import { demo, exchangePayone, other, type PayoneCaller, type PayoneRequest } from './harness/payone.ts';
import { type Stack, startStack } from './harness/stack.ts';

let stack: Stack;
before(async () => {
  stack = await startStack();
});
auditAfterEach(() => stack);
after(() => stack?.stop());

const date = 'Fri, 06 Jun 2014 13:39:43 GMT';
const processed = 'processed header value';
const meta =
  'eyJzZGtDcmVhdG9yIjoiRXhhbXBsZSIsInNka0lkZW50aWZpZXIiOiJOb2RlanNTZXJ2ZXJTREsvdjYuMi4wIiwicGxhdGZvcm1JZGVudGlmaWVyIjoibi9hIE5vZGUuanMvMjAiLCJpbnRlZ3JhdG9yIjoiQWNtZSJ9';

const vectors: readonly (readonly [
  secret: string,
  request: { readonly method: string; readonly url: string; readonly headers: Readonly<Record<string, string>> },
  signature: string,
])[] = [
  [
    '6Kj5HT0MQKC6D8eb7W3lTg71kVKVDSt1',
    { method: 'GET', url: '/v2/9991/tokens/123456789', headers: { date, 'content-type': 'application/json' } },
    'Y3E5YaU3oQCt4osEotLGb9W0cMclIzlCpvbaD1KhWxE=',
  ],
  [
    'secretApiKey',
    {
      method: 'DELETE',
      url: '/v2/9991/tokens/123456789',
      headers: {
        date,
        'content-type': 'application/json',
        'x-gcs-servermetainfo': 'processed header value',
        'x-gcs-customerheader': ' processed header\r\n  value ',
        'x-gcs-clientmetainfo': processed,
        'x-other': 'stays outside',
      },
    },
    'eyLWp/Fa20rXs8UHlhD/13ZuqZkAVMJh9Z71n9TrFxM=',
  ],
  [
    'I42Zf4pVnRdroHfuHnRiJjJ2B6+22h0yQt/R3nZR8Xg=',
    { method: 'GET', url: '/v2/1/tokens/123456789', headers: { date } },
    'UpOoo/pmmj7tW03IbEcw2WtJURFCKL2/J6hqMc+1h1I=',
  ],
  [
    '6Kj5HT0MQKC6D8eb7W3lTg71kVKVDSt1',
    {
      method: 'POST',
      url: '/v2/MERCH1/payments',
      headers: {
        date: 'Sat, 21 Nov 2026 04:30:33 GMT',
        'content-type': 'application/json',
        'x-gcs-servermetainfo': meta,
        'x-gcs-idempotence-key': 'idem-123',
      },
    },
    'fRbdoSjdO3DEuUZ3As+PuPK7tS1puKJtMm+XnBjnjFc=',
  ],
  [
    '6Kj5HT0MQKC6D8eb7W3lTg71kVKVDSt1',
    {
      method: 'GET',
      url: '/v2/MERCH1/products?countryCode=DE&currencyCode=EUR&hide=fields&hide=accountsOnFile',
      headers: { date: 'Sat, 21 Nov 2026 04:30:33 GMT' },
    },
    'VcUgnf1xcGNSR6U8VlAol737B2+OgS2vjZKXVAluFe4=',
  ],
];

for (const [index, [secret, request, signature]] of vectors.entries()) {
  test(`signature ${index + 1} is that of the platform`, () => {
    assert.equal(signatureOf(request, { keyId: 'key', secret }), `GCS v1HMAC:key:${signature}`);
  });
}

const send = (request: Partial<PayoneRequest>, caller: PayoneCaller | 'nobody' = demo, merchantId = demo.merchantId) =>
  exchangePayone(`http://127.0.0.1:${stack.config.port}`, stack.traces, {
    caller: caller === 'nobody' ? undefined : caller,
    merchantId,
    request: { method: 'GET', path: '/services/testconnection', ...request },
  });

const minuteMs = 60_000;
const dateIn = (ms: number) => new Date(Date.now() + ms).toUTCString();

test('a request is good for five minutes, either way', async () => {
  for (const ms of [0, -4 * minuteMs, 4 * minuteMs]) assert.equal((await send({ headers: { date: dateIn(ms) } })).status, 200);
  for (const ms of [-6 * minuteMs, 6 * minuteMs]) assert.equal((await send({ headers: { date: dateIn(ms) } })).status, 403);
  for (const text of [undefined, 'yesterday', '']) assert.equal((await send({ headers: { date: text } })).status, 403);
});

test('a client that cannot set its date signs another one', async () => {
  const old = dateIn(-60 * minuteMs);
  assert.equal((await send({ headers: { date: old, 'x-gcs-date': dateIn(0) } })).status, 200);
  assert.equal((await send({ headers: { date: dateIn(0), 'x-gcs-date': old } })).status, 403);
});

test('headers of the platform are signed, in any order, and others are not', async () => {
  const headers = { 'x-gcs-servermetainfo': meta, 'x-gcs-aaa': '1', 'x-worldline-servermetainfo': 'x' };
  assert.equal((await send({ headers })).status, 200);
});

test('whatever is wrong with the credentials is the same 403', async () => {
  const strangers: readonly (readonly [PayoneCaller | 'nobody', string])[] = [
    ['nobody', demo.merchantId],
    [{ ...demo, secret: 'not the secret' }, demo.merchantId],
    [{ ...demo, keyId: 'nobody' }, demo.merchantId],
    [other, demo.merchantId],
    [demo, other.merchantId],
    [demo, '000000'],
    [demo, 'polygate-demo'],
  ];
  for (const [caller, merchantId] of strangers) {
    const { status, body } = await send({}, caller, merchantId);
    assert.deepEqual(
      [status, body.errors?.length, body.errors?.[0]?.errorCode, body.errors?.[0]?.id],
      [403, 1, '9007', 'ACCESS_TO_MERCHANT_NOT_ALLOWED'],
    );
    assert.equal(String(body.status), '403');
  }
  for (const authorization of [
    '',
    'Bearer x',
    'GCS v1HMAC:a:b',
    `GCS v1HMAC:${demo.keyId}:`,
    `GCS v1HMAC:${demo.keyId}:${'A'.repeat(43)}=`,
  ]) {
    assert.equal((await send({ headers: { authorization } }, 'nobody')).status, 403);
  }
});

test('a signature is good for its own request only', async () => {
  const headers = { date: dateIn(0), 'content-type': 'application/json' };
  const elsewhere = signatureOf({ method: 'GET', url: `/v2/${demo.merchantId}/payments/1_0`, headers }, demo);
  assert.equal((await send({ headers: { ...headers, authorization: elsewhere } }, 'nobody')).status, 403);
  const otherMethod = signatureOf({ method: 'POST', url: `/v2/${demo.merchantId}/services/testconnection`, headers }, demo);
  assert.equal((await send({ headers: { ...headers, authorization: otherMethod } }, 'nobody')).status, 403);
});

test('strangers learn nothing from the body, and a wrong path is a 404 without one', async () => {
  assert.equal((await send({ method: 'POST', path: '/payments', body: '{' }, 'nobody')).status, 403);
  for (const path of ['/nothing', '/payments/1_0/nothing']) {
    const { status, text } = await send({ path });
    assert.deepEqual([status, text], [404, '']);
  }
});
