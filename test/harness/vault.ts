/** A vault on a database of its own, with a key file in a folder of its own, for one test file. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { type Pan, parsePan } from '../../src/core/instrument/card.ts';
import { openKeyFile } from '../../src/vault/key-file.ts';
import { type OpenVault, openVault } from '../../src/vault/vault.ts';
import { createDatabase } from './database.ts';

export const dayMs = 86_400_000;
/** The time at which these tests take place, epoch ms. */
export const nowMs = Date.UTC(2027, 0, 15);

export interface TestVault {
  readonly databaseUrl: string;
  /** A folder for key files. */
  readonly directory: string;
  readonly keyFile: string;
  /** An administrator's connection. */
  readonly admin: pg.Client;
  readonly vault: OpenVault;
  readonly log: { error(details: object, message: string): void };
  /** Opens the same vault as another node would; with another key file where one is given. */
  open(path?: string): Promise<OpenVault>;
  /** Stores a card under a new id, of `merchantId`, or of a merchant that all cards of this file belong to. */
  storeCard(
    digits: string,
    options?: { readonly merchantId?: string; readonly purgeAtMs?: number },
  ): Promise<{ readonly merchantId: string; readonly cardId: string }>;
  /** Ends all of it; fails when the vault has logged an error. */
  stop(): Promise<void>;
}

export function panOf(digits: string): Pan {
  const pan = parsePan(digits);
  assert.ok(pan !== undefined, `${digits} is no card number`);
  return pan;
}

export async function startTestVault(ownMerchantId = randomUUID()): Promise<TestVault> {
  const database = await createDatabase();
  const directory = await mkdtemp(join(tmpdir(), 'polygate-vault-'));
  const keyFile = join(directory, 'keys', 'master.key');
  const logged: object[] = [];
  const log = { error: (details: object, message: string) => void logged.push({ details, message }) };
  const open = async (path = keyFile) =>
    openVault({ url: database.url, keyProvider: await openKeyFile({ path, createIfMissing: true }), log });
  const vault = await open();
  const admin = new pg.Client({ connectionString: database.url });
  await admin.connect();
  return {
    ...{ databaseUrl: database.url, directory, keyFile, admin, vault, log, open },
    async storeCard(digits, { merchantId = ownMerchantId, purgeAtMs = nowMs + 540 * dayMs } = {}) {
      const card = { merchantId, cardId: randomUUID() };
      await vault.store({ ...card, pan: panOf(digits), purgeAtMs });
      return card;
    },
    async stop() {
      await vault.close();
      await admin.end();
      await database.drop();
      await rm(directory, { recursive: true });
      assert.deepEqual(logged, []);
    },
  };
}
