import type { Engine } from '../payment/engine.ts';

const marginMs = 15_000;

/** How long a row is leased that an exchange with the acquirer is about, in ms: by then the node that has leased it is done with it, or is gone. */
export function exchangeLeaseMs({ acquirer }: Pick<Engine, 'acquirer'>): number {
  return acquirer.timeoutMs + marginMs;
}
