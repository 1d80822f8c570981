/**
 * The commands of docs/operating.md that need a PostgreSQL with its client programs: the set-up with three logins, and backups that are restored
 * and paid on. Left out, with the reason, on a machine without those programs.
 */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import pg from 'pg';
import { readConfig } from '../src/config.ts';
import { startGateway } from '../src/gateway.ts';
import { freePort } from '../src/local/ports.ts';
import { migrateUrl } from '../src/store/migrate.ts';
import { audit } from './harness/auditor.ts';
import { type ClientServer, findClientPostgres, startClientServer } from './harness/client-postgres.ts';
import { type Command, commandsOf, readPage } from './harness/documents.ts';
import { createOppClient, demoBearerToken, demoEntityId, pending, succeeded } from './harness/opp-client.ts';
import { eventually, type StartedProcess, startProcess } from './harness/processes.ts';
import { shellEnvironment } from './harness/shell.ts';
import { browserData } from './harness/shopper.ts';
import { type Stack, startStack } from './harness/stack.ts';

const found = findClientPostgres();
const skip = found === undefined && 'there are no client programs of PostgreSQL 15 or newer here, with the server of the same version';
const folder = mkdtempSync(join(tmpdir(), 'polygate-operating-'));
const page = 'docs/operating.md';
const commands = commandsOf({ page, text: readPage(page) });

let server: ClientServer;
let stack: Stack;
before(async () => {
  if (found === undefined) return;
  server = await startClientServer(found);
  // The stack's database is to be on this server, and not on that of the run.
  process.env.POLYGATE_TEST_POSTGRES = server.url;
  stack = await startStack();
});
after(async () => {
  await stack?.stop();
  await server?.stop();
  rmSync(folder, { recursive: true });
});

/** The block that has this text. */
function blockWith(text: string): Command {
  const block = commands.find(({ script }) => script.includes(text));
  assert.ok(block !== undefined, `${page} has no command with ${text}`);
  return block;
}

function shell(script: string, env: Readonly<Record<string, string>>, cwd = folder): StartedProcess {
  const environment = shellEnvironment(folder, env);
  return startProcess('sh', ['-c', `set -eu\n${script}`], {
    cwd,
    env: { ...environment, PATH: `${found?.bin}:${environment.PATH}` },
  });
}

async function run(blocks: readonly Command[], env: Readonly<Record<string, string>>): Promise<string> {
  const started = shell(blocks.map(({ script }) => script).join('\n'), env);
  const { code } = await started.ended;
  assert.equal(code, 0, started.output());
  assertPromised(blocks, started.output());
  return started.output();
}

function assertPromised(blocks: readonly Command[], output: string): void {
  for (const { promised } of blocks) for (const piece of promised) assert.ok(output.includes(piece), `${piece} is promised: ${output}`);
}

async function count(url: string, text: string): Promise<number> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return Number((await client.query<{ count: string }>(`select count(*) from ${text}`)).rows[0]?.count);
  } finally {
    await client.end();
  }
}

test('a database with three logins is set up, migrated, given a merchant, and started on in live mode', { skip }, async () => {
  const blocks = [blockWith('create role polygate_gateway'), blockWith('keys generate'), blockWith('account create')];
  const start = blockWith('polygate start --mode live').script.replace('npx', 'exec npx');
  const cwd = join(folder, 'live');
  mkdirSync(cwd);
  const script = [...blocks.map(({ script: text }) => text), start]
    .join('\n')
    .replaceAll('db.example:5432', `127.0.0.1:${server.port}`)
    .replaceAll('acquirer.example:8583', `127.0.0.1:${await freePort()}`)
    .replaceAll('/etc/polygate', join(folder, 'etc'));
  const started = shell(script, { ADMIN_URL: server.url, PORT: '0' }, cwd);
  const url = /http:\S+\d/.exec(await started.line(/listens on/))?.[0];
  await started.line(/is ready/);
  assertPromised(blocks, started.output());
  assert.deepEqual(await (await fetch(`${url}/readyz`)).json(), { status: 'not ready', missing: ['acquirer'] });
  started.child.kill('SIGTERM');
  assert.equal((await started.ended).code, 0, started.output());
});

test('a node goes on while a newer version has migrated its database, and can be started on it no more', { skip }, async () => {
  const newer = ['polygate', '9999_of_tomorrow.sql', 'unknown here'];
  await stack.database.query('insert into public.polygate_migration (set, file, checksum) values ($1, $2, $3)', newer);
  assert.equal((await stack.api.pay({})).code, succeeded);
  await assert.rejects(migrateUrl(stack.databaseUrl), /migrated by a newer version of Polygate\. Start that version or a later one/);
  await stack.database.query('delete from public.polygate_migration where file = $1', [newer[1]]);
});

