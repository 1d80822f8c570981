-- Payments that shoppers make on the gateway's own pages, and how a channel's pages look.

create table polygate.checkout (
  merchant_id uuid not null,
  checkout_id uuid not null,
  channel_id uuid not null,
  -- SHA-256 of the 128 random bits by which the shopper's browser and the merchant name it.
  secret_hash bytea not null,
  amount bigint not null,
  currency text not null,
  -- What will be asked for, and what the page shows.
  terms json not null,
  revision integer not null default 1,
  -- Attempts so far, and the operation of the last one.
  attempts smallint not null default 0,
  operation_id uuid,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  primary key (merchant_id, checkout_id)
);

-- The hash is random: it leads, so that the index alone finds the row, whatever the planner believes of the table.
create unique index checkout_secret on polygate.checkout (secret_hash, merchant_id);

grant select, insert, update on polygate.checkout to polygate_app;

-- Name, color and logo of the pages; core/merchant/look.ts says what may stand in it.
alter table polygate.channel add column look json;
