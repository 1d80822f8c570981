/** The bank's books: payments that a gateway has started, the money that came for them, and what was sent back. Facts go in, nothing goes out. */
import { createHash } from 'node:crypto';

/** How a payment at the bank stands. `deferred`: the shopper has ordered it and will pay later. `paid`: all of its money has come. */
export type BankState = 'open' | 'deferred' | 'paid' | 'refused' | 'canceled';

/** What a gateway asks for. `amount` in minor units; `decimals` says how many digits of it come after the point. */
export interface Order {
  readonly reference: string;
  readonly amount: number;
  readonly currency: string;
  readonly decimals: number;
  readonly method: string;
  readonly creditor: string;
  /** Where the shopper's browser goes in the end. */
  readonly returnUrl: string;
  /** Where the bank tells what has happened. */
  readonly notificationUrl: string;
  /** No shopper comes: the order stands at once, and the merchant tells the account. */
  readonly unattended?: true;
}

/** One line of the journal. */
export type BankFact =
  | { readonly fact: 'started'; readonly order: Order; readonly token: string; readonly bankReference: string }
  /** A payment that was never started is called off as well: should its start still arrive, nothing comes of it. */
  | { readonly fact: 'canceled'; readonly reference: string }
  | { readonly fact: 'refused' | 'deferred'; readonly reference: string }
  | { readonly fact: 'received'; readonly reference: string; readonly receiptId: string; readonly amount: number }
  | { readonly fact: 'refunded'; readonly reference: string; readonly refundReference: string; readonly amount: number }
  /** The gateway has taken notice of everything up to this number. */
  | { readonly fact: 'acknowledged'; readonly reference: string; readonly version: number };

export interface Receipt {
  readonly id: string;
  /** Minor units. */
  readonly amount: number;
}

export interface BankPayment {
  readonly order: Order;
  readonly token: string;
  readonly bankReference: string;
  readonly state: BankState;
  readonly receipts: readonly Receipt[];
  readonly refunds: readonly { readonly reference: string; readonly amount: number }[];
  /** Counts what the gateway has to be told. */
  readonly version: number;
  readonly acknowledged: number;
}

export interface BankBooks {
  apply(fact: BankFact): void;
  find(reference: string): BankPayment | undefined;
  findByToken(token: string): BankPayment | undefined;
  /** By the reference that is printed for the shopper. */
  findByBankReference(bankReference: string): BankPayment | undefined;
  /** Called off before it was started. */
  isCalledOff(reference: string): boolean;
  all(): readonly BankPayment[];
}

export function createBankBooks(): BankBooks {
  const payments = new Map<string, BankPayment>();
  const byToken = new Map<string, string>();
  const byBankReference = new Map<string, string>();
  const calledOff = new Set<string>();
  const change = (reference: string, next: (payment: BankPayment) => BankPayment): void => {
    const payment = payments.get(reference);
    if (payment !== undefined) payments.set(reference, next(payment));
  };
  const told = (payment: BankPayment): BankPayment => ({ ...payment, version: payment.version + 1 });
  return {
    apply(fact) {
      switch (fact.fact) {
        case 'started': {
          const { order, token, bankReference } = fact;
          const state = calledOff.has(order.reference) ? 'canceled' : 'open';
          payments.set(order.reference, { order, token, bankReference, state, receipts: [], refunds: [], version: 0, acknowledged: 0 });
          byToken.set(token, order.reference);
          byBankReference.set(bankReference, order.reference);
          return;
        }
        case 'canceled':
          calledOff.add(fact.reference);
          // The gateway's own wish is no news to it.
          return change(fact.reference, (payment) => ({ ...payment, state: 'canceled' }));
        case 'refused':
        case 'deferred':
          return change(fact.reference, (payment) => told({ ...payment, state: fact.fact }));
        case 'received':
          return change(fact.reference, (payment) => told(withReceipt(payment, { id: fact.receiptId, amount: fact.amount })));
        case 'refunded': {
          const refund = { reference: fact.refundReference, amount: fact.amount };
          return change(fact.reference, (payment) => ({ ...payment, refunds: [...payment.refunds, refund] }));
        }
        case 'acknowledged':
          return change(fact.reference, (payment) => ({ ...payment, acknowledged: Math.max(payment.acknowledged, fact.version) }));
      }
    },
    find: (reference) => payments.get(reference),
    findByToken: (token) => payments.get(byToken.get(token) ?? ''),
    findByBankReference: (bankReference) => payments.get(byBankReference.get(bankReference) ?? ''),
    isCalledOff: (reference) => calledOff.has(reference),
    all: () => [...payments.values()],
  };
}

/** Money for what was called off is kept, and the payment stays called off. */
function withReceipt(payment: BankPayment, receipt: Receipt): BankPayment {
  const receipts = [...payment.receipts, receipt];
  const isOver = payment.state === 'canceled' || payment.state === 'refused';
  const isPaid = receivedOf({ receipts }) >= payment.order.amount;
  return { ...payment, receipts, state: isOver ? payment.state : isPaid ? 'paid' : 'deferred' };
}

/** What has come so far, in minor units. */
export function receivedOf({ receipts }: Pick<BankPayment, 'receipts'>): number {
  return receipts.reduce((sum, { amount }) => sum + amount, 0);
}

/** What was sent back so far, in minor units. */
export function refundedOf({ refunds }: Pick<BankPayment, 'refunds'>): number {
  return refunds.reduce((sum, { amount }) => sum + amount, 0);
}

/** An account for this payment alone: ten digits. */
function accountOf({ order, bankReference }: BankPayment): object {
  const number = createHash('sha256').update(bankReference).digest().readBigUInt64BE() % 10_000_000_000n;
  return { number: String(number).padStart(10, '0'), name: order.creditor, bank: 'Sandbox Bank' };
}

/** The payment as the gateway is told it, in answers and in notifications; complete each time, so that their order does not matter. */
export function reportOf(payment: BankPayment): Readonly<Record<string, unknown>> {
  const { order, bankReference, state, receipts } = payment;
  const { reference, amount, currency } = order;
  return {
    reference,
    bankReference,
    state,
    amount,
    currency,
    receipts,
    ...(order.unattended === true ? { account: accountOf(payment) } : {}),
  };
}
