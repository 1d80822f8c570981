/**
 * The life of a purchase, told from what has happened to the order and to its payments: one list in the order of time, from which status, history,
 * amounts and events all follow. A message about an event is made from the list up to that event, so it says what was true then.
 */
import type { TokenAct } from '../../core/instrument/token.ts';
import type { CheckoutEventRecord } from '../../core/payment/checkout-terms.ts';
import type { OperationNode } from '../../core/payment/operation.ts';
import type { OrderView } from '../../core/payment/order.ts';
import { firstPartOf, isLaterPart } from '../../core/payment/refund-in-parts.ts';
import { isCapturedAfterReview } from '../../core/risk/review.ts';
import { isRiskReason } from '../../core/risk/rule.ts';
import { shownId } from './ids.ts';

export type Status =
  | 'created'
  | 'sent'
  | 'viewed'
  | 'error'
  | 'cancelled'
  | 'overdue'
  | 'expired'
  | 'hold'
  | 'released'
  | 'pending_release'
  | 'pending_capture'
  | 'preauthorized'
  | 'paid'
  | 'pending_execute'
  | 'pending_charge'
  | 'chargeback'
  | 'pending_refund'
  | 'refunded';

export const payable: readonly Status[] = ['created', 'sent', 'viewed', 'error', 'overdue'];

export type EventType = `purchase.${string}` | `payment.${string}` | `payout.${string}` | `billing_template_client.${string}`;

/** What a purchase has come from that is not the merchant's own request. */
export interface Billed {
  readonly templateId: string | null;
  readonly product: 'billing_invoices' | 'billing_subscriptions' | 'billing_subscriptions_invoice';
  /** The payer was mailed when it was made, or is when a charge fails. */
  readonly isSent: boolean;
  readonly mailsOnFailure: boolean;
}

/** What one happening makes of the purchase; without a status it stays. */
interface Change {
  readonly status?: Status;
  readonly events: readonly EventType[];
  readonly related?: { readonly type: 'payment'; readonly id: string };
}

type Happening =
  | { readonly about: 'order'; readonly event: CheckoutEventRecord; readonly atMs: number }
  | {
      readonly about: 'payment';
      readonly paymentId: string;
      readonly sequence: number;
      readonly name: string;
      readonly operation: OperationNode;
      readonly atMs: number;
    };

export interface Entry {
  readonly status: Status;
  readonly atMs: number;
  readonly related?: Change['related'];
}

/** A try of something, with its outcome. */
export interface Attempt {
  readonly operation: OperationNode;
  readonly succeeded: boolean;
  readonly atMs: number;
}

export interface History {
  readonly status: Status;
  readonly entries: readonly Entry[];
  /** Oldest first. */
  readonly attempts: readonly Attempt[];
  /** The first operation of the payment that succeeded. */
  readonly paidBy?: OperationNode;
  /** Nothing was to be paid: the card that was kept instead. */
  readonly kept?: TokenAct;
  readonly paidAtMs?: number;
  /** Minor units. */
  readonly taken: number;
  readonly refunded: number;
  readonly isMarkedAsPaid: boolean;
  readonly viewedAtMs?: number;
  readonly updatedAtMs: number;
  /** What the last happening is told as. */
  readonly events: readonly EventType[];
}

/** Up to which event the story is told; absent: all of it. */
export type Until =
  | { readonly about: 'order'; readonly sequence: number }
  | { readonly about: 'payment'; readonly paymentId: string; readonly sequence: number };

/** `nowMs`: business time, for what is due by now. */
export function historyOf(view: OrderView, nowMs: number, until?: Until): History {
  let told = started(view);
  for (const happening of happeningsOf(view)) {
    told = after(due(view, told, happening.atMs), happening, billingOf(view));
    if (until !== undefined && isSame(happening, until)) return declared(view, told);
  }
  return declared(view, due(view, preauthorized(view, told), nowMs));
}

/** Money that came elsewhere came when the merchant says. */
function declared({ order: { declaredPaidAtMs } }: OrderView, told: History): History {
  return told.isMarkedAsPaid && declaredPaidAtMs !== undefined ? { ...told, paidAtMs: declaredPaidAtMs } : told;
}

/** A card was kept, and nothing was to be paid. */
function preauthorized({ kept }: OrderView, told: History): History {
  if (kept === undefined) return told;
  const status = 'preauthorized';
  const { createdAtMs: atMs } = kept;
  return { ...told, status, kept, entries: [...told.entries, { status, atMs }], updatedAtMs: atMs, events: ['purchase.preauthorized'] };
}

export function isSame(happening: Happening, until: Until): boolean {
  if (happening.about === 'order') return until.about === 'order' && happening.event.sequence === until.sequence;
  return until.about === 'payment' && happening.paymentId === until.paymentId && happening.sequence === until.sequence;
}

