/** The keys of the vault as operators look at them: which is active, which are still needed, and by what. Names as in the console API. */
import type { KeyCare } from './key-care.ts';
import type { KeyProvider } from './key-provider.ts';

export interface MasterKeyState {
  readonly [name: string]: unknown;
  readonly key_id: string;
  /** `unwraps_only`: something in the database is still wrapped with it. `not_used_yet`: a rotation has added it, and is not done. */
  readonly state: 'active' | 'unwraps_only' | 'not_used_yet' | 'not_needed';
  readonly in_key_file: boolean;
  /** How many it wraps. */
  readonly root_keys: number;
  readonly data_keys: number;
  /** Running nodes that know it. */
  readonly nodes: readonly string[];
}

export async function masterKeyStates(
  keys: Pick<KeyCare, 'activeId' | 'masterKeyUses' | 'liveNodes'>,
  { keyIds: inFile }: Pick<KeyProvider, 'keyIds'>,
): Promise<readonly MasterKeyState[]> {
  const activeId = await keys.activeId();
  const [uses, nodes] = [await keys.masterKeyUses(), await keys.liveNodes()];
  // What an interrupted rotation goes on with, see `polygate keys rotate`.
  const pendingId = inFile.at(-1);
  const ids = [...new Set([...inFile, ...uses.map(({ keyId }) => keyId)])];
  return ids.map((id) => {
    const use = uses.find(({ keyId }) => keyId === id);
    return {
      key_id: id,
      state: id === activeId ? 'active' : use !== undefined ? 'unwraps_only' : id === pendingId ? 'not_used_yet' : 'not_needed',
      in_key_file: inFile.includes(id),
      root_keys: use?.rootKeys ?? 0,
      data_keys: use?.dataKeys ?? 0,
      nodes: nodes.filter(({ keyIds }) => keyIds.includes(id)).map(({ name }) => name),
    };
  });
}

/** Every data key with its cards; it counts all of them, which takes its time. */
export async function dataKeyStates(keys: Pick<KeyCare, 'dataKeyUses'>): Promise<readonly Readonly<Record<string, unknown>>[]> {
  return (await keys.dataKeyUses()).map(({ merchantId, version, masterKeyId, createdAt, cards }) => ({
    ...{ merchant_id: merchantId, version, master_key_id: masterKeyId, created_at: createdAt, cards },
  }));
}
