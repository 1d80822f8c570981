/**
 * Reversal: gives up a hold that was not captured, or takes back a capture or a debit as if it had not been. At the acquirer it is a
 * reversal advice that states what remains of the original (DE95), so only one may be under way for an original at a time: two remainders
 * would contradict each other.
 */

import { decideVoid } from './decide-void.ts';
import type { ActResult, Engine } from './engine.ts';
import { type OperateCommand, operate } from './operate.ts';
import { refuseWhenUnavailable } from './store-failure.ts';
import { takeBackAwaiting } from './take-back.ts';

/** A payment that still waits for its shopper is called off; what is recorded then is that payment itself, without an operation of its own. */
export async function voidOperation(engine: Engine, command: OperateCommand): Promise<ActResult> {
  const result = await operate(engine, 'reversal', command, decideVoid);
  if (result.kind !== 'refused' || result.refusal.code !== 'operation_pending') return result;
  return refuseWhenUnavailable(engine, async () => {
    const operation = await takeBackAwaiting(engine, command);
    return operation === undefined ? result : { kind: 'recorded', operation, repeat: false };
  });
}
