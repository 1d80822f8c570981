-- Keys to which others encrypt what they send for import. The private half is sealed under a key that the vault's root key gives, so that a new
-- master key leaves it as it is.
create table import_key (
  key_id text primary key,
  public_key json not null,
  sealed bytea not null,
  created_at timestamptz not null default now()
);

grant select, insert on import_key to polygate_vault;