function started({ order }: OrderView): History {
  return {
    ...{ status: 'created', entries: [], attempts: [], taken: 0, refunded: 0, isMarkedAsPaid: false },
    ...{ updatedAtMs: order.createdAtMs, events: [] },
  };
}

export function happeningsOf({ events, payments, paymentEvents }: OrderView): readonly Happening[] {
  const operations = new Map(payments.flatMap((tree) => tree.operations).map((operation) => [operation.operationId, operation]));
  const ofPayments = paymentEvents.flatMap(({ paymentId, operationId, event }): Happening[] => {
    const operation = operations.get(operationId);
    const { sequence, name, happenedAtMs: atMs } = event;
    return operation === undefined ? [] : [{ about: 'payment', paymentId, sequence, name, operation, atMs }];
  });
  const ofOrder = events.map((event): Happening => ({ about: 'order', event, atMs: event.happenedAtMs }));
  // What happens to an order by itself is before its payments, unless it follows from them or ends it.
  const [early, late] = [ofOrder.filter((one) => !isLate(one)), ofOrder.filter(isLate)];
  return [...early, ...ofPayments, ...late].toSorted((a, b) => a.atMs - b.atMs);
}

function isLate(happening: Happening): boolean {
  return happening.about === 'order' && happening.event.name !== 'created' && happening.event.name !== 'viewed';
}

function billingOf({ order }: OrderView): Billed | undefined {
  return (order.terms.document as { readonly billing?: Billed }).billing;
}

function after(before: History, happening: Happening, billing: Billed | undefined): History {
  const change = happening.about === 'order' ? orderChange(before, happening.event, billing) : paymentChange(before, happening);
  const { status, events, related } = change;
  const entry = status === undefined ? [] : [{ status, atMs: happening.atMs, ...(related === undefined ? {} : { related }) }];
  const moved = { ...before, events, entries: [...before.entries, ...entry], ...(status === undefined ? {} : { status }) };
  const updated = status === undefined && events.length === 0 ? {} : { updatedAtMs: happening.atMs };
  return { ...moved, ...updated, ...(happening.about === 'order' ? ofOrder(before, happening.event) : ofPayment(before, happening)) };
}

function ofOrder({ viewedAtMs }: History, { name, happenedAtMs }: CheckoutEventRecord): Partial<History> {
  if (name === 'viewed' && viewedAtMs === undefined) return { viewedAtMs: happenedAtMs };
  return name === 'declared_paid' ? { isMarkedAsPaid: true, paidAtMs: happenedAtMs } : {};
}

function orderChange({ status }: History, { name }: CheckoutEventRecord, billing: Billed | undefined): Change {
  switch (name) {
    case 'created':
      return { status: billing?.isSent === true ? 'sent' : 'created', events: ['purchase.created'] };
    case 'viewed':
      return { ...(status === 'created' || status === 'sent' ? { status: 'viewed' } : {}), events: ['purchase.viewed'] };
    case 'charge_failed': {
      const isSent = billing?.mailsOnFailure === true && payable.includes(status) && status !== 'sent';
      return { ...(isSent ? { status: 'sent' } : {}), events: ['purchase.subscription_charge_failure'] };
    }
    case 'cancelled':
      return { status: 'cancelled', events: ['purchase.cancelled'] };
    case 'declared_paid':
      return { status: 'paid', events: ['purchase.paid'] };
    // Its status follows from its due date, and the protocol has no event for it.
    case 'expired':
      return { events: [] };
  }
}

type Paying = Extract<Happening, { about: 'payment' }>;

export const failures = ['declined', 'rejected', 'failed', 'undone'];

function ofPayment(before: History, { name, operation, atMs }: Paying): Partial<History> {
  const [, outcome = ''] = name.split('.');
  // A transfer has come, all of it or a part; nobody was asked for it.
  if (name === 'receipt.posted') {
    const taken = before.taken + operation.amount;
    return { taken, ...(isWhole(before, taken) ? { paidAtMs: atMs } : {}) };
  }
  const isOver = outcome === 'approved' || failures.includes(outcome);
  if (!isOver || isRest(before, operation)) return {};
  const succeeded = outcome === 'approved';
  const attempts = [...before.attempts, { operation, succeeded, atMs }];
  if (!succeeded) return { attempts };
  const { kind, amount } = operation;
  switch (kind) {
    case 'preauthorization':
      return { attempts, paidBy: operation };
    case 'debit':
      return { attempts, paidBy: operation, paidAtMs: atMs, taken: before.taken + amount };
    case 'capture':
      return { attempts, paidAtMs: atMs, taken: before.taken + amount };
    case 'refund':
      return { attempts, refunded: before.refunded + amount };
    default:
      return { attempts };
  }
}

function isWhole({ paidBy }: History, taken: number): boolean {
  return paidBy !== undefined && taken >= paidBy.amount;
}

/** What a capture left was released, or what a review has declined: nothing that the merchant asked for. */
function isRest({ taken }: History, { kind, reason }: OperationNode): boolean {
  return kind === 'reversal' && (taken > 0 || isRiskReason(reason));
}

