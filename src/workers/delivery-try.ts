/** One try of a delivery, whichever way it goes: how long it may take, and what it comes to. */
import type { Attempt, ClaimedDelivery } from '../core/event/outbox.ts';
import type { Engine } from '../core/payment/engine.ts';

export interface Sent {
  readonly attempt: Attempt;
  readonly messagesSent: number;
  /** Why the endpoint will never take anything again, where it has said so. */
  readonly gone?: string;
}

/** Whoever moves the clock waits for each try. */
const timeoutWhileMovingMs = 1_000;

/** How long a try may take that has `timeoutMs` while the clock is left alone. */
export function timeoutOf({ clock }: Pick<Engine, 'clock'>, timeoutMs: number): number {
  return clock.isMoving() ? Math.min(timeoutMs, timeoutWhileMovingMs) : timeoutMs;
}

/** How the log names a delivery. */
export function namesOf({ merchantId, endpointId, paymentId, sequence }: ClaimedDelivery): object {
  return { merchantId, endpointId, paymentId, sequence };
}
