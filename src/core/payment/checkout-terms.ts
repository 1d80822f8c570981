/** What a checkout is made of, and how it is kept. */
import type { AgreementRequest } from '../instrument/agreement.ts';
import type { CardBrand } from '../instrument/card.ts';

/** What will be asked for once there is an instrument. */
export interface CheckoutOrder {
  readonly kind: 'preauthorization' | 'debit';
  /** Minor units. */
  readonly amount: number;
  readonly currency: string;
  /** Keep the card under a token when the payment is approved. */
  readonly tokenize: boolean;
  readonly agreement?: AgreementRequest;
  /** Of a preauthorization: all of it is captured at once, and what is kept with the capture. */
  readonly thenCapture?: { readonly dialectData: Readonly<Record<string, string>> };
  readonly merchantReference?: string;
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

export interface CheckoutTerms {
  readonly order: CheckoutOrder;
  /** Nothing is paid: the card is only kept under a token. The order then has the amount 0 and the currency XXX, ISO 4217's "no currency". */
  readonly keepsCardOnly?: true;
  /** Where the shopper goes afterwards, complete: nothing is added to it. */
  readonly returnUrl?: string;
  /** A language tag; absent: what the browser prefers. */
  readonly language?: string;
  /** Card brands that may be used; empty: all. */
  readonly brands: readonly CardBrand[];
  /** Tokens of stored cards that are offered. */
  readonly tokens: readonly string[];
  readonly lines: readonly OrderLine[];
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
  /** Business time, epoch ms. */
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
}

export interface NewCheckout {
  readonly merchantId: string;
  readonly checkoutId: string;
  readonly channelId: string;
  readonly secretHash: Uint8Array;
  readonly terms: CheckoutTerms;
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
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
  /** Remembers an attempt; an earlier one changes nothing. */
  noteAttempt(attempt: {
    readonly merchantId: string;
    readonly checkoutId: string;
    readonly attempt: number;
    readonly operationId: string;
  }): Promise<void>;
}
