/**
 * The rules of the books as set-based SQL: each check selects the rows that break it, with what is wrong. All of them see the same
 * snapshot. Each statement of the payment path keeps all of them, so a breach is always a defect or a foreign hand.
 */
import { accounts } from '../core/ledger/accounts.ts';
import { postedKinds } from '../core/payment/operation.ts';
import { openOperationStates } from '../core/states/operation.ts';
import { auditChain } from './audit-check.ts';
import { checkoutAttempts } from './checkout-checks.ts';
import { contribution, counterColumns, expectedLine, initialStates, operationStep, paymentStep } from './expectation.ts';
import { orders } from './order-checks.ts';
import { reconciliations, settledOperations, settlementLedger, settlementParts } from './settlement-checks.ts';

/** `body`: selects merchant_id, payment_id, operation_id (either may be null) and detail; `relations`: what it reads besides tables. */
export interface Check {
  readonly name: string;
  readonly relations: readonly string[];
  readonly body: string;
}

const sameOperation = (a: string, b: string) => `${a}.merchant_id = ${b}.merchant_id and ${a}.operation_id = ${b}.operation_id`;
const samePayment = (a: string, b: string) => `${a}.merchant_id = ${b}.merchant_id and ${a}.payment_id = ${b}.payment_id`;
const sameKind = (a: string, b: string) => `${a}.kind = ${b}.kind and ${a}.target_kind is not distinct from ${b}.target_kind`;

/** `counter is 5 and should be 4` for every counter that differs. */
function differences(columns: readonly string[], { has, should }: { readonly has: string; readonly should: string }): string {
  const parts = columns.map(
    (column) =>
      `case when ${has}.${column} <> coalesce(${should}.${column}, 0) then format('${column} is %s and should be %s', ${has}.${column}, coalesce(${should}.${column}, 0)) end`,
  );
  return `concat_ws(', ', ${parts.join(', ')})`;
}

const someDiffer = (columns: readonly string[], has: string, should: string) =>
  columns.map((column) => `${has}.${column} <> coalesce(${should}.${column}, 0)`).join(' or ');

/** As a list in SQL. */
const posted = postedKinds.map((kind) => `'${kind}'`).join(', ');

const { payment: paymentColumns, target: targetColumns } = counterColumns;

const paymentAmounts: Check = {
  name: 'payment amounts',
  relations: [contribution],
  body: `select p.merchant_id, p.payment_id, null::uuid as operation_id,
    ${differences(paymentColumns, { has: 'p', should: 's' })} || ' by its operations' as detail
  from polygate.payment p left join (
    select o.merchant_id, o.payment_id, ${paymentColumns.map((column) => `sum(o.amount * c.${column}) as ${column}`).join(', ')}
    from polygate.operation o join contribution c on ${sameKind('c', 'o')} and c.state = o.state
    group by o.merchant_id, o.payment_id
  ) s on ${samePayment('s', 'p')}
  where ${someDiffer(paymentColumns, 'p', 's')}`,
};

const operationAmounts: Check = {
  name: 'operation amounts',
  relations: [contribution],
  body: `select o.merchant_id, o.payment_id, o.operation_id,
    ${differences(targetColumns, { has: 'o', should: 's' })} || ' by the operations on it' as detail
  from polygate.operation o left join (
    select a.merchant_id, a.target_id, ${targetColumns.map((column) => `sum(a.amount * c.target_${column}) as ${column}`).join(', ')}
    from polygate.operation a join contribution c on ${sameKind('c', 'a')} and c.state = a.state
    where a.target_id is not null
    group by a.merchant_id, a.target_id
  ) s on s.merchant_id = o.merchant_id and s.target_id = o.operation_id
  where ${someDiffer(targetColumns, 'o', 's')}`,
};

const limits: Check = {
  name: 'limit',
  relations: [],
  body: `select merchant_id, payment_id, null::uuid as operation_id,
    case when captured + capture_pending + released + release_pending > greatest(authorized, captured) then 'more is captured and released than was authorized'
      when refunded + reversed > captured then 'more is refunded and reversed than was captured'
      when chargeback_reversed > charged_back then 'more chargebacks are reversed than there are'
      when authorized > amount or captured > amount then 'more is authorized or captured than the payment is about'
      else 'an amount is below zero' end as detail
  from polygate.payment
  where captured + capture_pending + released + release_pending > greatest(authorized, captured) or refunded + reversed > captured
    or chargeback_reversed > charged_back or authorized > amount or captured > amount or least(${paymentColumns.join(', ')}) < 0 or amount <= 0
  union all
  select merchant_id, payment_id, operation_id,
    case when refunded + refund_pending + reversed + reverse_pending > amount then 'more is refunded and reversed of it than its amount'
      else 'an amount is below zero' end
  from polygate.operation
  where refunded + refund_pending + reversed + reverse_pending > amount or least(${targetColumns.join(', ')}) < 0 or amount <= 0`,
};

