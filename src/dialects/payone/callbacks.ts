/**
 * Webhooks of the platform: one event as JSON, signed with the account's webhook key (HMAC-SHA-256 over the body). An act that succeeds is told twice,
 * as asked for and as done, since shops listen for either.
 */
import { createHmac, randomBytes, randomUUID } from 'node:crypto';
import { madeUuid } from '../../core/made-uuid.ts';
import type { CheckoutEventName } from '../../core/payment/checkout-terms.ts';
import { inReview } from '../../core/risk/review.ts';
import { isRiskReason } from '../../core/risk/rule.ts';
import type { CallbackAddress, CallbackMessage, CallbackTest, DialectCallbacks, OrderNotice, PaymentNotice } from '../dialect.ts';
import { documentOf, type HostedState } from './hosted-order.ts';
import { codeOfOperation, type StatusCode } from './states.ts';
import { firstOf, type OperationNode, type PaymentTree } from './tree.ts';
import { type Json, writePayment, writePayout, writeRefund } from './write.ts';
import { writeLink } from './write-link.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

const keyIdForm = {
  pattern: /^[\x21-\x7e]{1,128}$/,
  expected: 'the id of the webhook key, printable ASCII without spaces',
  standard: 'webhook-key',
};

export const callbacks: DialectCallbacks = {
  retryDelaysMs: [10 * minuteMs, hourMs, 2 * hourMs, 8 * hourMs, 24 * hourMs],
  timeoutMs: 10_000,
  tellsAuthentication: true,
  form: {
    settings: { keyId: keyIdForm },
    secret: {
      pattern: /^[\x21-\x7e]{16,256}$/,
      expected: '16 to 256 printable ASCII characters without spaces',
      make: () => randomBytes(32).toString('base64'),
    },
    needsTest: false,
  },
  write(notice) {
    if (notice.subject === 'order') return ofLink(notice).map((body) => signed(notice.address, body, notice.retries));
    if (notice.subject !== 'payment') return [];
    const bodies = [...bodiesOf(notice), ...paidLink(notice)];
    return urlsOf(notice).flatMap((url) => bodies.map((body) => signed({ ...notice.address, url }, body, notice.retries)));
  },
  writeTest: (test) => testOf(test, 'TEST'),
};

/** A payment may name several URLs; all of them are told. */
function urlsOf({ address, namedByRequest, tree }: PaymentNotice): readonly string[] {
  const all = tree.operations[0]?.dialectData.notificationUrls;
  if (!namedByRequest || all === undefined) return [address.url];
  return JSON.parse(all) as readonly string[];
}

const typeOfCode: Readonly<Record<StatusCode, string>> = {
  1: 'payment.cancelled',
  2: 'payment.rejected',
  41: 'payment.redirected',
  46: 'payment.redirected',
  5: 'payment.pending_capture',
  50: 'payment.authorization_requested',
  51: 'payment.authorization_requested',
  52: 'payment.authorization_requested',
  6: 'payment.cancelled',
  61: 'payment.cancelled',
  62: 'payment.cancelled',
  63: 'payment.rejected',
  7: 'payment.chargebacked',
  8: 'payment.refunded',
  81: 'refund.refund_requested',
  82: 'refund.refund_requested',
  83: 'payment.rejected',
  9: 'payment.captured',
  91: 'payment.capture_requested',
  92: 'payment.capture_requested',
  93: 'payment.rejected_capture',
  96: 'payment.captured',
};

/** Each act is told as it was when it happened: the messages of a payment come in order, and the last one is the truth. */
function bodiesOf(notice: PaymentNotice): readonly string[] {
  const { tree, event, channel } = notice;
  const now = tree.operations.find(({ operationId }) => operationId === notice.operation.operationId);
  // That it was sent is no news.
  if (now === undefined || event.name.endsWith('.submitted')) return [];
  const isHeld = event.name.endsWith('.in_review');
  const operation: OperationNode = { ...now, state: event.operationState, ...(isHeld ? { reason: inReview } : {}) };
  if (followsFromAnother(operation, tree) || hasNoRedirect(operation)) return [];
  const write = (type: string, subject: Json) =>
    JSON.stringify(envelope(eventOf(notice, type), { type, ...subject, merchantId: channel.wireId }));
  if (operation.kind === 'payout') return [write(payoutType(operation), { payout: writePayout({ ...tree, operations: [operation] }) })];
  const code = codeOfOperation(operation);
  const payment = writePayment(tree, operation, { alone: true });
  if (operation.kind === 'refund') {
    const refund = { refund: writeRefund(tree, operation, true) };
    if (code === 8) return [write('refund.refund_requested', refund), write('payment.refunded', { payment })];
    return [code === 83 ? write('payment.rejected', { payment }) : write('refund.refund_requested', refund)];
  }
  if (operation.kind === 'capture' && code === 9) {
    const asked = writePayment(tree, operation, { asked: true });
    return [write('payment.capture_requested', { payment: asked }), write('payment.captured', { payment })];
  }
  return [write(typeOfCode[code], { payment })];
}

