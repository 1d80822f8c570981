/** The embedded PostgreSQL of a sandbox that is running: what is done beside it is done on its database. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { gatewayPools } from '../postgres/pools.ts';
import { connectionUrl } from './postgres.ts';
import { isPostmasterRunning, readPostmaster } from './postmaster.ts';

const patienceMs = 10_000;

/**
 * The address of the database of the gateway that runs on this data folder; undefined where none does. A command has such a server as well, for as
 * long as it takes: others must not come to rely on that one.
 */
export async function findRunningDatabase(dataDirectory: string): Promise<string | undefined> {
  const folder = join(dataDirectory, 'postgres');
  const data = join(folder, 'data');
  const postmaster = await readPostmaster(data);
  if (postmaster?.ready !== true || !(await isPostmasterRunning(data))) return undefined;
  const password = (await readFile(join(folder, 'password'), 'utf8').catch(() => '')).trim();
  const url = connectionUrl({ port: postmaster.port, password, database: 'polygate' });
  return (await isOfGateway(url).catch(() => false)) ? url : undefined;
}

async function isOfGateway(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: patienceMs, query_timeout: patienceMs });
  try {
    await client.connect();
    const names = Object.values(gatewayPools);
    const { rowCount } = await client.query('select 1 from pg_stat_activity where application_name = any($1) limit 1', [names]);
    return rowCount === 1;
  } finally {
    await client.end();
  }
}
