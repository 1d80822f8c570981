/** How a new payment is recorded that an operator is to look at before anything is charged. */
import type { NewPayment } from '../ports/new-operation.ts';
import { type AfterReview, afterReview, heldForChecks } from '../risk/review.ts';
import type { ReviewCause } from '../risk/rule.ts';
import type { Engine } from './engine.ts';

/** What of a new payment's row is different where an operator is to look at it first: whatever it was to be, its amount is held only. */
export function heldForReview(
  { clock, settings }: Pick<Engine, 'clock' | 'settings'>,
  {
    cause,
    after,
    dialectData,
  }: { readonly cause: ReviewCause; readonly after: AfterReview | undefined; readonly dialectData: NewPayment['dialectData'] },
): Pick<NewPayment, 'kind' | 'review' | 'dialectData'> {
  return {
    kind: 'preauthorization',
    review: { cause, dueAtMs: clock.businessNow() + settings.reviewMs },
    dialectData: {
      ...dialectData,
      ...(after === undefined ? {} : { [afterReview]: after }),
      ...(cause === 'card_checks' ? heldForChecks : {}),
    },
  };
}
