/** The rules of what others tell: chargebacks, receipts, and how shoppers were authenticated. */
import type { Check } from './check.ts';
import { sameOperation, samePayment } from './sql.ts';

/** A dispute and its operations say the same: a chargeback under its own id, and a reversal when it has ended. */
export const disputes: Check = {
  name: 'dispute',
  relations: [],
  body: `select coalesce(d.merchant_id, o.merchant_id) as merchant_id, coalesce(d.payment_id, o.payment_id) as payment_id,
    coalesce(o.operation_id, d.dispute_id) as operation_id,
    case when d.dispute_id is null then format('the %s has no dispute', o.kind)
      when o.operation_id is null then format('the dispute has no %s', d.kind)
      else format('the %s and its dispute differ', o.kind) end as detail
  from (
    select merchant_id, dispute_id, payment_id, charge_id, amount, 'chargeback' as kind, dispute_id as operation_id, confirmed_at is null as declared,
      (confirmed_at is null) = (case_number is null) as whole
    from polygate.dispute
    union all
    select merchant_id, dispute_id, payment_id, charge_id, amount, 'chargeback_reversal', reversal_id, reversal_confirmed_at is null,
      stage = 'reversed' and reversal_id is not null and reversed_at is not null
    from polygate.dispute
    where stage = 'reversed' or reversal_id is not null or reversed_at is not null or reversal_confirmed_at is not null
  ) d full join (select * from polygate.operation where kind in ('chargeback', 'chargeback_reversal')) o on ${sameOperation('o', 'd')}
  where (d.dispute_id, d.payment_id, d.charge_id, d.amount, d.kind, d.declared, d.whole)
    is distinct from (o.dispute_id, o.payment_id, o.target_id, o.amount, o.kind, o.declared, true)`,
};

/** A receipt says how much of it the bank has told, and all that the bank has told is in receipts, or belongs to no order. */
export const receipts: Check = {
  name: 'receipt',
  relations: [],
  body: `select coalesce(r.merchant_id, o.merchant_id) as merchant_id, coalesce(r.payment_id, o.payment_id) as payment_id,
    coalesce(r.operation_id, o.operation_id) as operation_id,
    case when r.operation_id is null then 'the receipt does not say what the bank has told' when o.operation_id is null then 'the receipt has no operation'
      else format('%s of the receipt over %s were told, and its operation over %s says otherwise', r.confirmed, r.amount, o.amount) end as detail
  from polygate.receipt r full join (select * from polygate.operation where kind = 'receipt') o on ${sameOperation('o', 'r')}
  where (r.payment_id, r.amount, r.confirmed < r.amount) is distinct from (o.payment_id, o.amount, o.declared)
  union all
  select coalesce(r.merchant_id, b.merchant_id), coalesce(r.payment_id, b.payment_id), null::uuid,
    format('the bank has told %s for it, and %s of its receipts are confirmed', coalesce(b.told, 0), coalesce(r.confirmed, 0))
  from (select merchant_id, payment_id, sum(confirmed) as confirmed from polygate.receipt group by merchant_id, payment_id) r
    full join (select merchant_id, payment_id, sum(amount - unassigned) as told from polygate.bank_receipt group by merchant_id, payment_id) b
    on ${samePayment('b', 'r')}
  where coalesce(r.confirmed, 0) <> coalesce(b.told, 0)`,
};

/** Whoever waits for a shopper has a visit that will be looked at; and no payment stands against the word of its issuer. */
export const visits: Check = {
  name: 'visit',
  relations: [],
  body: `select o.merchant_id, o.payment_id, o.operation_id, 'it waits for its shopper, and nobody will ever look at it' as detail
  from polygate.operation o
  where o.state = 'awaiting' and not exists (
    select from polygate.shopper_visit v where v.merchant_id = o.merchant_id and v.visit_id = o.operation_id and v.payment_id = o.payment_id and v.due_at is not null)
  union all
  select v.merchant_id, v.payment_id, v.visit_id, 'its visit has no run of 3-D Secure' from polygate.shopper_visit v
  where not exists (select from polygate.authentication a
    where a.merchant_id = v.merchant_id and a.authentication_id = v.authentication_id and a.visit_id = v.visit_id)
  union all
  select v.merchant_id, v.payment_id, v.visit_id, 'its visit is over, and its run of 3-D Secure is not' from polygate.shopper_visit v
    join polygate.authentication a on a.merchant_id = v.merchant_id and a.authentication_id = v.authentication_id
  where v.due_at is null and a.finished_at is null
  union all
  select o.merchant_id, o.payment_id, o.operation_id, format('it is %s, and its shopper''s authentication is %s', o.state, a.state)
  from polygate.shopper_visit v join polygate.authentication a on a.merchant_id = v.merchant_id and a.authentication_id = v.authentication_id
    join polygate.operation o on o.merchant_id = v.merchant_id and o.operation_id = v.visit_id
  where o.state in ('submitted', 'approved') and a.state not in ('not_enrolled', 'authenticated', 'attempted', 'informed', 'unavailable') and a.number = 1
  union all
  select o.merchant_id, o.payment_id, o.operation_id, format('it is %s, and its shopper has not confirmed it', o.state)
  from polygate.shopper_visit v join polygate.authentication a on a.merchant_id = v.merchant_id and a.authentication_id = v.authentication_id
    join polygate.operation o on o.merchant_id = v.merchant_id and o.operation_id = v.visit_id
  where o.state in ('submitted', 'approved', 'declined', 'unknown', 'undone') and (v.confirmation = 'refused' or v.merchant_word in ('awaited', 'refused') or v.confirmation = 'asked' and a.acs_url is null)
  union all
  select o.merchant_id, o.payment_id, o.operation_id, 'its shopper has authenticated for another amount or card'
  from polygate.shopper_visit v join polygate.authentication a on a.merchant_id = v.merchant_id and a.authentication_id = v.authentication_id
    join polygate.operation o on o.merchant_id = v.merchant_id and o.operation_id = v.visit_id
    join polygate.payment p on ${samePayment('p', 'o')}
    join polygate.attempt t on ${samePayment('t', 'o')} and t.number = o.attempt_number
  where (a.amount, a.currency, a.card_id) is distinct from (coalesce(o.requested_amount, o.amount), p.currency, t.card_id)
  union all
  select v.merchant_id, v.payment_id, v.visit_id, 'its payment is over, and the proof of its authentication is still kept'
  from polygate.shopper_visit v join polygate.authentication a on a.merchant_id = v.merchant_id and a.visit_id = v.visit_id
  where v.due_at is null and v.payment_id is not null and a.sealed_value is not null`,
};
