/**
 * The demo merchants of the sandbox: published credentials that tests, documentation and people's own suites rely on; each dialect brings
 * its own. Written at every start of the sandbox, so that a database of an earlier version gets what is new; live mode refuses to run
 * beside them.
 */
import { randomUUIDv7 } from 'node:crypto';
import pg from 'pg';
import { activatableAtBank } from '../core/instrument/bank.ts';
import { hashOfSecret } from '../core/merchant/secret.ts';
import { currencies } from '../core/money/currency.ts';
import type { DemoAccount, DemoChannel, DemoCredential, DemoMerchantName, DemoPartner } from '../dialects/demo.ts';
import { dialects } from '../dialects/registry.ts';
import { openPayoutBalances } from '../store/payout-funding.ts';

interface DemoMerchant {
  readonly merchantId: string;
  readonly routingNumber: number;
  readonly name: string;
}

const merchants: Readonly<Record<DemoMerchantName, DemoMerchant>> = {
  demo: { merchantId: '00000000-0000-7000-8000-000000000001', routingNumber: 1, name: 'Polygate Demo' },
  other: { merchantId: '00000000-0000-7000-8000-000000000002', routingNumber: 2, name: 'Polygate Other' },
};

/** UUIDs of the demo merchants. */
export const demoMerchantIds: Readonly<Record<DemoMerchantName, string>> = {
  demo: merchants.demo.merchantId,
  other: merchants.other.merchantId,
};

/** Accounts that channels of any dialect use. Those terminals that know no triggers are many, for load. */
const sharedAccounts: readonly DemoAccount[] = [
  {
    accountId: 'sandbox-plain',
    merchantIdentifier: 'POLYGATE0000002',
    terminals: Array.from({ length: 99 }, (_, index) => `PLAIN${String(index + 1).padStart(3, '0')}`),
  },
  { accountId: 'sandbox-other', merchantIdentifier: 'POLYGATE0000003', terminals: ['OTHR0001'] },
];

interface DemoPlaces {
  readonly databaseUrl: string;
  /** Of the demo shop: scheme, host and port. */
  readonly shopUrl: string;
}

/**
 * Writes what is missing; what is there stays as it is, but where the demo shop has moved to another port, what names it moves along. All of the
 * channels may use the bank for all that it does.
 */
export async function writeDemoMerchants({ databaseUrl, shopUrl }: DemoPlaces): Promise<void> {
  await withClient(databaseUrl, async (client) => {
    await client.query('begin');
    for (const { merchantId, routingNumber, name } of Object.values(merchants)) {
      await client.query('insert into polygate.merchant (merchant_id, routing_number, name) values ($1, $2, $3) on conflict do nothing', [
        merchantId,
        routingNumber,
        name,
      ]);
      await openBalances(client, merchantId);
    }
    for (const account of sharedAccounts) await writeAccount(client, account);
    for (const { name, sandbox } of dialects) {
      for (const account of sandbox?.accounts ?? []) await writeAccount(client, account);
      for (const channel of sandbox?.channels ?? []) await writeChannel(client, { dialect: name, channel, shopUrl });
      for (const credential of sandbox?.credentials ?? []) await writeCredential(client, name, credential);
      for (const partner of sandbox?.partners ?? []) await writePartner(client, name, partner);
    }
    await client.query(demoDocuments, [merchantIds]);
    await client.query('commit');
  });
}

/** Approved and without an end, so that nobody's test suite is refused one day. */
const demoDocuments = `insert into polygate.compliance_document (merchant_id, document_id, type, state, valid_from, created_at, decided_at)
select m.merchant_id, (case d.type when 'asv_scan' then '00000000-0000-7000-8000-0000000f0001' else '00000000-0000-7000-8000-0000000f0002' end)::uuid, d.type,
  'approved', timestamptz '2020-01-01', timestamptz '2020-01-01', now()
from unnest($1::uuid[]) as m (merchant_id), (values ('asv_scan'), ('saq')) as d (type) on conflict do nothing`;

const payoutFundsMajor = 1_000_000;

/** Both merchants open with the same amount of every currency; the sandbox's acquirer has booked the same. */
async function openBalances(client: pg.Client, merchantId: string): Promise<void> {
  await client.query(openPayoutBalances, [
    merchantId,
    currencies.map(() => randomUUIDv7()),
    currencies.map(({ code }) => code),
    currencies.map(({ decimals }) => payoutFundsMajor * 10 ** decimals),
  ]);
}

async function writeAccount(client: pg.Client, { accountId, merchantIdentifier, terminals }: DemoAccount): Promise<void> {
  await client.query(
    `insert into polygate.acquirer_account (account_id, adapter, merchant_identifier, category_code, terminals)
    values ($1, 'iso8583', $2, '5399', $3) on conflict do nothing`,
    [accountId, merchantIdentifier, terminals],
  );
}

interface ChannelAtShop {
  readonly dialect: string;
  readonly channel: DemoChannel;
  readonly shopUrl: string;
}

