/** What the gateway tells of itself at the moment somebody asks: whether its parts can work, and what waits in it. */
import type { RunningAcquirer } from '../acquirers/acquirer.ts';
import type { Engine } from '../core/payment/engine.ts';
import { redactionHits } from '../http/log.ts';
import type { Readings } from '../http/metrics.ts';
import type { Database } from '../postgres/connection.ts';
import { countOpenOperations } from '../store/open-operations.ts';
import { countOpenVisits, countWaitingDeliveries, firstSettlementDueAtMs } from '../store/watched.ts';
import type { OpenVault } from '../vault/vault.ts';
import type { Foundation } from './foundation.ts';

export type Readiness = Readonly<Record<string, boolean>>;

/** Says which parts can work now. Anybody may ask, as often as they like: whoever asks while it is being found out gets the same answer. */
export function readinessOf({ databases, vault }: Foundation, acquirer: RunningAcquirer): () => Promise<Readiness> {
  return oneAtATime(() => lookAtParts({ database: databases.general, vault, acquirer }));
}

/** Reads what the metrics tell. */
export function readingsOf(
  { databases, paymentStore }: Foundation,
  {
    engine,
    acquirer,
    readiness,
  }: { readonly engine: Engine; readonly acquirer: RunningAcquirer; readonly readiness: () => Promise<Readiness> },
): () => Promise<Readings> {
  return async () => ({
    ready: await readiness(),
    ...(await whatWaits(databases.general, engine)),
    acquirerConnections: acquirer.readyConnections(),
    queueDepths: paymentStore.queueDepths(),
    redactionHits: redactionHits(),
  });
}

function oneAtATime<T>(run: () => Promise<T>): () => Promise<T> {
  let underWay: Promise<T> | undefined;
  return () => {
    underWay ??= run().finally(() => {
      underWay = undefined;
    });
    return underWay;
  };
}

interface WatchedParts {
  readonly database: Database;
  readonly vault: OpenVault;
  readonly acquirer: RunningAcquirer;
}

async function lookAtParts({ database, vault, acquirer }: WatchedParts): Promise<Readiness> {
  const checks = {
    database: () => database.query({ name: 'readiness', text: 'select 1' }),
    vault: () => vault.health(),
    acquirer: async () => {
      if (!acquirer.isReady()) throw new Error('the link is down');
    },
  };
  const results = Object.entries(checks).map(([name, check]) =>
    check().then(
      () => [name, true] as const,
      () => [name, false] as const,
    ),
  );
  return Object.fromEntries(await Promise.all(results));
}

type Waiting = Pick<Readings, 'openOperations' | 'outbox' | 'openVisits' | 'dueLags'>;

/** Absent while the database is away: an old number would look like a true one. */
async function whatWaits(database: Database, { clock, schedules, holds, shoppers }: Engine): Promise<Waiting> {
  try {
    const nowMs = clock.businessNow();
    const openOperations = await countOpenOperations(database, nowMs);
    const outbox = await countWaitingDeliveries(database);
    const openVisits = await countOpenVisits(database);
    const lagOf = (dueAtMs: number | undefined) => (dueAtMs === undefined ? 0 : Math.max(0, nowMs - dueAtMs));
    const dueLags = {
      schedules: lagOf(await schedules.nextDueAtMs()),
      holds: lagOf(await holds.nextDueAtMs()),
      visits: lagOf(await shoppers.visits.nextDueAtMs()),
      settlements: lagOf(await firstSettlementDueAtMs(database)),
    };
    return { openOperations, outbox, openVisits, dueLags };
  } catch {
    return {};
  }
}
