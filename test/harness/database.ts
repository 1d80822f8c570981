/** A migrated database for a test file: a copy of a template that is made once per run, on the PostgreSQL of the run. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { type EmbeddedPostgres, startPostgres } from '../../src/local/postgres.ts';

/** `url` connects as an administrator; `drop` removes the database, ending connections that are still open. */
export type TestDatabase = { readonly url: string; readonly drop: () => Promise<void> };

/** Fast instead of durable: nothing of a test run is worth keeping, and no test is about the server's own crash safety. */
export const testSettings: Readonly<Record<string, string>> = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  shared_buffers: '128MB',
  max_connections: '300',
  max_wal_size: '1GB',
};

/** The start of all database names of a run; run.ts chooses it, so that it can remove what a killed test left. */
const prefix = process.env.POLYGATE_TEST_PREFIX ?? `polygate_test_${randomBytes(6).toString('hex')}`;
let server: Promise<string> | undefined;

/** What is in a database at first: nothing, the schema of this version without rows, or also the merchants of the sandbox. */
export type Content = 'nothing' | 'schema' | 'demo merchants';

/** Makes a database. What it has is made once per run, and copied. */
export async function createDatabase(content: Content = 'schema'): Promise<TestDatabase> {
  const adminUrl = await serverUrl();
  const template = content === 'nothing' ? 'template1' : await makeTemplate(adminUrl, content);
  const name = `${prefix}_${randomBytes(6).toString('hex')}`;
  const admin = administrator(adminUrl);
  await admin.query(`create database ${name} template ${template}`);
  return {
    url: databaseUrl(adminUrl, name),
    drop: async () => void (await admin.query(`drop database if exists ${name} with (force)`)),
  };
}

let administrators: pg.Pool | undefined;

/** Connections that files of one process share, and that do not keep it alive. */
function administrator(url: string): pg.Pool {
  if (administrators !== undefined && administrators.options.connectionString === url) return administrators;
  administrators = new pg.Pool({ connectionString: url, max: 2, allowExitOnIdle: true });
  // The server may be gone before them.
  administrators.on('error', () => undefined);
  return administrators;
}

/** Templates that are known to be there. */
const made = new Set<string>();

/** Removes every database whose name starts with `namePrefix`. */
export async function dropDatabases({ adminUrl, namePrefix }: { readonly adminUrl: string; readonly namePrefix: string }): Promise<void> {
  await withClient(adminUrl, async (client) => {
    const { rows } = await client.query<{ datname: string }>('select datname from pg_database where starts_with(datname, $1)', [
      namePrefix,
    ]);
    for (const { datname } of rows) await client.query(`drop database if exists ${datname} with (force)`);
  });
}

/**
 * The template appears under its name only when it is complete. The lock lets the first test file of a run make it while the others wait,
 * and goes with the connection when that file dies.
 */
async function makeTemplate(adminUrl: string, content: Exclude<Content, 'nothing'>): Promise<string> {
  const template = `${prefix}_${content.replace(' ', '_')}`;
  if (made.has(`${adminUrl} ${template}`)) return template;
  await withClient(adminUrl, async (client) => {
    await client.query('select pg_advisory_lock(hashtext($1))', [template]);
    const { rowCount } = await client.query('select 1 from pg_database where datname = $1', [template]);
    if (rowCount !== 0) return;
    const unfinished = `${template}_unfinished`;
    const base = content === 'schema' ? 'template1' : await makeTemplate(adminUrl, 'schema');
    await client.query(`drop database if exists ${unfinished} with (force)`);
    await client.query(`create database ${unfinished} template ${base}`);
    await fill(databaseUrl(adminUrl, unfinished), content);
    await client.query(`alter database ${unfinished} rename to ${template}`);
  });
  made.add(`${adminUrl} ${template}`);
  return template;
}

async function fill(url: string, content: Exclude<Content, 'nothing'>): Promise<void> {
  if (content === 'schema') {
    const { migrateUrl } = await import('../../src/store/migrate.ts');
    await migrateUrl(url);
    return;
  }
  const { writeDemoMerchants } = await import('../../src/local/demo-merchants.ts');
  await writeDemoMerchants({ databaseUrl: url, shopUrl: 'http://127.0.0.1:8070' });
}

/** The run's server; a file that is run by itself starts one of its own and takes it away when its tests are done. */
function serverUrl(): Promise<string> {
  const given = process.env.POLYGATE_TEST_POSTGRES;
  server ??= given === undefined ? startOwnServer() : Promise.resolve(given);
  return server;
}

async function startOwnServer(): Promise<string> {
  const { postgres, remove } = await startTestPostgres();
  // A hook of node:test would belong to the test that happens to come first.
  process.once('beforeExit', () => void remove());
  return postgres.url;
}

/** An embedded PostgreSQL in a folder of its own; `remove` stops it and deletes the folder. */
export async function startTestPostgres(): Promise<{ readonly postgres: EmbeddedPostgres; readonly remove: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'polygate-test-'));
  const directory = join(folder, 'postgres');
  const log = (message: string): boolean => process.stderr.write(`${message}\n`);
  const postgres = await startPostgres({ directory, port: 0, settings: testSettings, log });
  return {
    postgres,
    async remove() {
      await postgres.stop();
      const { removePlace } = await import('../../src/local/postgres-user.ts');
      await removePlace({ directory, log: () => undefined });
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function databaseUrl(adminUrl: string, name: string): string {
  const url = new URL(adminUrl);
  url.pathname = `/${name}`;
  return url.href;
}

async function withClient<Result>(url: string, work: (client: pg.Client) => Promise<Result>): Promise<Result> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
