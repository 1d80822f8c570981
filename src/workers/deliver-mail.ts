/** The outbox's way by mail: what a delivery tells of, as a mail, and one try to hand it in. */
import type { ClaimedDelivery } from '../core/event/outbox.ts';
import { mailLanguageOf } from '../core/mail/content.ts';
import { confirmationOf } from '../core/mail/payment-confirmation.ts';
import { mailIdOf, type QueuedMail } from '../core/mail/send.ts';
import type { OperationView, PaymentTree } from '../core/payment/operation.ts';
import type { MailTransport } from '../mail/transport.ts';
import type { Sent } from './delivery-try.ts';

const minuteMs = 60_000;
const hourMs = 3_600_000;

/** For two days and a half: a mail server that is down is usually back by then, and a confirmation that is later confuses more than it helps. */
export const mailRetryDelaysMs: readonly number[] = [
  ...[1, 2, 5, 15, 30].map((minutes) => minutes * minuteMs),
  ...[1, 2, 4, 8, 12, 12, 12].map((hours) => hours * hourMs),
];

/** Below the lease of a delivery. */
export const mailTimeoutMs = 45_000;

/** The address of an endpoint that is told by mail; undefined for every other one. */
export function mailAddressOf({ url }: ClaimedDelivery['endpoint']): string | undefined {
  return url?.startsWith('mailto:') === true ? url.slice('mailto:'.length) : undefined;
}

/** A payment, what has happened to it, and what the merchant calls both. */
interface ToldByMail {
  readonly operation: OperationView;
  readonly tree: PaymentTree;
  readonly names: { readonly paymentId: string; readonly operationId: string };
}

/** Undefined: there is nothing to tell by mail of it. The id is the same in every try. */
export function mailOf(
  { merchantId, endpointId, paymentId, sequence, about, endpoint }: ClaimedDelivery,
  { told, isTest }: { readonly told: ToldByMail | undefined; readonly isTest: boolean },
): QueuedMail | undefined {
  if (about.kind === 'mail') return about.mail;
  const to = mailAddressOf(endpoint);
  if (to === undefined || about.kind !== 'payment' || told === undefined) return undefined;
  const { event, channel } = about;
  const data = confirmationOf({ event, channel, isTest, ...told });
  if (data === undefined) return undefined;
  return {
    ...{ merchantId, kind: 'payment_confirmation', to, data, senderName: data.merchantName },
    mailId: mailIdOf([endpointId, paymentId, String(sequence)]),
    language: mailLanguageOf(endpoint.settings.language),
  };
}

/** One try; nothing to tell counts as told. */
export async function sendByMail(
  transport: MailTransport,
  mail: QueuedMail | undefined,
  { startedAtMs, timeoutMs }: { readonly startedAtMs: number; readonly timeoutMs: number },
): Promise<Sent> {
  if (mail === undefined) return { attempt: { startedAtMs, durationMs: 0 }, messagesSent: 0 };
  const { durationMs, status, problem, answer, isHopeless } = await transport.send(mail, { timeoutMs });
  const attempt = {
    startedAtMs,
    durationMs,
    answer,
    ...(status === undefined ? {} : { status }),
    ...(problem === undefined ? {} : { problem }),
  };
  if (problem === undefined) return { attempt, messagesSent: 1 };
  return { attempt, messagesSent: 0, ...(isHopeless ? { gone: problem } : {}) };
}
