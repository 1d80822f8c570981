/**
 * What a bank reports becomes outcomes and receipts of the payment it is about. A report is a fact and may come at any time, twice, or late: each part
 * of it is recorded once. What a receipt brings that the merchant has declared already is confirmed instead of counted again.
 */
import { outcomeOf, recordSurely } from '../payment/conclude.ts';
import type { Engine } from '../payment/engine.ts';
import { isFirstKind, type OperationView } from '../payment/operation.ts';
import type { OutcomeToRecord } from '../ports/outcome.ts';
import { type OperationEvent, operationTransitions } from '../states/operation.ts';
import { type BankReport, routingNumberIn } from './bank.ts';

/** How often the payment is read again when somebody else has changed it meanwhile. */
const triesAtMost = 8;

/** `unmatched`: it is about nothing here. */
export type ReportOutcome = 'taken' | 'unmatched';

/** A report that the bank has sent by itself. Rejects when it could not be recorded now: the bank tells it again. */
export async function takeBankNotice(engine: Engine, report: BankReport): Promise<ReportOutcome> {
  const routingNumber = routingNumberIn(report.reference);
  const found = routingNumber === undefined ? undefined : await engine.store.findByTrace({ routingNumber, rrn: report.reference });
  if (found === undefined) return unmatched(engine, report, 'no operation has this reference');
  return takeBankReport(engine, found, report);
}

/** Why a payment was called off at the bank. */
export interface Cause {
  readonly canceledBecause: 'shopper_timed_out' | 'shopper_canceled';
}

/** The bank itself calls off only what nobody has paid in its time. */
const ownTime: Cause = { canceledBecause: 'shopper_timed_out' };

/** A report about a payment that is known. */
export async function takeBankReport(
  engine: Engine,
  view: OperationView,
  report: BankReport,
  cause: Cause = ownTime,
): Promise<ReportOutcome> {
  if ((view.bank === undefined && view.account === undefined) || !isFirstKind(view.kind))
    return unmatched(engine, report, 'the operation was not sent to a bank');
  if (report.amount !== undefined && (report.amount !== view.amount || report.currency !== view.currency)) {
    return unmatched(engine, report, 'the amount is another one');
  }
  await followState(engine, view, { report, cause });
  if (view.kind === 'preauthorization') {
    for (const receipt of report.receipts) await takeReceipt(engine, view, receipt);
  } else if (report.receipts.length > 0 && (report.state === 'canceled' || report.state === 'refused')) {
    const fields = { operationId: view.operationId, reference: report.reference, state: report.state };
    engine.log.error(fields, 'money has come for a payment that does not stand; an operator has to look at it');
  }
  return 'taken';
}

/** What the bank's state means for the operation; undefined: nothing that it does not know. */
function meantBy({ kind, state, reason }: OperationView, report: BankReport): OperationEvent | undefined {
  const isOrder = kind === 'preauthorization';
  const isTakenUp = state === 'pending';
  if (kind === 'payout' && report.state === 'deferred') return isTakenUp ? undefined : 'hand_over';
  switch (report.state) {
    case 'open':
      return isTakenUp ? undefined : 'hand_over';
    case 'deferred':
      // The order itself is what was asked for; its money comes in receipts.
      if (isOrder) return 'approve';
      if (!isTakenUp) return 'hand_over';
      return reason === 'payment_deferred' ? undefined : 'defer';
    case 'paid':
      return 'approve';
    case 'refused':
    case 'canceled':
      return 'decline';
  }
}

async function followState(
  engine: Engine,
  { merchantId, operationId }: OperationView,
  { report, cause }: { readonly report: BankReport; readonly cause: Cause },
): Promise<void> {
  for (let attempt = 1; attempt <= triesAtMost; attempt += 1) {
    const view = await engine.store.findOperation({ merchantId, operationId });
    if (view === undefined) throw new Error(`operation ${operationId} cannot be read`);
    const event = meantBy(view, report);
    if (event === undefined || operationTransitions.next(view.state, event) === undefined) return;
    const { applied } = await recordSurely(engine, bankOutcome(view, event, report, cause));
    // A payment that is deferred before it was taken up takes two steps.
    if (applied && !(event === 'hand_over' && report.state === 'deferred')) return;
  }
  throw new Error(`operation ${operationId} changes all the time`);
}

function declinedBecause({ state }: BankReport, { canceledBecause }: Cause): NonNullable<OutcomeToRecord['reason']> {
  return state === 'canceled' ? canceledBecause : 'shopper_canceled';
}

/** A transfer that was called off is one that the bank has never seen. */
function declinedFor({ kind }: OperationView, report: BankReport, cause: Cause): OutcomeToRecord['reason'] {
  if (kind !== 'payout') return declinedBecause(report, cause);
  const { state, reason } = report;
  return state === 'canceled' ? 'acquirer_unreachable' : (reason ?? 'unspecified');
}

/** When the bank is asked by itself, should its notification not come; while a shopper may be there, and when the money may take days. */
const lookAgainMs = { open: 15_000, deferred: 300_000 } as const;

/** The outcome that a state of the bank means for an operation as it is now. */
export function bankOutcome(view: OperationView, event: OperationEvent, report: BankReport, cause: Cause = ownTime): OutcomeToRecord {
  const base = outcomeOf({ view }, { outcome: 'unknown', cause: 'report' });
  const { resolveAfterMs, ...decided } = base;
  const reason = event === 'defer' ? 'payment_deferred' : event === 'decline' ? declinedFor(view, report, cause) : undefined;
  return {
    ...decided,
    ...{ from: view.state, event, responseCode: report.state },
    ...(report.bankReference === undefined ? {} : { networkReference: report.bankReference }),
    ...(reason === undefined ? {} : { reason }),
    ...(event === 'hand_over' ? { resolveAfterMs: view.kind === 'payout' ? lookAgainMs.deferred : lookAgainMs.open } : {}),
    ...(event === 'defer' ? { resolveAfterMs: lookAgainMs.deferred } : {}),
  };
}

async function takeReceipt(engine: Engine, order: OperationView, receipt: BankReport['receipts'][number]): Promise<void> {
  const { merchantId, paymentId, operationId } = order;
  const unassigned = await engine.store.takeReceipt({
    ...{ merchantId, paymentId, orderId: operationId, ...receipt, receivedAtMs: engine.clock.businessNow() },
    ...(order.merchantReference === undefined ? {} : { merchantReference: order.merchantReference }),
  });
  if (unassigned === 0) return;
  const fields = { operationId, receiptId: receipt.receiptId, amount: receipt.amount, unassigned };
  engine.log.error(fields, 'more money has come than was ordered, or for an order that does not stand; an operator has to look at it');
}

function unmatched(engine: Engine, { reference, state, amount, currency }: BankReport, why: string): 'unmatched' {
  engine.log.error(
    { reference, state, amount, currency, why },
    'the bank told of a payment that matches nothing here; an operator has to look at it',
  );
  return 'unmatched';
}
