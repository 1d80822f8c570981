/**
 * The migrations runner: folders of plain SQL files, each applied once, in order, in a transaction of its own, and recorded with its
 * checksum. Several nodes may start at once: a table lock inside the transaction lets one of them apply a file while the others wait.
 */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { retriable } from './connection.ts';
import { createMissingRoles, rolesExist } from './roles.ts';

/** A folder of files `0001_name.sql`, `0002_name.sql`, …: the tables of one schema. */
export interface MigrationSet {
  /** The schema: created before the first file, the name of the set in the records, and the `search_path` while its files run. */
  readonly schema: string;
  /** The role that the product's statements on this schema run as. Created without login when missing; may use the schema, nothing more. */
  readonly role: string;
  readonly directory: string;
}

export interface MigrationLog {
  info(details: { readonly file: string; readonly durationMs: number }, message: string): void;
}

export interface MigrateOptions {
  readonly url: string;
  readonly sets: readonly MigrationSet[];
  readonly log?: MigrationLog;
}

/** The database and the program do not fit together, or a file failed; the message says what to do. */
export class MigrationError extends Error {
  override readonly name = 'MigrationError';
}

interface MigrationFile {
  readonly name: string;
  readonly sql: string;
  /** SHA-256, hex, of the text with line ends as \n. */
  readonly checksum: string;
}

interface LoadedSet extends MigrationSet {
  readonly files: readonly MigrationFile[];
}

interface Recorded {
  readonly set: string;
  readonly file: string;
  readonly checksum: string;
}

/**
 * Brings a database up to date and returns the files applied by this call, as `schema/file`. A database that is up to date is only read, so
 * that nodes can start with logins that may not change it. Throws {@link MigrationError}, or the error of the connection.
 */
export async function migrate({ url, sets, log }: MigrateOptions): Promise<string[]> {
  const loaded = await Promise.all(sets.map(loadSet));
  const client = new pg.Client({ connectionString: url, application_name: 'polygate-migrate', options: '-c timezone=UTC' });
  // Without a listener, a connection that breaks between two statements would end the process; the next statement reports it.
  client.on('error', () => {});
  await client.connect();
  try {
    if (await isUpToDate(client, loaded)) return [];
    await createMissingRoles(client, rolesOf(loaded));
    await createRecords(client);
    const applied: string[] = [];
    for (const set of loaded) {
      for (const file of set.files) {
        const startedMs = performance.now();
        if (!(await retriable(() => applyOnce(client, set, file)))) continue;
        applied.push(`${set.schema}/${file.name}`);
        log?.info({ file: `${set.schema}/${file.name}`, durationMs: Math.round(performance.now() - startedMs) }, 'migration applied');
      }
    }
    return applied;
  } finally {
    await client.end().catch(() => {});
  }
}

function rolesOf(sets: readonly MigrationSet[]): string[] {
  return [...new Set(sets.map((set) => set.role))];
}

/** Reads a folder; its files have numbers, each its own. There may be gaps: branches that grow side by side have ranges of their own. */
async function loadSet(set: MigrationSet): Promise<LoadedSet> {
  const names = (await readdir(set.directory)).filter((name) => name.endsWith('.sql')).sort();
  const files = names.map(async (name, index) => {
    if (!/^\d{4}_[a-z0-9_]+\.sql$/.test(name)) {
      throw new MigrationError(`migration file ${set.schema}/${name} has no number: expected a name like 0001_what_it_adds.sql`);
    }
    if (names[index - 1]?.slice(0, 4) === name.slice(0, 4)) {
      throw new MigrationError(`migration file ${set.schema}/${name} has the number of ${names[index - 1]}: give it the next free one`);
    }
    const sql = (await readFile(join(set.directory, name), 'utf8')).replaceAll('\r\n', '\n');
    return { name, sql, checksum: createHash('sha256').update(sql).digest('hex') };
  });
  return { ...set, files: await Promise.all(files) };
}

