/**
 * Second transaction: outcomes of many operations in one statement. It never refuses: the operation's own state guards it, amounts move by
 * increments, and what the acquirer said is recorded whatever else has happened meanwhile.
 */
import { writeCardChecks } from '../core/instrument/card-checks.ts';
import { accounts } from '../core/ledger/accounts.ts';
import { type Effect, effectOf } from '../core/payment/effect.ts';
import type { OutcomeToRecord, RecordedOutcome } from '../core/ports/outcome.ts';
import { isOpen, type OperationState, operationTransitions } from '../core/states/operation.ts';
import { paymentTransitions } from '../core/states/payment.ts';
import { plainArray, textArray, timeArray } from '../postgres/columns.ts';
import type { Database, Statement } from '../postgres/connection.ts';
import { inPaymentOrder, selectWritten, type Written, writtenIn } from './rows.ts';

// The state after an event, as an SQL case over core's table: the table stays the only place that knows.
const nextPaymentState = `case p.state || ' ' || i.payment_event
${paymentTransitions.rows.map(([from, event, to]) => `      when '${from} ${event}' then '${to}'`).join('\n')}
      else p.state end`;

// Each step returns what the next one needs, so that no step joins the input again: a batch costs its rows, not their square.
const input = `
with input as (
  select * from unnest(
    $1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[], $12::text[],
    $13::integer[], $14::text[], $15::timestamptz[], $16::bigint[], $17::bigint[], $18::text[], $19::text[], $20::smallint[], $21::smallint[], $22::text[],
    $23::text[]
  ) with ordinality as i (
    merchant_id, payment_id, operation_id, from_state, to_state, event_name, approval_code, response_code, host_code, network_reference, reason, token,
    resolve_after_ms, payment_event, happened_at, authorized, captured, entry_kind, entry_layer, debit_account, credit_account, advice_code, checks, ordinal
  )
)`;

// What an operator lets be asked again gets all its attempts again.
const answerColumns = `
    resolve_attempts = case when o.state = 'escalated' then 0 else o.resolve_attempts end,
    approval_code = coalesce(i.approval_code, o.approval_code), response_code = coalesce(i.response_code, o.response_code),
    host_code = coalesce(i.host_code, o.host_code), advice_code = coalesce(i.advice_code, o.advice_code), checks = coalesce(i.checks, o.checks),
    network_reference = coalesce(i.network_reference, o.network_reference), reason = coalesce(i.reason, o.reason), token = coalesce(i.token, o.token),
    resolve_at = case when i.to_state is null then o.resolve_at when i.to_state = 'escalated' then 'infinity'
      else now() + i.resolve_after_ms * interval '1 millisecond' end`;

const snapshotWith = (
  more: string,
) => `json_build_object('amount', amount, 'currency', currency, 'authorized', authorized, 'captured', captured,
      'released', released, 'refunded', refunded, 'reversed', reversed${more})`;

const bookedAndTold = (expected: string, snapshot = snapshotWith('')) => `, booked as (
  insert into polygate.ledger_entry (merchant_id, operation_id, line, payment_id, kind, layer, debit_account, credit_account, amount, currency, booked_at)
  select merchant_id, operation_id, 0, payment_id, entry_kind, entry_layer, debit_account, credit_account, amount, currency, happened_at
  from paid where entry_kind is not null
), told as (
  insert into polygate.event (merchant_id, payment_id, sequence, operation_id, name, payment_state, operation_state, snapshot, happened_at)
  select merchant_id, payment_id, last_sequence, operation_id, event_name, state, to_state,
    ${snapshot},
    happened_at
  from paid
)
${selectWritten('paid', expected)}`;

