/**
 * The secrets of the whole vault: random, wrapped by the key provider, made at the first start. Fingerprints hang on one of them and not
 * on the master key, so that a new master key leaves them as they are. Unwrapping them is also the check that the master key fits.
 */
import { createSecretKey, hkdfSync, type KeyObject, randomBytes } from 'node:crypto';
import type { Database, Statement } from '../postgres/connection.ts';
import { VaultKeyError } from './errors.ts';
import { type KeyProvider, WrongKeyError } from './key-provider.ts';

const names = ['fingerprint', 'application'] as const;
export type RootName = (typeof names)[number];

export interface RootKeys {
  /** The master key that wrapped them when they were read: the active one. */
  readonly masterKeyId: string;
  /** The key of a merchant's fingerprints. */
  fingerprintKey(merchantId: string): KeyObject;
  /** 32 bytes, always the same for a purpose, for secrets of the gateway outside the vault. */
  deriveSecret(purpose: string): Uint8Array;
}

const insertRoot: Statement = {
  name: 'vault-root-insert',
  text: 'insert into vault.root_key (name, key_id, wrapped) values ($1, $2, $3) on conflict do nothing',
};
export const selectRoots: Statement = { name: 'vault-root-select', text: 'select name, key_id, wrapped from vault.root_key' };

export interface RootRow extends Record<string, unknown> {
  readonly name: RootName;
  readonly key_id: string;
  readonly wrapped: Buffer;
}

/** What a wrapped root key is bound to. */
export function rootKeyAad(name: string): Buffer {
  return Buffer.from(`polygate vault 1|root_key|${name}`);
}

/** Reads the root keys, making them in a new vault. Throws {@link VaultKeyError} when the provider's master key is not this database's. */
export async function openRootKeys(database: Database, keyProvider: KeyProvider): Promise<RootKeys> {
  let rows = await database.query<RootRow>(selectRoots);
  if (names.some((name) => !rows.some((row) => row.name === name))) {
    // Of several nodes that start at once one inserts; all read what is there afterwards.
    for (const name of names) {
      const wrapped = await keyProvider.wrap(randomBytes(32), rootKeyAad(name), keyProvider.keyId);
      await database.query(insertRoot, [name, wrapped.keyId, wrapped.bytes]);
    }
    rows = await database.query<RootRow>(selectRoots);
  }
  const roots = new Map<RootName, KeyObject>();
  for (const name of names) roots.set(name, await unwrapRoot(keyProvider, name, rows));
  return {
    masterKeyId: rows.find(({ name }) => name === 'fingerprint')?.key_id ?? keyProvider.keyId,
    fingerprintKey: (merchantId) => createSecretKey(expand(roots, 'fingerprint', merchantId)),
    deriveSecret: (purpose) => expand(roots, 'application', purpose),
  };
}

function expand(roots: ReadonlyMap<RootName, KeyObject>, name: RootName, context: string): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', roots.get(name) as KeyObject, '', `polygate vault 1|${name}|${context}`, 32));
}

async function unwrapRoot(keyProvider: KeyProvider, name: RootName, rows: readonly RootRow[]): Promise<KeyObject> {
  const row = rows.find((candidate) => candidate.name === name);
  if (row === undefined) throw new VaultKeyError(`the root key ${name} of the vault has gone`);
  try {
    return createSecretKey(await keyProvider.unwrap({ keyId: row.key_id, bytes: row.wrapped }, rootKeyAad(name)));
  } catch (error) {
    if (!(error instanceof WrongKeyError)) throw error;
    throw new VaultKeyError(
      `the master keys at hand (${keyProvider.keyIds.join(', ')}) do not belong to this database, whose cards are kept under master key ${row.key_id}: ` +
        `give the gateway the key file that was used with this database before, or start with an empty database (${error.message})`,
      { cause: error },
    );
  }
}
