/**
 * Writes payments that were made elsewhere: all rows of many payments in one statement, each payment whole or not at all. A payment that was
 * imported before is left as it is.
 */

import type { CardSummary } from '../core/instrument/card.ts';
import { accounts } from '../core/ledger/accounts.ts';
import type { Replayed, ReplayedStep } from '../core/payment/imported.ts';
import { bytesArray, jsonText, plainArray, textArray, timeArray } from '../postgres/columns.ts';
import type { Database, Statement } from '../postgres/connection.ts';

export interface PaymentToImport {
  readonly merchantId: string;
  readonly channelId: string;
  readonly accountId: string;
  readonly currency: string;
  readonly cardId: string;
  readonly card: CardSummary;
  readonly token?: string;
  readonly history: Replayed;
  /** Keyed HMAC of the line. */
  readonly contentMac: Uint8Array;
  /** Message types by operation, in their order. */
  readonly messageTypes: readonly string[];
}

/** `taken`: a payment with other content was imported under the same id. */
export type Importation = 'imported' | 'unchanged' | 'taken';

// Whoever inserts the row of the first operation writes the rest; an id or RRN that an operation of this gateway has is a duplicate-key error.
const statement: Statement = {
  name: 'import_payments',
  text: `
with payment as (
  select * from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[],
    $11::bigint[], $12::integer[], $13::timestamptz[], $14::uuid[], $15::text[], $16::text[], $17::text[], $18::smallint[], $19::smallint[],
    $20::text[], $21::bytea[])
  as p (merchant_id, payment_id, channel_id, state, currency, amount, authorized, captured, released, refunded, reversed, last_sequence, created_at,
    card_id, brand, bin, last4, expiry_month, expiry_year, holder, content_mac)
), operation as (
  select * from unnest($22::uuid[], $23::uuid[], $24::uuid[], $25::uuid[], $26::text[], $27::text[], $28::bigint[], $29::bigint[], $30::bigint[],
    $31::bigint[], $32::text[], $33::text[], $34::text[], $35::text[], $36::text[], $37::json[], $38::timestamptz[], $39::text[], $40::text[],
    $41::text[], $42::text[], $43::timestamptz[], $44::integer[], $45::text[], $46::text[], $47::json[])
  as o (merchant_id, operation_id, payment_id, target_id, target_kind, kind, amount, remaining, refunded, reversed, merchant_reference, rrn, token,
    approval_code, network_reference, dialect_data, created_at, mti, account_id, terminal, stan, transmitted_at, sequence, event_name,
    payment_state, snapshot)
), line as (
  select * from unnest($48::uuid[], $49::uuid[], $50::smallint[], $51::uuid[], $52::text[], $53::text[], $54::smallint[], $55::smallint[], $56::bigint[],
    $57::text[], $58::timestamptz[])
  as l (merchant_id, operation_id, line, payment_id, kind, layer, debit_account, credit_account, amount, currency, booked_at)
), traced as (
  select o.*, p.content_mac, (o.transmitted_at at time zone 'UTC')::date as transmitted_on
  from operation o join payment p using (merchant_id, payment_id)
), won as (
  insert into polygate.imported_operation (merchant_id, operation_id, payment_id, content_mac, terminal, transmitted_on, stan)
  select merchant_id, operation_id, payment_id, content_mac, terminal, transmitted_on, stan from traced where target_id is null
  on conflict (merchant_id, operation_id) do nothing
  returning merchant_id, payment_id
), others as (
  insert into polygate.imported_operation (merchant_id, operation_id, payment_id, terminal, transmitted_on, stan)
  select merchant_id, operation_id, payment_id, terminal, transmitted_on, stan from traced join won using (merchant_id, payment_id)
  where target_id is not null
), new_payment as (
  insert into polygate.payment (merchant_id, payment_id, channel_id, state, currency, amount, authorized, captured, released, refunded, reversed,
    last_sequence, operations, created_at)
  select merchant_id, payment_id, channel_id, state, currency, amount, authorized, captured, released, refunded, reversed, last_sequence, last_sequence, created_at
  from payment join won using (merchant_id, payment_id)
), new_attempt as (
  insert into polygate.attempt (merchant_id, payment_id, number, card_id, brand, bin, last4, expiry_month, expiry_year, holder, created_at)
  select merchant_id, payment_id, 1, card_id, brand, bin, last4, expiry_month, expiry_year, holder, created_at
  from payment join won using (merchant_id, payment_id)
), new_operation as (
  insert into polygate.operation (merchant_id, operation_id, payment_id, attempt_number, target_id, target_kind, kind, state, amount, remaining, refunded,
    reversed, merchant_reference, rrn, token, approval_code, response_code, network_reference, dialect_data, created_at, number)
  select merchant_id, operation_id, payment_id, 1, target_id, target_kind, kind, 'approved', amount, remaining, refunded,
    reversed, merchant_reference, rrn, token, approval_code, '00', network_reference, dialect_data, created_at, sequence - 1
  from operation join won using (merchant_id, payment_id)
), new_message as (
  insert into polygate.acquirer_message (merchant_id, rrn, mti, purpose, operation_id, account_id, terminal, stan, transmitted_at)
  select merchant_id, rrn, mti, 'request', operation_id, account_id, terminal, stan, transmitted_at
  from operation join won using (merchant_id, payment_id)
), booked as (
  insert into polygate.ledger_entry (merchant_id, operation_id, line, payment_id, kind, layer, debit_account, credit_account, amount, currency, booked_at)
  select l.* from line l join won using (merchant_id, payment_id)
), told as (
  insert into polygate.event (merchant_id, payment_id, sequence, operation_id, name, payment_state, operation_state, snapshot, happened_at, recorded_in)
  select merchant_id, payment_id, sequence, operation_id, event_name, payment_state, 'approved', snapshot, created_at,
    -- Merchants know what they bring along: without a transaction the outbox never sees it.
    null::xid8
  from operation join won using (merchant_id, payment_id)
), will_end as (
  -- When, the gateway finds out: it knows how long each hold may stand.
  insert into polygate.due_work (merchant_id, payment_id, kind, channel_id, operation_id, state, due_at, leased_until)
  select merchant_id, payment_id, 'expiry', channel_id, payment_id, 'waiting', created_at, now()
  from payment join won using (merchant_id, payment_id) where state = 'authorized'
)
select payment_id from won`,
};

