/** First transaction of new payments: key, payment, attempt, operation and message of many payments in one statement. */
import type { CardSubmission, NewPayment } from '../core/ports/new-operation.ts';
import { inReview } from '../core/risk/review.ts';
import type { OperationState } from '../core/states/operation.ts';
import { bytesArray, jsonText, plainArray, textArray, timeArray } from '../postgres/columns.ts';
import type { Database, Statement } from '../postgres/connection.ts';
import { referencesOf, selectWritten, type Written, writtenIn } from './rows.ts';

// A card that may be blocked is left out: the few digits of it that are here tell that no block can be meant, for nearly all cards, by one look at a
// small index. An input whose key is taken writes nothing. `insert … on conflict do nothing returning` says who won, also between two inputs of one batch.
const isBlocked = `exists (select from polygate.card_block b
    where b.bin = i.bin and b.last4 = i.last4 and b.merchant_id = i.merchant_id
      and (b.amount = 0 or b.amount = i.amount) and (b.until is null or b.until > i.created_at))`;

// A payment whose protocol names it by a number is written with it. Others do not pay for that: theirs is a statement without.
const numbered = `, new_number as (
  insert into polygate.payment_number (merchant_id, payment_number, operation_id)
  select merchant_id, payment_number, operation_id from free where payment_number is not null
)`;

// A payment that is known by a reference as well as by its key holds both, or is not written: neither do others pay for that. What looks free and is taken
// at the same moment is a duplicate-key error.
const isReferenceTaken = `exists (select from unnest($34::uuid[], $35::text[]) as r (operation_id, reference_key)
    join polygate.idempotency_key k on k.merchant_id = i.merchant_id and k.channel_id = i.channel_id and k.key = r.reference_key
    where r.operation_id = i.operation_id)`;
const referenced = `, new_reference as (
  insert into polygate.idempotency_key (merchant_id, channel_id, key, operation_id, input_hash, expires_at)
  select f.merchant_id, f.channel_id, r.reference_key, f.operation_id, f.input_hash, f.expires_at
  from free f join unnest($34::uuid[], $35::text[]) as r (operation_id, reference_key) using (operation_id)
)`;

const textWhere = (condition: string, more = '') => `
with input as (
  select * from unnest(
    $1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::bigint[], $8::text[], $9::text[], $10::json[], $11::uuid[],
    $12::text[], $13::text[], $14::text[], $15::smallint[], $16::smallint[], $17::text[], $18::text[], $19::text[], $20::text[], $21::text[],
    $22::text[], $23::text[], $24::text[], $25::timestamptz[], $26::timestamptz[], $27::text[], $28::bytea[], $29::timestamptz[],
    $30::uuid[], $31::json[], $32::bigint[]
  ) as i (
    merchant_id, channel_id, payment_id, operation_id, kind, state, amount, currency, merchant_reference, dialect_data, card_id,
    brand, bin, last4, expiry_month, expiry_year, holder, token, reason, mti, account_id,
    terminal, stan, rrn, transmitted_at, created_at, key, input_hash, expires_at, reference_id, agreement, payment_number
  ) ${condition}
), won as (
  insert into polygate.idempotency_key (merchant_id, channel_id, key, operation_id, input_hash, expires_at)
  select merchant_id, channel_id, key, operation_id, input_hash, expires_at from input where key is not null
  on conflict do nothing
  returning operation_id
), free as (
  select * from input i where i.key is null or i.operation_id in (select operation_id from won)
), new_payment as (
  insert into polygate.payment (merchant_id, payment_id, channel_id, state, currency, amount, last_sequence, created_at)
  select merchant_id, payment_id, channel_id, case state when 'rejected' then 'failed' else 'processing' end, currency, amount,
    case state when 'submitted' then 0 else 1 end, created_at
  from free
), new_attempt as (
  insert into polygate.attempt (merchant_id, payment_id, number, card_id, brand, bin, last4, expiry_month, expiry_year, holder, created_at)
  select merchant_id, payment_id, 1, card_id, brand, bin, last4, expiry_month, expiry_year, holder, created_at from free
), new_operation as (
  insert into polygate.operation (merchant_id, operation_id, payment_id, attempt_number, kind, state, amount, merchant_reference, rrn, token, reason,
    dialect_data, created_at, reference_id, agreement)
  select merchant_id, operation_id, payment_id, 1, kind, state, amount, merchant_reference, rrn, token, reason,
    dialect_data, created_at, reference_id, agreement
  from free
), new_message as (
  insert into polygate.acquirer_message (merchant_id, rrn, mti, purpose, operation_id, account_id, terminal, stan, transmitted_at)
  select merchant_id, rrn, mti, 'request', operation_id, account_id, terminal, stan, transmitted_at from free where rrn is not null
), new_event as (
  insert into polygate.event (merchant_id, payment_id, sequence, operation_id, name, payment_state, operation_state, snapshot, happened_at)
  select merchant_id, payment_id, 1, operation_id, kind || '.' || state, case state when 'rejected' then 'failed' else 'processing' end, state,
    json_build_object('amount', amount, 'currency', currency), created_at
  from free where state <> 'submitted'
)${more}
${selectWritten('free', '$33')}`;

const guarded: Statement = { name: 'submit_payment', text: textWhere(`where not ${isBlocked}`) };
const checked: Statement = { name: 'submit_checked_payment', text: textWhere('') };
const guardedNumbered: Statement = { name: 'submit_numbered_payment', text: textWhere(`where not ${isBlocked}`, numbered) };
const checkedNumbered: Statement = { name: 'submit_checked_numbered_payment', text: textWhere('', numbered) };
const guardedReferenced: Statement = {
  name: 'submit_referenced_payment',
  text: textWhere(`where not ${isBlocked} and not ${isReferenceTaken}`, numbered + referenced),
};
const checkedReferenced: Statement = {
  name: 'submit_checked_referenced_payment',
  text: textWhere(`where not ${isReferenceTaken}`, numbered + referenced),
};