const ledgerLines: Check = {
  name: 'ledger lines',
  relations: [expectedLine],
  body: `select coalesce(e.merchant_id, l.merchant_id) as merchant_id, coalesce(e.payment_id, l.payment_id) as payment_id,
    coalesce(e.operation_id, l.operation_id) as operation_id,
    case when l.line is null then format('line %s (%s of %s) is missing', e.line, e.entry_kind, e.amount)
      when e.line is null then format('line %s (%s of %s) should not be', l.line, l.kind, l.amount)
      else format('line %s is %s %s %s to %s of %s %s and should be %s %s %s to %s of %s %s', l.line,
        l.kind, l.layer, l.debit_account, l.credit_account, l.amount, l.currency,
        e.entry_kind, e.layer, e.debit_account, e.credit_account, e.amount, e.currency) end as detail
  from (
    select o.merchant_id, o.payment_id, o.operation_id, o.amount, p.currency, x.line::smallint as line, x.entry_kind, x.layer, x.debit_account, x.credit_account
    from polygate.operation o join polygate.payment p on ${samePayment('p', 'o')} join expected_line x on ${sameKind('x', 'o')}
    where o.state = 'approved'
  ) e full join (
    select l.* from polygate.ledger_entry l where exists (select from polygate.operation o where ${sameOperation('o', 'l')})
  ) l on ${sameOperation('l', 'e')} and l.line = e.line
  where l.line is null or e.line is null or (l.payment_id, l.kind, l.layer, l.debit_account, l.credit_account, l.amount, l.currency)
    is distinct from (e.payment_id, e.entry_kind, e.layer, e.debit_account, e.credit_account, e.amount, e.currency)`,
};

/** What a ledger line adds to the debt to the merchant. */
const owed = `case ${accounts.merchant_payable} when credit_account then amount when debit_account then -amount else 0 end`;

/** What the merchant keeps of a payment by its amounts; below zero when a bank has taken back more than there was. */
const posting = 'p.captured - p.refunded - p.reversed - p.charged_back + p.chargeback_reversed';

const ledgerLayers: Check = {
  name: 'ledger layers',
  relations: [],
  body: `select p.merchant_id, p.payment_id, null::uuid as operation_id,
    format('the ledger holds %s pending and %s posted, the payment %s and %s', coalesce(l.pending, 0), coalesce(l.posted, 0),
      greatest(p.authorized - p.captured, 0) - p.released, ${posting}) as detail
  from polygate.payment p left join (
    select merchant_id, payment_id,
      sum(${owed}) filter (where layer = 'pending') as pending, sum(${owed}) filter (where layer = 'posted') as posted
    from polygate.ledger_entry group by merchant_id, payment_id
  ) l on ${samePayment('l', 'p')}
  where coalesce(l.pending, 0) <> greatest(p.authorized - p.captured, 0) - p.released or coalesce(l.posted, 0) <> ${posting}`,
};

