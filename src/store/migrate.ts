/** Brings a database to the schema of this version. */
import type { Config } from '../config.ts';

/** Migrates the database that `config.databaseUrl` names. */
export async function migrate(config: Config): Promise<void> {
  if (config.databaseUrl === undefined) throw new Error('There is no database to migrate: set DATABASE_URL.');
  await migrateUrl(config.databaseUrl);
}

/** Migrates the database at `url`; this version has no tables yet, so there is nothing to do but to see that it answers. */
export async function migrateUrl(url: string): Promise<void> {
  const { default: pg } = await import('pg');
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.end();
}
