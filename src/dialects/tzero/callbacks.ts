/**
 * Callbacks: JSON to the channel's URL, with a time and an HMAC over time and body in `X-Signature`, so that nobody can make one up or send an old
 * one again. Every message tells the payment as it is now.
 */
import { createHmac } from 'node:crypto';
import type { OperationView, PaymentTree } from '../../core/payment/operation.ts';
import { isLaterPart, refundAsAsked } from '../../core/payment/refund-in-parts.ts';
import { randomHex } from '../../core/random-hex.ts';
import { isRiskReason } from '../../core/risk/rule.ts';
import { byReason } from '../by-reason.ts';
import type { CallbackMessage, DialectCallbacks, PaymentNotice } from '../dialect.ts';
import { toWireId } from './ids.ts';
import { type EndedAs, rejections } from './refusals.ts';
import { type ActStatus, actNames, firstOf, isAct, statusOf, statusOfAct } from './states.ts';
import { writeAct, writePayment, writeTime } from './write.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

export const callbacks: DialectCallbacks = {
  retryDelaysMs: [minuteMs, 5 * minuteMs, 30 * minuteMs, 2 * hourMs, 6 * hourMs, 24 * hourMs],
  timeoutMs: 10_000,
  tellsAuthentication: true,
  form: {
    settings: {},
    secret: {
      pattern: /^whsec_[0-9a-f]{32}$/,
      expected: 'whsec_ and 32 characters of 0-9 and a-f',
      make: () => `whsec_${randomHex(16)}`,
    },
    needsTest: false,
  },
  namesOf({ operation, tree }) {
    const { kind, operationId } = operation;
    return {
      paymentId: toWireId('pay', firstOf(tree).operationId),
      operationId: toWireId(isAct(kind) ? actNames[kind][1] : 'pay', operationId),
    };
  },
  write(notice) {
    if (notice.subject !== 'payment') return [];
    return typesOf(notice).map((type) => writeEvent(notice, type));
  },
  writeTest: ({ address, nowMs }) =>
    signed(address, { id: toWireId('evt', eventUuid('test', nowMs)), type: 'ping', created_at: writeTime(nowMs), data: {} }, nowMs),
};

/** What of the events of the core is told, and under which name; nothing that the merchant has learnt already, or cannot use. */
function typesOf({ event, operation, tree }: PaymentNotice): readonly string[] {
  const [, written = ''] = event.name.split('.');
  // What no acquirer is asked for, as a chargeback, is posted.
  const became = written === 'posted' ? 'approved' : written;
  const isOver = ['declined', 'failed', 'rejected', 'undone'].includes(became);
  switch (operation.kind) {
    case 'refund':
      return typesOfRefund(tree, operation, became === 'approved' ? 'succeeded' : isOver ? 'failed' : 'processing');
    case 'capture':
      return became === 'approved' ? ['payment.captured'] : isOver ? ['capture.failed'] : [];
    case 'reversal':
      // Declined by a review, it was told as declined.
      if (isRiskReason(operation.reason)) return [];
      // After a last capture only the rest is given back.
      if (became === 'approved') return tree.state === 'voided' ? ['payment.cancelled'] : [];
      return isOver ? ['void.failed'] : [];
    case 'chargeback':
      return became === 'approved' ? ['payment.chargeback'] : [];
    case 'chargeback_reversal':
      return became === 'approved' ? ['payment.chargeback_reversed'] : [];
    case 'preauthorization':
      return became === 'approved' ? ['payment.authorised'] : isOver ? [`payment.${endedAs(operation, became)}`] : [];
    case 'debit':
    case 'rebill':
    case 'receipt':
    case 'payout':
      return became === 'approved' ? ['payment.captured'] : isOver ? [`payment.${endedAs(operation, became)}`] : [];
  }
}

/** A refund of several captures is told as succeeded with its first part, and as failed when all parts have; what the others change is told of the payment. */
function typesOfRefund(tree: PaymentTree, operation: OperationView, became: ActStatus): readonly string[] {
  if (became === 'processing') return [];
  const whole = statusOfAct(refundAsAsked(tree, operation));
  if (became === 'failed' && whole !== 'succeeded') return whole === 'failed' ? ['refund.failed'] : [];
  const ofPayment = statusOf(tree) === 'refunded' ? 'payment.refunded' : 'payment.partially_refunded';
  return became === 'succeeded' && !isLaterPart(operation) ? ['refund.succeeded', ofPayment] : [ofPayment];
}

/** In the words of the payment's status, as it ended then. */
function endedAs({ reason }: OperationView, became: string): EndedAs {
  if (became === 'rejected') return byReason(rejections, reason)?.[0] ?? 'declined';
  return became === 'declined' ? 'declined' : 'failed';
}

function writeEvent({ address, event, tree, operation, channel, nowMs }: PaymentNotice, type: string): CallbackMessage {
  const message = {
    id: toWireId('evt', eventUuid(`${operation.operationId} ${type}`, event.sequence)),
    type,
    created_at: writeTime(event.happenedAtMs),
    data: writePayment({ tree, channel, first: firstOf(tree), updatedAtMs: updatedAtMs({ event, tree }) }),
    ...(isAct(operation.kind) ? { operation: writeAct(channel, refundAsAsked(tree, operation)) } : {}),
  };
  return signed(address, message, nowMs);
}

/** Of the payment as it is told: what came after the event is in it as well. */
function updatedAtMs({ event, tree }: Pick<PaymentNotice, 'event' | 'tree'>): number {
  return Math.max(event.happenedAtMs, ...tree.operations.map(({ createdAtMs }) => createdAtMs));
}

/** The same for every try of the same message, so that a receiver knows what it has had. */
function eventUuid(about: string, sequence: number): string {
  return createHmac('sha256', 'tzero event').update(`${about}|${sequence}`).digest('hex').slice(0, 32);
}

function signed(
  { url, secret }: { readonly url: string; readonly secret?: string },
  message: { readonly id: string; readonly type: string; readonly created_at: string; readonly data: object },
  nowMs: number,
): CallbackMessage {
  const body = JSON.stringify(message);
  const time = Math.floor(nowMs / 1_000);
  const signature =
    secret === undefined ? {} : { 'x-signature': `t=${time},v1=${createHmac('sha256', secret).update(`${time}.${body}`).digest('hex')}` };
  const headers = {
    'content-type': 'application/json; charset=utf-8',
    'x-event-id': message.id,
    'x-event-type': message.type,
    ...signature,
  };
  return { method: 'POST', url, headers, body };
}
