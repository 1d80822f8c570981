/** A line of a company statement: one for each time that money came or went. Amounts are decimals of the currency, times are of the statement's zone. */
import type { EntryKind } from '../../core/ledger/accounts.ts';
import type { BookedLine } from '../../core/ledger/merchant-books.ts';
import { formatDecimalAmount } from '../../core/money/amount.ts';
import { currencyOf } from '../../core/money/currency.ts';
import type { DialectStatement } from '../dialect.ts';
import { shownId } from './ids.ts';
import { methodNamed } from './methods.ts';

/** What a line is, as `payment_type` has it; what that has no word for is called as its webhook is. */
function typeOf(kind: EntryKind): string {
  switch (kind) {
    case 'refund':
    case 'charge_reversal':
      return 'refund';
    case 'chargeback':
    case 'chargeback_reversal':
    case 'payout':
      return kind;
    case 'declared':
      return 'custom';
    case 'receipt':
      return 'bank_payment';
    default:
      return 'purchase';
  }
}

const statusOf = { paid: 'paid', refunded: 'refunded', charged_back: 'chargeback', sent: 'success' } as const;

function decimal(amount: number, code: string): string {
  const currency = currencyOf(code);
  if (currency === undefined) throw new Error(`the ledger has a currency that does not exist: ${code}`);
  return `${amount < 0 ? '-' : ''}${formatDecimalAmount(Math.abs(amount), currency)}`;
}

/** `2026-11-21 09:30:00`. */
function timeIn(timeZone: string, atMs: number): string {
  return new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'medium' }).format(atMs);
}

const columns = [
  ...[
    'type',
    'status',
    'purchase_id',
    'payment_id',
    'reference',
    'brand_id',
    'product',
    'client_email',
    'created_on',
    'paid_on',
    'updated_on',
  ],
  ...['payment_method', 'flow', 'currency', 'amount', 'fee_amount', 'net_amount'],
];

export const statement: DialectStatement = {
  columns,
  numbers: ['amount', 'fee_amount', 'net_amount'],
  write(line: BookedLine, timeZone) {
    const { orderId, operationId, kind, state, wireId, currency, amount, fee, reference, email, method, flow, product } = line;
    return {
      ...{ type: typeOf(kind), status: statusOf[state], purchase_id: orderId, payment_id: shownId(operationId) },
      ...{ reference: reference ?? '', brand_id: wireId, product: product ?? 'purchases', client_email: email ?? '' },
      ...{ created_on: timeIn(timeZone, line.orderedAtMs), paid_on: timeIn(timeZone, line.bookedAtMs) },
      ...{
        updated_on: timeIn(timeZone, line.changedAtMs),
        payment_method: method === undefined ? '' : methodNamed(method),
        flow: flow ?? '',
      },
      ...{ currency, amount: decimal(amount, currency), fee_amount: decimal(fee, currency), net_amount: decimal(amount - fee, currency) },
    };
  },
};
