/** Reads operations and payments as the core's plain data. */
import type { CredentialUse } from '../core/instrument/agreement.ts';
import { accountTransfers, type BankMethod } from '../core/instrument/bank.ts';
import type { CardBrand } from '../core/instrument/card.ts';
import { readCardChecks } from '../core/instrument/card-checks.ts';
import type { OperationKind, OperationNode, OperationView, PaymentTree } from '../core/payment/operation.ts';
import { afterReview, calledOff, capturing, inReview } from '../core/risk/review.ts';
import type { OperationState } from '../core/states/operation.ts';
import type { PaymentState } from '../core/states/payment.ts';
import { plainArray } from '../postgres/columns.ts';
import type { Database, Row, Statement } from '../postgres/connection.ts';
import { present } from './rows.ts';

export interface OperationRow extends Row {
  readonly merchant_id: string;
  readonly operation_id: string;
  readonly payment_id: string;
  readonly number: number;
  readonly channel_id: string;
  readonly currency: string;
  readonly target_id: string | null;
  readonly kind: OperationKind;
  readonly state: OperationState;
  readonly amount: number;
  readonly requested_amount: number | null;
  readonly approved_part: number | null;
  readonly remaining: number | null;
  readonly refunded: number;
  readonly refund_pending: number;
  readonly reversed: number;
  readonly reverse_pending: number;
  readonly charged_back: number;
  readonly chargeback_reversed: number;
  readonly settled: boolean;
  readonly dispute_id: string | null;
  readonly declared: boolean;
  readonly merchant_reference: string | null;
  readonly token: string | null;
  readonly approval_code: string | null;
  readonly response_code: string | null;
  readonly host_code: string | null;
  readonly advice_code: string | null;
  readonly checks: string | null;
  readonly network_reference: string | null;
  readonly reason: string | null;
  readonly reference_id: string | null;
  readonly agreement: CredentialUse | null;
  readonly dialect_data: Record<string, string>;
  readonly created_ms: number;
  readonly late_approved: boolean;
  readonly resolve_attempts: number;
  readonly card_id: string | null;
  readonly brand: CardBrand | null;
  readonly bin: string | null;
  readonly last4: string | null;
  readonly expiry_month: number | null;
  readonly expiry_year: number | null;
  readonly bank_method: BankMethod | typeof accountTransfers | null;
  readonly return_url: string | null;
  readonly awaits_receipt: boolean;
  readonly holder: string | null;
  readonly mti: string | null;
  readonly account_id: string | null;
  readonly terminal: string | null;
  readonly stan: string | null;
  readonly rrn: string | null;
  readonly transmitted_ms: number | null;
}

const isToBeCaptured = `o.reason = 'review_accepted' and o.state = 'approved' and p.captured = 0 and o.dialect_data ->> '${afterReview}' is not null`;

/**
 * Of an operation and its payment. What a review was to decide about may have been called off meanwhile: then nobody has to look at it. What it has
 * let through is charged only when the capture stands.
 */
export const reasonNow = `case when p.state = 'voided' and (o.reason = '${inReview}' and o.state = 'approved' or ${isToBeCaptured}) then '${calledOff}'
    when ${isToBeCaptured} then '${capturing}' else o.reason end`;

export const operationColumns = `
  o.merchant_id, o.operation_id, o.payment_id, o.number, p.channel_id, p.currency, o.target_id, o.kind, o.state, o.amount, o.requested_amount, o.approved_part, o.remaining,
  o.refunded, o.refund_pending, o.reversed, o.reverse_pending, o.charged_back, o.chargeback_reversed, o.settled, o.dispute_id, o.declared, o.merchant_reference, o.token, o.approval_code, o.response_code, o.host_code, o.advice_code, o.checks,
  o.network_reference, ${reasonNow} as reason, o.reference_id, o.agreement, o.dialect_data, (extract(epoch from o.created_at) * 1000)::bigint as created_ms, o.late_approved, o.resolve_attempts,
  a.card_id, a.brand, a.bin, a.last4, a.expiry_month, a.expiry_year, a.holder, a.bank_method, a.return_url,
  a.bank_method is not null and o.kind = 'preauthorization' and o.state = 'approved' and p.state = 'authorized' and p.captured = 0 as awaits_receipt,
  m.mti, m.account_id, m.terminal, m.stan, m.rrn, (extract(epoch from m.transmitted_at) * 1000)::bigint as transmitted_ms`;

