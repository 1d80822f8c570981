/**
 * Merchants' channels, credentials and acquirer accounts, answered from memory. An operator's act is seen at the next `refresh`; a change that
 * went around the command line after `freshMs` at the latest.
 */
import type { AcquirerAccount } from '../core/acquirer/account.ts';
import type { CardBrand } from '../core/instrument/card.ts';
import type { Channel, Credential, Directory, Flow } from '../core/merchant/channel.ts';
import type { Partner, PartnerMerchant } from '../core/merchant/partner.ts';
import type { Database, Row, Statement } from '../postgres/connection.ts';
import { type ChannelRow, channelOf } from './channel-row.ts';
import { createMemory, type Memory } from './memory.ts';
import { type RuleJson, ruleColumn, ruleOf } from './risk-rules.ts';
import { reading } from './unavailable.ts';

const freshMs = 10_000;
const dayMs = 86_400_000;
/** Entries kept; beyond it the oldest go. Names that do not exist are kept too, so that guessing does not reach the database. */
const entriesAtMost = 50_000;

/** Longer than any that can be given out. */
const nameAtMost = 256;

const channelColumns = `c.merchant_id, m.routing_number, c.channel_id, c.dialect, c.wire_id, c.name as channel_name, c.account_id, c.enabled and m.enabled as enabled,
  c.accepts_partial_approval, c.brands, c.flows, c.currencies, c.policies, c.without_authentication,
  c.authenticates_without_shopper, c.look, c.bank_methods,
  m.pan_retention_days, ${ruleColumn}`;

const channelByWireId: Statement = {
  name: 'channel_by_wire_id',
  text: `select ${channelColumns}
from polygate.entry_point e
  join polygate.channel c on c.merchant_id = e.merchant_id and c.channel_id = e.channel_id
  join polygate.merchant m on m.merchant_id = c.merchant_id
where e.dialect = $1 and e.wire_id = $2`,
};

const channelById: Statement = {
  name: 'channel_by_id',
  text: `select ${channelColumns}
from polygate.channel c join polygate.merchant m on m.merchant_id = c.merchant_id
where c.merchant_id = $1 and c.channel_id = $2`,
};

const channelsOfMerchant: Statement = {
  name: 'channels_of_merchant',
  text: `select ${channelColumns}
from polygate.channel c join polygate.merchant m on m.merchant_id = c.merchant_id
where c.dialect = $1 and c.merchant_id = $2 order by c.channel_id`,
};

const credentialColumns = 'merchant_id, credential_id, identifier, secret_hash, sealed_secret';

const credentialsByIdentifier: Statement = {
  name: 'credentials_by_identifier',
  text: `select ${credentialColumns} from polygate.credential where dialect = $1 and identifier = $2 and revoked_at is null`,
};

const credentialsOfMerchant: Statement = {
  name: 'credentials_of_merchant',
  text: `select ${credentialColumns} from polygate.credential where dialect = $1 and merchant_id = $2 and revoked_at is null
order by created_at desc, credential_id desc`,
};

const partnerByIdentifier: Statement = {
  name: 'partner_by_identifier',
  text: `select partner_id, identifier, login, secret_hash, sealed_secret,
  array(
    select json_build_object('merchantId', pm.merchant_id, 'login', pm.login, 'identifier', pm.identifier)
    from polygate.partner_merchant pm where pm.partner_id = p.partner_id
  ) as merchants
from polygate.partner p where dialect = $1 and identifier = $2`,
};

const accountById: Statement = {
  name: 'acquirer_account_by_id',
  text: `select account_id, merchant_identifier, category_code, terminals from polygate.acquirer_account where account_id = $1`,
};

const actCount: Statement = {
  name: 'operator_act_count',
  text: `select next_value from polygate.counter where name = 'operator_act'`,
};

interface WholeChannelRow extends ChannelRow, Row {
  readonly accepts_partial_approval: boolean;
  readonly bank_methods: string[] | null;
  readonly brands: CardBrand[] | null;
  readonly flows: Flow[] | null;
  readonly pan_retention_days: number | null;
  readonly risk_rules: RuleJson[] | null;
  readonly without_authentication: 'proceed' | 'stop';
  readonly authenticates_without_shopper: boolean;
}

interface CredentialRow extends Record<string, unknown> {
  readonly merchant_id: string;
  readonly credential_id: string;
  readonly identifier: string;
  readonly secret_hash: Buffer;
  readonly sealed_secret: Buffer | null;
}

interface PartnerRow extends Record<string, unknown> {
  readonly partner_id: string;
  readonly identifier: string;
  readonly login: string;
  readonly secret_hash: Buffer;
  readonly sealed_secret: Buffer | null;
  readonly merchants: PartnerMerchant[];
}

interface AccountRow extends Record<string, unknown> {
  readonly account_id: string;
  readonly merchant_identifier: string;
  readonly category_code: string;
  readonly terminals: string[];
}

export interface StoreDirectory extends Directory {
  account(accountId: string): Promise<AcquirerAccount | undefined>;
  /** Forgets what it remembers when an operator has acted since the last time. */
  refresh(): Promise<void>;
}

/** What somebody logs in with, as far as it is judged here. `ownerId`: the merchant or the partner. */
export type Login = { readonly ownerId: string; readonly secretHash: Uint8Array };