const selectMacs: Statement = {
  name: 'imported_macs',
  text: `select i.merchant_id, i.operation_id, i.content_mac from unnest($1::uuid[], $2::uuid[]) as k (merchant_id, operation_id)
  join polygate.imported_operation i on i.merchant_id = k.merchant_id and i.operation_id = k.operation_id`,
};

/** One outcome per payment, in their order; no two of them with one id. */
export async function importPayments(database: Database, payments: readonly PaymentToImport[]): Promise<Importation[]> {
  const won = await database.query<{ payment_id: string }>(statement, columnsOf(payments));
  const imported = new Set(won.map((row) => row.payment_id));
  const before = imported.size === payments.length ? [] : await findImported(database, payments);
  return payments.map((payment, index) => (imported.has(paymentIdOf(payment)) ? 'imported' : (before[index] ?? 'taken')));
}

/** What was imported before; undefined for what was not. */
export async function findImported(database: Database, payments: readonly PaymentToImport[]): Promise<(Importation | undefined)[]> {
  const rows = await database.query<{ merchant_id: string; operation_id: string; content_mac: Buffer | null }>(selectMacs, [
    plainArray(payments.map(({ merchantId }) => merchantId)),
    plainArray(payments.map(paymentIdOf)),
  ]);
  return payments.map((payment) => {
    const row = rows.find(({ merchant_id, operation_id }) => merchant_id === payment.merchantId && operation_id === paymentIdOf(payment));
    if (row === undefined) return undefined;
    return row.content_mac?.equals(payment.contentMac) === true ? 'unchanged' : 'taken';
  });
}

/** A payment is named by its first operation, whose id is the one that the merchant knows. */
export function paymentIdOf({ history }: Pick<PaymentToImport, 'history'>): string {
  return firstOf(history).operation.operationId;
}

function firstOf({ steps }: Replayed): ReplayedStep {
  const [first] = steps;
  if (first === undefined) throw new Error('a payment has at least one operation');
  return first;
}

function columnsOf(payments: readonly PaymentToImport[]): string[] {
  const steps = payments.flatMap((payment) =>
    payment.history.steps.map((step, index) => ({ ...step, payment, index, paymentId: paymentIdOf(payment) })),
  );
  const lines = steps.flatMap((step) => step.ledger.map((entry, line) => ({ ...step, entry, line })));
  return [...paymentColumns(payments), ...operationColumns(steps), ...lineColumns(lines)];
}

