-- Which nodes are up and which master keys they hold: a new master key wraps nothing before all of them can unwrap with it.
create table node (
  node_id uuid primary key,
  name text not null,
  key_ids text[] not null,
  started_at timestamptz not null default now(),
  seen_at timestamptz not null default now(),
  -- When it last dropped the data keys that were being replaced at that moment from its memory.
  caught_up_at timestamptz not null default now()
);

-- A new data key of a merchant, and how far its cards have moved under it. Small: a row per rotation.
create table card_rotation (
  merchant_id uuid not null,
  to_version int not null,
  started_at timestamptz not null default now(),
  -- Cards under older keys at the start, those moved since, and those that could not be opened.
  total bigint not null,
  done bigint not null default 0,
  damaged bigint not null default 0,
  -- The second sweep finds what nodes stored under an older key while they did not know the new one yet.
  sweep smallint not null default 1,
  last_id uuid,
  -- Who works on it, and until when nobody else does.
  leased_by uuid,
  leased_until timestamptz,
  finished_at timestamptz,
  primary key (merchant_id, to_version)
);

grant select, insert, update, delete on node to polygate_vault;
grant select, insert, update on card_rotation to polygate_vault;
