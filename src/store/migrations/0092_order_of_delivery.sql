-- What happens to an order and to its payments is told in the order in which it happened, all of it together. Small at all times.
create index delivery_order on polygate.delivery (order_id, endpoint_id) where order_id is not null and state = 'pending';
