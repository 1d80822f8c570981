-- What happened to stored cards apart from payments: a card put under a token, also one that was refused, and a token deleted. The card itself,
-- and the token of a card that was kept, are in the vault; `token` of a refused card names nothing there.
create table polygate.token_act (
  merchant_id uuid not null,
  act_id uuid not null,
  channel_id uuid not null,
  kind text not null check (kind in ('tokenization', 'deletion')),
  token text not null,
  brand text,
  bin text,
  last4 text,
  expiry_month smallint,
  expiry_year smallint,
  holder text,
  -- Why the card was refused; null: it was kept.
  reason text,
  merchant_reference text,
  dialect_data json not null,
  idempotency_key text,
  input_hash bytea,
  created_at timestamptz not null,
  primary key (merchant_id, act_id)
);

-- A token is made once and deleted once.
create unique index token_act_token on polygate.token_act (merchant_id, token, kind);
create unique index token_act_key on polygate.token_act (merchant_id, channel_id, idempotency_key) where idempotency_key is not null;

-- Requests of the last moments, where a protocol limits how many there may be: shared by all nodes, and worth nothing after a crash.
create unlogged table polygate.request_window (
  merchant_id uuid not null,
  subject text not null,
  -- When the requests came that count, in epoch ms of the database's clock.
  hits bigint[] not null,
  expires_at timestamptz not null,
  primary key (merchant_id, subject)
);

-- What a dialect may do differently for a channel, in the dialect's own words; what is not named follows the dialect's default.
alter table polygate.channel add column policies json not null default '{}';

grant select, insert on polygate.token_act to polygate_app;
grant select, insert, update, delete on polygate.request_window to polygate_app;
