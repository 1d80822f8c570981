/** First transaction of acts on existing payments: the amount is reserved, then the operation and its message are written. */
import type { NewOperation, Submission } from '../core/ports/new-operation.ts';
import { bytesArray, jsonText, plainArray, textArray, timeArray } from '../postgres/columns.ts';
import type { Database, Statement } from '../postgres/connection.ts';
import { inPaymentOrder, referencesOf } from './rows.ts';

// The payments are locked first, in the order of their ids, so that two statements over the same payments never wait for each other in a
// circle. What an act of the hold (a capture, the release of an authorization) reserves is on the payment; what is reserved of taken money is
// on the operation that took it. The payment numbers its operations. A key that another node writes at the same moment is a duplicate-key error: nothing of the batch stands,
// and the batch is halved until the loser is alone.
const textWith = (takenReference = '', newReference = '') => `
with input as (
  select * from unnest(
    $1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::uuid[], $7::text[], $8::bigint[], $9::bigint[], $10::text[], $11::json[],
    $12::text[], $13::text[], $14::text[], $15::text[], $16::text[], $17::timestamptz[], $18::timestamptz[],
    $19::text[], $20::bytea[], $21::timestamptz[], $22::text[], $23::boolean[], $24::boolean[]
  ) with ordinality as i (
    merchant_id, channel_id, payment_id, operation_id, kind, target_id, target_kind, amount, remaining, merchant_reference, dialect_data,
    mti, account_id, terminal, stan, rrn, transmitted_at, created_at,
    key, input_hash, expires_at, because, once, alone, ordinal
  )
), locked as (
  select p.merchant_id, p.payment_id, i.ordinal from input i
    join polygate.payment p on p.merchant_id = i.merchant_id and p.payment_id = i.payment_id
  order by p.merchant_id, p.payment_id
  for update of p
), taken_key as (
  select i.ordinal from input i join polygate.idempotency_key k on k.merchant_id = i.merchant_id and k.channel_id = i.channel_id and k.key = i.key${takenReference}
), free as (
  select i.* from locked l join input i on i.ordinal = l.ordinal
  where i.ordinal not in (select ordinal from taken_key)
), charged as (
  update polygate.operation o set
    refund_pending = o.refund_pending + case i.kind when 'refund' then i.amount else 0 end,
    reverse_pending = o.reverse_pending + case i.kind when 'reversal' then i.amount else 0 end
  from free i
  where i.target_kind <> 'preauthorization' and o.merchant_id = i.merchant_id and o.operation_id = i.target_id and o.state = 'approved'
    and case i.kind
      when 'refund' then (not i.once or o.refunded + o.refund_pending = 0) and (not i.alone or o.refund_pending = 0) and o.charged_back = o.chargeback_reversed and o.refunded + o.refund_pending + o.reversed + o.reverse_pending + i.amount <= o.amount
      when 'reversal' then not o.settled and o.charged_back = o.chargeback_reversed and o.refunded + o.refund_pending + o.reverse_pending = 0 and o.amount - o.reversed - i.amount = i.remaining and i.remaining >= 0
      else false
    end
  returning i.ordinal
), granted as (
  update polygate.payment p set
    operations = p.operations + 1,
    capture_pending = p.capture_pending + case when i.target_kind = 'preauthorization' and i.kind = 'capture' then i.amount else 0 end,
    release_pending = p.release_pending + case when i.target_kind = 'preauthorization' and i.kind = 'reversal' then i.amount else 0 end
  from free i left join charged c on c.ordinal = i.ordinal
  where p.merchant_id = i.merchant_id and p.payment_id = i.payment_id
    and case when i.target_kind <> 'preauthorization' then c.ordinal is not null
      when p.state <> 'authorized' then false
      when i.kind = 'capture' then (not i.once or p.captured + p.capture_pending = 0) and p.captured + p.capture_pending + p.released + p.release_pending + i.amount <= p.authorized
      when i.kind = 'reversal' then p.release_pending = 0 and p.captured + p.capture_pending + p.released + i.amount <= p.authorized
        and p.authorized - p.released - i.amount = i.remaining
      else false
    end
  returning i.ordinal, p.operations - 1 as number
), new_operation as (
  insert into polygate.operation (merchant_id, operation_id, payment_id, attempt_number, target_id, target_kind, kind, state, amount, remaining,
    merchant_reference, rrn, dialect_data, created_at, reason, number)
  select merchant_id, operation_id, payment_id, 1, target_id, target_kind, kind, 'submitted', amount, remaining,
    merchant_reference, rrn, dialect_data, created_at, because, number
  from free join granted using (ordinal)
), new_message as (
  insert into polygate.acquirer_message (merchant_id, rrn, mti, purpose, operation_id, account_id, terminal, stan, transmitted_at)
  select merchant_id, rrn, mti, 'request', operation_id, account_id, terminal, stan, transmitted_at from free join granted using (ordinal)
), new_key as (
  insert into polygate.idempotency_key (merchant_id, channel_id, key, operation_id, input_hash, expires_at)
  select merchant_id, channel_id, key, operation_id, input_hash, expires_at from free join granted using (ordinal) where key is not null
)${newReference}
select i.operation_id,
  case when i.ordinal in (select ordinal from taken_key) then 'key_taken' when g.ordinal is null then 'guard_failed' else 'submitted' end as submission
from input i left join granted g using (ordinal)`;

