-- Stored cards by the merchant's own name of the customer, and keys that requests may be encrypted to.

create index operation_customer on polygate.operation ((dialect_data ->> 'customerReference'), merchant_id)
  where token is not null and dialect_data ->> 'customerReference' is not null;

-- The gateway's, not a merchant's. The private part is encrypted by the vault.
create table polygate.request_key (
  key_id uuid primary key,
  public_jwk json not null,
  sealed_private_jwk bytea not null,
  created_at timestamptz not null default now()
);

grant select, insert on polygate.request_key to polygate_app;
