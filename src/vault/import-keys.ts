/**
 * Keys to which others encrypt what they send for import: JWE in its compact form (RFC 7516), `alg` ECDH-ES on P-256, `enc` A256GCM. Only the
 * public half ever leaves the vault.
 */
import { createPrivateKey, createSecretKey, type KeyObject } from 'node:crypto';
import { calculateJwkThumbprint, compactDecrypt, decodeProtectedHeader, exportJWK, generateKeyPair, type JWK } from 'jose';
import type { Database, Statement } from '../postgres/connection.ts';
import { seal, unseal } from './aes-gcm.ts';
import { VaultIntegrityError } from './errors.ts';

const algorithm = 'ECDH-ES';
const encryption = 'A256GCM';

/** What cannot be opened, and why; without a word of what is inside. */
export class ImportKeyError extends Error {
  override readonly name = 'ImportKeyError';
}

export interface ImportKeys {
  /** The public key to encrypt to now, as a JWK with `kid`, `alg` and `use`; made when there is none. */
  publicKey(): Promise<JWK>;
  /** Opens one JWE. Throws {@link ImportKeyError}. */
  open(text: string): Promise<Uint8Array>;
}

const selectKeys: Statement = {
  name: 'vault-import-keys',
  text: 'select key_id, public_key, sealed from vault.import_key order by created_at, key_id',
};
const insertKey: Statement = {
  name: 'vault-import-key-insert',
  text: 'insert into vault.import_key (key_id, public_key, sealed) select $1, $2, $3 where not exists (select from vault.import_key)',
};

interface KeyRow extends Record<string, unknown> {
  readonly key_id: string;
  readonly public_key: JWK;
  readonly sealed: Buffer;
}

export function createImportKeys(database: Database, sealingSecret: Uint8Array): ImportKeys {
  const sealingKey = createSecretKey(sealingSecret);
  const opened = new Map<string, KeyObject>();

  async function make(): Promise<void> {
    const pair = await generateKeyPair(algorithm, { crv: 'P-256', extractable: true });
    const [jwk, secret] = [await exportJWK(pair.publicKey), await exportJWK(pair.privateKey)];
    const kid = await calculateJwkThumbprint(jwk);
    const sealed = seal(sealingKey, Buffer.from(secret.d ?? '', 'base64url'), aadOf(kid));
    await database.query(insertKey, [kid, JSON.stringify({ ...jwk, kid, use: 'enc', alg: algorithm }), sealed]);
  }

  async function privateKey(kid: string): Promise<KeyObject> {
    const known = opened.get(kid);
    if (known !== undefined) return known;
    const row = (await database.query<KeyRow>(selectKeys)).find((candidate) => candidate.key_id === kid);
    if (row === undefined) throw new ImportKeyError('it is encrypted to another key than that of `polygate import key`');
    const d = unseal(sealingKey, row.sealed, aadOf(kid));
    if (d === undefined) throw new VaultIntegrityError(`import key ${kid} is not what was stored: its bytes or its place were changed`);
    const { kty = '', crv = '', x = '', y = '' } = row.public_key;
    const key = createPrivateKey({ key: { kty, crv, x, y, d: d.toString('base64url') }, format: 'jwk' });
    d.fill(0);
    opened.set(kid, key);
    return key;
  }

  return {
    async publicKey() {
      let rows = await database.query<KeyRow>(selectKeys);
      if (rows.length === 0) {
        await make();
        rows = await database.query<KeyRow>(selectKeys);
      }
      return (rows.at(-1) as KeyRow).public_key;
    },
    async open(text) {
      const kid = kidOf(text);
      const key = await privateKey(kid);
      try {
        const { plaintext } = await compactDecrypt(text, key, {
          keyManagementAlgorithms: [algorithm],
          contentEncryptionAlgorithms: [encryption],
        });
        return plaintext;
      } catch {
        throw new ImportKeyError(`it cannot be decrypted: expected a compact JWE with alg ${algorithm} and enc ${encryption}, unchanged`);
      }
    },
  };
}

function aadOf(kid: string): Buffer {
  return Buffer.from(`polygate vault 1|import_key|${kid}`);
}

function kidOf(text: string): string {
  const problem = 'it is no compact JWE with a kid: encrypt each line to the key that `polygate import key` prints';
  if (text.split('.').length !== 5) throw new ImportKeyError(problem);
  try {
    const { kid } = decodeProtectedHeader(text);
    if (typeof kid === 'string') return kid;
  } catch {
    throw new ImportKeyError(problem);
  }
  throw new ImportKeyError(problem);
}
