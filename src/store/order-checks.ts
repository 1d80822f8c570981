/** What must hold of orders: their events are without gaps, they are paid once, and what was closed, or told as expired, was not paid, unless elsewhere: then the ledger has it. */
import { accounts } from '../core/ledger/accounts.ts';
import { givenUpReasons } from '../core/risk/rule.ts';
import { wordList } from './sql.ts';

/** A review did not let it through: what the acquirer has approved was given up, and pays nothing. */
export const wasNotLetThrough = (operation: string): string =>
  `(${operation}.kind = 'preauthorization' and ${operation}.state = 'approved' and ${operation}.reason is not null
    and ${operation}.reason in (${wordList(givenUpReasons)}))`;

/** An order's own events are counted with it, so that none can be missing. */
export const orders = {
  name: 'order',
  relations: [],
  body: `select o.merchant_id, null::uuid as payment_id, null::uuid as operation_id,
    format('order %s has %s events, the last is number %s, and it should have %s', o.checkout_id, count(e.sequence), max(e.sequence), o.events) as detail
  from polygate.checkout o left join polygate.checkout_event e on e.merchant_id = o.merchant_id and e.checkout_id = o.checkout_id
  where o.secret_hash is null
  group by o.merchant_id, o.checkout_id, o.events
  having count(e.sequence) <> o.events or max(e.sequence) is distinct from o.events
  union all
  select a.merchant_id, null, null, format('order %s is paid %s times', a.checkout_id, count(*))
  from polygate.checkout_attempt a join polygate.operation p on p.merchant_id = a.merchant_id and p.operation_id = a.operation_id and p.state = 'approved'
  where not ${wasNotLetThrough('p')}
  group by a.merchant_id, a.checkout_id having count(*) > 1
  union all
  select a.merchant_id, p.payment_id, p.operation_id, format('order %s is %s, and this pays it', a.checkout_id, coalesce(o.closed, 'told as expired'))
  from polygate.checkout o
    join polygate.checkout_attempt a on a.merchant_id = o.merchant_id and a.checkout_id = o.checkout_id
    join polygate.operation p on p.merchant_id = a.merchant_id and p.operation_id = a.operation_id
  where (o.closed is not null or o.expiry = 'told') and p.state = 'approved' and not ${wasNotLetThrough('p')}
  union all
  select coalesce(o.merchant_id, l.merchant_id), null, null, case when o.checkout_id is null then format('the ledger has %s of order %s as paid elsewhere', l.amount, l.operation_id)
    else format('order %s over %s was paid elsewhere, and the ledger says otherwise', o.checkout_id, o.amount) end
  from (select * from polygate.checkout where closed = 'declared_paid' and amount > 0) o
    full join (select * from polygate.ledger_entry where kind = 'declared') l on l.merchant_id = o.merchant_id and l.operation_id = o.checkout_id
  where (l.line::integer, l.layer, l.debit_account::integer, l.credit_account::integer, l.amount, l.currency)
    is distinct from (0, 'posted', ${accounts.paid_elsewhere}, ${accounts.received_elsewhere}, o.amount, o.currency)`,
};
