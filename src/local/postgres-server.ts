/** Makes a PostgreSQL data folder and runs a server on it, under a supervisor that outlives a killed gateway just long enough to stop it. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chown, mkdir, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { settlesWithin } from './patience.ts';
import { settingArguments } from './postgres-settings.ts';
import type { PostgresHome } from './postgres-user.ts';
import { readPostmaster } from './postmaster.ts';

/** A server that accepts connections. `exited` resolves when it has ended, `end` asks it for a fast shutdown. */
export type PostgresServer = { readonly pid: number; readonly exited: Promise<void>; readonly end: () => void };

/** The server ended before it was ready; `output` is what it wrote to its log meanwhile. */
export class PostgresStartError extends Error {
  readonly output: string;
  constructor(message: string, output: string) {
    super(output === '' ? message : `${message} It said:\n${output}`);
    this.name = 'PostgresStartError';
    this.output = output;
  }
}

const startTimeoutMs = 120_000;
const logLimitBytes = 10 * 1024 * 1024;

/**
 * Runs the server as a job of a shell that has its own session: Ctrl-C in a terminal does not reach it, so the gateway can drain first.
 * Descriptor 3 is a pipe from the gateway. When it closes, on purpose or because the gateway was killed, the server gets SIGINT (fast
 * shutdown), again each second, because a server that has only just been started still ignores it.
 */
const supervisor = `
"$@" 3<&- & server=$!
( read -r line <&3; while kill -INT "$server" 2>/dev/null; do sleep 1; done ) & watcher=$!
wait "$server"; code=$?
kill "$watcher" 2>/dev/null
exit "$code"`;

/** The superuser's password; makes the data folder where there is none. `durable: false` skips flushing it to disk (tests). */
export async function prepareData(home: PostgresHome, { durable }: { readonly durable: boolean }): Promise<string> {
  const data = join(home.place, 'data');
  const passwordFile = join(home.place, 'password');
  const made = await readIfPresent(join(data, 'PG_VERSION'));
  if (made === undefined) return initialize({ home, data, passwordFile, durable });
  const major = home.binaries.version.split('.')[0];
  if (made.trim() !== major) {
    throw new Error(
      `${data} was written by PostgreSQL ${made.trim()} and this is PostgreSQL ${major}. Run \`polygate reset\` for an empty database.`,
    );
  }
  const password = await readIfPresent(passwordFile);
  if (password !== undefined) return password.trim();
  throw new Error(
    `${passwordFile} is missing, and without it nobody can enter the database beside it. Run \`polygate reset\` for an empty one.`,
  );
}

/** Only a missing file counts as absent: one that cannot be read must not be taken for one that can be made anew. */
async function readIfPresent(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

type Initialization = { readonly home: PostgresHome; readonly data: string; readonly passwordFile: string; readonly durable: boolean };

/** The data folder appears under its name only when it is complete: an interrupted initdb leaves nothing that looks usable. */
async function initialize({ home, data, passwordFile, durable }: Initialization): Promise<string> {
  const unfinished = `${data}.unfinished`;
  const passwordForInitdb = `${passwordFile}.initdb`;
  const password = randomBytes(24).toString('base64url');
  await rm(unfinished, { recursive: true, force: true });
  await rm(data, { recursive: true, force: true });
  await mkdir(unfinished, { mode: 0o700 });
  for (const path of [passwordFile, passwordForInitdb]) {
    await rm(path, { force: true });
    await writeFile(path, `${password}\n`, { mode: 0o600 });
  }
  if (home.user !== undefined) for (const path of [unfinished, passwordForInitdb]) await chown(path, home.user.uid, home.user.gid);
  const options = [
    '--encoding=UTF8',
    '--locale=C',
    '--username=polygate',
    '--auth=scram-sha-256',
    `--pwfile=${passwordForInitdb}`,
    '--no-instructions',
  ];
  try {
    await promisify(execFile)(
      join(home.binaries.directory, 'bin', 'initdb'),
      ['-D', unfinished, ...options, ...(durable ? [] : ['--no-sync'])],
      {
        ...processOptions(home, unfinished),
      },
    );
  } catch (error) {
    const output = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : '';
    throw new PostgresStartError(`initdb could not make the data folder ${data} (${describe(error)}).`, output);
  } finally {
    await rm(passwordForInitdb, { force: true });
  }
  await rename(unfinished, data);
  return password;
}

/** `pglz` costs more than it saves on small writes, so compression is used only where this build has lz4. */
export async function walCompression(home: PostgresHome): Promise<string> {
  const data = join(home.place, 'data');
  const ask = ['-D', data, '-c', 'wal_compression=lz4', '-C', 'wal_compression'];
  return promisify(execFile)(join(home.binaries.directory, 'bin', 'postgres'), ask, processOptions(home, data)).then(
    () => 'lz4',
    () => 'off',
  );
}

/** Starts the server and waits until it accepts connections. Throws a PostgresStartError when it does not. */
export async function launchServer(
  home: PostgresHome,
  { port, settings }: { readonly port: number; readonly settings: Readonly<Record<string, string>> },
): Promise<PostgresServer> {
  const data = join(home.place, 'data');
  const logFile = join(home.place, 'postgres.log');
  await rotate(logFile);
  const log = await open(logFile, 'a', 0o600);
  const logStart = (await log.stat()).size;
  const command = [join(home.binaries.directory, 'bin', 'postgres'), '-D', data, '-p', String(port), ...settingArguments(settings)];
  const child = spawn('/bin/sh', ['-c', supervisor, 'sh', ...command], {
    ...processOptions(home, data),
    detached: true,
    stdio: ['ignore', log.fd, log.fd, 'pipe'],
  });
  const exited = waitForExit(child);
  await log.close();
  const server = { exited, end: () => child.stdio[3]?.destroy() };
  try {
    const pid = await waitUntilReady({ data, child });
    // The server must not keep a process alive that has nothing else to do.
    child.unref();
    if (child.stdio[3] instanceof Socket) child.stdio[3].unref();
    return { pid, ...server };
  } catch (error) {
    server.end();
    await settlesWithin({ promise: exited, patienceMs: 10_000 });
    const output = (await readFile(logFile)).subarray(logStart).toString().trim();
    throw new PostgresStartError(`PostgreSQL did not start on port ${port} (${describe(error)}).`, output);
  }
}

async function waitForExit(child: ChildProcess): Promise<void> {
  await once(child, 'exit').catch(() => undefined);
}

async function waitUntilReady({ data, child }: { readonly data: string; readonly child: ChildProcess }): Promise<number> {
  let failure: Error | undefined;
  child.once('error', (error) => {
    failure = error;
  });
  const deadline = performance.now() + startTimeoutMs;
  while (performance.now() < deadline) {
    if (failure !== undefined) throw failure;
    if (child.exitCode !== null || child.signalCode !== null) throw new Error(`it ended with ${child.exitCode ?? child.signalCode}`);
    const postmaster = await readPostmaster(data);
    if (postmaster?.ready) return postmaster.pid;
    await delay(10);
  }
  throw new Error(`it was not ready after ${startTimeoutMs / 1000} seconds`);
}

/** Nothing of the caller's environment: PGPORT, PGOPTIONS, LC_ALL and TZ would change the server. */
function processOptions(home: PostgresHome, cwd: string) {
  return { cwd, env: { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' }, ...(home.user ?? {}) };
}

async function rotate(logFile: string): Promise<void> {
  const size = await stat(logFile).then(
    (found) => found.size,
    () => 0,
  );
  if (size > logLimitBytes) await rename(logFile, `${logFile}.old`);
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.message.split('\n')[0] ?? error.name;
}
