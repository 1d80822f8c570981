/** Faults on demand: what the next matching messages suffer. */

import { firstOf } from '../../src/protocols/iso8583/messages.ts';
import type { Account } from './accounts.ts';
import { LATE_ANSWER_MS } from './cards.ts';
import { type Delivery, NORMAL } from './delivery.ts';

/** Faults of the acquirer host. */
export const HOST_FAULTS = [
  'decline',
  'partial_approval',
  'no_answer',
  'answer_lost',
  'late_answer',
  'duplicate_answer',
  'disconnect',
  'half_frame',
  'wrong_stan',
  'slow',
  'garbage',
] as const;

/** One of `HOST_FAULTS`. */
export type HostFault = (typeof HOST_FAULTS)[number];

/** An order for the next `times` messages that match. */
export interface FaultOrder {
  readonly fault: HostFault;
  /** Only messages of this account. */
  readonly account: Account | undefined;
  /** Only messages of this type; a first transmission's type (`0420`) matches its repeats (`0421`) too. */
  readonly mti: string | undefined;
  /** How many messages are still to suffer it. */
  readonly times: number;
  /** For `late_answer` and `slow`, and for `partial_approval` when it is to be late. */
  readonly delayMs: number | undefined;
  /** For `decline`: DE39. */
  readonly code: string | undefined;
}

/** The orders in force. */
export interface Faults {
  add(order: FaultOrder): void;
  /** Counts down and returns the first order that matches. */
  take(message: { readonly mti: string; readonly accountId: string }): FaultOrder | undefined;
  list(): readonly FaultOrder[];
  clear(): void;
}

const SLOW_ANSWER_MS = 1_000;
const DEFAULT_DECLINE = '05';

/** No faults at first. */
export function createFaults(): Faults {
  let orders: readonly FaultOrder[] = [];
  return {
    add: (order) => {
      orders = [...orders, order];
    },
    take: ({ mti, accountId }) => {
      // By far most messages find no order at all.
      if (orders.length === 0) return undefined;
      const first = firstOf(mti);
      const found = orders.find(
        (order) =>
          (order.account === undefined || order.account.id === accountId) &&
          (order.mti === undefined || order.mti === mti || order.mti === first),
      );
      if (found === undefined) return undefined;
      orders = orders.flatMap((order) => (order !== found ? [order] : order.times > 1 ? [{ ...order, times: order.times - 1 }] : []));
      return found;
    },
    list: () => orders,
    clear: () => {
      orders = [];
    },
  };
}

/** DE39 of a `decline`. */
export function declineCode(order: FaultOrder): string {
  return order.code ?? DEFAULT_DECLINE;
}

/** What a fault does to the answer; `decline`, `partial_approval` and `no_answer` act before there is one. */
export function deliveryOfFault(order: FaultOrder): Delivery {
  switch (order.fault) {
    case 'decline':
    case 'no_answer':
      return NORMAL;
    case 'partial_approval':
      return order.delayMs === undefined ? NORMAL : { how: 'delayed', delayMs: order.delayMs };
    case 'answer_lost':
      return { how: 'lost' };
    case 'late_answer':
      return { how: 'delayed', delayMs: order.delayMs ?? LATE_ANSWER_MS };
    case 'slow':
      return { how: 'delayed', delayMs: order.delayMs ?? SLOW_ANSWER_MS };
    case 'duplicate_answer':
      return { how: 'twice' };
    case 'disconnect':
      return { how: 'disconnect' };
    case 'half_frame':
      return { how: 'half-frame' };
    case 'wrong_stan':
      return { how: 'wrong-stan' };
    case 'garbage':
      return { how: 'garbage' };
  }
}
