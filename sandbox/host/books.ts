/**
 * The acquirer host's own books, held in memory and rebuilt from the journal. A `Fact` is one answered message; applying the same facts in the
 * same order always gives the same books, so nothing but facts is ever written down. Amounts are minor units.
 */

import type { Account } from './accounts.ts';
import { type Act, identityOf, originalKey, type Trace } from './request.ts';

/** One message with the answer it got. Also what the journal holds. */
export interface Fact extends Trace {
  readonly act: Act;
  readonly currency: string;
  readonly amountMinor: number;
  readonly account: Account;
  readonly original: string | undefined;
  readonly remainingMinor: number | undefined;
  /** DE39 of the answer. */
  readonly code: string;
  /** DE38 of the answer; empty when there is none. */
  readonly approvalCode: string;
  /** DE62 of the answer; empty when there is none. */
  readonly schemeId: string;
  /** DE127 of the answer; empty when there is none. */
  readonly privateText: string;
  /** What only some messages have. */
  readonly more?: FactDetails;
}

/** What only some messages have; written down only for those. */
export interface FactDetails {
  /** Of a payout: the merchant whose balance it comes from. Also of the first message of a terminal, which belongs to that merchant from then on. */
  readonly merchant?: string;
  /** Of what was booked before this host was there: it is settled. */
  readonly isEarlier?: boolean;
  /** Of a payment with a stored card: who started it, and under which kind of agreement (DE48 sub-element 22). */
  readonly initiation?: string;
  /** Of a later payment with a stored card: the id of the first one, as it was sent; absent when none was. */
  readonly initialReference?: string;
  /** Whether that id is one that this host gave to an approved payment of the same card. */
  readonly isInitialKnown?: boolean;
  /**
   * Of a payment that says that its shopper was authenticated (DE48 sub-elements 42, 43, 66), or exempt (67): the indicator, the value's
   * SHA-256, the transaction, the exemption.
   */
  readonly authentication?: string;
  /** Of a partial approval: the part. */
  readonly approvedMinor?: number;
}

/** One booked act with what has become of it. */
export interface Entry {
  readonly fact: Fact;
  /** What a capture, refund or reversal refers to. */
  readonly original: Entry | undefined;
  /** What was booked; for a reversal what it really undid. */
  readonly amountMinor: number;
  capturedMinor: number;
  refundedMinor: number;
  reversedMinor: number;
  /** The part of `reversedMinor` that reversals of this very entry undid, without what undone captures left behind. */
  releasedMinor: number;
  /** True once a reversal left nothing to undo, also for an amount of zero. */
  undone: boolean;
}

/** A message that was answered; without an entry it was declined, or there was nothing to book. */
export interface Answered {
  readonly fact: Fact;
  readonly entry: Entry | undefined;
}

export const APPROVED = '00';
export const PARTLY_APPROVED = '10';
export const NOT_FOUND = '25';

/** What every merchant can pay out of each currency to begin with, in major units. */
export const PAYOUT_FUNDS_MAJOR = 1_000_000;

/** Payouts of one merchant in one currency. */
export interface PaidOut {
  readonly merchant: string;
  readonly currency: string;
  readonly amountMinor: number;
}

/** The books. */
export interface Books {
  /** The answer that this very message, or a repeat of it, got before. */
  answered(request: Trace): Answered | undefined;
  /** The message that a DE90 names. */
  original(key: string): Answered | undefined;
  /** True when a reversal of this message came before the message itself. */
  wasReversedBeforeArrival(request: Trace): boolean;
  /** Debits and holds minus what was given back, of the account that is watched. */
  spentMinor(currency: string): number;
  /** Payouts of a merchant that stand. */
  paidOutMinor(merchant: string, currency: string): number;
  /** What every merchant that has paid out has paid out, by currency. */
  paidOut(): readonly PaidOut[];
  /** True when a DE62 is one that was given to an approved payment of this account. */
  wasGivenTo(schemeId: string, accountId: string): boolean;
  /** The merchant (DE42) whose terminal it is, after its first message. */
  merchantOf(terminal: string): string | undefined;
  /** Takes a fact in; returns what it booked. */
  apply(fact: Fact): Entry | undefined;
  /** The highest DE62 given so far, as a number; 0 before the first. */
  highestSchemeId(): number;
  /** Every entry, in the order of booking. */
  readonly entries: readonly Entry[];
}

