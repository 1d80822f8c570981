-- Chargebacks and their reversals: counters of their own on the payment and on the charge, never below zero and never reset, so that whoever
-- posts one can tell whether another was posted meanwhile.
alter table polygate.payment add column charged_back bigint not null default 0;
alter table polygate.payment add column chargeback_reversed bigint not null default 0;
alter table polygate.operation add column charged_back bigint not null default 0;
alter table polygate.operation add column chargeback_reversed bigint not null default 0;

-- Of a chargeback and its reversal: the dispute, which has the id of the chargeback; and whether only the merchant has told of it.
alter table polygate.operation add column dispute_id uuid;
alter table polygate.operation add column declared boolean not null default false;

create table polygate.dispute (
  merchant_id uuid not null,
  dispute_id uuid not null,
  payment_id uuid not null,
  charge_id uuid not null,
  amount bigint not null check (amount > 0),
  currency text not null,
  stage text not null check (stage in ('chargeback', 'reversed')),
  scheme_reason text,
  -- The acquirer's; null while only the merchant has told.
  case_number text,
  reversal_id uuid,
  opened_at timestamptz not null,
  confirmed_at timestamptz,
  reversed_at timestamptz,
  reversal_confirmed_at timestamptz,
  primary key (dispute_id, merchant_id)
);

-- Not led by merchant_id, for the same reason as all keys here.
create unique index dispute_case on polygate.dispute (case_number, merchant_id);
create index dispute_payment on polygate.dispute (payment_id);

-- Whatever else goes wrong, a chargeback is reversed once.
create unique index operation_chargeback_reversal on polygate.operation (dispute_id, merchant_id) where kind = 'chargeback_reversal';

grant select, insert, update on polygate.dispute to polygate_app;
