/** The business of merchants who speak the other protocols: payments, and what follows them, each a life of its own. */
import { setTimeout as delay } from 'node:timers/promises';
import { drivers } from '../../test/contract/drivers.ts';
import { createCardSource, panLength } from '../cards.ts';
import { type DialectMerchant, openDialectMerchant } from './dialect-merchant.ts';
import type { DialectOrder } from './dialect-order.ts';
import { newAnswers } from './order.ts';
import type { Shop } from './shop.ts';
import type { DrillShopper } from './shopper.ts';

export interface DialectShopOptions {
  /** Of the gateway. */
  readonly url: string;
  /** Payments per second, of all protocols together. */
  readonly rate: number;
  readonly shopper: DrillShopper;
  readonly random: () => number;
  readonly onSuccess: (sentAtMs: number) => void;
  /** No new payments after it. */
  readonly closing: AbortSignal;
  /** Ends all waiting. */
  readonly signal: AbortSignal;
}

export interface DialectShop extends Shop {
  /** Asks once more after every order, when all is over; what is told otherwise by now is with the other answers. */
  askAgain(): Promise<void>;
}

/** Of new payments: with a shopper. A customer of tZero Pay always has a page; of QorePay the merchant's server sends the card. */
const shopperShares: Readonly<Record<string, number>> = { tzero: 1, payone: 0.25, paymentz: 0.25 };
/** Protocols in which a part of a hold may be given back, and the merchant can ask what became of that. */
const partlyVoiding = ['payone'];
const sendingCardsWithoutKeys = ['qorepay'];
/** Sent again when it has its answer. */
const repeatShare = 0.15;
/** Sent twice at the same moment. */
const twinShare = 0.1;
const voidShare = 0.3;
const captureShare = 0.6;
const refundShare = 0.5;
const partShare = 0.6;
const livesAtOnce = 8;
const askedAtOnce = 4;

