-- Protocols that name a payment by a number, and protocols whose requests are signed with a secret that both sides know.

create table polygate.payment_number (
  merchant_id uuid not null,
  payment_number bigint not null,
  -- The first operation of the payment.
  operation_id uuid not null,
  primary key (merchant_id, payment_number)
);

grant select, insert on polygate.payment_number to polygate_app;
grant insert on polygate.counter to polygate_app;

-- Encrypted by the vault; empty where the hash is enough.
alter table polygate.credential add column sealed_secret bytea;
