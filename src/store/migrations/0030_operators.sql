-- Who may use the console API: a key of which only the hash is kept, and what its holder may do. A row is never deleted, so that the trail of
-- acts can always say whose name it bears.
create table polygate.operator (
  operator_id uuid primary key,
  name text not null check (name !~ '[[:cntrl:]]'),
  role text not null check (role in ('viewer', 'operator', 'admin')),
  -- SHA-256; the key has 256 random bits.
  key_hash bytea not null unique,
  created_at timestamptz not null default now(),
  revoked_at timestamptz
);

-- Two who act under one name could not be told apart in the trail.
create unique index operator_name on polygate.operator (name) where revoked_at is null;

grant select, insert, update on polygate.operator to polygate_app;

-- A merchant who may not pay, with all of its channels.
alter table polygate.merchant add column enabled boolean not null default true;

-- Activated methods; null: all.
alter table polygate.channel add column brands text[], add column flows text[];

-- Paused: an operator has said so; what happens meanwhile waits for it.
alter table polygate.endpoint drop constraint endpoint_state_check,
  add constraint endpoint_state_check check (state in ('inactive', 'active', 'parked', 'paused'));