const eventSequence: Check = {
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

const operationNumbers: Check = {
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

const operationTrail: Check = {
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

const paymentTrail: Check = {
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
const paymentState: Check = {
  name: 'payment state',
  relations: [],
  body: `select merchant_id, payment_id, null::uuid as operation_id, format('it is %s and should be %s by its first operation and its amounts', state, should) as detail
  from (
    select p.merchant_id, p.payment_id, p.state, case
      when o.state in (${openOperationStates.map((state) => `'${state}'`).join(', ')}) then 'processing'
      when o.state <> 'approved' then 'failed'
      when o.kind = 'payout' then 'paid_out'
      when p.authorized - p.captured - p.released > 0 then 'authorized'
      when p.captured - p.reversed > 0 then 'captured'
      else 'voided' end as should
    from polygate.payment p join polygate.operation o on ${samePayment('o', 'p')} and o.target_id is null
  ) s
  where state <> should`,
};

const operationShape: Check = {
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
const undoneApproval: Check = {
  name: 'undone approval',
  relations: [],
  body: `select o.merchant_id, o.payment_id, o.operation_id, 'it is approved, and a reversal that undoes it was prepared' as detail
  from polygate.operation o join polygate.acquirer_message m on ${sameOperation('m', 'o')} and m.purpose = 'undo'
  where o.state = 'approved' and not exists (
    select from polygate.event e where ${samePayment('e', 'o')} and e.operation_id = o.operation_id and e.operation_state = 'escalated'
  )`,
};

const orphans: Check = {
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
  select n.merchant_id, null, n.operation_id, format('the number %s has no operation', n.payment_number) from polygate.payment_number n
  where not exists (select from polygate.operation o where ${sameOperation('o', 'n')})`,
};

/** What is unresolved is found by `resolve_at` alone; what is finished must not stand in its way. */
const resolution: Check = {
  name: 'resolution',
  relations: [],
  body: `select o.merchant_id, o.payment_id, o.operation_id, case
      when o.resolve_at is null then format('it is %s, and nothing will resolve it', o.state)
      else format('it is %s, and is to be resolved at %s', o.state, o.resolve_at) end as detail
  from polygate.operation o
  where (o.state in ('unknown', 'pending', 'escalated') and o.resolve_at is null)
    or (o.state not in ('submitted', 'unknown', 'pending', 'escalated') and o.resolve_at is not null)`,
};

/** What an account with a limit has left is its posted balance, less the payouts under way. */
const accountLimits: Check = {
  name: 'account limit',
  relations: [],
  body: `select coalesce(l.merchant_id, s.merchant_id) as merchant_id, null::uuid as payment_id, null::uuid as operation_id,
    format('account %s has %s %s left and should have %s by its ledger and the payouts under way', coalesce(l.account, s.account),
      coalesce(l.available, 0), coalesce(l.currency, s.currency), coalesce(s.amount, 0)) as detail
  from polygate.account_limit l full join (
    select merchant_id, account, currency, sum(amount) as amount from (
      select merchant_id, credit_account as account, currency, amount from polygate.ledger_entry where credit_account = ${accounts.payout_balance}
      union all
      select merchant_id, debit_account, currency, -amount from polygate.ledger_entry where debit_account = ${accounts.payout_balance}
      union all
      select o.merchant_id, ${accounts.payout_balance}, p.currency, -o.amount
      from polygate.operation o join polygate.payment p on ${samePayment('p', 'o')}
      where o.kind = 'payout' and o.state in (${openOperationStates.map((state) => `'${state}'`).join(', ')})
    ) m group by merchant_id, account, currency
  ) s on s.merchant_id = l.merchant_id and s.account = l.account and s.currency = l.currency
  where coalesce(l.available, 0) <> coalesce(s.amount, 0)`,
};

/** A dispute and its operations say the same: a chargeback under its own id, and a reversal when it has ended. */
const disputes: Check = {
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
const receipts: Check = {
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
const visits: Check = {
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

const duplicates: Check = {
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

/** Every rule; a row of any of them is a breach. */
export const checks: readonly Check[] = [
  paymentAmounts,
  operationAmounts,
  limits,
  ledgerLines,
  ledgerLayers,
  eventSequence,
  operationNumbers,
  operationTrail,
  paymentTrail,
  paymentState,
  operationShape,
  undoneApproval,
  orphans,
  resolution,
  accountLimits,
  disputes,
  receipts,
  visits,
  orders,
  checkoutAttempts,
  duplicates,
  settledOperations,
  settlementParts,
  settlementLedger,
  reconciliations,
  auditChain,
];

/** Not a breach: unknown is a state. But an hour is more than any resolution should need, and an escalated operation waits for a person. */
export const waiting: Check = {
  name: 'waiting',
  relations: [],
  body: `select o.merchant_id, o.payment_id, o.operation_id,
    format('a %s is %s since %s', o.kind, o.state, to_char(o.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')) as detail
  from polygate.operation o, polygate.clock c
  where o.state = 'escalated'
    or (o.state in ('submitted', 'unknown') and o.created_at < now() + c.offset_ms * interval '1 millisecond' - interval '1 hour')
  union all
  select null, null, null, format('the host has not answered for settlement %s in %s since %s', r.settlement_id, r.currency,
    to_char(r.transmitted_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'))
  from polygate.reconciliation r, polygate.clock c
  where r.state = 'waiting' and r.transmitted_at < now() + c.offset_ms * interval '1 millisecond' - interval '1 hour'`,
};