/** Policies are those of an earlier start where nothing but the shop's port is another; any others are somebody's own. */
async function writeChannel(client: pg.Client, { dialect, channel, shopUrl }: ChannelAtShop): Promise<void> {
  const { channelId, wireId, name, accountId } = channel;
  const { merchantId } = merchants[channel.merchant];
  await client.query(
    `insert into polygate.channel (merchant_id, channel_id, dialect, wire_id, name, account_id, bank_methods, policies) values ($1, $2, $3, $4, $5, $6, $7, $8)
    on conflict (merchant_id, channel_id) do update set bank_methods = coalesce(channel.bank_methods, excluded.bank_methods),
      policies = case when regexp_replace(channel.policies::text, 'http://127\\.0\\.0\\.1:[0-9]+', $9, 'g') = excluded.policies::text
        then excluded.policies else channel.policies end`,
    [
      merchantId,
      channelId,
      dialect,
      wireId,
      name,
      accountId,
      activatableAtBank,
      JSON.stringify(channel.policies?.(shopUrl) ?? {}),
      shopUrl,
    ],
  );
  await client.query(
    'insert into polygate.entry_point (dialect, wire_id, merchant_id, channel_id) values ($1, $2, $3, $4) on conflict do nothing',
    [dialect, wireId, merchantId, channelId],
  );
}

async function writeCredential(client: pg.Client, dialect: string, credential: DemoCredential): Promise<void> {
  const { credentialId, identifier, secret } = credential;
  await client.query(
    'insert into polygate.credential (merchant_id, credential_id, dialect, identifier, secret_hash) values ($1, $2, $3, $4, $5) on conflict do nothing',
    [merchants[credential.merchant].merchantId, credentialId, dialect, identifier, hashOfSecret(secret)],
  );
}

async function writePartner(client: pg.Client, dialect: string, partner: DemoPartner): Promise<void> {
  const { partnerId, identifier, login, secret } = partner;
  await client.query(
    'insert into polygate.partner (partner_id, dialect, identifier, login, secret_hash) values ($1, $2, $3, $4, $5) on conflict do nothing',
    [partnerId, dialect, identifier, login, hashOfSecret(secret)],
  );
  for (const brought of partner.merchants) {
    await client.query(
      'insert into polygate.partner_merchant (partner_id, login, merchant_id, identifier) values ($1, $2, $3, $4) on conflict do nothing',
      [partnerId, brought.login, merchants[brought.merchant].merchantId, brought.identifier],
    );
  }
}

const merchantIds = Object.values(merchants).map(({ merchantId }) => merchantId);
const published = dialects.flatMap(({ sandbox }) => [...(sandbox?.credentials ?? []), ...(sandbox?.partners ?? [])]);
const publishedHashes = published.map(({ secret }) => hashOfSecret(secret));
const publishedOwners = new Set([
  ...merchantIds,
  ...dialects.flatMap(({ sandbox }) => sandbox?.partners ?? []).map(({ partnerId }) => partnerId),
]);
const publishedHex = new Set(publishedHashes.map((hash) => hash.toString('hex')));

/** Whether anybody may log in with it: it is a demo merchant's or demo partner's, or has a secret that is published here. */
export function isPublished({ ownerId, secretHash }: { readonly ownerId: string; readonly secretHash: Uint8Array }): boolean {
  return publishedOwners.has(ownerId) || publishedHex.has(Buffer.from(secretHash).toString('hex'));
}

/**
 * Throws when the database lets anybody in with what is published here: a demo merchant, or a merchant of whatever name whose credential
 * has a published secret. Live mode asks this before it listens.
 */
export async function refuseDemoMerchants(databaseUrl: string): Promise<void> {
  const found = await withClient(databaseUrl, async (client) => {
    const { rows } = await client.query<{ name: string }>(
      `select m.name from polygate.merchant m
      where m.merchant_id = any ($1)
        or exists (
          select from polygate.credential c where c.merchant_id = m.merchant_id and c.secret_hash = any ($2) and c.revoked_at is null
        )
      order by m.name limit 5`,
      [merchantIds, publishedHashes],
    );
    return rows.map(({ name }) => name);
  });
  if (found.length === 0) return;
  throw new Error(
    `Live mode does not start on this database: it holds the sandbox's demo merchants or their published credentials (${found.join(', ')}), ` +
      'with which anybody could make payments. Set DATABASE_URL to a database that no sandbox was ever started on.',
  );
}

/** Makes a migrated database one of live mode, which no sandbox writes to any more; throws when one has already. */
export async function claimForLive(databaseUrl: string): Promise<void> {
  await refuseDemoMerchants(databaseUrl);
  await withClient(databaseUrl, (client) => client.query('insert into polygate.live_database default values on conflict do nothing'));
}

/**
 * Throws when the database is one of live mode, by its mark, or by merchants without those of the sandbox. The sandbox asks this before
 * it changes anything there, the schema included.
 */
export async function refuseLiveDatabase(databaseUrl: string): Promise<void> {
  const isLive = await withClient(databaseUrl, async (client) => {
    const holds = async (text: string, values: readonly unknown[] = []): Promise<boolean> =>
      (await client.query<{ holds: boolean }>(`select ${text} as holds`, [...values])).rows[0]?.holds === true;
    if (!(await holds(`to_regclass('polygate.merchant') is not null`))) return false;
    const isMarked =
      (await holds(`to_regclass('polygate.live_database') is not null`)) && (await holds('exists (select from polygate.live_database)'));
    const demoMerchant = 'exists (select from polygate.merchant where merchant_id = any ($1))';
    return isMarked || holds(`exists (select from polygate.merchant) and not ${demoMerchant}`, [merchantIds]);
  });
  if (!isLive) return;
  throw new Error(
    'The sandbox does not start on this database: live mode works on it, or it holds merchants and none of the sandbox, and the sandbox ' +
      'would write its published credentials there. Start with --mode live, or set DATABASE_URL to a database of its own for the sandbox.',
  );
}

async function withClient<Result>(url: string, work: (client: pg.Client) => Promise<Result>): Promise<Result> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
