/** Who uses which key: what an operator looks at before a key may go. */
import type { Database, Statement } from '../postgres/connection.ts';

/** How many wrapped keys of each kind a master key is needed for. */
export interface MasterKeyUse {
  readonly keyId: string;
  readonly rootKeys: number;
  readonly dataKeys: number;
}

export interface DataKeyUse {
  readonly merchantId: string;
  readonly version: number;
  readonly masterKeyId: string;
  readonly createdAt: Date;
  readonly cards: number;
}

const selectMasterKeys: Statement = {
  name: 'vault-use-master-keys',
  text: `select key_id, count(*) filter (where kind = 'root') as roots, count(*) filter (where kind = 'data') as data
    from (select key_id, 'root' as kind from vault.root_key union all select key_id, 'data' from vault.data_key) k
    group by key_id order by key_id`,
};
const selectDataKeys: Statement = {
  name: 'vault-use-data-keys',
  text: `select d.merchant_id, d.version, d.key_id, d.created_at, coalesce(c.cards, 0) as cards
    from vault.data_key d left join (
      select merchant_id, key_version, count(*) as cards from vault.card group by merchant_id, key_version
    ) c on c.merchant_id = d.merchant_id and c.key_version = d.version
    order by d.merchant_id, d.version`,
};

/** Master keys that something in the database needs. */
export async function masterKeyUses(database: Database): Promise<readonly MasterKeyUse[]> {
  const rows = await database.query<{ key_id: string; roots: number; data: number }>(selectMasterKeys);
  return rows.map(({ key_id: keyId, roots: rootKeys, data: dataKeys }) => ({ keyId, rootKeys, dataKeys }));
}

/** Every data key with its cards; it counts all of them, which takes its time. */
export async function dataKeyUses(database: Database): Promise<readonly DataKeyUse[]> {
  const rows = await database.query<{ merchant_id: string; version: number; key_id: string; created_at: Date; cards: number }>(
    selectDataKeys,
  );
  return rows.map((row) => ({
    merchantId: row.merchant_id,
    version: row.version,
    masterKeyId: row.key_id,
    createdAt: row.created_at,
    cards: row.cards,
  }));
}
