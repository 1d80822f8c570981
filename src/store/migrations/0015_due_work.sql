-- What becomes due for single payments, on the business clock: the end of a hold that nobody has captured, and captures asked for in advance.
-- A row goes when it is done; one that cannot be done any more stays, with its reason.
create table polygate.due_work (
  merchant_id uuid not null,
  payment_id uuid not null,
  kind text not null check (kind in ('expiry', 'capture')),
  channel_id uuid not null,
  -- The preauthorization.
  operation_id uuid not null,
  state text not null check (state in ('waiting', 'failed')),
  -- Business time.
  due_at timestamptz not null,
  -- The database's clock: until then one node does it.
  leased_until timestamptz not null,
  failed_tries smallint not null default 0,
  reason text,
  primary key (payment_id, kind, merchant_id)
);

-- A lease changes no column of it.
create index due_work_due on polygate.due_work (due_at) where state = 'waiting';

grant select, insert, update, delete on polygate.due_work to polygate_app;

-- All preauthorizations made before this moment (epoch ms) have been looked through for holds that will end.
insert into polygate.counter (name, next_value) values ('holds_walked_until_ms', 0);

-- In the sandbox: who moves the business clock, until when that holds by the database's clock, and which offset each node goes by.
alter table polygate.clock add column mover_id uuid, add column moving_until timestamptz not null default '-infinity';

create unlogged table polygate.clock_reader (
  node_id uuid primary key,
  offset_ms bigint not null,
  read_at timestamptz not null
);

grant select, insert, update, delete on polygate.clock_reader to polygate_app;
