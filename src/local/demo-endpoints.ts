/**
 * Where the demo merchants are told what happens: at the webhook catcher of the sandbox, with published keys, until others are set. Written at
 * every start of the sandbox; one that was removed stays away.
 */
import type { Config } from '../config.ts';
import { dialects } from '../dialects/registry.ts';
import { openDatabase } from '../postgres/connection.ts';
import { addEndpoint, moveEndpoint } from '../store/endpoints.ts';
import { openKeyFile } from '../vault/key-file.ts';
import { openVault } from '../vault/vault.ts';
import { demoMerchantIds } from './demo-merchants.ts';

/** Writes what is missing; the catcher may have moved to another port, and the endpoints move with it. */
export async function writeDemoEndpoints(config: Config): Promise<void> {
  const { databaseUrl, vaultDatabaseUrl, masterKeyFile, sandboxHttpPort } = config;
  if (databaseUrl === undefined) throw new Error('There is no database: set DATABASE_URL.');
  const log = { error: (_details: object, message: string) => void process.stderr.write(`${message}\n`) };
  const keyProvider = await openKeyFile({ path: masterKeyFile, createIfMissing: true });
  const vault = await openVault({ url: vaultDatabaseUrl ?? databaseUrl, keyProvider, log });
  const database = openDatabase({
    ...{ url: databaseUrl, role: 'polygate_app', applicationName: 'polygate-start', purpose: 'general', maxConnections: 1 },
  });
  try {
    for (const { name: dialect, sandbox } of dialects) {
      for (const { merchant, endpointId, path = '', mail, settings, secret } of sandbox?.endpoints ?? []) {
        const merchantId = demoMerchantIds[merchant];
        const url = mail === undefined ? `http://127.0.0.1:${sandboxHttpPort}${path}` : `mailto:${mail}`;
        const sealed = secret === undefined ? {} : { sealedSecret: vault.sealSecret({ merchantId, secretId: endpointId, secret }) };
        const isNew = await addEndpoint(database, { merchantId, endpointId, dialect, url, settings, state: 'active', ...sealed });
        if (!isNew) await moveEndpoint(database, { merchantId, endpointId, url });
      }
    }
  } finally {
    await Promise.all([database.close(), vault.close()]);
  }
}

/** Where people can look at what was caught. */
export function hooksText({ sandboxHttpPort }: Config): string {
  const base = `http://127.0.0.1:${sandboxHttpPort}`;
  const names = dialects.flatMap(({ sandbox }) => sandbox?.endpoints?.flatMap(({ path }) => path ?? []) ?? []);
  const shown = names.map((path) => `${base}/control/hooks?name=${path.replace('/hooks/', '')}`);
  return `\nWhat the demo merchant's webhooks were sent: ${shown.join('  ')}\n`;
}
