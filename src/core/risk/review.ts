/**
 * A payment that is held for review: the acquirer has authorized it, and an operator has yet to let it through. Nothing of it is captured before, so what
 * was to be charged at once is held as well, and charged when it is let through. Its state at the acquirer is its state; the reason beside it says how
 * the review stands.
 */
import type { OperationKind, OperationNode, OperationView, PaymentTree } from '../payment/operation.ts';
import type { OperationEvent, OperationState } from '../states/operation.ts';
import { isGivenUpReason, type ReviewReason } from './rule.ts';

/** In the dialect's data of a payment that was held for review: what it is to become. */
export const afterReview = 'afterReview';

/** In the dialect's data of a payment that is held because a rule may be against what its issuer finds; where none is, it goes on by itself. */
const forChecks = 'heldForChecks';

/** The mark of such a payment. */
export const heldForChecks = { [forChecks]: 'true' } as const;

export function isHeldForChecks({ dialectData }: Pick<OperationView, 'dialectData'>): boolean {
  return dialectData[forChecks] !== undefined;
}

/** In the dialect's data of a payment that a rule could have met, and none has. */
export const screened = 'screened';

/** What a payment was to be before it was held; `capture`: a hold that is captured at once. */
export type AfterReview = 'debit' | 'rebill' | 'capture';

export const inReview: ReviewReason = 'in_review';

/** All of it was given up before anything was captured. It is read so, and not recorded: the hold keeps the reason that it got. */
export const calledOff: ReviewReason = 'review_voided';

/** Let through, to be captured with that, and nothing captured yet. It is read so, and not recorded: that the capture stands is known by its own outcome. */
export const capturing: ReviewReason = 'review_capturing';

type Reviewed = Pick<OperationView, 'kind' | 'state' | 'reason'>;

export function isInReview({ kind, state, reason }: Reviewed): boolean {
  return kind === 'preauthorization' && state === 'approved' && reason === inReview;
}

export function isCapturing({ reason }: Pick<OperationView, 'reason'>): boolean {
  return reason === capturing;
}

/** Nobody can say yet whether it is paid: somebody has to look at it, or the acquirer has to confirm what follows. */
export function isUndecided(operation: Reviewed): boolean {
  return isInReview(operation) || isCapturing(operation);
}

/**
 * The state as merchants are to see it: pending until somebody has looked at it, and until what was to be charged is captured; rejected when it was not
 * let through.
 */
export function stateShown(operation: Reviewed): OperationState {
  const { kind, state, reason } = operation;
  if (kind !== 'preauthorization' || state !== 'approved') return state;
  if (isUndecided(operation)) return 'pending';
  return isGivenUpReason(reason) ? 'rejected' : state;
}

/** The kind that the merchant asked for. */
export function kindAsked({ kind, dialectData }: Pick<OperationView, 'kind' | 'dialectData'>): OperationKind {
  const asked = dialectData[afterReview];
  return asked === 'debit' || asked === 'rebill' ? asked : kind;
}

/** Whether it is captured as soon as it is let through. */
export function isCapturedAfterReview({ dialectData }: Pick<OperationView, 'dialectData'>): boolean {
  return dialectData[afterReview] !== undefined;
}

/** Let through, but the acquirer has refused to capture it, which is not asked for twice. */
export function isUncaptured(tree: PaymentTree, hold: OperationNode): boolean {
  if (!isCapturing(hold)) return false;
  return tree.operations.some(({ kind, targetId, state }) => kind === 'capture' && targetId === hold.operationId && state === 'declined');
}

/** What is meant by the id of a payment that was held for review and captured then: merchants know it as the charge that they asked for. */
export function chargeMeant(tree: PaymentTree, named: OperationNode): OperationNode {
  if (!isCapturedAfterReview(named)) return named;
  return tree.operations.find(({ kind, state }) => kind === 'capture' && state === 'approved') ?? named;
}

/** What an approval means for an operation that is under way. */
export function approvalOf({ reason }: Pick<OperationView, 'reason'>): 'approve' | 'approve_for_review' {
  return reason === inReview ? 'approve_for_review' : 'approve';
}

export function isApproval(event: OperationEvent): boolean {
  return event === 'approve' || event === 'approve_for_review';
}
