/** The sandbox's own merchant in the drill: who speaks all protocols, with terminals to which the host attaches no triggers. */
import { readConfig } from '../../src/config.ts';
import { writeDemoEndpoints } from '../../src/local/demo-endpoints.ts';
import { demoMerchantIds, writeDemoMerchants } from '../../src/local/demo-merchants.ts';
import { sealDemoSecrets } from '../../src/local/demo-secrets.ts';
import { withClient } from './books.ts';
import type { Stand } from './stand.ts';
import type { WebhookTaker } from './webhooks.ts';

export async function writeDialectMerchant({ databaseUrl }: Pick<Stand, 'databaseUrl'>): Promise<void> {
  await writeDemoMerchants({ databaseUrl, shopUrl: 'http://127.0.0.1:9' });
  await withClient(databaseUrl, (client) =>
    client.query(`update polygate.channel set account_id = 'sandbox-plain' where merchant_id = $1`, [demoMerchantIds.demo]),
  );
}

/** Seals the merchant's secrets and tells it at the taker what happens. To be called when the master key is there. */
export async function writeDialectEndpoints(
  { databaseUrl, masterKeyFile }: Pick<Stand, 'databaseUrl' | 'masterKeyFile'>,
  { port }: WebhookTaker,
): Promise<void> {
  const env = { DATABASE_URL: databaseUrl, MASTER_KEY_FILE: masterKeyFile, SANDBOX_HTTP_PORT: String(port) };
  const config = readConfig({ mode: 'sandbox', file: undefined, env });
  await sealDemoSecrets(config);
  await writeDemoEndpoints(config);
  // There is no mailbox here.
  await withClient(databaseUrl, (client) => client.query(`update polygate.endpoint set removed_at = now() where url like 'mailto:%'`));
}
