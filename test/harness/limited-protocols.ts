/** What is asked of each protocol to reach its limits on who asks, and how it says that one was reached. */
import assert from 'node:assert/strict';
import { bearerOf, demo, encode, exchange, type RawRequest, type Reply } from './opp.ts';
import { rest } from './paymentz.ts';
import { demo as payoneDemo, sign } from './payone.ts';
import { demo as qorepayDemo } from './qorepay.ts';
import { demo as tzeroDemo } from './tzero.ts';

export type Request = Pick<RawRequest, 'method' | 'path' | 'headers' | 'body'>;

/** What each protocol is asked without good credentials, and how it says that this was too often. */
export interface Protocol {
  readonly name: string;
  readonly wrong: Request;
  /** Status without a limit. */
  readonly refusal: number;
  readonly right: Request;
  /** What stands for "too many requests" in the answer. */
  readonly told: (json: never) => unknown;
  readonly expected: unknown;
}

export const form = { 'content-type': 'application/x-www-form-urlencoded' };
const payonePath = `/v2/${payoneDemo.merchantId}/products?countryCode=DE&currencyCode=EUR`;
const login = (key: string) => encode({ 'authentication.memberId': '10001', 'authentication.sKey': key });

function signedGet(secret: string): Request {
  const headers = { date: new Date().toUTCString() };
  const authorization = sign({ ...payoneDemo, secret }, { method: 'GET', target: payonePath, headers });
  return { method: 'GET', path: payonePath, headers: { ...headers, authorization } };
}

/** A request without consequences, as all of them. */
export const oppRead = (bearer: string): Request => ({
  ...{ method: 'GET', path: `/v1/query?${encode({ entityId: demo.entityId, merchantTransactionId: 'nothing' })}` },
  headers: { authorization: bearer },
});
const bearer = (path: string, key: string): Request => ({ method: 'GET', path, headers: { authorization: `Bearer ${key}` } });
export const tzeroList = (key: string, channel = tzeroDemo.channel): Request => ({
  ...{ method: 'GET', path: `/payment?channel=${channel}&reference=nothing`, headers: { 'x-secret-key': key } },
});

/** The console is asked as a protocol is. */
export const protocols: readonly Protocol[] = [
  {
    ...{ name: 'OPP', refusal: 403, wrong: oppRead(bearerOf(demo.entityId, 'wrong')), right: oppRead(demo.bearer) },
    ...{ told: ({ result }: { result: { code: string } }) => result.code, expected: '800.120.100' },
  },
  {
    ...{ name: 'tZero', refusal: 401, wrong: tzeroList(`sk_${'0'.repeat(32)}`), right: tzeroList(tzeroDemo.key) },
    ...{ told: ({ error }: { error: { type: string } }) => error.type, expected: 'rate_limit' },
  },
  {
    ...{ name: 'PAYONE', refusal: 403 },
    // Signed when they are sent: a signature holds for minutes, and the tests of other files may come first.
    get wrong() {
      return signedGet('wrong');
    },
    get right() {
      return signedGet(payoneDemo.secret);
    },
    ...{ told: ({ errors }: { errors: { id: string }[] }) => errors[0]?.id, expected: 'TOO_MANY_REQUESTS' },
  },
  {
    ...{
      name: 'QorePay',
      refusal: 401,
      wrong: bearer('/api/v1/public_key/', 'wrong-wrong-wrong'),
      right: bearer('/api/v1/public_key/', qorepayDemo.apiKey),
    },
    ...{ told: ({ __all__ }: { __all__: { code: string }[] }) => __all__[0]?.code, expected: 'throttled' },
  },
  {
    ...{ name: 'Paymentz', refusal: 200 },
    wrong: { method: 'POST', path: `${rest}/authToken`, headers: form, body: login('f'.repeat(32)) },
    right: { method: 'POST', path: `${rest}/authToken`, headers: form, body: login('0123456789abcdef0123456789abcdef') },
    ...{ told: ({ result }: { result: { code: string } }) => result.code, expected: '20099' },
  },
  {
    ...{ name: 'console', refusal: 401, wrong: bearer('/console-api/merchants', 'nobodys-operator-key') },
    right: bearer('/console-api/merchants', 'sandbox-viewer-key'),
    ...{ told: ({ error }: { error: string }) => error, expected: 'too_many_requests' },
  },
];

/** Many clients on one machine: the proxy says where they are. `fresh` is the address of another one. */
export const client = (url: () => string) => {
  let made = 0;
  return {
    fresh() {
      made += 1;
      return `198.51.100.${made}`;
    },
    send: (address: string, request: Request) =>
      exchange(url(), { ...request, headers: { ...request.headers, 'x-forwarded-for': address } }),
  };
};

/** It was too often, it says so in the words of the protocol, and when to come again. */
export function assertTold({ told, expected }: Protocol, { status, headers, text }: Reply): void {
  assert.equal(status, 429, text);
  assert.match(String(headers['retry-after']), /^[1-9]\d{0,2}$/);
  assert.equal(told(JSON.parse(text) as never), expected, text);
}

/** Sends so many at a time until one is refused, and returns its answer. */
export async function untilRefused(send: () => Promise<Reply>, atOnce: number): Promise<Reply> {
  let last: Reply | undefined;
  for (let round = 0; round < 30; round += 1) {
    const replies = await Promise.all(Array.from({ length: atOnce }, send));
    const late = replies.find(({ status }) => status === 429);
    if (late !== undefined) return late;
    last = replies.at(-1);
  }
  throw new Error(`nothing was refused; the last answer was ${last?.status}: ${last?.text}`);
}
