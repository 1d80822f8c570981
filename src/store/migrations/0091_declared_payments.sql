-- What a merchant declares to have been paid elsewhere is in the ledger too, on two accounts of its own: nobody owes it to anybody here. It bears the
-- order's id. When it was paid, as the merchant says, is kept with the order.
alter table polygate.checkout add column declared_paid_at timestamptz;

insert into polygate.ledger_entry (merchant_id, operation_id, line, payment_id, kind, layer, debit_account, credit_account, amount, currency, booked_at)
select c.merchant_id, c.checkout_id, 0, c.checkout_id, 'declared', 'posted', 1400, 2400, c.amount, c.currency, e.happened_at
from polygate.checkout c
  join polygate.checkout_event e on e.merchant_id = c.merchant_id and e.checkout_id = c.checkout_id and e.name = 'declared_paid'
where c.closed = 'declared_paid' and c.amount > 0
on conflict do nothing;
