-- What is told of an order's payments waits for what is told of the order itself: the merchant hears of the purchase before it hears that it is paid.
alter table polygate.delivery add column order_id uuid;
