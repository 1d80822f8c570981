/** The embedded PostgreSQL: a real server from npm's binaries, started with the gateway and stopped with it. */
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { acquireLock } from './lock.ts';
import { settlesWithin } from './patience.ts';
import { assertPortFree, freePort } from './ports.ts';
import { launchServer, type PostgresServer, PostgresStartError, prepareData, walCompression } from './postgres-server.ts';
import { findHome, type PostgresHome } from './postgres-user.ts';
import { stopLeftover } from './postmaster.ts';

export type PostgresOptions = {
  /** Holds data, password (0600) and log; a symbolic link to them where the gateway runs as root. */
  readonly directory: string;
  /** On 127.0.0.1; 0 chooses a free one. */
  readonly port: number;
  readonly log: (message: string) => void;
  /** PostgreSQL settings on top of the usual ones, for tests. */
  readonly settings?: Readonly<Record<string, string>>;
};

/**
 * A running server. `url` connects as superuser to the database `polygate` over TCP; `shortUrl` does so over the server's socket file where there is
 * one, which costs both sides less. `pid` is the present process, which a crash changes.
 */
export type EmbeddedPostgres = {
  readonly url: string;
  readonly shortUrl: string;
  readonly port: number;
  readonly pid: number;
  readonly stop: () => Promise<void>;
};

/** A run that was killed needs a moment to drain and let go of the folder. */
const lockPatienceMs = 20_000;
const stopPatienceMs = 60_000;

/**
 * Starts PostgreSQL on `directory`, making it at the first start and ending whatever a killed run left on it. The server is restarted when
 * it dies, and ends by itself within about a second when this process does.
 * Throws when the folder is in use, the port is taken (naming EMBEDDED_POSTGRES_PORT) or the server does not start (with what it said).
 */