/** `refuses`: logins that this node takes for none, whatever the database says. */
export function createDirectory(
  database: Database,
  { refuses = () => false }: { readonly refuses?: (login: Login) => boolean } = {},
): StoreDirectory {
  const credentialsIn = (rows: readonly CredentialRow[]): Credential[] =>
    rows.map(credentialOf).filter(({ merchantId, secretHash }) => !refuses({ ownerId: merchantId, secretHash }));
  const remembered = <V>(load: (key: string) => Promise<V>): Memory<V> => createMemory(load, { freshMs, entriesAtMost });
  const channels = remembered(async (key: string) => {
    const names = namesIn(key);
    const [row] = names === undefined ? [] : await reading(database.query<WholeChannelRow>(channelByWireId, names));
    return row === undefined ? undefined : wholeChannelOf(row);
  });
  const channelsById = remembered(async (key: string) => {
    const [row] = await reading(database.query<WholeChannelRow>(channelById, key.split('\n')));
    return row === undefined ? undefined : wholeChannelOf(row);
  });
  const credentials = remembered(async (key: string) => {
    const names = namesIn(key);
    const rows = names === undefined ? [] : await reading(database.query<CredentialRow>(credentialsByIdentifier, names));
    return credentialsIn(rows);
  });
  const credentialsOf = remembered(async (key: string) => {
    const rows = await reading(database.query<CredentialRow>(credentialsOfMerchant, key.split('\n')));
    return credentialsIn(rows);
  });
  const channelsOf = remembered(async (key: string) => {
    const rows = await reading(database.query<WholeChannelRow>(channelsOfMerchant, key.split('\n')));
    return rows.map(wholeChannelOf);
  });
  const partners = remembered(async (key: string) => {
    const names = namesIn(key);
    const [row] = names === undefined ? [] : await reading(database.query<PartnerRow>(partnerByIdentifier, names));
    const partner = row === undefined ? undefined : partnerOf(row);
    return partner === undefined || refuses({ ownerId: partner.partnerId, secretHash: partner.secretHash }) ? undefined : partner;
  });
  const accounts = remembered(async (accountId: string) => {
    const [row] = await reading(database.query<AccountRow>(accountById, [accountId]));
    return row === undefined ? undefined : accountOf(row);
  });
  let actsSeen: number | undefined;
  return {
    async refresh() {
      const [row] = await database.query<{ next_value: number }>(actCount);
      const isNew = row?.next_value !== actsSeen;
      actsSeen = row?.next_value;
      if (isNew) for (const memory of [channels, channelsById, channelsOf, credentials, credentialsOf, partners, accounts]) memory.expire();
    },
    channel: ({ dialect, wireId }) => channels.get(`${dialect}\n${short(wireId)}`),
    channelById: ({ merchantId, channelId }) => channelsById.get(`${merchantId}\n${channelId}`),
    credentials: ({ dialect, identifier }) => credentials.get(`${dialect}\n${short(identifier)}`),
    credentialsOf: ({ dialect, merchantId }) => credentialsOf.get(`${dialect}\n${merchantId}`),
    channelsOf: ({ dialect, merchantId }) => channelsOf.get(`${dialect}\n${merchantId}`),
    partner: ({ dialect, identifier }) => partners.get(`${dialect}\n${short(identifier)}`),
    account: accounts.get,
  };
}

/** The dialect, and a name that somebody sent; undefined where it can be nobody's. */
function namesIn(key: string): readonly string[] | undefined {
  const names = key.split('\n');
  return names.length !== 2 || key.includes('\0') || !key.isWellFormed() ? undefined : names;
}

/** No name is as long as what is left of one that is longer: whoever sends such names fills no memory. */
function short(name: string): string {
  return name.length > nameAtMost ? name.slice(0, nameAtMost + 1) : name;
}

function credentialOf({ merchant_id, credential_id, identifier, secret_hash, sealed_secret }: CredentialRow): Credential {
  return {
    ...{ merchantId: merchant_id, credentialId: credential_id, identifier, secretHash: secret_hash },
    ...(sealed_secret === null ? {} : { sealedSecret: sealed_secret }),
  };
}

function partnerOf({ partner_id, identifier, login, secret_hash, sealed_secret, merchants }: PartnerRow): Partner {
  return {
    ...{ partnerId: partner_id, identifier, login, secretHash: secret_hash, merchants },
    ...(sealed_secret === null ? {} : { sealedSecret: sealed_secret }),
  };
}

function wholeChannelOf(row: WholeChannelRow): Channel {
  return {
    ...channelOf(row),
    acceptsPartialApproval: row.accepts_partial_approval,
    withoutAuthentication: row.without_authentication,
    authenticatesWithoutShopper: row.authenticates_without_shopper,
    ...(row.pan_retention_days === null ? {} : { panRetentionMs: row.pan_retention_days * dayMs }),
    ...(row.bank_methods === null ? {} : { bankMethods: row.bank_methods }),
    ...(row.brands === null ? {} : { brands: row.brands }),
    ...(row.flows === null ? {} : { flows: row.flows }),
    ...(row.risk_rules === null ? {} : { riskRules: row.risk_rules.map(ruleOf) }),
  };
}

function accountOf(row: AccountRow): AcquirerAccount {
  return {
    accountId: row.account_id,
    merchantIdentifier: row.merchant_identifier,
    categoryCode: row.category_code,
    terminals: row.terminals,
  };
}
