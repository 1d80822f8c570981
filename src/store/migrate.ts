/** Which migrations make a Polygate database: the store's and the vault's, each in its schema and under its role. */
import { join } from 'node:path';
import { type MigrationLog, type MigrationSet, migrate } from '../postgres/migrate.ts';

/** Only the folder of the vault is known here, none of its code: a node that keeps no cards still migrates the whole database. */
const storeSet: MigrationSet = { schema: 'polygate', role: 'polygate_app', directory: join(import.meta.dirname, 'migrations') };
const vaultSet: MigrationSet = { schema: 'vault', role: 'polygate_vault', directory: join(import.meta.dirname, '../vault/migrations') };

/**
 * Brings the database at `url` up to date, and the vault's at `vaultUrl` where that is another one. Returns the files that were applied.
 * Throws `MigrationError` with the remedy in its message.
 */
export async function migrateUrl(
  url: string,
  options: { readonly vaultUrl?: string | undefined; readonly log?: MigrationLog | undefined } = {},
): Promise<string[]> {
  const log = options.log === undefined ? {} : { log: options.log };
  if (options.vaultUrl === undefined || options.vaultUrl === url) return migrate({ url, sets: [storeSet, vaultSet], ...log });
  const applied = await migrate({ url, sets: [storeSet], ...log });
  return [...applied, ...(await migrate({ url: options.vaultUrl, sets: [vaultSet], ...log }))];
}

/** Migrates the databases of a configuration. */
export async function migrateConfigured(config: {
  readonly databaseUrl: string | undefined;
  readonly vaultDatabaseUrl: string | undefined;
}): Promise<string[]> {
  if (config.databaseUrl === undefined) throw new Error('There is no database to migrate: set DATABASE_URL.');
  return migrateUrl(config.databaseUrl, { vaultUrl: config.vaultDatabaseUrl });
}
