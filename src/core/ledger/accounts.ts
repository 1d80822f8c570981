/**
 * The chart of accounts, in one table. Every entry moves one amount from one account to another (debit, credit), so an entry cannot be
 * unbalanced; accounts exist per merchant and currency without being opened.
 */

export const accounts = {
  /** Asset: what the acquirer owes for captured money, less what it took back. */
  acquirer_receivable: 1100,
  /** Asset: money that merchants have put in for payouts, and that lies at the acquirer. */
  payout_funds: 1200,
  /** Asset: what the acquirer owes for batches that were settled, after its fees. */
  settlement_receivable: 1300,
  /** Asset, for the record: what shoppers have paid elsewhere, as merchants declare. It never passes through here, and is in no comparison. */
  paid_elsewhere: 1400,
  /** Liability: what is owed to the merchant. */
  merchant_payable: 2100,
  /** Liability: what the merchant may still pay out. It has a limit, zero, which a row of `account_limit` holds. */
  payout_balance: 2200,
  /** Liability: what is owed to the merchant for batches that were settled, after the acquirer's fees. */
  settlement_payable: 2300,
  /** Liability, for the record: the merchant has what was paid elsewhere already. */
  received_elsewhere: 2400,
  /** The acquirer's fees on their way from its settlement to the merchant's: empty after each batch. */
  acquirer_fees: 5100,
} as const;

export type Account = keyof typeof accounts;

/** Which way an account's balance is counted: debits less credits of an asset, credits less debits of a liability. */
export const accountKinds: Readonly<Record<Account, 'asset' | 'liability'>> = {
  acquirer_receivable: 'asset',
  payout_funds: 'asset',
  settlement_receivable: 'asset',
  paid_elsewhere: 'asset',
  merchant_payable: 'liability',
  payout_balance: 'liability',
  settlement_payable: 'liability',
  received_elsewhere: 'liability',
  acquirer_fees: 'asset',
};

/**
 * `pending`: money held at the issuer, nobody's yet. `posted`: money taken. The two are never mixed in a sum.
 */
export type Layer = 'pending' | 'posted';

export type EntryKind =
  | 'hold'
  | 'hold_release'
  | 'debit'
  | 'capture'
  | 'rebill'
  | 'receipt'
  | 'refund'
  | 'charge_reversal'
  | 'chargeback'
  | 'chargeback_reversal'
  | 'payout'
  | 'payout_funding'
  | 'settlement'
  | 'settlement_due'
  | 'fee'
  | 'fee_charged'
  | 'declared';

export interface LedgerLine {
  readonly kind: EntryKind;
  readonly layer: Layer;
  readonly debit: Account;
  readonly credit: Account;
  /** Minor units, above zero. */
  readonly amount: number;
}

/** Money towards the merchant: the acquirer will pay it out, or pays it out again after a dispute was won. */
export function towardsMerchant(
  kind: 'hold' | 'debit' | 'capture' | 'rebill' | 'receipt' | 'chargeback_reversal',
  amount: number,
): LedgerLine {
  return { kind, layer: kind === 'hold' ? 'pending' : 'posted', debit: 'acquirer_receivable', credit: 'merchant_payable', amount };
}

/** Money away from the merchant: back to the shopper, taken back by the issuer, or a hold given up. */
export function awayFromMerchant(kind: 'hold_release' | 'refund' | 'charge_reversal' | 'chargeback', amount: number): LedgerLine {
  return { kind, layer: kind === 'hold_release' ? 'pending' : 'posted', debit: 'merchant_payable', credit: 'acquirer_receivable', amount };
}

/** Money from the merchant's payout balance to a card. */
export function paidOut(amount: number): LedgerLine {
  return { kind: 'payout', layer: 'posted', debit: 'payout_balance', credit: 'payout_funds', amount };
}
