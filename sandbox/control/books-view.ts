/** The host's books as the control API shows them. */

import type { BankPayment } from '../bank/books.ts';
import { view as bankView } from '../bank/routes.ts';
import { transferView } from '../bank/transfer-routes.ts';
import type { Transfer } from '../bank/transfers.ts';
import { ACTS, type Books, type Entry, type FactDetails, PAYOUT_FUNDS_MAJOR, remainingMinor, stateOf } from '../host/books.ts';
import { minorPerMajor } from '../host/currencies.ts';
import type { Host } from '../host/host.ts';
import { disputeView } from './dispute-order.ts';

/** Which entries to show. */
export interface BooksFilter {
  readonly rrn: string | undefined;
  readonly terminal: string | undefined;
}

/** One entry. Amounts are minor units; the account is a hash and a mask, never the card number. */
function view(entry: Entry): Readonly<Record<string, unknown>> {
  const { fact, original } = entry;
  return {
    rrn: fact.rrn,
    stan: fact.stan,
    terminal: fact.terminal,
    date: fact.date,
    kind: fact.act,
    currency: fact.currency,
    amount: entry.amountMinor,
    capturedAmount: entry.capturedMinor,
    refundedAmount: entry.refundedMinor,
    reversedAmount: entry.reversedMinor,
    remainingAmount: remainingMinor(entry),
    state: stateOf(entry),
    account: fact.account,
    approvalCode: fact.approvalCode,
    ...storedCredentialOf(fact.more),
    ...authenticationOf(fact.more),
    ...(original === undefined ? {} : { original: { rrn: original.fact.rrn, stan: original.fact.stan } }),
  };
}

/** How a stored card was used. A payment of the merchant whose first one is not known stands out. */
function storedCredentialOf({ initiation, initialReference, isInitialKnown }: FactDetails = {}): Readonly<Record<string, unknown>> {
  if (initiation === undefined) return {};
  return { storedCredential: { initiation, initialReference, isInitialKnown } };
}

/** What the payment said of its shopper's authentication; of the value only the SHA-256. */
function authenticationOf({ authentication }: FactDetails = {}): Readonly<Record<string, unknown>> {
  if (authentication === undefined) return {};
  const [eci, valueHash, transaction, exemption] = authentication.split(' ').map((part) => (part === '-' ? undefined : part));
  return { authentication: { eci, valueHash, transaction, exemption } };
}

const ENTRIES_PER_PIECE = 500;

/** The whole answer in pieces, so that a million entries neither block the host nor fill its memory. */
export function* booksJson(
  {
    books,
    disputes,
    bank,
    transfers,
  }: Pick<Host, 'books' | 'disputes'> & { readonly bank: readonly BankPayment[]; readonly transfers: readonly Transfer[] },
  { rrn, terminal }: BooksFilter,
): Generator<string> {
  // What is booked while this is being read is left for the next time.
  const count = books.entries.length;
  let separator = '';
  yield '{"entries":[';
  for (let start = 0; start < count; start += ENTRIES_PER_PIECE) {
    let piece = '';
    for (const entry of books.entries.slice(start, Math.min(start + ENTRIES_PER_PIECE, count))) {
      if ((rrn !== undefined && entry.fact.rrn !== rrn) || (terminal !== undefined && entry.fact.terminal !== terminal)) continue;
      piece += separator + JSON.stringify(view(entry));
      separator = ',';
    }
    yield piece;
  }
  const shown = disputes.all.filter(
    ({ charge: { fact } }) => (rrn === undefined || fact.rrn === rrn) && (terminal === undefined || fact.terminal === terminal),
  );
  const atBank = terminal === undefined ? bank.filter(({ order }) => rrn === undefined || order.reference === rrn) : [];
  const sent = terminal === undefined ? transfers.filter(({ order }) => rrn === undefined || order.reference === rrn) : [];
  yield `],"disputes":${JSON.stringify(shown.map(disputeView))},"bank":${JSON.stringify(atBank.map(bankView))},"transfers":${JSON.stringify(sent.map(transferView))}}\n`;
}

interface Total {
  readonly kind: string;
  readonly state: string;
  readonly currency: string;
  count: number;
  amount: number;
  capturedAmount: number;
  refundedAmount: number;
  reversedAmount: number;
  remainingAmount: number;
}

/** What a merchant could pay out to begin with, and can still. */
interface PayoutBalance {
  readonly merchant: string;
  readonly currency: string;
  readonly opened: number;
  readonly available: number;
}

interface Summary {
  readonly count: number;
  readonly totals: readonly Total[];
  /** Of those who have paid something out; all others have what they began with. */
  readonly payoutBalances: readonly PayoutBalance[];
}

function payoutBalances(books: Books): PayoutBalance[] {
  return books.paidOut().map(({ merchant, currency, amountMinor }) => {
    const opened = PAYOUT_FUNDS_MAJOR * minorPerMajor(currency);
    return { merchant, currency, opened, available: opened - amountMinor };
  });
}

/** Counts and sums of minor units by kind, state and currency, and the payout balances. */
export function booksSummary(books: Books): Summary {
  const totals = new Map<string, Total>();
  for (const entry of books.entries) {
    const { act: kind, currency } = entry.fact;
    const state = stateOf(entry);
    const key = `${ACTS.indexOf(kind)} ${state} ${currency}`;
    const total = totals.get(key) ?? {
      kind,
      state,
      currency,
      count: 0,
      amount: 0,
      capturedAmount: 0,
      refundedAmount: 0,
      reversedAmount: 0,
      remainingAmount: 0,
    };
    totals.set(key, total);
    total.count++;
    total.amount += entry.amountMinor;
    total.capturedAmount += entry.capturedMinor;
    total.refundedAmount += entry.refundedMinor;
    total.reversedAmount += entry.reversedMinor;
    total.remainingAmount += remainingMinor(entry);
  }
  const inOrder = [...totals.entries()].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, total]) => total);
  return { count: books.entries.length, totals: inOrder, payoutBalances: payoutBalances(books) };
}
