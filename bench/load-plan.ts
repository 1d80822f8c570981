/** What the bench tells its load process, and what that tells back. */
import type { MerchantAccess } from './requests.ts';

export const scenarios = ['sale', 'mix'] as const;
export type Scenario = (typeof scenarios)[number];

export interface LoadPlan {
  readonly scenario: Scenario;
  readonly port: number;
  readonly connections: number;
  readonly warmupMs: number;
  readonly measureMs: number;
  readonly seed: number;
  readonly merchants: readonly MerchantAccess[];
}

/** All times in ms. Counters over the measured time, except `acknowledged`, which counts all answers from the first to the last. */
export interface LoadResult {
  readonly elapsedMs: number;
  /** Successful operations, and all answers. */
  readonly succeeded: number;
  readonly answered: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** `act status code` → answers that were no success. */
  readonly errors: Readonly<Record<string, number>>;
  /** Connections that broke with a request under way. */
  readonly brokenConnections: number;
  readonly acknowledged: Acknowledged;
}

/** What the database is compared with. */
export interface Acknowledged {
  /** Debits and whole captures: each leaves one payment captured. */
  readonly captured: number;
  /** Answered "pending", or not at all. */
  readonly open: number;
}

/** From the load process. `measuring` and `measured` frame the measured time, for those who read counters of processes. */
export type LoadMessage =
  | { readonly phase: 'measuring' }
  | { readonly phase: 'measured' }
  | { readonly phase: 'done'; readonly result: LoadResult }
  | { readonly phase: 'failed'; readonly reason: string };