export const operationJoins = `
  join polygate.payment p on p.merchant_id = o.merchant_id and p.payment_id = o.payment_id
  join polygate.attempt a on a.merchant_id = o.merchant_id and a.payment_id = o.payment_id and a.number = o.attempt_number
  left join polygate.acquirer_message m on m.merchant_id = o.merchant_id and m.rrn = o.rrn and m.operation_id = o.operation_id
    and m.purpose = 'request'`;

const byIds: Statement = {
  name: 'find_operations',
  text: `select ${operationColumns}
from unnest($1::uuid[], $2::uuid[]) as i (merchant_id, operation_id)
  join polygate.operation o on o.merchant_id = i.merchant_id and o.operation_id = i.operation_id ${operationJoins}`,
};

// By their numbers: of a payment that was made elsewhere several operations may have the same time, and ids that say nothing of it.
const treeById: Statement = {
  name: 'find_tree',
  text: `select p.state as payment_state, p.authorized as payment_authorized, p.captured as payment_captured, p.capture_pending as payment_capture_pending,
  p.released as payment_released, p.release_pending as payment_release_pending, ${operationColumns}
from polygate.operation named
  join polygate.operation o on o.merchant_id = named.merchant_id and o.payment_id = named.payment_id ${operationJoins}
where named.merchant_id = $1 and named.operation_id = $2
order by o.number`,
};

const byKey: Statement = {
  name: 'find_by_key',
  text: `select operation_id, input_hash from polygate.idempotency_key where merchant_id = $1 and channel_id = $2 and key = $3`,
};

const agreementReference: Statement = {
  name: 'find_agreement_reference',
  text: `select network_reference from polygate.operation
where token = $2 and merchant_id = $1 and agreement is not null and state = 'approved' and agreement ->> 'sequence' = 'initial'
order by agreement ->> 'type' <> $3, created_at desc limit 1`,
};

const merchantByRouting: Statement = {
  name: 'merchant_by_routing_number',
  text: 'select merchant_id from polygate.merchant where routing_number = $1',
};

const byRrn: Statement = {
  name: 'find_by_rrn',
  text: `select operation_id from polygate.acquirer_message where merchant_id = $1 and rrn = $2 and purpose = 'request'`,
};

const importedByTrace: Statement = {
  name: 'find_imported_by_trace',
  text: `select m.merchant_id, m.operation_id from polygate.acquirer_message m
  join polygate.imported_operation i on i.merchant_id = m.merchant_id and i.operation_id = m.operation_id
where m.rrn = $1 and m.terminal = $2 and m.stan = coalesce($3, m.stan) and m.purpose = 'request'
limit 2`,
};

export interface OperationKey {
  readonly merchantId: string;
  readonly operationId: string;
}

/** An operation as read for its resolution. */
export interface ReadOperation {
  readonly node: OperationNode;
  readonly lateApproved: boolean;
  readonly resolveAttempts: number;
}

/** Operations by id, in no order; those that do not exist are left out. */
export async function findOperations(database: Database, keys: readonly OperationKey[]): Promise<ReadOperation[]> {
  const rows = await database.query<OperationRow>(byIds, [
    plainArray(keys.map((key) => key.merchantId)),
    plainArray(keys.map((key) => key.operationId)),
  ]);
  return rows.map((row) => ({ node: nodeOf(row), lateApproved: row.late_approved, resolveAttempts: row.resolve_attempts }));
}

interface TreeRow extends OperationRow {
  readonly payment_state: PaymentState;
  readonly payment_authorized: number;
  readonly payment_captured: number;
  readonly payment_capture_pending: number;
  readonly payment_released: number;
  readonly payment_release_pending: number;
}

/** The whole payment that an operation belongs to. */
export async function findTree(database: Database, key: OperationKey): Promise<PaymentTree | undefined> {
  const rows = await database.query<TreeRow>(treeById, [key.merchantId, key.operationId]);
  const [first] = rows;
  if (first === undefined) return undefined;
  return {
    merchantId: first.merchant_id,
    channelId: first.channel_id,
    paymentId: first.payment_id,
    state: first.payment_state,
    currency: first.currency,
    authorized: first.payment_authorized,
    captured: first.payment_captured,
    capturePending: first.payment_capture_pending,
    released: first.payment_released,
    releasePending: first.payment_release_pending,
    operations: rows.map(nodeOf),
  };
}

export async function merchantOf(database: Database, routingNumber: number): Promise<string | undefined> {
  const [row] = await database.query<{ merchant_id: string }>(merchantByRouting, [routingNumber]);
  return row?.merchant_id;
}

