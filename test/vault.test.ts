/** The vault through a real database: what goes in comes out, and nothing else ever does. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import type pg from 'pg';
import { brandOf, type CardSummary } from '../src/core/instrument/card.ts';
import { certaintyOf } from '../src/postgres/connection.ts';
import { VaultConflictError, VaultIntegrityError } from '../src/vault/errors.ts';
import type { OpenVault } from '../src/vault/vault.ts';
import { findCardData } from './harness/scrub.ts';
import { dayMs, nowMs, panOf, startTestVault, type TestVault } from './harness/vault.ts';

const numbers = ['4242424242424242', '5555555555554444', '378282246310005', '6759649826438453', '6200000000000005'];

function summaryOf(digits: string): CardSummary {
  const pan = panOf(digits);
  return { brand: brandOf(pan), bin: pan.bin, last4: pan.last4, expiry: { month: 12, year: 2030 }, holder: 'Zoë "Q" \\ {O’Neil}' };
}

describe('the vault', () => {
  const merchantId = randomUUID();
  const otherId = randomUUID();
  let databaseUrl: string;
  let vault: OpenVault;
  let admin: pg.Client;
  let open: TestVault['open'];
  let storeCard: TestVault['storeCard'];
  let stop: TestVault['stop'];

  before(async () => {
    ({ databaseUrl, vault, admin, open, storeCard, stop } = await startTestVault(merchantId));
  });
  after(() => stop());

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

  test('no card number can be found anywhere in the database', async () => {
    await Promise.all(numbers.map((digits) => storeCard(digits)));
    await vault.health();
    assert.deepEqual(await findCardData({ databaseUrl: databaseUrl, pans: numbers }), []);
  });
});
