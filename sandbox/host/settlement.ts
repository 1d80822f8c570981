/**
 * The host's totals: for each merchant and currency, what was booked and is in no batch yet. A reconciliation (0500) closes a batch of all that was
 * sent before its cut-off; asked again, the host answers the same. What is closed is a line of the journal.
 */

import type { Iso8583Message } from '../../src/protocols/iso8583/codec.ts';
import { Iso8583Error } from '../../src/protocols/iso8583/error.ts';
import {
  type ReconciliationTotals,
  readReconciliation,
  reconciliationCutOff,
  reconciliationFields,
  SETTLEMENT_CODES,
} from '../../src/protocols/iso8583/reconciliation.ts';
import type { Entry } from './books.ts';
import type { Dispute, Disputes } from './disputes.ts';

/** A batch as a reconciliation names it. */
export interface Batch {
  /** DE42. */
  readonly merchant: string;
  /** ISO 4217 number. */
  readonly currency: string;
  readonly cutOffAtMs: number;
}

export interface Settlement {
  /** Takes in what was booked. */
  note(entry: Entry | undefined): void;
  /** This side's totals, and the line to write down when the batch was closed by this. */
  close(batch: Batch): { readonly totals: ReconciliationTotals; readonly line?: string };
  /** Takes in a line of the journal; false for a line of something else. */
  replay(line: string): boolean;
  /** Batches closed so far, in their order. */
  readonly closed: readonly ClosedBatch[];
}

export interface ClosedBatch extends Batch {
  readonly totals: ReconciliationTotals;
}

const MARK = 'settled';

export function createSettlement({
  merchantOf,
  disputes,
}: {
  readonly merchantOf: (terminal: string) => string | undefined;
  readonly disputes: Pick<Disputes, 'all'>;
}): Settlement {
  const open = new Map<string, Entry[]>();
  const undone = new Set<Entry>();
  const inBatch = new WeakSet<Entry>();
  const counted = new Set<Dispute['chargeback']>();
  const closed: ClosedBatch[] = [];

  const isOf = ({ merchant, currency }: Batch, { fact }: Entry): boolean =>
    fact.currency === currency && merchantOf(fact.terminal) === merchant;

  function take(batch: Batch): Entry[] {
    const key = `${batch.merchant} ${batch.currency}`;
    const waiting = (open.get(key) ?? []).filter((entry) => !undone.has(entry));
    const isBefore = ({ fact }: Entry): boolean => sentAtMs(fact.transmittedAt, batch.cutOffAtMs) < batch.cutOffAtMs;
    open.set(
      key,
      waiting.filter((entry) => !isBefore(entry)),
    );
    const taken = waiting.filter(isBefore);
    for (const entry of taken) inBatch.add(entry);
    return taken;
  }

  /** What the gateway has booked before the cut-off; issuers know no business time. */
  function takeDisputes(batch: Batch, stage: 'chargeback' | 'reversal'): Dispute[] {
    const taken = disputes.all.filter((dispute) => {
      const advice = dispute[stage];
      if (advice?.code !== '00' || counted.has(advice) || !isOf(batch, dispute.charge)) return false;
      return (advice.bookedAtMs ?? 0) < batch.cutOffAtMs;
    });
    for (const dispute of taken) counted.add(dispute[stage] ?? dispute.chargeback);
    return taken;
  }

  function totalsOf(batch: Batch): ReconciliationTotals {
    const entries = take(batch);
    const total = (belongs: (entry: Entry) => boolean) => sumOf(entries.filter(belongs));
    return {
      debits: total(({ fact }) => fact.act === 'debit' || fact.act === 'capture'),
      debitReversals: total(({ fact }) => fact.act === 'reversal'),
      credits: total(({ fact }) => fact.act === 'refund'),
      payouts: total(({ fact }) => fact.act === 'payout'),
      chargebacks: sumOf(takeDisputes(batch, 'chargeback')),
      chargebackReversals: sumOf(takeDisputes(batch, 'reversal')),
    };
  }

  function close(batch: Batch): ReturnType<Settlement['close']> {
    const { merchant, currency, cutOffAtMs } = batch;
    const known = closed.find((one) => one.merchant === merchant && one.currency === currency && one.cutOffAtMs === cutOffAtMs);
    if (known !== undefined) return { totals: known.totals };
    const totals = totalsOf(batch);
    closed.push({ merchant, currency, cutOffAtMs, totals });
    return { totals, line: JSON.stringify([MARK, merchant, currency, cutOffAtMs]) };
  }

  return {
    closed,
    close,
    note(entry) {
      if (entry === undefined || entry.fact.more?.isEarlier === true) return;
      const { fact, original } = entry;
      // The reversal of an unanswered message bears its trace: both count for nothing.
      if (fact.act === 'reversal' && original?.fact.rrn === fact.rrn && !inBatch.has(original)) {
        undone.add(original);
        return;
      }
      if (fact.act === 'authorization' || (fact.act === 'reversal' && original?.fact.act === 'authorization')) return;
      const key = `${merchantOf(fact.terminal)} ${fact.currency}`;
      const waiting = open.get(key);
      if (waiting === undefined) open.set(key, [entry]);
      else waiting.push(entry);
    },
    replay(line) {
      if (!line.startsWith(`["${MARK}",`)) return false;
      const [, merchant, currency, cutOffAtMs] = JSON.parse(line) as [string, string, string, number];
      close({ merchant, currency, cutOffAtMs });
      return true;
    },
  };
}

