/**
 * After a new master key: all data keys that another one has wrapped are wrapped anew, in bites, while the gateway works; the cards under them
 * are not touched. Whoever does it, and however often, each key is changed once: an update names the master key that it found.
 */
import { bytesArray, plainArray, textArray } from '../postgres/columns.ts';
import { type Database, retriable, type Statement } from '../postgres/connection.ts';
import type { ActiveKey } from './active-key.ts';
import { dataKeyAad } from './data-keys.ts';
import type { KeyProvider } from './key-provider.ts';

const biteSize = 500;

const selectDataKeys: Statement = {
  name: 'vault-rewrap-select',
  text: `select merchant_id, version, key_id, wrapped from vault.data_key where key_id <> $1 order by merchant_id, version limit ${biteSize}`,
};
// The root key is locked as in the making of a data key: a bite of an earlier rotation must not come after a later one.
const updateDataKeys: Statement = {
  name: 'vault-rewrap-update',
  text: `with active as (select from vault.root_key where name = 'fingerprint' and key_id = $5 for share),
    changed as (
      update vault.data_key d set key_id = $5, wrapped = i.wrapped
      from unnest($1::uuid[], $2::int[], $3::text[], $4::bytea[]) as i (merchant_id, version, key_id, wrapped), active
      where d.merchant_id = i.merchant_id and d.version = i.version and d.key_id = i.key_id
      returning 1
    )
    select count(*)::int as count from changed`,
};
const countLeft: Statement = { name: 'vault-rewrap-left', text: 'select count(*) as count from vault.data_key where key_id <> $1' };

interface DataKeyRow extends Record<string, unknown> {
  readonly merchant_id: string;
  readonly version: number;
  readonly key_id: string;
  readonly wrapped: Buffer;
}

export interface Rewrap {
  readonly database: Database;
  readonly keyProvider: KeyProvider;
  readonly activeKey: ActiveKey;
}

/** Wraps one bite with the active master key. `more`: there may be keys left. */
export async function rewrapBite({
  database,
  keyProvider,
  activeKey,
}: Rewrap): Promise<{ readonly count: number; readonly more: boolean }> {
  const activeId = await activeKey.refresh();
  const rows = await database.query<DataKeyRow>(selectDataKeys, [activeId]);
  if (rows.length === 0) return { count: 0, more: false };
  const wrapped: Uint8Array[] = [];
  for (const row of rows) {
    const aad = dataKeyAad(row.merchant_id, row.version);
    const key = await keyProvider.unwrap({ keyId: row.key_id, bytes: row.wrapped }, aad);
    wrapped.push((await keyProvider.wrap(key, aad, activeId)).bytes);
    key.fill(0);
  }
  const [changed] = await retriable(() =>
    database.query<{ count: number }>(updateDataKeys, [
      plainArray(rows.map((row) => row.merchant_id)),
      plainArray(rows.map((row) => row.version)),
      textArray(rows.map((row) => row.key_id)),
      bytesArray(wrapped),
      activeId,
    ]),
  );
  return { count: changed?.count ?? 0, more: true };
}

/** Data keys that another master key than the active one has wrapped. */
export async function countToRewrap({ database, activeKey }: Rewrap): Promise<number> {
  const [row] = await database.query<{ count: number }>(countLeft, [await activeKey.refresh()]);
  return row?.count ?? 0;
}