// The payment path: a new payment's first operation, which acts upon nothing and books at most one entry, of its whole amount.
const firstOutcome: Statement = {
  name: 'record_first_outcome',
  text: `${input}, moved as (
  update polygate.operation o set state = i.to_state, ${answerColumns}
  from input i
  where o.merchant_id = i.merchant_id and o.operation_id = i.operation_id and o.state = i.from_state
  returning i.*, o.amount
), paid as (
  update polygate.payment p set state = ${nextPaymentState},
    authorized = p.authorized + i.authorized, captured = p.captured + i.captured, last_sequence = p.last_sequence + 1
  from moved i
  where p.merchant_id = i.merchant_id and p.payment_id = i.payment_id
  returning p.merchant_id, p.payment_id, p.last_sequence, p.state, p.currency, p.authorized, p.captured, p.released, p.refunded, p.reversed,
    i.operation_id, i.amount, i.event_name, i.to_state, i.happened_at, i.entry_kind, i.entry_layer, i.debit_account, i.credit_account, i.checks
)${bookedAndTold('$24', `case when checks is null then ${snapshotWith('')} else ${snapshotWith(", 'checks', checks")} end`)}`,
};

// A `move` that leaves nothing of the hold finishes the payment: with money taken, or with none.
const movedPaymentEvent = `case when i.payment_event <> 'move' then i.payment_event
      when p.authorized - p.captured - i.captured - p.released - i.released > 0 then 'move'
      when p.captured + i.captured - p.reversed - i.reversed > 0 then 'finish_charged'
      else 'finish_voided' end`;

// An operation on an existing payment: the payment is locked first, in the order of ids, as the first transaction does; then the operation
// and the one it acts upon change in one update, since one statement may update a table only once. `line` has the entries
// beyond an operation's first.
const laterOutcome: Statement = {
  name: 'record_later_outcome',
  text: `${input}, more as (
  select * from unnest($24::uuid[], $25::bigint[], $26::bigint[], $27::bigint[], $28::bigint[], $29::bigint[],
    $30::bigint[], $31::bigint[], $32::bigint[], $33::bigint[])
  with ordinality as t (target_id, capture_pending, released, release_pending, payment_refunded, payment_reversed,
    refunded, refund_pending, reversed, reverse_pending, ordinal)
), locked as (
  select p.merchant_id, p.payment_id, i.ordinal from input i
    join polygate.payment p on p.merchant_id = i.merchant_id and p.payment_id = i.payment_id
  order by p.merchant_id, p.payment_id
  for update of p
), own as (
  select o.merchant_id, o.operation_id, i.ordinal
  from locked l join input i on i.ordinal = l.ordinal
    join polygate.operation o on o.merchant_id = i.merchant_id and o.operation_id = i.operation_id and o.state = i.from_state
  for update of o
), change as (
  select i.*, i.operation_id as changed_id, true as is_own, t.capture_pending, t.released, t.release_pending, t.payment_refunded, t.payment_reversed,
    0::bigint as refunded, 0::bigint as refund_pending, 0::bigint as reversed, 0::bigint as reverse_pending
  from own join input i on i.ordinal = own.ordinal join more t on t.ordinal = own.ordinal
  union all
  select i.merchant_id, i.payment_id, i.operation_id, null, null, null, null, null, null, null, null, null, null, null, null, 0, 0, null, null, null, null, null, null, i.ordinal,
    t.target_id, false, 0, 0, 0, 0, 0, t.refunded, t.refund_pending, t.reversed, t.reverse_pending
  from own join input i on i.ordinal = own.ordinal join more t on t.ordinal = own.ordinal
  where t.refunded <> 0 or t.refund_pending <> 0 or t.reversed <> 0 or t.reverse_pending <> 0
), changed as (
  update polygate.operation o set state = coalesce(i.to_state, o.state), ${answerColumns},
    refunded = o.refunded + i.refunded, refund_pending = o.refund_pending + i.refund_pending,
    reversed = o.reversed + i.reversed, reverse_pending = o.reverse_pending + i.reverse_pending
  from change i
  where o.merchant_id = i.merchant_id and o.operation_id = i.changed_id
  returning i.*, o.amount
), moved as (
  select merchant_id, payment_id, operation_id, to_state, event_name, payment_event, happened_at, captured, entry_kind, entry_layer, debit_account,
    credit_account, capture_pending, released, release_pending, payment_refunded as refunded, payment_reversed as reversed, amount
  from changed where is_own
), paid as (
  update polygate.payment p set state = ${nextPaymentState.replace('i.payment_event', `(${movedPaymentEvent})`)},
    captured = p.captured + i.captured, capture_pending = p.capture_pending + i.capture_pending,
    released = p.released + i.released, release_pending = p.release_pending + i.release_pending,
    refunded = p.refunded + i.refunded, reversed = p.reversed + i.reversed, last_sequence = p.last_sequence + 1
  from moved i
  where p.merchant_id = i.merchant_id and p.payment_id = i.payment_id
  returning p.merchant_id, p.payment_id, p.last_sequence, p.state, p.currency, p.authorized, p.captured, p.released, p.refunded, p.reversed,
    i.operation_id, i.amount, i.event_name, i.to_state, i.happened_at, i.entry_kind, i.entry_layer, i.debit_account, i.credit_account
), line as (
  select * from unnest($34::uuid[], $35::smallint[], $36::text[], $37::text[], $38::smallint[], $39::smallint[])
    as l (operation_id, line, kind, layer, debit_account, credit_account)
), booked_more as (
  insert into polygate.ledger_entry (merchant_id, operation_id, line, payment_id, kind, layer, debit_account, credit_account, amount, currency, booked_at)
  select p.merchant_id, p.operation_id, l.line, p.payment_id, l.kind, l.layer, l.debit_account, l.credit_account, p.amount, p.currency, p.happened_at
  from line l join paid p on p.operation_id = l.operation_id
)${bookedAndTold('$40')}`,
};