function sumOf(booked: readonly { readonly amountMinor: number }[]): { count: number; amount: number } {
  return { count: booked.length, amount: booked.reduce((sum, { amountMinor }) => sum + amountMinor, 0) };
}

const HALF_A_YEAR_MS = 183 * 86_400_000;

/** DE7 has no year: that is meant which is nearest to the cut-off. */
function sentAtMs(transmittedAt: string, cutOffAtMs: number): number {
  const [month, day, hour, minute, second] = (transmittedAt.match(/../g) ?? []).map(Number);
  const inYear = (year: number): number => Date.UTC(year, (month ?? 1) - 1, day, hour, minute, second);
  const year = new Date(cutOffAtMs).getUTCFullYear();
  const atMs = inYear(year);
  if (atMs - cutOffAtMs > HALF_A_YEAR_MS) return inYear(year - 1);
  return cutOffAtMs - atMs > HALF_A_YEAR_MS ? inYear(year + 1) : atMs;
}

/** The batch that a reconciliation is about, or what is wrong with its form. */
export function readBatch({ fields }: Iso8583Message): Batch | { readonly problem: string } {
  const missing = [7, 11, 37, 41, 42, 50].find((number) => fields[number] === undefined);
  if (missing !== undefined) return { problem: `field ${missing} is missing in a reconciliation` };
  try {
    return { merchant: (fields[42] ?? '').trim(), currency: fields[50] ?? '', cutOffAtMs: reconciliationCutOff(fields) };
  } catch (error) {
    if (error instanceof Iso8583Error) return { problem: error.message };
    throw error;
  }
}

/** The fields of the answer: this side's totals, and whether they are the ones that were sent. */
export function totalsAnswer({ fields }: Iso8583Message, { cutOffAtMs }: Batch, totals: ReconciliationTotals): Record<number, string> {
  const own = reconciliationFields(totals, cutOffAtMs);
  return { ...own, 66: isSame(fields, own) ? SETTLEMENT_CODES.inBalance : SETTLEMENT_CODES.apart };
}

function isSame(sent: Readonly<Record<number, string>>, own: Readonly<Record<number, string>>): boolean {
  try {
    readReconciliation(sent);
    return Object.entries(own).every(([number, value]) => sent[Number(number)] === value);
  } catch (error) {
    if (error instanceof Iso8583Error) return false;
    throw error;
  }
}
