/** Orders and how they stand. An order is paid at most once: whoever asks twice gets what the first asking began. */
import { randomInt } from 'node:crypto';
import type { Line } from './basket.ts';
import { currency } from './catalog.ts';
import type { Gateway, Progress } from './gateways/gateway.ts';
import type { BrowserInput, CardInput } from './gateways/shopper.ts';
import { createWire, type Wire } from './gateways/wire.ts';

export interface Order {
  readonly reference: string;
  /** Of the browser that ordered; nobody else sees the order. */
  readonly cookie: string;
  readonly lines: readonly Line[];
  /** Minor units. */
  readonly total: number;
  readonly email: string;
  readonly gateway: Gateway;
  readonly wire: Wire;
  progress: Progress;
}

export interface Purchase {
  /** Made with the form: a form that is sent twice is one order. */
  readonly formKey: string;
  readonly cookie: string;
  readonly lines: readonly Line[];
  readonly total: number;
  readonly email: string;
  readonly gateway: Gateway;
  readonly card: CardInput;
  readonly browser: BrowserInput;
}

export interface Orders {
  place(purchase: Purchase): Promise<Order>;
  find(reference: string): Order | undefined;
  /** Asks the gateway how the order stands, unless that is certain already. */
  refresh(order: Order, returned: URLSearchParams): Promise<void>;
}

const ordersAtMost = 1_000;
/** Without what looks alike in print. */
const signs = '23456789ABCDEFGHJKLMNPQRSTUVWXYZ';

/** `publicUrl`: where browsers reach the shop, without a slash at the end. */
export function createOrders(publicUrl: () => string): Orders {
  const byReference = new Map<string, Order>();
  const byForm = new Map<string, Promise<Order>>();

  async function pay({ card, browser, formKey, ...purchase }: Purchase): Promise<Order> {
    const reference = `MR-${Array.from({ length: 8 }, () => signs[randomInt(signs.length)]).join('')}`;
    const { gateway, email, total } = purchase;
    const order: Order = { ...purchase, reference, wire: createWire(), progress: { kind: 'pending', paymentId: '' } };
    remember(byReference, reference, order);
    const returnUrl = `${publicUrl()}/return/${gateway.name}/${reference}`;
    try {
      order.progress = await gateway.pay({ reference, amount: total, currency, email, browser, returnUrl }, card, order.wire);
    } catch (error) {
      order.progress = withoutAnswer(reasonOf(error));
    }
    return order;
  }

  return {
    place(purchase) {
      const known = byForm.get(purchase.formKey);
      if (known !== undefined) return known;
      const placing = pay(purchase);
      remember(byForm, purchase.formKey, placing);
      return placing;
    },
    find: (reference) => byReference.get(reference),
    async refresh(order, returned) {
      const { progress, gateway, wire } = order;
      if (progress.kind !== 'pending' && progress.kind !== 'redirect') return;
      if (progress.paymentId === '') return;
      order.progress = await gateway.look({ paymentId: progress.paymentId, returned }, wire).catch(() => progress);
    },
  };
}

function remember<V>(map: Map<string, V>, key: string, value: V): void {
  map.set(key, value);
  if (map.size > ordersAtMost) map.delete(map.keys().next().value as string);
}

/** Only where no connection was made has nothing been sent; after that nobody here knows. */
function withoutAnswer(reason: string): Progress {
  return reason === 'ECONNREFUSED'
    ? { kind: 'declined', message: `The payment gateway cannot be reached (${reason}). Nothing was charged.` }
    : {
        kind: 'unknown',
        message: `The payment gateway has not answered (${reason}). Your card may have been charged: ask us before you pay again.`,
      };
}

function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  return cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
}