const presentStates: Statement = {
  name: 'operation_states',
  text: `select o.operation_id, o.state from unnest($1::uuid[], $2::uuid[]) as i (merchant_id, operation_id)
    join polygate.operation o on o.merchant_id = i.merchant_id and o.operation_id = i.operation_id`,
};

interface Change {
  readonly outcome: OutcomeToRecord;
  readonly to: OperationState;
  readonly effect: Effect;
}

/** Records outcomes of first operations. One result per outcome, in their order. `nowMs`: business time. */
export function recordFirstOutcomes(
  database: Pick<Database, 'query'>,
  outcomes: readonly OutcomeToRecord[],
  nowMs: number,
): Promise<RecordedOutcome[]> {
  return recordAll(database, firstOutcome, outcomes, (changes) => columnsOf(changes, nowMs));
}

/** Records outcomes of operations on existing payments, at most one per payment. One result per outcome, in their order. */
export function recordLaterOutcomes(
  database: Pick<Database, 'query'>,
  outcomes: readonly OutcomeToRecord[],
  nowMs: number,
): Promise<RecordedOutcome[]> {
  return recordAll(database, laterOutcome, outcomes, (changes) => [...columnsOf(changes, nowMs), ...moreColumnsOf(changes)]);
}

async function recordAll(
  database: Pick<Database, 'query'>,
  statement: Statement,
  outcomes: readonly OutcomeToRecord[],
  columns: (changes: readonly Change[]) => string[],
): Promise<RecordedOutcome[]> {
  const changes = inPaymentOrder(outcomes).map(changeOf);
  const applied = writtenIn(await database.query<Written>(statement, [...columns(changes), changes.length]));
  if (applied === undefined) return outcomes.map((outcome) => ({ applied: true, state: stateAfter(outcome) }));
  const states = await statesOf(
    database,
    outcomes.filter((outcome) => !applied.has(outcome.operationId)),
  );
  return outcomes.map((outcome) => {
    if (applied.has(outcome.operationId)) return { applied: true, state: stateAfter(outcome) };
    return { applied: false, state: states.get(outcome.operationId) ?? outcome.from };
  });
}

function changeOf(outcome: OutcomeToRecord): Change {
  const { kind, targetKind, amount, event } = outcome;
  return { outcome, to: stateAfter(outcome), effect: effectOf({ kind, targetKind, amount, event }) };
}

