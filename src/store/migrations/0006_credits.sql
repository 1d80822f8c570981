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

-- What was declined, for the schemes' limits on trying a card again; deleted when no window reaches back to it.
create table polygate.card_decline (
  merchant_id uuid not null,
  fingerprint bytea not null,
  operation_id uuid not null,
  amount bigint not null,
  currency text not null,
  declined_at timestamptz not null,
  primary key (merchant_id, fingerprint, operation_id)
);

create index card_decline_age on polygate.card_decline (((declined_at at time zone 'UTC')::date), merchant_id);

-- Cards that must not be tried, for good or until a moment of business time; amount 0 means any. The payment path looks here for the digits that
-- it has at hand, and reads nothing else unless they are found.
create table polygate.card_block (
  merchant_id uuid not null,
  bin text not null,
  last4 text not null,
  fingerprint bytea not null,
  amount bigint not null,
  currency text not null,
  only_merchant_initiated boolean not null,
  until timestamptz,
  primary key (bin, last4, merchant_id, fingerprint, amount, currency, only_merchant_initiated)
);

grant select, insert, update, delete on polygate.card_decline, polygate.card_block to polygate_app;
