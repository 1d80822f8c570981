/** Faults on demand: what the next matching messages suffer, at the acquirer host and at the simulators of 3-D Secure. */

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
  'wrong_totals',
] as const;

/** One of `HOST_FAULTS`. */
export type HostFault = (typeof HOST_FAULTS)[number];

/** Faults of the directory server, the ACS and its 3DS Method. */
export const THREE_DS_FAULTS = ['acs_down', 'acs_slow', 'ds_down', 'ds_garbage', 'method_down'] as const;

/** One of `THREE_DS_FAULTS`. */
export type ThreeDsFault = (typeof THREE_DS_FAULTS)[number];

/** Faults of the bank: requests that it does not take, answers and notifications that are lost, or come twice. */
export const BANK_FAULTS = ['bank_down', 'bank_answer_lost', 'bank_notice_lost', 'bank_notice_twice'] as const;

/** One of `BANK_FAULTS`. */
export type BankFault = (typeof BANK_FAULTS)[number];

/**
 * Faults of the mailbox: a server that is busy, one that knows no such address, one that hangs up before it has a mail, and one that hangs up
 * when it has kept it.
 */
export const MAIL_FAULTS = ['mail_refused', 'mail_rejected', 'mail_dropped', 'mail_answer_lost'] as const;

/** One of `MAIL_FAULTS`. */
export type MailFault = (typeof MAIL_FAULTS)[number];

/** An order for the next `times` messages that match. */
export interface FaultOrder {
  readonly fault: HostFault | ThreeDsFault | BankFault | MailFault;
  /** Only messages of this account. */
  readonly account: Account | undefined;
  /** Only messages of this type; a first transmission's type (`0420`) matches its repeats (`0421`) too. */
  readonly mti: string | undefined;
  /** How many messages are still to suffer it. */
  readonly times: number;
  /** For `late_answer`, `slow` and `acs_slow`, and for `partial_approval` when it is to be late. */
  readonly delayMs: number | undefined;
  /** For `decline`: DE39. */
  readonly code: string | undefined;
}

/** An order that the acquirer host can suffer. */
export type HostFaultOrder = FaultOrder & { readonly fault: HostFault };

/** A message that is matched only by orders that name its type: the host's own. */
export interface OwnMessage {
  readonly mti: string;
  readonly accountId: string;
  readonly only: readonly HostFault[];
}

/** The orders in force. */
export interface Faults {
  add(order: FaultOrder): void;
  /** Counts down and returns the first order that matches a message to the acquirer host. */
  take(message: { readonly mti: string; readonly accountId: string }): HostFaultOrder | undefined;
  /** The same, for messages that the host sends: an order without a type is about those of the gateway. */
  takeOwn(message: OwnMessage): HostFaultOrder | undefined;
  /** Counts down and returns the first order for one of the named faults; an order for a card does not match what is about none. */
  takeNamed<Fault extends ThreeDsFault | BankFault | MailFault>(
    names: readonly Fault[],
    accountId: string | undefined,
  ): { readonly fault: Fault; readonly delayMs: number | undefined } | undefined;
  list(): readonly FaultOrder[];
  clear(): void;
}

const SLOW_ANSWER_MS = 1_000;
const DEFAULT_DECLINE = '05';

/** No faults at first. */
export function createFaults(): Faults {
  let orders: readonly FaultOrder[] = [];
  const countDown = (found: FaultOrder): void => {
    orders = orders.flatMap((order) => (order !== found ? [order] : order.times > 1 ? [{ ...order, times: order.times - 1 }] : []));
  };
  const takeFirst = (matches: (order: HostFaultOrder) => boolean): HostFaultOrder | undefined => {
    const found = orders.find((order): order is HostFaultOrder => isHostFault(order.fault) && matches(order as HostFaultOrder));
    if (found !== undefined) countDown(found);
    return found;
  };
  return {
    add: (order) => {
      orders = [...orders, order];
    },
    take: ({ mti, accountId }) => {
      // By far most messages find no order at all.
      if (orders.length === 0) return undefined;
      const first = firstOf(mti);
      return takeFirst(
        (order) =>
          (order.account === undefined || order.account.id === accountId) &&
          (order.mti === undefined || order.mti === mti || order.mti === first),
      );
    },
    takeOwn: ({ mti, accountId, only }) => {
      if (orders.length === 0) return undefined;
      const first = firstOf(mti);
      return takeFirst(
        (order) =>
          only.includes(order.fault) &&
          (order.account === undefined || order.account.id === accountId) &&
          (order.mti === mti || order.mti === first),
      );
    },
    takeNamed: (names, accountId) => {
      for (const order of orders) {
        const fault = names.find((name) => name === order.fault);
        if (fault === undefined || (order.account !== undefined && order.account.id !== accountId)) continue;
        countDown(order);
        return { fault, delayMs: order.delayMs };
      }
      return undefined;
    },
    list: () => orders,
    clear: () => {
      orders = [];
    },
  };
}

const isHostFault = (fault: FaultOrder['fault']): fault is HostFault => HOST_FAULTS.some((name) => name === fault);

/** DE39 of a `decline`. */
export function declineCode(order: FaultOrder): string {
  return order.code ?? DEFAULT_DECLINE;
}

/** What a fault does to the answer; `decline`, `partial_approval` and `no_answer` act before there is one. */
export function deliveryOfFault(order: HostFaultOrder): Delivery {
  switch (order.fault) {
    case 'decline':
    case 'no_answer':
    case 'wrong_totals':
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
