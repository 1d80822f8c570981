/** What an operator sets up before a merchant can be paid: acquirer accounts, merchants and their channels. Each act leaves its trail. */
import { randomUUIDv7 } from 'node:crypto';
import { OperatorError } from '../core/operator/operator-error.ts';
import type { ChannelSettings, ChannelToMake, MerchantChange } from '../core/operator/operator-store.ts';
import type { Database, Statement } from '../postgres/connection.ts';
import { acting } from './audit.ts';
import { auditedSettings, writeSettings } from './channel-settings.ts';

export interface MerchantRecord {
  readonly merchantId: string;
  readonly routingNumber: number;
  readonly name: string;
  /** False: none of its channels works. */
  readonly enabled: boolean;
  readonly createdAt: Date;
}

export interface AccountRecord {
  readonly accountId: string;
  readonly adapter: string;
  /** The acquirer's number of the merchant (MID). */
  readonly merchantIdentifier: string;
  /** MCC, four digits. */
  readonly categoryCode: string;
  readonly terminals: readonly string[];
}

/** With what is agreed for it. */
export interface AccountWithTerms extends AccountRecord {
  /** `hh:mm`. */
  readonly cutOff: string;
  readonly timeZone: string;
}

export interface ChannelRecord {
  readonly merchantId: string;
  readonly channelId: string;
  readonly dialect: string;
  readonly wireId: string;
  readonly name: string;
  readonly accountId: string;
  readonly enabled: boolean;
  /** Null: all. */
  readonly currencies: readonly string[] | null;
  readonly bankMethods: readonly string[] | null;
  /** What becomes of a payment whose shopper nobody could authenticate. */
  readonly withoutAuthentication: 'proceed' | 'stop';
}

/** Four base-36 digits inside ids. */
const highestRoutingNumber = 1_679_615;

const columns = {
  merchant: 'merchant_id as "merchantId", routing_number as "routingNumber", name, enabled, created_at as "createdAt"',
  account: 'account_id as "accountId", adapter, merchant_identifier as "merchantIdentifier", category_code as "categoryCode", terminals',
  channel:
    'merchant_id as "merchantId", channel_id as "channelId", dialect, wire_id as "wireId", name, account_id as "accountId", enabled, currencies, bank_methods as "bankMethods", without_authentication as "withoutAuthentication"',
};

const statements = {
  merchants: { name: 'list_merchants', text: `select ${columns.merchant} from polygate.merchant order by routing_number` },
  accounts: {
    name: 'list_accounts',
    text: `select ${columns.account}, to_char(make_interval(mins => cut_off_minute), 'HH24:MI') as "cutOff", time_zone as "timeZone"
      from polygate.acquirer_account order by account_id`,
  },
  channels: {
    name: 'list_channels',
    text: `select ${columns.channel} from polygate.channel where $1::uuid is null or merchant_id = $1 order by merchant_id, channel_id`,
  },
  nextRoutingNumber: {
    name: 'next_routing_number',
    text: 'select coalesce(max(routing_number), 0) + 1 as number from polygate.merchant',
  },
  changeMerchant: {
    name: 'change_merchant',
    text: 'update polygate.merchant set name = coalesce($2, name), enabled = coalesce($3, enabled) where merchant_id = $1 returning merchant_id',
  },
  insertMerchant: {
    name: 'insert_merchant',
    text: `insert into polygate.merchant (merchant_id, routing_number, name) values ($1, $2, $3) on conflict do nothing returning ${columns.merchant}`,
  },
  terminalsTaken: {
    name: 'terminals_taken',
    text: 'select account_id from polygate.acquirer_account where terminals && $1::text[] or account_id = $2',
  },
  insertAccount: {
    name: 'insert_account',
    text: `insert into polygate.acquirer_account (account_id, adapter, merchant_identifier, category_code, terminals)
      values ($1, $2, $3, $4, $5) returning ${columns.account}`,
  },
  merchantExists: { name: 'merchant_exists', text: 'select from polygate.merchant where merchant_id = $1' },
  setRetention: {
    name: 'set_pan_retention',
    text: 'update polygate.merchant set pan_retention_days = $2 where merchant_id = $1',
  },
  retentions: {
    name: 'list_pan_retentions',
    text: 'select routing_number as "routingNumber", name, pan_retention_days as "panDays" from polygate.merchant order by routing_number',
  },
  accountExists: { name: 'account_exists', text: `select from polygate.acquirer_account where account_id = $1 and adapter <> 'bank'` },
  entryTaken: { name: 'entry_taken', text: 'select from polygate.entry_point where dialect = $1 and wire_id = $2' },
  setWithoutAuthentication: {
    name: 'set_without_authentication',
    text: `update polygate.channel set without_authentication = $3 where dialect = $1 and wire_id = $2 returning ${columns.channel}`,
  },
  insertChannel: {
    name: 'insert_channel',
    text: `insert into polygate.channel (merchant_id, channel_id, dialect, wire_id, name, account_id) values ($1, $2, $3, $4, $5, $6)`,
  },
  channelById: { name: 'read_channel', text: `select ${columns.channel} from polygate.channel where merchant_id = $1 and channel_id = $2` },
  insertEntry: {
    name: 'insert_entry',
    text: 'insert into polygate.entry_point (dialect, wire_id, merchant_id, channel_id) values ($1, $2, $3, $4)',
  },
} satisfies Readonly<Record<string, Statement>>;

