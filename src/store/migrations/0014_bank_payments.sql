-- Payments without a card: what stands in an attempt is then how it is paid at a bank, and where the shopper goes in the end.
alter table polygate.attempt
  alter column card_id drop not null,
  alter column brand drop not null,
  alter column bin drop not null,
  alter column last4 drop not null,
  alter column expiry_month drop not null,
  alter column expiry_year drop not null,
  add column bank_method text,
  add column return_url text,
  add constraint attempt_instrument check (
    case when bank_method is null then card_id is not null and brand is not null and bin is not null and last4 is not null
        and expiry_month is not null and expiry_year is not null and return_url is null
      else card_id is null and return_url is not null end);

-- Which methods of banks a channel has activated; none by itself.
alter table polygate.channel add column bank_methods text[];

-- A receipt is an operation; here is how much of it the bank has told. What the merchant has declared may be confirmed in parts.
create table polygate.receipt (
  merchant_id uuid not null,
  operation_id uuid not null,
  payment_id uuid not null,
  amount bigint not null check (amount > 0),
  confirmed bigint not null check (confirmed between 0 and amount),
  primary key (operation_id, merchant_id)
);

create index receipt_payment on polygate.receipt (payment_id);

-- Money as the bank told it, by its own id: told twice it is counted once. What no order wanted is unassigned, and waits for an operator.
create table polygate.bank_receipt (
  merchant_id uuid not null,
  receipt_id text not null,
  payment_id uuid not null,
  amount bigint not null check (amount > 0),
  unassigned bigint not null check (unassigned between 0 and amount),
  received_at timestamptz not null,
  primary key (receipt_id, payment_id, merchant_id)
);

create index bank_receipt_payment on polygate.bank_receipt (payment_id);

grant select, insert, update on polygate.receipt, polygate.bank_receipt to polygate_app;
