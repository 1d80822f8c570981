-- The gateway's own tables. Every tenant table leads with merchant_id, and every key contains it, so that all rows of a payment live
-- together wherever a merchant's rows are put. Amounts are bigint minor units of the row's currency.
--
-- No foreign keys between the rows of a payment: they are written together, in one statement, and `polygate verify` looks for orphans.
-- A foreign key would cost a lookup per row on the payment path, to check what that statement has just written.

-- Reference tables: small, the same for every merchant, read from memory.

create table polygate.merchant (
  merchant_id uuid primary key,
  -- Carried inside ids that appear without their merchant; four base-36 digits.
  routing_number integer not null unique check (routing_number between 1 and 1679615),
  name text not null,
  created_at timestamptz not null default now()
);

create table polygate.acquirer_account (
  account_id text primary key,
  adapter text not null,
  merchant_identifier text not null,
  category_code text not null,
  terminals text[] not null check (cardinality(terminals) > 0)
);

create table polygate.channel (
  merchant_id uuid not null references polygate.merchant,
  channel_id uuid not null,
  dialect text not null,
  wire_id text not null,
  name text not null,
  account_id text not null references polygate.acquirer_account,
  enabled boolean not null default true,
  currencies text[],
  primary key (merchant_id, channel_id)
);

-- Who comes in by which name; read into memory, so no statement of the payment path searches it.
create table polygate.entry_point (
  dialect text not null,
  wire_id text not null,
  merchant_id uuid not null,
  channel_id uuid not null,
  primary key (dialect, wire_id),
  foreign key (merchant_id, channel_id) references polygate.channel
);

create table polygate.credential (
  merchant_id uuid not null references polygate.merchant,
  credential_id uuid not null,
  dialect text not null,
  identifier text not null,
  secret_hash bytea not null,
  created_at timestamptz not null default now(),
  revoked_at timestamptz,
  primary key (merchant_id, credential_id)
);

create index credential_identifier on polygate.credential (dialect, identifier);

-- The next STAN of a terminal on a business day, taken in blocks.
create table polygate.terminal_day (
  terminal text not null,
  business_date date not null,
  next_stan integer not null,
  primary key (terminal, business_date)
);

-- Counters taken in blocks by each node: the sequence inside RRNs.
create table polygate.counter (
  name text primary key,
  next_value bigint not null
);

insert into polygate.counter (name, next_value) values ('rrn', 1);

-- Business time is wall time plus this offset; only a sandbox moves it.
create table polygate.clock (
  only_row boolean primary key default true check (only_row),
  offset_ms bigint not null
);

insert into polygate.clock (offset_ms) values (0);

-- The rows of a payment.

create table polygate.payment (
  merchant_id uuid not null,
  payment_id uuid not null,
  channel_id uuid not null,
  state text not null,
  currency text not null,
  amount bigint not null,
  authorized bigint not null default 0,
  captured bigint not null default 0,
  capture_pending bigint not null default 0,
  released bigint not null default 0,
  release_pending bigint not null default 0,
  refunded bigint not null default 0,
  reversed bigint not null default 0,
  last_sequence integer not null default 0,
  created_at timestamptz not null,
  primary key (merchant_id, payment_id),
  check (capture_pending >= 0 and release_pending >= 0 and captured + capture_pending + released + release_pending <= greatest(authorized, captured))
) with (fillfactor = 80);

create table polygate.attempt (
  merchant_id uuid not null,
  payment_id uuid not null,
  number smallint not null,
  card_id uuid not null,
  brand text not null,
  bin text not null,
  last4 text not null,
  expiry_month smallint not null,
  expiry_year smallint not null,
  holder text,
  created_at timestamptz not null,
  primary key (merchant_id, payment_id, number)
);

create table polygate.operation (
  merchant_id uuid not null,
  operation_id uuid not null,
  payment_id uuid not null,
  attempt_number smallint not null,
  target_id uuid,
  target_kind text,
  kind text not null,
  state text not null,
  amount bigint not null,
  -- Of a reversal: what remains of its target after it.
  remaining bigint,
  refunded bigint not null default 0,
  refund_pending bigint not null default 0,
  reversed bigint not null default 0,
  reverse_pending bigint not null default 0,
  merchant_reference text,
  rrn text,
  token text,
  approval_code text,
  response_code text,
  host_code text,
  network_reference text,
  reason text,
  dialect_data json not null,
  created_at timestamptz not null,
  -- While open: when to look at it again, by the database's clock.
  resolve_at timestamptz,
  resolve_attempts smallint not null default 0,
  late_approved boolean not null default false,
  primary key (merchant_id, operation_id),
  check (refund_pending >= 0 and reverse_pending >= 0 and refunded + refund_pending + reversed + reverse_pending <= amount)
) with (fillfactor = 80);

-- Not led by merchant_id: the payment path's plans are made when the tables are empty, where every index that begins like the primary key looks
-- as good as it. Payment ids are unique by themselves.
create index operation_payment on polygate.operation (payment_id);
create index operation_reference on polygate.operation (merchant_reference, merchant_id) where merchant_reference is not null;
-- Small at all times: only what is under way or unknown.
create index operation_open on polygate.operation (merchant_id, operation_id) where state in ('submitted', 'unknown');

-- What was or will be sent. The request of an operation, and the reversal that undoes it, share RRN and STAN.
create table polygate.acquirer_message (
  merchant_id uuid not null,
  rrn text not null,
  mti text not null,
  purpose text not null check (purpose in ('request', 'undo')),
  operation_id uuid not null,
  account_id text not null,
  terminal text not null,
  stan text not null,
  transmitted_at timestamptz not null,
  primary key (merchant_id, rrn, mti)
);

create table polygate.idempotency_key (
  merchant_id uuid not null,
  channel_id uuid not null,
  key text not null,
  operation_id uuid not null,
  input_hash bytea not null,
  expires_at timestamptz not null,
  primary key (merchant_id, channel_id, key)
);

create index idempotency_key_expiry on polygate.idempotency_key (((expires_at at time zone 'UTC')::date), merchant_id);

-- Immutable. Each row moves one amount from one account to another, so no entry can be unbalanced. Account numbers: the chart of accounts in
-- src/core/ledger/accounts.ts. `layer`: p pending (held), b booked (posted).
create table polygate.ledger_entry (
  merchant_id uuid not null,
  operation_id uuid not null,
  line smallint not null,
  payment_id uuid not null,
  kind text not null,
  layer text not null check (layer in ('pending', 'posted')),
  debit_account smallint not null,
  credit_account smallint not null,
  amount bigint not null check (amount > 0),
  currency text not null,
  booked_at timestamptz not null,
  primary key (merchant_id, operation_id, line)
);

-- What happened, in order and without gaps per payment.
create table polygate.event (
  merchant_id uuid not null,
  payment_id uuid not null,
  sequence integer not null,
  operation_id uuid not null,
  name text not null,
  payment_state text not null,
  operation_state text not null,
  snapshot json not null,
  happened_at timestamptz not null,
  primary key (merchant_id, payment_id, sequence)
);

grant select, insert, update on all tables in schema polygate to polygate_app;
grant delete on polygate.idempotency_key to polygate_app;
-- Written once: not even the gateway may change them.
revoke update on polygate.ledger_entry, polygate.event, polygate.attempt, polygate.acquirer_message from polygate_app;
