/** Purchases, and the payments that refunds are, as the platform shows them. Every key is always there. */
import type { CardSummary } from '../../core/instrument/card.ts';
import type { TokenAct } from '../../core/instrument/token.ts';
import type { Channel } from '../../core/merchant/channel.ts';
import type { OperationNode } from '../../core/payment/operation.ts';
import type { OrderView } from '../../core/payment/order.ts';
import { refundAsAsked } from '../../core/payment/refund-in-parts.ts';
import type { Mode } from '../dialect.ts';
import { writeClient } from './client.ts';
import { type Attempt, type History, historyOf, payable, type Until } from './history.ts';
import { shownId } from './ids.ts';
import { accountPayouts, methodNamed, methodOf } from './methods.ts';
import type { PurchaseDocument } from './read.ts';
import { attemptErrorOf } from './refusals.ts';

export type Json = { readonly [name: string]: unknown };

export interface Writing {
  readonly mode: Mode;
  readonly channel: Pick<Channel, 'merchantId' | 'wireId' | 'name'>;
  /** Scheme, host and port of the gateway. */
  readonly publicUrl: string;
  /** Business time, epoch ms. */
  readonly nowMs: number;
  readonly until?: Until;
}

export const secondsOf = (ms: number): number => Math.floor(ms / 1_000);

export function documentOf({ order }: OrderView): PurchaseDocument {
  return order.terms.document as PurchaseDocument;
}

/** The address of a purchase; nothing is in its query. */
export function purchaseUrl(publicUrl: string, purchaseId: string): string {
  return `${publicUrl}/p/${purchaseId}/`;
}

export function writePurchase(view: OrderView, writing: Writing): Json {
  const history = historyOf(view, writing.nowMs, writing.until);
  const { order } = view;
  const document = documentOf(view);
  const { status, paidBy } = history;
  const { amount, currency } = order.terms.order;
  const isPaid = history.paidAtMs !== undefined;
  const refundable = isPaid && !history.isMarkedAsPaid ? history.taken - history.refunded : 0;
  const url = purchaseUrl(writing.publicUrl, order.checkoutId);
  const canRefund = refundable > 0 && status !== 'pending_refund' && status !== 'chargeback';
  return {
    ...{ id: order.checkoutId, type: 'purchase', created_on: secondsOf(order.createdAtMs), updated_on: secondsOf(history.updatedAtMs) },
    ...{ status, status_history: history.entries.map(writeEntry), is_test: writing.mode === 'sandbox' },
    ...{ company_id: shownId(writing.channel.merchantId), brand_id: writing.channel.wireId, user_id: null },
    client: writeClient(document.client),
    client_id: document.clientId,
    purchase: { ...document.purchase, currency, total: amount },
    payment: isPaid ? writePayment(history, { amount, currency }) : null,
    issuer_details: writeIssuer(writing.channel.name),
    transaction_data: writeTransaction(history),
    viewed_on: history.viewedAtMs === undefined ? null : secondsOf(history.viewedAtMs),
    ...{ billing_template_id: document.billing?.templateId ?? null, order_id: null },
    is_recurring_token: view.keptToken !== undefined,
    recurring_token: paidBy?.dialectData.recurringToken ?? null,
    ...document.top,
    ...{ reference_generated: document.referenceGenerated, issued: document.issued, due: document.due },
    ...{ refund_availability: canRefund ? 'all' : 'none', refundable_amount: refundable, currency_conversion: null },
    ...{ product: productOf(view), created_from_ip: document.createdFromIp },
    invoice_url: document.billing === undefined ? null : `${url}invoice/`,
    checkout_url: payable.includes(status) ? url : `${url}invoice/`,
    ...directPost(view, history, url),
    marked_as_paid: history.isMarkedAsPaid,
    ...{ can_retrieve: canRefund, can_chargeback: canRefund, can_reverse_chargeback: status === 'chargeback' },
    ...{ upsell_campaigns: [], referral_campaign_id: null, referral_code: null, referral_code_details: null },
    ...{ referral_code_generated: null, retain_level_details: null, notes: document.purchase.notes },
  };
}

