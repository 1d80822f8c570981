/** The rules of operations: each is one that can be, belongs to what is there, and is found by whoever has to resolve it. */
import { postedKinds } from '../core/payment/operation.ts';
import { type Check, sameKind } from './check.ts';
import { contribution } from './expectation.ts';
import { sameOperation, samePayment, wordList } from './sql.ts';

/** As a list in SQL. */
const posted = wordList(postedKinds);

export const operationShape: Check = {
  name: 'operation',
  relations: [contribution],
  body: `select o.merchant_id, o.payment_id, o.operation_id, case
      when not exists (select from contribution c where ${sameKind('c', 'o')}) then format('a %s cannot act upon a %s', o.kind, coalesce(o.target_kind, 'nothing'))
      when (o.target_id is null) <> (o.target_kind is null) then 'it has a target or a target kind, not both'
      when o.target_id is not null and t.operation_id is null then 'what it acts upon is not in its payment'
      when t.kind <> o.target_kind then format('it acts upon a %s and says %s', t.kind, o.target_kind)
      when t.state <> 'approved' and o.kind not in (${posted}) then format('it acts upon an operation that is %s', t.state)
      when o.target_id is null and o.amount <> p.amount then format('its amount %s is not that of its payment, %s', o.amount, p.amount) end as detail
  from polygate.operation o join polygate.payment p on ${samePayment('p', 'o')}
    left join polygate.operation t on t.merchant_id = o.merchant_id and t.operation_id = o.target_id and t.payment_id = o.payment_id
  where not exists (select from contribution c where ${sameKind('c', 'o')}) or (o.target_id is null) <> (o.target_kind is null)
    or (o.target_id is not null and (t.operation_id is null or t.kind <> o.target_kind or (t.state <> 'approved' and o.kind not in (${posted}))))
    or (o.target_id is null and o.amount <> p.amount)`,
};

/** An approved operation whose undoing was begun stands here and not at the acquirer, unless an operator has decided. */
export const undoneApproval: Check = {
  name: 'undone approval',
  relations: [],
  body: `select o.merchant_id, o.payment_id, o.operation_id, 'it is approved, and a reversal that undoes it was prepared' as detail
  from polygate.operation o join polygate.acquirer_message m on ${sameOperation('m', 'o')} and m.purpose = 'undo'
  where o.state = 'approved' and not exists (
    select from polygate.event e where ${samePayment('e', 'o')} and e.operation_id = o.operation_id and e.operation_state = 'escalated'
  )`,
};

