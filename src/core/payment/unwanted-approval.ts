/**
 * An issuer may approve less than was asked for, or approve although the holder's address or the code on the card differs. A merchant that has not agreed to
 * that does not take it: it is reversed at once, and the payment is declined when the acquirer has confirmed the reversal. Until then the outcome is open,
 * and the resolution repeats the reversal.
 */
import type { AcquirerAnswer, AcquirerRequest, CardSecrets } from '../ports/acquirer.ts';
import type { OutcomeToRecord } from '../ports/outcome.ts';
import type { FailedCheck } from '../risk/check-rule.ts';
import type { OperationEvent } from '../states/operation.ts';
import { type OpenOperation, outcomeOf, recordInTime, stands, takeLateApproval } from './conclude.ts';
import { resolutionMarginMs } from './deadline.ts';
import type { Engine } from './engine.ts';
import type { OperationView } from './operation.ts';

type Approved = Extract<AcquirerAnswer, { readonly outcome: 'approved' | 'partly_approved' }>;

/** Why an approval is not taken. */
type UnwantedReason = 'partly_approved' | FailedCheck;

const eventOf: Readonly<Record<UnwantedReason, OperationEvent>> = {
  partly_approved: 'approve_partly',
  address_check_failed: 'fail_checks',
  cvc_check_failed: 'fail_checks',
};

/** Whether what is being undone was approved and is not wanted; else it is an operation that was not answered. */
export function isUnwanted({ reason }: OperationView): boolean {
  return reason !== undefined && Object.hasOwn(eventOf, reason);
}

/** What the confirmed reversal of what was not wanted makes of the operation, without the state it applies to. */
export function unwantedDeclined(open: OpenOperation): Omit<OutcomeToRecord, 'from'> {
  const { reason } = open.view;
  return {
    ...outcomeOf(open, { outcome: 'unknown', cause: 'unwanted approval' }),
    event: 'decline',
    ...(reason === undefined ? {} : { reason }),
  };
}

/** Records the approval as not wanted and reverses it. The operation is then declined, or open while the reversal is not confirmed. */
export async function giveUpApproval(
  engine: Engine,
  begun: OpenOperation,
  answer: Approved,
  { reason, request, secrets }: { readonly reason: UnwantedReason; readonly request: AcquirerRequest; readonly secrets: CardSecrets },
): Promise<OperationView> {
  const { responseCode, approvalCode, networkReference, checks } = answer;
  const approvedAmount = answer.outcome === 'partly_approved' ? answer.approvedAmount : begun.view.amount;
  const open = { ...begun, view: { ...begun.view, reason } };
  const codes = {
    responseCode,
    ...(approvalCode === undefined ? {} : { approvalCode }),
    ...(networkReference === undefined ? {} : { networkReference }),
    ...(checks === undefined ? {} : { checks }),
  };
  const outcome: OutcomeToRecord = {
    ...{ ...unwantedDeclined(open), ...codes, event: eventOf[reason], from: 'submitted', approvedPart: approvedAmount },
    // Nobody else reverses it while this exchange may last.
    resolveAfterMs: engine.acquirer.timeoutMs + resolutionMarginMs,
  };
  const recorded = await recordInTime(engine, outcome);
  if (recorded === undefined) return begun.view;
  if (!stands(outcome, recorded)) {
    await takeLateApproval(engine, begun.view);
    return { ...begun.view, state: recorded.state };
  }
  const view: OperationView = { ...open.view, ...codes, state: 'unknown' };
  const part = { amount: approvedAmount, ...(approvalCode === undefined ? {} : { approvalCode }) };
  return (await reverse(engine, view, { request: { ...request, part }, secrets })) ? decline(engine, view) : view;
}

/** True when nothing of it stands any more. */
async function reverse(
  engine: Engine,
  { merchantId, operationId }: OperationView,
  { request, secrets }: { readonly request: AcquirerRequest; readonly secrets: CardSecrets },
): Promise<boolean> {
  try {
    await engine.store.saveUndoTrace({ merchantId, operationId, trace: engine.acquirer.undoTrace(request.trace) });
    const answer = await engine.acquirer.undo(request, secrets, 1);
    if (answer.outcome === 'undone') return true;
    await engine.store.postpone({ merchantId, operationId, afterMs: 0, counts: true });
  } catch (error) {
    engine.log.warn({ operationId, error: String(error) }, 'an approval that the merchant does not take could not be reversed yet');
  }
  return false;
}

async function decline(engine: Engine, view: OperationView): Promise<OperationView> {
  const recorded = await recordInTime(engine, { ...unwantedDeclined({ view }), from: 'unknown' });
  return recorded === undefined ? view : { ...view, state: recorded.state };
}
