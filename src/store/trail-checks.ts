/** The rules of what happened: numbers and events are without gaps, and lead to the states that stand. */
import { openOperationStates } from '../core/states/operation.ts';
import { type Check, sameKind } from './check.ts';
import { initialStates, operationStep, paymentStep } from './expectation.ts';
import { sameOperation, samePayment, wordList } from './sql.ts';

export const eventSequence: Check = {
  name: 'event sequence',
  relations: [],
  body: `select p.merchant_id, p.payment_id, null::uuid as operation_id,
    format('it has %s events from %s to %s and should have 1 to %s', e.count, e.first, e.last, p.last_sequence) as detail
  from polygate.payment p left join (
    select merchant_id, payment_id, count(*) as count, min(sequence) as first, max(sequence) as last
    from polygate.event group by merchant_id, payment_id
  ) e on ${samePayment('e', 'p')}
  where case when p.last_sequence = 0 then e.count is not null
    else (e.count, e.first, e.last) is distinct from (p.last_sequence::bigint, 1, p.last_sequence) end`,
};

export const operationNumbers: Check = {
  name: 'operation numbers',
  relations: [],
  body: `select p.merchant_id, p.payment_id, null::uuid as operation_id,
    format('its %s operations have %s numbers from %s to %s and should have 0 to %s', o.count, o.numbers, o.first, o.last, p.operations - 1) as detail
  from polygate.payment p join (
    select merchant_id, payment_id, count(*) as count, count(distinct number) as numbers, min(number) as first, max(number) as last
    from polygate.operation group by merchant_id, payment_id
  ) o on ${samePayment('o', 'p')}
  where (o.count, o.numbers, o.first, o.last) is distinct from (p.operations::bigint, p.operations::bigint, 0, p.operations - 1)`,
};

export const operationTrail: Check = {
  name: 'operation events',
  relations: [operationStep],
  body: `select t.merchant_id, t.payment_id, t.operation_id, format('event %s (%s) leads from %s to %s', t.sequence, t.name, t.from_state, t.to_state) as detail
  from (
    select o.merchant_id, o.payment_id, o.operation_id, o.kind, o.target_kind, e.sequence, e.name, e.operation_state as to_state,
      lag(e.operation_state, 1, '${initialStates.operation}') over (partition by e.merchant_id, e.operation_id order by e.sequence) as from_state
    from polygate.event e join polygate.operation o on ${sameOperation('o', 'e')}
  ) t
  where not exists (select from operation_step s where ${sameKind('s', 't')} and (s.from_state, s.name, s.to_state) = (t.from_state, t.name, t.to_state))
  union all
  select o.merchant_id, o.payment_id, o.operation_id, format('it is %s and its last event says %s', o.state, coalesce(e.operation_state, '${initialStates.operation}'))
  from polygate.operation o left join lateral (
    select operation_state from polygate.event e where ${samePayment('e', 'o')} and e.operation_id = o.operation_id order by sequence desc limit 1
  ) e on true
  where o.state <> coalesce(e.operation_state, '${initialStates.operation}')`,
};

export const paymentTrail: Check = {
  name: 'payment events',
  relations: [paymentStep],
  body: `select t.merchant_id, t.payment_id, t.operation_id, format('event %s (%s) leads the payment from %s to %s', t.sequence, t.name, t.from_state, t.to_state) as detail
  from (
    select e.merchant_id, e.payment_id, e.operation_id, o.kind, o.target_kind, e.sequence, e.name, e.payment_state as to_state,
      lag(e.payment_state, 1, '${initialStates.payment}') over (partition by e.merchant_id, e.payment_id order by e.sequence) as from_state
    from polygate.event e join polygate.operation o on ${sameOperation('o', 'e')}
  ) t
  where not exists (select from payment_step s where ${sameKind('s', 't')} and (s.name, s.from_state, s.to_state) = (t.name, t.from_state, t.to_state))
  union all
  select p.merchant_id, p.payment_id, null::uuid, format('it is %s and its last event says %s', p.state, coalesce(e.payment_state, '${initialStates.payment}'))
  from polygate.payment p left join lateral (
    select payment_state from polygate.event e where ${samePayment('e', 'p')} order by sequence desc limit 1
  ) e on true
  where p.state <> coalesce(e.payment_state, '${initialStates.payment}')`,
};

/** A payment is what its first operation and its amounts make of it. */
export const paymentState: Check = {
  name: 'payment state',
  relations: [],
  body: `select merchant_id, payment_id, null::uuid as operation_id, format('it is %s and should be %s by its first operation and its amounts', state, should) as detail
  from (
    select p.merchant_id, p.payment_id, p.state, case
      when o.state in (${wordList(openOperationStates)}) then 'processing'
      when o.state <> 'approved' then 'failed'
      when o.kind = 'payout' then 'paid_out'
      when p.authorized - p.captured - p.released > 0 then 'authorized'
      when p.captured - p.reversed > 0 then 'captured'
      else 'voided' end as should
    from polygate.payment p join polygate.operation o on ${samePayment('o', 'p')} and o.target_id is null
  ) s
  where state <> should`,
};