/** The merchant first: then the message is found among that merchant's alone. */
export async function findByTrace(
  database: Database,
  { routingNumber, rrn }: { readonly routingNumber: number; readonly rrn: string },
): Promise<OperationView | undefined> {
  const merchantId = await merchantOf(database, routingNumber);
  if (merchantId === undefined) return undefined;
  const [message] = await database.query<{ operation_id: string }>(byRrn, [merchantId, rrn]);
  if (message === undefined) return undefined;
  const [found] = await findOperations(database, [{ merchantId, operationId: message.operation_id }]);
  return found?.node;
}

/** RRNs that another gateway has given say nothing of the merchant. */
export async function findImportedByTrace(
  database: Database,
  { rrn, terminal, stan }: { readonly rrn: string; readonly terminal: string; readonly stan?: string },
): Promise<OperationView | undefined> {
  const messages = await database.query<{ merchant_id: string; operation_id: string }>(importedByTrace, [rrn, terminal, stan ?? null]);
  const [message] = messages;
  if (message === undefined || messages.length > 1) return undefined;
  const [found] = await findOperations(database, [{ merchantId: message.merchant_id, operationId: message.operation_id }]);
  return found?.node;
}

export async function findAgreementReference(
  database: Database,
  key: { readonly merchantId: string; readonly token: string; readonly type: CredentialUse['type'] },
): Promise<string | undefined> {
  const [row] = await database.query<{ network_reference: string | null }>(agreementReference, [key.merchantId, key.token, key.type]);
  return row?.network_reference ?? undefined;
}

export async function findByKey(
  database: Database,
  key: { readonly merchantId: string; readonly channelId: string; readonly key: string },
): Promise<{ readonly inputHash: Uint8Array; readonly operationId: string } | undefined> {
  const [row] = await database.query<{ operation_id: string; input_hash: Buffer }>(byKey, [key.merchantId, key.channelId, key.key]);
  return row === undefined ? undefined : { inputHash: row.input_hash, operationId: row.operation_id };
}

export function nodeOf(row: OperationRow): OperationNode {
  return {
    merchantId: row.merchant_id,
    channelId: row.channel_id,
    paymentId: row.payment_id,
    operationId: row.operation_id,
    number: row.number,
    kind: row.kind,
    state: row.state,
    amount: row.amount,
    currency: row.currency,
    refunded: row.refunded,
    refundPending: row.refund_pending,
    reversed: row.reversed,
    reversePending: row.reverse_pending,
    chargedBack: row.charged_back,
    chargebackReversed: row.chargeback_reversed,
    settled: row.settled,
    dialectData: row.dialect_data,
    createdAtMs: row.created_ms,
    ...instrumentOf(row),
    ...present({
      targetId: row.target_id,
      referenceId: row.reference_id,
      agreement: row.agreement,
      remaining: row.remaining,
      requestedAmount: row.requested_amount,
      approvedPart: row.approved_part,
      disputeId: row.dispute_id,
      merchantReference: row.merchant_reference,
      token: row.token,
      approvalCode: row.approval_code,
      responseCode: row.response_code,
      hostCode: row.host_code,
      adviceCode: row.advice_code,
      networkReference: row.network_reference,
    }),
    ...(row.checks === null ? {} : { checks: readCardChecks(row.checks) }),
    ...(row.declared ? { declared: true } : {}),
    ...(row.reason === null ? {} : { reason: row.reason as NonNullable<OperationView['reason']> }),
    ...traceOf(row),
  };
}

/** A card, an account, or how it is paid at a bank. */
function instrumentOf(row: OperationRow): Pick<OperationNode, 'card' | 'cardId' | 'bank' | 'account'> {
  const { card_id: cardId, brand, bin, last4, expiry_month: month, expiry_year: year, holder } = row;
  if (row.bank_method === accountTransfers) return { account: { holder: holder ?? '', last4: last4 ?? '' } };
  if (row.bank_method !== null && row.return_url !== null) {
    return { bank: { method: row.bank_method, returnUrl: row.return_url, awaitsReceipt: row.awaits_receipt } };
  }
  if (cardId === null || brand === null || bin === null || last4 === null || month === null || year === null) return {};
  return { cardId, card: { brand, bin, last4, expiry: { month, year }, ...(holder === null ? {} : { holder }) } };
}

function traceOf(row: OperationRow): Pick<OperationView, 'trace'> {
  const { mti, account_id, terminal, stan, rrn, transmitted_ms } = row;
  if (mti === null || account_id === null || terminal === null || stan === null || rrn === null || transmitted_ms === null) return {};
  return { trace: { mti, accountId: account_id, terminal, stan, rrn, transmittedAtMs: transmitted_ms } };
}