/**
 * A hold is given up after a review that was told as a decline; its rest with its last capture, or at the end of its time: a payment that is paid in
 * part would be taken for a cancelled one.
 */
function followsFromAnother({ kind, reason }: OperationNode, { captured }: PaymentTree): boolean {
  if (kind !== 'reversal') return false;
  return isRiskReason(reason) || reason === 'rest_released' || (reason === 'hold_expired' && captured > 0);
}

/** An issuer that has answered without a page of its own was asked while nobody was sent anywhere. */
function hasNoRedirect({ state, authentication }: OperationNode): boolean {
  return state === 'awaiting' && authentication?.transStatus !== undefined && authentication.acsUrl === undefined;
}

/** What happens to a link apart from its payment. */
function ofLink(notice: OrderNotice): readonly string[] {
  const { order, event, channel } = notice;
  const types: Readonly<Partial<Record<CheckoutEventName, readonly [type: string, kind: HostedState['kind']]>>> = {
    created: ['created', 'open'],
    viewed: ['clicked', 'open'],
    cancelled: ['cancelled', 'closed'],
    expired: ['expired', 'expired'],
  };
  const [type, kind] = types[event.name] ?? [];
  const { kind: of, of: link } = documentOf(order);
  if (type === undefined || kind === undefined || of !== 'link' || link !== undefined) return [];
  const name = `paymentlink.${type}`;
  // As it was then: what has happened to it since is told after it.
  const paymentLink = writeLink({ ...order, events: order.events.filter(({ sequence }) => sequence <= event.sequence) }, { kind });
  return [JSON.stringify(envelope(eventOf(notice, name), { type: name, paymentLink, merchantId: channel.wireId }))];
}

/** A link is paid when its payment is approved. */
function paidLink(notice: PaymentNotice): readonly string[] {
  const { order, event, operation, tree, channel } = notice;
  const isPaid = operation.targetId === undefined && event.name.endsWith('.approved');
  if (!isPaid || order === undefined || documentOf(order).kind !== 'link') return [];
  const paymentLink = writeLink(order, { kind: 'succeeded', payment: writePayment(tree, firstOf(tree)), last: operation });
  const type = 'paymentlink.paid';
  return [JSON.stringify(envelope(eventOf(notice, type), { type, paymentLink, merchantId: channel.wireId }))];
}

/** The platform's own names are not published. */
function payoutType({ state }: OperationNode): string {
  return state === 'approved'
    ? 'payout.account_credited'
    : state === 'declined' || state === 'rejected'
      ? 'payout.rejected_credit'
      : 'payout.payout_requested';
}

interface ToldEvent {
  readonly id: string;
  readonly atMs: number;
}

/** The same for every try and every address, so that a receiver knows what it has had; when it happened, not when it is told. */
function eventOf(notice: PaymentNotice | OrderNotice, type: string): ToldEvent {
  const { sequence, happenedAtMs: atMs } = notice.event;
  const about = notice.subject === 'payment' ? notice.tree.paymentId : notice.order.order.checkoutId;
  return { id: madeUuid(`payone event|${about}|${sequence}|${type}`), atMs };
}

function envelope({ id, atMs }: ToldEvent, body: Json): Json {
  return { apiFullVersion: 'v1.1', apiVersion: 'v1', created: writeTime(atMs), id, ...body };
}

/** Seven decimals and an offset in numbers. */
function writeTime(ms: number): string {
  return new Date(ms).toISOString().replace('Z', '0000+00:00');
}

/** A message that means nothing: a payment that never was. */
export function testOf(test: CallbackTest, merchantId: string): CallbackMessage {
  const payment = {
    id: '9999_9',
    status: 'AUTHORIZATION_REQUESTED',
    statusOutput: { isAuthorized: false, isCancellable: false, isRefundable: false, statusCategory: 'CREATED', statusCode: 0 },
    paymentOutput: { amountOfMoney: { amount: 1234, currencyCode: 'EUR' }, references: { merchantReference: '' }, paymentMethod: 'card' },
  };
  return signed(
    test.address,
    JSON.stringify(envelope({ id: randomUUID(), atMs: test.nowMs }, { merchantId, type: 'payment.test', payment })),
    0,
  );
}

function signed({ url, settings, secret }: CallbackAddress, body: string, retries: number): CallbackMessage {
  if (secret === undefined) throw new Error('the endpoint has no webhook key: set its secret');
  return {
    ...{ method: 'POST', url, body },
    headers: {
      'content-type': 'application/json',
      'x-gcs-keyid': settings.keyId ?? keyIdForm.standard,
      'x-gcs-signature': createHmac('sha256', secret).update(body).digest('base64'),
      'retry-count': String(retries),
    },
  };
}
