-- Settlement: what an acquirer account took and gave back until a cut-off is closed as one batch, with its fees, and compared with the host.

alter table polygate.acquirer_account
  -- Minutes after midnight in the time zone: 23:00.
  add column cut_off_minute smallint not null default 1380 check (cut_off_minute between 0 and 1439),
  add column time_zone text not null default 'UTC';

-- It is in a batch. On the operation's own row, which a reversal has to change anyway: so of a reversal and the cut-off one comes first. In no index.
alter table polygate.operation add column settled boolean not null default false;

-- What the acquirer charges for an operation of a kind; the row of a currency comes before that of all ('*').
create table polygate.account_fee (
  account_id text not null references polygate.acquirer_account,
  kind text not null,
  currency text not null,
  basis_points integer not null check (basis_points between 0 and 10000),
  -- Minor units.
  fixed bigint not null check (fixed >= 0),
  primary key (account_id, kind, currency)
);

create table polygate.settlement (
  settlement_id uuid primary key,
  account_id text not null references polygate.acquirer_account,
  -- Business time.
  cut_off_at timestamptz not null,
  state text not null check (state in ('collecting', 'closed')),
  closed_at timestamptz,
  unique (account_id, cut_off_at)
);

-- One row for each account that has something to settle, or had. Without a due time it has nothing.
create table polygate.settlement_cycle (
  account_id text primary key references polygate.acquirer_account,
  -- Business time: the next cut-off, and a minute later, when it is worked on.
  cut_off_at timestamptz,
  due_at timestamptz,
  last_cut_off_at timestamptz,
  -- The database's clock.
  leased_until timestamptz not null,
  -- Since when its batch waits for operations whose outcome is not certain; the database's clock.
  waiting_since timestamptz
);

-- An operation that took or gave back money, found after it was made; without a settlement it waits for its batch.
create table polygate.settled_operation (
  merchant_id uuid not null,
  operation_id uuid not null,
  payment_id uuid not null,
  account_id text not null,
  settlement_id uuid,
  kind text,
  currency text,
  amount bigint,
  fee bigint,
  primary key (operation_id, merchant_id)
);

create index settled_operation_waiting on polygate.settled_operation (account_id, operation_id) where settlement_id is null;
create index settled_operation_batch on polygate.settled_operation (settlement_id, operation_id) where settlement_id is not null;

-- What a batch comes to for one merchant in one currency; its ledger lines bear the id of the part.
create table polygate.settlement_part (
  merchant_id uuid not null,
  settlement_id uuid not null,
  currency text not null,
  part_id uuid not null,
  operations integer not null check (operations > 0),
  -- Minor units: what came in less what went back; below zero when more went back.
  gross bigint not null,
  fees bigint not null check (fees >= 0),
  primary key (settlement_id, merchant_id, currency)
);

-- The comparison of a batch with the host, one message for each currency.
create table polygate.reconciliation (
  settlement_id uuid not null references polygate.settlement,
  currency text not null,
  account_id text not null,
  cut_off_at timestamptz not null,
  state text not null check (state in ('waiting', 'in_balance', 'apart')),
  ours json not null,
  theirs json,
  -- The trace of the message; absent until it is sent for the first time.
  terminal text,
  stan text,
  rrn text,
  transmitted_at timestamptz,
  tries integer not null default 0,
  leased_until timestamptz not null,
  answered_at timestamptz,
  primary key (settlement_id, currency)
);

create index reconciliation_waiting on polygate.reconciliation (cut_off_at) where state = 'waiting';

grant select, insert, update on polygate.settlement, polygate.settlement_cycle, polygate.settlement_part, polygate.reconciliation to polygate_app;
grant select, insert, update, delete on polygate.settled_operation, polygate.account_fee to polygate_app;

-- All operations made before this moment (epoch ms) have been looked through for what is to be settled. What was there before is settled elsewhere.
insert into polygate.counter (name, next_value) values ('settlement_walked_until_ms', (extract(epoch from now()) * 1000)::bigint);
