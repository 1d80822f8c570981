/**
 * Transfers: money that the bank sends from a gateway's funds to an account. They are executed at once, but for the accounts below, and counted in
 * batches that a gateway asks for. Facts go in, nothing goes out.
 */
import { createHash } from 'node:crypto';

/** `open`: the bank has it and has not decided. `paid`: the money is gone. `refused`: it will not be sent. `canceled`: called off. */
export type TransferState = 'open' | 'paid' | 'refused' | 'canceled';

export const REFUSAL_REASONS = ['no_such_account', 'account_closed'] as const;

export type TransferRefusal = (typeof REFUSAL_REASONS)[number];

/** What a gateway orders. `amount` in minor units; the number of the account only as a hash and its end. */
export interface TransferOrder {
  readonly reference: string;
  readonly amount: number;
  readonly currency: string;
  readonly debtor: string;
  readonly holder: string;
  readonly accountHash: string;
  readonly last4: string;
  readonly purpose: string;
  /** Business time, epoch ms: to which batch it belongs. */
  readonly orderedAtMs: number;
  readonly notificationUrl: string;
}

/** One line of the journal. */
export type TransferFact =
  | {
      readonly fact: 'transfer_ordered';
      readonly order: TransferOrder;
      readonly bankReference: string;
      readonly state: TransferState;
      readonly reason?: TransferRefusal;
    }
  /** One that was never ordered is called off as well: should its order still arrive, nothing comes of it. */
  | { readonly fact: 'transfer_canceled'; readonly reference: string }
  | { readonly fact: 'transfer_ended'; readonly reference: string; readonly state: 'paid' | 'refused'; readonly reason?: TransferRefusal }
  | { readonly fact: 'transfer_acknowledged'; readonly reference: string; readonly version: number }
  | { readonly fact: 'transfers_counted'; readonly currency: string; readonly cutOffAtMs: number };

export interface Transfer {
  readonly order: TransferOrder;
  readonly bankReference: string;
  readonly state: TransferState;
  readonly reason?: TransferRefusal;
  /** Counts what the gateway has to be told. */
  readonly version: number;
  readonly acknowledged: number;
}

export interface TransferTotals {
  readonly count: number;
  readonly amount: number;
}

export interface TransferBooks {
  apply(fact: TransferFact): void;
  find(reference: string): Transfer | undefined;
  isCalledOff(reference: string): boolean;
  all(): readonly Transfer[];
  /** A batch that was counted before; undefined: not yet. */
  counted(currency: string, cutOffAtMs: number): TransferTotals | undefined;
}

export function isTransferFact(fact: { readonly fact: string }): fact is TransferFact {
  return fact.fact.startsWith('transfer');
}

export function createTransferBooks(): TransferBooks {
  const transfers = new Map<string, Transfer>();
  const calledOff = new Set<string>();
  const batches = new Map<string, TransferTotals>();
  const inBatch = new Set<string>();
  const change = (reference: string, next: (transfer: Transfer) => Transfer): void => {
    const transfer = transfers.get(reference);
    if (transfer !== undefined) transfers.set(reference, next(transfer));
  };
  const count = (currency: string, cutOffAtMs: number): void => {
    const due = [...transfers.values()].filter(
      ({ order, state }) =>
        order.currency === currency && order.orderedAtMs < cutOffAtMs && state === 'paid' && !inBatch.has(order.reference),
    );
    for (const { order } of due) inBatch.add(order.reference);
    batches.set(`${currency} ${cutOffAtMs}`, { count: due.length, amount: due.reduce((sum, { order }) => sum + order.amount, 0) });
  };
  return {
    apply(fact) {
      switch (fact.fact) {
        case 'transfer_ordered': {
          const { fact: _, ...ordered } = fact;
          transfers.set(fact.order.reference, { ...ordered, version: 0, acknowledged: 0 });
          return;
        }
        case 'transfer_canceled':
          calledOff.add(fact.reference);
          // The gateway's own wish is no news to it.
          return change(fact.reference, (transfer) => ({ ...transfer, state: 'canceled' }));
        case 'transfer_ended': {
          const { state, reason } = fact;
          return change(fact.reference, (transfer) => ({
            ...{ ...transfer, state, version: transfer.version + 1 },
            ...(reason === undefined ? {} : { reason }),
          }));
        }
        case 'transfer_acknowledged':
          return change(fact.reference, (transfer) => ({ ...transfer, acknowledged: Math.max(transfer.acknowledged, fact.version) }));
        case 'transfers_counted':
          return count(fact.currency, fact.cutOffAtMs);
      }
    },
    find: (reference) => transfers.get(reference),
    isCalledOff: (reference) => calledOff.has(reference),
    all: () => [...transfers.values()],
    counted: (currency, cutOffAtMs) => batches.get(`${currency} ${cutOffAtMs}`),
  };
}

/** What becomes of a transfer when it is ordered, by the end of its account's number. Published. */
export function decisionOn(last4: string): { readonly state: TransferState; readonly reason?: TransferRefusal } {
  if (last4.endsWith('0053')) return { state: 'refused', reason: 'no_such_account' };
  if (last4.endsWith('0046')) return { state: 'refused', reason: 'account_closed' };
  return { state: last4.endsWith('0099') ? 'open' : 'paid' };
}

export function hashOfAccount(number: string): string {
  return createHash('sha256').update(number).digest('hex');
}

export function isSameTransfer(a: TransferOrder, b: TransferOrder): boolean {
  return a.amount === b.amount && a.currency === b.currency && a.accountHash === b.accountHash;
}

/** As the gateway is told it; complete each time, so that the order of messages does not matter. */
export function reportOfTransfer({ order, bankReference, state, reason }: Transfer): Readonly<Record<string, unknown>> {
  const { reference, amount, currency } = order;
  return { reference, bankReference, state, amount, currency, ...(reason === undefined ? {} : { reason }) };
}
