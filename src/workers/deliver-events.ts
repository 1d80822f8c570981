/**
 * The worker that tells merchants what happened: one loop makes deliveries of new events, the other sends what is due. Each endpoint has a few
 * tries under way at most, one while it is in trouble, so that a slow shop keeps only itself waiting.
 */
import { type Attempt, afterFailure, type ClaimedDelivery, type DeliveryResult, type Outbox } from '../core/event/outbox.ts';
import type { Engine } from '../core/payment/engine.ts';
import type { CallbackAddress, CallbackMessage, DialectCallbacks, PaymentNotice, TokenNotice, Webhooks } from '../dialects/dialect.ts';
import type { Outbound } from '../http/outbound.ts';
import { startWorker, type Worker } from './worker.ts';

export interface DeliverEvents {
  readonly engine: Engine;
  readonly outbox: Outbox;
  readonly outbound: Outbound;
  readonly webhooks: Pick<Webhooks, 'addressesOf'>;
  readonly mode: 'sandbox' | 'live';
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

export function startDelivering(parts: DeliverEvents): Worker {
  const { outbox, engine } = parts;
  const guarded = guardedBy(engine.log);
  const enrolling = startWorker(
    guarded('new events cannot be looked at; trying again', async () => {
      const count = await outbox.enroll(enrolledAtOnce);
      return count >= enrolledAtOnce ? 0 : lookEveryMs;
    }),
  );
  const sender = createSender(parts);
  const sending = startWorker(guarded('deliveries cannot be looked at; trying again', sender.turn));
  return {
    async stop() {
      await Promise.all([enrolling.stop(), sending.stop()]);
      await sender.settled();
    },
  };
}

/** Tells a failure once, until it works again. */
function guardedBy(log: Engine['log']): (message: string, turn: () => Promise<number>) => () => Promise<number> {
  return (message, turn) => {
    let wasDown = false;
    return async () => {
      try {
        const pauseMs = await turn();
        wasDown = false;
        return pauseMs;
      } catch (error) {
        if (!wasDown) log.warn({ error: String(error) }, message);
        wasDown = true;
        return pauseAfterErrorMs;
      }
    };
  };
}

interface Sender {
  /** Claims and sends; says how long to pause. */
  turn(): Promise<number>;
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
      const isFine = await tryDelivery(parts, delivery, inTrouble.has(endpointId));
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

