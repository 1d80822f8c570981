/**
 * The end of a review: an operator lets the payment through or declines it, or nobody has looked at it in time. The first to record an end has decided;
 * what follows at the acquirer is due work from then on, and is tried at once. What was to be charged, was let through and cannot be captured ends as
 * declined after all: nobody is to take it for paid.
 */
import type { Channel } from '../merchant/channel.ts';
import { capture } from '../payment/capture.ts';
import type { Engine } from '../payment/engine.ts';
import type { OperationView } from '../payment/operation.ts';
import { voidOperation } from '../payment/void.ts';
import { type Ended, endReview } from './end-review.ts';
import { isCapturedAfterReview, isInReview } from './review.ts';

export const reviewDecisions = ['accept', 'decline'] as const;

export type ReviewDecision = (typeof reviewDecisions)[number];

/** `not_in_review`: nothing was changed. */
export type ReviewResult = 'decided' | 'not_in_review' | 'unknown_operation';

/** An operator's decision, with its row in the trail. */
export async function decideReview(
  engine: Engine,
  decided: {
    readonly merchantId: string;
    readonly operationId: string;
    readonly decision: ReviewDecision;
    /** Why, for the trail. */
    readonly reason: string;
    readonly actor: string;
  },
): Promise<ReviewResult> {
  const { merchantId, operationId, decision, reason, actor } = decided;
  const view = await engine.store.findOperation({ merchantId, operationId });
  if (view === undefined) return 'unknown_operation';
  const { paymentId, channelId } = view;
  const channel = await engine.shoppers.channelById({ merchantId, channelId });
  if (channel === undefined) throw new Error(`there is no channel ${channelId}`);
  const details = { merchantId, paymentId, operationId, decision, reason };
  const act = { actor, act: 'review.decided', details };
  const because = decision === 'accept' ? 'review_accepted' : 'review_declined';
  if (!isInReview(view) || !(await endReview(engine, view, { because, act }))) return 'not_in_review';
  await carryOut(engine, { view, channel, because });
  return 'decided';
}

/** Nobody has looked at it in time. False: somebody has. */
export function expireReview(engine: Engine, view: OperationView): Promise<boolean> {
  return endReview(engine, view, { because: 'review_expired' });
}

/** The acquirer refuses to capture what was let through. False: something else has been captured of it since. */
export async function giveUpUncaptured(engine: Engine, view: OperationView, channel: Channel): Promise<boolean> {
  const because = 'review_uncaptured';
  if (!(await endReview(engine, view, { because }))) return false;
  await carryOut(engine, { view, channel, because });
  return true;
}

/** At once, so that whoever decides sees it done; where that fails, the due row goes on. */
async function carryOut(
  engine: Engine,
  { view, channel, because }: { readonly view: OperationView; readonly channel: Channel; readonly because: Ended },
): Promise<void> {
  const isAccepted = because === 'review_accepted';
  if (isAccepted && !isCapturedAfterReview(view)) return;
  const { operationId, merchantReference } = view;
  const command = { channel, operationId, because, dialectData: {}, ...(merchantReference === undefined ? {} : { merchantReference }) };
  try {
    const result = await (isAccepted ? capture : voidOperation)(engine, command);
    if (result.kind === 'refused') return;
    const { state } = result.operation;
    if (state === 'approved') await engine.holds.finish({ ...view, kind: isAccepted ? 'capture' : 'review', dueAtMs: 0, failedTries: 0 });
    if (state === 'declined' && isAccepted) await giveUpUncaptured(engine, view, channel);
  } catch (error) {
    engine.log.warn({ operationId, error: String(error) }, 'what follows a review waits for its next try');
  }
}
