/**
 * The only transaction of chargebacks and their reversals: guard, operation, dispute, key, ledger, counters and event in one statement, since
 * there is nobody to ask in between.
 */
import { accounts } from '../core/ledger/accounts.ts';
import { type Effect, effectOf } from '../core/payment/effect.ts';
import type { NewPosting, Submission } from '../core/ports/new-operation.ts';
import { bytesArray, jsonText, plainArray, textArray, timeArray } from '../postgres/columns.ts';
import type { Database, Statement } from '../postgres/connection.ts';
import { inPaymentOrder } from './rows.ts';

// The payments are locked first, in the order of their ids, like everywhere. The guard is on the charge's own row: the counters that the decision
// saw must still be there, so of two postings that were decided at the same moment, here or on another node, one is written. What the merchant
// declares is also held to what is left of the charge; what the acquirer tells is not.
const statement: Statement = {
  name: 'post_operation',
  text: `
with input as (
  select * from unnest(
    $1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::uuid[], $7::text[], $8::bigint[], $9::text[], $10::json[],
    $11::uuid[], $12::boolean[], $13::text[], $14::text[], $15::bigint[], $16::bigint[], $17::timestamptz[], $18::text[], $19::bytea[],
    $20::timestamptz[], $21::text[], $22::bigint[], $23::bigint[], $24::text[], $25::text[], $26::smallint[], $27::smallint[]
  ) with ordinality as i (
    merchant_id, channel_id, payment_id, operation_id, kind, target_id, target_kind, amount, merchant_reference, dialect_data,
    dispute_id, declared, case_number, scheme_reason, seen_charged_back, seen_chargeback_reversed, created_at, key, input_hash,
    expires_at, event_name, charged_back, chargeback_reversed, entry_kind, entry_layer, debit_account, credit_account, ordinal
  )
), locked as (
  select p.merchant_id, p.payment_id, i.ordinal from input i
    join polygate.payment p on p.merchant_id = i.merchant_id and p.payment_id = i.payment_id
  order by p.merchant_id, p.payment_id
  for update of p
), taken_key as (
  select i.ordinal from input i join polygate.idempotency_key k on k.merchant_id = i.merchant_id and k.channel_id = i.channel_id and k.key = i.key
), free as (
  select i.* from locked l join input i on i.ordinal = l.ordinal
  where i.ordinal not in (select ordinal from taken_key)
), charged as (
  update polygate.operation o set
    charged_back = o.charged_back + i.charged_back, chargeback_reversed = o.chargeback_reversed + i.chargeback_reversed
  from free i
  where o.merchant_id = i.merchant_id and o.operation_id = i.target_id
    and o.charged_back = i.seen_charged_back and o.chargeback_reversed = i.seen_chargeback_reversed
    and (not i.declared or i.kind = 'chargeback_reversal' or (o.state = 'approved'
      and o.refunded + o.refund_pending + o.reversed + o.reverse_pending + i.amount <= o.amount))
  returning i.ordinal
), granted as (
  select i.* from charged c join input i on i.ordinal = c.ordinal
), opened as (
  insert into polygate.dispute (merchant_id, dispute_id, payment_id, charge_id, amount, currency, stage, scheme_reason, case_number, opened_at, confirmed_at)
  select g.merchant_id, g.dispute_id, g.payment_id, g.target_id, g.amount, p.currency, 'chargeback', g.scheme_reason, g.case_number, g.created_at,
    case when not g.declared then g.created_at end
  from granted g join polygate.payment p on p.merchant_id = g.merchant_id and p.payment_id = g.payment_id
  where g.kind = 'chargeback'
), ended as (
  update polygate.dispute d set stage = 'reversed', reversal_id = g.operation_id, reversed_at = g.created_at,
    reversal_confirmed_at = case when not g.declared then g.created_at end
  from granted g
  where g.kind = 'chargeback_reversal' and d.merchant_id = g.merchant_id and d.dispute_id = g.dispute_id
), new_key as (
  insert into polygate.idempotency_key (merchant_id, channel_id, key, operation_id, input_hash, expires_at)
  select merchant_id, channel_id, key, operation_id, input_hash, expires_at from granted where key is not null
), paid as (
  update polygate.payment p set charged_back = p.charged_back + g.charged_back,
    chargeback_reversed = p.chargeback_reversed + g.chargeback_reversed, last_sequence = p.last_sequence + 1, operations = p.operations + 1
  from granted g
  where p.merchant_id = g.merchant_id and p.payment_id = g.payment_id
  returning p.merchant_id, p.payment_id, p.last_sequence, p.state, p.currency, p.authorized, p.captured, p.released, p.refunded, p.reversed,
    p.charged_back, p.chargeback_reversed, g.operation_id, g.amount, g.event_name, g.created_at, g.entry_kind, g.entry_layer, g.debit_account, g.credit_account,
    g.scheme_reason, g.declared, p.operations
), new_operation as (
  insert into polygate.operation (merchant_id, operation_id, payment_id, attempt_number, target_id, target_kind, kind, state, amount,
    merchant_reference, host_code, dialect_data, created_at, dispute_id, declared, number)
  select g.merchant_id, g.operation_id, g.payment_id, 1, g.target_id, g.target_kind, g.kind, 'approved', g.amount,
    g.merchant_reference, case g.kind when 'chargeback' then g.scheme_reason end, g.dialect_data, g.created_at, g.dispute_id, g.declared, p.operations - 1
  from granted g join paid p on p.operation_id = g.operation_id
), booked as (
  insert into polygate.ledger_entry (merchant_id, operation_id, line, payment_id, kind, layer, debit_account, credit_account, amount, currency, booked_at)
  select merchant_id, operation_id, 0, payment_id, entry_kind, entry_layer, debit_account, credit_account, amount, currency, created_at from paid
), told as (
  insert into polygate.event (merchant_id, payment_id, sequence, operation_id, name, payment_state, operation_state, snapshot, happened_at)
  select merchant_id, payment_id, last_sequence, operation_id, event_name, state, 'approved',
    json_build_object('amount', amount, 'currency', currency, 'authorized', authorized, 'captured', captured, 'released', released,
      'refunded', refunded, 'reversed', reversed, 'charged_back', charged_back, 'chargeback_reversed', chargeback_reversed,
      'scheme_reason', scheme_reason, 'declared', declared),
    created_at
  from paid
)
select i.operation_id,
  case when i.ordinal in (select ordinal from taken_key) then 'key_taken' when c.ordinal is null then 'guard_failed' else 'submitted' end as submission
from input i left join charged c using (ordinal)`,
};

