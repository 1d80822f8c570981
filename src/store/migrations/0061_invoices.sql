-- Invoices: an order that the shopper is told of by mail, under a number of the gateway's and a reference of the merchant's.

create table polygate.invoice (
  merchant_id uuid not null,
  invoice_number bigint not null,
  channel_id uuid not null,
  -- What is to be paid, and whether it was.
  order_id uuid not null,
  reference text not null,
  email text not null,
  details jsonb not null,
  -- The invoice that has taken its place.
  replaced_by bigint,
  -- When the shopper is reminded next; empty: never.
  remind_at timestamptz,
  created_at timestamptz not null,
  primary key (merchant_id, invoice_number),
  unique (merchant_id, order_id)
);

create index invoice_by_reference on polygate.invoice (merchant_id, reference, invoice_number);
create index invoice_reminder on polygate.invoice (remind_at, merchant_id) where remind_at is not null;

grant select, insert, update on polygate.invoice to polygate_app;
