/** Payouts: what a request says of one, and its life, told from what has happened to it. */
import { brandOf, type CardBrand, isExpired, parsePan } from '../../core/instrument/card.ts';
import { maskCardNumbers } from '../../core/instrument/mask.ts';
import type { Instrument } from '../../core/payment/authorize-command.ts';
import type { CheckoutTerms } from '../../core/payment/checkout-terms.ts';
import type { OperationNode } from '../../core/payment/operation.ts';
import type { OrderView } from '../../core/payment/order.ts';
import type { CardProblem } from './card.ts';
import { type ClientDocument, readClient, writeClient } from './client.ts';
import { fieldsOf } from './fields.ts';
import { type Attempt, type EventType, failures, happeningsOf, isSame, type Until } from './history.ts';
import { shownId } from './ids.ts';
import { brandsIn, methodOf, payoutMethodNames } from './methods.ts';
import { type FieldErrors, Problem } from './problem.ts';
import { masked, readWhitelist } from './read.ts';
import { type Json, methodUsed, secondsOf, type Writing, writeAttempt, writeInstrument } from './write.ts';

/** Kept with the order as it is, and shown so. */
export interface PayoutDocument {
  readonly client: ClientDocument;
  readonly description: string;
  readonly senderName: string;
  readonly reference: string;
  readonly whitelist: readonly string[] | null;
  readonly referenceGenerated: string;
  /** Of the request, where that may be repeated. */
  readonly inputHash?: string;
}

export interface PayoutRequest {
  readonly brandId: string;
  /** Minor units. */
  readonly amount: number;
  readonly currency: string;
  readonly document: Omit<PayoutDocument, 'referenceGenerated'>;
}

/** Throws a {@link Problem} that names every field at fault. */
export function readPayout(body: Readonly<Record<string, unknown>>): PayoutRequest {
  const fields = fieldsOf(body);
  const brandId = fields.uuid('brand_id', { required: true, standard: '' });
  const clientInput = fields.object('client', { required: true });
  const paymentInput = fields.object('payment', { required: true });
  const senderName = fields.text('sender_name', { max: 128, standard: '' });
  const reference = fields.text('reference', { max: 128, standard: '' });
  const whitelist = readWhitelist(fields, body, 'payout_method_whitelist', payoutMethodNames);
  const errors: { [name: string]: FieldErrors[string] } = fields.errors;
  const client = clientInput === undefined ? undefined : readClient(clientInput);
  if (client !== undefined && Object.keys(client.errors).length > 0) errors.client = client.errors;
  const money = fieldsOf(paymentInput ?? {});
  const payment = {
    amount: money.integer('amount', { min: 1, required: true, standard: 0 }),
    currency: money.currency('currency'),
    description: money.text('description', { max: 256, standard: '' }),
  };
  if (paymentInput !== undefined && Object.keys(money.errors).length > 0) errors.payment = money.errors;
  if (Object.keys(errors).length > 0 || client === undefined) throw new Problem(400, errors);
  const { amount, currency, description } = payment;
  const said = masked({ description, senderName, client: client.client });
  return { ...{ brandId, amount, currency }, document: { ...said, reference: maskCardNumbers(reference), whitelist } };
}

export function payoutTermsOf(orderId: string, { amount, currency }: PayoutRequest, document: PayoutDocument): CheckoutTerms {
  const { reference, whitelist } = document;
  return {
    order: {
      ...{ kind: 'payout', amount, currency, tokenize: false, dialectData: { orderId } },
      ...(reference === '' ? {} : { merchantReference: reference }),
    },
    ...{ brands: brandsIn(whitelist), tokens: [], lines: [], document },
  };
}

export function payoutDocumentOf({ order }: OrderView): PayoutDocument {
  return order.terms.document as PayoutDocument;
}

const named = (field: string, code: string, message: string): CardProblem => ({ field, code, message });

const forms = {
  card_number: { form: /^\d{16,19}$/, expected: '16 to 19 digits without spaces' },
  cardholder_name: { form: /^[^\0]{1,30}$/, expected: '1 to 30 characters' },
  expiry_month: { form: /^(?:0?[1-9]|1[0-2])$/, expected: 'a month, 1 to 12' },
  expiry_year: { form: /^\d{1,2}$/, expected: 'the last two digits of a year' },
} as const;

/** What says that it is to go to a card. */
export const recipientFields: readonly string[] = Object.keys(forms);

/** Where the money is to go. `nowMs`: business time. */
export function readRecipient(
  input: Readonly<Record<string, unknown>>,
  nowMs: number,
): { readonly instrument: Instrument; readonly brand: CardBrand } | CardProblem {
  const texts: Record<string, string> = {};
  for (const [name, { form, expected }] of Object.entries(forms)) {
    const value = input[name];
    if (value === undefined || value === null || value === '')
      return named(name, `validation_${name}_not_provided`, `\`${name}\` is missing`);
    const text = typeof value === 'number' && name.startsWith('expiry') ? String(value) : value;
    if (typeof text !== 'string' || !form.test(text))
      return named(name, `validation_${name}_invalid`, `\`${name}\` is invalid: expected ${expected}`);
    texts[name] = text;
  }
  const { card_number: number = '', cardholder_name: holder = '', expiry_month: month, expiry_year: year } = texts;
  const expiry = { month: Number(month), year: 2000 + Number(year) };
  const pan = parsePan(number);
  const brand = pan === undefined ? 'unknown' : brandOf(pan);
  const summary = { brand, bin: number.slice(0, 6), last4: number.slice(-4), expiry, holder: maskCardNumbers(holder) };
  if (pan === undefined) return { instrument: { type: 'rejected', summary, reason: 'invalid_card_number' }, brand };
  if (isExpired(expiry, nowMs)) return { instrument: { type: 'rejected', summary, reason: 'card_expired' }, brand };
  return { instrument: { type: 'card', pan, summary }, brand };
}

