/** What one try of a delivery comes to, whichever way it goes. */
import type { Attempt } from '../core/event/outbox.ts';

export interface Sent {
  readonly attempt: Attempt;
  readonly messagesSent: number;
  /** Why the endpoint will never take anything again, where it has said so. */
  readonly gone?: string;
}
