/** Payment links as answers and messages show them. */
import type { CheckoutEventName } from '../../core/payment/checkout-terms.ts';
import type { OrderView } from '../../core/payment/order.ts';
import { documentOf, type HostedState } from './hosted-order.ts';
import type { Json } from './write.ts';

const statuses: Readonly<Record<HostedState['kind'], string>> = {
  open: 'ACTIVE',
  pending: 'ACTIVE',
  succeeded: 'PAID',
  kept: 'PAID',
  expired: 'EXPIRED',
  exhausted: 'EXPIRED',
  closed: 'CANCELLED',
};

const eventTypes: Readonly<Partial<Record<CheckoutEventName, string>>> = {
  created: 'CREATED',
  viewed: 'CLICKED',
  cancelled: 'CANCELLED',
  expired: 'EXPIRED',
  declared_paid: 'PAID',
};

/** Whether it can be paid, or called off. */
export function isActive({ kind }: Pick<HostedState, 'kind'>): boolean {
  return statuses[kind] === 'ACTIVE';
}

/** A link with what has happened to it. */
export function writeLink(view: OrderView, { kind, payment, last }: Pick<HostedState, 'kind' | 'payment' | 'last'>): Json {
  const { order, pageUrl, events } = view;
  const { amount, currency, merchantReference } = order.terms.order;
  const { recipientName, description, isReusable = false, of } = documentOf(view);
  const ofLink = events.flatMap(({ name, happenedAtMs }) => linkEvent(eventTypes[name], happenedAtMs));
  const paid = kind === 'succeeded' ? linkEvent('PAID', last?.createdAtMs) : [];
  // It is over from its time on, whether or not that was told by then.
  const isTold = events.some(({ name }) => name === 'expired');
  const expired = kind === 'expired' && !isTold ? linkEvent('EXPIRED', order.expiresAtMs) : [];
  return {
    ...{ paymentLinkId: of ?? order.checkoutId, isReusableLink: isReusable },
    // Paid by one shopper it stays open for others; their own page is not its address.
    ...(of === undefined ? { redirectionUrl: pageUrl, status: statuses[kind] } : { status: 'ACTIVE' }),
    ...(order.expiresAtMs === undefined ? {} : { expirationDate: timeOf(order.expiresAtMs) }),
    ...(recipientName === undefined ? {} : { recipientName }),
    ...(description === undefined ? {} : { description }),
    ...(kind === 'succeeded' && payment !== undefined ? { paymentId: payment.id } : {}),
    paymentLinkOrder: { amount: { amount, currencyCode: currency }, ...(merchantReference === undefined ? {} : { merchantReference }) },
    paymentLinkEvents: [...ofLink, ...paid, ...expired],
  };
}

function linkEvent(type: string | undefined, atMs: number | undefined): readonly Json[] {
  return type === undefined || atMs === undefined ? [] : [{ type, dateTime: timeOf(atMs) }];
}

const timeOf = (epochMs: number): string => new Date(epochMs).toISOString();
