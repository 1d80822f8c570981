/** The migrations runner against a real server: order, races, refusals, and the schema that comes out. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import pg from 'pg';
import { dumpSchema } from '../src/postgres/dump-schema.ts';
import { migrate } from '../src/postgres/migrate.ts';
import { migrateUrl } from '../src/store/migrate.ts';
import { createDatabase, type TestDatabase } from './harness/database.ts';

const schemaFile = join(import.meta.dirname, '../src/store/schema.sql');

async function queryOnce<R extends pg.QueryResultRow>(url: string, text: string): Promise<R[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<R>(text)).rows;
  } finally {
    await client.end();
  }
}

describe('migrations of the product', () => {
  let database: TestDatabase;
  before(async () => {
    database = await createDatabase();
  });
  after(() => database.drop());

  test('are applied once', async () => {
    assert.deepEqual(await migrateUrl(database.url), []);
  });

  test('make the schema that src/store/schema.sql shows', async () => {
    const header = '-- The schema that the migrations make. Written by: POLYGATE_UPDATE_SCHEMA=1 npm test test/migrate.test.ts\n\n';
    const dump = header + (await dumpSchema(database.url));
    if (process.env.POLYGATE_UPDATE_SCHEMA === '1') await writeFile(schemaFile, dump);
    assert.equal(await readFile(schemaFile, 'utf8'), dump);
  });
});

describe('the runner', () => {
  let database: TestDatabase;
  let directory: string;
  const role = `polygate_test_${randomUUID().slice(0, 8)}`;
  const sets = () => [{ schema: 'fruit', role, directory }];
  const run = () => migrate({ url: database.url, sets: sets() });

  before(async () => {
    database = await createDatabase('nothing');
    directory = await mkdtemp(join(tmpdir(), 'polygate-migrate-'));
    await writeFile(join(directory, '0001_apple.sql'), 'create table apple (id int primary key);\ninsert into apple values (1);\n');
    await writeFile(join(directory, '0002_pear.sql'), 'create table pear (id int primary key);\n');
  });
  after(async () => {
    await queryOnce(database.url, `drop owned by ${role}; drop role ${role}`);
    await database.drop();
    await rm(directory, { recursive: true });
  });

  test('several nodes that start at once apply each file once', async () => {
    const applied = await Promise.all(Array.from({ length: 8 }, run));
    assert.deepEqual(applied.flat().sort(), ['fruit/0001_apple.sql', 'fruit/0002_pear.sql']);
    assert.deepEqual(await queryOnce(database.url, 'select id from fruit.apple'), [{ id: 1 }]);
  });

  test('databases of one server that start at once share their roles', async () => {
    const shared = `polygate_test_${randomUUID().slice(0, 8)}`;
    const databases = await Promise.all(Array.from({ length: 4 }, () => createDatabase('nothing')));
    try {
      await Promise.all(databases.map(({ url }) => migrate({ url, sets: [{ schema: 'fruit', role: shared, directory }] })));
      const [row] = await queryOnce<{ login: boolean }>(
        database.url,
        `select rolcanlogin as login from pg_roles where rolname = '${shared}'`,
      );
      assert.deepEqual(row, { login: false });
    } finally {
      await Promise.all(databases.map((other) => other.drop()));
      await queryOnce(database.url, `drop role ${shared}`);
    }
  });

  test('a new file is applied, whatever the line ends of the old ones', async () => {
    await writeFile(join(directory, '0002_pear.sql'), 'create table pear (id int primary key);\r\n');
    await writeFile(join(directory, '0003_plum.sql'), 'create table plum (id int primary key);\n');
    assert.deepEqual(await run(), ['fruit/0003_plum.sql']);
  });

  test('a file that fails leaves nothing behind and names its line', async () => {
    await writeFile(join(directory, '0004_quince.sql'), 'create table quince (id int);\n\ninsert into nowhere values (1);\n');
    await assert.rejects(run(), /migration fruit\/0004_quince\.sql failed at line 3 .*"nowhere" does not exist/);
    assert.deepEqual(await queryOnce(database.url, `select to_regclass('fruit.quince') as found`), [{ found: null }]);
    await rm(join(directory, '0004_quince.sql'));
  });

  test('a login that may only read starts on a database that is up to date', async () => {
    const login = `reader_${randomUUID().slice(0, 8)}`;
    await queryOnce(database.url, `create role ${login} login password '${login}' in role ${role}`);
    try {
      const url = new URL(database.url);
      url.username = login;
      url.password = login;
      assert.deepEqual(await migrate({ url: url.href, sets: sets() }), []);
    } finally {
      await queryOnce(database.url, `drop role ${login}`);
    }
  });

  test('a changed file is refused', async () => {
    const path = join(directory, '0001_apple.sql');
    const original = await readFile(path, 'utf8');
    await writeFile(path, `${original}-- more\n`);
    await assert.rejects(run(), /fruit\/0001_apple\.sql has been changed after it was applied/);
    await writeFile(path, original);
  });

  test('a database of a newer program is refused', async () => {
    const path = join(directory, '0003_plum.sql');
    await rm(path);
    await assert.rejects(run(), /0003_plum\.sql, which this program does not know: it was migrated by a newer version/);
    await writeFile(path, 'create table plum (id int primary key);\n');
  });

  test('files without a number, or with one that is taken, are refused', async () => {
    await writeFile(join(directory, '0003_twice.sql'), 'select 1;');
    await assert.rejects(run(), /0003_twice\.sql has the number of 0003_\w+\.sql/);
    await rm(join(directory, '0003_twice.sql'));
    await writeFile(join(directory, 'later.sql'), 'select 1;');
    await assert.rejects(run(), /later\.sql has no number: expected a name like 0001_/);
    await rm(join(directory, 'later.sql'));
  });

  test('the dump refuses what it could not show', async () => {
    await queryOnce(database.url, 'create view fruit.all_apples as select * from fruit.apple');
    await assert.rejects(dumpSchema(database.url), /view fruit\.all_apples/);
  });
});
