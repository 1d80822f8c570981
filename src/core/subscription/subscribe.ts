/** A customer's subscription from its beginning to its end, and what a merchant can do with it in between. */
import { setTimeout as delay } from 'node:timers/promises';
import type { NamedCustomer } from '../instrument/customer.ts';
import { mailOrder } from '../invoice/mail-order.ts';
import type { Channel } from '../merchant/channel.ts';
import { stateOfCheckout } from '../payment/checkout.ts';
import type { Engine } from '../payment/engine.ts';
import { openOrderOnce } from '../payment/order.ts';
import type { Refused } from '../refusals.ts';
import { Unavailable } from '../unavailable.ts';
import type { BillOrder, BillWriter } from './bill.ts';
import type { BillingTemplate, Plan, Subscriber, SubscriberKey, SubscriberStatus, TemplateKey } from './billing.ts';
import { afterPeriods } from './period.ts';

const busyTries = 100;
const busyPauseMs = 100;

/** When a period is billed, from 0; undefined when there are no more. Business time, epoch ms. */
export function dueOfCycle(
  plan: Plan,
  { startsAtMs, nextCycle, cyclesBilled }: Pick<Subscriber, 'startsAtMs' | 'nextCycle' | 'cyclesBilled'>,
) {
  if (plan.cycles > 0 && cyclesBilled >= plan.cycles) return undefined;
  return afterPeriods(startsAtMs, plan.period, plan.trialPeriods + (plan.billsAtEnd ? 1 : 0) + nextCycle);
}

export interface SubscribeCommand {
  readonly channel: Channel;
  readonly template: BillingTemplate & { readonly plan: Plan };
  readonly customer: NamedCustomer;
  /** UUID made by the caller. */
  readonly subscriberId: string;
  readonly settings: unknown;
  readonly mailsOnFailure: boolean;
  /** The customer is mailed what is to be paid at once. */
  readonly mailsFirst: boolean;
  /** Of the request, where that may be repeated. */
  readonly inputHash?: Uint8Array;
  readonly isTest: boolean;
}

/** `taken`: the customer has subscribed already, or the id is another's. `order`: what is to be paid at once. */
export type Subscribed =
  | { readonly kind: 'taken'; readonly before: Subscriber | undefined }
  | Refused
  | { readonly kind: 'subscribed'; readonly subscriber: Subscriber; readonly order?: BillOrder };

/**
 * Makes a subscription. Where the first period is billed when it begins, its order is for the customer to pay: that lets the merchant keep the card.
 * A repetition under the same id makes what a crash has left out.
 */
export async function subscribe(engine: Engine, writer: BillWriter, command: SubscribeCommand): Promise<Subscribed> {
  const { channel, template, customer, subscriberId, mailsFirst, isTest } = command;
  const { merchantId, templateId, plan } = template;
  const nowMs = engine.clock.businessNow();
  const isBilledAtOnce = plan.trialPeriods === 0 && !plan.billsAtEnd;
  const begun = { startsAtMs: nowMs, nextCycle: isBilledAtOnce ? 1 : 0, cyclesBilled: isBilledAtOnce ? 1 : 0 };
  const dueAtMs = dueOfCycle(plan, begun);
  const subscriber: Subscriber = {
    ...{ merchantId, templateId, subscriberId, channelId: channel.channelId, customerId: customer.customerId },
    ...{ ...begun, status: isBilledAtOnce ? 'pending' : 'active', tries: 0, attempt: 0 },
    ...{ settings: command.settings, mailsOnFailure: command.mailsOnFailure, createdAtMs: nowMs, updatedAtMs: nowMs },
    ...(dueAtMs === undefined ? {} : { dueAtMs }),
    ...(command.inputHash === undefined ? {} : { inputHash: command.inputHash }),
  };
  const payByMs = afterPeriods(nowMs, plan.payWithin, 1);
  const order = isBilledAtOnce ? await writer.orderOf({ channel, template, customer, subscriber, cycle: 0, payByMs }) : undefined;
  const made = order === undefined ? subscriber : { ...subscriber, orderId: order.orderId };
  if (!(await engine.billing.addSubscriber(made))) {
    const before = await engine.billing.findSubscriber({ merchantId, templateId, customerId: customer.customerId });
    if (before?.subscriberId !== subscriberId) return { kind: 'taken', before };
  }
  if (order === undefined) return { kind: 'subscribed', subscriber: made };
  const refused = await openOrderOnce(engine, channel, withSubscriber(order, subscriberId));
  if (refused !== undefined) {
    await engine.billing.setStatus({ merchantId, subscriberId, from: ['pending'], to: 'ended', nowMs });
    return { kind: 'refused', refusal: refused };
  }
  if (mailsFirst) await mailOrder(engine, { ...order, channel, to: order.mailTo, purpose: 'issued', isTest, key: order.orderId });
  return { kind: 'subscribed', subscriber: made, order };
}

