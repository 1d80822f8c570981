/** What a checkout is made of, and how it is kept. */

import type { PaymentEventRecord } from '../event/payment-event.ts';
import type { AgreementRequest } from '../instrument/agreement.ts';
import type { BankMethod } from '../instrument/bank.ts';
import type { CardBrand } from '../instrument/card.ts';
import type { Origin } from '../risk/rule.ts';

/** What will be asked for once there is an instrument. */
export interface CheckoutOrder {
  /** `payout`: the merchant's server names the card that money goes to; no shopper is asked for anything. */
  readonly kind: 'preauthorization' | 'debit' | 'payout';
  /** Minor units. */
  readonly amount: number;
  readonly currency: string;
  /** Keep the card under a token when the payment is approved. */
  readonly tokenize: boolean;
  readonly agreement?: AgreementRequest;
  /** Of a preauthorization: all of it is captured at once, and what is kept with the capture. */
  readonly thenCapture?: { readonly dialectData: Readonly<Record<string, string>> };
  /** As in `AuthorizeCommand`. */
  readonly captureLater?: { readonly afterMs: number };
  readonly merchantReference?: string;
  /** As the merchant tells it. */
  readonly origin?: Origin;
  /** Whether the shopper's card is authenticated: absent: where it can be; `never`; `always`: no payment without it. */
  readonly authenticates?: 'never' | 'always';
  /** Each attempt is a payment with a number of its own. */
  readonly numbered?: true;
  readonly dialectData: Readonly<Record<string, string>>;
}

/** One line of what is bought, as the merchant describes it. */
export interface OrderLine {
  readonly name: string;
  readonly detail?: string;
  /** As people read it: `2`, `0.5`. */
  readonly quantity?: string;
  /** Minor units, of all pieces together. */
  readonly amount?: number;
}

/** The head of an invoice. */
export interface Bill {
  readonly number: string;
  /** `2026-11-21`. */
  readonly issuedOn: string;
  /** Business time, epoch ms. */
  readonly dueAtMs?: number;
  /** Who is to pay: name and address, a line each. */
  readonly to: readonly string[];
  readonly notes?: string;
}

export interface CheckoutTerms {
  readonly order: CheckoutOrder;
  /** Nothing is paid: the card is only kept under a token. The order then has the amount 0 and the currency XXX, ISO 4217's "no currency". */
  readonly keepsCardOnly?: true;
  /** Of a card that is only kept: it is for one payment, soon, unless the shopper agrees to more. */
  readonly forOnePayment?: true;
  /** What failed once cannot be tried again. */
  readonly singleAttempt?: true;
  /** Tried too often, it has expired, before its time. */
  readonly expiresExhausted?: true;
  /** For which cards the page does not insist on the code: `new` ones, `stored` ones. */
  readonly cvcOptional?: readonly ('new' | 'stored')[];
  /** It is never paid itself: each shopper who opens it pays an order of their own, made of it. */
  readonly reusable?: true;
  /** Its page notes when it is shown first. */
  readonly notesView?: true;
  /** The page asks the shopper whether the card may be kept for longer. */
  readonly asksConsent?: true;
  /** Where the shopper goes afterwards, complete: nothing is added to it. */
  readonly returnUrl?: string;
  /** Where a shopper goes who does not pay; absent: where the others go. */
  readonly cancelUrl?: string;
  /** A language tag; absent: what the browser prefers. */
  readonly language?: string;
  /** Names the template that its page wears, where the merchant has one of that name. */
  readonly variant?: string;
  /** Card brands that may be used; empty: all. */
  readonly brands: readonly CardBrand[];
  /** Methods of banks that the merchant wants, and no cards; absent or empty: cards, and absent: every method. */
  readonly methods?: readonly BankMethod[];
  /** Methods of banks that this kind of order may be paid with, also where the money comes later; absent: those that do at once what is ordered. */
  readonly banks?: readonly BankMethod[];
  /** Only a bank will do, whichever. */
  readonly takesNoCards?: true;
  /** The shopper may have the card kept when they pay with it. */
  readonly offersToKeep?: true;
  /** Tokens of stored cards that are offered. */
  readonly tokens: readonly string[];
  readonly lines: readonly OrderLine[];
  /** What an invoice of it says beside the lines. */
  readonly bill?: Bill;
  /** What kind of order it is, where the protocol tells several apart: a word of the dialect's that books can be asked by. */
  readonly product?: string;
  /** Of a checkout that was opened under a key: the keyed HMAC of what was asked for then, in hex. A change of the terms leaves it. */
  readonly openedWith?: string;
  /** What only the dialect knows of it, in its protocol's own form; without card data. */
  readonly document?: unknown;
}

/** `cancelled`: called off by the merchant. `declared_paid`: paid elsewhere, as the merchant says. */
export type CheckoutEnd = 'cancelled' | 'declared_paid';

/**
 * What can happen to an order apart from its payments. `charge_failed`: a card of the customer's could not be charged for what is due. `expired`: its time
 * was over before anybody had paid it.
 */
export type CheckoutEventName = 'created' | 'viewed' | 'charge_failed' | 'expired' | CheckoutEnd;

export interface CheckoutEventRecord {
  /** From 1, without gaps. */
  readonly sequence: number;
  readonly name: CheckoutEventName;
  /** Business time, epoch ms. */
  readonly happenedAtMs: number;
}

