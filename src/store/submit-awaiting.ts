/** First transaction of payments that have waited for their shopper: many in one statement, like that of new payments. */
import type { VisitStore } from '../core/three-d-secure/visit.ts';
import { plainArray, textArray, timeArray } from '../postgres/columns.ts';
import type { Database, Statement } from '../postgres/connection.ts';
import { inPaymentOrder } from './rows.ts';

/** A payment that has waited, with the trace of the message that is to be sent. */
export type AwaitingToSubmit = Parameters<VisitStore['submit']>[0];

// The operation's own state is the guard: of two that go on with the same payment, one does. `resolve_at`: it was made long ago, so the walk over new
// operations, which finds what a crash has left submitted, has passed it.
const statement: Statement = {
  name: 'submit_awaiting',
  text: `
with input as (
  select * from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::timestamptz[], $10::integer[],
    $11::timestamptz[])
  as i (merchant_id, payment_id, operation_id, mti, account_id, terminal, stan, rrn, transmitted_at, resolve_after_ms, happened_at)
), moved as (
  update polygate.operation o set state = 'submitted', rrn = i.rrn, resolve_at = now() + i.resolve_after_ms * interval '1 millisecond'
  from input i
  where o.merchant_id = i.merchant_id and o.operation_id = i.operation_id and o.state = 'awaiting'
  returning i.*, o.kind, o.amount
), paid as (
  update polygate.payment p set last_sequence = p.last_sequence + 1
  from moved i
  where p.merchant_id = i.merchant_id and p.payment_id = i.payment_id
  returning i.*, p.last_sequence, p.state, p.currency
), new_message as (
  insert into polygate.acquirer_message (merchant_id, rrn, mti, purpose, operation_id, account_id, terminal, stan, transmitted_at)
  select merchant_id, rrn, mti, 'request', operation_id, account_id, terminal, stan, transmitted_at from moved
), told as (
  insert into polygate.event (merchant_id, payment_id, sequence, operation_id, name, payment_state, operation_state, snapshot, happened_at)
  select merchant_id, payment_id, last_sequence, operation_id, kind || '.submitted', state, 'submitted',
    json_build_object('amount', amount, 'currency', currency), happened_at
  from paid
)
select operation_id from moved`,
};

/** One result per row, in their order. */
export async function submitAwaiting(database: Database, rows: readonly AwaitingToSubmit[]): Promise<('submitted' | 'guard_failed')[]> {
  const ordered = inPaymentOrder(rows);
  const moved = await database.query<{ operation_id: string }>(statement, [
    plainArray(ordered.map((row) => row.merchantId)),
    plainArray(ordered.map((row) => row.paymentId)),
    plainArray(ordered.map((row) => row.operationId)),
    plainArray(ordered.map((row) => row.trace.mti)),
    textArray(ordered.map((row) => row.trace.accountId)),
    textArray(ordered.map((row) => row.trace.terminal)),
    plainArray(ordered.map((row) => row.trace.stan)),
    plainArray(ordered.map((row) => row.trace.rrn)),
    timeArray(ordered.map((row) => row.trace.transmittedAtMs)),
    plainArray(ordered.map((row) => row.resolveAfterMs)),
    timeArray(ordered.map((row) => row.nowMs)),
  ]);
  const ids = new Set(moved.map((row) => row.operation_id));
  return rows.map((row) => (ids.has(row.operationId) ? 'submitted' : 'guard_failed'));
}
