/**
 * A server of the PostgreSQL whose client programs are installed on this machine, apart from the run's own: dumps and base backups need
 * programs of the server's version, and the embedded PostgreSQL comes without any.
 */
import { execFile, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, cpSync, existsSync, globSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from '../../src/local/ports.ts';
import { launchServer, prepareData } from '../../src/local/postgres-server.ts';
import { findUser, type PostgresHome } from '../../src/local/postgres-user.ts';
import { testSettings } from './database.ts';

export interface ClientPostgres {
  /** The folder of `psql`, `pg_dump` and their kin. */
  readonly bin: string;
  readonly version: string;
}

export interface ClientServer {
  /** As superuser, to the database `postgres`. */
  readonly url: string;
  readonly port: number;
  /** The superuser's password. */
  readonly password: string;
  stop(): Promise<void>;
}

/** The programs that belong together: clients and server of one version. Undefined where there are none. */
export function findClientPostgres(): ClientPostgres | undefined {
  const { stdout } = spawnSync('pg_dump', ['--version'], { encoding: 'utf8' });
  const version = /\s(\d+)(?:\.\d+)?/.exec(stdout ?? '')?.[1];
  if (version === undefined || Number(version) < 15) return undefined;
  const configured = spawnSync('pg_config', ['--bindir'], { encoding: 'utf8' }).stdout?.trim();
  const folders = [
    configured ?? '',
    ...globSync(`/usr/lib/postgresql/${version}/bin`),
    ...globSync(`/opt/homebrew/opt/postgresql@${version}/bin`),
  ];
  const bin = folders.find(
    (folder) => folder !== '' && ['initdb', 'postgres', 'pg_basebackup'].every((name) => existsSync(join(folder, name))),
  );
  return bin === undefined ? undefined : { bin, version };
}

/** Starts a server on an empty data folder, or on a copy of `data` (a base backup), with `password` as it was there. */
export async function startClientServer(
  { bin, version }: ClientPostgres,
  from?: { readonly data: string; readonly password: string },
): Promise<ClientServer> {
  const place = mkdtempSync(join(tmpdir(), 'polygate-client-postgres-'));
  // The server's user has to pass through.
  chmodSync(place, 0o711);
  const user = process.getuid?.() === 0 ? await findUser() : undefined;
  const home: PostgresHome = { place, binaries: { directory: dirname(bin), version }, user };
  if (from !== undefined) await copyData({ from: from.data, to: join(place, 'data'), user });
  const password = from === undefined ? await prepareData(home, { durable: false }) : from.password;
  const port = await freePort();
  // Reached over TCP alone; the folder that a packaged server would put its socket into is not everybody's.
  const server = await launchServer(home, { port, settings: { ...testSettings, unix_socket_directories: '' } });
  const url = `postgres://polygate:${password}@127.0.0.1:${port}/postgres`;
  return {
    ...{ url, port, password },
    async stop() {
      server.end();
      await server.exited;
      rmSync(place, { recursive: true, force: true });
    },
  };
}

async function copyData({
  from,
  to,
  user,
}: {
  readonly from: string;
  readonly to: string;
  readonly user: PostgresHome['user'];
}): Promise<void> {
  cpSync(from, to, { recursive: true });
  chmodSync(to, 0o700);
  if (user === undefined) return;
  chownSync(to, user.uid, user.gid);
  await promisify(execFile)('chown', ['-R', `${user.uid}:${user.gid}`, to]);
}
