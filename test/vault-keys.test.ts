/** The vault's keys and roles: who may look into it, and what opens it. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { chmod, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import pg from 'pg';
import { openDatabase } from '../src/postgres/connection.ts';
import { VaultKeyError } from '../src/vault/errors.ts';
import { openKeyFile } from '../src/vault/key-file.ts';
import { type OpenVault, openVault } from '../src/vault/vault.ts';
import { createDatabase } from './harness/database.ts';
import { panOf, startTestVault, type TestVault } from './harness/vault.ts';

const merchantId = randomUUID();
let databaseUrl: string;
let directory: string;
let keyFile: string;
let vault: OpenVault;
let admin: pg.Client;
let log: TestVault['log'];
let open: TestVault['open'];
let storeCard: TestVault['storeCard'];
let stop: TestVault['stop'];

before(async () => {
  ({ databaseUrl, directory, keyFile, vault, admin, log, open, storeCard, stop } = await startTestVault(merchantId));
});
after(() => stop());

describe('roles', () => {
  test('the gateway’s role sees nothing of the vault, and the vault’s nothing of the gateway', async () => {
    await admin.query('create table if not exists polygate.role_probe (id int)');
    await admin.query('grant select on polygate.role_probe to polygate_app');
    const app = openDatabase({ url: databaseUrl, role: 'polygate_app', applicationName: 'test', maxConnections: 1, purpose: 'general' });
    const ours = openDatabase({
      url: databaseUrl,
      role: 'polygate_vault',
      applicationName: 'test',
      maxConnections: 1,
      purpose: 'general',
    });
    try {
      for (const table of ['card', 'data_key', 'root_key', 'token']) {
        await assert.rejects(app.query({ name: table, text: `select * from vault.${table}` }), { code: '42501' });
        await assert.rejects(app.query({ name: `${table}-delete`, text: `delete from vault.${table}` }), { code: '42501' });
        await ours.query({ name: table, text: `select * from vault.${table} limit 1` });
      }
      await assert.rejects(ours.query({ name: 'probe', text: 'select * from polygate.role_probe' }), { code: '42501' });
      await assert.rejects(ours.query({ name: 'drop', text: 'delete from vault.data_key' }), { code: '42501' });
    } finally {
      await Promise.all([app.close(), ours.close()]);
      await admin.query('drop table polygate.role_probe');
    }
  });

  test('logins of their own hold the two apart for good', async () => {
    const login = `app_${randomUUID().slice(0, 8)}`;
    await admin.query(`create role ${login} login password '${login}' in role polygate_app`);
    const url = new URL(databaseUrl);
    url.username = login;
    url.password = login;
    const client = new pg.Client({ connectionString: url.href });
    await client.connect();
    try {
      await assert.rejects(client.query('set role polygate_vault'), { code: '42501' });
      await assert.rejects(client.query('select * from vault.card'), { code: '42501' });
    } finally {
      await client.end();
      await admin.query(`drop role ${login}`);
    }
  });
});

describe('master keys', () => {
  test('another key file does not open this database', async () => {
    await assert.rejects(open(join(directory, 'other.key')), (error: Error) => {
      assert.ok(error instanceof VaultKeyError);
      assert.match(error.message, /do not belong to this database.* give the gateway the key file that was used/);
      return true;
    });
  });

  test('a changed secret under the same id is noticed too', async () => {
    const { keys } = JSON.parse(await readFile(keyFile, 'utf8')) as { keys: { id: string; secret: string }[] };
    const path = join(directory, 'forged.key');
    await writeFile(path, JSON.stringify({ keys: [{ id: keys[0]?.id, secret: Buffer.alloc(32, 7).toString('base64') }] }), {
      mode: 0o600,
    });
    await assert.rejects(open(path), VaultKeyError);
  });

  test('are replaced while cards and fingerprints stay as they are', async () => {
    const card = await storeCard('4242424242424242');
    const fingerprint = vault.fingerprint(merchantId, panOf('4242424242424242'));
    const old = JSON.parse(await readFile(keyFile, 'utf8')) as { keys: { id: string; secret: string }[] };
    const fresh = { id: 'second', secret: Buffer.alloc(32, 9).toString('base64') };
    const path = join(directory, 'rotated.key');
    await writeFile(path, JSON.stringify({ keys: [...old.keys, fresh] }), { mode: 0o600 });
    const node = await open(path);
    assert.deepEqual(await node.keys.activate('second'), []);
    const toRewrap = await node.keys.countToRewrap();
    assert.ok(toRewrap >= 1, `${toRewrap} keys`);
    assert.deepEqual(await node.keys.rewrapBite(), { count: toRewrap, more: true });
    assert.deepEqual(await node.keys.rewrapBite(), { count: 0, more: false });
    await node.close();
    await writeFile(path, JSON.stringify({ keys: [fresh] }));
    const after = await open(path);
    assert.equal((await after.reveal(card))?.reveal(), '4242424242424242');
    assert.deepEqual(after.fingerprint(merchantId, panOf('4242424242424242')), fingerprint);
    assert.deepEqual(after.deriveSecret('x'), vault.deriveSecret('x'));
    assert.notDeepEqual(after.deriveSecret('x'), vault.deriveSecret('y'));
    await after.close();
  });

  test('a key file that others can read is refused, with the remedy', async () => {
    const path = join(directory, 'open.key');
    await openKeyFile({ path, createIfMissing: true });
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    // The remedy for a file would take a folder away from everybody else.
    await assert.rejects(openKeyFile({ path: directory, createIfMissing: true }), /is no file: give the key file itself$/);
    for (const mode of [0o640, 0o604]) {
      await chmod(path, mode);
      await assert.rejects(openKeyFile({ path, createIfMissing: true }), /others than its owner can get at it: chmod 600/);
    }
  });

  test('a key file is made on demand only, by one of many, and leaves no drafts', async () => {
    const folder = join(directory, 'fresh');
    const path = join(folder, 'master.key');
    await assert.rejects(openKeyFile({ path, createIfMissing: false }), /does not exist: restore it from its backup/);
    const providers = await Promise.all(Array.from({ length: 8 }, () => openKeyFile({ path, createIfMissing: true })));
    assert.equal(new Set(providers.map((provider) => provider.keyId)).size, 1);
    assert.deepEqual(await readdir(folder), ['master.key']);
    const other = await openKeyFile({ path: join(directory, 'yet-another.key'), createIfMissing: true });
    assert.notEqual(other.keyId, providers[0]?.keyId);
  });

  test('a malformed key file is refused without quoting it', async () => {
    const path = join(directory, 'bad.key');
    for (const text of ['secret!', '{}', '{"keys": []}', '{"keys": [{"id": "a", "secret": "c2hvcnQ="}]}']) {
      await writeFile(path, text, { mode: 0o600 });
      await assert.rejects(
        openKeyFile({ path, createIfMissing: false }),
        (error: Error) => !error.message.includes('c2hvcnQ') && !error.message.includes('secret!'),
      );
    }
  });
});

test('a database without a vault is named as such', async () => {
  const empty = await createDatabase('nothing');
  try {
    const keyProvider = await openKeyFile({ path: keyFile, createIfMissing: false });
    await assert.rejects(openVault({ url: empty.url, keyProvider, log }), /has no vault yet: run `polygate migrate`/);
  } finally {
    await empty.drop();
  }
});
