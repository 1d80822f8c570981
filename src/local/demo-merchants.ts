/**
 * The demo merchants of the sandbox: published credentials that tests, documentation and people's own suites rely on. Written at every
 * start, so that a database of an earlier version gets what is new; never in live mode.
 */
import { createHash } from 'node:crypto';
import pg from 'pg';

interface DemoMerchant {
  readonly merchantId: string;
  readonly routingNumber: number;
  readonly name: string;
}

interface DemoChannel {
  readonly merchantId: string;
  readonly channelId: string;
  readonly dialect: string;
  readonly wireId: string;
  readonly name: string;
  readonly accountId: string;
}

interface DemoCredential {
  readonly merchantId: string;
  readonly credentialId: string;
  readonly dialect: string;
  readonly identifier: string;
  readonly secret: string;
}

interface DemoAccount {
  readonly accountId: string;
  readonly merchantIdentifier: string;
  readonly terminals: readonly string[];
}

const demo = '00000000-0000-7000-8000-000000000001';
const other = '00000000-0000-7000-8000-000000000002';
const plainTerminals = Array.from({ length: 99 }, (_, index) => `PLAIN${String(index + 1).padStart(3, '0')}`);

const merchants: readonly DemoMerchant[] = [
  { merchantId: demo, routingNumber: 1, name: 'Polygate Demo' },
  { merchantId: other, routingNumber: 2, name: 'Polygate Other' },
];

/** One account for each terminal of the contract; the terminals that know no triggers are many, for load. */
export const demoAccounts: readonly DemoAccount[] = [
  { accountId: 'sandbox-opp', merchantIdentifier: 'POLYGATE0000001', terminals: ['OPP00001'] },
  { accountId: 'sandbox-plain', merchantIdentifier: 'POLYGATE0000002', terminals: plainTerminals },
  { accountId: 'sandbox-other', merchantIdentifier: 'POLYGATE0000003', terminals: ['OTHR0001'] },
];

/** The entity of the demo merchant, and the login of all its entities. */
export const demoEntityId = '0f0e0d0c0b0a09080706050403020100';
export const demoPlainEntityId = '0f0e0d0c0b0a09080706050403020199';
export const demoBearerToken = 'MGYwZTBkMGMwYjBhMDkwODA3MDYwNTA0MDMwMjAxMDB8c2FuZGJveA==';

const channels: readonly DemoChannel[] = [
  {
    merchantId: demo,
    channelId: '00000000-0000-7000-8000-000000000101',
    dialect: 'opp',
    wireId: demoEntityId,
    name: 'Polygate Demo',
    accountId: 'sandbox-opp',
  },
  {
    merchantId: demo,
    channelId: '00000000-0000-7000-8000-000000000102',
    dialect: 'opp',
    wireId: demoPlainEntityId,
    name: 'Polygate Demo (no triggers)',
    accountId: 'sandbox-plain',
  },
  {
    merchantId: other,
    channelId: '00000000-0000-7000-8000-000000000201',
    dialect: 'opp',
    wireId: '0f0e0d0c0b0a09080706050403020102',
    name: 'Polygate Other',
    accountId: 'sandbox-other',
  },
];

const credentials: readonly DemoCredential[] = [
  {
    merchantId: demo,
    credentialId: '00000000-0000-7000-8000-000000001101',
    dialect: 'opp',
    identifier: demoEntityId,
    secret: 'sandbox',
  },
  {
    merchantId: other,
    credentialId: '00000000-0000-7000-8000-000000001201',
    dialect: 'opp',
    identifier: '0f0e0d0c0b0a09080706050403020102',
    secret: 'sandbox2',
  },
];

/** Writes what is missing; what is there stays as it is. */
export async function writeDemoMerchants(databaseUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    await client.query('begin');
    for (const { merchantId, routingNumber, name } of merchants) {
      await client.query('insert into polygate.merchant (merchant_id, routing_number, name) values ($1, $2, $3) on conflict do nothing', [
        merchantId,
        routingNumber,
        name,
      ]);
    }
    for (const { accountId, merchantIdentifier, terminals } of demoAccounts) {
      await client.query(
        `insert into polygate.acquirer_account (account_id, adapter, merchant_identifier, category_code, terminals)
        values ($1, 'iso8583', $2, '5399', $3) on conflict do nothing`,
        [accountId, merchantIdentifier, terminals],
      );
    }
    for (const channel of channels) await writeChannel(client, channel);
    for (const credential of credentials) await writeCredential(client, credential);
    await client.query('commit');
  } finally {
    await client.end();
  }
}

async function writeChannel(client: pg.Client, { merchantId, channelId, dialect, wireId, name, accountId }: DemoChannel): Promise<void> {
  await client.query(
    'insert into polygate.channel (merchant_id, channel_id, dialect, wire_id, name, account_id) values ($1, $2, $3, $4, $5, $6) on conflict do nothing',
    [merchantId, channelId, dialect, wireId, name, accountId],
  );
  await client.query(
    'insert into polygate.entry_point (dialect, wire_id, merchant_id, channel_id) values ($1, $2, $3, $4) on conflict do nothing',
    [dialect, wireId, merchantId, channelId],
  );
}

async function writeCredential(
  client: pg.Client,
  { merchantId, credentialId, dialect, identifier, secret }: DemoCredential,
): Promise<void> {
  const hash = createHash('sha256').update(secret).digest();
  await client.query(
    'insert into polygate.credential (merchant_id, credential_id, dialect, identifier, secret_hash) values ($1, $2, $3, $4, $5) on conflict do nothing',
    [merchantId, credentialId, dialect, identifier, hash],
  );
}
