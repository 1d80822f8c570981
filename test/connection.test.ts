/** Connections that break at the worst moment cost their own work and nothing else. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { explainAway, openDatabase } from '../src/postgres/connection.ts';
import { createDatabase } from './harness/database.ts';
import { eventually } from './harness/processes.ts';

test('a connection that breaks between two statements of a transaction fails that transaction, not the process', async () => {
  const place = await createDatabase();
  const admin = new pg.Client({ connectionString: place.url });
  await admin.connect();
  const database = openDatabase({ url: place.url, applicationName: 'breaking', purpose: 'general', maxConnections: 1 });
  const one = { name: 'one', text: 'select pg_backend_pid() as pid' };
  const working = database.transaction(async (query) => {
    const [row] = await query<{ pid: number }>(one);
    await admin.query('select pg_terminate_backend($1)', [row?.pid]);
    await eventually(async () => {
      const { rowCount } = await admin.query('select from pg_stat_activity where pid = $1', [row?.pid]);
      return rowCount === 0;
    }, 'the connection to break');
    await query(one);
  });
  await assert.rejects(working, /terminat|not queryable/i);
  assert.equal((await database.query(one)).length, 1);
  await database.close();
  await admin.end();
  await place.drop();
});

test('a socket file that is not there says that the database is away; another file says nothing about it', async () => {
  const missing = join(tmpdir(), `polygate-none-${process.pid}`);
  const client = new pg.Client({ host: missing, user: 'gateway' });
  const away = await client.connect().catch((error: unknown) => error);
  const unread = await readFile(missing).catch((error: unknown) => error);
  assert.match(String(explainAway(away)), /A database does not answer/);
  assert.equal(explainAway(unread), unread);
});

test('what is only slow goes on when the connections are opened anew, in and out of a transaction, under a login of few rights', async () => {
  const place = await createDatabase();
  const login = `polygate_test_login_${process.pid}`;
  const admin = new pg.Client({ connectionString: place.url });
  await admin.connect();
  await admin.query(`create role ${login} login password 'secret' in role polygate_app`);
  const url = Object.assign(new URL(place.url), { username: login, password: 'secret' }).href;
  const database = openDatabase({ url, role: 'polygate_app', applicationName: 'slow', purpose: 'general', maxConnections: 4 });
  const slow = { name: 'slow', text: `select pg_sleep(4)::text is not null as is_done` };
  const [alone, within] = [database.query(slow), database.transaction((query) => query(slow))];
  const paused = database.transaction(async (query) => {
    await delay(4_000);
    return query({ name: 'late', text: 'select true as is_done' });
  });
  await eventually(async () => {
    const { rowCount } = await admin.query(`select from pg_stat_activity where usename = $1 and state <> 'idle'`, [login]);
    return rowCount === 3;
  }, 'all to be under way');
  database.renew();
  assert.deepEqual(
    (await Promise.all([alone, within, paused])).flat(),
    Array.from({ length: 3 }, () => ({ is_done: true })),
  );
  await database.close();
  await admin.query(`drop role ${login}`);
  await admin.end();
  await place.drop();
});
