/**
 * The card vault: the only code that sees a stored card number. It works under its own role in its own schema, so that the rest of the
 * gateway cannot read it, nor it the rest.
 */
import type { Pan } from '../core/instrument/card.ts';
import type { Vault } from '../core/ports/vault.ts';
import { assertWritable, openDatabase } from '../postgres/connection.ts';
import { watchRoom } from '../postgres/room.ts';
import { createActiveKey } from './active-key.ts';
import { createCards } from './cards.ts';
import { createDataKeys } from './data-keys.ts';
import { createImportKeys, type ImportKeys } from './import-keys.ts';
import { createKeyCare, type KeyCare } from './key-care.ts';
import type { KeyProvider } from './key-provider.ts';
import { type Node, sayAlive, sayGone } from './nodes.ts';
import { nextPurgeAtMs, type PurgeCount, purgeDue } from './purge.ts';
import { openRootKeys } from './root-keys.ts';
import { createSecrets } from './secrets.ts';
import { type AdoptedToken, type Adoption, createTokens } from './tokens.ts';
import { createWaitingCvcs, type WaitingCvcs } from './waiting-cvc.ts';

export interface VaultLog {
  /** Absent for those who open it for a moment. */
  info?(details: object, message: string): void;
  error(details: object, message: string): void;
}

export interface VaultOptions {
  readonly url: string;
  readonly keyProvider: KeyProvider;
  readonly log: VaultLog;
  /** Statements on the payment path under way at the same time, for each of storing, reading and tokens. */
  readonly maxConcurrent?: number;
  readonly keyLifetimeMs?: number;
  /** How long its database may take for one statement of the payment path, and for another one, in ms; absent: for ever. */
  readonly timeoutsMs?: { readonly hot: number; readonly general: number };
  /** Told when a statement was not answered in its time, after the connections here were opened anew. */
  readonly onTimeout?: () => void;
  /** Who opens it, where that is a node that works with it for long: rotations of keys wait for such ones. */
  readonly node?: Node;
}

export interface OpenVault extends Vault, Pick<WaitingCvcs, 'purgeCvcs'> {
  /** Always at once: the key of fingerprints is in memory. */
  fingerprint(merchantId: string, pan: Pan): Uint8Array;
  /** Keeps a token that was made elsewhere, for a stored card; the same again changes nothing. */
  adoptToken(token: AdoptedToken): Promise<Adoption>;
  /** Opens what others have encrypted for import. */
  readonly importKeys: ImportKeys;
  /** Deletes what is due at that business time and returns how much it was. */
  purgeDue(businessNowMs: number): Promise<PurgeCount>;
  /** When the next of them is due, to the day: the first moment of the day after it; business time, epoch ms. */
  nextPurgeAtMs(): Promise<number | undefined>;
  readonly keys: KeyCare;
  /** 32 bytes, always the same for a purpose in this database: for the gateway's own secrets (stored credentials, request hashes). */
  deriveSecret(purpose: string): Uint8Array;
  /** Resolves when cards can be stored and read. */
  health(): Promise<void>;
  /** To be called when the server of its database has turned out to be gone: whoever comes next gets a new connection. */
  renew(): void;
  /** Waits for nothing: call it after the last store or reveal has been answered. */
  close(): Promise<void>;
}

/** Opens the vault of a migrated database. Throws `VaultKeyError` when the master key is not the one that this database was made with. */
export async function openVault(options: VaultOptions): Promise<OpenVault> {
  const { url, keyProvider, log, maxConcurrent = 2, keyLifetimeMs, timeoutsMs, node } = options;
  const room = watchRoom({ name: 'the database of the vault', log });
  const pool = {
    url,
    role: 'polygate_vault',
    onError: (error: Error) => log.error({ err: error }, 'an idle database connection of the vault broke'),
    onFailure: room.noteFailure,
  };
  const onTimeout = () => {
    log.error({}, 'the database of the vault did not answer a statement in its time; its connections are opened anew');
    renew();
    options.onTimeout?.();
  };
  const renew = () => {
    for (const each of [hot, general]) each.renew();
  };
  const within = (ms: number | undefined) => (ms === undefined ? {} : { timeout: { ms, onTimeout } });
  const hot = openDatabase({
    ...{ ...pool, ...within(timeoutsMs?.hot) },
    ...{ applicationName: 'polygate-vault', purpose: 'hot', maxConnections: 2 * maxConcurrent },
  });
  const general = openDatabase({
    ...{ ...pool, ...within(timeoutsMs?.general) },
    ...{ applicationName: 'polygate-vault-keys', purpose: 'general', maxConnections: 3 },
  });
  const close = async () => {
    if (node !== undefined) await sayGone(general, node).catch(() => undefined);
    await Promise.all([hot.close(), general.close()]);
  };
  try {
    // Before the root keys are read: see activateMasterKey.
    if (node !== undefined) await sayAlive(general, { node, keyIds: keyProvider.keyIds });
    const rootKeys = await openRootKeys(general, keyProvider);
    const activeKey = createActiveKey(general, rootKeys.masterKeyId);
    const dataKeys = createDataKeys({
      database: general,
      keyProvider,
      activeKey,
      ...(keyLifetimeMs === undefined ? {} : { lifetimeMs: keyLifetimeMs }),
    });
    const cards = createCards({ database: hot, dataKeys, fingerprintKey: rootKeys.fingerprintKey, maxConcurrent });
    return {
      ...cards,
      ...createTokens({ database: hot, maxConcurrent }),
      ...createWaitingCvcs({ database: hot, dataKeys }),
      ...createSecrets(rootKeys.deriveSecret),
      purgeDue: (businessNowMs) => purgeDue(general, { businessNowMs, biteSize: 500 }),
      nextPurgeAtMs: () => nextPurgeAtMs(general),
      keys: createKeyCare({ database: general, keyProvider, activeKey, dataKeys, log, ...(node === undefined ? {} : { node }) }),
      deriveSecret: rootKeys.deriveSecret,
      importKeys: createImportKeys(general, rootKeys.deriveSecret('import keys')),
      async health() {
        await keyProvider.health();
        await general.query({ name: 'vault-health', text: 'select from vault.root_key limit 1' });
        await assertWritable(general);
        await room.assertRoom(general);
      },
      renew,
      close,
    };
  } catch (error) {
    await close();
    throw explain(error);
  }
}

/** Undefined table, undefined schema, undefined role: the database was not migrated. Other errors say enough themselves. */
function explain(error: unknown): unknown {
  const { code, message } = error as { code?: unknown; message?: unknown };
  if (code !== '42P01' && code !== '3F000' && code !== '22023') return error;
  return new Error(`the database has no vault yet: run \`polygate migrate\` against it (${String(message)})`, { cause: error });
}