export function listMerchants(database: Database): Promise<MerchantRecord[]> {
  return database.query<MerchantRecord & Record<string, unknown>>(statements.merchants);
}

export function listAccounts(database: Database): Promise<AccountWithTerms[]> {
  return database.query<AccountWithTerms & Record<string, unknown>>(statements.accounts);
}

export function listChannels(database: Database, merchantId?: string): Promise<ChannelRecord[]> {
  return database.query<ChannelRecord & Record<string, unknown>>(statements.channels, [merchantId ?? null]);
}

/** The merchant that a person names by id, routing number or exact name. Throws {@link OperatorError} when there is none, or several. */
export async function findMerchant(database: Database, text: string): Promise<MerchantRecord> {
  const found = (await listMerchants(database)).filter(
    ({ merchantId, routingNumber, name }) => merchantId === text.toLowerCase() || String(routingNumber) === text || name === text,
  );
  const [merchant, ...others] = found;
  if (merchant === undefined)
    throw new OperatorError(`There is no merchant ${text}. \`polygate merchant list\` shows them.`, {
      kind: 'not_found',
      field: 'merchant_id',
    });
  if (others.length === 0) return merchant;
  throw new OperatorError(
    `Several merchants are called ${text}, by name or routing number: name one by its id, as \`polygate merchant list\` shows it.`,
  );
}

/** Throws {@link OperatorError} when there is no merchant of that id. */
export async function requireMerchant(query: Database['query'], merchantId: string): Promise<void> {
  if ((await query(statements.merchantExists, [merchantId])).length === 0) throw noMerchant(merchantId);
}

function noMerchant(merchantId: string): OperatorError {
  return new OperatorError(`There is no merchant ${merchantId}.`, { kind: 'not_found', field: 'merchant_id' });
}

/** Without a routing number the merchant gets the next one. */
export function createMerchant(
  database: Database,
  { actor, name, routingNumber }: { readonly actor: string; readonly name: string; readonly routingNumber?: number },
): Promise<MerchantRecord> {
  return acting(database, async (query, audit) => {
    const [next] = await query<{ number: number }>(statements.nextRoutingNumber);
    const number = routingNumber ?? next?.number ?? 1;
    if (number > highestRoutingNumber) {
      throw new OperatorError(`The highest routing number, ${highestRoutingNumber}, is taken: give a free one with --routing-number.`);
    }
    const [merchant] = await query<MerchantRecord & Record<string, unknown>>(statements.insertMerchant, [randomUUIDv7(), number, name]);
    if (merchant === undefined)
      throw new OperatorError(`Routing number ${number} is taken. Leave it out to get the next free one.`, {
        ...{ kind: 'conflict', field: 'routing_number' },
      });
    await audit({ actor, act: 'merchant.created', details: { merchantId: merchant.merchantId, routingNumber: number, name } });
    return merchant;
  });
}

/** Throws {@link OperatorError} when there is no such merchant. */
export async function changeMerchant(database: Database, { actor, merchantId, name, enabled }: MerchantChange): Promise<void> {
  await acting(database, async (query, audit) => {
    const changed = await query(statements.changeMerchant, [merchantId, name ?? null, enabled ?? null]);
    if (changed.length === 0) throw noMerchant(merchantId);
    await audit({ actor, act: 'merchant.changed', details: { merchantId, name, enabled } });
  });
}

