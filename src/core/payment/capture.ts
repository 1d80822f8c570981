/** Capture: takes held money, in one part or several, up to what was authorized and not released. */
import { refusal } from '../refusals.ts';
import { isCapturing, stateShown } from '../risk/review.ts';
import { decideVoid } from './decide-void.ts';
import type { ActResult, Engine } from './engine.ts';
import { type Decide, type OperateCommand, operate, refuseUnsuccessful } from './operate.ts';
import type { OperationView, PaymentTree } from './operation.ts';

/** Member of the data of a capture's record: the rest of its hold is released once it has succeeded. */
const releasing = 'releasesRest';

/** In the dialect's data of a capture that goes with its hold: the issuer has approved less than was asked for, which the capture alone does not show. */
export const heldInPart = 'heldInPart';

function partOf({ requestedAmount }: Pick<OperationView, 'requestedAmount'>): Readonly<Record<string, string>> {
  return requestedAmount === undefined ? {} : { [heldInPart]: String(requestedAmount) };
}

export function capture(engine: Engine, command: OperateCommand): Promise<ActResult> {
  if (command.releasesRest === undefined) return operate(engine, 'capture', command, decideCapture);
  return captureAndRelease(engine, { ...command, dialectData: { ...command.dialectData, [releasing]: 'true' } });
}

/** Captures all of what was held, once; answers with the capture, or with the hold where only that stands. */
export async function captureHeld(
  engine: Engine,
  held: OperationView,
  { channel, dialectData }: Pick<OperateCommand, 'channel' | 'dialectData'>,
): Promise<OperationView> {
  const before = await captureOf(engine, held);
  if (before !== undefined) return before;
  const { operationId, amount, currency, merchantReference } = held;
  const taken = await capture(engine, {
    ...{ channel, operationId, amount, currency, dialectData: { ...dialectData, ...partOf(held) } },
    ...(merchantReference === undefined ? {} : { merchantReference }),
  });
  if (taken.kind === 'recorded') return taken.operation;
  // Another repeat of the same request was faster, or the merchant has called the payment off; or the database has gone, and only the hold stands.
  const faster = await captureOf(engine, held).catch(() => undefined);
  if (faster === undefined) {
    engine.log.warn({ operationId, code: taken.refusal.code }, 'an authorized payment could not be captured at once');
  }
  return faster ?? held;
}

async function captureOf(engine: Engine, { merchantId, operationId }: OperationView): Promise<OperationView | undefined> {
  const tree = await engine.store.findTree({ merchantId, operationId });
  return tree?.operations.find(({ kind }) => kind === 'capture');
}

/** Whether a capture has succeeded that releases what it left of the hold. */
export function hasReleasingCapture({ operations }: PaymentTree): boolean {
  return operations.some(isReleasing);
}

function isReleasing({ kind, state, dialectData }: OperationView): boolean {
  return kind === 'capture' && state === 'approved' && dialectData[releasing] !== undefined;
}

async function captureAndRelease(engine: Engine, command: OperateCommand): Promise<ActResult> {
  const result = await operate(engine, 'capture', command, decideCapture);
  // What has the key already may be another capture, which left the rest where it is.
  if (result.kind === 'recorded' && isReleasing(result.operation)) await releaseRest(engine, command);
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
  const unsuccessful = refuseUnsuccessful(isCapturing(named) ? named : { ...named, state: stateShown(named) });
  if (unsuccessful !== undefined) return unsuccessful;
  if (once === true && tree.captured + tree.capturePending > 0) return refusal('already_captured');
  const left = tree.authorized - tree.captured - tree.capturePending - tree.released - tree.releasePending;
  const wanted = amount ?? left;
  if (wanted <= 0 || wanted > left) return refusal('exceeds_authorized', 'amount');
  return { target: named, amount: wanted };
};