/** Empty books that keep a running sum of one account (the card that runs dry), except on terminals that know no card triggers. */
export function createBooks({
  watchedAccount,
  isWatchedAt,
}: {
  watchedAccount: string;
  isWatchedAt: (terminal: string) => boolean;
}): Books {
  const byIdentity = new Map<string, Answered>();
  const byOriginalKey = new Map<string, Answered>();
  const reversedBeforeArrival = new Set<string>();
  const spent = new Map<string, number>();
  const payouts = new Map<string, PaidOut>();
  const merchants = new Map<string, string>();
  const entries: Entry[] = [];
  // Payments with a DE62 of their own, in its order, since later ones are always higher.
  const numbered: Entry[] = [];
  let highest = 0;

  const spend = (fact: Fact, amountMinor: number): void => {
    if (fact.account.id !== watchedAccount || !isWatchedAt(fact.terminal)) return;
    spent.set(fact.currency, (spent.get(fact.currency) ?? 0) + amountMinor);
  };

  const payOut = (fact: Fact, amountMinor: number): void => {
    const { merchant = '' } = fact.more ?? {};
    const { currency } = fact;
    const key = `${merchant} ${currency}`;
    payouts.set(key, { merchant, currency, amountMinor: (payouts.get(key)?.amountMinor ?? 0) + amountMinor });
  };

  return {
    entries,
    answered: (request) => byIdentity.get(identityOf(request)),
    original: (key) => byOriginalKey.get(key),
    wasReversedBeforeArrival: (request) => reversedBeforeArrival.size > 0 && reversedBeforeArrival.has(originalKey(request)),
    spentMinor: (currency) => spent.get(currency) ?? 0,
    highestSchemeId: () => highest,
    paidOutMinor: (merchant, currency) => payouts.get(`${merchant} ${currency}`)?.amountMinor ?? 0,
    paidOut: () => [...payouts.values()],
    wasGivenTo: (schemeId, accountId) =>
      /^[0-9]{1,15}$/.test(schemeId) && findNumbered(numbered, Number(schemeId))?.fact.account.id === accountId,
    merchantOf: (terminal) => merchants.get(terminal),
    apply(fact) {
      if (fact.more?.merchant !== undefined) merchants.set(fact.terminal, fact.more.merchant);
      const original = fact.original === undefined ? undefined : byOriginalKey.get(fact.original)?.entry;
      if (fact.act === 'reversal' && fact.code === NOT_FOUND && fact.original !== undefined) reversedBeforeArrival.add(fact.original);
      const isApproved = fact.code === APPROVED || fact.code === PARTLY_APPROVED;
      const entry = isApproved ? book({ fact, original, spend, payOut }) : undefined;
      if (entry !== undefined) entries.push(entry);
      if (entry !== undefined && isPayment(fact) && fact.schemeId !== '') numbered.push(entry);
      const answered = { fact, entry };
      byIdentity.set(identityOf(fact), answered);
      // A reversal is nobody's original, and a late one shares the trace of what it reverses.
      if (fact.act !== 'reversal') byOriginalKey.set(originalKey(fact), answered);
      if (fact.schemeId !== '') highest = Math.max(highest, Number(fact.schemeId));
      return entry;
    },
  };
}

interface Booking {
  readonly fact: Fact;
  readonly original: Entry | undefined;
  readonly spend: (fact: Fact, amountMinor: number) => void;
  readonly payOut: (fact: Fact, amountMinor: number) => void;
}

const isPayment = ({ act }: Fact): boolean => act === 'authorization' || act === 'debit' || act === 'payout';

function findNumbered(numbered: readonly Entry[], schemeId: number): Entry | undefined {
  let low = 0;
  for (let high = numbered.length; low < high; ) {
    const middle = (low + high) >> 1;
    if (Number(numbered[middle]?.fact.schemeId) < schemeId) low = middle + 1;
    else high = middle;
  }
  const found = numbered[low];
  return Number(found?.fact.schemeId) === schemeId ? found : undefined;
}

