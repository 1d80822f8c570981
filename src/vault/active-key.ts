/**
 * Which master key wraps: the one that wraps the root keys of this database, so that all nodes agree whatever their key files say. A new one
 * is made active by wrapping the root keys with it, when every node that is up holds it.
 */
import { bytesArray, textArray } from '../postgres/columns.ts';
import type { Database, Statement } from '../postgres/connection.ts';
import type { KeyProvider } from './key-provider.ts';
import { liveForMs } from './nodes.ts';
import { type RootRow, rootKeyAad, selectRoots } from './root-keys.ts';

export interface ActiveKey {
  /** As known since the last look. */
  readonly id: string;
  /** Asks the database. */
  refresh(): Promise<string>;
}

const selectActive: Statement = { name: 'vault-active-key', text: `select key_id from vault.root_key where name = 'fingerprint'` };

export function createActiveKey(database: Database, firstId: string): ActiveKey {
  let id = firstId;
  return {
    get id() {
      return id;
    },
    async refresh() {
      const [row] = await database.query<{ key_id: string }>(selectActive);
      id = row?.key_id ?? id;
      return id;
    },
  };
}

/** A node that starts writes its row before it reads the root keys; the lock keeps it from doing so between our look and our change. */
const lockNodes: Statement = { name: 'vault-activate-lock', text: 'lock table vault.node in share row exclusive mode' };
const selectLacking: Statement = {
  name: 'vault-activate-lacking',
  text: `select name from vault.node where seen_at > now() - $2 * interval '1 millisecond' and not key_ids @> array[$1::text] order by name`,
};
const updateRoots: Statement = {
  name: 'vault-activate-roots',
  text: `update vault.root_key r set key_id = $4, wrapped = i.wrapped
    from unnest($1::text[], $2::text[], $3::bytea[]) as i (name, key_id, wrapped) where r.name = i.name and r.key_id = i.key_id`,
};

/**
 * Makes a master key the one that wraps, and returns an empty list; or changes nothing and returns the names of the nodes that do not hold it.
 * To be repeated at will.
 */
export async function activateMasterKey(database: Database, keyProvider: KeyProvider, keyId: string): Promise<readonly string[]> {
  const rows = await database.query<RootRow>(selectRoots);
  const wrapped: Uint8Array[] = [];
  for (const row of rows) {
    const aad = rootKeyAad(row.name);
    const root = await keyProvider.unwrap({ keyId: row.key_id, bytes: row.wrapped }, aad);
    wrapped.push((await keyProvider.wrap(root, aad, keyId)).bytes);
    root.fill(0);
  }
  const columns = [textArray(rows.map(({ name }) => name)), textArray(rows.map((row) => row.key_id)), bytesArray(wrapped)];
  return database.transaction(async (query) => {
    await query(lockNodes);
    const lacking = await query<{ name: string }>(selectLacking, [keyId, liveForMs]);
    if (lacking.length === 0) await query(updateRoots, [...columns, keyId]);
    return lacking.map(({ name }) => name);
  });
}
