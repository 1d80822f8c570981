/** The record of a review's end; what follows at the acquirer is due work with it. */

import { exchangeLeaseMs } from '../due/lease.ts';
import type { OperatorAct } from '../operator/operator-act.ts';
import type { Engine } from '../payment/engine.ts';
import type { DueReason, OperationView } from '../payment/operation.ts';
import { inReview, isCapturedAfterReview } from './review.ts';
import type { GivenUpReason } from './rule.ts';

/** Why a review has ended. */
export type Ended = Extract<DueReason, 'review_accepted'> | GivenUpReason;

/** Of two ends one is recorded: true. What follows is left to the caller for a while, unless it is `left` to the due work. */
export function endReview(
  engine: Engine,
  view: OperationView,
  { because, act, left }: { readonly because: Ended; readonly act?: OperatorAct; readonly left?: true },
): Promise<boolean> {
  const { merchantId, paymentId, operationId, kind, amount, channelId } = view;
  const event = because === 'review_accepted' ? 'accept_review' : 'refuse_review';
  return engine.risk.endReview({
    outcome: { merchantId, paymentId, operationId, kind, amount, event, from: 'approved', reason: because },
    standing: because === 'review_uncaptured' ? 'review_accepted' : inReview,
    ...{ channelId, nowMs: engine.clock.businessNow(), leaseMs: left === true ? 0 : exchangeLeaseMs(engine) },
    captures: because === 'review_accepted' && isCapturedAfterReview(view),
    ...(act === undefined ? {} : { act }),
  });
}
