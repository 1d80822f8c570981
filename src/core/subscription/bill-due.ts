/**
 * Bills subscribers when their periods begin or end, in order, also those that became due while nothing ran. Each period has one order, whose id follows
 * from the subscription and the period; an attempt to charge it is one under its number: so neither a second node nor a crash can bill or charge twice.
 */
import { doEach } from '../due/each.ts';
import type { DueWork } from '../due/work.ts';
import { type CustomerCard, keptCardsOf } from '../instrument/kept-cards.ts';
import { mailOrder } from '../invoice/mail-order.ts';
import type { Channel, Directory } from '../merchant/channel.ts';
import { payCheckout, stateOfCheckout } from '../payment/checkout.ts';
import type { Engine } from '../payment/engine.ts';
import type { OperationView } from '../payment/operation.ts';
import { openOrderOnce } from '../payment/order.ts';
import type { BillOrder, BillWriter } from './bill.ts';
import type { BillingTemplate, DueSubscriber, Plan, SubscriberChange } from './billing.ts';
import { afterPeriods } from './period.ts';
import { dueOfCycle, statusNow, withSubscriber } from './subscribe.ts';

export interface Billing {
  readonly engine: Engine;
  readonly directory: Pick<Directory, 'channelById'>;
  /** By the name of a dialect. */
  readonly writers: ReadonlyMap<string, BillWriter>;
  readonly isTest: boolean;
}

const dayMs = 86_400_000;
const minuteMs = 60_000;
/** Added to the time that an acquirer may take; by then a node that has leased a subscriber is done, or is gone. */
const leaseMarginMs = 60_000;
/** After each charge that failed: when it is tried again, unless the next period comes first. */
const retriesAfterMs = [1, 2, 3].map((days) => days * dayMs);
/** No acquirer was there to be asked: that is no failure yet. */
const againAfterMs = 10 * minuteMs;
const unreachedAtMost = 4;
const unclearAfterMs = 60 * minuteMs;
const pauseMs = 5_000;

/** Under which name the dialect's data of a charge has the number of its attempt. */
const attemptName = 'billingAttempt';

export function dueBills(billing: Billing): DueWork {
  const { engine } = billing;
  return {
    name: 'bills of subscriptions',
    async run(limit) {
      const leaseMs = engine.acquirer.timeoutMs + leaseMarginMs;
      return doEach(engine.log, {
        taken: await engine.billing.claimDue({ businessNowMs: engine.clock.businessNow(), limit, leaseMs }),
        act: (due) => engine.within({ work: 'billing' }, () => billOrPutOff(billing, due)),
        namesOf: ({ subscriberId }) => ({ subscriberId }),
        waits: 'a bill waits for its next try',
      });
    },
    nextDueAtMs: () => engine.billing.nextDueAtMs(),
  };
}

async function billOrPutOff(billing: Billing, due: DueSubscriber): Promise<true> {
  try {
    await billOne(billing, due);
    return true;
  } catch (error) {
    await billing.engine.billing.putOff(due, { afterMs: pauseMs });
    throw error;
  }
}

/** What a bill needs. */
interface Work {
  readonly due: DueSubscriber;
  readonly template: BillingTemplate & { readonly plan: Plan };
  readonly channel: Channel;
  readonly writer: BillWriter;
}

async function billOne(billing: Billing, due: DueSubscriber): Promise<void> {
  const { engine, directory, writers } = billing;
  const { merchantId, channelId, templateId } = due;
  const template = await engine.billing.findTemplate({ merchantId, templateId });
  const channel = await directory.channelById({ merchantId, channelId });
  const writer = channel === undefined ? undefined : writers.get(channel.dialect);
  if (template?.plan === undefined || channel === undefined || writer === undefined)
    return record(billing, due, { ...due, status: 'ended' });
  const work = { due, template: { ...template, plan: template.plan }, channel, writer };
  const cycleAtMs = dueOfCycle(template.plan, due);
  const isPeriod = cycleAtMs !== undefined && due.dueAtMs >= cycleAtMs;
  if (!isPeriod) return due.tries > 0 ? chargeAgain(billing, work) : record(billing, due, next(billing, work, due));
  const status = await statusNow(engine, due, template.plan);
  if (status === 'ended') return record(billing, due, { ...due, status });
  if (status !== 'active' || !template.isActive || !channel.enabled) return pass(billing, work, status);
  return billPeriod(billing, work);
}