/** How long each merchant's card numbers are kept; null: as long as the gateway's setting says. */
export function listRetentions(
  database: Database,
): Promise<{ readonly routingNumber: number; readonly name: string; readonly panDays: number | null }[]> {
  return database.query<{ routingNumber: number; name: string; panDays: number | null }>(statements.retentions);
}

/** Of cards that are stored from now on. `panDays`: absent, the gateway's setting holds again. */
export function setRetention(
  database: Database,
  { actor, merchantId, panDays }: { readonly actor: string; readonly merchantId: string; readonly panDays?: number },
): Promise<void> {
  return acting(database, async (query, audit) => {
    await query(statements.setRetention, [merchantId, panDays ?? null]);
    await audit({ actor, act: 'merchant.retention_set', details: { merchantId, panDays: panDays ?? 'default' } });
  });
}

/** A terminal belongs to one account: its messages are told apart by terminal, day and STAN. */
export function createAccount(
  database: Database,
  { actor, ...account }: AccountRecord & { readonly actor: string },
): Promise<AccountRecord> {
  const { accountId, adapter, merchantIdentifier, categoryCode, terminals } = account;
  return acting(database, async (query, audit) => {
    const [taken] = await query<{ account_id: string }>(statements.terminalsTaken, [terminals, accountId]);
    if (taken?.account_id === accountId)
      throw new OperatorError(`There is an account ${accountId} already. Choose another id.`, { kind: 'conflict', field: 'account_id' });
    if (taken !== undefined) {
      throw new OperatorError(`Account ${taken.account_id} has one of these terminals. Ask your acquirer for terminals of their own.`, {
        ...{ kind: 'conflict', field: 'terminals' },
      });
    }
    const values = [accountId, adapter, merchantIdentifier, categoryCode, terminals];
    const [created] = await query<AccountRecord & Record<string, unknown>>(statements.insertAccount, values);
    await audit({ actor, act: 'account.created', details: account });
    return created as AccountRecord;
  });
}

export interface NewChannel extends ChannelToMake {
  /** What else differs from a new channel; it wins. */
  readonly settings?: ChannelSettings;
}

export function createChannel(database: Database, { actor, settings = {}, ...channel }: NewChannel): Promise<ChannelRecord> {
  const { merchantId, dialect, wireId, name, accountId } = channel;
  return acting(database, async (query, audit) => {
    await requireMerchant(query, merchantId);
    if ((await query(statements.accountExists, [accountId])).length === 0) {
      throw new OperatorError(`There is no acquirer account ${accountId}. Make it with \`polygate account create\`.`, {
        ...{ kind: 'invalid', field: 'account_id' },
      });
    }
    if ((await query(statements.entryTaken, [dialect, wireId])).length > 0) {
      throw new OperatorError(`A channel of ${dialect} has the id ${wireId} already. Leave it out to get a new one.`, {
        ...{ kind: 'conflict', field: 'wire_id' },
      });
    }
    const channelId = randomUUIDv7();
    await query(statements.insertChannel, [merchantId, channelId, dialect, wireId, name, accountId]);
    await query(statements.insertEntry, [dialect, wireId, merchantId, channelId]);
    await writeSettings(query, { merchantId, channelId }, settings);
    await audit({ actor, act: 'channel.created', details: { ...channel, ...auditedSettings(settings), channelId } });
    const [created] = await query<ChannelRecord & Record<string, unknown>>(statements.channelById, [merchantId, channelId]);
    return created as ChannelRecord;
  });
}

/** Decides what becomes of a channel's payments whose shoppers nobody could authenticate; running nodes follow within seconds. */
export function setWithoutAuthentication(
  database: Database,
  {
    actor,
    dialect,
    wireId,
    withoutAuthentication,
  }: Pick<ChannelRecord, 'dialect' | 'wireId' | 'withoutAuthentication'> & { readonly actor: string },
): Promise<ChannelRecord> {
  return acting(database, async (query, audit) => {
    const [changed] = await query<ChannelRecord & Record<string, unknown>>(statements.setWithoutAuthentication, [
      ...[dialect, wireId, withoutAuthentication],
    ]);
    if (changed === undefined)
      throw new OperatorError(`There is no channel ${wireId} of ${dialect}. \`polygate channel list\` shows them.`);
    const { merchantId, channelId } = changed;
    await audit({
      actor,
      act: 'channel.changed',
      details: { merchantId, channelId, changed: auditedSettings({ without_authentication: withoutAuthentication }) },
    });
    return changed;
  });
}
