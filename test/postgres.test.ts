/** The embedded PostgreSQL: it keeps its data, survives its own death, ends with its owner, and never shares a folder. */
import assert from 'node:assert/strict';
import { lstatSync, mkdtempSync, readlinkSync, realpathSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import pg from 'pg';
import { resetDataDirectory } from '../src/local/data-directory.ts';
import { freePort, PortTakenError } from '../src/local/ports.ts';
import { type EmbeddedPostgres, startPostgres } from '../src/local/postgres.ts';
import { testSettings } from './harness/database.ts';
import { eventually, isRunning, startProcess } from './harness/processes.ts';

const folder = mkdtempSync(join(tmpdir(), 'polygate-postgres-'));
const dataDirectory = join(folder, '.polygate');
const directory = join(dataDirectory, 'postgres');
const owner = join(import.meta.dirname, 'harness', 'postgres-owner.ts');
const messages: string[] = [];
const options = { directory, port: 0, settings: testSettings, log: (message: string) => messages.push(message) };

after(async () => {
  await resetDataDirectory({ directory: dataDirectory, log: () => undefined });
  rmSync(folder, { recursive: true });
});

async function query(postgres: { readonly url: string }, text: string): Promise<readonly unknown[]> {
  const client = new pg.Client({ connectionString: postgres.url });
  // A server that ends breaks the connection; the query's own rejection says so.
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}

async function canQuery(postgres: { readonly url: string }): Promise<boolean> {
  return query(postgres, 'select 1').then(
    () => true,
    () => false,
  );
}

async function withPostgres(work: (postgres: EmbeddedPostgres) => Promise<void>): Promise<void> {
  const postgres = await startPostgres(options);
  try {
    await work(postgres);
  } finally {
    await postgres.stop();
  }
  assert.equal(isRunning(postgres.pid), false);
}

test('the second start finds the data of the first', async () => {
  await withPostgres(async (postgres) => void (await query(postgres, 'create table kept as select 42 as answer')));
  await withPostgres(async (postgres) => assert.deepEqual(await query(postgres, 'select answer from kept'), [{ answer: 42 }]));
});

test('it listens on the loopback only, asks for a password and keeps it from others', async () => {
  await withPostgres(async (postgres) => {
    assert.deepEqual(await query(postgres, 'show listen_addresses'), [{ listen_addresses: '127.0.0.1' }]);
    assert.equal(statSync(join(directory, 'data')).mode & 0o077, 0);
    assert.equal(statSync(join(directory, 'password')).mode & 0o777, 0o600);
    const wrong = new URL(postgres.url);
    wrong.password = 'guessed';
    await assert.rejects(query({ url: wrong.href }, 'select 1'), /password authentication failed/);
  });
});

test('its socket is in the data folder, which nobody else can enter, and asks for the password as well', async () => {
  await withPostgres(async (postgres) => {
    const folder = new URL(postgres.shortUrl).searchParams.get('host') ?? '';
    assert.deepEqual(await query(postgres, 'show unix_socket_directories'), [{ unix_socket_directories: folder }]);
    assert.equal(realpathSync(folder), realpathSync(join(directory, 'data')));
    assert.deepEqual(await query({ url: postgres.shortUrl }, 'select inet_client_addr() as address'), [{ address: null }]);
    const wrong = new URL(postgres.shortUrl);
    wrong.password = 'guessed';
    await assert.rejects(query({ url: wrong.href }, 'select 1'), /password authentication failed/);
  });
});

test('as root, the folder is a link to a place that the server can reach', { skip: process.getuid?.() !== 0 && 'only root' }, () => {
  assert.ok(lstatSync(directory).isSymbolicLink());
  assert.equal(statSync(join(readlinkSync(directory), 'data')).uid === 0, false);
});

test('a server that dies is started again on its port', async () => {
  await withPostgres(async (postgres) => {
    const { pid } = postgres;
    process.kill(pid, 'SIGKILL');
    await eventually(async () => postgres.pid !== pid && (await canQuery(postgres)), 'another server');
  });
});

test('the server ends when its owner is killed, and the next start works at once', async () => {
  const killed = startProcess(process.execPath, [owner, directory]);
  const { pid }: { pid: number } = JSON.parse(await killed.line(/^{/));
  killed.child.kill('SIGKILL');
  await killed.ended;
  await withPostgres(async (postgres) => assert.deepEqual(await query(postgres, 'select answer from kept'), [{ answer: 42 }]));
  await eventually(() => !isRunning(pid), 'the end of the first server');
});

test('the server ends by itself when its owner is killed', async () => {
  const killed = startProcess(process.execPath, [owner, directory]);
  const { pid }: { pid: number } = JSON.parse(await killed.line(/^{/));
  killed.child.kill('SIGKILL');
  await eventually(() => !isRunning(pid), 'the end of the server');
});

test('a server that lost its supervisor too is stopped by the next start', async () => {
  const killed = startProcess(process.execPath, [owner, directory]);
  const { pid }: { pid: number } = JSON.parse(await killed.line(/^{/));
  // Stopped, the server cannot follow the supervisor's signal: the next start has to end it by force.
  process.kill(pid, 'SIGSTOP');
  killed.child.kill('SIGKILL');
  await killed.ended;
  const started = startPostgres(options);
  await eventually(() => messages.some((message) => message.includes(`process ${pid}`)), 'the message about the leftover');
  process.kill(pid, 'SIGCONT');
  const postgres = await started;
  assert.equal(isRunning(pid), false);
  await postgres.stop();
});

test('two starts at once: the second waits for the first', async () => {
  const first = startProcess(process.execPath, [owner, directory]);
  await first.line(/^{/);
  const second = startProcess(process.execPath, [owner, directory]);
  first.child.kill('SIGTERM');
  assert.equal((await first.ended).code, 0, first.output());
  await second.line(/^{/);
  second.child.kill('SIGTERM');
  assert.equal((await second.ended).code, 0, second.output());
});

test('nothing is reset while something runs', async () => {
  await withPostgres(async () => {
    await assert.rejects(resetDataDirectory({ directory: dataDirectory, log: () => undefined }), /Stop it first/);
  });
});

test('a port that is taken is named, with the setting', async () => {
  const port = await freePort();
  const server = createServer().listen(port, '127.0.0.1');
  try {
    await assert.rejects(startPostgres({ ...options, port }), (error) => {
      assert.ok(error instanceof PortTakenError);
      assert.match(error.message, new RegExp(`${port}.*EMBEDDED_POSTGRES_PORT`));
      return true;
    });
  } finally {
    server.close();
  }
});