/** A period that is not billed. */
function pass(billing: Billing, work: Work, status: DueSubscriber['status']): Promise<void> {
  const { due } = work;
  return record(billing, due, next(billing, work, { ...due, status, tries: 0, nextCycle: due.nextCycle + 1 }));
}

async function billPeriod(billing: Billing, work: Work): Promise<void> {
  const { engine } = billing;
  const { due, template, channel, writer } = work;
  const { merchantId, customerId, nextCycle } = due;
  const customer = await engine.customers.findNamed({ merchantId, customerId });
  if (customer === undefined) return record(billing, due, { ...due, status: 'ended' });
  const payByMs = afterPeriods(engine.clock.businessNow(), template.plan.payWithin, 1);
  const order = await writer.orderOf({ channel, template, customer, subscriber: due, cycle: nextCycle, payByMs });
  const refused = await openOrderOnce(engine, channel, withSubscriber(order, due.subscriberId));
  if (refused !== undefined) {
    engine.log.warn(
      { subscriberId: due.subscriberId, code: refused.code },
      `a period of a subscription cannot be billed: ${refused.meaning}`,
    );
    return pass(billing, work, due.status);
  }
  const attempt = due.orderId === order.orderId ? due.attempt : 0;
  const billed = {
    ...due,
    status: 'active' as const,
    orderId: order.orderId,
    nextCycle: nextCycle + 1,
    cyclesBilled: due.cyclesBilled + 1,
  };
  return conclude(billing, work, { before: { ...billed, tries: 0, attempt }, order });
}

async function chargeAgain(billing: Billing, work: Work): Promise<void> {
  const { due } = work;
  if (due.status !== 'active' || due.orderId === undefined || !work.template.isActive)
    return record(billing, due, next(billing, work, { ...due, tries: 0 }));
  return conclude(billing, work, { before: due });
}

/** Charges the order, and records what came of it. `order`: made just now. */
async function conclude(
  billing: Billing,
  work: Work,
  { before, order }: { readonly before: DueSubscriber; readonly order?: BillOrder },
): Promise<void> {
  const { engine, isTest } = billing;
  const { due, channel } = work;
  const charged = await charge(billing, work, before);
  const { attempt = before.attempt } = charged;
  switch (charged.kind) {
    case 'over':
      return record(billing, due, next(billing, work, { ...before, attempt, tries: 0 }));
    case 'later': {
      // A new period stays the one that is billed: its order is there already when it is taken up again.
      const { nextCycle, cyclesBilled } = order === undefined ? before : due;
      return record(billing, due, { ...before, attempt, nextCycle, cyclesBilled, dueAtMs: engine.clock.businessNow() + charged.afterMs });
    }
    case 'failed':
      if (order !== undefined && before.mailsOnFailure) {
        await mailOrder(engine, { ...order, channel, to: order.mailTo, purpose: 'issued', isTest, key: order.orderId });
      }
      return record(billing, due, {
        ...next(billing, work, { ...before, attempt, tries: before.tries + 1 }),
        ...(before.orderId === undefined ? {} : { chargeFailed: before.orderId }),
      });
  }
}

/** `over`: it is paid, or cannot be paid any more. `later`: nobody knows yet, or nobody was there to be asked. */
type Charged =
  | { readonly kind: 'over' | 'failed'; readonly attempt?: number }
  | { readonly kind: 'later'; readonly afterMs: number; readonly attempt?: number };

