/** The database's disk is full: it goes on answering reads, and takes no writes until somebody has made room. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import pg from 'pg';
import { type EmbeddedPostgres, startPostgres } from '../src/local/postgres.ts';
import { findUser } from '../src/local/postgres-user.ts';
import { certaintyOf } from '../src/postgres/connection.ts';
import { audit } from './harness/auditor.ts';
import { testSettings } from './harness/database.ts';
import { type OppAnswer, pending, succeeded } from './harness/opp-client.ts';
import { eventually } from './harness/processes.ts';
import { mountSmallDisk } from './harness/small-disk.ts';
import { type Stack, startStack } from './harness/stack.ts';

const disk = process.getuid?.() === 0 ? mountSmallDisk(await findUser()) : undefined;
const skip = disk === undefined && 'only root may mount a disk';
let postgres: EmbeddedPostgres | undefined;
let stack: Stack;
before(async () => {
  if (disk === undefined) return;
  postgres = await startPostgres({ directory: disk.path, port: 0, settings: testSettings, log: () => undefined });
  // The stack's database is to be on this server, and not on that of the run.
  process.env.POLYGATE_TEST_POSTGRES = postgres.url;
  stack = await startStack();
});
after(async () => {
  await stack?.stop();
  await postgres?.stop();
  disk?.remove();
});

async function missing(): Promise<readonly string[]> {
  const answer = await fetch(`http://127.0.0.1:${stack.config.port}/readyz`);
  return ((await answer.json()) as { readonly missing: readonly string[] }).missing;
}

const logged = (text: string) => stack.log().filter((line) => line.includes(text)).length;

/** Some at a time, until one of them is refused; all that is not refused is done, or told as not certain. */
async function payUntilRefused(): Promise<void> {
  const isRefused = ({ status }: OppAnswer) => status === 503;
  await eventually(async () => {
    // A checkpoint may have given some of it back.
    disk?.fill();
    const answers = await Promise.all(Array.from({ length: 12 }, () => stack.api.pay({ type: 'DB' })));
    for (const answer of answers) assert.ok(isRefused(answer) || [succeeded, pending].includes(answer.code), JSON.stringify(answer));
    return answers.some(isRefused);
  }, 'a payment to be refused');
}

async function isWellAgain(): Promise<void> {
  await eventually(async () => (await missing()).length === 0, 'the node to be ready again');
  await eventually(async () => (await stack.api.pay({ type: 'DB' })).code === succeeded, 'a payment to be taken');
  await audit(stack);
}

test('a full disk takes the node out as soon as a payment was refused for it, and room brings it back', { skip }, async () => {
  assert.deepEqual(await missing(), []);
  await payUntilRefused();
  for (let times = 0; times < 10; times += 1) assert.ok((await missing()).includes('database'));
  assert.equal(logged('the disk of the database is full'), 1);
  const { id } = await stack.api.pay({ type: 'DB' });
  assert.equal(id, '');
  disk?.makeRoom();
  await isWellAgain();
  assert.equal(logged('the disk of the database has room again'), 1);
});

test('a server that goes down because its write-ahead log has no room is back when there is some', { skip }, async () => {
  const client = new pg.Client({ connectionString: postgres?.url });
  client.on('error', () => undefined);
  await client.connect();
  disk?.fill();
  // What it had prepared of the log is used up by and by.
  const useUp = async () => {
    for (;;) await client.query('select pg_switch_wal() from (select pg_logical_emit_message(false, $1, $2)) as written', ['test', 'x']);
  };
  const down: unknown = await useUp().catch((error: unknown) => error);
  assert.equal((down as { severity?: unknown }).severity, 'PANIC');
  // Its last words do not say whether what was to be committed is: it may have been written before.
  assert.equal(certaintyOf(down), 'unknown');
  await eventually(async () => (await missing()).includes('database'), 'the node to be out');
  disk?.makeRoom();
  await isWellAgain();
});
