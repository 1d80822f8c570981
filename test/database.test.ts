/** The databases of the tests themselves: each is alone, and goes when it is dropped. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import pg from 'pg';
import { createDatabase } from './harness/database.ts';

async function query(url: string, text: string): Promise<readonly unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}

test('databases made at the same moment do not see each other', async () => {
  const databases = await Promise.all([createDatabase(), createDatabase(), createDatabase()]);
  for (const [index, database] of databases.entries()) await query(database.url, `create table mine as select ${index} as number`);
  for (const [index, database] of databases.entries())
    assert.deepEqual(await query(database.url, 'select number from mine'), [{ number: index }]);
  await Promise.all(databases.map((database) => database.drop()));
});

test('a dropped database is gone, also while somebody is connected', async () => {
  const database = await createDatabase();
  const client = new pg.Client({ connectionString: database.url });
  const ended = new Promise((resolve) => client.once('end', resolve));
  client.on('error', () => undefined);
  await client.connect();
  await database.drop();
  await ended;
  await assert.rejects(query(database.url, 'select 1'), /does not exist/);
});
