/**
 * The worker that tells merchants what happened: one loop makes deliveries of new events, the other sends what is due. Each endpoint has a few
 * tries under way at most, one while it is in trouble, so that a slow shop keeps only itself waiting.
 */

import type { DueWork } from '../core/due/work.ts';
import { afterFailure, type ClaimedDelivery, type DeliveryResult, type DeliverySubject, type Outbox } from '../core/event/outbox.ts';
import { asksInVain } from '../core/invoice/mail-order.ts';
import type { Directory } from '../core/merchant/channel.ts';
import type { Engine } from '../core/payment/engine.ts';
import type { OperationView } from '../core/payment/operation.ts';
import { type OrderView, readOrder } from '../core/payment/order.ts';
import { withAuthentication } from '../core/three-d-secure/view.ts';
import type { DialectCallbacks, Mode, Webhooks } from '../dialects/dialect.ts';
import type { Metrics } from '../http/metrics.ts';
import type { Outbound } from '../http/outbound.ts';
import type { MailTransport } from '../mail/transport.ts';
import type { Observer } from '../observability/observer.ts';
import { mailAddressOf, mailOf, mailRetryDelaysMs, mailTimeoutMs, sendByMail } from './deliver-mail.ts';
import { type Subject, sendByWebhook } from './deliver-webhook.ts';
import { namesOf, type Sent, timeoutOf } from './delivery-try.ts';
import { retrying, startWorker, type Worker } from './worker.ts';

export interface DeliverEvents {
  readonly engine: Engine;
  readonly directory: Directory;
  readonly outbox: Outbox;
  readonly outbound: Outbound;
  readonly webhooks: Pick<Webhooks, 'addressesOf'>;
  /** Absent: mails wait. */
  readonly mail: MailTransport | undefined;
  readonly mode: Mode;
  /** Measures a try. */
  readonly step: Observer['step'];
  readonly onTry: Metrics['countDelivery'];
  /** By the dialect's name. */
  readonly callbacks: ReadonlyMap<string, DialectCallbacks>;
}

const lookEveryMs = 200;
const pauseAfterErrorMs = 1_000;
const enrolledAtOnce = 1_000;
const perEndpoint = 8;
const underWayAtMost = 1_024;
/** Beyond what two messages of the most patient dialect can take, so that a lease ends only when its holder is gone. */
const leaseMs = 75_000;
const postponedMs = 5_000;
/** Without a mail server mails wait for a start with one. */
const postponedWithoutMailMs = 60_000;
/** Every postponement is a stop of the clock on its way, which may be years long. */
const postponedWhileMovingMs = 86_400_000;

/** `work`: the same, for whoever moves the business clock and waits for what becomes due on its way. */
export function startDelivering(parts: DeliverEvents): Worker & { readonly work: DueWork } {
  const { outbox, engine } = parts;
  const patience = { log: engine.log, pauseMs: pauseAfterErrorMs };
  const enroll = async (): Promise<number> => {
    const count = await outbox.enroll(enrolledAtOnce);
    return count >= enrolledAtOnce ? 0 : lookEveryMs;
  };
  const sender = createSender(parts);
  const enrolling = startWorker(
    retrying(enroll, { ...patience, failing: 'new events cannot be looked at; trying again', working: 'new events are looked at again' }),
  );
  const sending = startWorker(
    retrying(sender.turn, {
      ...patience,
      failing: 'deliveries cannot be looked at; trying again',
      working: 'deliveries are looked at again',
    }),
  );
  return {
    work: workOf(parts, sender),
    async stop() {
      await Promise.all([enrolling.stop(), sending.stop()]);
      await sender.settled();
    },
  };
}

function workOf({ outbox, engine }: DeliverEvents, sender: Sender): DueWork {
  return {
    name: 'deliveries to merchants',
    async run(limit) {
      const done = await sender.sendDue(limit);
      return { taken: done, done };
    },
    async nextDueAtMs() {
      if (!(await outbox.hasActiveEndpoints())) return undefined;
      while ((await outbox.enroll(enrolledAtOnce)) >= enrolledAtOnce);
      const inMs = await outbox.nextDueInMs();
      return inMs === undefined ? undefined : engine.clock.businessNow() + inMs;
    },
  };
}

interface Sender {
  /** Claims and sends; says how long to pause. */
  turn(): Promise<number>;
  /** Sends what is due now, at most `limit`; says how much when it is done. */
  sendDue(limit: number): Promise<number>;
  settled(): Promise<void>;
}