function book({ fact, original, spend, payOut }: Booking): Entry | undefined {
  const entry = (amountMinor: number): Entry => ({
    fact,
    original,
    amountMinor,
    capturedMinor: 0,
    refundedMinor: 0,
    reversedMinor: 0,
    releasedMinor: 0,
    undone: false,
  });
  switch (fact.act) {
    case 'authorization':
    case 'debit': {
      const amountMinor = fact.more?.approvedMinor ?? fact.amountMinor;
      spend(fact, amountMinor);
      return entry(amountMinor);
    }
    case 'payout':
      payOut(fact, fact.amountMinor);
      return entry(fact.amountMinor);
    case 'capture':
      if (original !== undefined) original.capturedMinor += fact.amountMinor;
      return entry(fact.amountMinor);
    case 'refund':
      if (original !== undefined) original.refundedMinor += fact.amountMinor;
      spend(fact, -fact.amountMinor);
      return entry(fact.amountMinor);
    case 'reversal': {
      // The original was declined: acknowledged, and nothing to undo.
      if (original === undefined) return undefined;
      const undoneMinor = undoableMinor(original, fact.remainingMinor);
      undo(original, undoneMinor);
      if (original.fact.act === 'payout') payOut(original.fact, -undoneMinor);
      if (fact.remainingMinor === undefined || fact.remainingMinor === 0) original.undone = true;
      spend(original.fact, original.fact.act === 'refund' ? undoneMinor : original.fact.act === 'payout' ? 0 : -undoneMinor);
      return entry(undoneMinor);
    }
  }
}

/** What is left of an entry: the open hold of an authorization, what can still be given back of the others. Never below zero. */
export function remainingMinor(entry: Entry): number {
  const gone = entry.reversedMinor + (entry.fact.act === 'authorization' ? entry.capturedMinor : entry.refundedMinor);
  return entry.fact.act === 'reversal' ? 0 : Math.max(0, entry.amountMinor - gone);
}

/**
 * What a reversal will undo. A replacement amount is absolute, so a smaller one that came earlier is not raised again, and captured or refunded
 * money is never undone twice. What was captured counts as remaining, also when the capture itself was undone: so a partial reversal means
 * the same whether it comes before or after the reversal of a capture.
 */
function undoableMinor(original: Entry, replacementMinor: number | undefined): number {
  const left = remainingMinor(original);
  if (replacementMinor === undefined) return left;
  return Math.min(left, Math.max(0, original.amountMinor - replacementMinor - original.releasedMinor));
}

function undo(entry: Entry, amountMinor: number): void {
  entry.reversedMinor += amountMinor;
  entry.releasedMinor += amountMinor;
  const above = entry.original;
  if (above === undefined) return;
  if (entry.fact.act === 'refund') above.refundedMinor -= amountMinor;
  if (entry.fact.act === 'capture') {
    above.capturedMinor -= amountMinor;
    // The money of an undone capture does not return to the hold.
    above.reversedMinor += amountMinor;
  }
}

/** Where an entry stands. */
export type EntryState = 'held' | 'captured' | 'booked' | 'refunded' | 'reversed';

/** The state of an entry, from its amounts. */
export function stateOf(entry: Entry): EntryState {
  const left = remainingMinor(entry);
  switch (entry.fact.act) {
    case 'authorization':
      if (left > 0) return 'held';
      if (entry.capturedMinor > 0) return 'captured';
      return entry.undone || entry.reversedMinor > 0 ? 'reversed' : 'held';
    case 'reversal':
      return 'booked';
    case 'debit':
    case 'capture':
    case 'refund':
    case 'payout':
      if (left > 0) return 'booked';
      if (entry.refundedMinor > 0) return 'refunded';
      return entry.undone || entry.reversedMinor > 0 ? 'reversed' : 'booked';
  }
}

/** All acts, in the order in which lists show them. */
export const ACTS: readonly Act[] = ['authorization', 'debit', 'capture', 'refund', 'reversal', 'payout'];
