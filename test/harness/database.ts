/** A migrated database of its own for each test file, on the server that the test run has started. */
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { migrateUrl } from '../../src/store/migrate.ts';

export interface TestDatabase {
  /** Login as the server's administrator. */
  readonly url: string;
  drop(): Promise<void>;
}

/** Creates and migrates a database; `migrated: false` leaves it empty. */
export async function createDatabase(options: { readonly migrated?: boolean } = {}): Promise<TestDatabase> {
  const adminUrl = process.env.POLYGATE_TEST_POSTGRES;
  if (adminUrl === undefined)
    throw new Error('POLYGATE_TEST_POSTGRES is not set: run the tests with `npm test`, or name a server by its URL');
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  await runOnce(adminUrl, `create database ${name}`);
  const url = new URL(adminUrl);
  url.pathname = `/${name}`;
  if (options.migrated !== false) await migrateUrl(url.href);
  return { url: url.href, drop: () => runOnce(adminUrl, `drop database if exists ${name} with (force)`) };
}

async function runOnce(url: string, text: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(text);
  } finally {
    await client.end();
  }
}
