/** One bill of a subscription: what the core says of it, and what a dialect makes of that. */
import type { NamedCustomer } from '../instrument/customer.ts';
import type { CustomerCard } from '../instrument/kept-cards.ts';
import type { Channel } from '../merchant/channel.ts';
import type { NewOrder } from '../payment/order.ts';
import type { BillingTemplate, Subscriber } from './billing.ts';

/** One order that is to be made. */
export interface Bill {
  readonly channel: Channel;
  readonly template: Pick<BillingTemplate, 'templateId' | 'document'>;
  readonly customer: NamedCustomer;
  readonly subscriber: Subscriber;
  /** Of the subscription: 0 is the first that is billed. With the same one the order has the same id. */
  readonly cycle: number;
  /** Business time, epoch ms. */
  readonly payByMs: number;
}

/** An order, and who is mailed about it. */
export interface BillOrder extends NewOrder {
  readonly mailTo: readonly string[];
  /** Where it is paid. */
  readonly url: string;
  /** By which the customer knows it. */
  readonly reference: string;
  /** Business time, epoch ms. */
  readonly payByMs: number;
}

/** What a dialect says in the orders of its subscriptions. */
export interface BillWriter {
  orderOf(bill: Bill): Promise<BillOrder>;
  /** The dialect's data of a charge with a card that was kept before. */
  chargeData(card: CustomerCard): Readonly<Record<string, string>>;
}