/** A card that is kept with it is that of the subscription. */
export function withSubscriber(order: BillOrder, subscriberId: string): BillOrder {
  const { terms } = order;
  return { ...order, terms: { ...terms, order: { ...terms.order, dialectData: { ...terms.order.dialectData, subscriberId } } } };
}

/** Its status as it is now: the payment of its first order begins it. */
export async function statusNow(engine: Engine, subscriber: Subscriber, plan: Plan): Promise<SubscriberStatus> {
  const { merchantId, orderId, status } = subscriber;
  if (status !== 'pending' || orderId === undefined) return status;
  const order = await engine.checkouts.findById({ merchantId, checkoutId: orderId });
  if (order === undefined) return status;
  if (order.closed === 'cancelled') return 'ended';
  const state = await stateOfCheckout(engine, order);
  if (state.kind === 'expired') return 'ended';
  if (state.kind !== 'succeeded' && order.closed === undefined) return status;
  return dueOfCycle(plan, subscriber) === undefined ? 'ended' : 'active';
}

/** The same, and kept so. */
export async function refreshed(engine: Engine, subscriber: Subscriber, plan: Plan): Promise<Subscriber> {
  const to = await statusNow(engine, subscriber, plan);
  if (to === subscriber.status) return subscriber;
  const { merchantId, subscriberId } = subscriber;
  await engine.billing.setStatus({ merchantId, subscriberId, from: ['pending'], to, nowMs: engine.clock.businessNow() });
  return (await engine.billing.findSubscriberById({ merchantId, subscriberId })) ?? subscriber;
}

/** Pauses a subscription, or lets it go on; periods that pass meanwhile are not billed. False where it is neither active nor paused. */
export async function setPaused(engine: Engine, subscriber: Subscriber, paused: boolean): Promise<boolean> {
  const { merchantId, subscriberId } = subscriber;
  for (let attempt = 1; attempt <= busyTries; attempt += 1) {
    const done = await engine.billing.setStatus({
      ...{ merchantId, subscriberId, from: ['active', 'paused'], to: paused ? 'paused' : 'active', nowMs: engine.clock.businessNow() },
    });
    if (done !== 'busy') return done === 'done';
    await delay(busyPauseMs);
  }
  throw new Unavailable(`subscription ${subscriberId} is being billed for too long`);
}

/** Ends all subscriptions of a customer, or to a template: after it none of them pays anything. */
export async function endSubscriptionsOf(
  { billing, clock }: Pick<Engine, 'billing' | 'clock'>,
  which: Pick<SubscriberKey, 'merchantId' | 'customerId'> | TemplateKey,
): Promise<void> {
  for (let attempt = 1; attempt <= busyTries; attempt += 1) {
    if ((await billing.endAll({ ...which, nowMs: clock.businessNow() })) === 0) return;
    await delay(busyPauseMs);
  }
  throw new Unavailable('a subscription is being billed for too long');
}