async function isUpToDate(client: pg.Client, sets: readonly LoadedSet[]): Promise<boolean> {
  const { rows } = await client.query<{ present: boolean }>(`select to_regclass('public.polygate_migration') is not null as present`);
  if (rows[0]?.present !== true) return false;
  const recorded = await readRecords(client);
  for (const set of sets) compare(set, recorded);
  const complete = sets.every((set) => set.files.every((file) => isRecorded(recorded, set, file)));
  return complete && (await rolesExist(client, rolesOf(sets)));
}

async function readRecords(client: pg.Client): Promise<Recorded[]> {
  return (await client.query<Recorded>('select set, file, checksum from public.polygate_migration')).rows;
}

function isRecorded(recorded: readonly Recorded[], set: LoadedSet, file: MigrationFile): boolean {
  return recorded.some((row) => row.set === set.schema && row.file === file.name);
}

/** Refuses a database that another program has made: newer than this one, or from files that were edited after they ran. */
function compare(set: LoadedSet, recorded: readonly Recorded[]): void {
  for (const row of recorded) {
    if (row.set !== set.schema) continue;
    const file = set.files.find((candidate) => candidate.name === row.file);
    if (file === undefined) {
      throw new MigrationError(
        `the database has migration ${row.set}/${row.file}, which this program does not know: ` +
          'it was migrated by a newer version of Polygate. Start that version or a later one.',
      );
    }
    if (file.checksum !== row.checksum) {
      throw new MigrationError(
        `migration ${row.set}/${row.file} has been changed after it was applied to this database: ` +
          'restore the file as it was and put the change into a new file with the next number.',
      );
    }
  }
}

/** `if not exists` still fails when two sessions create at the same moment; the second try then finds the table. */
async function createRecords(client: pg.Client): Promise<void> {
  const text = `create table if not exists public.polygate_migration (
    set text not null,
    file text not null,
    checksum text not null,
    applied_at timestamptz not null default now(),
    primary key (set, file)
  )`;
  try {
    await client.query(text);
  } catch (error) {
    const { code } = error as { code?: unknown };
    // The loser learns it from the table (42P07), from its row type (42710), or from the index of the catalogue (23505).
    if (code !== '23505' && code !== '42P07' && code !== '42710') throw error;
    await client.query(text);
  }
}

/** Applies a file unless another session has done so meanwhile; false when it has. */
async function applyOnce(client: pg.Client, set: LoadedSet, file: MigrationFile): Promise<boolean> {
  const schema = pg.escapeIdentifier(set.schema);
  const role = pg.escapeIdentifier(set.role);
  await client.query('begin');
  try {
    // Readers pass, other migrators wait here; the lock ends with the transaction, whatever happens to the session.
    await client.query('lock table public.polygate_migration in exclusive mode');
    const recorded = await readRecords(client);
    compare(set, recorded);
    if (isRecorded(recorded, set, file)) {
      await client.query('rollback');
      return false;
    }
    await client.query(`create schema if not exists ${schema}`);
    await client.query(`grant usage on schema ${schema} to ${role}`);
    await client.query(`grant select on public.polygate_migration to ${role}`);
    await client.query(`set local search_path = ${schema}, pg_catalog`);
    await runFile(client, set, file);
    await client.query(`insert into public.polygate_migration (set, file, checksum) values ($1, $2, $3)`, [
      set.schema,
      file.name,
      file.checksum,
    ]);
    await client.query('commit');
    return true;
  } catch (error) {
    await client.query('rollback').catch(() => {});
    throw error;
  }
}

async function runFile(client: pg.Client, set: LoadedSet, file: MigrationFile): Promise<void> {
  try {
    await client.query(file.sql);
  } catch (error) {
    const { code, message, position } = error as { code?: unknown; message?: unknown; position?: unknown };
    if (code === '40001' || code === '40P01') throw error;
    const line = position === undefined ? '' : ` at line ${file.sql.slice(0, Number(position)).split('\n').length}`;
    throw new MigrationError(`migration ${set.schema}/${file.name} failed${line} and was rolled back: ${String(message)}`, {
      cause: error,
    });
  }
}
