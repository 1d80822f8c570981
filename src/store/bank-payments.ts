/** First transaction of a payment or a payout at a bank: key, payment, attempt, operation and message in one statement. */
import { accountTransfers } from '../core/instrument/bank.ts';
import type { NewAccountPayout, NewBankPayment, Submission } from '../core/ports/new-operation.ts';
import { jsonText, timeText } from '../postgres/columns.ts';
import type { Database, Statement } from '../postgres/connection.ts';

const statement: Statement = {
  name: 'submit_bank_payment',
  text: `
with input as (
  select $1::uuid as merchant_id, $2::uuid as channel_id, $3::uuid as payment_id, $4::uuid as operation_id, $5::text as kind, $6::bigint as amount,
    $7::text as currency, $8::text as merchant_reference, $9::json as dialect_data, $10::text as bank_method, $11::text as return_url,
    $12::text as mti, $13::text as account_id, $14::text as terminal, $15::text as stan, $16::text as rrn, $17::timestamptz as created_at,
    $18::text as key, $19::bytea as input_hash, $20::timestamptz as expires_at, $21::uuid as reference_id,
    $22::bigint as payment_number, $23::text as holder, $24::text as last4
), won as (
  insert into polygate.idempotency_key (merchant_id, channel_id, key, operation_id, input_hash, expires_at)
  select merchant_id, channel_id, key, operation_id, input_hash, expires_at from input where key is not null
  on conflict do nothing
  returning operation_id
), free as (
  select * from input i where i.key is null or i.operation_id in (select operation_id from won)
), new_payment as (
  insert into polygate.payment (merchant_id, payment_id, channel_id, state, currency, amount, created_at)
  select merchant_id, payment_id, channel_id, 'processing', currency, amount, created_at from free
), new_attempt as (
  insert into polygate.attempt (merchant_id, payment_id, number, bank_method, return_url, holder, last4, created_at)
  select merchant_id, payment_id, 1, bank_method, return_url, holder, last4, created_at from free
), new_operation as (
  insert into polygate.operation (merchant_id, operation_id, payment_id, attempt_number, kind, state, amount, merchant_reference, rrn, dialect_data,
    created_at, reference_id)
  select merchant_id, operation_id, payment_id, 1, kind, 'submitted', amount, merchant_reference, rrn, dialect_data, created_at, reference_id from free
), new_message as (
  insert into polygate.acquirer_message (merchant_id, rrn, mti, purpose, operation_id, account_id, terminal, stan, transmitted_at)
  select merchant_id, rrn, mti, 'request', operation_id, account_id, terminal, stan, created_at from free
), new_number as (
  insert into polygate.payment_number (merchant_id, payment_number, operation_id)
  select merchant_id, payment_number, operation_id from free where payment_number is not null
)
select operation_id from free`,
};

/** `key_taken`: nothing was written. */
export async function submitBankPayment(database: Pick<Database, 'query'>, row: NewBankPayment | NewAccountPayout): Promise<Submission> {
  const { trace, idempotencyKey: key } = row;
  const { method, returnUrl = null } = row.kind === 'payout' ? { method: accountTransfers } : row.bank;
  const referenceId = row.kind === 'payout' ? undefined : row.referenceId;
  const { holder = null, last4 = null } = row.kind === 'payout' ? row.account : {};
  const written = await database.query(statement, [
    ...[row.merchantId, row.channelId, row.paymentId, row.operationId, row.kind, row.amount, row.currency, row.merchantReference ?? null],
    ...[jsonText(row.dialectData), method, returnUrl],
    ...[trace.mti, trace.accountId, trace.terminal, trace.stan, trace.rrn, timeText(trace.transmittedAtMs)],
    ...[key?.key ?? null, key?.inputHash ?? null, key === undefined ? null : timeText(key.expiresAtMs), referenceId ?? null],
    ...[row.paymentNumber ?? null, holder, last4],
  ]);
  return written.length === 0 ? 'key_taken' : 'submitted';
}