export async function startPostgres(options: PostgresOptions): Promise<EmbeddedPostgres> {
  const { directory, log } = options;
  const lock = await acquireLock({ path: `${directory}.lock`, waitMs: lockPatienceMs });
  if (lock === undefined) {
    throw new Error(`Another Polygate process uses the database in ${directory}. Stop it, or set DATA_DIRECTORY to another folder.`);
  }
  try {
    const home = await findHome({ directory, log });
    await stopLeftover({ data: join(home.place, 'data'), log });
    if (options.port !== 0) await assertPortFree({ host: '127.0.0.1', port: options.port, setting: 'EMBEDDED_POSTGRES_PORT' });
    const durable = options.settings?.fsync !== 'off';
    const password = await prepareData(home, { durable });
    const socketFolder = socketFolderOf(home);
    const settings = { wal_compression: await walCompression(home), unix_socket_directories: socketFolder, ...options.settings };
    const { server, port } = await launchOnPort({ home, port: options.port, settings });
    const running = keepRunning({ server, log, launch: () => launchAgain({ home, port, settings }, log) });
    await createDatabase({ port, password }).catch(async (error: unknown) => {
      await running.stop();
      throw error;
    });
    const url = connectionUrl({ port, password, database: 'polygate' });
    return {
      url,
      shortUrl: socketFolder === '' ? url : `${url}?${new URLSearchParams({ host: socketFolder })}`,
      port,
      get pid() {
        return running.pid();
      },
      async stop() {
        await running.stop();
        lock.release();
      },
    };
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** Addresses of sockets have room for no more: 104 bytes with their end on macOS, 108 on Linux. */
const longestSocketPath = 103;

/** The data folder, which only its user and root can enter; empty where the path is too long for a socket, or the system has none. */
function socketFolderOf({ place }: PostgresHome): string {
  const folder = join(place, 'data');
  const fits = Buffer.byteLength(join(folder, '.s.PGSQL.65535')) <= longestSocketPath;
  // A comma would separate two folders.
  return fits && process.platform !== 'win32' && !folder.includes(',') ? folder : '';
}

type Launch = { readonly home: PostgresHome; readonly port: number; readonly settings: Readonly<Record<string, string>> };

/** A port that was free a moment ago may be gone: then another is chosen. A port that was asked for is tried once. */
async function launchOnPort({ home, port, settings }: Launch): Promise<{ readonly server: PostgresServer; readonly port: number }> {
  if (port !== 0) return { server: await launchAfterCrash({ home, port, settings }), port };
  for (let attempt = 1; ; attempt += 1) {
    const free = await freePort();
    try {
      return { server: await launchAfterCrash({ home, port: free, settings }), port: free };
    } catch (error) {
      const taken = error instanceof PostgresStartError && error.output.includes('could not bind');
      if (!taken || attempt === 5) throw error;
    }
  }
}

/** A server that died leaves its postmaster.pid, which would pass for that of the next one; a killed supervisor leaves its server. */
async function launchAgain(launch: Launch, log: (message: string) => void): Promise<PostgresServer> {
  await stopLeftover({ data: join(launch.home.place, 'data'), log });
  return launchAfterCrash(launch);
}

/** The backends of a killed server hold its shared memory until they notice, which takes them a moment. */
async function launchAfterCrash({ home, port, settings }: Launch): Promise<PostgresServer> {
  const deadline = performance.now() + 15_000;
  for (;;) {
    try {
      return await launchServer(home, { port, settings });
    } catch (error) {
      const held = error instanceof PostgresStartError && error.output.includes('pre-existing shared memory block');
      if (!held || performance.now() > deadline) throw error;
      await delay(100);
    }
  }
}

type Supervision = {
  readonly server: PostgresServer;
  readonly launch: () => Promise<PostgresServer>;
  readonly log: (message: string) => void;
};

/** Starts the server again whenever it dies without having been asked to, at most every few seconds. */
function keepRunning({ server, launch, log }: Supervision): { readonly pid: () => number; readonly stop: () => Promise<void> } {
  const stopped = new AbortController();
  let current = server;
  const watch = async (): Promise<void> => {
    for (;;) {
      await current.exited;
      if (stopped.signal.aborted) return;
      log(`PostgreSQL (process ${current.pid}) ended unexpectedly; starting it again.`);
      const next = await relaunch({ launch, log, signal: stopped.signal });
      if (next === undefined) return;
      current = next;
      if (stopped.signal.aborted) current.end();
      else log(`PostgreSQL is back (process ${current.pid}).`);
    }
  };
  const watching = watch();
  return {
    pid: () => current.pid,
    async stop() {
      stopped.abort();
      current.end();
      if (await settlesWithin({ promise: watching, patienceMs: stopPatienceMs })) return;
      throw new Error(`PostgreSQL (process ${current.pid}) did not stop within ${stopPatienceMs / 1000} seconds. End it by hand.`);
    },
  };
}

type Relaunch = { readonly launch: () => Promise<PostgresServer>; readonly log: (message: string) => void; readonly signal: AbortSignal };

/** Tries until it succeeds, waiting longer each time; undefined when the signal ended the attempts. */
async function relaunch({ launch, log, signal }: Relaunch): Promise<PostgresServer | undefined> {
  for (let backoffMs = 100; !signal.aborted; backoffMs = Math.min(backoffMs * 2, 5000)) {
    await delay(backoffMs, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) break;
    try {
      return await launch();
    } catch (error) {
      log(error instanceof Error ? error.message : String(error));
    }
  }
  return undefined;
}

async function createDatabase({ port, password }: { readonly port: number; readonly password: string }): Promise<void> {
  const client = new pg.Client({
    connectionString: connectionUrl({ port, password, database: 'postgres' }),
    connectionTimeoutMillis: 10_000,
  });
  await client.connect();
  try {
    const { rowCount } = await client.query("select 1 from pg_database where datname = 'polygate'");
    if (rowCount === 0) await client.query('create database polygate');
  } finally {
    await client.end();
  }
}

/** Of the superuser, over TCP. */
export function connectionUrl({
  port,
  password,
  database,
}: {
  readonly port: number;
  readonly password: string;
  readonly database: string;
}): string {
  return `postgres://polygate:${password}@127.0.0.1:${port}/${database}`;
}