function createSender(parts: DeliverEvents): Sender {
  const underWay = new Map<string, number>();
  const inTrouble = new Set<string>();
  const tries = new Set<Promise<void>>();

  async function run(delivery: ClaimedDelivery): Promise<void> {
    const { endpointId } = delivery;
    underWay.set(endpointId, (underWay.get(endpointId) ?? 0) + 1);
    try {
      const { paymentId, operationId, about } = delivery;
      const names = { work: 'delivery', ...(about.kind === 'payment' ? { paymentId, operationId } : {}) };
      const isFine = await parts.engine.within(names, () => tryDelivery(parts, delivery, inTrouble.has(endpointId)));
      if (isFine) inTrouble.delete(endpointId);
      // One that stands for URLs of requests is many: a dead one among them says nothing about the others.
      else if (delivery.endpoint.url !== undefined) inTrouble.add(endpointId);
    } catch (error) {
      parts.engine.log.warn(
        { ...namesOf(delivery), error: String(error) },
        'what came of a delivery could not be recorded; it is repeated',
      );
    } finally {
      const left = (underWay.get(endpointId) ?? 1) - 1;
      if (left === 0) underWay.delete(endpointId);
      else underWay.set(endpointId, left);
    }
  }

  async function begin(room: number): Promise<readonly Promise<void>[]> {
    // Half of the places are for endpoints that have nothing under way, however many slow ones there are.
    const isCrowded = tries.size > underWayAtMost / 2;
    const busy = [...underWay].filter(([id, count]) => count >= (isCrowded || inTrouble.has(id) ? 1 : perEndpoint)).map(([id]) => id);
    const claimed = await parts.outbox.claim({ perEndpoint, limit: room, leaseMs, busy });
    return claimed.map((delivery) => {
      const attempt = run(delivery).finally(() => tries.delete(attempt));
      tries.add(attempt);
      return attempt;
    });
  }

  return {
    async turn() {
      if (tries.size >= underWayAtMost) return lookEveryMs / 4;
      const begun = await begin(underWayAtMost - tries.size);
      if (begun.length === 0) return lookEveryMs;
      // There is probably more; the next look waits until something of this one is done, or for the usual time.
      await Promise.race([...tries, new Promise((resolve) => setTimeout(resolve, lookEveryMs).unref())]);
      return 0;
    },
    async sendDue(limit) {
      const room = Math.min(limit, underWayAtMost - tries.size);
      const begun = room > 0 ? await begin(room) : [];
      await Promise.all(begun);
      return begun.length;
    },
    async settled() {
      await Promise.all(tries);
    },
  };
}

/** Sends the messages of an event that are still to be sent, and records what came of it. False when the endpoint is in trouble. */
async function tryDelivery(parts: DeliverEvents, delivery: ClaimedDelivery, wasInTrouble: boolean): Promise<boolean> {
  const { outbox, engine } = parts;
  const way = await wayOf(parts, delivery);
  if (way === undefined) {
    const usualMs = isByMail(delivery) ? postponedWithoutMailMs : postponedMs;
    await outbox.postpone(delivery, engine.clock.isMoving() ? postponedWhileMovingMs : usualMs);
    return true;
  }
  const { attempt, messagesSent, gone } = await parts.step('delivery', way.send);
  const kind = isByMail(delivery) ? 'mail' : 'webhook';
  if (attempt.problem === undefined) {
    parts.onTry(kind, 'delivered');
    await outbox.record({ delivery, attempt, messagesSent, result: { state: 'delivered' } });
    if (delivery.failuresBefore > 0 || wasInTrouble) await outbox.noteSuccess(delivery.endpoint);
    return true;
  }
  // A mail that is refused for good has no endpoint that an operator could mend.
  const isOver = gone !== undefined && delivery.about.kind === 'mail';
  const result: DeliveryResult = isOver ? { state: 'given_up' } : afterFailure({ tries: delivery.tries, retryDelaysMs: way.retryDelaysMs });
  parts.onTry(kind, result.state === 'given_up' ? 'given_up' : 'failed');
  await outbox.noteFailure(delivery.endpoint, attempt.problem);
  await parkIfHopeless(parts, delivery, { problem: attempt.problem, gone, isGivenUp: result.state === 'given_up' });
  await outbox.record({ delivery, attempt, messagesSent, result });
  if (result.state === 'given_up')
    engine.log.warn({ ...namesOf(delivery), tries: delivery.tries }, 'an event could not be delivered and was given up');
  return false;
}

function isByMail({ about, endpoint }: ClaimedDelivery): boolean {
  return about.kind === 'mail' || mailAddressOf(endpoint) !== undefined;
}

/** How something is told, and how patiently. */
interface Way {
  readonly retryDelaysMs: readonly number[];
  send(): Promise<Sent>;
}

