/** The connections of one node to its database, in pools by what they are for. */
import type { EngineLog } from '../core/payment/engine.ts';
import { outsideOfWork } from '../observability/work.ts';
import { type Database, openDatabase } from '../postgres/connection.ts';

export interface Databases {
  /** The payment path. */
  readonly hot: Database;
  /** Everything else: directory, resolution, lists. */
  readonly general: Database;
  /** Telling merchants: apart, so that a flood of it leaves the rest their connections; index plans only, since its tables grow without end. */
  readonly outbox: Database;
}

/** Connects when the first statement comes. */
export function openDatabases(url: string, log: EngineLog): Databases {
  // A connection outlives the request that it was opened for.
  const onError = (error: Error) => outsideOfWork(() => log.warn({ error: error.message }, 'an idle database connection broke'));
  const pool = { url, role: 'polygate_app', onError };
  return {
    hot: openDatabase({ ...pool, applicationName: 'polygate', purpose: 'hot', maxConnections: 10 }),
    general: openDatabase({ ...pool, applicationName: 'polygate-general', purpose: 'general', maxConnections: 6 }),
    outbox: openDatabase({ ...pool, applicationName: 'polygate-outbox', purpose: 'hot', maxConnections: 3 }),
  };
}
