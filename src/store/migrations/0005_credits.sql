-- Rebills, stored credentials, partial approvals, payouts, and what was declined.

-- What a payment's first operation is linked to: for a rebill, an operation of the payment that is charged again. How a stored card is used,
-- for first operations that use one. What was asked for, where the issuer approved less.
alter table polygate.operation add column reference_id uuid, add column agreement json, add column requested_amount bigint;

-- Finds the agreement that was made with a token.
create index operation_agreement on polygate.operation (token) where agreement is not null;

-- What is left of an account that may not fall below zero: its posted balance, less what is under way. One row per account, taken and given
-- back by conditional updates.
create table polygate.account_limit (
  merchant_id uuid not null,
  account smallint not null,
  currency text not null,
  available bigint not null check (available >= 0),
  primary key (merchant_id, account, currency)
);

grant select, insert, update on polygate.account_limit to polygate_app;

-- Whether a payment stands that the issuer approved for less than was asked.
alter table polygate.channel add column accepts_partial_approval boolean not null default false;