/** What could not be charged, and is mailed instead, is an invoice. */
function productOf(view: OrderView): string {
  const { billing } = documentOf(view);
  if (billing === undefined) return 'purchases';
  const isInvoice = billing.mailsOnFailure && view.events.some(({ name }) => name === 'charge_failed');
  return isInvoice ? 'billing_subscriptions_invoice' : billing.product;
}

/** Absent for a reason, and the reason is told. */
function directPost(view: OrderView, { status, attempts }: History, url: string): Json {
  const { top, purchase } = documentOf(view);
  const isTried = view.order.terms.singleAttempt === true && attempts.length > 0;
  const reason = !payable.includes(status)
    ? `a purchase that is ${status} cannot be paid`
    : purchase.request_client_details.length > 0
      ? 'request_client_details asks for more than a card'
      : top.success_redirect === '' || top.failure_redirect === ''
        ? 'success_redirect and failure_redirect are needed'
        : isTried
          ? 'single_attempt allows no second one'
          : undefined;
  return reason === undefined ? { direct_post_url: url } : { direct_post_url: null, direct_post_unavailable_reason: reason };
}

function writeEntry({ status, atMs, related }: History['entries'][number]): Json {
  return { status, timestamp: secondsOf(atMs), ...(related === undefined ? {} : { related_object: related }) };
}

function writePayment(
  { taken, paidAtMs = 0, paidBy, isMarkedAsPaid }: History,
  order: { readonly amount: number; readonly currency: string },
): Json {
  const amount = isMarkedAsPaid ? order.amount : taken;
  const charged =
    paidBy?.bank !== undefined ? 'bank_payment' : paidBy?.dialectData.recurringToken === undefined ? 'purchase' : 'purchase_charge';
  return {
    ...{ is_outgoing: false, payment_type: isMarkedAsPaid ? 'custom' : charged, amount, currency: order.currency, net_amount: amount },
    ...{ fee_amount: 0, pending_amount: 0, pending_unfreeze_on: null, description: '' },
    ...{ paid_on: secondsOf(paidAtMs), remote_paid_on: secondsOf(paidAtMs) },
    ...{ owned_bank_account: null, owned_bank_account_id: null, owned_bank_code: null },
  };
}

function writeIssuer(name: string): Json {
  return {
    ...{ website: '', brand_name: name, legal_name: name, legal_street_address: '', legal_city: '', legal_zip_code: '', legal_country: '' },
    ...{ registration_number: '', tax_number: '', bank_accounts: [] },
  };
}

function writeTransaction({ paidBy, kept, attempts }: History): Json {
  if (kept?.card !== undefined) return writeKept(kept, kept.card);
  const last = attempts.findLast(({ operation }) => operation.targetId === undefined)?.operation;
  return {
    payment_method: paidBy === undefined ? '' : methodUsed(paidBy),
    flow: (paidBy ?? last)?.dialectData.flow ?? 'payform',
    extra: paidBy === undefined ? {} : writeInstrument(paidBy),
    country: '',
    attempts: attempts.map(writeAttempt).toReversed(),
  };
}

/** A card that was kept without a payment: nobody was asked, and it counts as an authorization that succeeded. */
function writeKept({ dialectData, createdAtMs }: TokenAct, card: CardSummary): Json {
  const { flow = 'payform', clientIp = null } = dialectData;
  const used = { payment_method: methodOf(card.brand), flow, extra: writeCard(card, false), country: '' };
  const outcome = { type: 'authorize', successful: true, error: null };
  const attempt = { client_ip: clientIp, fee_amount: 0, processing_time: secondsOf(createdAtMs), processing_tx_id: '' };
  return { ...used, attempts: [{ ...outcome, ...used, ...attempt }] };
}

export function methodUsed({ card, bank, account }: OperationNode): string {
  if (account !== undefined) return accountPayouts;
  return card === undefined ? methodNamed(bank?.method ?? '') : methodOf(card.brand);
}

