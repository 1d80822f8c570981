-- Customers whom merchants name by an id of the protocol, change and remove; and the cards that were kept for them without a payment.

alter table polygate.customer
  add column customer_id uuid,
  -- Of the request that made it, where that may be repeated.
  add column input_hash bytea,
  add column updated_at timestamptz,
  add column removed_at timestamptz;

create unique index customer_by_id on polygate.customer (merchant_id, customer_id) where customer_id is not null;
create index customer_by_time on polygate.customer (merchant_id, created_at, customer_id) where customer_id is not null and removed_at is null;
create index token_act_customer on polygate.token_act ((dialect_data ->> 'customerReference'), merchant_id)
  where dialect_data ->> 'customerReference' is not null;

grant update on polygate.customer to polygate_app;
