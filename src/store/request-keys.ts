/** The keys that requests are encrypted to: kept in the database, the private part as the vault has sealed it, so that every node can open a request. */
import { randomUUID } from 'node:crypto';
import { compactDecrypt, exportJWK, generateKeyPair, importJWK, type JWK } from 'jose';
import type { Vault } from '../core/ports/vault.ts';
import type { PublicRequestKey, RequestKeys } from '../core/request-keys.ts';
import { jsonText } from '../postgres/columns.ts';
import type { Database, Row, Statement } from '../postgres/connection.ts';
import { reading } from './unavailable.ts';

/** No merchant's. */
const nobody = '00000000-0000-0000-0000-000000000000';
const freshForMs = 60_000;

const select: Statement = {
  name: 'request_keys',
  text: 'select key_id, public_jwk, sealed_private_jwk from polygate.request_key order by created_at desc, key_id limit 10',
};

// Of several nodes that find none at the same moment, each adds one; all of them are good.
const insert: Statement = {
  name: 'add_request_key',
  text: 'insert into polygate.request_key (key_id, public_jwk, sealed_private_jwk) values ($1, $2, $3)',
};

interface KeyRow extends Row {
  readonly key_id: string;
  readonly public_jwk: PublicRequestKey;
  readonly sealed_private_jwk: Buffer;
}

export function createRequestKeys(database: Database, vault: Pick<Vault, 'sealSecret' | 'openSecret'>): RequestKeys {
  let rows: readonly KeyRow[] = [];
  let readAtMs = Number.NEGATIVE_INFINITY;
  const read = async (): Promise<readonly KeyRow[]> => {
    rows = await reading(database.query<KeyRow>(select, []));
    readAtMs = performance.now();
    return rows;
  };
  const known = async () => (performance.now() - readAtMs < freshForMs && rows.length > 0 ? rows : read());
  let making: Promise<void> | undefined;
  const make = async (): Promise<void> => {
    const { publicKey, privateKey } = await generateKeyPair('RSA-OAEP-256', { modulusLength: 3_072, extractable: true });
    const keyId = randomUUID();
    const [exported, secret] = await Promise.all([exportJWK(publicKey), exportJWK(privateKey)]);
    const { n = '', e = '' } = exported;
    const jwk: PublicRequestKey = { kty: 'RSA', kid: keyId, use: 'enc', alg: 'RSA-OAEP-256', n, e };
    const sealed = vault.sealSecret({ merchantId: nobody, secretId: keyId, secret: jsonText(secret) });
    await reading(database.query(insert, [keyId, jsonText(jwk), Buffer.from(sealed)]));
  };
  const open = async (row: KeyRow) => {
    const secret: JWK = JSON.parse(vault.openSecret({ merchantId: nobody, secretId: row.key_id, sealed: row.sealed_private_jwk }));
    return importJWK(secret, 'RSA-OAEP-256');
  };
  return {
    async list() {
      if ((await known()).length === 0) {
        making ??= make().finally(() => {
          making = undefined;
        });
        await making;
        await read();
      }
      return rows.map(({ public_jwk }) => public_jwk);
    },
    async decrypt(jwe) {
      const found = await known();
      const { plaintext } = await compactDecrypt(
        jwe,
        async ({ kid }) => {
          const row = found.find(({ key_id }) => key_id === kid) ?? (kid === undefined ? found[0] : undefined);
          if (row === undefined) throw new Error('no such key');
          return open(row);
        },
        { keyManagementAlgorithms: ['RSA-OAEP-256'], contentEncryptionAlgorithms: ['A256GCM'] },
      );
      return plaintext;
    },
  };
}