const statement: Statement = { name: 'submit_operation', text: textWith() };

// Those that are known by a reference as well as by their key hold both; others do not pay for that.
const referenced: Statement = {
  name: 'submit_referenced_operation',
  text: textWith(
    `
  union
  select i.ordinal from input i join unnest($25::uuid[], $26::text[]) as r (operation_id, reference_key) using (operation_id)
    join polygate.idempotency_key k on k.merchant_id = i.merchant_id and k.channel_id = i.channel_id and k.key = r.reference_key`,
    `, new_reference as (
  insert into polygate.idempotency_key (merchant_id, channel_id, key, operation_id, input_hash, expires_at)
  select f.merchant_id, f.channel_id, r.reference_key, f.operation_id, f.input_hash, f.expires_at
  from free f join granted using (ordinal) join unnest($25::uuid[], $26::text[]) as r (operation_id, reference_key) using (operation_id)
)`,
  ),
};

/** Reserves and writes; at most one operation per payment in `rows`. One outcome per row, in their order. */
export async function submitOperations(database: Pick<Database, 'query'>, rows: readonly NewOperation[]): Promise<Submission[]> {
  const references = referencesOf(rows);
  const written = await database.query<{ operation_id: string; submission: Submission }>(references.length === 0 ? statement : referenced, [
    ...columnsOf(inPaymentOrder(rows)),
    ...references,
  ]);
  const submissions = new Map(written.map((row) => [row.operation_id, row.submission]));
  return rows.map((row) => submissions.get(row.operationId) ?? 'guard_failed');
}

function columnsOf(rows: readonly NewOperation[]): string[] {
  return [
    plainArray(rows.map((row) => row.merchantId)),
    plainArray(rows.map((row) => row.channelId)),
    plainArray(rows.map((row) => row.paymentId)),
    plainArray(rows.map((row) => row.operationId)),
    plainArray(rows.map((row) => row.kind)),
    plainArray(rows.map((row) => row.targetId)),
    plainArray(rows.map((row) => row.targetKind)),
    plainArray(rows.map((row) => row.amount)),
    plainArray(rows.map((row) => row.remaining)),
    textArray(rows.map((row) => row.merchantReference)),
    textArray(rows.map((row) => jsonText(row.dialectData))),
    plainArray(rows.map((row) => row.trace.mti)),
    textArray(rows.map((row) => row.trace.accountId)),
    textArray(rows.map((row) => row.trace.terminal)),
    plainArray(rows.map((row) => row.trace.stan)),
    plainArray(rows.map((row) => row.trace.rrn)),
    timeArray(rows.map((row) => row.trace.transmittedAtMs)),
    timeArray(rows.map((row) => row.createdAtMs)),
    textArray(rows.map((row) => row.idempotencyKey?.key)),
    bytesArray(rows.map((row) => row.idempotencyKey?.inputHash)),
    timeArray(rows.map((row) => row.idempotencyKey?.expiresAtMs)),
    plainArray(rows.map((row) => row.because)),
    plainArray(rows.map((row) => row.once === true)),
    plainArray(rows.map((row) => row.alone === true)),
  ];
}
