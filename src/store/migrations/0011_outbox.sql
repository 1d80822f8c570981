-- Telling merchants what happened. Deliveries are derived from the events by a worker, so that the payment path writes no row more.
--
-- Which events are new is asked of PostgreSQL's own bookkeeping: each event names the transaction that wrote it, and the cursor is a snapshot
-- (which transactions were finished when the worker last looked). New is what is visible now and was not in that snapshot: exact, however
-- long a transaction stays open and in whatever order they commit. It costs an event 8 bytes and an entry at the cached right edge of one
-- index (docs/webhooks.md has the measurement). Events of before this migration have none, and are not told.
alter table event add column recorded_in xid8;
alter table event alter column recorded_in set default pg_current_xact_id();
create index event_recorded on event (recorded_in) where recorded_in is not null;

-- What happens to stored cards apart from payments is told as well; a row of this table is its own event.
alter table token_act add column recorded_in xid8;
alter table token_act alter column recorded_in set default pg_current_xact_id();
create index token_act_recorded on token_act (recorded_in) where recorded_in is not null;

-- One row per reader of events.
create table event_cursor (
  name text primary key,
  snapshot pg_snapshot not null
);
insert into event_cursor (name, snapshot) values ('deliveries', pg_current_snapshot());

-- Where a merchant wants to be told. Without a URL it stands for the URLs that requests name themselves.
create table endpoint (
  merchant_id uuid not null references merchant (merchant_id),
  endpoint_id uuid not null,
  dialect text not null,
  -- Null: all channels of the merchant that speak the dialect.
  channel_id uuid,
  url text,
  -- What only the dialect knows: how the body is wrapped, which events are wanted.
  settings json not null,
  -- Sealed by the vault.
  secret bytea,
  state text not null check (state in ('inactive', 'active', 'parked')),
  -- Why it is parked, or what went wrong last.
  reason text,
  failures integer not null default 0,
  failing_since timestamptz,
  -- Nothing is sent before.
  wake_at timestamptz not null default now(),
  created_at timestamptz not null default now(),
  removed_at timestamptz,
  primary key (merchant_id, endpoint_id)
);
create unique index endpoint_of_requests on endpoint (merchant_id, dialect) where url is null and removed_at is null;

-- One event for one endpoint. What happened to a stored card has the token for a payment, and the numbers 1 (made) and 2 (deleted). `due_at` is when it may be sent next, and the end of the lease while it is being sent; null when it is finished.
create table delivery (
  merchant_id uuid not null,
  endpoint_id uuid not null,
  subject text not null check (subject in ('payment', 'token')),
  payment_id uuid not null,
  sequence integer not null,
  operation_id uuid not null,
  state text not null check (state in ('pending', 'delivered', 'given_up')),
  tries integer not null default 0,
  -- Of an event that is told in several messages: how many were acknowledged.
  messages_sent smallint not null default 0,
  due_at timestamptz,
  -- Whose try is under way.
  lease uuid,
  created_at timestamptz not null default now(),
  finished_at timestamptz,
  primary key (payment_id, endpoint_id, sequence, merchant_id)
);
create index delivery_due on delivery (endpoint_id, due_at) where due_at is not null;
create index delivery_made on delivery (merchant_id, endpoint_id, created_at);

create table delivery_attempt (
  merchant_id uuid not null,
  endpoint_id uuid not null,
  payment_id uuid not null,
  sequence integer not null,
  -- UUIDv7.
  attempt_id uuid not null,
  started_at timestamptz not null,
  duration_ms integer not null,
  status smallint,
  -- Why it counts as failed; null when it was acknowledged.
  problem text,
  -- The first bytes of what the endpoint answered.
  answer text,
  primary key (payment_id, endpoint_id, sequence, attempt_id, merchant_id)
);

grant select, update on event_cursor to polygate_app;
grant select, insert, update on endpoint to polygate_app;
grant select, insert, update, delete on delivery, delivery_attempt to polygate_app;