/** Of a bank account no more than its end is known. */
export function writeInstrument({ card, authentication, account, dialectData }: OperationNode): Json {
  if (account !== undefined) {
    const { holder, last4 } = account;
    return { masked_account_number: `******${last4}`, bank_code: dialectData.bankCode ?? '', recipient_name: holder };
  }
  if (card === undefined) return {};
  return writeCard(card, authentication?.state === 'authenticated' || authentication?.state === 'attempted');
}

function writeCard({ bin, last4, holder, expiry, brand }: CardSummary, isAuthenticated: boolean): Json {
  return {
    ...{ masked_pan: `${bin}******${last4}`, card_brand: methodOf(brand), card_type: '', card_issuer: '', card_issuer_country: '' },
    ...{ cardholder_name: holder ?? '', expiry_month: expiry.month, expiry_year: expiry.year % 100 },
    three_d_secure: isAuthenticated,
  };
}

function typeOf({ kind, dialectData, bank }: OperationNode): string {
  switch (kind) {
    case 'payout':
      return 'execute';
    case 'debit':
      return dialectData.recurringToken === undefined ? 'execute' : 'recurring_execute';
    case 'preauthorization':
      if (bank !== undefined) return 'execute';
      return dialectData.recurringToken === undefined ? 'authorize' : 'recurring_execute';
    case 'capture':
      return 'capture';
    case 'reversal':
      return 'release';
    case 'refund':
      return 'refund';
    default:
      return kind;
  }
}

export function writeAttempt({ operation, succeeded, atMs }: Attempt): Json {
  const { dialectData, targetId } = operation;
  // Of a payment it is written with it, unless it comes from the hosted page; acts upon one are asked for by the API.
  const flow = dialectData.flow ?? (targetId === undefined ? 'payform' : 'api');
  return {
    ...{ type: typeOf(operation), successful: succeeded, error: succeeded ? null : attemptErrorOf(operation) },
    ...{ payment_method: methodUsed(operation), extra: writeInstrument(operation), country: '' },
    ...{ client_ip: dialectData.clientIp ?? null, flow, fee_amount: 0, processing_time: secondsOf(atMs) },
    processing_tx_id: operation.trace?.rrn ?? '',
  };
}

/** A refund as it was asked for, whole, also where it was made in parts; undefined: there is none of this id. */
export function refundIn({ payments }: OrderView, operationId: string): OperationNode | undefined {
  for (const tree of payments) {
    const operation = tree.operations.find((one) => one.operationId === operationId);
    if (operation !== undefined) return refundAsAsked(tree, operation);
  }
  return undefined;
}

/** The refund itself, as `refund/` answers and its events tell it. */
export function writeRefund(view: OrderView, operation: OperationNode, writing: Writing): Json {
  const { order } = view;
  const document = documentOf(view);
  const { amount, currency, createdAtMs, operationId } = operation;
  const at = secondsOf(createdAtMs);
  const reference = document.top.reference;
  return {
    ...{ id: shownId(operationId), type: 'payment', status: 'success', is_test: writing.mode === 'sandbox', user_id: null },
    client: { ...writeClient(document.client), client_id: null, first_name: '', last_name: '' },
    payment: {
      ...{ is_outgoing: true, payment_type: 'refund', amount, currency, net_amount: amount, fee_amount: 0, pending_amount: 0 },
      ...{ pending_unfreeze_on: null, description: `Refund: ${reference === '' ? document.referenceGenerated : reference}`, paid_on: at },
      ...{ remote_paid_on: at, owned_bank_account: null, owned_bank_account_id: null, owned_bank_code: null },
    },
    ...{ reference: '', reference_generated: '', company_id: shownId(writing.channel.merchantId), brand_id: writing.channel.wireId },
    ...{ account_id: null, created_on: at, updated_on: at, fee_amount: 0 },
    related_to: { id: order.checkoutId, type: 'purchase', reference },
    ...{ account_extra: {}, account_fx_rate: null, account_fx_currency: null, account_fx_buy_amount: null },
    transaction_data: {
      ...{ flow: 'api', extra: { ...writeInstrument(operation), amount }, country: '' },
      payment_method: methodUsed(operation),
    },
    ...{ audit_log_entries: [], currency_conversion: null, refund_availability: 'none' },
  };
}
