/**
 * Data keys: the keys that encrypt cards, one per merchant and version, wrapped in the database and unwrapped in memory for a while.
 * A key older than its cryptoperiod is followed by a new version; older versions only decrypt (PCI DSS 4.0.1, 3.7.4).
 */
import { createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import type { Database, Statement } from '../postgres/connection.ts';
import type { ActiveKey } from './active-key.ts';
import { VaultKeyError } from './errors.ts';
import { type KeyProvider, type WrappedKey, WrongKeyError } from './key-provider.ts';

export interface MerchantKeys {
  readonly currentVersion: number;
  readonly current: KeyObject;
  readonly versions: ReadonlyMap<number, KeyObject>;
  /** On the monotonic clock, in ms. */
  readonly expiresAtMs: number;
}

export interface DataKeys {
  /** The keys of a merchant if they are in memory. */
  cached(merchantId: string): MerchantKeys | undefined;
  /** Reads a merchant's keys, making the first one. Callers of the same moment share one read. */
  load(merchantId: string): Promise<MerchantKeys>;
  /** One version of a merchant's keys; undefined when there is none. One that this node does not remember may have been made by another: it is read, once. */
  find(merchantId: string, version: number): Promise<KeyObject | undefined>;
  /** Drops a merchant's keys from memory when they end before `version`. */
  forgetBefore(merchantId: string, version: number): void;
}

export interface DataKeysOptions {
  readonly database: Database;
  readonly keyProvider: KeyProvider;
  readonly activeKey: ActiveKey;
  /** How many merchants' keys are kept in memory at most. */
  readonly maxMerchants?: number;
  /** How long they are kept. */
  readonly lifetimeMs?: number;
}

const selectKeys: Statement = {
  name: 'vault-data-key-select',
  text: `select version, key_id, wrapped, created_at < now() - interval '365 days' as worn
    from vault.data_key where merchant_id = $1 order by version`,
};
// Only under the master key that is active at this moment: the lock on the root key makes the activation of another one wait, so that no data
// key can come into being under a master key whose last one was just wrapped anew.
const insertKey: Statement = {
  name: 'vault-data-key-insert',
  text: `insert into vault.data_key (merchant_id, version, key_id, wrapped)
    select $1, $2, $3, $4 from (select from vault.root_key where name = 'fingerprint' and key_id = $3 for share) r
    on conflict do nothing`,
};

interface KeyRow extends Record<string, unknown> {
  readonly version: number;
  readonly key_id: string;
  readonly wrapped: Buffer;
  readonly worn: boolean;
}

/** What a wrapped data key is bound to. */
export function dataKeyAad(merchantId: string, version: number): Buffer {
  return Buffer.from(`polygate vault 1|data_key|${merchantId}|${version}`);
}

/** Each fails only when another master key becomes active in the milliseconds between. */
const makeAttempts = 5;

export function createDataKeys({
  database,
  keyProvider,
  activeKey,
  maxMerchants = 10_000,
  lifetimeMs = 300_000,
}: DataKeysOptions): DataKeys {
  const memory = new Map<string, MerchantKeys>();
  const loading = new Map<string, Promise<MerchantKeys>>();

  async function readOrMake(merchantId: string): Promise<MerchantKeys> {
    let rows = await database.query<KeyRow>(selectKeys, [merchantId]);
    for (let attempt = 1; rows.at(-1)?.worn !== false; attempt += 1) {
      if (attempt > makeAttempts) throw new VaultKeyError(`no data key could be made for merchant ${merchantId}`);
      const version = (rows.at(-1)?.version ?? 0) + 1;
      const wrapped = await keyProvider.wrap(randomBytes(32), dataKeyAad(merchantId, version), activeKey.id);
      // Of several nodes one inserts, and none when another master key has become active; all use what is there afterwards.
      await database.query(insertKey, [merchantId, version, wrapped.keyId, wrapped.bytes]);
      rows = await database.query<KeyRow>(selectKeys, [merchantId]);
      if (rows.at(-1)?.worn !== false) await activeKey.refresh();
    }
    const versions = new Map<number, KeyObject>();
    for (const { version, key_id: keyId, wrapped: bytes } of rows) {
      versions.set(version, await unwrapDataKey(keyProvider, { merchantId, version, wrapped: { keyId, bytes } }));
    }
    const [currentVersion, current] = [...versions].at(-1) as [number, KeyObject];
    return remember(merchantId, { currentVersion, current, versions, expiresAtMs: performance.now() + lifetimeMs });
  }

  function remember(merchantId: string, keys: MerchantKeys): MerchantKeys {
    memory.delete(merchantId);
    memory.set(merchantId, keys);
    // A Map keeps the order of insertion: the first entry is the one that expires first.
    for (const oldest of memory.keys()) {
      if (memory.size <= maxMerchants) break;
      memory.delete(oldest);
    }
    return keys;
  }

  function cached(merchantId: string): MerchantKeys | undefined {
    const keys = memory.get(merchantId);
    if (keys === undefined || performance.now() < keys.expiresAtMs) return keys;
    memory.delete(merchantId);
    return undefined;
  }

  function load(merchantId: string): Promise<MerchantKeys> {
    let promise = loading.get(merchantId);
    if (promise === undefined) {
      promise = readOrMake(merchantId).finally(() => loading.delete(merchantId));
      loading.set(merchantId, promise);
    }
    return promise;
  }

  return {
    cached,
    load,
    async find(merchantId, version) {
      return cached(merchantId)?.versions.get(version) ?? (await load(merchantId)).versions.get(version);
    },
    forgetBefore(merchantId, version) {
      if ((memory.get(merchantId)?.currentVersion ?? version) < version) memory.delete(merchantId);
    },
  };
}

export async function unwrapDataKey(
  keyProvider: KeyProvider,
  { merchantId, version, wrapped }: { merchantId: string; version: number; wrapped: WrappedKey },
): Promise<KeyObject> {
  try {
    return createSecretKey(await keyProvider.unwrap(wrapped, dataKeyAad(merchantId, version)));
  } catch (error) {
    if (!(error instanceof WrongKeyError)) throw error;
    throw new VaultKeyError(`data key ${version} of merchant ${merchantId} cannot be unwrapped: ${error.message}`, { cause: error });
  }
}
