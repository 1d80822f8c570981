/** What the figures were measured on, without which they say nothing. */
import { execFile } from 'node:child_process';
import { readFileSync, realpathSync } from 'node:fs';
import { cpus, release, totalmem, type } from 'node:os';
import { promisify } from 'node:util';
import pg from 'pg';

export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly memoryGib: number;
  readonly system: string;
  /** Of the database; tmpfs would make every fsync free. */
  readonly fileSystem: string;
  readonly node: string;
  readonly postgres: string;
  /** Settings that decide whether a commit is durable. */
  readonly durability: string;
  /** Short hash, with a plus where the working tree differs from it. */
  readonly commit: string;
}

export async function describeMachine({
  databaseUrl,
  databaseDirectory,
}: {
  readonly databaseUrl: string;
  readonly databaseDirectory: string;
}): Promise<Machine> {
  const [processor] = cpus();
  return {
    processor: processor?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGib: Math.round(totalmem() / 1024 ** 3),
    system: `${type()} ${release()}`,
    fileSystem: fileSystemOf(databaseDirectory),
    node: process.version,
    ...(await describeServer(databaseUrl)),
    commit: await describeCommit(),
  };
}

async function describeServer(databaseUrl: string): Promise<Pick<Machine, 'postgres' | 'durability'>> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const names = ['server_version', 'fsync', 'synchronous_commit', 'full_page_writes', 'wal_sync_method', 'shared_buffers'];
    const { rows } = await client.query<{ value: string }>('select current_setting(name) as value from unnest($1::text[]) as t (name)', [
      names,
    ]);
    const [version = 'unknown', ...rest] = rows.map(({ value }) => value);
    return { postgres: version, durability: rest.map((value, index) => `${names[index + 1]} ${value}`).join(', ') };
  } finally {
    await client.end();
  }
}

/** The type of the mount that holds the folder: the longest mount point that its real path begins with. */
function fileSystemOf(directory: string): string {
  try {
    const path = realpathSync(directory);
    const mounts = readFileSync('/proc/mounts', 'utf8')
      .split('\n')
      .map((line) => line.split(' '))
      .filter(([, point]) => point !== undefined && (point === '/' || path === point || path.startsWith(`${point}/`)))
      .sort(([, a = ''], [, b = '']) => b.length - a.length);
    return mounts[0]?.[2] ?? 'unknown';
  } catch {
    return 'unknown';
  }
}

async function describeCommit(): Promise<string> {
  const git = async (...args: readonly string[]): Promise<string> =>
    (await promisify(execFile)('git', args, { cwd: import.meta.dirname })).stdout.trim();
  try {
    const [hash, changes] = [await git('rev-parse', '--short=10', 'HEAD'), await git('status', '--porcelain', '--', '..')];
    return changes === '' ? hash : `${hash}+`;
  } catch {
    return 'unknown';
  }
}
