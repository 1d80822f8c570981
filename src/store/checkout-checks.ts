/** Rules of checkouts, for `checks.ts`: a shopper is charged once, and what a checkout notes is what was tried. */
import { attemptKeyPattern } from '../core/payment/attempt-key.ts';
import { unsuccessfulOperationStates } from '../core/states/operation.ts';
import { wasNotLetThrough } from './order-checks.ts';
import { wordList } from './sql.ts';

/** Attempts are operations under keys that only checkouts make; keys that are forgotten by now tell nothing any more. */
const attempts = `attempt as (
    select k.merchant_id, split_part(k.key, ' ', 2)::uuid as checkout_id, split_part(k.key, ' ', 3)::integer as number, o.payment_id, o.operation_id, o.state, o.kind, o.reason
    from polygate.idempotency_key k join polygate.operation o on o.merchant_id = k.merchant_id and o.operation_id = k.operation_id
    where k.key ~ '${attemptKeyPattern}'
  )`;

/** A capture that failed leaves what was held, so that counts as standing too. */
export const checkoutAttempts = {
  name: 'checkout',
  relations: [attempts],
  body: `select a.merchant_id, max(a.payment_id::text)::uuid as payment_id, max(a.operation_id::text)::uuid as operation_id,
    format('%s attempts of the checkout %s stand, or may still', count(*), a.checkout_id) as detail
  from attempt a where a.kind = 'capture' or (a.state not in (${wordList(unsuccessfulOperationStates)}) and not ${wasNotLetThrough('a')})
  group by a.merchant_id, a.checkout_id having count(*) > 1
  union all
  select c.merchant_id, n.payment_id, c.operation_id, case when n.operation_id is null then format('the checkout %s notes an operation that is not here', c.checkout_id)
    else format('the checkout %s notes it as attempt %s, which was another payment', c.checkout_id, c.attempts) end
  from polygate.checkout c
    left join polygate.operation n on n.merchant_id = c.merchant_id and n.operation_id = c.operation_id
    left join attempt a on a.merchant_id = c.merchant_id and a.checkout_id = c.checkout_id and a.number = c.attempts
  where c.operation_id is not null and (n.operation_id is null or a.payment_id <> n.payment_id)`,
} as const;
