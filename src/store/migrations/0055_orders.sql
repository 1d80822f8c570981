-- Orders: checkouts that a merchant's server names by an id of its own protocol, may call off, and is told of.

alter table polygate.checkout
  alter column secret_hash drop not null,
  alter column expires_at drop not null,
  -- How it ended without a payment of the gateway's: called off by the merchant, or paid elsewhere as the merchant declares.
  add column closed text check (closed in ('cancelled', 'declared_paid')),
  -- The number of the attempt that has begun last, and when by the database's clock: it is taken before anything of it is recorded.
  add column begun smallint not null default 0,
  add column begun_at timestamptz,
  add column viewed boolean not null default false,
  -- How many events it has.
  add column events integer not null default 0;

create index checkout_by_time on polygate.checkout (merchant_id, created_at, checkout_id);

create table polygate.checkout_attempt (
  merchant_id uuid not null,
  checkout_id uuid not null,
  attempt smallint not null,
  operation_id uuid not null,
  primary key (merchant_id, checkout_id, attempt)
);

-- What happened to an order apart from its payments, in order and without gaps.
create table polygate.checkout_event (
  merchant_id uuid not null,
  checkout_id uuid not null,
  sequence integer not null,
  name text not null,
  happened_at timestamptz not null,
  recorded_in xid8 default pg_current_xact_id(),
  primary key (merchant_id, checkout_id, sequence)
);
create index checkout_event_recorded on polygate.checkout_event (recorded_in) where recorded_in is not null;

alter table polygate.delivery drop constraint delivery_subject_check;
alter table polygate.delivery add constraint delivery_subject_check check (subject in ('payment', 'token', 'checkout', 'mail'));

grant select, insert on polygate.checkout_attempt, polygate.checkout_event to polygate_app;
