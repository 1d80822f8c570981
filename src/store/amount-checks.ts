/** The rules of amounts: what a payment and its operations count, what the ledger says of them, and that no limit is exceeded. */
import { accounts } from '../core/ledger/accounts.ts';
import { openOperationStates } from '../core/states/operation.ts';
import { type Check, sameKind } from './check.ts';
import { contribution, counterColumns, expectedLine } from './expectation.ts';
import { sameOperation, samePayment, wordList } from './sql.ts';

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

const { payment: paymentColumns, target: targetColumns } = counterColumns;

export const paymentAmounts: Check = {
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

export const operationAmounts: Check = {
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

export const limits: Check = {
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

export const ledgerLines: Check = {
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

export const ledgerLayers: Check = {
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

/** What an account with a limit has left is its posted balance, less the payouts under way. */
export const accountLimits: Check = {
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
      where o.kind = 'payout' and o.state in (${wordList(openOperationStates)})
    ) m group by merchant_id, account, currency
  ) s on s.merchant_id = l.merchant_id and s.account = l.account and s.currency = l.currency
  where coalesce(l.available, 0) <> coalesce(s.amount, 0)`,
};
