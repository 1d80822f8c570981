/** The connections of one node to its database, in pools by what they are for. */
import type { EngineLog } from '../core/payment/engine.ts';
import { outsideOfWork } from '../observability/work.ts';
import { type Database, openDatabase } from '../postgres/connection.ts';
import { gatewayPools } from '../postgres/pools.ts';
import { type Room, watchRoom } from '../postgres/room.ts';

export interface Databases {
  /** The payment path. */
  readonly hot: Database;
  /** Everything else: directory, resolution, lists. */
  readonly general: Database;
  /** Telling merchants: apart, so that a flood of it leaves the rest their connections; index plans only, since its tables grow without end. */
  readonly outbox: Database;
  readonly room: Room;
  /** To be called when their server has turned out to be gone: see {@link Database.renew}. */
  readonly renew: () => void;
}

const timedOut = 'the database did not answer a statement in its time; its connections are opened anew';
/** Lists, reports and claims of workers read more than a payment does. */
const generalTimeoutFactor = 4;

/** How long statements may take, in ms, by the setting for those of a payment. */
export function timeoutsOf(databaseTimeoutMs: number): { readonly hot: number; readonly general: number } {
  return { hot: databaseTimeoutMs, general: databaseTimeoutMs * generalTimeoutFactor };
}

export interface DatabasesOptions {
  readonly url: string;
  readonly timeoutsMs: ReturnType<typeof timeoutsOf>;
  readonly log: EngineLog;
  /** Told when a statement was not answered in its time, after the connections here were opened anew. */
  readonly onTimeout: () => void;
}

/** Connects when the first statement comes. */
export function openDatabases({ url, timeoutsMs, log, onTimeout: tell }: DatabasesOptions): Databases {
  // A connection outlives the request that it was opened for.
  const onError = (error: Error) => outsideOfWork(() => log.warn({ error: error.message }, 'an idle database connection broke'));
  const onTimeout = () => {
    outsideOfWork(() => log.warn({}, timedOut));
    renew();
    tell();
  };
  const renew = () => {
    for (const each of Object.values(pools)) each.renew();
  };
  const room = watchRoom({ name: 'the database', log });
  const pool = { url, role: 'polygate_app', onError, onFailure: room.noteFailure };
  const [hot, general] = [
    { ...pool, purpose: 'hot', timeout: { ms: timeoutsMs.hot, onTimeout } },
    { ...pool, purpose: 'general', timeout: { ms: timeoutsMs.general, quickMs: timeoutsMs.hot, onTimeout } },
  ] as const;
  const pools = {
    hot: openDatabase({ ...hot, applicationName: gatewayPools.hot, maxConnections: 10 }),
    general: openDatabase({ ...general, applicationName: gatewayPools.general, maxConnections: 6 }),
    outbox: openDatabase({ ...hot, applicationName: gatewayPools.outbox, maxConnections: 3 }),
  };
  return { ...pools, room, renew };
}
