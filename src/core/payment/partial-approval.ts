/**
 * An issuer may approve less than was asked for. A merchant that has not agreed to that cannot use the part: it is reversed at once, and the
 * payment is declined when the acquirer has confirmed the reversal. Until then the outcome is open, and the resolution repeats the reversal.
 */
import type { AcquirerAnswer, AcquirerRequest, CardSecrets } from '../ports/acquirer.ts';
import type { OutcomeToRecord } from '../ports/outcome.ts';
import { type OpenOperation, outcomeOf, recordInTime, stands, takeLateApproval } from './conclude.ts';
import { resolutionMarginMs } from './deadline.ts';
import type { Engine } from './engine.ts';
import type { OperationView } from './operation.ts';

type PartlyApproved = Extract<AcquirerAnswer, { readonly outcome: 'partly_approved' }>;

/** Whether what is being undone is a part that was not wanted; else it is an operation that was not answered. */
export function isPartGivenUp({ reason }: OperationView): boolean {
  return reason === 'partly_approved';
}

/** What the confirmed reversal of the part makes of the operation, without the state it applies to. */
export function partDeclined(open: OpenOperation): Omit<OutcomeToRecord, 'from'> {
  return { ...outcomeOf(open, { outcome: 'unknown', cause: 'partial approval' }), event: 'decline', reason: 'partly_approved' };
}

/** Records the part as not wanted and reverses it. The operation is then declined, or open while the reversal is not confirmed. */
export async function giveUpPart(
  engine: Engine,
  open: OpenOperation,
  { responseCode, approvedAmount, approvalCode, networkReference, checks }: PartlyApproved,
  { request, secrets }: { readonly request: AcquirerRequest; readonly secrets: CardSecrets },
): Promise<OperationView> {
  const codes = {
    responseCode,
    ...(approvalCode === undefined ? {} : { approvalCode }),
    ...(networkReference === undefined ? {} : { networkReference }),
    ...(checks === undefined ? {} : { checks }),
  };
  const outcome: OutcomeToRecord = {
    ...{ ...partDeclined(open), ...codes, event: 'approve_partly', from: 'submitted', approvedPart: approvedAmount },
    // Nobody else reverses it while this exchange may last.
    resolveAfterMs: engine.acquirer.timeoutMs + resolutionMarginMs,
  };
  const recorded = await recordInTime(engine, outcome);
  if (recorded === undefined) return open.view;
  if (!stands(outcome, recorded)) {
    await takeLateApproval(engine, open.view);
    return { ...open.view, state: recorded.state };
  }
  const view: OperationView = { ...open.view, ...codes, state: 'unknown', reason: 'partly_approved' };
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
    engine.log.warn({ operationId, error: String(error) }, 'the part of a partial approval could not be reversed yet');
  }
  return false;
}

async function decline(engine: Engine, view: OperationView): Promise<OperationView> {
  const recorded = await recordInTime(engine, { ...partDeclined({ view }), from: 'unknown' });
  return recorded === undefined ? view : { ...view, state: recorded.state };
}
