/**
 * The settings as the gateway is started with them: read by the table in config-table.ts, from one optional JSON file and from environment variables
 * of the same names, which win.
 */
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { NetworkAddress } from './config-forms.ts';
import { meantSetting } from './config-misspelt.ts';
import { refusals, sandboxKeyFile } from './config-refusals.ts';
import type { Mode, Setting } from './config-setting.ts';
import { type Readings, settings } from './config-table.ts';

export type { Mode } from './config-setting.ts';

/** All settings, read and checked. Paths are absolute; times are in ms, sizes in bytes. */
export type Config = Omit<Readings, 'masterKeyFile' | 'acquirerAddress' | 'acquirerInstitutionId'> & {
  readonly masterKeyFile: string;
  readonly acquirerAddress: NetworkAddress;
  readonly acquirerInstitutionId: string;
};

/** Some settings cannot be used; `problems` lists all of them, each with the setting's name and the remedy. */
export class ConfigError extends Error {
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(`The configuration cannot be used:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

/** `file` undefined means polygate.json in the working directory, where there is one. */
export type ConfigSource = {
  readonly mode: Mode;
  readonly file: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
};

/** Reads all settings. Throws a ConfigError that lists every problem at once. */
export function readConfig({ mode, file, env }: ConfigSource): Config {
  const problems: string[] = [];
  const fromFile = readFile(file, problems);
  const values: Record<string, unknown> = { mode };
  for (const [key, row] of Object.entries<Setting<unknown>>(settings)) {
    const text = nonEmpty(env[row.name]) ?? nonEmpty(fromFile.get(row.name));
    values[key] = text === undefined ? row.defaults[mode] : parse(row, text, problems);
  }
  // With a malformed value nothing more can be said: what depends on it would be reported as missing.
  if (problems.length > 0) throw new ConfigError(problems);
  // The loop above gives every key of the table a value of its row's form; the type system cannot follow it.
  const readings = withDerivedDefaults(values as Readings);
  const { masterKeyFile, acquirerAddress, acquirerInstitutionId } = readings;
  const refused = refusals(readings, env);
  if (refused.length > 0 || masterKeyFile === undefined || acquirerAddress === undefined || acquirerInstitutionId === undefined) {
    throw new ConfigError(refused);
  }
  return { ...readings, masterKeyFile, acquirerAddress, acquirerInstitutionId };
}

/** An empty value means absent, as in `PORT=` of an env file. */
function nonEmpty(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}

function parse(row: Setting<unknown>, text: string, problems: string[]): unknown {
  const result = row.form.parse(text);
  if (result.ok) return result.value;
  problems.push(`${row.name} is ${row.form.show(text)}; expected ${row.form.expected}.`);
  return undefined;
}

function readFile(file: string | undefined, problems: string[]): ReadonlyMap<string, string> {
  const path = resolve(file ?? 'polygate.json');
  if (file === undefined && !existsSync(path)) return new Map();
  let parsed: unknown;
  try {
    parsed = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    // The parser's message quotes the text around the fault, which may be a password.
    const reason =
      error instanceof SyntaxError ? 'it is not JSON' : error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
    problems.push(`The file ${path} cannot be read (${reason}); expected a JSON object of settings, as in {"PORT": 8080}.`);
    return new Map();
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    problems.push(`The file ${path} does not hold a JSON object; expected settings as in {"PORT": 8080}.`);
    return new Map();
  }
  return readEntries({ path, entries: Object.entries(parsed), problems });
}

type FileEntries = { readonly path: string; readonly entries: readonly (readonly [string, unknown])[]; readonly problems: string[] };

function readEntries({ path, entries, problems }: FileEntries): ReadonlyMap<string, string> {
  const known = new Set(Object.values<Setting<unknown>>(settings).map((row) => row.name));
  const values = new Map<string, string>();
  for (const [name, value] of entries) {
    if (!known.has(name)) {
      const meant = meantSetting(name);
      const hint = meant === undefined ? '' : ` (did you mean ${meant}?)`;
      problems.push(`${name} in ${path} is no setting of Polygate${hint}; docs/configuration.md lists them. Correct or remove it.`);
    } else if (typeof value === 'string' || typeof value === 'number') values.set(name, String(value));
    else problems.push(`${name} in ${path} is neither text nor a number; expected one of them.`);
  }
  return values;
}

/** Defaults that follow from other settings; paths are taken from the working directory, once. */
function withDerivedDefaults(readings: Readings): Readings {
  const ifGiven = (path: string | undefined): string | undefined => (path === undefined ? undefined : resolve(path));
  const sandbox = readings.mode === 'sandbox';
  const dataDirectory = resolve(readings.dataDirectory);
  return {
    ...readings,
    dataDirectory,
    masterKeyFile: ifGiven(readings.masterKeyFile) ?? (sandbox ? sandboxKeyFile(dataDirectory) : undefined),
    tlsCertificateFile: ifGiven(readings.tlsCertificateFile),
    tlsKeyFile: ifGiven(readings.tlsKeyFile),
    directoryServerTlsFolder: ifGiven(readings.directoryServerTlsFolder),
    directoryServerCertificateFile: ifGiven(readings.directoryServerCertificateFile),
    directoryServerKeyFile: ifGiven(readings.directoryServerKeyFile),
    directoryServerCaFile: ifGiven(readings.directoryServerCaFile),
    bankUrl: readings.bankUrl ?? (sandbox ? `http://127.0.0.1:${readings.sandboxHttpPort}` : undefined),
    smtpUrl: readings.smtpUrl ?? (sandbox ? `smtp://127.0.0.1:${readings.sandboxSmtpPort}` : undefined),
    directoryServerUrl: readings.directoryServerUrl ?? (sandbox ? `http://127.0.0.1:${readings.sandboxHttpPort}/ds` : undefined),
    vaultDatabaseUrl: readings.vaultDatabaseUrl ?? readings.databaseUrl,
    acquirerAddress: readings.acquirerAddress ?? (sandbox ? { host: '127.0.0.1', port: readings.sandboxAcquirerPort } : undefined),
  };
}
