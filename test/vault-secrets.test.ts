/** Secrets that can be read again: what the vault seals opens only where it belongs, on every node, under every master key. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { VaultIntegrityError } from '../src/vault/errors.ts';
import { startTestVault, type TestVault } from './harness/vault.ts';

let place: TestVault;
before(async () => {
  place = await startTestVault();
});
after(() => place.stop());

const [merchantId, secretId] = [randomUUID(), randomUUID()];
const secret = 'whsec_Zoë’s key 🔑';

test('a sealed secret opens on every node, and says nothing of itself', async () => {
  const sealed = place.vault.sealSecret({ merchantId, secretId, secret });
  assert.equal(place.vault.openSecret({ merchantId, secretId, sealed }), secret);
  assert.ok(!Buffer.from(sealed).includes('whsec'));
  assert.notDeepEqual(place.vault.sealSecret({ merchantId, secretId, secret }), sealed);
  const node = await place.open();
  assert.equal(node.openSecret({ merchantId, secretId, sealed }), secret);
  await node.close();
});

test('moved to another place or merchant, or changed in any byte, it does not open, and the error holds nothing of it', () => {
  const sealed = Buffer.from(place.vault.sealSecret({ merchantId, secretId, secret }));
  const isRefused = (error: unknown) => error instanceof VaultIntegrityError && !error.message.includes('whsec');
  assert.throws(() => place.vault.openSecret({ merchantId: randomUUID(), secretId, sealed }), isRefused);
  assert.throws(() => place.vault.openSecret({ merchantId, secretId: randomUUID(), sealed }), isRefused);
  for (let at = 0; at < sealed.length; at += 1) {
    const changed = Buffer.from(sealed);
    changed.writeUInt8(changed.readUInt8(at) ^ 1, at);
    assert.throws(() => place.vault.openSecret({ merchantId, secretId, sealed: changed }), isRefused, `byte ${at}`);
  }
  for (const length of [0, 1, 20, sealed.length - 1]) {
    assert.throws(() => place.vault.openSecret({ merchantId, secretId, sealed: sealed.subarray(0, length) }), isRefused);
  }
});
