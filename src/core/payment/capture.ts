/** Capture: takes held money, in one part or several, up to what was authorized and not released. */
import { refusal } from '../refusals.ts';
import type { ActResult, Engine } from './engine.ts';
import { type Decide, type OperateCommand, operate, refuseUnsuccessful } from './operate.ts';

export function capture(engine: Engine, command: OperateCommand): Promise<ActResult> {
  return operate(engine, 'capture', command, decideCapture);
}

/** Without an amount, all that is left of the authorization is captured. */
export const decideCapture: Decide = (tree, named, { amount, once }) => {
  if (named.kind !== 'preauthorization') return refusal('wrong_kind');
  if (named.bank !== undefined) return refusal('capture_not_supported');
  const unsuccessful = refuseUnsuccessful(named);
  if (unsuccessful !== undefined) return unsuccessful;
  if (once === true && tree.captured + tree.capturePending > 0) return refusal('already_captured');
  const left = tree.authorized - tree.captured - tree.capturePending - tree.released - tree.releasePending;
  const wanted = amount ?? left;
  if (wanted <= 0 || wanted > left) return refusal('exceeds_authorized', 'amount');
  return { target: named, amount: wanted };
};
