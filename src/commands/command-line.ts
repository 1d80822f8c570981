/** What the commands have in common: their options, the settings, a database, the way they print. */
import { hostname, userInfo } from 'node:os';
import { join } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { type Config, type Mode, readConfig } from '../config.ts';
import { misspeltVariables } from '../config-misspelt.ts';
import { isDay } from '../core/day.ts';
import { maskCardNumbers } from '../core/instrument/mask.ts';
import { shownSum } from '../core/money/sum.ts';
import { type Database, explainAway, openDatabase } from '../postgres/connection.ts';
import { openKeyFile } from '../vault/key-file.ts';
import type { KeyProvider } from '../vault/key-provider.ts';
import { type OpenVault, openVault } from '../vault/vault.ts';

export type Options = { readonly mode: Mode; readonly config?: string };
export type ListOptions = Options & { readonly json?: boolean };

/** Every command knows the mode, the file of settings, --help and --version. */
export function addCommand(parent: Command, name: string, description: string): Command {
  return parent
    .command(name)
    .description(description)
    .version(parent.version() ?? '', '-V, --version', 'print the version')
    .addOption(
      new Option('--mode <mode>', 'published test credentials and simulators, or a real acquirer')
        .choices(['sandbox', 'live'])
        .default('sandbox'),
    )
    .option('--config <file>', 'JSON file of settings (default: polygate.json, where there is one)');
}

/** A noun whose verbs are commands, as in `polygate keys list`. */
export function addGroup(program: Command, name: string, description: string): Command {
  return program
    .command(name)
    .description(description)
    .version(program.version() ?? '', '-V, --version', 'print the version')
    .helpCommand(false);
}

/** The settings of a command. What is probably misspelt is told and no more: an environment has names of others as well. */
export function read({ mode, config }: Options): Config {
  for (const misspelt of misspeltVariables(process.env)) tell(misspelt);
  return readConfig({ mode, file: config, env: process.env });
}

/** Runs `work` on the configured database; else on the embedded one: that of the gateway which runs on it, or one that is started for it. */
export async function withDatabase<T>(config: Config, work: (config: Config) => Promise<T>): Promise<T> {
  const explained = (given: Config): Promise<T> =>
    work(given).catch((error: unknown) => {
      throw explain(error);
    });
  if (config.databaseUrl !== undefined) return explained(config);
  const { findRunningDatabase } = await import('../local/running-database.ts');
  const running = await findRunningDatabase(config.dataDirectory);
  if (running !== undefined) return explained(onDatabase(config, running));
  const { claimDataDirectory } = await import('../local/data-directory.ts');
  const { startPostgres } = await import('../local/postgres.ts');
  const lock = await claimDataDirectory({ directory: config.dataDirectory, log: tell });
  const postgres = await startPostgres({ directory: join(config.dataDirectory, 'postgres'), port: 0, log: tell });
  try {
    return await explained(onDatabase(config, postgres.url));
  } finally {
    await postgres.stop();
    lock.release();
  }
}

function onDatabase(config: Config, databaseUrl: string): Config {
  return { ...config, databaseUrl, vaultDatabaseUrl: config.vaultDatabaseUrl ?? databaseUrl };
}

/** Runs `work` on the gateway's own tables, which have to be there. */
export function withStore<T>(options: Options, work: (database: Database, config: Config) => Promise<T>): Promise<T> {
  return withDatabase(read(options), (config) => withTables(config, (database) => work(database, config)));
}

/** The same on a database that is known. */
export async function withTables<T>(config: Config, work: (database: Database) => Promise<T>): Promise<T> {
  if (config.databaseUrl === undefined) throw new Error('There is no database: set DATABASE_URL.');
  const database = openDatabase({
    ...{ url: config.databaseUrl, role: 'polygate_app', applicationName: 'polygate-operator', purpose: 'general', maxConnections: 2 },
  });
  try {
    return await work(database);
  } finally {
    await database.close();
  }
}

/** Runs `work` with the vault, under the keys of the configured key file. */
export async function withVault<T>(config: Config, work: (vault: OpenVault, keyProvider: KeyProvider) => Promise<T>): Promise<T> {
  const url = config.vaultDatabaseUrl ?? config.databaseUrl;
  if (url === undefined) throw new Error('There is no database: set DATABASE_URL.');
  const keyProvider = await openKeyFile({ path: config.masterKeyFile, createIfMissing: false });
  const log = { error: (details: object, message: string) => tell(`${message} ${JSON.stringify(details)}`) };
  const vault = await openVault({ url, keyProvider, log });
  try {
    return await work(vault, keyProvider);
  } finally {
    await vault.close();
  }
}