function paymentColumns(payments: readonly PaymentToImport[]): string[] {
  const histories = payments.map(({ history }) => history);
  return [
    plainArray(payments.map(({ merchantId }) => merchantId)),
    plainArray(payments.map(paymentIdOf)),
    plainArray(payments.map(({ channelId }) => channelId)),
    plainArray(histories.map(({ state }) => state)),
    plainArray(payments.map(({ currency }) => currency)),
    plainArray(histories.map((history) => firstOf(history).operation.amount)),
    ...(['authorized', 'captured', 'released', 'refunded', 'reversed'] as const).map((name) =>
      plainArray(histories.map(({ amounts }) => amounts[name])),
    ),
    plainArray(histories.map(({ steps }) => steps.length)),
    timeArray(histories.map((history) => firstOf(history).operation.createdAtMs)),
    plainArray(payments.map(({ cardId }) => cardId)),
    plainArray(payments.map(({ card }) => card.brand)),
    plainArray(payments.map(({ card }) => card.bin)),
    plainArray(payments.map(({ card }) => card.last4)),
    plainArray(payments.map(({ card }) => card.expiry.month)),
    plainArray(payments.map(({ card }) => card.expiry.year)),
    textArray(payments.map(({ card }) => card.holder)),
    bytesArray(payments.map(({ contentMac }) => contentMac)),
  ];
}

interface StepRow extends ReplayedStep {
  readonly payment: PaymentToImport;
  readonly paymentId: string;
  readonly index: number;
}

function operationColumns(steps: readonly StepRow[]): string[] {
  const operations = steps.map(({ operation }) => operation);
  const back = (name: 'refunded' | 'reversed') =>
    plainArray(steps.map(({ payment, operation }) => payment.history.givenBack.get(operation.operationId)?.[name] ?? 0));
  return [
    plainArray(steps.map(({ payment }) => payment.merchantId)),
    plainArray(operations.map(({ operationId }) => operationId)),
    plainArray(steps.map(({ paymentId }) => paymentId)),
    plainArray(operations.map(({ targetId }) => targetId)),
    plainArray(steps.map(({ targetKind }) => targetKind)),
    plainArray(operations.map(({ kind }) => kind)),
    plainArray(operations.map(({ amount }) => amount)),
    plainArray(steps.map(({ remaining }) => remaining)),
    back('refunded'),
    back('reversed'),
    textArray(operations.map(({ merchantReference }) => merchantReference)),
    plainArray(operations.map(({ trace }) => trace.rrn)),
    plainArray(steps.map(({ payment, index }) => (index === 0 ? payment.token : undefined))),
    textArray(operations.map(({ approvalCode }) => approvalCode)),
    textArray(operations.map(({ networkReference }) => networkReference)),
    textArray(operations.map(({ dialectData }) => jsonText(dialectData))),
    timeArray(operations.map(({ createdAtMs }) => createdAtMs)),
    plainArray(steps.map(({ payment, index }) => payment.messageTypes[index])),
    textArray(steps.map(({ payment }) => payment.accountId)),
    textArray(operations.map(({ trace }) => trace.terminal)),
    plainArray(operations.map(({ trace }) => trace.stan)),
    timeArray(operations.map(({ trace }) => trace.transmittedAtMs)),
    plainArray(steps.map(({ index }) => index + 1)),
    plainArray(steps.map(({ event }) => event)),
    plainArray(steps.map(({ paymentState }) => paymentState)),
    textArray(steps.map(snapshotOf)),
  ];
}

function snapshotOf({ operation, payment, amounts }: StepRow): string {
  const { authorized, captured, released, refunded, reversed } = amounts;
  return jsonText({ amount: operation.amount, currency: payment.currency, authorized, captured, released, refunded, reversed });
}

function lineColumns(lines: readonly (StepRow & { readonly entry: ReplayedStep['ledger'][number]; readonly line: number })[]): string[] {
  return [
    plainArray(lines.map(({ payment }) => payment.merchantId)),
    plainArray(lines.map(({ operation }) => operation.operationId)),
    plainArray(lines.map(({ line }) => line)),
    plainArray(lines.map(({ paymentId }) => paymentId)),
    plainArray(lines.map(({ entry }) => entry.kind)),
    plainArray(lines.map(({ entry }) => entry.layer)),
    plainArray(lines.map(({ entry }) => accounts[entry.debit])),
    plainArray(lines.map(({ entry }) => accounts[entry.credit])),
    plainArray(lines.map(({ entry }) => entry.amount)),
    plainArray(lines.map(({ payment }) => payment.currency)),
    timeArray(lines.map(({ operation }) => operation.createdAtMs)),
  ];
}
