/**
 * Settlement: everything that an acquirer account took and gave back until a daily cut-off is one batch. It is posted with its fees, and compared with
 * the host's totals. What only a merchant has declared is in no batch: the acquirer knows nothing of it.
 */
import type { LedgerLine } from '../ledger/accounts.ts';

/** What a batch can hold, and which way its money goes. A payout comes out of money that lies at the acquirer already, so it moves none. */
export const settledKinds = {
  debit: 1,
  rebill: 1,
  capture: 1,
  refund: -1,
  reversal: -1,
  chargeback: -1,
  chargeback_reversal: 1,
  payout: 0,
} as const;

export type SettledKind = keyof typeof settledKinds;

export function isSettledKind(text: string): text is SettledKind {
  return Object.hasOwn(settledKinds, text);
}

/** Operations of one kind, of one merchant, in one currency of a batch. Amounts in minor units, without a sign. */
export interface SettledGroup {
  readonly merchantId: string;
  readonly currency: string;
  readonly kind: SettledKind;
  readonly count: number;
  readonly amount: number;
  readonly fees: number;
}

/** What a batch comes to for one merchant in one currency. Minor units. */
export interface SettlementPart {
  readonly merchantId: string;
  readonly currency: string;
  readonly operations: number;
  /** What came in less what went back; may be below zero. */
  readonly gross: number;
  readonly fees: number;
}

/** Count and sum, minor units. */
export interface Total {
  readonly count: number;
  readonly amount: number;
}

export const totalNames = ['debits', 'debitReversals', 'credits', 'chargebacks', 'chargebackReversals', 'payouts'] as const;

/** What both sides count in one currency of a batch. Debits take money from cardholders, credits give it back. */
export type Totals = Readonly<Record<(typeof totalNames)[number], Total>>;

const totalOfKind: Readonly<Record<SettledKind, keyof Totals>> = {
  debit: 'debits',
  rebill: 'debits',
  capture: 'debits',
  reversal: 'debitReversals',
  refund: 'credits',
  chargeback: 'chargebacks',
  chargeback_reversal: 'chargebackReversals',
  payout: 'payouts',
};

export function partsOf(groups: readonly SettledGroup[]): readonly SettlementPart[] {
  const parts = new Map<string, SettlementPart>();
  for (const { merchantId, currency, kind, count, amount, fees } of groups) {
    const key = `${merchantId} ${currency}`;
    const before = parts.get(key) ?? { merchantId, currency, operations: 0, gross: 0, fees: 0 };
    parts.set(key, {
      ...before,
      operations: before.operations + count,
      gross: before.gross + settledKinds[kind] * amount,
      fees: before.fees + fees,
    });
  }
  return [...parts.values()];
}

/** By currency. */
export function totalsOf(groups: readonly SettledGroup[]): ReadonlyMap<string, Totals> {
  const byCurrency = new Map<string, Totals>();
  for (const { currency, kind, count, amount } of groups) {
    const totals = byCurrency.get(currency) ?? noTotals();
    const name = totalOfKind[kind];
    const before = totals[name];
    byCurrency.set(currency, { ...totals, [name]: { count: before.count + count, amount: before.amount + amount } });
  }
  return byCurrency;
}

function noTotals(): Totals {
  return Object.fromEntries(totalNames.map((name) => [name, { count: 0, amount: 0 }])) as Totals;
}

export function isSame(ours: Totals, theirs: Totals): boolean {
  return totalNames.every((name) => ours[name].count === theirs[name].count && ours[name].amount === theirs[name].amount);
}

/**
 * The ledger lines of a part. What the acquirer owed for single payments it owes for the batch now, and so does the merchant's operator; the fee that
 * the acquirer keeps back is passed on.
 */
export function settlementLines({ gross, fees }: Pick<SettlementPart, 'gross' | 'fees'>): readonly LedgerLine[] {
  const lines: LedgerLine[] = [];
  if (gross > 0) {
    lines.push(line('settlement', 'settlement_receivable', 'acquirer_receivable', gross));
    lines.push(line('settlement_due', 'merchant_payable', 'settlement_payable', gross));
  }
  if (gross < 0) {
    lines.push(line('settlement', 'acquirer_receivable', 'settlement_receivable', -gross));
    lines.push(line('settlement_due', 'settlement_payable', 'merchant_payable', -gross));
  }
  if (fees > 0) {
    lines.push(line('fee', 'acquirer_fees', 'settlement_receivable', fees));
    lines.push(line('fee_charged', 'settlement_payable', 'acquirer_fees', fees));
  }
  return lines;
}

function line(kind: LedgerLine['kind'], debit: LedgerLine['debit'], credit: LedgerLine['credit'], amount: number): LedgerLine {
  return { kind, layer: 'posted', debit, credit, amount };
}