export function openDialectShop({ url, rate, shopper, random, onSuccess, closing, signal }: DialectShopOptions): DialectShop {
  const others = drivers.filter(({ dialect }) => dialect !== 'opp');
  const merchants = others.map((driver) => openDialectMerchant({ driver, url, shopper, signal, onSuccess }));
  const cards = createCardSource(random);
  const run = Math.floor(random() * 36 ** 5).toString(36);
  const orders: DialectOrder[] = [];
  const otherAnswers: { order: DialectOrder; answer: string }[] = [];

  function keep(
    merchant: DialectMerchant,
    order: Pick<DialectOrder, 'type' | 'amountMinor' | 'pan' | 'hasShopper' | 'subject' | 'isWhole'>,
  ): DialectOrder {
    const { dialect } = merchant.driver;
    const kept = { ...newAnswers(order.amountMinor), ...order, dialect, key: `${dialect}-${run}-${orders.length}` };
    orders.push(kept);
    return kept;
  }

  function newPan(): string {
    const digits = Buffer.alloc(panLength);
    cards.write(digits, 0);
    return digits.toString('latin1');
  }

  async function live(): Promise<void> {
    const merchant = merchants[Math.floor(random() * merchants.length)] as DialectMerchant;
    const amountMinor = 200 + Math.floor(random() * 50_000);
    const type = random() < 0.5 ? 'DB' : 'PA';
    const share = shopperShares[merchant.driver.dialect] ?? 0;
    const order = keep(merchant, { type, amountMinor, pan: newPan(), ...(random() < share ? { hasShopper: true } : {}) });
    if (!(await complete(merchant, order))) return;
    if (type === 'DB') return refund(merchant, order, order.leftMinor);
    const draw = random();
    if (draw < voidShare) await giveBack(merchant, order);
    else if (draw < voidShare + captureShare) await capture(merchant, order);
  }

  async function giveBack(merchant: DialectMerchant, subject: DialectOrder): Promise<void> {
    const isPart = partlyVoiding.includes(merchant.driver.dialect) && random() < partShare;
    const amountMinor = isPart ? Math.ceil(subject.leftMinor / 3) : subject.leftMinor;
    await complete(merchant, keep(merchant, { type: 'RV', subject, amountMinor, ...(isPart ? {} : { isWhole: true }) }));
  }

  /** Once, or in parts; the money that was captured is given back by the payment, as the protocols have it, which may take it from several captures. */
  async function capture(merchant: DialectMerchant, subject: DialectOrder): Promise<void> {
    const timesAtMost = merchant.driver.lacks.includes('several captures') ? 1 : 3;
    let capturedMinor = 0;
    for (let times = 0; times < timesAtMost && subject.leftMinor > 0; times += 1) {
      const amountMinor = random() < partShare ? Math.ceil(subject.leftMinor / 2) : subject.leftMinor;
      if (!(await complete(merchant, keep(merchant, { type: 'CP', subject, amountMinor })))) return;
      subject.leftMinor -= amountMinor;
      capturedMinor += amountMinor;
    }
    await refund(merchant, subject, capturedMinor);
  }

  async function refund(merchant: DialectMerchant, subject: DialectOrder, capturedMinor: number): Promise<void> {
    const timesAtMost = merchant.driver.lacks.includes('several refunds') ? 1 : 3;
    let leftMinor = capturedMinor;
    for (let times = 0; times < timesAtMost && leftMinor > 0 && random() < refundShare; times += 1) {
      const amountMinor = random() < partShare ? Math.ceil(leftMinor * 0.7) : leftMinor;
      if (!(await complete(merchant, keep(merchant, { type: 'RF', subject, amountMinor })))) return;
      leftMinor -= amountMinor;
    }
  }

  /** True when it succeeded. */
  async function complete(merchant: DialectMerchant, order: DialectOrder): Promise<boolean> {
    const twin = random() < twinShare && hasTwin(order) ? merchant.twin(order) : undefined;
    await merchant.complete(order);
    const { final } = order;
    const twinId = await twin;
    // A twin may have been told "pending" of an operation whose commit had not happened.
    if (final !== undefined && twinId !== undefined && twinId !== final.id && !order.answers.some((answer) => answer.endsWith(' pending')))
      otherAnswers.push({ order, answer: `its twin was answered with ${twinId}` });
    if (final !== undefined && final.outcome !== 'refused' && random() < repeatShare) tellDifference(order, await merchant.repeat(order));
    return final?.outcome === 'approved';
  }

  /** A card that is sent has no key in all protocols: one that comes after another has failed is one more try. */
  function hasTwin({ dialect, subject }: DialectOrder): boolean {
    return subject !== undefined || !sendingCardsWithoutKeys.includes(dialect);
  }

  function tellDifference(order: DialectOrder, answer: string | undefined): void {
    if (answer !== undefined) otherAnswers.push({ order, answer });
  }

  /** What is down slows new payments as well, so that this stays a part of all that the machine has to bear. */
  async function work(): Promise<void> {
    const everyMs = (livesAtOnce * 1_000) / rate;
    let nextAtMs = performance.now() + random() * everyMs;
    while (!closing.aborted) {
      await delay(Math.max(0, nextAtMs - performance.now()), undefined, { signal: closing }).catch(() => undefined);
      if (closing.aborted) break;
      await live();
      nextAtMs = Math.max(nextAtMs + everyMs, performance.now());
    }
  }

  async function askAgain(): Promise<void> {
    const left = orders.filter(({ final }) => final !== undefined && final.outcome !== 'refused');
    const byDialect = new Map(merchants.map((merchant) => [merchant.driver.dialect, merchant]));
    const next = async (): Promise<void> => {
      for (let order = left.pop(); order !== undefined; order = left.pop()) {
        const told = await byDialect.get(order.dialect)?.ask(order);
        tellDifference(order, told === undefined ? undefined : `asked afterwards: ${told}`);
      }
    };
    await Promise.all(Array.from({ length: askedAtOnce }, next));
  }

  return { orders, otherAnswers, done: Promise.all(Array.from({ length: livesAtOnce }, work)), askAgain };
}
