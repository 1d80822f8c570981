/** A new master key: all keys in the database are wrapped by it, one by one, while the gateway works; the cards under them are not touched. */
import type { Database, Statement } from '../postgres/connection.ts';
import { dataKeyAad } from './data-keys.ts';
import type { KeyProvider } from './key-provider.ts';
import { rootKeyAad } from './root-keys.ts';

const selectRoots: Statement = {
  name: 'vault-rewrap-roots',
  text: 'select name, key_id, wrapped from vault.root_key where key_id <> $1',
};
const updateRoot: Statement = {
  name: 'vault-rewrap-root',
  text: 'update vault.root_key set key_id = $3, wrapped = $4 where name = $1 and key_id = $2',
};
const selectDataKeys: Statement = {
  name: 'vault-rewrap-data-keys',
  text: 'select merchant_id, version, key_id, wrapped from vault.data_key where key_id <> $1 order by merchant_id, version limit 500',
};
const updateDataKey: Statement = {
  name: 'vault-rewrap-data-key',
  text: 'update vault.data_key set key_id = $4, wrapped = $5 where merchant_id = $1 and version = $2 and key_id = $3',
};

interface WrappedRow extends Record<string, unknown> {
  readonly key_id: string;
  readonly wrapped: Buffer;
}

/** Wraps with the provider's present key whatever another key has wrapped, and returns how many keys that were. It can be repeated at any point. */
export async function rewrapKeys(database: Database, keyProvider: KeyProvider): Promise<number> {
  let count = 0;
  async function rewrap(row: WrappedRow, aad: Buffer): Promise<[oldId: string, newId: string, bytes: Uint8Array]> {
    const key = await keyProvider.unwrap({ keyId: row.key_id, bytes: row.wrapped }, aad);
    const wrapped = await keyProvider.wrap(key, aad);
    key.fill(0);
    count += 1;
    return [row.key_id, wrapped.keyId, wrapped.bytes];
  }
  for (const row of await database.query<WrappedRow & { name: string }>(selectRoots, [keyProvider.keyId])) {
    await database.query(updateRoot, [row.name, ...(await rewrap(row, rootKeyAad(row.name)))]);
  }
  for (;;) {
    const rows = await database.query<WrappedRow & { merchant_id: string; version: number }>(selectDataKeys, [keyProvider.keyId]);
    if (rows.length === 0) return count;
    for (const row of rows) {
      await database.query(updateDataKey, [row.merchant_id, row.version, ...(await rewrap(row, dataKeyAad(row.merchant_id, row.version)))]);
    }
  }
}
