/** Addresses that go on asking however often they are refused: what comes from them is not even looked at for a while. */
import { createRate } from './rate.ts';
import { createRecent } from './recent.ts';

/** So long; whoever then goes on the same way is held off again. */
const heldMs = 10_000;
const addressesAtMost = 50_000;

export interface HeldOff {
  /** A request from there was refused. */
  refused(address: string): void;
  includes(address: string): boolean;
}

/** `perSecond`: so many refusals a second are nothing unusual. `nowMs`: a clock that never goes back. */
export function createHeldOff({ perSecond, nowMs }: { readonly perSecond: number; readonly nowMs: () => number }): HeldOff {
  const refusals = createRate({ nowMs, atOnceMs: 1_000 });
  const until = createRecent<number>({ keptMs: heldMs, atMost: addressesAtMost, nowMs });
  return {
    refused(address) {
      if (refusals.take(address, perSecond) > 0) until.set(address, nowMs() + heldMs);
    },
    includes: (address) => (until.get(address) ?? 0) > nowMs(),
  };
}
