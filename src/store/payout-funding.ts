/** Money that a merchant puts in for payouts: posted to the ledger, and added to what the merchant may pay out. */
import { accounts } from '../core/ledger/accounts.ts';
import { OperatorError } from '../core/operator/operator-error.ts';
import type { Database, Statement } from '../postgres/connection.ts';
import { acting } from './audit.ts';
import { requireMerchant } from './merchants.ts';

/**
 * Opens payout balances: `$1` merchant, `$2` funding ids (UUIDs, one for each currency), `$3` currencies, `$4` amounts in minor units. Currencies
 * that the merchant has a balance in already stay as they are.
 */
export const openPayoutBalances = `
with input as (
  select * from unnest($2::uuid[], $3::text[], $4::bigint[]) as i (funding_id, currency, amount)
), opened as (
  insert into polygate.account_limit (merchant_id, account, currency, available)
  select $1::uuid, ${accounts.payout_balance}, currency, amount from input
  on conflict do nothing
  returning currency
)
insert into polygate.ledger_entry (merchant_id, operation_id, line, payment_id, kind, layer, debit_account, credit_account, amount, currency, booked_at)
select $1::uuid, i.funding_id, 0, i.funding_id, 'payout_funding', 'posted', ${accounts.payout_funds}, ${accounts.payout_balance}, i.amount, i.currency,
  now() + (select offset_ms from polygate.clock) * interval '1 millisecond'
from opened join input i using (currency)`;

const book: Statement = {
  name: 'book_payout_funding',
  text: `insert into polygate.ledger_entry (merchant_id, operation_id, line, payment_id, kind, layer, debit_account, credit_account, amount, currency, booked_at)
select $1::uuid, $2::uuid, 0, $2::uuid, 'payout_funding', 'posted', ${accounts.payout_funds}, ${accounts.payout_balance}, $4::bigint, $3::text,
  now() + (select offset_ms from polygate.clock) * interval '1 millisecond'
on conflict do nothing returning amount, currency`,
};

const raise: Statement = {
  name: 'raise_payout_balance',
  text: `insert into polygate.account_limit as l (merchant_id, account, currency, available) values ($1, ${accounts.payout_balance}, $2, $3)
on conflict (merchant_id, account, currency) do update set available = l.available + excluded.available`,
};

const booked: Statement = {
  name: 'booked_payout_funding',
  text: `select amount, currency from polygate.ledger_entry where operation_id = $2 and merchant_id = $1 and line = 0 and kind = 'payout_funding'`,
};

/**
 * Adds to what a merchant may pay out, once for each `fundingId` (UUID); `amount` in minor units. False: it was funded before under the same id
 * with the same amount. Throws {@link OperatorError} when that was another amount, or there is no such merchant.
 */
export function fundPayouts(
  database: Database,
  funding: {
    readonly actor: string;
    readonly merchantId: string;
    readonly fundingId: string;
    readonly currency: string;
    readonly amount: number;
  },
): Promise<boolean> {
  const { actor, merchantId, fundingId, currency, amount } = funding;
  return acting(database, async (query, audit) => {
    await requireMerchant(query, merchantId);
    if ((await query(book, [merchantId, fundingId, currency, amount])).length === 0) {
      const [before] = await query<{ amount: number; currency: string }>(booked, [merchantId, fundingId]);
      if (before?.amount === amount && before.currency === currency) return false;
      throw new OperatorError('This funding_id was used for something else. Take a new UUID for a new funding.', {
        ...{ kind: 'conflict', field: 'funding_id' },
      });
    }
    await query(raise, [merchantId, currency, amount]);
    await audit({ actor, act: 'payouts.funded', details: { merchantId, fundingId, currency, amount } });
    return true;
  });
}
