/**
 * The acquirer host's own books, held in memory and rebuilt from the journal. A `Fact` is one answered message; applying the same facts in the
 * same order always gives the same books, so nothing but facts is ever written down. Amounts are minor units.
 */

import type { Account } from './accounts.ts';
import { type Act, type FinancialRequest, identityOf, originalKey } from './request.ts';

/** One message with the answer it got. Also what the journal holds. */
export interface Fact
  extends Pick<FinancialRequest, 'act' | 'mti' | 'processingCode' | 'terminal' | 'date' | 'stan' | 'rrn' | 'transmittedAt'> {
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
export const NOT_FOUND = '25';

/** The books. */
export interface Books {
  /** The answer that this very message, or a repeat of it, got before. */
  answered(request: Parameters<typeof identityOf>[0]): Answered | undefined;
  /** The message that a DE90 names. */
  original(key: string): Answered | undefined;
  /** True when a reversal of this message came before the message itself. */
  wasReversedBeforeArrival(request: Parameters<typeof originalKey>[0]): boolean;
  /** Debits and holds minus what was given back, of the account that is watched. */
  spentMinor(currency: string): number;
  /** Takes a fact in. */
  apply(fact: Fact): void;
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
  const entries: Entry[] = [];
  let highest = 0;

  const spend = (fact: Fact, amountMinor: number): void => {
    if (fact.account.id !== watchedAccount || !isWatchedAt(fact.terminal)) return;
    spent.set(fact.currency, (spent.get(fact.currency) ?? 0) + amountMinor);
  };

  return {
    entries,
    answered: (request) => byIdentity.get(identityOf(request)),
    original: (key) => byOriginalKey.get(key),
    wasReversedBeforeArrival: (request) => reversedBeforeArrival.size > 0 && reversedBeforeArrival.has(originalKey(request)),
    spentMinor: (currency) => spent.get(currency) ?? 0,
    highestSchemeId: () => highest,
    apply(fact) {
      const original = fact.original === undefined ? undefined : byOriginalKey.get(fact.original)?.entry;
      if (fact.act === 'reversal' && fact.code === NOT_FOUND && fact.original !== undefined) reversedBeforeArrival.add(fact.original);
      const entry = fact.code === APPROVED ? book({ fact, original, spend }) : undefined;
      if (entry !== undefined) entries.push(entry);
      const answered = { fact, entry };
      byIdentity.set(identityOf(fact), answered);
      // A reversal is nobody's original, and a late one shares the trace of what it reverses.
      if (fact.act !== 'reversal') byOriginalKey.set(originalKey(fact), answered);
      if (fact.schemeId !== '') highest = Math.max(highest, Number(fact.schemeId));
    },
  };
}

interface Booking {
  readonly fact: Fact;
  readonly original: Entry | undefined;
  readonly spend: (fact: Fact, amountMinor: number) => void;
}

function book({ fact, original, spend }: Booking): Entry | undefined {
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
    case 'debit':
      spend(fact, fact.amountMinor);
      return entry(fact.amountMinor);
    case 'payout':
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
