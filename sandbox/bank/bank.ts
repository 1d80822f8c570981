/** A bank that shoppers pay at: its books in a journal of their own, its page, its API for gateways, its notifications. */

import { randomBytes, randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { BankFault } from '../host/faults.ts';
import { openJournal } from '../host/journal.ts';
import { type BankBooks, type BankFact, type BankPayment, createBankBooks, type Order, receivedOf, refundedOf, reportOf } from './books.ts';
import { createNotifier, type Notifier } from './notifier.ts';
import {
  createTransferBooks,
  decisionOn,
  isSameTransfer,
  isTransferFact,
  reportOfTransfer,
  type Transfer,
  type TransferBooks,
  type TransferFact,
  type TransferOrder,
  type TransferRefusal,
  type TransferTotals,
} from './transfers.ts';

export type ShopperAct = 'pay' | 'refuse' | 'later';

export interface Bank {
  readonly books: BankBooks;
  readonly transfers: TransferBooks;
  /** Sends money to an account; repeats by the same reference find the same transfer. `conflict`: another one has the reference. */
  transfer(order: TransferOrder): Promise<Transfer | 'conflict'>;
  /** What a transfer is that cannot be called off any more, else the transfer as called off; undefined when it was never ordered. */
  cancelTransfer(reference: string): Promise<Transfer | undefined>;
  /** Decides one that is open. */
  endTransfer(reference: string, end: { readonly state: 'paid' | 'refused'; readonly reason?: TransferRefusal }): Promise<void>;
  /** Counts what was ordered before the cut-off, is paid, and in no earlier batch; asked again the answer is the same. */
  countTransfers(batch: { readonly currency: string; readonly cutOffAtMs: number }): Promise<TransferTotals>;
  /** Repeats by the same reference find the same payment. `conflict`: another order under a reference that is taken. */
  start(order: Order): Promise<BankPayment | 'conflict'>;
  /** What a payment is that cannot be called off any more, else the payment as called off; undefined when it was never started. */
  cancel(reference: string): Promise<BankPayment | undefined>;
  /** Sends money back; repeats by the same reference are booked once. `no_money`: there is not that much of it. */
  refund(refund: {
    readonly reference: string;
    readonly refundReference: string;
    readonly amount: number;
  }): Promise<'refunded' | 'no_money' | 'unknown' | 'conflict'>;
  /** What the shopper does on the page; a second act changes nothing. */
  act(payment: BankPayment, act: ShopperAct): Promise<void>;
  /** Money has come. */
  receive(payment: BankPayment, amount: number): Promise<void>;
  /** Resolves when everything booked so far is durable. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

export interface BankOptions {
  readonly dataDirectory: string;
  /** Signs notifications, and lets gateways in. */
  readonly secret: string;
  /** Whether a fault is to happen now; takes it away. */
  readonly suffers: (fault: BankFault) => boolean;
  readonly warn: (text: string) => void;
  readonly onFailure: (error: Error) => void;
}

const JOURNAL_HEADER = '{"polygateSandboxBank":1}';

export function openBank({ dataDirectory, secret, suffers, warn, onFailure }: BankOptions): Bank {
  mkdirSync(dataDirectory, { recursive: true, mode: 0o700 });
  const books = createBankBooks();
  const transfers = createTransferBooks();
  const take = (fact: BankFact | TransferFact): void => (isTransferFact(fact) ? transfers.apply(fact) : books.apply(fact));
  const journal = openJournal<() => void>({
    path: join(dataDirectory, 'bank-journal.jsonl'),
    header: JOURNAL_HEADER,
    replay: (line) => {
      const fact = factIn(line);
      if (fact !== undefined) take(fact);
      return fact !== undefined;
    },
    onDurable: (waiting) => {
      for (const resolve of waiting) resolve();
    },
    onFailure,
    warn,
  });
  const book = (fact: BankFact | TransferFact): Promise<void> => {
    // The books first, so that whoever decides next sees it; nobody is told before it is durable.
    take(fact);
    return new Promise((resolve) => journal.append(JSON.stringify(fact), resolve));
  };
  const notifier: Notifier = createNotifier({
    ...{ secret, suffers },
    subjects: {
      find: (reference) => newsOf(books.find(reference), transfers.find(reference)),
      references: () => [...books.all(), ...transfers.all()].map(({ order: { reference } }) => reference),
    },
    acknowledge: (reference, version) =>
      book({ fact: transfers.find(reference) === undefined ? 'acknowledged' : 'transfer_acknowledged', reference, version }),
  });
  const tell = async (fact: (BankFact | TransferFact) & { readonly reference: string }): Promise<void> => {
    await book(fact);
    notifier.wake(fact.reference);
  };
  return {
    books,
    ...transferActs(transfers, { book, tell }),
    async start(order) {
      const known = books.find(order.reference);
      if (known !== undefined) return isSameOrder(known.order, order) ? known : 'conflict';
      // Two words of letters that cannot be mixed up with digits: people type it into a transfer.
      const bankReference = `NG-${readable(4)}-${readable(4)}`;
      await book({ fact: 'started', order, token: randomBytes(24).toString('base64url'), bankReference });
      if (order.unattended === true && books.find(order.reference)?.state === 'open')
        await tell({ fact: 'deferred', reference: order.reference });
      return books.find(order.reference) ?? 'conflict';
    },
    async cancel(reference) {
      const payment = books.find(reference);
      const isOpen = payment === undefined ? !books.isCalledOff(reference) : payment.state === 'open' || payment.state === 'deferred';
      if (isOpen) await book({ fact: 'canceled', reference });
      return books.find(reference);
    },
    async refund({ reference, refundReference, amount }) {
      const payment = books.find(reference);
      if (payment === undefined) return 'unknown';
      const known = payment.refunds.find((refund) => refund.reference === refundReference);
      if (known !== undefined) return known.amount === amount ? 'refunded' : 'conflict';
      if (receivedOf(payment) - refundedOf(payment) < amount) return 'no_money';
      await book({ fact: 'refunded', reference, refundReference, amount });
      return 'refunded';
    },
    async act({ order: { reference, amount }, state }, act) {
      if (state !== 'open') return;
      if (act === 'pay') return tell({ fact: 'received', reference, receiptId: randomUUID(), amount });
      return tell({ fact: act === 'later' ? 'deferred' : 'refused', reference });
    },
    receive: ({ order: { reference } }, amount) => tell({ fact: 'received', reference, receiptId: randomUUID(), amount }),
    settled: journal.settled,
    async close() {
      notifier.close();
      await journal.close();
    },
  };
}

interface Booking {
  readonly book: (fact: TransferFact) => Promise<void>;
  readonly tell: (fact: TransferFact & { readonly reference: string }) => Promise<void>;
}

function transferActs(
  transfers: TransferBooks,
  { book, tell }: Booking,
): Pick<Bank, 'transfers' | 'transfer' | 'cancelTransfer' | 'endTransfer' | 'countTransfers'> {
  return {
    transfers,
    async transfer(order) {
      const known = transfers.find(order.reference);
      if (known !== undefined) return isSameTransfer(known.order, order) ? known : 'conflict';
      const decision = transfers.isCalledOff(order.reference) ? { state: 'canceled' as const } : decisionOn(order.last4);
      await book({ fact: 'transfer_ordered', order, bankReference: `TR-${readable(4)}-${readable(4)}`, ...decision });
      return transfers.find(order.reference) ?? 'conflict';
    },
    async cancelTransfer(reference) {
      const transfer = transfers.find(reference);
      const isOpen = transfer === undefined ? !transfers.isCalledOff(reference) : transfer.state === 'open';
      if (isOpen) await book({ fact: 'transfer_canceled', reference });
      return transfers.find(reference);
    },
    async endTransfer(reference, end) {
      if (transfers.find(reference)?.state === 'open') await tell({ fact: 'transfer_ended', reference, ...end });
    },
    async countTransfers({ currency, cutOffAtMs }) {
      if (transfers.counted(currency, cutOffAtMs) === undefined) await book({ fact: 'transfers_counted', currency, cutOffAtMs });
      return transfers.counted(currency, cutOffAtMs) ?? { count: 0, amount: 0 };
    },
  };
}

/** What the gateway is to be told of a payment or a transfer. */
function newsOf(payment: BankPayment | undefined, transfer: Transfer | undefined) {
  if (payment !== undefined) return { report: reportOf(payment), ...newsIn(payment) };
  return transfer === undefined ? undefined : { report: reportOfTransfer(transfer), ...newsIn(transfer) };
}

function newsIn({ order: { notificationUrl }, version, acknowledged }: BankPayment | Transfer) {
  return { notificationUrl, version, acknowledged };
}

function isSameOrder(a: Order, b: Order): boolean {
  return a.amount === b.amount && a.currency === b.currency && a.method === b.method;
}

const LETTERS = 'ABCDEFGHJKLMNPQRSTUVWXYZ23456789';

function readable(length: number): string {
  return Array.from(randomBytes(length), (byte) => LETTERS[byte % LETTERS.length]).join('');
}

function factIn(line: string): BankFact | TransferFact | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && 'fact' in value ? (value as BankFact | TransferFact) : undefined;
  } catch {
    return undefined;
  }
}
