/** Merchants for load, written directly into the database: the accounts behind them use terminals to which the host attaches no triggers. */
import { createHash } from 'node:crypto';
import pg from 'pg';
import type { MerchantAccess } from './requests.ts';

export interface LoadMerchants {
  readonly databaseUrl: string;
  readonly count: number;
}

const password = 'load';
const firstRoutingNumber = 1_000;
const accountCount = 4;
const terminalsPerAccount = 60;

/** Makes `count` merchants, each with one channel and one credential; those that are there already stay. Returns how each is addressed. */
export async function writeMerchants({ databaseUrl, count }: LoadMerchants): Promise<readonly MerchantAccess[]> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    await client.query('begin');
    for (let account = 0; account < accountCount; account += 1) await writeAccount(client, account);
    for (let index = 0; index < count; index += 1) await writeMerchant(client, index);
    await client.query('commit');
  } finally {
    await client.end();
  }
  return Array.from({ length: count }, (_, index) => {
    const entityId = entityOf(index);
    return { entityId, bearerToken: Buffer.from(`${entityId}|${password}`).toString('base64') };
  });
}

/** True for the merchants that this file makes, as a condition on `merchant_id`. */
export const isLoadMerchant = `merchant_id::text like '00000000-0000-7000-8000-1%'`;

/** True for these and for the sandbox's own merchant, who speaks the other protocols; as above. */
export const isDrillMerchant = `merchant_id::text ~ '^00000000-0000-7000-8000-(1|000000000001$)'`;

/** PLAIN and three base-36 characters, of which the first keeps clear of the demo merchant's PLAIN001 to PLAIN099. */
function terminalsOf(account: number): readonly string[] {
  const first = 36 ** 2 * 10 + account * terminalsPerAccount;
  return Array.from({ length: terminalsPerAccount }, (_, index) => `PLAIN${(first + index).toString(36).toUpperCase()}`);
}

async function writeAccount(client: pg.Client, account: number): Promise<void> {
  await client.query(
    `insert into polygate.acquirer_account (account_id, adapter, merchant_identifier, category_code, terminals)
    values ($1, 'iso8583', $2, '5399', $3) on conflict do nothing`,
    [`load-${account}`, `POLYGATELOAD${String(account).padStart(3, '0')}`, terminalsOf(account)],
  );
}

function idOf(kind: number, index: number): string {
  return `00000000-0000-7000-8000-1${kind}${index.toString(16).padStart(10, '0')}`;
}

function entityOf(index: number): string {
  return createHash('md5').update(`polygate load ${index}`).digest('hex');
}

async function writeMerchant(client: pg.Client, index: number): Promise<void> {
  const [merchantId, channelId, entityId] = [idOf(0, index), idOf(1, index), entityOf(index)];
  const name = `Load ${index + 1}`;
  await client.query('insert into polygate.merchant (merchant_id, routing_number, name) values ($1, $2, $3) on conflict do nothing', [
    merchantId,
    firstRoutingNumber + index,
    name,
  ]);
  await client.query(
    `insert into polygate.channel (merchant_id, channel_id, dialect, wire_id, name, account_id)
    values ($1, $2, 'opp', $3, $4, $5) on conflict do nothing`,
    [merchantId, channelId, entityId, name, `load-${index % accountCount}`],
  );
  await client.query(
    `insert into polygate.entry_point (dialect, wire_id, merchant_id, channel_id) values ('opp', $1, $2, $3) on conflict do nothing`,
    [entityId, merchantId, channelId],
  );
  await client.query(
    `insert into polygate.credential (merchant_id, credential_id, dialect, identifier, secret_hash)
    values ($1, $2, 'opp', $3, $4) on conflict do nothing`,
    [merchantId, idOf(2, index), entityId, createHash('sha256').update(password).digest()],
  );
}
