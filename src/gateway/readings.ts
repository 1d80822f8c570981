/** What the gateway tells of itself at the moment somebody asks: whether its parts can work, and what waits in it. */
import type { RunningAcquirer } from '../acquirers/acquirer.ts';
import type { Engine } from '../core/payment/engine.ts';
import { redactionHits } from '../http/log.ts';
import type { Readings } from '../http/metrics.ts';
import { settlesWithin } from '../local/patience.ts';
import { assertWritable, type Database } from '../postgres/connection.ts';
import { type StoreClock, skewAtMostMs } from '../store/clock.ts';
import { countGivenUpHolds } from '../store/given-up-holds.ts';
import { countOpenOperations } from '../store/open-operations.ts';
import { countOpenVisits, countWaitingDeliveries, firstSettlementDueAtMs } from '../store/watched.ts';
import type { OpenVault } from '../vault/vault.ts';
import type { Databases } from './databases.ts';
import type { Foundation } from './foundation.ts';

export type Readiness = Readonly<Record<string, boolean>>;

/** A part that says nothing for so long cannot work: a server that hangs, or a network that takes everything and brings nothing. */
const partPatienceMs = 3_000;
/** What waits is counted in tables; scrapers give up after ten seconds. */
const countPatienceMs = 5_000;

/** Says which parts can work now. Anybody may ask, as often as they like: whoever asks while it is being found out gets the same answer. */
export function readinessOf({ databases, vault, clock }: Foundation, acquirer: RunningAcquirer): () => Promise<Readiness> {
  const parts = Object.entries(checksOf({ databases, vault, acquirer, clock }));
  // One that hangs is not asked again meanwhile, or each question would take one more connection.
  const checks = parts.map(([part, check]) => [part, oneAtATime(() => succeeds(check))] as const);
  return oneAtATime(async () => {
    const results = checks.map(
      async ([part, check]) => [part, await inTime({ promise: check(), otherwise: false, patienceMs: partPatienceMs })] as const,
    );
    return Object.fromEntries(await Promise.all(results));
  });
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
  const counted = oneAtATime(() => whatWaits(databases.general, engine));
  return async () => ({
    ready: await readiness(),
    ...(await inTime({ promise: counted(), otherwise: {}, patienceMs: countPatienceMs })),
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
  readonly databases: Databases;
  readonly vault: OpenVault;
  readonly acquirer: RunningAcquirer;
  readonly clock: StoreClock;
}

function checksOf({ databases, vault, acquirer, clock }: WatchedParts): Readonly<Record<string, () => Promise<void>>> {
  return {
    database: async () => {
      await assertWritable(databases.general);
      await databases.room.assertRoom(databases.general);
    },
    vault: () => vault.health(),
    acquirer: async () => {
      if (!acquirer.isReady()) throw new Error('the link is down');
    },
    // The database's time counts, so nothing goes wrong with payments; but certificates are judged, and lines logged, by this machine's.
    clock: async () => {
      if (Math.abs(clock.aheadMs()) > skewAtMostMs) throw new Error('the clock is wrong');
    },
  };
}

function succeeds(check: () => Promise<void>): Promise<boolean> {
  return check().then(
    () => true,
    () => false,
  );
}

/** What a promise that never fails comes to, or `otherwise` when it takes too long. */
async function inTime<T>({ promise, otherwise, patienceMs }: { promise: Promise<T>; otherwise: T; patienceMs: number }): Promise<T> {
  return (await settlesWithin({ promise, patienceMs })) ? promise : otherwise;
}

type Waiting = Pick<Readings, 'openOperations' | 'outbox' | 'openVisits' | 'givenUpHolds' | 'dueLags'>;

/** Absent while the database is away: an old number would look like a true one. */
async function whatWaits(database: Database, { clock, schedules, holds, shoppers, expiries, refundsInParts }: Engine): Promise<Waiting> {
  try {
    const nowMs = clock.businessNow();
    const openOperations = await countOpenOperations(database, nowMs);
    const outbox = await countWaitingDeliveries(database);
    const openVisits = await countOpenVisits(database);
    const givenUpHolds = await countGivenUpHolds(database);
    const lagOf = (dueAtMs: number | undefined) => (dueAtMs === undefined ? 0 : Math.max(0, nowMs - dueAtMs));
    const dueLags = {
      schedules: lagOf(await schedules.nextDueAtMs()),
      holds: lagOf(await holds.nextDueAtMs()),
      visits: lagOf(await shoppers.visits.nextDueAtMs()),
      orders: lagOf(await expiries.nextDueAtMs()),
      refunds: lagOf(await refundsInParts.nextDueAtMs()),
      settlements: lagOf(await firstSettlementDueAtMs(database)),
    };
    return { openOperations, outbox, openVisits, givenUpHolds, dueLags };
  } catch {
    return {};
  }
}
