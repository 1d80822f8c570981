-- Operations that were made elsewhere, and what their payment's line said, so that the same line again changes nothing.
create table polygate.imported_operation (
  merchant_id uuid not null,
  operation_id uuid not null,
  payment_id uuid not null,
  -- Keyed HMAC of the whole line; of the first operation only.
  content_mac bytea,
  terminal text not null,
  transmitted_on date not null,
  stan text not null,
  primary key (merchant_id, operation_id),
  unique (merchant_id, terminal, transmitted_on, stan)
);

grant select, insert on polygate.imported_operation to polygate_app;
