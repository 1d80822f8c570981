/** The one place that knows the names of answers: payments, refunds and lists as the merchant sees them, always from their present state. */

import { parseDelay } from '../../core/due/delay.ts';
import type { Channel } from '../../core/merchant/channel.ts';
import { formatDecimalAmount } from '../../core/money/amount.ts';
import { currencyOf } from '../../core/money/currency.ts';
import type { OperationView, PaymentTree } from '../../core/payment/operation.ts';
import { operationsAsAsked } from '../../core/payment/refund-in-parts.ts';
import { stateShown } from '../../core/risk/review.ts';
import { toMethodId, toWireId } from './ids.ts';
import { policiesOf } from './policies.ts';
import { actNames, amountsOf, isAct, resultOf, statusOf, statusOfAct } from './states.ts';

export type Json = { readonly [name: string]: unknown };

/** What a payment is written from. */
export interface Writing {
  readonly tree: PaymentTree;
  readonly channel: Channel;
  /** The payment's first operation, with what came of 3-D Secure. */
  readonly first: OperationView;
  /** When anything of it changed last; business time, epoch ms. */
  readonly updatedAtMs: number;
  /** Where the customer has to go, and until when (business time, epoch ms). */
  readonly page?: { readonly url: string; readonly expiresAtMs: number };
}

export function writePayment({ tree, channel, first, updatedAtMs, page }: Writing): Json {
  const { dialectData: data } = first;
  const amounts = amountsOf(tree);
  const money = (amount: number) => writeAmount(channel, amount, tree.currency);
  return {
    id: toWireId('pay', first.operationId),
    status: statusOf(tree),
    redirect_url: page?.url ?? null,
    ...(page === undefined ? {} : { expires_at: writeTime(page.expiresAtMs) }),
    channel: channel.wireId,
    reference: first.merchantReference,
    amount: money(first.requestedAmount ?? first.amount),
    currency: tree.currency,
    amount_authorised: money(amounts.authorised),
    amount_captured: money(amounts.captured),
    amount_refunded: money(amounts.refunded),
    capture: data.capture ?? 'auto',
    ...writeDelay(first),
    ...writeMethod(first),
    payment_data: writePaymentData(first),
    ...writeThreeDS(first),
    ...writeResult(first),
    metadata: readGroup(data, 'metadata'),
    ...writeCustomer(data),
    ...(data.description === undefined ? {} : { description: data.description }),
    operations: operationsAsAsked(tree).flatMap((operation) => (isAct(operation.kind) ? [writeAct(channel, operation)] : [])),
    created_at: writeTime(first.createdAtMs),
    updated_at: writeTime(updatedAtMs),
  };
}

function writeDelay({ dialectData: { captureDelay }, createdAtMs }: OperationView): Json {
  const delayMs = captureDelay === undefined ? undefined : parseDelay(captureDelay);
  return delayMs === undefined ? {} : { capture_delay: captureDelay, capture_at: writeTime(createdAtMs + delayMs) };
}

/** An act in the list of its payment. */
export function writeAct(channel: Channel, operation: OperationView): Json {
  const { kind, operationId, amount, currency, merchantReference, dialectData } = operation;
  const [name, prefix] = isAct(kind) ? actNames[kind] : (['payment', 'pay'] as const);
  return {
    id: toWireId(prefix, operationId),
    type: name,
    amount: writeAmount(channel, amount, currency),
    currency,
    status: statusOfAct(operation),
    ...(merchantReference === undefined ? {} : { reference: merchantReference }),
    ...(dialectData.reason === undefined ? {} : { reason: dialectData.reason }),
    ...writeResult(operation),
    created_at: writeTime(operation.createdAtMs),
  };
}

/** Words of the protocol for how a refund stands. */
const refundStatuses = { processing: 'pending', succeeded: 'succeeded', failed: 'failed' } as const;

export function writeRefund(channel: Channel, first: Pick<OperationView, 'operationId'>, refund: OperationView): Json {
  const { type, ...act } = writeAct(channel, refund);
  return { ...act, payment_id: toWireId('pay', first.operationId), status: refundStatuses[statusOfAct(refund)] };
}

function writeMethod({ card, token, dialectData }: OperationView): Json {
  if (card === undefined) return {};
  const id = token === undefined ? {} : { id: toMethodId(token) };
  return { payment_method: { type: dialectData.methodType ?? 'card', ...writeCard(card), ...id } };
}

type Card = NonNullable<OperationView['card']>;

/** A stored card by itself. */
export function writeStoredCard({ token, card }: { readonly token: string; readonly card: Card }): Json {
  return { id: toMethodId(token), type: 'card', ...writeCard(card) };
}

function writeCard({ brand, bin, last4, expiry, holder }: Card): Json {
  const name = holder === undefined ? {} : { name: holder };
  return { scheme: brand, bin, last4, expiry_month: expiry.month, expiry_year: expiry.year, ...name };
}

function writePaymentData({ dialectData, networkReference, approvalCode, trace }: OperationView): Json {
  const { credential_on_file: onFile, ...said } = readGroup(dialectData, 'payment_data');
  return {
    ...said,
    ...(onFile === undefined ? {} : { credential_on_file: onFile === 'true' }),
    ...(networkReference === undefined ? {} : { network_reference: networkReference }),
    ...(approvalCode === undefined ? {} : { auth_code: approvalCode }),
    ...(trace === undefined ? {} : { retrieval_reference: trace.rrn }),
  };
}

/** Only where an issuer could be asked: a run without a version has spoken to nobody. */
function writeThreeDS({ authentication }: OperationView): Json {
  if (authentication === undefined || authentication.version === '') return {};
  const { version, transStatus, state, eci, dsTransactionId } = authentication;
  const status = transStatus ?? (state === 'challenged' ? 'C' : undefined);
  return {
    three_ds: {
      version,
      ...(status === undefined ? {} : { status }),
      ...(eci === undefined ? {} : { eci }),
      ...(dsTransactionId === undefined ? {} : { ds_transaction_id: dsTransactionId }),
    },
  };
}

function writeResult(operation: OperationView): Json {
  const result = resultOf(operation);
  if (result === undefined) return {};
  const [code, message] = result;
  // What a review has refused the acquirer had approved.
  const isRefusedHere = operation.state === 'approved' && stateShown(operation) === 'rejected';
  return {
    result: { code, message, ...(operation.responseCode === undefined || isRefusedHere ? {} : { scheme_code: operation.responseCode }) },
  };
}

function writeCustomer(data: OperationView['dialectData']): Json {
  const customer = readGroup(data, 'customer');
  return Object.keys(customer).length === 0 ? {} : { customer };
}

/** `metadata.key_1` and the like, back in an object. */
export function readGroup(data: Readonly<Record<string, string>>, group: string): Readonly<Record<string, string>> {
  const prefix = `${group}.`;
  return Object.fromEntries(
    Object.entries(data).flatMap(([name, value]) => (name.startsWith(prefix) ? [[name.slice(prefix.length), value] as const] : [])),
  );
}

/** Minor units; major ones, as a decimal number, where the channel is set so. */
export function writeAmount(channel: Channel, amount: number, currency: string): number {
  if (!policiesOf(channel).amountsAreMajor) return amount;
  const known = currencyOf(currency);
  return known === undefined ? amount : Number(formatDecimalAmount(amount, known));
}

/** ISO 8601, UTC. */
export function writeTime(epochMs: number): string {
  return new Date(epochMs).toISOString();
}

/** What a list shows of where it ends. */
export function writeList(data: readonly Json[], next: string | undefined): Json {
  return { data, has_more: next !== undefined, next_cursor: next ?? null };
}
