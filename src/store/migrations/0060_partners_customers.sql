-- Resellers who act for merchants, and customers whom merchants have registered.

-- Not a merchant's: it names the merchants that it may act for.
create table polygate.partner (
  partner_id uuid primary key,
  dialect text not null,
  -- By which the protocol names it, and the login of its people.
  identifier text not null,
  login text not null,
  secret_hash bytea not null,
  -- Encrypted by the vault, where requests are signed with it.
  sealed_secret bytea,
  created_at timestamptz not null default now(),
  unique (dialect, identifier)
);

create table polygate.partner_merchant (
  partner_id uuid not null references polygate.partner,
  -- The merchant's login with this partner.
  login text not null,
  merchant_id uuid not null,
  -- The identifier of the merchant's credential.
  identifier text not null,
  primary key (partner_id, login)
);

create table polygate.customer (
  merchant_id uuid not null,
  customer_number bigint not null,
  details jsonb not null,
  created_at timestamptz not null,
  primary key (merchant_id, customer_number)
);

grant select, insert, update on polygate.partner, polygate.partner_merchant to polygate_app;
grant select, insert on polygate.customer to polygate_app;