/** Posts; at most one operation per payment in `rows`. One outcome per row, in their order. */
export async function postOperations(database: Database, rows: readonly NewPosting[]): Promise<Submission[]> {
  const written = await database.query<{ operation_id: string; submission: Submission }>(statement, columnsOf(inPaymentOrder(rows)));
  const submissions = new Map(written.map((row) => [row.operation_id, row.submission]));
  return rows.map((row) => submissions.get(row.operationId) ?? 'guard_failed');
}

function columnsOf(rows: readonly NewPosting[]): string[] {
  const effects = rows.map(({ kind, targetKind, amount }): Effect => effectOf({ kind, targetKind, amount, event: 'approve' }));
  const entries = effects.map(({ ledger }) => ledger[0]);
  return [
    plainArray(rows.map((row) => row.merchantId)),
    plainArray(rows.map((row) => row.channelId)),
    plainArray(rows.map((row) => row.paymentId)),
    plainArray(rows.map((row) => row.operationId)),
    plainArray(rows.map((row) => row.kind)),
    plainArray(rows.map((row) => row.targetId)),
    plainArray(rows.map((row) => row.targetKind)),
    plainArray(rows.map((row) => row.amount)),
    textArray(rows.map((row) => row.merchantReference)),
    textArray(rows.map((row) => jsonText(row.dialectData))),
    plainArray(rows.map((row) => row.disputeId)),
    plainArray(rows.map((row) => row.declared)),
    textArray(rows.map((row) => row.caseNumber)),
    textArray(rows.map((row) => row.schemeReason)),
    plainArray(rows.map((row) => row.seen.chargedBack)),
    plainArray(rows.map((row) => row.seen.chargebackReversed)),
    timeArray(rows.map((row) => row.createdAtMs)),
    textArray(rows.map((row) => row.idempotencyKey?.key)),
    bytesArray(rows.map((row) => row.idempotencyKey?.inputHash)),
    timeArray(rows.map((row) => row.idempotencyKey?.expiresAtMs)),
    plainArray(effects.map((effect) => effect.event)),
    plainArray(effects.map((effect) => effect.target.chargedBack)),
    plainArray(effects.map((effect) => effect.target.chargebackReversed)),
    plainArray(entries.map((entry) => entry?.kind)),
    plainArray(entries.map((entry) => entry?.layer)),
    plainArray(entries.map((entry) => entry && accounts[entry.debit])),
    plainArray(entries.map((entry) => entry && accounts[entry.credit])),
  ];
}
