/**
 * What a merchant's books come to, for the merchant: balances, turnover, and the lines of a statement. All of it is read from the posted layer of the
 * ledger, for the orders of one dialect's channels; what merchants declare to have been paid elsewhere is a line, and nobody's debt. Amounts in minor units.
 */
import type { EntryKind } from './accounts.ts';

/** Which lines count; what is absent does not matter, and of a list any may fit. Times are business time, epoch ms, from the first included to the last not. */
export interface BooksFilter {
  readonly merchantId: string;
  readonly dialect: string;
  readonly currencies?: readonly string[];
  /** Channels by their wire ids. */
  readonly wireIds?: readonly string[];
  /** Card brands and methods of banks. */
  readonly methods?: readonly string[];
  /** As the dialect has noted them, under `flow`, with the first operation of a payment; the empty text stands for payments without one. */
  readonly flows?: readonly string[];
  /** Whether the card was kept under a token. */
  readonly tokenized?: boolean;
  /** As the terms of orders have them; the empty text stands for orders without one. */
  readonly products?: readonly string[];
  /** When the order was made. */
  readonly orderedFromMs?: number;
  readonly orderedToMs?: number;
  /** When the line was booked. */
  readonly bookedFromMs?: number;
  readonly bookedToMs?: number;
  /** When anything last happened to the payment. */
  readonly changedFromMs?: number;
  readonly changedToMs?: number;
  readonly states?: readonly BookedState[];
  /** Part of a reference, an id or an e-mail. */
  readonly text?: string;
}

/** How the money of a line stands by now: still the merchant's, given back at least in part, or taken back by its issuer; `sent`: it went the other way. */
export type BookedState = 'paid' | 'refunded' | 'charged_back' | 'sent';

export interface Balance {
  readonly currency: string;
  /** All that came in and was not given or taken back. */
  readonly gross: bigint;
  /** The acquirer's, of batches that were settled. */
  readonly fees: bigint;
  /** Of it: what waits for its settlement; never below zero. */
  readonly unsettled: bigint;
  /** Refunds whose outcome is not certain. */
  readonly refundsUnderWay: bigint;
}

export interface Turnover {
  readonly incoming: { readonly amount: bigint; readonly fees: bigint; readonly count: number };
  /** Without a sign. */
  readonly outgoing: { readonly amount: bigint; readonly fees: bigint; readonly count: number };
}

/** What a merchant may pay out. */
export interface PayoutBalance {
  readonly currency: string;
  readonly available: bigint;
  /** Payouts whose outcome is not certain: not available any more. */
  readonly underWay: bigint;
}

/** One line of a statement. */
export interface BookedLine {
  readonly orderId: string;
  readonly operationId: string;
  readonly line: number;
  readonly kind: EntryKind;
  readonly state: BookedState;
  readonly wireId: string;
  readonly currency: string;
  /** Below zero when it went from the merchant. */
  readonly amount: number;
  readonly fee: number;
  readonly orderedAtMs: number;
  readonly bookedAtMs: number;
  readonly changedAtMs: number;
  readonly reference?: string;
  readonly email?: string;
  readonly method?: string;
  readonly flow?: string;
  readonly product?: string;
}

/** Place in a statement: lines are in the order in which their orders were made. */
export type BookedPlace = Pick<BookedLine, 'orderedAtMs' | 'orderId' | 'operationId' | 'line'>;

/** Reads the ledger for merchants. Rejects with `NotRecorded` when the database is away. */
export interface MerchantBooks {
  /** By currency, in alphabetical order; only those in which anything was booked, or is under way. */
  balances(filter: BooksFilter): Promise<readonly Balance[]>;
  turnover(filter: BooksFilter): Promise<Turnover>;
  /** By currency, in alphabetical order. */
  payoutBalances(merchantId: string): Promise<readonly PayoutBalance[]>;
  /** In the order of {@link BookedPlace}, from behind `after` on. */
  lines(filter: BooksFilter, page: { readonly after?: BookedPlace; readonly limit: number }): Promise<readonly BookedLine[]>;
  countLines(filter: BooksFilter): Promise<number>;
}
