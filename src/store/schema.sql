-- The schema that the migrations make. Written by: POLYGATE_UPDATE_SCHEMA=1 npm test test/migrate.test.ts

create schema polygate;
grant usage on schema polygate to polygate_app;

create schema vault;
grant usage on schema vault to polygate_vault;

create table public.polygate_migration (
  set text not null,
  file text not null,
  checksum text not null,
  applied_at timestamp with time zone not null default now(),
  constraint polygate_migration_pkey PRIMARY KEY (set, file)
);
grant select on public.polygate_migration to polygate_app;
grant select on public.polygate_migration to polygate_vault;

create table vault.card (
  merchant_id uuid not null,
  id uuid not null,
  key_version integer not null,
  sealed bytea not null,
  fingerprint bytea not null,
  purge_at timestamp with time zone not null,
  created_at timestamp with time zone not null default now(),
  constraint card_pkey PRIMARY KEY (merchant_id, id)
);
CREATE INDEX card_purge ON vault.card USING btree (merchant_id, purge_at);
grant delete, insert, select, update on vault.card to polygate_vault;

create table vault.data_key (
  merchant_id uuid not null,
  version integer not null,
  key_id text not null,
  wrapped bytea not null,
  created_at timestamp with time zone not null default now(),
  constraint data_key_pkey PRIMARY KEY (merchant_id, version),
  constraint data_key_version_check CHECK ((version > 0))
);
grant insert, select, update on vault.data_key to polygate_vault;

create table vault.root_key (
  name text not null,
  key_id text not null,
  wrapped bytea not null,
  created_at timestamp with time zone not null default now(),
  constraint root_key_pkey PRIMARY KEY (name)
);
grant insert, select, update on vault.root_key to polygate_vault;

create table vault.token (
  merchant_id uuid not null,
  token text not null,
  card_id uuid not null,
  purge_at timestamp with time zone not null,
  created_at timestamp with time zone not null default now(),
  deleted_at timestamp with time zone,
  constraint token_pkey PRIMARY KEY (merchant_id, token)
);
CREATE INDEX token_card ON vault.token USING btree (merchant_id, card_id);
CREATE INDEX token_purge ON vault.token USING btree (merchant_id, purge_at);
grant delete, insert, select, update on vault.token to polygate_vault;
