/**
 * Webhooks of the platform: an object in an envelope, encrypted with AES-256-GCM under the endpoint's key, with IV and tag in headers. A URL
 * that a request names itself (`notificationUrl`, the older way) gets no content but a GET with the transaction's id and where to read it.
 */
import { createCipheriv, randomBytes, randomUUID } from 'node:crypto';
import type { OperationView } from '../../core/payment/operation.ts';
import { randomHex } from '../../core/random-hex.ts';
import { isCapturedAfterReview } from '../../core/risk/review.ts';
import type {
  CallbackAddress,
  CallbackMessage,
  CallbackNotice,
  CallbackTest,
  DialectCallbacks,
  PaymentNotice,
  TokenNotice,
} from '../dialect.ts';
import { methodOf } from './brands.ts';
import { buildNumber } from './build-number.ts';
import { shortId, toWireId } from './ids.ts';
import { resultOf } from './result-codes.ts';
import { withResource } from './shopper.ts';
import { type Json, writeDeletion, writeEnvelope, writeMoney, writeOperation, writeReadTimestamp, writeRegistration } from './write.ts';

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
    secret: { pattern: /^[0-9a-f]{64}$/i, expected: '64 hex digits (an AES-256 key)', make: () => randomHex(32) },
    needsTest: true,
  },
  write(notice) {
    // Checkouts of this protocol are found by their token, and nobody is told of them.
    if (notice.subject === 'order' || notice.subject === 'subscriber') return [];
    if (notice.subject === 'token') return notice.namedByRequest ? [] : [writeTokenAct(notice)];
    // That it was sent to the acquirer is no news: it was pending, and still is.
    if (notice.event.name.endsWith('.submitted')) return [];
    const told = operationsOf(notice).map((operation) => ({ ...notice, operation }));
    if (notice.namedByRequest) return told.map(writeNotification);
    const payments = told.map((one) => encrypted(one.address, { type: 'PAYMENT', payload: writePayment(one) }));
    const { token, card } = notice.operation;
    if (token === undefined || card === undefined || !keepsCard(notice)) return payments;
    const { body } = writeRegistration({ token, card }, notice.mode);
    const payload = { ...body, merchantTransactionId: notice.operation.merchantReference, ...writeOrigin(notice) };
    return [...payments, encrypted(notice.address, { type: 'REGISTRATION', action: 'CREATED', payload })];
  },
  writeTest: ({ address }: CallbackTest) =>
    encrypted(address, { type: 'test', action: 'webhook activation', payload: { result: { ...resultOf('000.100.110') } } }),
};

/** The capture that follows a review makes the charge certain that the merchant asked for, and knows by its own id. */
function operationsOf({ event, operation, tree }: PaymentNotice): readonly OperationView[] {
  if (event.name !== 'capture.approved') return [operation];
  const hold = tree.operations.find(({ operationId }) => operationId === operation.targetId);
  return hold !== undefined && isCapturedAfterReview(hold) ? [operation, hold] : [operation];
}

/** What is kept of the shopper only where the endpoint wants it. */
const customerFields = ['customer', 'billing', 'shipping', 'customParameters'];

/**
 * The transaction as the API shows it now, not as it was at the event: a receiver may take each message for the truth, and a message
 * that comes late (a dead endpoint, a repetition) must not set it back. The platform promises no more: "duplicates and reordering possible".
 */
function writePayment(notice: PaymentNotice): Json {
  const { operation, channel, mode } = notice;
  const body = wantedOf(notice, writeOperation(operation, { mode, channel }).body);
  const money = writeMoney(operation, channel);
  return {
    ...body,
    ...(body.amount === undefined ? {} : { presentationAmount: money.amount, presentationCurrency: money.currency }),
    paymentMethod: methodOf(operation),
    shortId: shortId(operation.operationId),
    ...writeOrigin(notice),
    timestamp: writeReadTimestamp(operation.createdAtMs),
  };
}

function wantedOf({ address }: CallbackNotice, body: Json): Json {
  if (address.settings.fields !== 'non-customer') return body;
  return Object.fromEntries(Object.entries(body).filter(([name]) => !customerFields.includes(name)));
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

/** A payment that was asked to keep the card, when it is approved. */
function keepsCard({ operation, event }: PaymentNotice): boolean {
  return operation.dialectData.createRegistration === 'true' && /\.approved$/.test(event.name);
}

/** A registration without a payment, or the end of one. */
function writeTokenAct(notice: TokenNotice): CallbackMessage {
  const { act, mode, address } = notice;
  if (act.kind === 'deletion') {
    const payload = { ...writeDeletion(act, mode).body, ...writeOrigin(notice) };
    return encrypted(address, { type: 'REGISTRATION', action: 'DELETED', payload });
  }
  if (act.card === undefined) throw new Error(`the tokenization ${act.actId} is recorded without its card`);
  const { body } = writeRegistration({ token: act.token, card: act.card, act }, mode);
  const payload = { ...wantedOf(notice, body), ...writeOrigin(notice) };
  return encrypted(address, { type: 'REGISTRATION', action: 'CREATED', payload });
}

function writeNotification({ address, operation }: PaymentNotice): CallbackMessage {
  const id = toWireId(operation.operationId);
  return { method: 'GET', url: withResource(address.url, id, `/v1/payments/${id}`), headers: {}, body: '' };
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
