/**
 * The demo merchants' secrets in a form that can be read again, for dialects whose requests are signed with them. They are written apart from the
 * credentials, since only the vault can seal them.
 */
import type { Config } from '../config.ts';
import { dialects } from '../dialects/registry.ts';
import { openDatabase, type Statement } from '../postgres/connection.ts';
import { openKeyFile } from '../vault/key-file.ts';
import { openVault } from '../vault/vault.ts';
import { demoMerchantIds } from './demo-merchants.ts';

const save: Statement = {
  name: 'seal_demo_secret',
  text: 'update polygate.credential set sealed_secret = $3 where merchant_id = $1 and credential_id = $2 and sealed_secret is null',
};

const savePartner: Statement = {
  name: 'seal_demo_partner_secret',
  text: 'update polygate.partner set sealed_secret = $2 where partner_id = $1 and sealed_secret is null',
};

type Places = Pick<Config, 'databaseUrl' | 'vaultDatabaseUrl' | 'masterKeyFile'>;

/** Seals what is not sealed yet. */
export async function sealDemoSecrets({ databaseUrl, vaultDatabaseUrl, masterKeyFile }: Places): Promise<void> {
  if (databaseUrl === undefined) throw new Error('There is no database: set DATABASE_URL.');
  const signing = dialects.flatMap(({ access, sandbox }) => (access.signsWithSecret === true ? (sandbox?.credentials ?? []) : []));
  const partners = dialects.flatMap(({ sandbox }) => sandbox?.partners ?? []);
  if (signing.length === 0) return;
  const log = { error: (_details: object, message: string) => void process.stderr.write(`${message}\n`) };
  const keyProvider = await openKeyFile({ path: masterKeyFile, createIfMissing: true });
  const vault = await openVault({ url: vaultDatabaseUrl ?? databaseUrl, keyProvider, log });
  const database = openDatabase({
    ...{ url: databaseUrl, role: 'polygate_app', applicationName: 'polygate-start', purpose: 'general', maxConnections: 1 },
  });
  try {
    for (const { merchant, credentialId, secret } of signing) {
      const merchantId = demoMerchantIds[merchant];
      await database.query(save, [merchantId, credentialId, vault.sealSecret({ merchantId, secretId: credentialId, secret })]);
    }
    for (const { partnerId, secret } of partners) {
      await database.query(savePartner, [partnerId, vault.sealSecret({ merchantId: partnerId, secretId: partnerId, secret })]);
    }
  } finally {
    await Promise.all([database.close(), vault.close()]);
  }
}
