/** The rules of settled batches, as the verification of the books asks for them. */
import { settledKind, settlementLine } from './expectation.ts';

/** What is settled is marked so on its own row, is approved and not only declared, and stands in its batch as it is. */
export const settledOperations = {
  name: 'settled operation',
  relations: [],
  body: `select coalesce(o.merchant_id, u.merchant_id) as merchant_id, coalesce(o.payment_id, u.payment_id) as payment_id,
    coalesce(o.operation_id, u.operation_id) as operation_id,
    case when o.operation_id is null then 'a batch has it, and it is no operation that could be settled'
      when u.operation_id is null then 'it is marked as settled, and is in no batch'
      when not o.settled then 'it is in a batch, and not marked as settled'
      else format('it is a %s %s of %s and stands in its batch as a %s of %s', o.state, o.kind, o.amount, u.kind, u.amount) end as detail
  from (select * from polygate.operation where settled) o
    full join (select u.*, p.currency as payment_currency from polygate.settled_operation u
      left join polygate.payment p on p.merchant_id = u.merchant_id and p.payment_id = u.payment_id where u.settlement_id is not null) u
    on u.merchant_id = o.merchant_id and u.operation_id = o.operation_id
  where (o.operation_id, o.state, o.declared, o.kind, o.amount, u.payment_currency) is distinct from (u.operation_id, 'approved', false, u.kind, u.amount, u.currency)`,
};

/** A closed batch is the sum of its operations. */
export const settlementParts = {
  name: 'settlement part',
  relations: [settledKind],
  body: `select coalesce(t.merchant_id, s.merchant_id) as merchant_id, null::uuid as payment_id, null::uuid as operation_id,
    format('settlement %s has %s %s gross and %s fees of %s operations, and should have %s and %s of %s by its operations', coalesce(t.settlement_id, s.settlement_id),
      coalesce(t.gross, 0), coalesce(t.currency, s.currency), coalesce(t.fees, 0), coalesce(t.operations, 0), coalesce(s.gross, 0), coalesce(s.fees, 0),
      coalesce(s.operations, 0)) as detail
  from polygate.settlement_part t full join (
    select u.settlement_id, u.merchant_id, u.currency, count(*) as operations, sum(u.amount * k.sign) as gross, sum(u.fee) as fees
    from polygate.settled_operation u join polygate.settlement b on b.settlement_id = u.settlement_id and b.state = 'closed' join settled_kind k on k.kind = u.kind
    group by u.settlement_id, u.merchant_id, u.currency
  ) s on s.settlement_id = t.settlement_id and s.merchant_id = t.merchant_id and s.currency = t.currency
  where (t.operations::bigint, t.gross::numeric, t.fees::numeric) is distinct from (s.operations, s.gross, s.fees)`,
};

/** The ledger has the lines of each part, and no others. */
export const settlementLedger = {
  name: 'settlement ledger',
  relations: [settlementLine],
  body: `select coalesce(x.merchant_id, l.merchant_id) as merchant_id, null::uuid as payment_id, coalesce(x.part_id, l.operation_id) as operation_id,
    case when l.operation_id is null then format('the %s of %s %s is missing', x.entry_kind, x.amount, x.currency)
      else format('the %s of %s %s should not be', l.kind, l.amount, l.currency) end as detail
  from (
    select t.merchant_id, t.part_id, t.currency, e.entry_kind, e.layer, e.debit_account, e.credit_account,
      case e.of when 'gross' then abs(t.gross) else t.fees end as amount
    from polygate.settlement_part t join settlement_line e on e.sign = sign(t.gross)
    where case e.of when 'gross' then t.gross <> 0 else t.fees <> 0 end
  ) x full join (
    select * from polygate.ledger_entry where kind in (select entry_kind from settlement_line)
  ) l on l.merchant_id = x.merchant_id and l.operation_id = x.part_id and l.currency = x.currency
    and (l.kind, l.layer, l.debit_account, l.credit_account, l.amount) = (x.entry_kind, x.layer, x.debit_account, x.credit_account, x.amount)
  where x.part_id is null or l.operation_id is null`,
};

/** Each batch is compared with the host in each of its currencies. */
export const reconciliations = {
  name: 'reconciliation',
  relations: [],
  body: `select t.merchant_id, null::uuid as payment_id, null::uuid as operation_id,
    format('settlement %s is never compared with the host in %s', t.settlement_id, t.currency) as detail
  from polygate.settlement_part t
  where not exists (select from polygate.reconciliation r where r.settlement_id = t.settlement_id and r.currency = t.currency)`,
};
