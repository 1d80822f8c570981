/** A client of the PAYONE dialect that signs as the platform's documentation says, and looks at the answer as it came. */
import { createHmac } from 'node:crypto';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { rememberCard, type Traces } from './traces.ts';

export interface PayoneCaller {
  readonly merchantId: string;
  readonly keyId: string;
  readonly secret: string;
}

/** Published with the sandbox. */
export const demo: PayoneCaller = { merchantId: 'PolygateDemo', keyId: 'sandbox-payone-key', secret: 'sandbox-payone-secret' };
export const other: PayoneCaller = { merchantId: 'PolygateOther', keyId: 'sandbox-payone-key-2', secret: 'sandbox-payone-secret-2' };
export const demoWebhook = { keyId: 'sandbox-payone-webhook', secret: 'sandbox-payone-webhook-secret' };

// Answers are read as deeply nested text, numbers included; a member that is not there reads as undefined.
export interface Nested {
  readonly [name: string]: Nested & readonly Nested[] & string;
}

export interface PayoneReply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly body: Nested;
}

export interface PayoneRequest {
  readonly method: 'GET' | 'POST' | 'DELETE' | 'PUT';
  /** Behind the merchant's id: `/payments`. */
  readonly path: string;
  /** Sent as it is, or as JSON. */
  readonly body?: unknown;
  readonly key?: string;
  /** Replaces what is sent; undefined leaves it out. */
  readonly headers?: Readonly<Record<string, string | undefined>>;
}

/** The header of a signed request. */
export function sign(
  { keyId, secret }: PayoneCaller,
  { method, target, headers }: { readonly method: string; readonly target: string; readonly headers: Readonly<Record<string, string>> },
): string {
  const signed = Object.entries(headers)
    .filter(([name]) => name.startsWith('x-gcs-'))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}:${value}\n`);
  const text = [method, method === 'GET' ? '' : (headers['content-type'] ?? ''), headers.date ?? ''].map((line) => `${line}\n`).join('');
  return `GCS v1HMAC:${keyId}:${createHmac('sha256', secret)
    .update(`${text}${signed.join('')}${target}\n`)
    .digest('base64')}`;
}

/** One exchange; `caller` undefined sends no credentials. */
export async function exchangePayone(
  url: string,
  traces: Traces,
  {
    caller,
    merchantId,
    request,
  }: { readonly caller: PayoneCaller | undefined; readonly merchantId: string; readonly request: PayoneRequest },
): Promise<PayoneReply> {
  const { method, path, key } = request;
  const target = `/v2/${merchantId}${path}`;
  const isRaw = typeof request.body === 'string' || Buffer.isBuffer(request.body);
  const body = request.body === undefined ? undefined : isRaw ? (request.body as string | Buffer) : JSON.stringify(request.body);
  const given: Record<string, string | undefined> = {
    'content-type': 'application/json',
    date: new Date().toUTCString(),
    ...(key === undefined ? {} : { 'x-gcs-idempotence-key': key }),
    ...request.headers,
  };
  const headers = Object.fromEntries(Object.entries(given).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
  const authorization = caller === undefined ? {} : { authorization: sign(caller, { method, target, headers }) };
  const { promise, resolve, reject } = Promise.withResolvers<PayoneReply>();
  const sent = httpRequest(new URL(target, url), { method, path: target, headers: { ...authorization, ...headers } }, (response) => {
    const chunks: Buffer[] = [];
    response.on('data', (chunk: Buffer) => chunks.push(chunk));
    response.on('end', () => {
      const text = Buffer.concat(chunks).toString('utf8');
      traces.answers.push(text);
      resolve({ status: response.statusCode ?? 0, headers: response.headers, text, body: text === '' ? {} : (JSON.parse(text) as Nested) });
    });
    response.on('error', reject);
  });
  sent.on('error', reject);
  sent.end(body);
  return promise;
}

export interface CardParts {
  readonly number: string;
  readonly cvv?: string | undefined;
  readonly holder?: string;
  /** MMYY. */
  readonly expiry?: string;
}

/** Card data as the platform has it; what is sent is remembered for the auditor. */
export function cardData(traces: Traces, { number, cvv = '123', holder = 'Ada Example', expiry = '1234' }: CardParts): object {
  rememberCard(traces, { pan: number, cvc: cvv });
  return { cardNumber: number, expiryDate: expiry, cardholderName: holder, ...(cvv === '' ? {} : { cvv }) };
}

export function checkWebhook(body: string, signature: string | undefined, secret = demoWebhook.secret): Nested {
  const expected = createHmac('sha256', secret).update(body).digest('base64');
  if (signature !== expected) throw new Error('the signature of a webhook is wrong');
  return JSON.parse(body) as Nested;
}
