/** Capture: takes held money, in one part or several, up to what was authorized and not released. */
import { refusal } from '../refusals.ts';
import { stateShown } from '../risk/review.ts';
import { decideVoid } from './decide-void.ts';
import type { ActResult, Engine } from './engine.ts';
import { type Decide, type OperateCommand, operate, refuseUnsuccessful } from './operate.ts';
import { refuseWhenUnavailable } from './store-failure.ts';

export function capture(engine: Engine, command: OperateCommand): Promise<ActResult> {
  const { releasesRest, ...given } = command;
  if (releasesRest === undefined) return operate(engine, 'capture', given, decideCapture);
  return refuseWhenUnavailable(engine, () => captureOnly(engine, command, given));
}

async function captureOnly(engine: Engine, command: OperateCommand, given: OperateCommand): Promise<ActResult> {
  const { merchantId } = command.channel;
  const tree = await engine.store.findTree({ merchantId, operationId: command.operationId });
  const hold = tree?.operations.find(({ operationId }) => operationId === command.operationId);
  if (tree === undefined || hold === undefined || 'code' in decideCapture(tree, hold, given)) {
    return operate(engine, 'capture', given, decideCapture);
  }
  // Before the capture, so that no end of this process leaves the rest held.
  const { channelId, paymentId, operationId } = hold;
  await engine.holds.add([{ merchantId, channelId, paymentId, operationId, kind: 'rest', dueAtMs: engine.clock.businessNow() }]);
  const result = await operate(engine, 'capture', given, decideCapture);
  if (result.kind === 'recorded' && result.operation.state === 'approved') await releaseRest(engine, command);
  return result;
}

/** What is left now is released; where that does not succeed at once, the due row goes on. */
async function releaseRest(engine: Engine, { channel, operationId }: OperateCommand): Promise<void> {
  const released = await operate(engine, 'reversal', { channel, operationId, dialectData: {}, because: 'rest_released' }, decideVoid);
  if (released.kind === 'refused' && released.refusal.code !== 'nothing_left') {
    engine.log.info({ operationId, code: released.refusal.code }, 'the rest of a hold is released later');
  }
}

/** Without an amount, all that is left of the authorization is captured. */
export const decideCapture: Decide = (tree, named, { amount, once }) => {
  if (named.kind !== 'preauthorization') return refusal('wrong_kind');
  if (named.bank !== undefined) return refusal('capture_not_supported');
  const unsuccessful = refuseUnsuccessful({ ...named, state: stateShown(named) });
  if (unsuccessful !== undefined) return unsuccessful;
  if (once === true && tree.captured + tree.capturePending > 0) return refusal('already_captured');
  const left = tree.authorized - tree.captured - tree.capturePending - tree.released - tree.releasePending;
  const wanted = amount ?? left;
  if (wanted <= 0 || wanted > left) return refusal('exceeds_authorized', 'amount');
  return { target: named, amount: wanted };
};
