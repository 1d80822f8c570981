/** Databases that answer and take no writes, as after a fail-over that left the address on the standby: seen, told, and left behind. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import pg from 'pg';
import { freePort } from '../src/local/ports.ts';
import { explainAway, openDatabase, waitForDatabase } from '../src/postgres/connection.ts';
import { createKeyFile } from '../src/vault/key-file.ts';
import { findClientPostgres, startClientServer } from './harness/client-postgres.ts';
import { createDatabase, type TestDatabase } from './harness/database.ts';
import { pending, succeeded } from './harness/opp-client.ts';
import { eventually, startProcess } from './harness/processes.ts';
import { type Stack, startStack } from './harness/stack.ts';

const folder = await mkdtemp(join(tmpdir(), 'polygate-read-only-'));
let cards: TestDatabase;
let stack: Stack;
before(async () => {
  cards = await createDatabase();
  stack = await startStack({ env: { VAULT_DATABASE_URL: cards.url } });
});
after(async () => {
  await stack.stop();
  await cards.drop();
  await rm(folder, { recursive: true });
});

/** New sessions may write, or may not; the gateway's old ones end when they may not. */
async function setReadOnly(url: string, isReadOnly: boolean): Promise<void> {
  const name = new URL(url).pathname.slice(1);
  const client = new pg.Client({ connectionString: Object.assign(new URL(url), { pathname: '/postgres' }).href });
  await client.connect();
  try {
    await client.query(`alter database ${name} set default_transaction_read_only = ${isReadOnly ? 'on' : 'off'}`);
    if (!isReadOnly) return;
    const ended = "select pg_terminate_backend(pid) from pg_stat_activity where datname = $1 and application_name like 'polygate%'";
    await client.query(ended, [name]);
  } finally {
    await client.end();
  }
}

async function readiness(): Promise<unknown> {
  const answer = await fetch(`http://127.0.0.1:${stack.config.port}/readyz`);
  return { status: answer.status, ...((await answer.json()) as { missing?: unknown }) };
}

/** On a busy machine something else may be missing for a moment as well. */
async function isMissing(part: string): Promise<boolean> {
  const { status, missing } = (await readiness()) as { status: unknown; missing?: readonly string[] };
  return status === 'not ready' && missing?.includes(part) === true;
}

for (const part of ['database', 'vault'] as const) {
  test(`a ${part} that takes no writes takes the node out, and brings it back when it does`, async () => {
    const url = part === 'vault' ? cards.url : stack.databaseUrl;
    assert.equal((await stack.api.pay({})).code, succeeded);
    await setReadOnly(url, true);
    await eventually(() => isMissing(part), `the node to say that its ${part} is missing`);
    // Once is not enough: whatever ended the connections is seen once.
    for (let times = 0; times < 10; times += 1) assert.ok(await isMissing(part));
    const { code } = await stack.api.pay({});
    assert.ok(code !== succeeded && code !== pending, code);
    // Nobody ends the connections that lead to where nothing is written.
    await setReadOnly(url, false);
    await eventually(async () => !(await isMissing(part)), 'the node to be ready again');
    await eventually(async () => (await stack.api.pay({})).code === succeeded, 'a payment to be taken');
  });
}

test('a transaction that could not write leaves its connection behind', async () => {
  const place = await createDatabase();
  const database = openDatabase({ url: place.url, applicationName: 'polygate-test', purpose: 'general', maxConnections: 1 });
  const pidOf = async () => (await database.query<{ pid: number }>({ name: 'pid', text: 'select pg_backend_pid() as pid' }))[0]?.pid;
  const write = { name: 'write', text: `insert into polygate.counter (name, next_value) values ('test', 1) on conflict do nothing` };
  try {
    await setReadOnly(place.url, true);
    const before = await pidOf();
    await setReadOnly(place.url, false);
    const refused: unknown = await database.transaction((query) => query(write)).catch((error: unknown) => error);
    assert.equal((refused as { code?: unknown }).code, '25006');
    assert.match(String(explainAway(refused)), /takes no writes.*DATABASE_URL/);
    assert.notEqual(await pidOf(), before);
    await database.transaction((query) => query(write));
  } finally {
    await database.close();
    await place.drop();
  }
});

const found = findClientPostgres();
const skip = found === undefined && 'there are no client programs of PostgreSQL 15 or newer here, with the server of the same version';

test('a standby is told by the name of the setting that leads to it', { skip }, async () => {
  assert.ok(found !== undefined);
  const data = join(folder, 'standby');
  const primary = await startClientServer(found);
  try {
    await promisify(execFile)(join(found.bin, 'pg_basebackup'), ['-d', primary.url, '-D', data, '-X', 'fetch', '-c', 'fast']);
  } finally {
    await primary.stop();
  }
  await writeFile(join(data, 'standby.signal'), '');
  const standby = await startClientServer(found, { data, password: primary.password });
  try {
    const { signal } = new AbortController();
    const waiting = waitForDatabase({ url: standby.url, setting: 'DATABASE_URL', patienceMs: 0, onWait: () => undefined, signal });
    await assert.rejects(waiting, /^ReadOnlyDatabase: DATABASE_URL leads to a standby, which takes no writes\. Set it to the primary/);
  } finally {
    await standby.stop();
  }
});

test('a start waits for a database that takes no writes, and says which setting leads there', async () => {
  const [payments, vault] = [await createDatabase('nothing'), await createDatabase('nothing')];
  await setReadOnly(vault.url, true);
  const masterKeyFile = join(folder, 'master.key');
  await createKeyFile(masterKeyFile);
  const started = startProcess(process.execPath, [join(import.meta.dirname, '..', 'src', 'main.ts'), 'start', '--mode', 'live'], {
    cwd: folder,
    env: {
      ...{ ...process.env, NODE_TEST_CONTEXT: '', PORT: '0', TRUSTED_PROXY: '1', SHUTDOWN_NOTICE_MS: '0' },
      ...{ DATABASE_URL: payments.url, VAULT_DATABASE_URL: vault.url, MASTER_KEY_FILE: masterKeyFile },
      ...{ ACQUIRER_ADDRESS: `127.0.0.1:${await freePort()}`, ACQUIRER_INSTITUTION_ID: '123456' },
    },
  });
  try {
    await started.line(/^Waiting up to 60 s for the database \(VAULT_DATABASE_URL leads to a database that takes no writes/);
    await setReadOnly(vault.url, false);
    await started.line(/is ready/);
  } finally {
    started.child.kill('SIGTERM');
    await started.ended;
    await payments.drop();
    await vault.drop();
  }
});
