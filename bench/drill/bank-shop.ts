/** The merchants' business with shoppers who pay at their bank: some at once, some later, some not at all; and the refunds that follow. */
import { setTimeout as delay } from 'node:timers/promises';
import type { MerchantAccess } from '../requests.ts';
import type { MerchantClient } from './merchant.ts';
import { newAnswers, type Order } from './order.ts';
import type { Shop } from './shop.ts';

export interface BankShopOptions {
  readonly client: MerchantClient;
  readonly merchants: readonly MerchantAccess[];
  /** Payments per second. */
  readonly rate: number;
  /** Where the bank is told that money comes. */
  readonly hostUrl: string;
  readonly random: () => number;
  /** No new payments after it. */
  readonly closing: AbortSignal;
  /** Ends all waiting. */
  readonly signal: AbortSignal;
}

type AtBank = NonNullable<Order['bank']>;

/** What shoppers do, each as often as it stands here. `declares`: the merchant tells of a part of the money before the bank does. */
const habits: readonly (readonly [type: 'DB' | 'PA', bank: AtBank])[] = [
  ['DB', { brand: 'IDEAL', act: 'pay' }],
  ['DB', { brand: 'SOFORTUEBERWEISUNG', act: 'pay' }],
  ['DB', { brand: 'IDEAL', act: 'later' }],
  ['DB', { brand: 'IDEAL', act: 'refuse' }],
  ['PA', { brand: 'PREPAYMENT', act: 'pay' }],
  ['PA', { brand: 'PREPAYMENT', act: 'later' }],
  ['PA', { brand: 'SOFORTUEBERWEISUNG', act: 'later' }],
  ['PA', { brand: 'PREPAYMENT', act: 'later', declares: true }],
  ['PA', { brand: 'PREPAYMENT', act: 'refuse' }],
];
const refundShare = 0.4;
const repeatShare = 0.2;
const retryPauseMs = 200;

/** Each payment is made, followed to its end, and perhaps refunded, whatever breaks on the way. */
export function openBankShop({ client, merchants, rate, hostUrl, random, closing, signal }: BankShopOptions): Shop {
  const run = Math.floor(random() * 36 ** 5).toString(36);
  const orders: Order[] = [];
  const otherAnswers: { order: Order; answer: string }[] = [];

  function keep(order: Omit<Order, 'key' | 'attempts' | 'answers' | 'leftMinor'>): Order {
    const kept = { ...newAnswers(order.amountMinor), ...order, key: `bank-${run}-${orders.length}` };
    orders.push(kept);
    return kept;
  }

  async function live(): Promise<void> {
    const merchant = merchants[Math.floor(random() * merchants.length)] as MerchantAccess;
    const [type, bank] = habits[Math.floor(random() * habits.length)] as (typeof habits)[number];
    const order = keep({ merchant, type, bank, amountMinor: 200 + Math.floor(random() * 50_000) });
    await complete(order);
    if (order.final?.outcome !== 'approved' || bank.declares === true || random() >= refundShare) return;
    const amountMinor = random() < 0.5 ? order.amountMinor : Math.ceil(order.amountMinor / 2);
    await complete(keep({ merchant, type: 'RF', subject: order, amountMinor }));
  }

  async function complete(order: Order): Promise<void> {
    if (!(await client.send(order))) await client.follow(order, (reference) => moneyComes(order, reference));
    if (order.final === undefined || order.final.outcome === 'refused' || random() >= repeatShare) return;
    const answer = await client.repeat(order);
    if (answer !== undefined) otherAnswers.push({ order, answer });
  }

  /** The shopper has promised it. All that is missing comes, so telling the bank again changes nothing. */
  async function moneyComes(order: Order, reference: string): Promise<void> {
    const { merchant, amountMinor, bank, final } = order;
    if (bank?.declares === true && !orders.some(({ subject, type }) => subject === order && type === 'RC')) {
      // The receipt names the order by its id, which is known before the order is over.
      const known = {
        ...order,
        final: final ?? { outcome: 'approved', status: 200, code: '', id: client.idOf(order), rrn: undefined },
      } as const;
      await complete(keep({ merchant, type: 'RC', subject: known, amountMinor: Math.ceil(amountMinor / 2) }));
    }
    const body = JSON.stringify({ reference });
    while (!signal.aborted) {
      const answer = await fetch(`${hostUrl}/control/receipts`, { method: 'POST', body, signal }).catch(() => undefined);
      // 400: all of it is there already.
      if (answer?.status === 201 || answer?.status === 400) return;
      await delay(retryPauseMs, undefined, { signal }).catch(() => undefined);
    }
  }

  async function work(): Promise<void> {
    const living = new Set<Promise<void>>();
    while (!closing.aborted) {
      const life = live();
      living.add(life);
      void life.finally(() => living.delete(life));
      await delay(1_000 / rate, undefined, { signal: closing }).catch(() => undefined);
    }
    await Promise.all(living);
  }

  return { orders, otherAnswers, done: work() };
}
