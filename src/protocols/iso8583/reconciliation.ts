/**
 * Reconciliation (0500, repeated as 0501, answered 0510): the totals of a batch in one currency. Counts and amounts of debits, credits and their
 * reversals have fields of their own; what ISO 8583:1987 has no field for stands in DE48.
 */
import { Iso8583Error } from './error.ts';
import { fullDateTime, parseFullDateTime } from './messages.ts';
import { packSubelements, unpackSubelements } from './subelements.ts';

/** Count, and sum in minor units. */
export interface ReconciliationTotal {
  readonly count: number;
  readonly amount: number;
}

export interface ReconciliationTotals {
  readonly debits: ReconciliationTotal;
  readonly debitReversals: ReconciliationTotal;
  readonly credits: ReconciliationTotal;
  readonly chargebacks: ReconciliationTotal;
  readonly chargebackReversals: ReconciliationTotal;
  readonly payouts: ReconciliationTotal;
}

/** DE48 of a reconciliation: the cut-off (YYYYMMDDhhmmss, UTC), then count (10 digits) and amount (16) of what has no field. */
const ELEMENTS = { cutOff: '80', chargebacks: '81', chargebackReversals: '82', payouts: '83' } as const;

/** DE66 of the answer. */
export const SETTLEMENT_CODES = { inBalance: '1', apart: '2', error: '3' } as const;

const COUNT_DIGITS = 10;
const AMOUNT_DIGITS = 16;

/** Fields 48, 74 to 77, 86 to 89 and 97 (C: the acquirer owes the net, D: it is owed to it). */
export function reconciliationFields(totals: ReconciliationTotals, cutOffAtMs: number): Record<number, string> {
  const { debits, debitReversals, credits, chargebacks, chargebackReversals, payouts } = totals;
  const net = debits.amount - debitReversals.amount - credits.amount - chargebacks.amount + chargebackReversals.amount;
  return {
    48: packSubelements({
      [ELEMENTS.cutOff]: fullDateTime(cutOffAtMs),
      [ELEMENTS.chargebacks]: count(chargebacks) + amount(chargebacks),
      [ELEMENTS.chargebackReversals]: count(chargebackReversals) + amount(chargebackReversals),
      [ELEMENTS.payouts]: count(payouts) + amount(payouts),
    }),
    74: count(credits),
    75: count({ count: 0 }),
    76: count(debits),
    77: count(debitReversals),
    86: amount(credits),
    87: amount({ amount: 0 }),
    88: amount(debits),
    89: amount(debitReversals),
    97: `${net < 0 ? 'D' : 'C'}${amount({ amount: Math.abs(net) })}`,
  };
}

/** The cut-off of a reconciliation, epoch ms. Throws `Iso8583Error`. */
export function reconciliationCutOff(fields: Readonly<Record<number, string>>): number {
  const ms = parseFullDateTime(unpackSubelements(fields[48] ?? '')[ELEMENTS.cutOff] ?? '');
  if (ms === undefined) throw new Iso8583Error('field 48 (private data): expected the cut-off in sub-element 80', 48);
  return ms;
}

/** The totals in a reconciliation or its answer. Throws `Iso8583Error` for a missing field, or a sum beyond 2^53. */
export function readReconciliation(fields: Readonly<Record<number, string>>): ReconciliationTotals {
  const elements = unpackSubelements(fields[48] ?? '');
  const total = (countField: number, amountField: number): ReconciliationTotal => ({
    count: number(fields[countField], countField),
    amount: number(fields[amountField], amountField),
  });
  const element = (id: string): ReconciliationTotal => {
    const text = elements[id] ?? '';
    if (text.length !== COUNT_DIGITS + AMOUNT_DIGITS)
      throw new Iso8583Error(`field 48 (private data): expected a total in sub-element ${id}`, 48);
    return { count: number(text.slice(0, COUNT_DIGITS), 48), amount: number(text.slice(COUNT_DIGITS), 48) };
  };
  return {
    debits: total(76, 88),
    debitReversals: total(77, 89),
    credits: total(74, 86),
    chargebacks: element(ELEMENTS.chargebacks),
    chargebackReversals: element(ELEMENTS.chargebackReversals),
    payouts: element(ELEMENTS.payouts),
  };
}

function count({ count: value }: Pick<ReconciliationTotal, 'count'>): string {
  return digits(value, COUNT_DIGITS);
}

function amount({ amount: value }: Pick<ReconciliationTotal, 'amount'>): string {
  return digits(value, AMOUNT_DIGITS);
}

function digits(value: number, width: number): string {
  if (!Number.isSafeInteger(value) || value < 0 || String(value).length > width) {
    throw new Iso8583Error(`reconciliation: expected a whole number of at most ${width} digits`);
  }
  return String(value).padStart(width, '0');
}

function number(text: string | undefined, field: number): number {
  const value = Number(text);
  if (text === undefined || !/^\d+$/.test(text) || !Number.isSafeInteger(value)) {
    throw new Iso8583Error(`field ${field}: expected a count or an amount`, field);
  }
  return value;
}
