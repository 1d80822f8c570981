/** pgbench, PostgreSQL's own benchmark, as the yardstick: what this machine's disk and CPU give to small durable transactions. */
import { execFile } from 'node:child_process';
import { access, readdir } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';

export interface Pgbench {
  /** Runs TPC-B and gives transactions per second. */
  readonly run: (options: { readonly seconds: number; readonly signal: AbortSignal }) => Promise<number>;
}

export const pgbenchShape = { scale: 10, clients: 8, threads: 2 } as const;

/** Makes and fills pgbench's own database on the server of `databaseUrl`. Undefined where there is no pgbench. */
export async function preparePgbench({
  databaseUrl,
  signal,
}: {
  readonly databaseUrl: string;
  readonly signal: AbortSignal;
}): Promise<Pgbench | undefined> {
  const program = await findPgbench();
  if (program === undefined) return undefined;
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  await client.query('create database pgbench').finally(() => client.end());
  const { hostname, port, username, password, searchParams } = new URL(databaseUrl);
  const login = ['-h', searchParams.get('host') ?? hostname, '-p', port, '-U', username];
  const run = async (options: readonly string[], stop: AbortSignal): Promise<string> => {
    const environment = { ...process.env, PGPASSWORD: decodeURIComponent(password), PGOPTIONS: '' };
    const { stdout } = await promisify(execFile)(program, [...login, ...options, 'pgbench'], { env: environment, signal: stop });
    return stdout;
  };
  await run(['-i', '-q', '-s', String(pgbenchShape.scale)], signal);
  return {
    async run({ seconds, signal: stop }) {
      const { clients, threads } = pgbenchShape;
      const output = await run(['-c', String(clients), '-j', String(threads), '-M', 'prepared', '-T', String(seconds)], stop);
      const found = /^tps = ([\d.]+)/m.exec(output);
      if (found === null) throw new Error(`pgbench printed no tps:\n${output}`);
      return Number(found[1]);
    },
  };
}

/** On PATH, or where Debian and Ubuntu keep it, the newest first. */
async function findPgbench(): Promise<string | undefined> {
  const base = '/usr/lib/postgresql';
  const versions = await readdir(base).catch(() => []);
  const places = versions.sort((a, b) => Number(b) - Number(a)).map((version) => join(base, version, 'bin'));
  for (const folder of [...(process.env.PATH ?? '').split(delimiter), ...places]) {
    const path = join(folder, 'pgbench');
    if (
      await access(path).then(
        () => true,
        () => false,
      )
    ) {
      return path;
    }
  }
  return undefined;
}
