-- Payments that wait for their shopper. None of this is written, or read, by a payment that needs no shopper.

-- One visit per payment (its id is that of the payment's first operation), or per authentication without a payment (its id is that one's).
create table polygate.shopper_visit (
  merchant_id uuid not null,
  visit_id uuid not null,
  channel_id uuid not null,
  -- Null: there is nothing to pay.
  payment_id uuid,
  authentication_id uuid not null,
  -- The dialect's, with whatever it appends.
  return_url text not null,
  tokenize boolean not null default false,
  has_cvc boolean not null default false,
  -- Of a payment that is captured as soon as it is authorized: the capture's dialect data.
  capture_data json,
  -- Business time.
  expires_at timestamptz not null,
  -- Business time at which somebody has to look at it; null when it is over.
  due_at timestamptz,
  -- Database time.
  leased_until timestamptz,
  created_at timestamptz not null,
  primary key (visit_id, merchant_id)
);

create index shopper_visit_due on polygate.shopper_visit (due_at) where due_at is not null;

-- One run of 3-D Secure. Its id is the 3DS Server's transaction id.
create table polygate.authentication (
  merchant_id uuid not null,
  authentication_id uuid not null,
  visit_id uuid not null,
  -- Of its visit: 2 is the step-up after a soft decline.
  number smallint not null,
  state text not null,
  -- What it is bound to: the result counts for this amount and this card only.
  amount bigint not null check (amount > 0),
  currency text not null,
  card_id uuid not null,
  -- What goes into the AReq besides the card: the browser, the wishes of the merchant.
  request json not null,
  version text not null,
  method_url text,
  method_done boolean not null default false,
  returned boolean not null default false,
  asked_at timestamptz,
  acs_url text,
  acs_transaction_id uuid,
  ds_transaction_id uuid,
  trans_status text,
  reason text,
  eci text,
  -- The authentication value, encrypted by the vault; null once the payment has its outcome.
  sealed_value bytea,
  permission text,
  shifts_liability boolean not null default false,
  -- Which rule said who bears the loss, or why there is no result.
  rule text,
  challenge_cancel text,
  -- A result that came after the end.
  late_status text,
  created_at timestamptz not null,
  finished_at timestamptz,
  primary key (authentication_id, merchant_id)
);

create index authentication_visit on polygate.authentication (visit_id);

-- What to do when an issuer cannot authenticate the shopper, or nobody can be asked.
alter table polygate.channel add column without_authentication text not null default 'proceed' check (without_authentication in ('proceed', 'stop'));

grant select, insert, update on polygate.shopper_visit, polygate.authentication to polygate_app;