async function charge(
  billing: Billing,
  { channel, writer }: Work,
  { merchantId, orderId = '', customerId, subscriberId, attempt: seen }: DueSubscriber,
): Promise<Charged> {
  const { engine } = billing;
  const checkout = await engine.checkouts.findById({ merchantId, checkoutId: orderId });
  if (checkout === undefined) return { kind: 'over' };
  const state = await stateOfCheckout(engine, checkout);
  if (state.kind === 'pending') return { kind: 'later', afterMs: unclearAfterMs };
  if (state.kind !== 'open') return { kind: 'over' };
  // Tried before a crash, and not looked at since.
  const tried = Number(state.last?.dialectData[attemptName] ?? 0);
  if (state.last !== undefined && tried > seen) return outcomeOf(state.last, tried);
  const card = await cardOf(engine, { merchantId, customerId, subscriberId });
  if (card === undefined) return { kind: 'failed' };
  const { attempt } = state;
  const result = await payCheckout(
    engine,
    { checkout, channel },
    {
      ...{ attempt, revision: checkout.revision, instrument: { type: 'token', token: card.token } },
      more: {
        ...{ tokenize: false, agreement: { initiator: 'merchant', sequence: 'subsequent', type: 'recurring' } },
        dialectData: { ...writer.chargeData(card), [attemptName]: String(attempt) },
      },
    },
  );
  switch (result.kind) {
    case 'refused':
      if (result.refusal.retryable) throw new Error(`a charge was refused: ${result.refusal.meaning}`);
      return { kind: 'failed' };
    case 'changed':
      return { kind: 'later', afterMs: unclearAfterMs };
    case 'state':
      if (result.state.kind === 'succeeded') return { kind: 'over', attempt };
      if (result.state.kind === 'pending') return { kind: 'later', afterMs: unclearAfterMs };
      return result.state.last === undefined ? { kind: 'over' } : outcomeOf(result.state.last, attempt);
  }
}

function outcomeOf({ reason }: OperationView, attempt: number): Charged {
  const isUnreached = reason === 'acquirer_unreachable' && attempt < unreachedAtMost;
  return isUnreached ? { kind: 'later', afterMs: againAfterMs, attempt } : { kind: 'failed', attempt };
}

/** The one that was kept with the subscription last, else the customer's last. */
async function cardOf(
  engine: Engine,
  { merchantId, customerId, subscriberId }: Pick<DueSubscriber, 'merchantId' | 'customerId' | 'subscriberId'>,
): Promise<CustomerCard | undefined> {
  const cards = await keptCardsOf(engine, { merchantId, customerReference: customerId });
  return cards.findLast(({ dialectData }) => dialectData.subscriberId === subscriberId) ?? cards.at(-1);
}

/** With what is due next: another try, or the next period. Without either it has ended. */
function next({ engine }: Billing, { template: { plan } }: Pick<Work, 'template'>, now: DueSubscriber): SubscriberChange {
  const { status, nextCycle, cyclesBilled, orderId, tries, attempt } = now;
  const pauseBeforeRetryMs = tries > 0 ? retriesAfterMs[tries - 1] : undefined;
  const times = [
    dueOfCycle(plan, now),
    pauseBeforeRetryMs === undefined ? undefined : engine.clock.businessNow() + pauseBeforeRetryMs,
  ].filter((time) => time !== undefined);
  const ends = times.length === 0 && status !== 'pending';
  return {
    ...{ status: ends ? 'ended' : status, nextCycle, cyclesBilled, tries: pauseBeforeRetryMs === undefined ? 0 : tries, attempt },
    ...(orderId === undefined ? {} : { orderId }),
    ...(times.length === 0 ? {} : { dueAtMs: Math.min(...times) }),
  };
}

function record({ engine }: Billing, due: DueSubscriber, change: SubscriberChange & { readonly chargeFailed?: string }): Promise<void> {
  const { dueAtMs, ...rest } = change;
  const isOver = change.status === 'ended' || dueAtMs === undefined;
  return engine.billing.record(due, { ...rest, ...(isOver ? {} : { dueAtMs }), nowMs: engine.clock.businessNow() });
}
