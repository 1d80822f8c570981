-- Billing by template: what is asked of customers whenever the merchant says so, or of subscribers again and again.

create table polygate.billing_template (
  merchant_id uuid not null,
  template_id uuid not null,
  channel_id uuid not null,
  -- How subscribers are billed; null: the template is for single invoices.
  plan json,
  active boolean not null,
  -- What the orders are made from; the dialect's.
  document json not null,
  -- Of the request that made it, where that may be repeated.
  input_hash bytea,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  removed_at timestamptz,
  primary key (merchant_id, template_id)
);

create index billing_template_by_time on polygate.billing_template (merchant_id, created_at, template_id) where removed_at is null;

create table polygate.subscriber (
  merchant_id uuid not null,
  subscriber_id uuid not null,
  template_id uuid not null,
  customer_id uuid not null,
  channel_id uuid not null,
  status text not null check (status in ('pending', 'active', 'paused', 'ended')),
  -- When the first period begins; business time.
  starts_at timestamptz not null,
  -- The period that is billed next, from 0, trial periods not counted; how many were billed.
  next_cycle integer not null,
  cycles_billed integer not null,
  -- Of the period that was billed last: its order, the charges of it that failed, and the last attempt at the order that was looked at.
  order_id uuid,
  tries smallint not null,
  attempt smallint not null,
  mails_on_failure boolean not null,
  settings json not null,
  -- When there is something to do next, business time; null: nothing any more.
  due_at timestamptz,
  -- The database's clock: until then one node does it.
  leased_until timestamptz not null,
  input_hash bytea,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (merchant_id, subscriber_id)
);

-- A customer subscribes to a template once at a time.
create unique index subscriber_once on polygate.subscriber (merchant_id, template_id, customer_id) where status <> 'ended';
create index subscriber_by_time on polygate.subscriber (merchant_id, template_id, created_at, subscriber_id);
create index subscriber_of_customer on polygate.subscriber (merchant_id, customer_id) where status <> 'ended';
create index subscriber_due on polygate.subscriber (due_at) where due_at is not null;

-- What happened to a subscription and is told, in order and without gaps.
create table polygate.subscriber_event (
  merchant_id uuid not null,
  subscriber_id uuid not null,
  sequence integer not null,
  name text not null,
  happened_at timestamptz not null,
  recorded_in xid8 default pg_current_xact_id(),
  primary key (merchant_id, subscriber_id, sequence)
);
create index subscriber_event_recorded on polygate.subscriber_event (recorded_in) where recorded_in is not null;

alter table polygate.delivery drop constraint delivery_subject_check;
alter table polygate.delivery add constraint delivery_subject_check check (subject in ('payment', 'token', 'checkout', 'subscriber', 'mail'));

grant select, insert, update on polygate.billing_template, polygate.subscriber to polygate_app;
grant select, insert on polygate.subscriber_event to polygate_app;