function paymentChange(before: History, { name, operation }: Paying): Change {
  const [kind = '', outcome = ''] = name.split('.');
  if (isRest(before, operation)) return { events: [] };
  const isPending = outcome === 'unknown' || outcome === 'pending' || outcome === 'in_review';
  const hasFailed = failures.includes(outcome);
  switch (kind) {
    case 'debit':
    case 'preauthorization':
      return firstChange(before, { operation, kind, outcome, isPending, hasFailed });
    case 'receipt':
      return outcome === 'posted' && isWhole(before, before.taken + operation.amount)
        ? { status: 'paid', events: ['purchase.paid'] }
        : { events: [] };
    case 'capture':
      if (isPending) return { status: 'pending_capture', events: ['purchase.pending_capture'] };
      if (outcome === 'approved') return { status: 'paid', events: ['purchase.captured', 'purchase.paid'] };
      return hasFailed ? { ...back(before), events: ['purchase.capture_failure'] } : { events: [] };
    case 'reversal':
      if (isPending) return { status: 'pending_release', events: ['purchase.pending_release'] };
      if (outcome === 'approved') return { status: 'released', events: ['purchase.released'] };
      return hasFailed ? { ...back(before), events: ['purchase.release_failure'] } : { events: [] };
    case 'refund':
      if (isPending) return { status: 'pending_refund', events: ['purchase.pending_refund'] };
      if (outcome === 'approved') {
        if (isToldWithFirstPart(before, operation)) return { events: [] };
        const related = { type: 'payment', id: shownId(firstPartOf(operation)) } as const;
        return { status: 'refunded', events: ['payment.refunded'], related };
      }
      return hasFailed ? { ...back(before), events: ['purchase.refund_failure'] } : { events: [] };
    case 'chargeback':
      return outcome === 'posted' ? { status: 'chargeback', events: ['payment.charged_back'] } : { events: [] };
    case 'chargeback_reversal':
      return outcome === 'posted' ? { status: 'paid', events: ['payment.chargeback_reversed'] } : { events: [] };
    default:
      return { events: [] };
  }
}

/** A transfer that came in parts is given back in parts, and that is one refund: its first part tells of all. */
function isToldWithFirstPart({ status, attempts }: History, operation: OperationNode): boolean {
  if (!isLaterPart(operation)) return false;
  const first = firstPartOf(operation);
  return status === 'refunded' || !attempts.some(({ operation: { operationId } }) => operationId === first);
}

interface First {
  readonly operation: OperationNode;
  readonly kind: 'debit' | 'preauthorization';
  readonly outcome: string;
  readonly isPending: boolean;
  readonly hasFailed: boolean;
}

function firstChange({ status }: History, { operation, kind, outcome, isPending, hasFailed }: First): Change {
  // A transfer was ordered: its money is still to come.
  const isOrdered = outcome === 'approved' && kind === 'preauthorization' && operation.bank !== undefined;
  if (isPending || isOrdered) {
    if (status === 'pending_execute') return { events: [] };
    return operation.dialectData.recurringToken === undefined
      ? { status: 'pending_execute', events: ['purchase.pending_execute'] }
      : { status: 'pending_charge', events: ['purchase.pending_charge'] };
  }
  if (outcome === 'approved') {
    if (kind === 'debit') return { status: 'paid', events: ['purchase.paid'] };
    // What a review has let through is charged next.
    return isCapturedAfterReview(operation) ? { events: [] } : { status: 'hold', events: ['purchase.hold'] };
  }
  return hasFailed ? { status: 'error', events: ['purchase.payment_failure'] } : { events: [] };
}

const passing: readonly Status[] = ['pending_capture', 'pending_release', 'pending_refund', 'pending_execute', 'pending_charge'];

/** What failed leaves the purchase as it was before it was pending; nothing, where it never was. */
function back({ status, entries }: History): Pick<Change, 'status'> {
  if (!passing.includes(status)) return {};
  const last = entries.findLast((entry) => !passing.includes(entry.status));
  return last === undefined ? {} : { status: last.status };
}

/** What is past its due date by then and not paid; strictly, it cannot be paid any more. */
function due({ order }: OrderView, told: History, nowMs: number): History {
  const { document } = order.terms as {
    readonly document?: { readonly due?: number; readonly purchase?: { readonly due_strict?: boolean } };
  };
  const dueMs = (document?.due ?? Number.MAX_SAFE_INTEGER) * 1_000;
  if (!payable.includes(told.status) || nowMs < dueMs) return told;
  const status = document?.purchase?.due_strict === true ? 'expired' : 'overdue';
  // Once overdue, it is what became of it since.
  if (told.entries.length === 0 || told.entries.some((entry) => entry.status === status)) return told;
  const atMs = Math.max(dueMs, told.entries.at(-1)?.atMs ?? 0);
  return { ...told, status, entries: [...told.entries, { status, atMs }] };
}
