/** Subscribers of the QorePay merchant, who are billed by themselves at the end of each week, and what the gateway has made of it. */
import { demo } from '../../test/harness/qorepay.ts';
import { createCardSource, panLength } from '../cards.ts';
import type { GatewayOperation } from './books.ts';

export interface DrillSubscription {
  /** Each subscriber has a template of their own. */
  readonly templateId: string;
  readonly sinceMs: number;
}

/** One period's order. */
export interface Bill {
  readonly orderId: string;
  readonly templateId: string;
}

export interface SubscribersOptions {
  /** Of the gateway. */
  readonly url: string;
  readonly count: number;
  readonly random: () => number;
}

const price = 2_500;
const weekMs = 7 * 86_400_000;

/** Each has kept a card, for which nothing was charged. Nothing is killed yet. */
export async function writeSubscribers({ url, count, random }: SubscribersOptions): Promise<readonly DrillSubscription[]> {
  const cards = createCardSource(random);
  const post = async <Answer>(path: string, body: object, token: string): Promise<Answer> => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const response = await fetch(new URL(path, url), { method: 'POST', headers, body: JSON.stringify(body) });
    const text = await response.text();
    if (!response.ok) throw new Error(`${path} was answered ${response.status} ${text}`);
    return JSON.parse(text) as Answer;
  };
  const api = <Answer>(path: string, body: object) => post<Answer>(`/api/v1/${path}`, body, demo.apiKey);
  const purchaseOf = (amount: number) => ({ currency: 'EUR', products: [{ name: 'Weekly beans', price: amount }] });
  const subscriptions: DrillSubscription[] = [];
  for (let index = 0; index < count; index += 1) {
    const { id: client_id } = await api<{ id: string }>('clients/', { email: `subscriber-${index}@client.example` });
    const redirects = { success_redirect: 'http://127.0.0.1:9/', failure_redirect: 'http://127.0.0.1:9/' };
    const kept = await api<{ direct_post_url: string }>('purchases/', {
      ...{ brand_id: demo.brandId, client_id, skip_capture: true, purchase: purchaseOf(0), ...redirects },
    });
    const digits = Buffer.alloc(panLength);
    cards.write(digits, 0);
    const card = { cardholder_name: 'Ada Example', card_number: digits.toString('latin1'), expires: '12/34', cvc: '123' };
    const sent = { ...card, remember_card: 'on', remote_ip: '203.0.113.7' };
    await post(`${new URL(kept.direct_post_url).pathname}?s2s=true`, sent, demo.s2sToken);
    const { id: templateId } = await api<{ id: string }>('billing_templates/', {
      ...{ brand_id: demo.brandId, purchase: purchaseOf(price), is_subscription: true, subscription_active: true },
      ...{ subscription_period_units: 'weeks', subscription_charge_period_end: true },
    });
    const sinceMs = Date.now();
    // There is no mailbox here.
    await api(`billing_templates/${templateId}/add_subscriber/`, { client_id, send_invoice_on_charge_failure: false });
    subscriptions.push({ templateId, sinceMs });
  }
  return subscriptions;
}

/** All of them. */
export const billsText = `select checkout_id as "orderId", terms #>> '{document,billing,templateId}' as "templateId"
from polygate.checkout where terms #>> '{document,billing,templateId}' is not null`;

export interface BillSides {
  readonly operations: readonly Pick<GatewayOperation, 'operationId' | 'state' | 'key' | 'amountMinor'>[];
  readonly bills: readonly Bill[];
  readonly subscriptions: readonly DrillSubscription[];
  /** Business time up to which all is due. */
  readonly untilMs: number;
}

export interface BillAudit {
  readonly lost: readonly string[];
  readonly chargedTwice: readonly string[];
}

/** Each week that is over was billed once and charged at most once, with what it costs; a charge may have failed for good. Pure. */
export function compareBills({ operations, bills, subscriptions, untilMs }: BillSides): BillAudit {
  const charges = Map.groupBy(operations, ({ key = '' }) => /^§checkout (\S+) \d+$/.exec(key)?.[1] ?? '');
  const billed = Map.groupBy(bills, ({ templateId }) => templateId);
  const approved = (orderId: string) => (charges.get(orderId) ?? []).filter(({ state }) => state === 'approved');
  return {
    lost: [
      ...subscriptions.flatMap(({ templateId, sinceMs }) => {
        const [due, made] = [Math.floor((untilMs - sinceMs) / weekMs), billed.get(templateId)?.length ?? 0];
        return due === made ? [] : [`${due} weeks of the subscription ${templateId} are over, and ${made} were billed`];
      }),
      ...bills.flatMap(({ orderId }) => (charges.has(orderId) ? [] : [`billed, and never charged: ${orderId}`])),
    ],
    chargedTwice: bills.flatMap(({ orderId }) => {
      const standing = approved(orderId);
      const isOnce = standing.length === 0 || (standing.length === 1 && standing[0]?.amountMinor === price);
      return isOnce ? [] : [`the bill ${orderId} was charged by ${standing.map(({ operationId }) => operationId).join(' and ')}`];
    }),
  };
}
