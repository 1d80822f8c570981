-- Operations are counted within their payment, from 0, in the order of their recording: protocols name them by it. The payment's row, which every
-- act locks, has the count.

alter table polygate.payment add column operations integer not null default 1;
alter table polygate.operation add column number integer not null default 0;

update polygate.operation o set number = n.number
from (
  select merchant_id, operation_id, row_number() over (partition by merchant_id, payment_id order by created_at, operation_id) - 1 as number
  from polygate.operation
) n
where o.merchant_id = n.merchant_id and o.operation_id = n.operation_id and n.number > 0;

update polygate.payment p set operations = n.operations
from (select merchant_id, payment_id, count(*) as operations from polygate.operation group by merchant_id, payment_id) n
where p.merchant_id = n.merchant_id and p.payment_id = n.payment_id and n.operations > 1;
