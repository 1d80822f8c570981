/** Money that a merchant puts in for payouts: posted to the ledger, and added to what the merchant may pay out. */
import { accounts } from '../core/ledger/accounts.ts';

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