/** Undefined: what it needs is not there, now. */
async function wayOf(parts: DeliverEvents, delivery: ClaimedDelivery): Promise<Way | undefined> {
  const { mail: transport, engine, mode } = parts;
  const startedAtMs = engine.clock.wallNow();
  const sending = (mail: ReturnType<typeof mailOf>): Way | undefined =>
    transport && {
      retryDelaysMs: mailRetryDelaysMs,
      send: () => sendByMail(transport, mail, { startedAtMs, timeoutMs: timeoutOf(engine, mailTimeoutMs) }),
    };
  const { about } = delivery;
  if (about.kind === 'mail') return sending((await asksInVain(engine, about.mail)) ? undefined : about.mail);
  const subject = await readSubject(parts, delivery, about);
  if (subject === undefined) return undefined;
  const policy = parts.callbacks.get(delivery.endpoint.dialect);
  if (mailAddressOf(delivery.endpoint) !== undefined) {
    const told = subject.subject === 'payment' ? { ...subject, names: namesFor(policy, subject) } : undefined;
    return sending(mailOf(delivery, { told, isTest: mode === 'sandbox' }));
  }
  if (policy === undefined) return undefined;
  const told = policy.tellsAuthentication === true && subject.subject === 'payment' ? await authenticated(engine, subject) : subject;
  const telling = { policy, delivery, subject: told, channel: about.channel };
  return { retryDelaysMs: policy.retryDelaysMs, send: () => sendByWebhook(parts, telling) };
}

type Told = Exclude<DeliverySubject, { readonly kind: 'mail' }>;

/** What is told about, as it is now; undefined when it is not there. */
async function readSubject(
  { engine, outbox }: DeliverEvents,
  { merchantId, paymentId, operationId, sequence }: ClaimedDelivery,
  about: Told,
): Promise<Subject | undefined> {
  if (about.kind === 'order') {
    const order = await readOrder(engine, { merchantId, checkoutId: paymentId });
    return order === undefined ? undefined : { subject: 'order', event: about.event, order };
  }
  if (about.kind === 'subscriber') {
    const subscriber = await engine.billing.findSubscriberById({ merchantId, subscriberId: paymentId });
    return subscriber === undefined ? undefined : { subject: 'subscriber', subscriber };
  }
  if (about.kind === 'token') {
    const kind = sequence === 1 ? 'tokenization' : 'deletion';
    const act = await engine.tokenActs.find({ merchantId, token: paymentId.replaceAll('-', ''), kind });
    const order = act === undefined ? undefined : await orderOf(engine, { merchantId, dialectData: act.dialectData });
    return act === undefined ? undefined : { subject: 'token', act, ...(order === undefined ? {} : { order }) };
  }
  const tree = await outbox.findTree({ merchantId, operationId });
  const operation = tree?.operations.find((candidate) => candidate.operationId === operationId);
  if (tree === undefined || operation === undefined) return undefined;
  const dialectData = tree.operations[0]?.dialectData ?? {};
  const order = await orderOf(engine, { merchantId, dialectData, operationId });
  return { subject: 'payment', event: about.event, tree, operation, ...(order === undefined ? {} : { order }) };
}

/** In the protocol's own words where it has some for mails. */
function namesFor(policy: DialectCallbacks | undefined, { operation, tree }: AboutPayment) {
  const { paymentId, operationId } = operation;
  return policy?.namesOf?.({ operation, tree }) ?? { paymentId, operationId };
}

type AboutPayment = Extract<Subject, { readonly subject: 'payment' }>;

/** With what came of 3-D Secure in the payment's first operation. */
async function authenticated(engine: Engine, { tree, ...about }: AboutPayment): Promise<AboutPayment> {
  const operations = await Promise.all(tree.operations.map(async (one) => ({ ...one, ...(await withAuthentication(engine, one)) })));
  return { ...about, tree: { ...tree, operations } };
}

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** The order that a payment, or a kept card, says that it belongs to. */
async function orderOf(
  engine: Engine,
  {
    merchantId,
    dialectData: { orderId = '' },
    operationId,
  }: Pick<OperationView, 'merchantId' | 'dialectData'> & { readonly operationId?: string },
): Promise<OrderView | undefined> {
  if (!uuid.test(orderId)) return undefined;
  return readOrder(engine, { merchantId, checkoutId: orderId, ...(operationId === undefined ? {} : { operationId }) });
}

interface Failure {
  readonly problem: string;
  /** Why it will never take anything again. */
  readonly gone: string | undefined;
  readonly isGivenUp: boolean;
}

/** An endpoint that has not acknowledged anything for as long as the dialect tries is parked, and what waits for it stays. */
async function parkIfHopeless({ engine, outbox }: DeliverEvents, delivery: ClaimedDelivery, failure: Failure): Promise<void> {
  const { gone } = failure;
  if (gone === undefined && !failure.isGivenUp) return;
  const reason = gone ?? `nothing was acknowledged in ${delivery.tries} tries of the same event, the last ended with: ${failure.problem}`;
  const parked = await outbox.park(delivery.endpoint, reason, gone === undefined ? delivery.createdAtMs : undefined);
  if (parked)
    engine.log.error(
      { endpointId: delivery.endpointId, merchantId: delivery.merchantId, reason },
      'an endpoint was parked: it is sent nothing until a test message is acknowledged',
    );
}
