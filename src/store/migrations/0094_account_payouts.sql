-- Payouts to bank accounts: of the account stands in the attempt who it belongs to and how it ends.
alter table polygate.attempt
  drop constraint attempt_instrument,
  add constraint attempt_instrument check (
    case when bank_method is null then card_id is not null and brand is not null and bin is not null and last4 is not null
        and expiry_month is not null and expiry_year is not null and return_url is null
      when bank_method = 'transfer' then card_id is null and return_url is null and holder is not null and last4 is not null
      else card_id is null and return_url is not null end);

-- They are settled and compared like those to cards, under an account of their own that no channel uses.
insert into polygate.acquirer_account (account_id, adapter, merchant_identifier, category_code, terminals)
values ('bank_transfers', 'bank', 'bank_transfers', '0000', array['bank_transfers'])
on conflict do nothing;