  return {
    async turn() {
      if (tries.size >= underWayAtMost) return lookEveryMs / 4;
      // Half of the places are for endpoints that have nothing under way, however many slow ones there are.
      const isCrowded = tries.size > underWayAtMost / 2;
      const busy = [...underWay].filter(([id, count]) => count >= (isCrowded || inTrouble.has(id) ? 1 : perEndpoint)).map(([id]) => id);
      const claimed = await parts.outbox.claim({ perEndpoint, limit: underWayAtMost - tries.size, leaseMs, busy });
      for (const delivery of claimed) {
        const attempt = run(delivery).finally(() => tries.delete(attempt));
        tries.add(attempt);
      }
      if (claimed.length === 0) return lookEveryMs;
      // There is probably more; the next look waits until something of this one is done, or for the usual time.
      await Promise.race([...tries, new Promise((resolve) => setTimeout(resolve, lookEveryMs).unref())]);
      return 0;
    },
    async settled() {
      await Promise.all(tries);
    },
  };
}

function namesOf({ merchantId, endpointId, paymentId, sequence }: ClaimedDelivery): object {
  return { merchantId, endpointId, paymentId, sequence };
}

/** Sends the messages of an event that are still to be sent, and records what came of it. False when the endpoint is in trouble. */
async function tryDelivery(parts: DeliverEvents, delivery: ClaimedDelivery, wasInTrouble: boolean): Promise<boolean> {
  const { outbox, engine, callbacks } = parts;
  const policy = callbacks.get(delivery.endpoint.dialect);
  const subject = await readSubject(parts, delivery);
  if (policy === undefined || subject === undefined) {
    await outbox.postpone(delivery, postponedMs);
    return true;
  }
  const { attempt, messagesSent, isGone } = await sendAll(parts, { policy, delivery, subject });
  if (attempt.problem === undefined) {
    await outbox.record({ delivery, attempt, messagesSent, result: { state: 'delivered' } });
    if (delivery.failuresBefore > 0 || wasInTrouble) await outbox.noteSuccess(delivery.endpoint);
    return true;
  }
  const result: DeliveryResult = afterFailure({ tries: delivery.tries, retryDelaysMs: policy.retryDelaysMs });
  await outbox.noteFailure(delivery.endpoint, attempt.problem);
  await parkIfHopeless(parts, delivery, { problem: attempt.problem, isGone, isGivenUp: result.state === 'given_up' });
  await outbox.record({ delivery, attempt, messagesSent, result });
  if (result.state === 'given_up')
    engine.log.warn({ ...namesOf(delivery), tries: delivery.tries }, 'an event could not be delivered and was given up');
  return false;
}

type Subject = Pick<PaymentNotice, 'subject' | 'event' | 'tree' | 'operation'> | Pick<TokenNotice, 'subject' | 'act'>;

interface Telling {
  readonly policy: DialectCallbacks;
  readonly delivery: ClaimedDelivery;
  readonly subject: Subject;
}

/** What is told about, as it is now; undefined when it is not there. */
async function readSubject(
  { engine, outbox }: DeliverEvents,
  { merchantId, paymentId, operationId, sequence, event }: ClaimedDelivery,
): Promise<Subject | undefined> {
  if (event === undefined) {
    const kind = sequence === 1 ? 'tokenization' : 'deletion';
    const act = await engine.tokenActs.find({ merchantId, token: paymentId.replaceAll('-', ''), kind });
    return act === undefined ? undefined : { subject: 'token', act };
  }
  const tree = await outbox.findTree({ merchantId, operationId });
  const operation = tree?.operations.find((candidate) => candidate.operationId === operationId);
  return tree === undefined || operation === undefined ? undefined : { subject: 'payment', event, tree, operation };
}

/** Throws when the endpoint's secret is not there or cannot be opened. */
async function writeMessages(
  { engine, mode, webhooks }: DeliverEvents,
  { policy, delivery, subject }: Telling,
): Promise<readonly CallbackMessage[]> {
  const { merchantId, endpoint, channel, tries } = delivery;
  const url = endpoint.url ?? urlNamedIn(subject);
  if (url === undefined) return [];
  const { endpointId, settings, sealedSecret } = endpoint;
  const secret =
    sealedSecret === undefined ? undefined : engine.vault.openSecret({ merchantId, secretId: endpointId, sealed: sealedSecret });
  const own: CallbackAddress = { url, settings, ...(secret === undefined ? {} : { secret }) };
  const [set] = endpoint.url === undefined ? await webhooks.addressesOf(channel) : [];
  const address = set === undefined ? own : { ...set, url };
  const namedByRequest = endpoint.url === undefined;
  return policy.write({ ...subject, address, mode, channel, namedByRequest, nowMs: engine.clock.wallNow(), retries: tries - 1 });
}

/** By the operation's own request, else by the one that began the payment. */
function urlNamedIn(subject: Subject): string | undefined {
  if (subject.subject === 'token') return undefined;
  return subject.operation.dialectData.notificationUrl ?? subject.tree.operations[0]?.dialectData.notificationUrl;
}

interface Sent {
  readonly attempt: Attempt;
  readonly messagesSent: number;
  /** The endpoint says that it will never take anything again. */
  readonly isGone: boolean;
}

async function sendAll(parts: DeliverEvents, telling: Telling): Promise<Sent> {
  const { engine, outbound } = parts;
  const { policy, delivery } = telling;
  const startedAtMs = engine.clock.wallNow();
  let { messagesSent } = delivery;
  let messages: readonly CallbackMessage[];
  try {
    messages = await writeMessages(parts, telling);
  } catch (error) {
    engine.log.error({ ...namesOf(delivery), error: String(error) }, 'a message to an endpoint cannot be written');
    return {
      attempt: { startedAtMs, durationMs: 0, problem: `the message cannot be written: ${String(error)}` },
      messagesSent,
      isGone: false,
    };
  }
  let attempt: Attempt = { startedAtMs, durationMs: 0 };
  for (const message of messages.slice(messagesSent)) {
    const answer = await outbound.send({ ...message, timeoutMs: policy.timeoutMs });
    const durationMs = attempt.durationMs + answer.durationMs;
    if (answer.kind !== 'answered') return { attempt: { startedAtMs, durationMs, problem: answer.problem }, messagesSent, isGone: false };
    attempt = { startedAtMs, durationMs, status: answer.status, answer: answer.excerpt };
    if (answer.status < 200 || answer.status > 299) {
      return { attempt: { ...attempt, problem: problemOf(answer.status) }, messagesSent, isGone: answer.status === 410 };
    }
    messagesSent += 1;
  }
  return { attempt, messagesSent, isGone: false };
}

function problemOf(status: number): string {
  if (status >= 300 && status < 400) return `HTTP ${status}: redirects are not followed, the URL itself has to answer`;
  return `HTTP ${status}`;
}

interface Failure {
  readonly problem: string;
  readonly isGone: boolean;
  readonly isGivenUp: boolean;
}

/** An endpoint that has not acknowledged anything for as long as the dialect tries is parked, and what waits for it stays. */
async function parkIfHopeless({ engine, outbox }: DeliverEvents, delivery: ClaimedDelivery, failure: Failure): Promise<void> {
  if (!failure.isGone && !failure.isGivenUp) return;
  const reason = failure.isGone
    ? 'it answered HTTP 410, that it is gone for good'
    : `nothing was acknowledged in ${delivery.tries} tries of the same event, the last ended with: ${failure.problem}`;
  const parked = await outbox.park(delivery.endpoint, reason, failure.isGone ? undefined : delivery.createdAtMs);
  if (parked)
    engine.log.error(
      { endpointId: delivery.endpointId, merchantId: delivery.merchantId, reason },
      'an endpoint was parked: it is sent nothing until a test message is acknowledged',
    );
}