function stateAfter({ from, event }: OutcomeToRecord): OperationState {
  const to = operationTransitions.next(from, event);
  if (to === undefined) throw new Error(`an operation that is ${from} cannot ${event}`);
  return to;
}

async function statesOf(database: Pick<Database, 'query'>, outcomes: readonly OutcomeToRecord[]): Promise<Map<string, OperationState>> {
  const rows = await database.query<{ operation_id: string; state: OperationState }>(presentStates, [
    plainArray(outcomes.map((outcome) => outcome.merchantId)),
    plainArray(outcomes.map((outcome) => outcome.operationId)),
  ]);
  return new Map(rows.map((row) => [row.operation_id, row.state]));
}

/** What is finished is never looked at again: it would stand in the way of what waits for its resolution. */
function lookAgainAfterMs({ outcome, to }: Change): number | undefined {
  return isOpen(to) ? outcome.resolveAfterMs : undefined;
}

function columnsOf(changes: readonly Change[], nowMs: number): string[] {
  const outcomes = changes.map((change) => change.outcome);
  const entries = changes.map((change) => change.effect.ledger[0]);
  return [
    plainArray(outcomes.map((outcome) => outcome.merchantId)),
    plainArray(outcomes.map((outcome) => outcome.paymentId)),
    plainArray(outcomes.map((outcome) => outcome.operationId)),
    plainArray(outcomes.map((outcome) => outcome.from)),
    plainArray(changes.map((change) => change.to)),
    plainArray(changes.map((change) => change.effect.event)),
    textArray(outcomes.map((outcome) => outcome.approvalCode)),
    textArray(outcomes.map((outcome) => outcome.responseCode)),
    textArray(outcomes.map((outcome) => outcome.hostCode)),
    textArray(outcomes.map((outcome) => outcome.networkReference)),
    textArray(outcomes.map((outcome) => outcome.reason)),
    plainArray(outcomes.map((outcome) => outcome.token)),
    plainArray(changes.map(lookAgainAfterMs)),
    plainArray(changes.map((change) => change.effect.paymentEvent ?? '-')),
    timeArray(changes.map(() => nowMs)),
    plainArray(changes.map((change) => change.effect.payment.authorized)),
    plainArray(changes.map((change) => change.effect.payment.captured)),
    plainArray(entries.map((entry) => entry?.kind)),
    plainArray(entries.map((entry) => entry?.layer)),
    plainArray(entries.map((entry) => entry && accounts[entry.debit])),
    plainArray(entries.map((entry) => entry && accounts[entry.credit])),
    textArray(outcomes.map((outcome) => outcome.adviceCode)),
    textArray(outcomes.map(({ checks }) => checks && writeCardChecks(checks))),
  ];
}

function moreColumnsOf(changes: readonly Change[]): string[] {
  const lines = changes.flatMap(({ outcome, effect }) =>
    effect.ledger.slice(1).map((line, index) => ({ ...line, operationId: outcome.operationId, number: index + 1 })),
  );
  return [
    plainArray(changes.map((change) => change.outcome.targetId)),
    plainArray(changes.map((change) => change.effect.payment.capturePending)),
    plainArray(changes.map((change) => change.effect.payment.released)),
    plainArray(changes.map((change) => change.effect.payment.releasePending)),
    plainArray(changes.map((change) => change.effect.payment.refunded)),
    plainArray(changes.map((change) => change.effect.payment.reversed)),
    plainArray(changes.map((change) => change.effect.target.refunded)),
    plainArray(changes.map((change) => change.effect.target.refundPending)),
    plainArray(changes.map((change) => change.effect.target.reversed)),
    plainArray(changes.map((change) => change.effect.target.reversePending)),
    plainArray(lines.map((line) => line.operationId)),
    plainArray(lines.map((line) => line.number)),
    plainArray(lines.map((line) => line.kind)),
    plainArray(lines.map((line) => line.layer)),
    plainArray(lines.map((line) => accounts[line.debit])),
    plainArray(lines.map((line) => accounts[line.credit])),
  ];
}
