/** The vault through a real database: what goes in comes out, and nothing else ever does. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import pg from 'pg';
import { brandOf, type CardSummary, type Pan, parsePan } from '../src/core/instrument/card.ts';
import { certaintyOf, openDatabase } from '../src/postgres/connection.ts';
import { VaultConflictError, VaultIntegrityError, VaultKeyError } from '../src/vault/errors.ts';
import { openKeyFile } from '../src/vault/key-file.ts';
import { type OpenVault, openVault } from '../src/vault/vault.ts';
import { createDatabase, type TestDatabase } from './harness/database.ts';
import { findCardData } from './harness/scrub.ts';

const dayMs = 86_400_000;
const nowMs = Date.UTC(2027, 0, 15);
const numbers = ['4242424242424242', '5555555555554444', '378282246310005', '6759649826438453', '6200000000000005'];

function panOf(digits: string): Pan {
  const pan = parsePan(digits);
  assert.ok(pan !== undefined, `${digits} is no card number`);
  return pan;
}

function summaryOf(digits: string): CardSummary {
  const pan = panOf(digits);
  return { brand: brandOf(pan), bin: pan.bin, last4: pan.last4, expiry: { month: 12, year: 2030 }, holder: 'Zoë "Q" \\ {O’Neil}' };
}

describe('the vault', () => {
  let database: TestDatabase;
  let directory: string;
  let keyFile: string;
  let vault: OpenVault;
  let admin: pg.Client;
  const merchantId = randomUUID();
  const otherId = randomUUID();
  const logged: object[] = [];
  const log = { error: (details: object, message: string) => logged.push({ details, message }) };

  const open = async (path = keyFile) =>
    openVault({ url: database.url, keyProvider: await openKeyFile({ path, createIfMissing: true }), log });

  async function storeCard(digits: string, options: { merchantId?: string; purgeAtMs?: number } = {}) {
    const card = { merchantId: options.merchantId ?? merchantId, cardId: randomUUID() };
    await vault.store({ ...card, pan: panOf(digits), purgeAtMs: options.purgeAtMs ?? nowMs + 540 * dayMs });
    return card;
  }

  before(async () => {
    database = await createDatabase();
    directory = await mkdtemp(join(tmpdir(), 'polygate-vault-'));
    keyFile = join(directory, 'keys', 'master.key');
    vault = await open();
    admin = new pg.Client({ connectionString: database.url });
    await admin.connect();
  });

  after(async () => {
    await vault.close();
    await admin.end();
    await database.drop();
    await rm(directory, { recursive: true });
    assert.deepEqual(logged, []);
  });

  test('gives back the card that was stored, many at once, each to its caller', async () => {
    const merchants = Array.from({ length: 5 }, () => randomUUID());
    const stored = await Promise.all(
      Array.from({ length: 400 }, async (_, index) => {
        const digits = numbers[index % numbers.length] as string;
        return { digits, card: await storeCard(digits, { merchantId: merchants[index % merchants.length] as string }) };
      }),
    );
    const revealed = await Promise.all(stored.map(({ card }) => vault.reveal(card)));
    assert.deepEqual(
      revealed.map((pan) => pan?.reveal()),
      stored.map(({ digits }) => digits),
    );
  });

  test('knows nothing of a card that was never stored, or is another merchant’s', async () => {
    const card = await storeCard('4242424242424242');
    assert.equal(await vault.reveal({ merchantId, cardId: randomUUID() }), undefined);
    assert.equal(await vault.reveal({ merchantId: otherId, cardId: card.cardId }), undefined);
  });

  test('the same card under the same id is stored once; another number there is refused, alone in its batch', async () => {
    const card = { merchantId, cardId: randomUUID(), purgeAtMs: nowMs };
    await Promise.all([vault.store({ ...card, pan: panOf('4242424242424242') }), vault.store({ ...card, pan: panOf('4242424242424242') })]);
    const [same, other, fresh] = await Promise.allSettled([
      vault.store({ ...card, pan: panOf('4242424242424242') }),
      vault.store({ ...card, pan: panOf('5555555555554444') }),
      storeCard('378282246310005'),
    ]);
    assert.equal(same.status, 'fulfilled');
    assert.equal(fresh.status, 'fulfilled');
    assert.ok(other.status === 'rejected' && other.reason instanceof VaultConflictError);
    assert.equal((await vault.reveal(card))?.reveal(), '4242424242424242');
  });

  test('an id that is no UUID is refused before it comes near a statement', async () => {
    const card = { merchantId, cardId: '},{', pan: panOf('4242424242424242'), purgeAtMs: nowMs };
    await assert.rejects(vault.store(card), TypeError);
    await assert.rejects(vault.reveal(card), TypeError);
  });

  test('an error of the database still tells whether the card may have been stored', async () => {
    const node = await open();
    const warm = await storeCard('4242424242424242');
    await node.reveal(warm);
    await admin.query('begin; lock table vault.card in exclusive mode');
    const waiting = node.store({ merchantId, cardId: randomUUID(), pan: panOf('4242424242424242'), purgeAtMs: nowMs });
    const outcome = waiting.then(
      () => 'stored',
      (error: unknown) => certaintyOf(error),
    );
    const blocked = `from pg_stat_activity where datname = current_database() and application_name = 'polygate-vault' and wait_event_type = 'Lock'`;
    while ((await admin.query(`select 1 ${blocked}`)).rowCount === 0);
    await admin.query(`select pg_terminate_backend(pid) ${blocked}`);
    assert.equal(await outcome, 'unknown');
    await admin.query('rollback');
    await node.close();
  });

  test('fingerprints are equal for equal cards of one merchant, and tell nothing across merchants', async () => {
    const fingerprint = vault.fingerprint(merchantId, panOf('4242424242424242'));
    assert.equal(fingerprint.length, 32);
    assert.deepEqual(vault.fingerprint(merchantId, panOf('4242424242424242')), fingerprint);
    assert.notDeepEqual(vault.fingerprint(merchantId, panOf('5555555555554444')), fingerprint);
    assert.notDeepEqual(vault.fingerprint(otherId, panOf('4242424242424242')), fingerprint);
    const pan = panOf('4242424242424242');
    assert.notDeepEqual(vault.fingerprint(merchantId, pan), vault.fingerprint(otherId, pan));
  });

  test('rows that changed places are noticed', async () => {
    const [first, second] = [await storeCard('4242424242424242'), await storeCard('5555555555554444')];
    await admin.query(
      `update vault.card a set sealed = b.sealed, fingerprint = b.fingerprint from vault.card b
       where a.merchant_id = $1 and b.merchant_id = $1 and ((a.id = $2 and b.id = $3) or (a.id = $3 and b.id = $2))`,
      [merchantId, first.cardId, second.cardId],
    );
    await assert.rejects(vault.reveal(first), VaultIntegrityError);
    await assert.rejects(vault.reveal(second), VaultIntegrityError);
  });

  test('a row copied to another merchant does not open there', async () => {
    const card = await storeCard('4242424242424242');
    await storeCard('5555555555554444', { merchantId: otherId });
    await admin.query(
      `insert into vault.card (merchant_id, id, key_version, sealed, fingerprint, purge_at)
       select $3, id, key_version, sealed, fingerprint, purge_at from vault.card where merchant_id = $1 and id = $2`,
      [merchantId, card.cardId, otherId],
    );
    await assert.rejects(vault.reveal({ merchantId: otherId, cardId: card.cardId }), VaultIntegrityError);
  });

  test('a single changed bit is noticed, wherever it is', async () => {
    const { rows } = await admin.query<{ length: number }>(
      `select max(length(sealed)) as length from vault.card where length(sealed) = 44`,
    );
    assert.equal(rows[0]?.length, 44);
    for (const offset of [0, 11, 12, 27, 28, 43]) {
      const card = await storeCard('4242424242424242');
      await admin.query(`update vault.card set sealed = set_bit(sealed, $3, 1 - get_bit(sealed, $3)) where merchant_id = $1 and id = $2`, [
        merchantId,
        card.cardId,
        offset * 8,
      ]);
      await assert.rejects(vault.reveal(card), VaultIntegrityError);
    }
    const cut = await storeCard('4242424242424242');
    await admin.query(`update vault.card set sealed = 'short' where merchant_id = $1 and id = $2`, [merchantId, cut.cardId]);
    await assert.rejects(vault.reveal(cut), VaultIntegrityError);
  });

  test('a data key that does not exist is an error, not a guess', async () => {
    const card = await storeCard('4242424242424242');
    await admin.query('update vault.card set key_version = 99 where merchant_id = $1 and id = $2', [merchantId, card.cardId]);
    await assert.rejects(vault.reveal(card), /names data key 99, which does not exist/);
  });

  test('two nodes that see a merchant for the first time agree on the key', async () => {
    const nodes = await Promise.all([open(), open(), open()]);
    try {
      for (let round = 0; round < 5; round += 1) {
        const newcomer = randomUUID();
        const cards = await Promise.all(
          nodes.map(async (node, index) => {
            const card = { merchantId: newcomer, cardId: randomUUID(), digits: numbers[index] as string };
            await node.store({ ...card, pan: panOf(card.digits), purgeAtMs: nowMs });
            return card;
          }),
        );
        for (const node of nodes) for (const card of cards) assert.equal((await node.reveal(card))?.reveal(), card.digits);
        const { rows } = await admin.query('select version from vault.data_key where merchant_id = $1', [newcomer]);
        assert.deepEqual(rows, [{ version: 1 }]);
      }
    } finally {
      await Promise.all(nodes.map((node) => node.close()));
    }
  });

  test('a worn data key gets a successor; old cards stay readable, on nodes that do not know it yet too', async () => {
    const worn = randomUUID();
    const early = await storeCard('4242424242424242', { merchantId: worn });
    await admin.query(`update vault.data_key set created_at = now() - interval '366 days' where merchant_id = $1`, [worn]);
    const fresh = await open();
    try {
      const late = { merchantId: worn, cardId: randomUUID() };
      await fresh.store({ ...late, pan: panOf('5555555555554444'), purgeAtMs: nowMs });
      const { rows } = await admin.query('select key_version from vault.card where merchant_id = $1 order by key_version', [worn]);
      assert.deepEqual(rows, [{ key_version: 1 }, { key_version: 2 }]);
      for (const node of [vault, fresh]) {
        assert.equal((await node.reveal(early))?.reveal(), '4242424242424242');
        assert.equal((await node.reveal(late))?.reveal(), '5555555555554444');
      }
    } finally {
      await fresh.close();
    }
  });

  describe('tokens', () => {
    test('lead to their card, for their merchant only', async () => {
      const card = await storeCard('4242424242424242');
      const tokens = await Promise.all(
        [1, 2, 3].map(() => vault.tokenize({ ...card, summary: summaryOf('4242424242424242'), purgeAtMs: nowMs + dayMs })),
      );
      assert.equal(new Set(tokens).size, 3);
      for (const token of tokens) {
        assert.match(token, /^[a-f][\da-f]{31}$/);
        const found = await vault.resolveToken({ merchantId, token });
        assert.deepEqual(found, { cardId: card.cardId, summary: summaryOf('4242424242424242') });
        assert.equal(await vault.resolveToken({ merchantId: otherId, token }), undefined);
      }
      assert.equal(await vault.resolveToken({ merchantId, token: '4242424242424242' }), undefined);
      assert.equal(await vault.resolveToken({ merchantId, token: `a${'0'.repeat(31)}` }), undefined);
    });

    test('are not made for a card that is not there', async () => {
      await assert.rejects(
        vault.tokenize({ merchantId, cardId: randomUUID(), summary: summaryOf('4242424242424242'), purgeAtMs: nowMs }),
        /is not in the vault/,
      );
      const card = await storeCard('4242424242424242');
      await assert.rejects(
        vault.tokenize({ ...card, merchantId: otherId, summary: summaryOf('4242424242424242'), purgeAtMs: nowMs }),
        /is not in the vault/,
      );
    });

    test('end when deleted, and their card when nothing needs it any more', async () => {
      const owner = randomUUID();
      await vault.purgeDue(nowMs + dayMs);
      const card = await storeCard('4242424242424242', { merchantId: owner, purgeAtMs: nowMs });
      const first = await vault.tokenize({ ...card, summary: summaryOf('4242424242424242'), purgeAtMs: nowMs + 1_000 * dayMs });
      const second = await vault.tokenize({ ...card, summary: summaryOf('4242424242424242'), purgeAtMs: nowMs + 1_000 * dayMs });
      assert.equal(await vault.deleteToken({ merchantId: otherId, token: first, cardPurgeAtMs: nowMs }), false);
      assert.equal(await vault.deleteToken({ merchantId: owner, token: first, cardPurgeAtMs: nowMs }), true);
      assert.equal(await vault.deleteToken({ merchantId: owner, token: first, cardPurgeAtMs: nowMs }), false);
      assert.equal(await vault.resolveToken({ merchantId: owner, token: first }), undefined);
      assert.deepEqual(await vault.purgeDue(nowMs + 1), { cards: 0, tokens: 0 });
      assert.equal((await vault.reveal(card))?.reveal(), '4242424242424242');
      assert.equal(await vault.deleteToken({ merchantId: owner, token: second, cardPurgeAtMs: nowMs + dayMs }), true);
      assert.deepEqual(await vault.purgeDue(nowMs + dayMs), { cards: 1, tokens: 0 });
      assert.equal(await vault.reveal(card), undefined);
    });
  });

  test('a card that nothing came of is discarded, but not one that has a token', async () => {
    const [unused, tokenized] = [await storeCard('4242424242424242'), await storeCard('4242424242424242')];
    await vault.tokenize({ ...tokenized, summary: summaryOf('4242424242424242'), purgeAtMs: nowMs + dayMs });
    await vault.discard({ ...unused, merchantId: otherId });
    assert.ok((await vault.reveal(unused)) !== undefined);
    await Promise.all([vault.discard(unused), vault.discard(unused), vault.discard(tokenized)]);
    assert.equal(await vault.reveal(unused), undefined);
    assert.ok((await vault.reveal(tokenized)) !== undefined);
  });

  test('the purge deletes what is due, also many bites of it, and nothing else', async () => {
    const owner = randomUUID();
    const purgeAtMs = nowMs - 100 * dayMs;
    await vault.purgeDue(purgeAtMs);
    const due = await Promise.all(Array.from({ length: 1_203 }, () => storeCard('4242424242424242', { merchantId: owner, purgeAtMs })));
    const kept = await storeCard('5555555555554444', { merchantId: owner, purgeAtMs: purgeAtMs + 1 });
    const [tokenized] = due.splice(0, 1);
    assert.ok(tokenized !== undefined);
    const token = await vault.tokenize({ ...tokenized, summary: summaryOf('4242424242424242'), purgeAtMs: purgeAtMs + 1 });
    assert.deepEqual(await vault.purgeDue(purgeAtMs - 1), { cards: 0, tokens: 0 });
    const node = await open();
    const counts = await Promise.all([vault.purgeDue(purgeAtMs), node.purgeDue(purgeAtMs)]);
    await node.close();
    assert.equal((counts[0]?.cards ?? 0) + (counts[1]?.cards ?? 0), 1_202);
    assert.equal(await vault.reveal(due[0] as { merchantId: string; cardId: string }), undefined);
    assert.equal((await vault.reveal(kept))?.reveal(), '5555555555554444');
    assert.equal((await vault.reveal(tokenized))?.reveal(), '4242424242424242');
    assert.deepEqual(await vault.purgeDue(purgeAtMs + 1), { cards: 2, tokens: 1 });
    assert.equal(await vault.resolveToken({ merchantId: owner, token }), undefined);
  });

  describe('roles', () => {
    test('the gateway’s role sees nothing of the vault, and the vault’s nothing of the gateway', async () => {
      await admin.query('create table if not exists polygate.role_probe (id int)');
      await admin.query('grant select on polygate.role_probe to polygate_app');
      const app = openDatabase({ url: database.url, role: 'polygate_app', applicationName: 'test', maxConnections: 1, purpose: 'general' });
      const ours = openDatabase({
        url: database.url,
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
      const url = new URL(database.url);
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
      keyFile = path;
    });

    test('a key file that others can read is refused, with the remedy', async () => {
      const path = join(directory, 'open.key');
      await openKeyFile({ path, createIfMissing: true });
      assert.equal((await stat(path)).mode & 0o777, 0o600);
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
    const empty = await createDatabase({ migrated: false });
    try {
      const keyProvider = await openKeyFile({ path: keyFile, createIfMissing: false });
      await assert.rejects(openVault({ url: empty.url, keyProvider, log }), /has no vault yet: run `polygate migrate`/);
    } finally {
      await empty.drop();
    }
  });

  test('no card number can be found anywhere in the database', async () => {
    await Promise.all(numbers.map((digits) => storeCard(digits)));
    await vault.health();
    assert.deepEqual(await findCardData({ databaseUrl: database.url, pans: numbers }), []);
  });
});
