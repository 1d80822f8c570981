/**
 * An operation that only a person can settle: it was not answered, and its rule is at its end. The operator finds out from the acquirer what became of
 * it and says so, with a reason; from then on the books hold that to be the acquirer's word. The operation's own state lets only one decision
 * count, and an answer that comes at the same moment may win instead.
 */
import type { OutcomeToRecord } from '../ports/outcome.ts';
import { approvalOf } from '../risk/review.ts';
import type { OperationState } from '../states/operation.ts';
import { outcomeOf } from './conclude.ts';
import type { Engine } from './engine.ts';
import { isFirstKind, type OperationView } from './operation.ts';
import { isUnwanted, unwantedDeclined } from './unwanted-approval.ts';

/** `approved`: the acquirer did it; what is held for review is looked at then. `undone`: nothing of it stands there. `repeat`: it is asked again, under the rule of its kind. */
export const decisions = ['approved', 'undone', 'repeat'] as const;

export type Decision = (typeof decisions)[number];

export interface DecideCommand {
  readonly merchantId: string;
  readonly operationId: string;
  readonly decision: Decision;
  /** Of what is approved, as the acquirer tells it: captures and reversals name it. */
  readonly approvalCode?: string;
  /** Why, for the trail. */
  readonly reason: string;
  readonly actor: string;
}

/** `not_escalated`: it has the state that is told, and nothing was changed. `forbidden`: this decision could lose or double money. */
export type DecideResult =
  | { readonly kind: 'decided'; readonly state: OperationState }
  | { readonly kind: 'not_escalated'; readonly state: OperationState }
  | { readonly kind: 'forbidden'; readonly why: string }
  | { readonly kind: 'unknown_operation' };

export async function decide(engine: Engine, command: DecideCommand): Promise<DecideResult> {
  const { merchantId, operationId, decision, approvalCode, reason, actor } = command;
  const view = await engine.store.findOperation({ merchantId, operationId });
  if (view === undefined) return { kind: 'unknown_operation' };
  if (view.state !== 'escalated') return { kind: 'not_escalated', state: view.state };
  const why = whyForbidden(engine, view, decision);
  if (why !== undefined) return { kind: 'forbidden', why };
  const outcome = await outcomeOfDecision(engine, view, command);
  const { paymentId, kind } = view;
  const details = { merchantId, paymentId, operationId, kind, decision, approvalCode, reason };
  const { applied, state } = await engine.store.recordDecision(outcome, { actor, act: 'operation.decided', details });
  return applied ? { kind: 'decided', state } : { kind: 'not_escalated', state };
}

function whyForbidden({ acquirer }: Engine, view: OperationView, decision: Decision): string | undefined {
  if (decision === 'approved' && isUnwanted(view)) {
    const how = view.reason === 'partly_approved' ? 'for a part that the merchant does not take' : 'against a rule of the merchant';
    return `It was approved ${how}, and can only be undone; if the hold still stands, let the acquirer release it.`;
  }
  if (decision !== 'repeat') return undefined;
  if (view.kind === 'payout')
    return 'A payout that is asked for again could pay twice. Ask the acquirer what became of it, and decide approved or undone.';
  if (view.kind === 'refund' && !acquirer.deduplicates) {
    return 'The acquirer cannot tell a repeated refund from a new one. Ask what became of it, and decide approved or undone.';
  }
  return undefined;
}

async function outcomeOfDecision(
  engine: Engine,
  view: OperationView,
  { decision, approvalCode }: Pick<DecideCommand, 'decision' | 'approvalCode'>,
): Promise<OutcomeToRecord> {
  const { merchantId, targetId } = view;
  const target = targetId === undefined ? undefined : await engine.store.findOperation({ merchantId, operationId: targetId });
  const open = { view, ...(target === undefined ? {} : { targetKind: target.kind }) };
  const { resolveAfterMs, ...base } = outcomeOf(open, { outcome: 'unknown', cause: 'decision' });
  switch (decision) {
    case 'approved':
      return { ...base, event: approvalOf(view), from: 'escalated', ...(approvalCode === undefined ? {} : { approvalCode }) };
    case 'undone':
      if (isUnwanted(view)) return { ...unwantedDeclined(open), from: 'escalated' };
      return { ...base, event: 'confirm_undone', from: 'escalated', ...(isFirstKind(view.kind) ? { reason: 'undone' } : {}) };
    case 'repeat':
      return { ...base, event: 'resume', from: 'escalated', resolveAfterMs: 0 };
  }
}
