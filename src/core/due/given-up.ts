/**
 * What is due for a hold and was given up: an operator lets it go on, or leaves it to the end of the hold. The row that was given up lets only one decision
 * count, and the payment says whether anything is left to decide.
 */
import type { Engine } from '../payment/engine.ts';
import type { DueHold, GivenUpEnd } from './due-hold.ts';

/** `try_again`: it is due at once, with all its tries. `leave`: it is not tried any more; what is left of the hold is reversed at the hold's end. */
export const givenUpDecisions = ['try_again', 'leave'] as const;

export type GivenUpDecision = (typeof givenUpDecisions)[number];

export interface GivenUpCommand {
  readonly merchantId: string;
  /** The hold. */
  readonly operationId: string;
  readonly due: DueHold['kind'];
  readonly decision: GivenUpDecision;
  /** Why, for the trail. */
  readonly reason: string;
  readonly actor: string;
}

/** `forbidden`: nothing would end the hold then. */
export type GivenUpResult = GivenUpEnd | 'unknown_operation' | 'forbidden';

export async function decideGivenUp({ store, holds }: Engine, command: GivenUpCommand): Promise<GivenUpResult> {
  const { merchantId, operationId, due, decision, reason, actor } = command;
  const view = await store.findOperation({ merchantId, operationId });
  if (view === undefined) return 'unknown_operation';
  // The end of a hold is found for each hold that still stands; after it nothing is.
  if (decision === 'leave' && due !== 'capture' && due !== 'rest') return 'forbidden';
  const { paymentId } = view;
  const details = { merchantId, paymentId, operationId, due, decision, reason };
  const act = { actor, act: 'given_up_hold.decided', details };
  return holds.endGivenUp({ merchantId, paymentId, kind: due }, { as: decision === 'leave' ? 'left' : 'waiting', act });
}
