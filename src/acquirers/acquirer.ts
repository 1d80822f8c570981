/** What every acquirer adapter is made from; the port itself is the core's. */
import type { AcquirerAccount, TraceNumbers } from '../core/acquirer/account.ts';
import type { EngineLog } from '../core/payment/engine.ts';
import type { Acquirer, DisputeListener, LateAnswerListener } from '../core/ports/acquirer.ts';
import type { Clock } from '../core/ports/clock.ts';

export interface AcquirerContext {
  readonly account: (accountId: string) => Promise<AcquirerAccount | undefined>;
  readonly numbers: TraceNumbers;
  readonly clock: Clock;
  readonly log: EngineLog;
  readonly onLateAnswer: LateAnswerListener;
  readonly onDispute: DisputeListener;
}

/** A running adapter. */
export interface RunningAcquirer extends Acquirer {
  /** Whether the link can carry a message now. */
  isReady(): boolean;
  /** How many connections can. */
  readyConnections(): number;
  /** Signs off and closes; what is under way gets its answer or its time-out first. */
  close(): Promise<void>;
}
