/** Messages to `notificationUrl`, or to the endpoint that an operator has set up: JSON, with a checksum under the member's key. */
import { isRiskReason } from '../../core/risk/rule.ts';
import type { CallbackAddress, CallbackMessage, DialectCallbacks, PaymentNotice } from '../dialect.ts';
import { resultChecksum } from './checksum.ts';
import { type Json, writeNotice } from './write.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

export const callbacks: DialectCallbacks = {
  retryDelaysMs: [minuteMs, 5 * minuteMs, 15 * minuteMs, hourMs, 6 * hourMs, 24 * hourMs],
  timeoutMs: 10_000,
  signsWithCredential: true,
  form: { settings: {}, needsTest: false },
  write(notice) {
    // That it was sent to the acquirer is no news: it was pending, and still is.
    if (notice.subject !== 'payment' || notice.event.name.endsWith('.submitted')) return [];
    // What a review has declined was told as failed; that its hold is given up is no cancellation.
    const { kind, reason } = notice.operation;
    return kind === 'reversal' && isRiskReason(reason) ? [] : [post(notice.address, signed(notice))];
  },
  writeTest: ({ address }) => post(address, { test: 'true' }),
};

/** As it is now, not as it was at the event: a message that comes late must not set a receiver back. */
function signed({ operation, tree, channel, nowMs, address }: PaymentNotice): Json {
  if (address.secret === undefined) throw new Error('the member has no key to sign with');
  const notice = writeNotice(operation, tree.operations, { channel, nowMs });
  const { paymentId = '', merchantTransactionId = '', amount, transactionStatus: status = '' } = notice as Readonly<Record<string, string>>;
  return { ...notice, checksum: resultChecksum({ paymentId, merchantTransactionId, amount: amount ?? '', status }, address.secret) };
}

function post({ url }: CallbackAddress, body: Json): CallbackMessage {
  return { method: 'POST', url, headers: { 'content-type': 'application/json; charset=utf-8' }, body: JSON.stringify(body) };
}
