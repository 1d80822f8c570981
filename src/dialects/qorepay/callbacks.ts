/**
 * Webhooks: the object itself with `event_type`, as it was when the event happened, signed with the key of the webhook; and `success_callback`, which is told
 * of success only, signed with the company's key. The body is the compact JSON of JavaScript, so that receivers who parse it and write it anew get the
 * same bytes.
 */
import type { OrderView } from '../../core/payment/order.ts';
import type { CallbackMessage, CallbackNotice, CallbackTest, DialectCallbacks, ReceiptMail } from '../dialect.ts';
import { isPayout } from './find.ts';
import { type EventType, historyOf, type Until } from './history.ts';
import { newKeySync, signatureOf } from './keys.ts';
import { payoutHistoryOf, writePayout } from './payout.ts';
import { sendsReceipt } from './read.ts';
import { documentOf, type Json, refundIn, type Writing, writePurchase, writeRefund } from './write.ts';
import { writeSubscriber } from './write-billing.ts';

/** Nine tries, three times as long apart each time, the last 36 hours after the event. */
const retryDelaysMs = [40, 120, 360, 1_080, 3_200, 9_600, 28_800, 86_400].map((seconds) => seconds * 1_000);

export const callbacks: DialectCallbacks = {
  retryDelaysMs,
  timeoutMs: 30_000,
  form: {
    settings: {
      title: { pattern: /^.{1,100}$/, expected: '1 to 100 characters', standard: 'Webhook' },
      all_events: { pattern: /^(?:true|false)$/, expected: 'true or false', standard: 'true' },
      events: { pattern: /^[a-z_.,]*$/, expected: 'names of events with commas between them', standard: '' },
    },
    secret: {
      pattern: /^-----BEGIN (?:RSA )?PRIVATE KEY-----[\s\S]+-----END (?:RSA )?PRIVATE KEY-----\s*$/,
      expected: 'the PEM of an RSA private key',
      make: newKeySync,
    },
    needsTest: false,
  },
  write: (notice) => toldBy(notice).map(({ type, object }) => messageOf(notice, type, object)),
  receiptOf,
  writeTest: (test) => messageOf(test, 'test', { type: 'test' }),
};

/** The events that an address is told of, and the object as it was then. */
export function toldBy(notice: CallbackNotice): readonly { readonly type: EventType; readonly object: Json }[] {
  // Only the payer is told, by mail.
  if (notice.namedByRequest && notice.address.url === '') return [];
  const told = toldOf(notice);
  const types = told?.events.filter((type) => (notice.namedByRequest ? type === 'purchase.paid' : isWanted(notice, type))) ?? [];
  return types.map((type) => ({ type, object: told?.bodyOf(type) ?? {} }));
}

/** `send_receipt`: once, when it is paid; of what was paid. */
function receiptOf(notice: CallbackNotice): ReceiptMail | undefined {
  const order = notice.subject === 'payment' ? notice.order : undefined;
  if (order === undefined || isPayout(order) || toldOf(notice)?.events.includes('purchase.paid') !== true) return undefined;
  const document = documentOf(order);
  const { top, client, referenceGenerated } = document;
  if (!sendsReceipt(document)) return undefined;
  const { checkoutId: orderId, terms } = order.order;
  const { taken: amount } = historyOf(order, notice.businessNowMs);
  return {
    ...{ orderId, terms: { ...terms, order: { ...terms.order, amount } }, url: `${order.pageUrl}?view=invoice`, key: `receipt ${orderId}` },
    ...{ to: typeof client.email === 'string' ? [client.email] : [], reference: top.reference === '' ? referenceGenerated : top.reference },
  };
}

interface Told {
  readonly events: readonly EventType[];
  readonly bodyOf: (type: EventType) => Json;
}

function toldOf(notice: CallbackNotice): Told | undefined {
  if (notice.subject === 'subscriber') {
    return {
      events: ['billing_template_client.subscription_billing_cancelled'],
      bodyOf: () => writeSubscriber(notice.subscriber, undefined),
    };
  }
  const { order } = notice;
  if (order === undefined) return undefined;
  if (notice.subject === 'token') {
    const event = notice.act.kind === 'deletion' ? 'purchase.recurring_token_deleted' : 'purchase.preauthorized';
    return { events: [event], bodyOf: () => writePurchase(order, writingOf(notice, order)) };
  }
  const until: Until =
    notice.subject === 'order'
      ? { about: 'order', sequence: notice.event.sequence }
      : { about: 'payment', paymentId: notice.tree.paymentId, sequence: notice.event.sequence };
  const writing = { ...writingOf(notice, order), until };
  if (isPayout(order)) return { events: payoutHistoryOf(order, writing.nowMs, until).events, bodyOf: () => writePayout(order, writing) };
  return {
    events: historyOf(order, writing.nowMs, until).events,
    bodyOf(type) {
      const refund = notice.subject === 'payment' && type === 'payment.refunded' ? notice.operation.operationId : undefined;
      const operation = refund === undefined ? undefined : refundIn(order, refund);
      return operation === undefined ? writePurchase(order, writing) : writeRefund(order, operation, writing);
    },
  };
}

function writingOf({ mode, channel, businessNowMs: nowMs }: CallbackNotice, { pageUrl }: OrderView): Writing {
  return { mode, channel, nowMs, publicUrl: pageUrl.slice(0, pageUrl.lastIndexOf('/pay/')) };
}

function isWanted({ address: { settings } }: CallbackNotice, type: EventType): boolean {
  return settings.all_events === 'true' || (settings.events ?? '').split(',').includes(type);
}

function messageOf({ address: { url, secret } }: CallbackTest, type: string, object: Json): CallbackMessage {
  if (secret === undefined) throw new Error('the endpoint has no key');
  const body = JSON.stringify({ ...object, event_type: type });
  return { method: 'POST', url, headers: { 'content-type': 'application/json', 'x-signature': signatureOf(body, secret) }, body };
}
