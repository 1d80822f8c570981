-- Payments that the gateway makes by itself, at the times of a cron expression on the business clock.
create table polygate.schedule (
  merchant_id uuid not null,
  schedule_id uuid not null,
  channel_id uuid not null,
  state text not null check (state in ('active', 'ended', 'canceled', 'failed')),
  kind text not null check (kind in ('preauthorization', 'debit')),
  token text not null,
  amount bigint not null check (amount > 0),
  currency text not null,
  expression text not null,
  ends_at timestamptz,
  -- Business time.
  next_due_at timestamptz not null,
  -- The database's clock: until then one node pays for next_due_at.
  leased_until timestamptz not null,
  -- For next_due_at: tries that certainly reached no acquirer.
  failed_tries smallint not null default 0,
  cancel_id uuid,
  -- Why it cannot pay any more.
  reason text,
  merchant_reference text,
  dialect_data json not null,
  idempotency_key text,
  input_hash bytea,
  created_at timestamptz not null,
  primary key (schedule_id, merchant_id)
);

create unique index schedule_key on polygate.schedule (merchant_id, channel_id, idempotency_key) where idempotency_key is not null;
create index schedule_due on polygate.schedule (next_due_at) where state = 'active';

grant select, insert, update on polygate.schedule to polygate_app;
