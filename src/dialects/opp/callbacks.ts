/**
 * Webhooks of the platform: an object in an envelope, encrypted with AES-256-GCM under the endpoint's key, with IV and tag in headers. A URL
 * that a request names itself (`notificationUrl`, the older way) gets no content but a GET with the transaction's id and where to read it.
 */
import { createCipheriv, randomBytes, randomUUID } from 'node:crypto';
import type { OperationView } from '../../core/payment/operation.ts';
import type { CallbackAddress, CallbackMessage, CallbackNotice, CallbackTest, DialectCallbacks } from '../dialect.ts';
import { buildNumber } from './build-number.ts';
import { shortId, toWireId } from './ids.ts';
import { resultOf } from './result-codes.ts';
import { resultOfOperation } from './states.ts';
import { type Json, writeEnvelope, writeMoney, writeOperation, writeReadTimestamp } from './write.ts';

const minuteMs = 60_000;
const dayMs = 86_400_000;

/** 1, 2, 4, 8, 15, 30 minutes, an hour, and then every day until the thirtieth. */
const retryDelaysMs = [...[1, 2, 4, 8, 15, 30, 60].map((minutes) => minutes * minuteMs), ...Array<number>(29).fill(dayMs)];

export const callbacks: DialectCallbacks = {
  retryDelaysMs,
  timeoutMs: 30_000,
  form: {
    settings: {
      wrapper: { pattern: /^(none|json)$/, expected: 'none or json', standard: 'none' },
      fields: { pattern: /^(all|non-customer)$/, expected: 'all or non-customer', standard: 'all' },
    },
    secret: { pattern: /^[0-9a-f]{64}$/i, expected: '64 hex digits (an AES-256 key)', make: () => randomBytes(32).toString('hex') },
    needsTest: true,
  },
  write(notice) {
    if (notice.namedByRequest) return [writeNotification(notice)];
    const payment = encrypted(notice.address, { type: 'PAYMENT', payload: writePayment(notice) });
    if (!madeToken(notice)) return [payment];
    return [payment, encrypted(notice.address, { type: 'REGISTRATION', action: 'CREATED', payload: writeRegistration(notice) })];
  },
  writeTest: ({ address }: CallbackTest) =>
    encrypted(address, { type: 'test', action: 'webhook activation', payload: { result: { ...resultOf('000.100.110') } } }),
};

/** What is kept of the shopper only where the endpoint wants it. */
const customerFields = ['customer', 'billing', 'shipping', 'customParameters'];

/**
 * The transaction as the API shows it now, not as it was at the event: a receiver may take each message for the truth, and a message
 * that comes late (a dead endpoint, a repetition) must not set it back. The platform promises no more: "duplicates and reordering possible".
 */
function writePayment(notice: CallbackNotice): Json {
  const { operation, channel, mode } = notice;
  const body = { ...writeOperation(operation, { mode, channel }).body } as Record<string, Json[string]>;
  if (notice.address.settings.fields === 'non-customer') for (const name of customerFields) delete body[name];
  const money = writeMoney(operation, channel);
  return {
    ...body,
    ...(body.amount === undefined ? {} : { presentationAmount: money.amount, presentationCurrency: money.currency }),
    paymentMethod: 'CC',
    shortId: shortId(operation.operationId),
    ...writeOrigin(notice),
    timestamp: writeReadTimestamp(operation.createdAtMs),
  };
}

function writeOrigin({ channel, nowMs }: CallbackNotice): Json {
  return {
    source: 'OPP',
    channelName: channel.name,
    authentication: { entityId: channel.wireId },
    redirect: { parameters: [] },
    ...writeEnvelope({ buildNumber, ndc: `${channel.wireId}_${randomUUID().replaceAll('-', '')}`, nowMs }),
  };
}

/** A payment that was asked to keep the card, and has kept it. */
function madeToken({ operation, event }: CallbackNotice): boolean {
  return operation.token !== undefined && operation.dialectData.createRegistration === 'true' && /\.approved$/.test(event.name);
}

function writeRegistration(notice: CallbackNotice): Json {
  const { operation, channel, mode } = notice;
  const { body } = writeOperation(operation, { mode, channel });
  return {
    id: operation.token,
    ...{ paymentBrand: body.paymentBrand, merchantTransactionId: body.merchantTransactionId },
    result: { ...resultOfOperation(operation, mode) },
    card: body.card,
    ...writeOrigin(notice),
  };
}

function writeNotification({ address, operation }: CallbackNotice): CallbackMessage {
  const url = new URL(address.url);
  for (const [name, value] of Object.entries(notificationOf(operation))) url.searchParams.append(name, value);
  return { method: 'GET', url: url.href, headers: {}, body: '' };
}

function notificationOf({ operationId }: OperationView): Readonly<Record<string, string>> {
  const id = toWireId(operationId);
  return { id, resourcePath: `/v1/payments/${id}` };
}

/** A fresh 96-bit IV for every message: two under the same one would give the key away (NIST SP 800-38D, 8). */
function encrypted({ url, settings, secret }: CallbackAddress, message: object): CallbackMessage {
  if (secret === undefined) throw new Error('the endpoint has no key');
  const iv = randomBytes(12);
  const { body, tag } = encryptMessage(JSON.stringify(message), { key: Buffer.from(secret, 'hex'), iv });
  const headers = { 'x-initialization-vector': hexOf(iv), 'x-authentication-tag': hexOf(tag) };
  if (settings.wrapper === 'json') {
    const type = { 'content-type': 'application/json; charset=UTF-8' };
    return { method: 'POST', url, headers: { ...headers, ...type }, body: JSON.stringify({ encryptedBody: hexOf(body) }) };
  }
  return { method: 'POST', url, headers: { ...headers, 'content-type': 'text/plain; charset=UTF-8' }, body: hexOf(body) };
}

/** AES-256-GCM without padding and additional data; UTF-8. */
export function encryptMessage(
  text: string,
  { key, iv }: { readonly key: Uint8Array; readonly iv: Uint8Array },
): { readonly body: Buffer; readonly tag: Buffer } {
  const cipher = createCipheriv('aes-256-gcm', key, iv);
  const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return { body, tag: cipher.getAuthTag() };
}

/** Upper case, as the platform writes it. */
function hexOf(bytes: Buffer): string {
  return bytes.toString('hex').toUpperCase();
}
