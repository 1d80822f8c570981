/**
 * Billing by template. A template is what orders are made from: single invoices, whenever the merchant asks for one, or a subscription, whose
 * subscribers are billed period by period. Each period is an order of its own that is charged with a card the customer has let the merchant keep; where
 * that fails, the order stays as an invoice, and the charge is tried again. What an order says is the dialect's; when it is made, and how it is
 * paid, is decided here.
 */

import type { Period } from './period.ts';

/** How subscribers are billed. */
export interface Plan {
  readonly period: Period;
  /** How long a customer has to pay what a period comes to. */
  readonly payWithin: Period;
  /** Periods that are free, at the beginning. */
  readonly trialPeriods: number;
  /** A period is billed when it ends, not when it begins. */
  readonly billsAtEnd: boolean;
  /** Periods that are billed in all; 0: without an end. */
  readonly cycles: number;
}

export interface BillingTemplate {
  readonly merchantId: string;
  readonly channelId: string;
  /** UUID. */
  readonly templateId: string;
  /** Absent: it is for single invoices. */
  readonly plan?: Plan;
  /** While it is not, nobody is billed, and the periods that pass are not made up for. */
  readonly isActive: boolean;
  /** What orders are made from, in the protocol's own form; without card data. */
  readonly document: unknown;
  /** Of the request that made it, where that may be repeated. */
  readonly inputHash?: Uint8Array;
  /** Business time, epoch ms. */
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

/** `pending`: the first period is not paid yet. `paused`: periods pass without a bill. `ended`: it is never billed again. */
export type SubscriberStatus = 'pending' | 'active' | 'paused' | 'ended';

export interface Subscriber {
  readonly merchantId: string;
  readonly channelId: string;
  readonly templateId: string;
  readonly customerId: string;
  /** UUID. */
  readonly subscriberId: string;
  readonly status: SubscriberStatus;
  /** When the first period begins, trial periods included; business time, epoch ms. */
  readonly startsAtMs: number;
  /** The period that is billed next, from 0, trial periods not counted. */
  readonly nextCycle: number;
  readonly cyclesBilled: number;
  /** Of the period that was billed last. */
  readonly orderId?: string;
  /** Charges of that order that have failed. */
  readonly tries: number;
  /** The last attempt at that order whose outcome was looked at. */
  readonly attempt: number;
  /** The customer is mailed an invoice when a charge has failed. */
  readonly mailsOnFailure: boolean;
  /** The dialect's. */
  readonly settings: unknown;
  /** When there is something to do next; business time, epoch ms. Absent: never. */
  readonly dueAtMs?: number;
  readonly inputHash?: Uint8Array;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

export type TemplateKey = Pick<BillingTemplate, 'merchantId' | 'templateId'>;
export type SubscriberKey = TemplateKey & Pick<Subscriber, 'customerId'>;

/** One leased for what is due: nobody else bills it until the lease ends. */
export type DueSubscriber = Subscriber & { readonly dueAtMs: number };

/** What of a subscriber a bill changes. */
export type SubscriberChange = Pick<Subscriber, 'status' | 'nextCycle' | 'cyclesBilled' | 'orderId' | 'tries' | 'attempt' | 'dueAtMs'>;

/** Keeps templates and subscribers. Rejects with `NotRecorded` when the database is away. */
export interface BillingStore {
  /** False: the id is taken. */
  addTemplate(template: BillingTemplate): Promise<boolean>;
  findTemplate(key: TemplateKey): Promise<BillingTemplate | undefined>;
  /** Oldest first, those after `after` only. */
  listTemplates(request: {
    readonly merchantId: string;
    readonly after?: string;
    readonly limit: number;
  }): Promise<readonly BillingTemplate[]>;
  /** Plan, document, and whether it is active; false when there is none. */
  changeTemplate(template: BillingTemplate): Promise<boolean>;
  /** False when there is none. */
  removeTemplate(key: TemplateKey & { readonly nowMs: number }): Promise<boolean>;
  /** False: the id is taken, or the customer has subscribed already. */
  addSubscriber(subscriber: Subscriber): Promise<boolean>;
  /** The latest of the customer's subscriptions to the template. */
  findSubscriber(key: SubscriberKey): Promise<Subscriber | undefined>;
  findSubscriberById(key: { readonly merchantId: string; readonly subscriberId: string }): Promise<Subscriber | undefined>;
  /** One of each customer, its latest; oldest first, those after `after` only. */
  listSubscribers(request: TemplateKey & { readonly after?: string; readonly limit: number }): Promise<readonly Subscriber[]>;
  /** Whether anybody's subscription to it has not ended. */
  hasSubscribers(key: TemplateKey): Promise<boolean>;
  /** `busy`: it is being billed. `other`: it is in none of these states. */
  setStatus(
    subscriber: Pick<Subscriber, 'merchantId' | 'subscriberId'> & {
      readonly from: readonly SubscriberStatus[];
      readonly to: SubscriberStatus;
      readonly nowMs: number;
    },
  ): Promise<'done' | 'busy' | 'other'>;
  /** Ends subscriptions, and tells so; returns how many are left, since they are being billed. */
  endAll(
    which: { readonly merchantId: string; readonly nowMs: number } & ({ readonly templateId: string } | { readonly customerId: string }),
  ): Promise<number>;
  /** Leases subscribers for whom something is due at a business time, the longest due first. */
  claimDue(request: {
    readonly businessNowMs: number;
    readonly limit: number;
    readonly leaseMs: number;
  }): Promise<readonly DueSubscriber[]>;
  /** Business time, epoch ms. */
  nextDueAtMs(): Promise<number | undefined>;
  /** Gives the lease back with what has changed. `chargeFailed`: the order whose charge has failed; that is an event of the order. */
  record(due: DueSubscriber, change: SubscriberChange & { readonly chargeFailed?: string; readonly nowMs: number }): Promise<void>;
  /** Gives the lease back after a while, with nothing changed. */
  putOff(due: DueSubscriber, again: { readonly afterMs: number }): Promise<void>;
}
