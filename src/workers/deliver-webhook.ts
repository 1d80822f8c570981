/** The outbox's way by webhook: the messages that a dialect makes of what happened, and one try to have them acknowledged, in their order. */
import type { Attempt, ClaimedDelivery } from '../core/event/outbox.ts';
import { mailOrder } from '../core/invoice/mail-order.ts';
import type { Channel, Directory } from '../core/merchant/channel.ts';
import type { Engine } from '../core/payment/engine.ts';
import type {
  CallbackAddress,
  CallbackMessage,
  CallbackNotice,
  DialectCallbacks,
  Mode,
  OrderNotice,
  PaymentNotice,
  SubscriberNotice,
  TokenNotice,
  Webhooks,
} from '../dialects/dialect.ts';
import type { Outbound, OutboundAnswer } from '../http/outbound.ts';
import { namesOf, type Sent, timeoutOf } from './delivery-try.ts';

export interface WebhookParts {
  readonly engine: Engine;
  readonly directory: Directory;
  readonly mode: Mode;
  readonly outbound: Outbound;
  readonly webhooks: Pick<Webhooks, 'addressesOf'>;
}

/** What is told about. */
export type Subject =
  | Pick<PaymentNotice, 'subject' | 'event' | 'tree' | 'operation' | 'order'>
  | Pick<TokenNotice, 'subject' | 'act' | 'order'>
  | Pick<OrderNotice, 'subject' | 'event' | 'order'>
  | Pick<SubscriberNotice, 'subject' | 'subscriber'>;

export interface Telling {
  readonly policy: DialectCallbacks;
  readonly delivery: ClaimedDelivery;
  readonly subject: Subject;
  readonly channel: Channel;
}

/** One try; what was acknowledged in an earlier one is not sent again. */
export async function sendByWebhook(parts: WebhookParts, telling: Telling): Promise<Sent> {
  const { engine, outbound } = parts;
  const { policy, delivery } = telling;
  const startedAtMs = engine.clock.wallNow();
  const { messagesSent } = delivery;
  let messages: readonly CallbackMessage[];
  try {
    messages = await writeMessages(parts, telling);
  } catch (error) {
    engine.log.error({ ...namesOf(delivery), error: String(error) }, 'a message to an endpoint cannot be written');
    return {
      attempt: { startedAtMs, durationMs: 0, problem: `the message cannot be written: ${String(error)}` },
      messagesSent,
    };
  }
  const sent = await sendAll(messages, {
    before: messagesSent,
    send: (message) => outbound.send({ ...message, timeoutMs: timeoutOf(engine, policy.timeoutMs) }),
  });
  return { ...sent, attempt: { startedAtMs, ...sent.attempt } };
}

interface Sending {
  /** Messages that were acknowledged in earlier tries: the first is bit 0. */
  readonly before: number;
  send(message: CallbackMessage): Promise<OutboundAnswer>;
}

/** Each address in its order up to the first that fails, which holds up no other address; told is the first failure. */
async function sendAll(
  messages: readonly CallbackMessage[],
  { before, send }: Sending,
): Promise<Omit<Sent, 'attempt'> & { readonly attempt: Omit<Attempt, 'startedAtMs'> }> {
  let messagesSent = before;
  let durationMs = 0;
  let last: Omit<Attempt, 'startedAtMs' | 'durationMs'> = {};
  let failure: typeof last | undefined;
  const failed = new Set<string>();
  for (const [index, message] of messages.entries()) {
    const bit = 1 << index;
    if ((messagesSent & bit) !== 0 || failed.has(message.url)) continue;
    const answer = await send(message);
    durationMs += answer.durationMs;
    last = outcomeOf(answer);
    if (last.problem === undefined) messagesSent |= bit;
    else {
      failed.add(message.url);
      failure ??= last;
    }
  }
  const gone = failure?.status === 410 ? { gone: 'it answered HTTP 410, that it is gone for good' } : {};
  return { attempt: { durationMs, ...(failure ?? last) }, messagesSent, ...gone };
}

function outcomeOf(answer: OutboundAnswer): Omit<Attempt, 'startedAtMs' | 'durationMs'> {
  if (answer.kind !== 'answered') return { problem: answer.problem };
  const { status, excerpt } = answer;
  return { status, answer: excerpt, ...(status < 200 || status > 299 ? { problem: problemOf(status) } : {}) };
}

/** Throws when the endpoint's secret is not there or cannot be opened. */
async function writeMessages(parts: WebhookParts, { policy, delivery, subject, channel }: Telling): Promise<readonly CallbackMessage[]> {
  const { engine, mode } = parts;
  const { endpoint, tries } = delivery;
  const url = endpoint.url ?? urlNamedIn(subject);
  if (url === undefined) return [];
  const { settings } = endpoint;
  const secret = await secretOf(parts, policy, delivery);
  const own: CallbackAddress = { url, settings, ...(secret === undefined ? {} : { secret }) };
  // What a request names has no settings of its own, and no key unless its dialect has given it one, or signs with the merchant's.
  const [set] = endpoint.url === undefined && endpoint.sealedSecret === undefined ? await parts.webhooks.addressesOf(channel) : [];
  const address = { ...own, ...set, url };
  const namedByRequest = endpoint.url === undefined;
  const times = { nowMs: engine.clock.wallNow(), businessNowMs: engine.clock.businessNow() };
  const notice: CallbackNotice = { ...subject, ...times, address, mode, channel, namedByRequest, retries: tries - 1 };
  const receipt = namedByRequest ? policy.receiptOf?.(notice) : undefined;
  if (receipt !== undefined) await mailOrder(engine, { ...receipt, channel, purpose: 'receipt', isTest: mode === 'sandbox' });
  return url === '' ? [] : policy.write(notice);
}

/** That of the endpoint, else of the merchant's newest credential where the dialect signs with it. */
async function secretOf(
  { engine, directory }: WebhookParts,
  { signsWithCredential }: DialectCallbacks,
  { merchantId, endpoint: { endpointId, sealedSecret, dialect } }: ClaimedDelivery,
): Promise<string | undefined> {
  const open = (secretId: string, sealed: Uint8Array) => engine.vault.openSecret({ merchantId, secretId, sealed });
  if (sealedSecret !== undefined) return open(endpointId, sealedSecret);
  if (signsWithCredential !== true) return undefined;
  const found = (await directory.credentialsOf({ dialect, merchantId })).find((credential) => credential.sealedSecret !== undefined);
  return found?.sealedSecret === undefined ? undefined : open(found.credentialId, found.sealedSecret);
}

/** By the operation's own request, else by the one that began the payment. */
function urlNamedIn(subject: Subject): string | undefined {
  if (subject.subject !== 'payment') return undefined;
  return subject.operation.dialectData.notificationUrl ?? subject.tree.operations[0]?.dialectData.notificationUrl;
}

function problemOf(status: number): string {
  if (status >= 300 && status < 400) return `HTTP ${status}: redirects are not followed, the URL itself has to answer`;
  return `HTTP ${status}`;
}