test('what pg_dump has saved is restored on another server, and payments go on there', { skip }, async () => {
  assert.ok(found !== undefined);
  const { id: token } = await stack.api.pay({ more: { createRegistration: 'true' } });
  const registration = (await stack.api.read(token)).body.registrationId;
  const held = await stack.api.pay({ type: 'PA', amount: '40.00' });
  const planned = await planDaily(String(registration));
  const challenged = await stack.api.pay({
    ...{ card: '5555555555554444' },
    more: { ...browserData, shopperResultUrl: 'http://127.0.0.1:8090/' },
  });
  assert.deepEqual([held.code, challenged.code], [succeeded, pending]);
  assert.equal(await count(stack.databaseUrl, 'vault.waiting_cvc'), 1);
  await run([blockWith('pg_dump')], { DATABASE_URL: stack.databaseUrl });
  await stack.stopGateway();

  const other = await startClientServer(found);
  try {
    await run([blockWith('create role polygate_gateway')], { ADMIN_URL: other.url });
    const newUrl = other.url.replace(/\/\/.*@/, '//polygate_owner:owner-secret@').replace(/\/postgres$/, '/polygate');
    await run([blockWith('pg_restore')], { ...stack.env, NEW_URL: newUrl });
    assert.equal(await count(newUrl, "pg_tables where schemaname in ('polygate', 'vault') and tableowner <> 'polygate_owner'"), 0);
    // As in a backup of the day before.
    await run([{ ...blockWith('polygate.terminal_day'), script: 'psql "$NEW_URL" -c "delete from polygate.terminal_day"' }], {
      NEW_URL: newUrl,
    });
    await run([blockWith('polygate.terminal_day')], { NEW_URL: newUrl });
    const due = `psql "$NEW_URL" -c "update polygate.schedule set next_due_at = now() - interval '1 hour'"`;
    await run([{ ...blockWith('leased_until'), script: due }, blockWith('leased_until')], { NEW_URL: newUrl });
    assert.equal(await count(newUrl, 'vault.waiting_cvc'), 0, 'a security code lay in the dump');
    await goOn(newUrl, { held: held.id, registration: String(registration) });
    assert.equal(await count(newUrl, `polygate.operation where merchant_reference = '${planned}'`), 0, 'what was due was held back');
  } finally {
    await other.stop();
  }
});

/** A schedule that charges the kept card each day; returns its reference. */
async function planDaily(registrationId: string): Promise<string> {
  const reference = 'planned before the loss';
  const hour = String((new Date().getUTCHours() + 12) % 24);
  const plan = { paymentType: 'DB', amount: '8.00', currency: 'EUR', merchantTransactionId: reference, 'job.hour': hour };
  const answer = await fetch(`http://127.0.0.1:${stack.config.port}/scheduling/v1/schedules`, {
    method: 'POST',
    headers: { authorization: `Bearer ${demoBearerToken}` },
    body: new URLSearchParams({ entityId: demoEntityId, registrationId, ...plan }),
  });
  assert.equal(answer.status, 200, await answer.text());
  return reference;
}

/** A gateway on the restored database: the hold is captured, the kept card pays, and the books are those of the acquirer. */
async function goOn(databaseUrl: string, { held, registration }: { readonly held: string; readonly registration: string }): Promise<void> {
  const env = { ...stack.env, DATABASE_URL: databaseUrl, PORT: '0' };
  const gateway = await startGateway(readConfig({ mode: 'sandbox', file: undefined, env }), { logDestination: { write: () => undefined } });
  const database = new pg.Pool({ connectionString: databaseUrl, max: 2 });
  // Its server is stopped as soon as this function has ended.
  database.on('error', () => undefined);
  try {
    await eventually(async () => (await fetch(`${gateway.url}/readyz`)).ok, 'the gateway on the restored database to be ready');
    const api = createOppClient(gateway.url, stack.traces);
    assert.equal((await api.operate(held, { type: 'CP', amount: '25.00' })).code, succeeded);
    assert.equal((await api.payWithToken(`/v1/registrations/${registration}/payments`, { amount: '7.50' })).code, succeeded);
    assert.equal((await api.pay({})).code, succeeded);
    await audit({ ...stack, api, database, databaseUrl });
    const { rows } = await database.query<{ rrn: string }>('select rrn from polygate.acquirer_message order by rrn desc limit 1');
    assert.ok(Number.parseInt(rows[0]?.rrn.slice(0, 8) ?? '', 36) > 1_000_000_000, 'numbers begin beyond those of before');
    const taken = await count(databaseUrl, 'polygate.terminal_day where business_date = current_date and next_stan > 500000');
    assert.ok(taken > 0, 'so do those of a day that the backup does not know');
  } finally {
    await gateway.stop();
    await database.end();
  }
}

test('a base backup is a database that a server starts on', { skip }, async () => {
  assert.ok(found !== undefined);
  const payments = await count(stack.databaseUrl, 'polygate.payment');
  assert.ok(payments > 0);
  await run([blockWith('pg_basebackup')], { DATABASE_URL: stack.databaseUrl });
  const copy = await startClientServer(found, { data: join(folder, 'base'), password: server.password });
  try {
    const url = `${copy.url.replace(/\/postgres$/, '')}${new URL(stack.databaseUrl).pathname}`;
    assert.equal(await count(url, 'polygate.payment'), payments);
    assert.equal(await count(url, 'vault.waiting_cvc'), 0, 'a security code lay in the base backup');
    const verified = shell('npx polygate verify', { ...stack.env, DATABASE_URL: url });
    assert.equal((await verified.ended).code, 0, verified.output());
    assert.match(verified.output(), /The books balance/);
  } finally {
    await copy.stop();
  }
});