const blocked: Statement = {
  name: 'blocked_payments',
  text: `select i.operation_id from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::bigint[], $6::timestamptz[])
  as i (merchant_id, operation_id, bin, last4, amount, created_at) where ${isBlocked}`,
};

/** Writes payments that belong together in time only; one outcome per row, in their order. */
export async function submitPayments(database: Pick<Database, 'query'>, rows: readonly NewPayment[]): Promise<CardSubmission[]> {
  return submitWith({ isChecked: false }, database, rows);
}

/** Writes one payment. */
export async function submitPayment(database: Pick<Database, 'query'>, row: NewPayment): Promise<CardSubmission> {
  if (row.blocksChecked === true) return submitChecked(database, row);
  const [submission = 'key_taken'] = await submitPayments(database, [row]);
  return submission;
}

/** Writes a payment whose card was looked at, whatever blocks there are. */
export async function submitChecked(database: Pick<Database, 'query'>, row: NewPayment): Promise<CardSubmission> {
  const [submission = 'key_taken'] = await submitWith({ isChecked: true }, database, [row]);
  return submission;
}

async function submitWith(
  { isChecked }: { readonly isChecked: boolean },
  database: Pick<Database, 'query'>,
  rows: readonly NewPayment[],
): Promise<CardSubmission[]> {
  const references = referencesOf(rows);
  const isNumbered = rows.some(({ paymentNumber }) => paymentNumber !== undefined);
  const statement = statementFor({ isChecked, isNumbered, isReferenced: references.length > 0 });
  const ids = writtenIn(await database.query<Written>(statement, [...columnsOf(rows), rows.length, ...references]));
  if (ids === undefined) return rows.map(() => 'submitted');
  const left = rows.filter((row) => !ids.has(row.operationId));
  const blockedIds = isChecked ? new Set<string>() : await blockedOf(database, left);
  return rows.map((row) => {
    if (ids.has(row.operationId)) return 'submitted';
    return blockedIds.has(row.operationId) ? 'card_blocked' : 'key_taken';
  });
}

function statementFor({ isChecked, isNumbered, isReferenced }: Readonly<Record<'isChecked' | 'isNumbered' | 'isReferenced', boolean>>) {
  if (isReferenced) return isChecked ? checkedReferenced : guardedReferenced;
  if (isNumbered) return isChecked ? checkedNumbered : guardedNumbered;
  return isChecked ? checked : guarded;
}

async function blockedOf(database: Pick<Database, 'query'>, rows: readonly NewPayment[]): Promise<ReadonlySet<string>> {
  const found = await database.query<{ operation_id: string }>(blocked, [
    plainArray(rows.map((row) => row.merchantId)),
    plainArray(rows.map((row) => row.operationId)),
    plainArray(rows.map((row) => row.card.bin)),
    plainArray(rows.map((row) => row.card.last4)),
    plainArray(rows.map((row) => row.amount)),
    timeArray(rows.map((row) => row.createdAtMs)),
  ]);
  return new Set(found.map((row) => row.operation_id));
}

/** Without a trace there is nothing to send yet: it waits for its shopper. */
function firstStateOf({ rejection, trace }: NewPayment): OperationState {
  if (rejection !== undefined) return 'rejected';
  return trace === undefined ? 'awaiting' : 'submitted';
}

function columnsOf(rows: readonly NewPayment[]): string[] {
  return [
    plainArray(rows.map((row) => row.merchantId)),
    plainArray(rows.map((row) => row.channelId)),
    plainArray(rows.map((row) => row.paymentId)),
    plainArray(rows.map((row) => row.operationId)),
    plainArray(rows.map((row) => row.kind)),
    plainArray(rows.map(firstStateOf)),
    plainArray(rows.map((row) => row.amount)),
    plainArray(rows.map((row) => row.currency)),
    textArray(rows.map((row) => row.merchantReference)),
    textArray(rows.map((row) => jsonText(row.dialectData))),
    plainArray(rows.map((row) => row.cardId)),
    plainArray(rows.map((row) => row.card.brand)),
    plainArray(rows.map((row) => row.card.bin)),
    plainArray(rows.map((row) => row.card.last4)),
    plainArray(rows.map((row) => row.card.expiry.month)),
    plainArray(rows.map((row) => row.card.expiry.year)),
    textArray(rows.map((row) => row.card.holder)),
    plainArray(rows.map((row) => row.token)),
    plainArray(rows.map((row) => row.rejection ?? (row.review && inReview))),
    plainArray(rows.map((row) => row.trace?.mti)),
    textArray(rows.map((row) => row.trace?.accountId)),
    textArray(rows.map((row) => row.trace?.terminal)),
    plainArray(rows.map((row) => row.trace?.stan)),
    plainArray(rows.map((row) => row.trace?.rrn)),
    timeArray(rows.map((row) => row.trace?.transmittedAtMs)),
    timeArray(rows.map((row) => row.createdAtMs)),
    textArray(rows.map((row) => row.idempotencyKey?.key)),
    bytesArray(rows.map((row) => row.idempotencyKey?.inputHash)),
    timeArray(rows.map((row) => row.idempotencyKey?.expiresAtMs)),
    plainArray(rows.map((row) => row.referenceId)),
    textArray(rows.map((row) => row.agreement && jsonText(row.agreement))),
    plainArray(rows.map((row) => row.paymentNumber)),
  ];
}