export type PayoutStatus = 'initialized' | 'pending' | 'error' | 'success';

interface PayoutHistory {
  readonly status: PayoutStatus;
  readonly entries: readonly { readonly status: PayoutStatus; readonly atMs: number }[];
  /** Oldest first. */
  readonly attempts: readonly Attempt[];
  readonly paidBy?: OperationNode;
  readonly updatedAtMs: number;
  /** What the last happening is told as. */
  readonly events: readonly EventType[];
}

/** `nowMs`: business time. */
export function payoutHistoryOf(view: OrderView, nowMs: number, until?: Until): PayoutHistory {
  const { createdAtMs, expiresAtMs } = view.order;
  let told: PayoutHistory = { status: 'initialized', entries: [], attempts: [], updatedAtMs: createdAtMs, events: [] };
  for (const happening of happeningsOf(view)) {
    const { atMs } = happening;
    if (happening.about === 'payment') told = paid(told, happening);
    else if (happening.event.name === 'created') {
      told = { ...told, events: ['payout.created'], entries: [{ status: 'initialized', atMs }] };
    } else {
      told = happening.event.name === 'expired' ? late(view, told, atMs) : { ...told, events: [] };
    }
    if (until !== undefined && isSame(happening, until)) return told;
  }
  return expiresAtMs !== undefined && nowMs >= expiresAtMs ? late(view, told, expiresAtMs) : told;
}

/** Nobody has said in time where it is to go. What was tried tells by itself what came of it. */
function late({ paymentEvents }: OrderView, told: PayoutHistory, atMs: number): PayoutHistory {
  if (told.status !== 'initialized' || paymentEvents.length > 0) return { ...told, events: [] };
  return { ...told, status: 'error', events: ['payout.failed'], updatedAtMs: atMs, entries: [...told.entries, { status: 'error', atMs }] };
}

function paid(
  before: PayoutHistory,
  { name, operation, atMs }: { readonly name: string; readonly operation: OperationNode; readonly atMs: number },
): PayoutHistory {
  const [, outcome = ''] = name.split('.');
  const become = (status: PayoutStatus, event: EventType): PayoutHistory => ({
    ...{ ...before, status, events: [event], updatedAtMs: atMs, entries: [...before.entries, { status, atMs }] },
    ...(status === 'pending' ? {} : { attempts: [...before.attempts, { operation, succeeded: status === 'success', atMs }] }),
  });
  if (outcome === 'approved') return { ...become('success', 'payout.success'), paidBy: operation };
  if (outcome === 'unknown' || outcome === 'pending') {
    // A bank may first not answer, and then not have decided: that is one wait.
    return before.status === 'pending' ? { ...before, events: [] } : become('pending', 'payout.pending');
  }
  return failures.includes(outcome) ? become('error', 'payout.failed') : { ...before, events: [] };
}

export function payoutUrl(publicUrl: string, payoutId: string): string {
  return `${publicUrl}/po/${payoutId}/`;
}

/** What the receiver of a transfer reads. */
export function purposeOf({ description, reference, referenceGenerated }: PayoutDocument): string {
  return [description, reference].find((text) => text.trim() !== '') ?? referenceGenerated;
}

export function writePayout(view: OrderView, { mode, channel, publicUrl, nowMs, until }: Writing): Json {
  const { order } = view;
  const document = payoutDocumentOf(view);
  const { status, entries, attempts, paidBy, updatedAtMs } = payoutHistoryOf(view, nowMs, until);
  const { amount, currency } = order.terms.order;
  const isLate = order.expiresAtMs !== undefined && nowMs >= order.expiresAtMs;
  const isOpen = (status === 'initialized' || status === 'error') && !isLate;
  const paidOn = status === 'success' ? secondsOf(updatedAtMs) : null;
  return {
    ...{ id: order.checkoutId, type: 'payout', created_on: secondsOf(order.createdAtMs), updated_on: secondsOf(updatedAtMs) },
    ...{ status, status_history: entries.map(({ status: was, atMs }) => ({ status: was, timestamp: secondsOf(atMs) })) },
    ...{ is_test: mode === 'sandbox', company_id: shownId(channel.merchantId), brand_id: channel.wireId, user_id: null },
    client: writeClient(document.client),
    payment: {
      ...{ is_outgoing: true, payment_type: 'payout', amount, currency, net_amount: amount, fee_amount: 0, pending_amount: 0 },
      ...{ pending_unfreeze_on: null, description: document.description, paid_on: paidOn, remote_paid_on: paidOn },
      ...{ owned_bank_account: null, owned_bank_account_id: null, owned_bank_code: null },
    },
    ...{ sender_name: document.senderName, reference: document.reference, reference_generated: document.referenceGenerated },
    transaction_data: {
      ...{
        payment_method: paidBy === undefined ? '' : methodUsed(paidBy),
        flow: 'api',
        extra: paidBy === undefined ? {} : writeInstrument(paidBy),
        country: '',
      },
      attempts: attempts.map(writeAttempt).toReversed(),
    },
    ...{
      recipient_card_country: '',
      recipient_card_brand: paidBy?.card === undefined ? '' : methodOf(paidBy.card.brand),
      payout_method_whitelist: document.whitelist,
    },
    execution_url: isOpen ? payoutUrl(publicUrl, order.checkoutId) : null,
  };
}