export const orphans: Check = {
  name: 'orphan',
  relations: [],
  body: `select p.merchant_id, p.payment_id, null::uuid as operation_id, format('the payment has %s first operations', count(o.operation_id)) as detail
  from polygate.payment p left join polygate.operation o on ${samePayment('o', 'p')} and o.target_id is null
  group by p.merchant_id, p.payment_id having count(o.operation_id) <> 1
  union all
  select o.merchant_id, o.payment_id, o.operation_id, 'the operation has no payment' from polygate.operation o
  where not exists (select from polygate.payment p where ${samePayment('p', 'o')})
  union all
  select o.merchant_id, o.payment_id, o.operation_id, 'the operation has no attempt' from polygate.operation o
  where not exists (select from polygate.attempt a where ${samePayment('a', 'o')} and a.number = o.attempt_number)
  union all
  select a.merchant_id, a.payment_id, null, 'the attempt has no payment' from polygate.attempt a
  where not exists (select from polygate.payment p where ${samePayment('p', 'a')})
  union all
  select o.merchant_id, o.payment_id, o.operation_id, 'the operation has no message to the acquirer' from polygate.operation o
  where o.state not in ('rejected', 'awaiting') and o.kind not in (${posted}) and not exists (
    select from polygate.acquirer_message m where m.merchant_id = o.merchant_id and m.rrn = o.rrn and m.operation_id = o.operation_id and m.purpose = 'request')
  union all
  select o.merchant_id, o.payment_id, o.operation_id, 'the operation was never sent and has a message to the acquirer' from polygate.operation o
  where (o.state in ('rejected', 'awaiting') or o.kind in (${posted})) and exists (select from polygate.acquirer_message m where ${sameOperation('m', 'o')})
    and not exists (select from polygate.event e where ${samePayment('e', 'o')} and e.operation_id = o.operation_id and e.operation_state = 'submitted')
  union all
  select m.merchant_id, null, m.operation_id, format('the message %s (%s) has no operation', m.rrn, m.purpose) from polygate.acquirer_message m
  where not exists (select from polygate.operation o where ${sameOperation('o', 'm')})
  union all
  select l.merchant_id, l.payment_id, l.operation_id, format('line %s of the ledger has no operation', l.line) from polygate.ledger_entry l
  where l.kind not in ('payout_funding', 'declared') and not exists (select from polygate.operation o where ${sameOperation('o', 'l')})
    and not exists (select from polygate.settlement_part t where t.merchant_id = l.merchant_id and t.part_id = l.operation_id)
  union all
  select e.merchant_id, e.payment_id, e.operation_id, format('event %s has no operation in its payment', e.sequence) from polygate.event e
  where not exists (select from polygate.operation o where ${sameOperation('o', 'e')} and o.payment_id = e.payment_id)
  union all
  select k.merchant_id, null, k.operation_id, 'an idempotency key has no operation' from polygate.idempotency_key k
  where not exists (select from polygate.operation o where ${sameOperation('o', 'k')})
  union all
  select d.merchant_id, d.payment_id, d.operation_id, format('there is no hold for what is due for it (%s)', d.kind) from polygate.due_work d
  where not exists (select from polygate.operation o where ${sameOperation('o', 'd')} and o.payment_id = d.payment_id and o.kind = 'preauthorization')
  union all
  select r.merchant_id, null, r.operation_id, 'there is no refund whose other parts are due' from polygate.refund_in_parts r
  where not exists (select from polygate.operation o where ${sameOperation('o', 'r')} and o.kind = 'refund')
  union all
  select n.merchant_id, null, n.operation_id, format('the number %s has no operation', n.payment_number) from polygate.payment_number n
  where not exists (select from polygate.operation o where ${sameOperation('o', 'n')})`,
};

/** What is unresolved is found by `resolve_at` alone; what is finished must not stand in its way. */
export const resolution: Check = {
  name: 'resolution',
  relations: [],
  body: `select o.merchant_id, o.payment_id, o.operation_id, case
      when o.resolve_at is null then format('it is %s, and nothing will resolve it', o.state)
      else format('it is %s, and is to be resolved at %s', o.state, o.resolve_at) end as detail
  from polygate.operation o
  where (o.state in ('unknown', 'pending', 'escalated') and o.resolve_at is null)
    or (o.state not in ('submitted', 'unknown', 'pending', 'escalated') and o.resolve_at is not null)`,
};

export const duplicates: Check = {
  name: 'duplicate trace',
  relations: [],
  body: `select (min(merchant_id::text))::uuid as merchant_id, null::uuid as payment_id, (min(operation_id::text))::uuid as operation_id,
    format('terminal %s has STAN %s of %s %s times', terminal, stan, (transmitted_at at time zone 'UTC')::date, count(*)) as detail
  from polygate.acquirer_message where purpose = 'request' group by terminal, stan, (transmitted_at at time zone 'UTC')::date having count(*) > 1
  union all
  select (min(merchant_id::text))::uuid, null, (min(operation_id::text))::uuid, format('RRN %s is that of %s messages (%s)', rrn, count(*), purpose)
  from polygate.acquirer_message m
  -- Numbers that other gateways gave are unique within their merchant only.
  where not exists (select from polygate.imported_operation i where ${sameOperation('i', 'm')})
  group by rrn, purpose having count(*) > 1`,
};
