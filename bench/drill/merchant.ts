/**
 * A merchant that does what a careful one does: whatever goes wrong on the way, it sends the same request again under the same key until
 * it is answered, and asks after a pending one until that is certain. It keeps its own list of what it was told.
 */
import { Agent, request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { isPending, isSuccess } from '../answer.ts';
import { bodyOf, type FinalAnswer, type Order, pathOf } from './order.ts';
import type { DrillShopper } from './shopper.ts';

export interface MerchantOptions {
  readonly port: number;
  readonly connections: number;
  /** Whom a payment is handed to that waits for its shopper. */
  readonly shopper: DrillShopper;
  /** Ends all waiting: what has no answer by then stays without one. */
  readonly signal: AbortSignal;
  /** Called for each answer that says success, with the moment at which its request was sent. */
  readonly onSuccess: (sentAtMs: number) => void;
}

export interface MerchantClient {
  /** Sends until it is answered. True when that is final; false when it is pending and has to be asked after. */
  send(order: Order): Promise<boolean>;
  /** Asks after a pending order until it is certain. `onPromise`: the shopper will pay at the bank later, under this reference. */
  follow(order: Order, onPromise?: (reference: string) => Promise<void>): Promise<void>;
  /** Of an order that is pending; empty when there was none. */
  idOf(order: Order): string;
  /** Sends an order that has its answer once more: undefined when the answer says the same, else what it says. */
  repeat(order: Order): Promise<string | undefined>;
  /** Sends the request once more while it is under way: the id that was answered, if any. */
  twin(order: Order): Promise<string | undefined>;
  /** Asks once what has become of an operation. */
  query(order: Order): Promise<FinalAnswer | 'pending' | undefined>;
  close(): void;
}

interface Reply {
  readonly status: number;
  readonly code: string;
  readonly id: string;
  readonly rrn: string | undefined;
  /** Where the shopper has something to do. */
  readonly pageUrl: string | undefined;
  /** Under which the shopper transfers money. */
  readonly reference: string | undefined;
}

/** Longer than the acquirer's time-out and the gateway's patience with its database together. */
const timeoutMs = 8_000;
const firstPauseMs = 30;
const longestPauseMs = 500;
const pollPauseMs = 300;
/** The key is in flight, the payment is busy: refusals that ask for another try. */
const tryAgain = new Set(['800.600.100', '800.700.100']);
const notFound = '700.400.580';
/** The shopper has ordered the payment, and its money is to come. */
const promised = '800.400.500';

export function openMerchantClient({ port, connections, shopper, signal, onSuccess }: MerchantOptions): MerchantClient {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const pollAgent = new Agent({ keepAlive: true, maxSockets: 4 });

  function exchange(method: 'GET' | 'POST', path: string, order: Order): Promise<Reply> {
    const { promise, resolve, reject } = Promise.withResolvers<Reply>();
    const body = method === 'POST' ? bodyOf(order) : '';
    const sent = request(
      {
        ...{ host: '127.0.0.1', port, method, path, agent: method === 'POST' ? agent : pollAgent, timeout: timeoutMs },
        headers: {
          authorization: `Bearer ${order.merchant.bearerToken}`,
          ...(method === 'POST'
            ? {
                'content-type': 'application/x-www-form-urlencoded',
                'content-length': Buffer.byteLength(body),
                'idempotency-key': order.key,
              }
            : {}),
        },
      },
      (answer) => {
        const parts: Buffer[] = [];
        answer.on('data', (part: Buffer) => parts.push(part));
        answer.on('error', reject);
        answer.on('end', () => {
          try {
            if (!answer.complete) throw new Error('the answer was cut off');
            resolve(readReply(answer.statusCode ?? 0, Buffer.concat(parts).toString()));
          } catch (error) {
            reject(error);
          }
        });
      },
    );
    sent.on('timeout', () => sent.destroy(new Error('timeout')));
    sent.on('error', reject);
    sent.end(body);
    return promise;
  }

  /** One request and its answer, noted; undefined when there was none that counts. */
  async function attempt(order: Order): Promise<Reply | undefined> {
    order.attempts += 1;
    const sentAtMs = performance.now();
    try {
      const reply = await exchange('POST', pathOf(order), order);
      note(order, `${reply.status} ${reply.code}`);
      if (isSuccess(reply.code)) onSuccess(sentAtMs);
      return reply.status >= 500 || tryAgain.has(reply.code) ? undefined : reply;
    } catch (error) {
      note(order, error instanceof Error && 'code' in error ? String(error.code) : String(error));
      return undefined;
    }
  }

  async function answered(order: Order): Promise<Reply | undefined> {
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
      const reply = await attempt(order);
      if (reply !== undefined || signal.aborted) return reply;
      await delay(pauseMs, undefined, { signal }).catch(() => undefined);
    }
  }

  async function send(order: Order): Promise<boolean> {
    const reply = await answered(order);
    if (reply === undefined) return true;
    if (isPending(reply.code) || reply.code === promised) {
      pendingIds.set(order, reply.id);
      return false;
    }
    order.final = finalOf(reply);
    return true;
  }

  const pendingIds = new WeakMap<Order, string>();

  async function follow(order: Order, onPromise?: (reference: string) => Promise<void>): Promise<void> {
    for (let visits = 0; !signal.aborted; ) {
      await delay(pollPauseMs, undefined, { signal }).catch(() => undefined);
      const reply = await ask(order, pendingIds.get(order) ?? '');
      if (reply?.pageUrl !== undefined) {
        visits += 1;
        await shopper.goOn(reply.pageUrl, visits, order.bank?.act);
      }
      if (reply?.code === promised) {
        await onPromise?.(reply.reference ?? '');
        continue;
      }
      if (reply === undefined || isPending(reply.code) || reply.status >= 500) continue;
      note(order, `query ${reply.status} ${reply.code}`);
      if (reply.code !== notFound) {
        order.final = finalOf(reply);
        return;
      }
      // Pending, and then nobody knows it: the commit that the gateway could not see the end of had not happened. The key makes it safe
      // to send it again.
      if (await send(order)) return;
    }
  }

  async function ask(order: Order, id: string): Promise<Reply | undefined> {
    return exchange('GET', `/v1/query/${id}?entityId=${order.merchant.entityId}`, order).catch(() => undefined);
  }

  return {
    send,
    follow,
    idOf: (order) => pendingIds.get(order) ?? '',
    async repeat(order) {
      const reply = await answered(order);
      if (reply === undefined) return undefined;
      const again = finalOf(reply);
      const same = again.id === order.final?.id && again.outcome === order.final.outcome;
      return same ? undefined : `${reply.status} ${reply.code} ${reply.id}`;
    },
    async twin(order) {
      const reply = await attempt(order);
      return reply === undefined || reply.id === '' ? undefined : reply.id;
    },
    async query(order) {
      const reply = await ask(order, order.final?.id ?? '');
      if (reply === undefined) return undefined;
      return isPending(reply.code) ? 'pending' : finalOf(reply);
    },
    close() {
      agent.destroy();
      pollAgent.destroy();
    },
  };
}

function note(order: Order, what: string): void {
  const last = order.answers.at(-1);
  // Hundreds of refused connections in a row say no more than the first.
  if (last !== what) order.answers.push(what);
}

function finalOf({ status, code, id, rrn }: Reply): FinalAnswer {
  const outcome = isSuccess(code) ? 'approved' : id === '' ? 'refused' : 'failed';
  return { outcome, status, code, id, rrn };
}

interface Envelope {
  readonly id?: string;
  readonly result?: { readonly code?: string };
  readonly resultDetails?: { readonly ConnectorTxID1?: string; readonly ConnectorTxID2?: string };
  readonly redirect?: { readonly url?: string };
}

function readReply(status: number, text: string): Reply {
  const body: Envelope = JSON.parse(text);
  const { ConnectorTxID1: rrn, ConnectorTxID2: reference } = body.resultDetails ?? {};
  return { status, code: body.result?.code ?? '', id: body.id ?? '', rrn, reference, pageUrl: body.redirect?.url };
}