export interface Checkout {
  readonly merchantId: string;
  readonly routingNumber: number;
  readonly checkoutId: string;
  readonly channelId: string;
  /** Finds the channel: its dialect, and its id there. */
  readonly dialect: string;
  readonly wireId: string;
  readonly terms: CheckoutTerms;
  /** Counts changes of the terms, from 1: a shopper pays what was shown. */
  readonly revision: number;
  /** Attempts that are known to have begun; there may be one more. */
  readonly attempts: number;
  /** The last of them. */
  readonly operationId?: string;
  /** It ended without a payment of the gateway's. */
  readonly closed?: CheckoutEnd;
  /** Of what was paid elsewhere: when, as the merchant says; epoch ms. */
  readonly declaredPaidAtMs?: number;
  /** The stored card that was chosen where a card was to be kept. */
  readonly chosenToken?: string;
  /** Business time, epoch ms. */
  readonly createdAtMs: number;
  /** Absent: it stays open until it is paid or called off. */
  readonly expiresAtMs?: number;
}

export interface NewCheckout {
  readonly merchantId: string;
  readonly checkoutId: string;
  readonly channelId: string;
  /** Absent: an order, which is found by its id, and tells its merchant what happens to it. */
  readonly secretHash?: Uint8Array;
  readonly terms: CheckoutTerms;
  readonly createdAtMs: number;
  readonly expiresAtMs?: number;
}

export interface CheckoutKey {
  readonly merchantId: string;
  readonly checkoutId: string;
}

/** An event of one of its payments. */
export interface PaymentEventEntry {
  readonly paymentId: string;
  readonly operationId: string;
  readonly event: PaymentEventRecord;
}

/** Keeps checkouts. Rejects with `NotRecorded` when the database is away. */
export interface CheckoutStore {
  create(checkout: NewCheckout): Promise<void>;
  find(key: { readonly routingNumber: number; readonly secretHash: Uint8Array }): Promise<Checkout | undefined>;
  /** New terms; false when the revision is another one by now. */
  amend(change: {
    readonly merchantId: string;
    readonly checkoutId: string;
    readonly revision: number;
    readonly terms: CheckoutTerms;
  }): Promise<boolean>;
  findById(key: CheckoutKey): Promise<Checkout | undefined>;
  /** Orders of a merchant, the latest first; those before `before` only. */
  list(request: {
    readonly merchantId: string;
    readonly before?: { readonly createdAtMs: number; readonly checkoutId: string };
    readonly limit: number;
  }): Promise<readonly Checkout[]>;
  /** Takes the number of an attempt that is about to begin; false when the checkout was closed or told as expired, or another number was taken since. */
  begin(attempt: CheckoutKey & { readonly attempt: number }): Promise<boolean>;
  /**
   * Closes it; false when it is closed already, or an attempt beyond `attempts` may be under way: one that has begun less than a minute ago. What was paid
   * elsewhere is posted to the ledger with it, as declared; `paidAtMs`: when, as the merchant says.
   */
  close(
    end: CheckoutKey & { readonly as: CheckoutEnd; readonly attempts: number; readonly nowMs: number; readonly paidAtMs?: number },
  ): Promise<boolean>;
  /** Takes the card that was kept with it for one payment, named by `by`; false when another one has taken it. */
  spend(payment: CheckoutKey & { readonly by: string }): Promise<boolean>;
  /** Gives it back, when nothing was recorded. */
  unspend(payment: CheckoutKey & { readonly by: string }): Promise<void>;
  /** Notes that a stored card is to be paid with; the first choice stands. */
  chooseToken(choice: CheckoutKey & { readonly token: string }): Promise<void>;
  /** Somebody looks at it; the first time is an event. */
  noteView(view: CheckoutKey & { readonly nowMs: number }): Promise<void>;
  eventsOf(key: CheckoutKey): Promise<readonly CheckoutEventRecord[]>;
  /** First operations of the attempts that were noted, oldest first. */
  attemptsOf(key: CheckoutKey): Promise<readonly string[]>;
  /** Events of the payments that these operations began, oldest first. */
  paymentEventsOf(key: { readonly merchantId: string; readonly operationIds: readonly string[] }): Promise<readonly PaymentEventEntry[]>;
  /** Remembers an attempt; an earlier one changes nothing, and neither does one whose operation is not recorded. */
  noteAttempt(attempt: {
    readonly merchantId: string;
    readonly checkoutId: string;
    readonly attempt: number;
    readonly operationId: string;
  }): Promise<void>;
}

/** Keeps which orders are still to be looked at when their time is over, or after the last attempt that they bear. */
export interface OrderExpiryStore {
  /** Leases orders that are due at a business time, the longest due first. */
  claimDue(request: { readonly businessNowMs: number; readonly limit: number; readonly leaseMs: number }): Promise<readonly CheckoutKey[]>;
  /** When the first of them is due, leased or not; business time, epoch ms. */
  nextDueAtMs(): Promise<number | undefined>;
  /**
   * Makes the order expired, as an event of it; false when it is closed or was told before, or an attempt beyond `attempts` may be under way. From then on
   * none begins. `nowMs`: business time.
   */
  tell(order: CheckoutKey & { readonly attempts: number; readonly nowMs: number }): Promise<boolean>;
  /** There is nothing to tell: it is paid, or called off. */
  finish(order: CheckoutKey): Promise<void>;
  /** It is looked at again at this business time. */
  putOff(order: CheckoutKey, untilMs: number): Promise<void>;
}
