/** The merchants' business during the drill: new payments at a steady rate, and acts upon the ones that succeeded. */
import { setTimeout as delay } from 'node:timers/promises';
import { createCardSource, panLength } from '../cards.ts';
import type { MerchantAccess } from '../requests.ts';
import type { MerchantClient } from './merchant.ts';
import { newAnswers, type Order, type OrderRecord, type PaymentType } from './order.ts';

export interface ShopOptions {
  readonly client: MerchantClient;
  readonly merchants: readonly MerchantAccess[];
  /** Orders under way at the same time at most. */
  readonly connections: number;
  /** Orders per second, when nothing is in their way. */
  readonly rate: number;
  readonly random: () => number;
  /** No new orders after it. */
  readonly closing: AbortSignal;
}

export interface Shop {
  /** Every order that was ever sent. */
  readonly orders: readonly OrderRecord[];
  /** Orders whose repetition under their key was answered otherwise, with that answer. */
  readonly otherAnswers: readonly { readonly order: OrderRecord; readonly answer: string }[];
  /** Resolves when the shop is closed and every order has its answer, or the client has given up. */
  readonly done: Promise<unknown>;
}

interface Act {
  readonly type: PaymentType;
  /** Of what is left. */
  readonly part: 'all' | 'half';
}

/** What may be done to an order that succeeded, by its type. */
const nextActs: Readonly<Record<PaymentType, readonly Act[]>> = {
  PA: [
    { type: 'CP', part: 'all' },
    { type: 'CP', part: 'half' },
    { type: 'RV', part: 'all' },
  ],
  DB: [
    { type: 'RF', part: 'all' },
    { type: 'RF', part: 'half' },
    { type: 'RV', part: 'all' },
  ],
  CP: [
    { type: 'RF', part: 'all' },
    { type: 'RF', part: 'half' },
    { type: 'RV', part: 'all' },
  ],
  RF: [],
  RV: [],
  RC: [],
};

const followUpShare = 0.45;
/** Sent again under its key when it has its answer. */
const repeatShare = 0.05;
/** Sent twice at the same moment, as impatient software does. */
const twinShare = 0.03;
const subjectsAtMost = 2_000;
/** Of new payments: with a shopper who may have to authenticate; fewer than the machine could bear, since people take their time. */
const asynchronousShare = 0.12;
const authentications = ['challenge', 'challenge', 'frictionless', 'not enrolled'] as const;

export function openShop({ client, merchants, connections, rate, random, closing }: ShopOptions): Shop {
  const cards = createCardSource(random);
  const run = Math.floor(random() * 36 ** 5).toString(36);
  const orders: Order[] = [];
  const otherAnswers: { order: Order; answer: string }[] = [];
  const subjects: Order[] = [];
  const twins: { order: Order; id: string }[] = [];
  const following = new Set<Promise<void>>();

  function newOrder(): Order {
    const key = `${run}-${orders.length}`;
    const subject = random() < followUpShare ? takeSubject() : undefined;
    const order = subject === undefined ? newPayment(key) : actUpon(subject, key);
    orders.push(order);
    return order;
  }

  function takeSubject(): Order | undefined {
    const [subject] = subjects.splice(Math.floor(random() * subjects.length), 1);
    return subject;
  }

  function newPayment(key: string): Order {
    const merchant = merchants[Math.floor(random() * merchants.length)] as MerchantAccess;
    const digits = Buffer.alloc(panLength);
    cards.write(digits, 0);
    const amountMinor = 200 + Math.floor(random() * 50_000);
    const authentication = random() < asynchronousShare ? authentications[Math.floor(random() * authentications.length)] : undefined;
    const payment = {
      ...newAnswers(amountMinor),
      key,
      merchant,
      type: random() < 0.5 ? 'DB' : 'PA',
      pan: digits.toString('latin1'),
    } as const;
    return authentication === undefined ? payment : { ...payment, authentication };
  }

  function actUpon(subject: Order, key: string): Order {
    // Money that was partly refunded cannot be reversed any more.
    const isRefunded = subject.type !== 'PA' && subject.leftMinor < subject.amountMinor;
    const acts = nextActs[subject.type].filter(({ type }) => type !== 'RV' || !isRefunded);
    const act = acts[Math.floor(random() * acts.length)] as Act;
    const amountMinor = act.part === 'all' || subject.leftMinor === 1 ? subject.leftMinor : Math.floor(subject.leftMinor / 2);
    return { ...newAnswers(amountMinor), key, merchant: subject.merchant, type: act.type, subject };
  }

  async function finish(order: Order): Promise<void> {
    if (order.final === undefined || order.final.outcome === 'refused') return;
    if (order.final.outcome === 'approved') {
      offer(order);
      if (order.subject !== undefined) order.subject.leftMinor -= order.amountMinor;
    }
    if (order.subject !== undefined) offer(order.subject);
    if (random() >= repeatShare) return;
    const answer = await client.repeat(order);
    if (answer !== undefined) otherAnswers.push({ order, answer });
  }

  /** At most one act is under way upon an order, so that none is refused for another's sake. */
  function offer(order: Order): void {
    if (order.leftMinor > 0 && nextActs[order.type].length > 0 && subjects.length < subjectsAtMost) subjects.push(order);
  }

  async function work(): Promise<void> {
    const everyMs = (connections * 1000) / rate;
    let nextAtMs = performance.now() + random() * everyMs;
    while (!closing.aborted) {
      await delay(Math.max(0, nextAtMs - performance.now()), undefined, { signal: closing }).catch(() => undefined);
      if (closing.aborted) break;
      const order = newOrder();
      const twin = random() < twinShare ? client.twin(order) : undefined;
      const isFinal = await client.send(order);
      if (twin !== undefined) checkTwin(order, twin);
      if (isFinal) await finish(order);
      else follow(order);
      // After a standstill the work goes on at its pace; it does not catch up.
      nextAtMs = Math.max(nextAtMs + everyMs, performance.now());
    }
  }

  function follow(order: Order): void {
    afterwards(client.follow(order).then(() => finish(order)));
  }

  /** Both requests of one key must have come to the same operation; which one is known once the order has its final answer. */
  function checkTwin(order: Order, twin: Promise<string | undefined>): void {
    afterwards(
      twin.then((id) => {
        if (id !== undefined) twins.push({ order, id });
      }),
    );
  }

  function afterwards(work: Promise<void>): void {
    following.add(work);
    void work.finally(() => following.delete(work));
  }

  async function workers(): Promise<void> {
    await Promise.all(Array.from({ length: connections }, work));
    while (following.size > 0) await Promise.all(following);
    for (const { order, id } of twins) {
      // A twin may have been told "pending" of an operation whose commit had not happened; the order is then answered with another one.
      const isOther = order.final !== undefined && order.final.id !== id && !order.answers.includes('200 000.200.000');
      if (isOther) otherAnswers.push({ order, answer: `its twin was answered with ${id}` });
    }
  }

  return { orders, otherAnswers, done: workers() };
}