function explain(error: unknown): unknown {
  if (withoutSchema(error)) return new Error('The database is not up to date: run `polygate migrate` first.', { cause: error });
  return explainAway(error);
}

/** Undefined table, schema or role. */
function withoutSchema(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return code === '42P01' || code === '3F000' || (code === '22023' && String(error).includes('role'));
}

/** Who acts, for the audit trail. */
export function actor(): string {
  let user = 'unknown';
  try {
    user = userInfo().username;
  } catch {
    // A container may run under a number without a name.
    user = `uid ${process.getuid?.() ?? '?'}`;
  }
  return `${user}@${hostname()}`;
}

/** Progress and remarks: on the error stream, so that what scripts read stays alone on the other. */
export function tell(message: string): void {
  process.stderr.write(`${harmless(message)}\n`);
}

export function print(text: string): void {
  process.stdout.write(`${harmless(text)}\n`);
}

/** Without what a terminal would obey: references and names come from merchants and their shoppers. Tabs and line feeds stay. */
export function harmless(text: string): string {
  return text.replace(/(?![\t\n])\p{Cc}/gu, '\ufffd');
}

export function printJson(value: unknown): void {
  print(JSON.stringify(value, (_name, part: unknown) => (typeof part === 'bigint' ? shownSum(part) : part), 2));
}

/** Rows under headings, in columns; the same rows as an array with `json`. */
export function printRows(rows: readonly object[], { json, none }: { readonly json?: boolean | undefined; readonly none: string }): void {
  if (json === true) printJson(rows);
  else if (rows[0] === undefined) print(none);
  else {
    const lines = [Object.keys(rows[0]), ...rows.map((row) => Object.values(row).map(cell))];
    const widths = lines[0]?.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
    for (const line of lines)
      print(
        line
          .map((text, column) => text.padEnd(widths?.[column] ?? 0))
          .join('  ')
          .trimEnd(),
      );
  }
}

function cell(value: unknown): string {
  if (value === null || value === undefined) return '-';
  if (value instanceof Date) return value.toISOString().slice(0, 19).replace('T', ' ');
  return Array.isArray(value) ? value.join(',') : String(value);
}

/** An option's reader that takes what `pattern` matches, and says what it expected otherwise. */
export function matching(pattern: RegExp, expected: string): (text: string) => string {
  return (text) => {
    if (pattern.test(text)) return text;
    throw new InvalidArgumentError(`Expected ${expected}.`);
  };
}

/** An option's reader of a day that the calendar has. */
export function day(text: string): string {
  if (isDay(text)) return text;
  throw new InvalidArgumentError('Expected a day that exists, as in 2034-01-31.');
}

/** An option's reader that takes no card number: what it reads is kept and shown. */
export function withoutCard(read: (text: string) => string = (text) => text): (text: string) => string {
  return (text) => {
    if (maskCardNumbers(text) !== text) throw new InvalidArgumentError('It must not hold what looks like a card number.');
    return read(text);
  };
}

/** An option's reader of a text by which people know something. */
export const freeText = (longest: number) =>
  withoutCard(matching(new RegExp(`^\\P{Cc}{1,${longest}}$`, 'u'), `1 to ${longest} characters`));

/** The id of a row, as our own ids are; `expected` completes "Expected …". */
export const idOf = (expected: string) => matching(/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/, expected);

export function wholeNumber({ min, max }: { readonly min: number; readonly max: number }): (text: string) => number {
  return (text) => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    throw new InvalidArgumentError(`Expected a whole number from ${min} to ${max}.`);
  };
}

/** Reads a comma-separated list, each part by `pattern`. */
export function listOf(pattern: RegExp, expected: string): (text: string) => readonly string[] {
  return (text) => {
    const parts = text.split(',').map((part) => part.trim());
    if (parts.every((part) => pattern.test(part)) && new Set(parts).size === parts.length) return parts;
    throw new InvalidArgumentError(`Expected ${expected}, separated by commas, each once.`);
  };
}
