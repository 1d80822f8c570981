/** What the console API works with; `gateway/console.ts` plugs it in. */
import type { MovableClock } from '../core/due/advance.ts';
import type { DueWork } from '../core/due/work.ts';
import type { KeptEndpoint, ListRow, OperatorStore } from '../core/operator/operator-store.ts';
import type { Engine, EngineLog } from '../core/payment/engine.ts';
import type { Dialect, Mode } from '../dialects/dialect.ts';
import type { Tested } from '../http/endpoint-form.ts';
import type { Outbound } from '../http/outbound.ts';
import type { AccessParts } from './access.ts';

/** What a dialect has to say to operators. */
export type ConsoleDialect = Pick<Dialect, 'name' | 'access' | 'callbacks' | 'policies'>;

export interface ConsoleParts extends AccessParts {
  readonly store: OperatorStore;
  readonly log: EngineLog;
  /** Whether an error means that the database is away. */
  readonly isUnavailable: (error: unknown) => boolean;
  /** Only a sandbox moves its clock. */
  readonly mode: Mode;
  readonly clock: MovableClock;
  /** In the order in which they are done when they are due at the same time. */
  readonly works: readonly DueWork[];
  readonly dialects: readonly ConsoleDialect[];
  readonly engine: Engine;
  readonly outbound: Outbound;
  /** Absent: there is no mail server. */
  readonly sendTestMail?: (endpoint: KeptEndpoint) => Promise<Tested>;
  /** Master keys and data keys of the vault, in the words of the API. */
  readonly readKeys: () => Promise<{ readonly master_keys: readonly ListRow[]; readonly data_keys: readonly ListRow[] }>;
  /** What is wrong with the books and the trail, a line each. */
  readonly verify: () => Promise<readonly string[]>;
}
