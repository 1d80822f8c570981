/**
 * What is due for a hold and was given up: an operator lets it go on, leaves it to the end of the hold, or knows from the acquirer that nothing of the hold stands
 * there any more. The row that was given up lets only one decision count, and the payment says whether anything is left to decide.
 */
import type { OperatorAct } from '../operator/operator-act.ts';
import { decideVoid } from '../payment/decide-void.ts';
import type { Engine } from '../payment/engine.ts';
import { rowFor } from '../payment/operate.ts';
import type { DueReason, OperationView } from '../payment/operation.ts';
import type { RefusalCode } from '../refusals.ts';
import { isGivenUpReason } from '../risk/rule.ts';
import type { DueHold, GivenUpEnd } from './due-hold.ts';

/**
 * `try_again`: it is due at once, with all its tries. `leave`: it is not tried any more; what is left of the hold is reversed at the hold's end. `released`: the
 * acquirer has released what is left; nothing is sent, and the books follow its word.
 */
export const givenUpDecisions = ['try_again', 'leave', 'released'] as const;

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

/** `forbidden`: nothing would end the hold then. `busy`: a capture or a release of it is under way. */
export type GivenUpResult = GivenUpEnd | 'unknown_operation' | 'forbidden' | 'busy';

export async function decideGivenUp(engine: Engine, command: GivenUpCommand): Promise<GivenUpResult> {
  const { merchantId, operationId, due, decision, reason, actor } = command;
  const view = await engine.store.findOperation({ merchantId, operationId });
  if (view === undefined) return 'unknown_operation';
  // The end of a hold is found for each hold that still stands; after it nothing is.
  if (decision === 'leave' && due !== 'capture' && due !== 'rest') return 'forbidden';
  const { paymentId } = view;
  const details = { merchantId, paymentId, operationId, due, decision, reason };
  const act = { actor, act: 'given_up_hold.decided', details };
  if (decision === 'released') return release(engine, { view, due, act });
  return engine.holds.endGivenUp({ merchantId, paymentId, kind: due }, { as: decision === 'leave' ? 'left' : 'waiting', act });
}

const whyNot: Readonly<Partial<Record<RefusalCode, GivenUpResult>>> = { payment_busy: 'busy', nothing_left: 'nothing_left' };

interface Told {
  readonly view: OperationView;
  readonly due: DueHold['kind'];
  readonly act: OperatorAct;
}

/** The reversal has numbers like any other, so that a list of the acquirer's can be compared with it. */
async function release(engine: Engine, { view, due, act }: Told): Promise<GivenUpResult> {
  const { merchantId, operationId, channelId } = view;
  const tree = await engine.store.findTree({ merchantId, operationId });
  const hold = tree?.operations.find((operation) => operation.operationId === operationId);
  const channel = await engine.shoppers.channelById({ merchantId, channelId });
  if (tree === undefined || hold === undefined || channel === undefined) return 'unknown_operation';
  const command = { channel, operationId, dialectData: {}, whole: true, because: reasonOf(due, hold) } as const;
  const decision = decideVoid(tree, hold, command);
  if ('code' in decision) return whyNot[decision.code] ?? 'not_given_up';
  const prepared = await rowFor(engine, 'reversal', { command, tree, decision, key: {} });
  if (typeof prepared === 'string') return 'not_given_up';
  const { row } = prepared;
  const { paymentId, amount, targetId, targetKind } = row;
  const outcome = { merchantId, paymentId, operationId: row.operationId, kind: row.kind, amount, targetId, targetKind } as const;
  return engine.holds.releaseGivenUp({
    ...{ due, row, act, nowMs: engine.clock.businessNow() },
    outcome: { ...outcome, event: 'approve', from: 'submitted' },
  });
}

function reasonOf(due: DueHold['kind'], { reason }: Pick<OperationView, 'reason'>): DueReason {
  if (isGivenUpReason(reason)) return reason;
  return due === 'rest' ? 'rest_released' : 'hold_expired';
}
