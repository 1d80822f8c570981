/** `polygate merchant`, `account` and `channel`: what has to be there before a merchant can be paid. */
import type { Command } from 'commander';
import { activatableAtBank } from '../core/instrument/bank.ts';
import { currencyOf } from '../core/money/currency.ts';
import type { Dialect } from '../dialects/dialect.ts';
import { dialects } from '../dialects/registry.ts';
import {
  createAccount,
  createChannel,
  createMerchant,
  findMerchant,
  listAccounts,
  listChannels,
  listMerchants,
  listRetentions,
  setRetention,
  setWithoutAuthentication,
} from '../store/merchants.ts';
import { addAccountTermCommands } from './account-terms.ts';
import {
  actor,
  addCommand,
  addGroup,
  type ListOptions,
  listOf,
  matching,
  print,
  printJson,
  printRows,
  wholeNumber,
  withStore,
} from './command-line.ts';

const nameForm = matching(/^[^\p{Cc}]{1,100}$/u, '1 to 100 characters');

export function addMerchantCommands(program: Command): void {
  const merchant = addGroup(program, 'merchant', 'those who are paid');
  addCommand(merchant, 'create', 'add a merchant')
    .requiredOption('--name <name>', 'its name', nameForm)
    .option('--routing-number <number>', 'its number inside ids (default: the next one)', wholeNumber({ min: 1, max: 1_679_615 }))
    .option('--json', 'print JSON')
    .action(async (options: ListOptions & { name: string; routingNumber?: number }) => {
      const { name, routingNumber } = options;
      const created = await withStore(options, (database) =>
        createMerchant(database, { actor: actor(), name, ...(routingNumber === undefined ? {} : { routingNumber }) }),
      );
      if (options.json === true) return printJson(created);
      print(`Merchant ${created.name} has the routing number ${created.routingNumber} and the id ${created.merchantId}.`);
      print(`Next: polygate channel create --merchant ${created.routingNumber} --dialect <dialect> --account <account> --name <name>`);
    });
  addCommand(merchant, 'list', 'show all merchants')
    .option('--json', 'print JSON')
    .action(async (options: ListOptions) => {
      printRows(await withStore(options, listMerchants), { json: options.json, none: 'There is no merchant yet.' });
    });
  addRetentionCommand(merchant);
}

function addRetentionCommand(merchant: Command): void {
  addCommand(merchant, 'retention', 'show or set how long card numbers are kept')
    .option('--merchant <merchant>', 'whose term is set: routing number, id or name')
    .option('--days <days>', 'days after the last possible refund or dispute', wholeNumber({ min: 1, max: 3650 }))
    .option('--default', "let the gateway's setting hold")
    .option('--json', 'print JSON')
    .action(async (options: ListOptions & { merchant?: string; days?: number; default?: true }) => {
      const { merchant: name, days } = options;
      const sets = [days, options.default].filter((given) => given !== undefined).length;
      if ((name === undefined) !== (sets === 0) || sets > 1) {
        throw new Error('To set a term give --merchant with --days or --default; to see all, none of them.');
      }
      const rows = await withStore(options, async (database, config) => {
        if (name !== undefined) {
          const { merchantId } = await findMerchant(database, name);
          await setRetention(database, { actor: actor(), merchantId, ...(days === undefined ? {} : { panDays: days }) });
        }
        const all = await listRetentions(database);
        return all.map(({ panDays, ...one }) => ({ ...one, panDays: panDays ?? config.panRetentionDays, own: panDays !== null }));
      });
      printRows(rows, { json: options.json, none: 'There is no merchant yet.' });
    });
}

/** Sizes: DE41 and DE42 of ISO 8583:1987; a terminal is padded on the right, so it cannot end in a space. */
export function addAccountCommands(program: Command): void {
  const account = addGroup(program, 'account', 'what the acquirer knows: MID, terminals, MCC');
  addCommand(account, 'create', 'add an acquirer account')
    .requiredOption('--id <id>', 'a name for it here', matching(/^[a-z0-9][a-z0-9-]{0,62}$/, 'lower-case letters, digits and hyphens'))
    .requiredOption('--mid <mid>', "the acquirer's number of the merchant", matching(/^[A-Za-z0-9]{1,15}$/, '1 to 15 letters or digits'))
    .requiredOption('--mcc <code>', 'the merchant category code', matching(/^\d{4}$/, 'four digits'))
    .requiredOption(
      '--terminals <list>',
      'its terminals; each has a million messages a day',
      listOf(/^[A-Za-z0-9]{1,8}$/, 'terminals of 1 to 8 letters or digits'),
    )
    .option('--json', 'print JSON')
    .action(async (options: ListOptions & { id: string; mid: string; mcc: string; terminals: readonly string[] }) => {
      const { id: accountId, mid: merchantIdentifier, mcc: categoryCode, terminals } = options;
      const created = await withStore(options, (database) =>
        createAccount(database, { actor: actor(), accountId, adapter: 'iso8583', merchantIdentifier, categoryCode, terminals }),
      );
      if (options.json === true) printJson(created);
      else print(`Account ${accountId} has ${terminals.length} terminals.`);
    });
  addCommand(account, 'list', 'show all acquirer accounts')
    .option('--json', 'print JSON')
    .action(async (options: ListOptions) => {
      printRows(await withStore(options, listAccounts), { json: options.json, none: 'There is no acquirer account yet.' });
    });
  addAccountTermCommands(account);
}

type ChannelOptions = ListOptions & {
  readonly merchant: string;
  readonly dialect: string;
  readonly account: string;
  readonly name: string;
  readonly wireId?: string;
  readonly currencies?: readonly string[];
  readonly bankMethods?: readonly string[];
};

export function addChannelCommands(program: Command): void {
  const channel = addGroup(program, 'channel', 'where a merchant’s payments enter: an entity, brand or terminal of a dialect');
  addCommand(channel, 'create', 'add a channel to a merchant')
    .requiredOption('--merchant <merchant>', 'routing number, id or name')
    .requiredOption('--dialect <dialect>', `one of ${dialectNames()}`)
    .requiredOption('--account <id>', 'the acquirer account that its payments use')
    .requiredOption('--name <name>', 'its name, as shoppers may see it', nameForm)
    .option('--wire-id <id>', 'its id in the protocol, where it had one before (default: a new one)')
    .option('--currencies <list>', 'the currencies it may use (default: all)', listOf(/^[A-Z]{3}$/, 'ISO 4217 codes'))
    .option(
      '--bank-methods <list>',
      `methods of banks that it activates: ${activatableAtBank.join(', ')} (default: none)`,
      listOf(/^[a-z]+$/, 'names'),
    )
    .option('--json', 'print JSON')
    .action(async (options: ChannelOptions) => {
      const created = await withStore(options, async (database) => {
        const { merchantId } = await findMerchant(database, options.merchant);
        return createChannel(database, { actor: actor(), merchantId, ...readChannel(options) });
      });
      if (options.json === true) return printJson(created);
      print(`Channel ${created.name} has the id ${created.wireId} in ${created.dialect}.`);
      print(`Next: polygate credential create --merchant ${options.merchant} --dialect ${created.dialect}`);
    });
  addCommand(channel, 'set', 'change how a channel works')
    .requiredOption('--dialect <dialect>', `one of ${dialectNames()}`)
    .requiredOption('--wire-id <id>', 'its id in the protocol')
    .requiredOption(
      '--without-authentication <act>',
      'what becomes of a payment whose shopper nobody could authenticate: proceed (no liability is shifted) or stop',
      matching(/^(proceed|stop)$/, 'proceed or stop'),
    )
    .option('--json', 'print JSON')
    .action(async (options: ListOptions & { dialect: string; wireId: string; withoutAuthentication: 'proceed' | 'stop' }) => {
      const { dialect, wireId, withoutAuthentication } = options;
      dialectOf(dialect);
      const changed = await withStore(options, (database) =>
        setWithoutAuthentication(database, { actor: actor(), dialect, wireId, withoutAuthentication }),
      );
      if (options.json === true) return printJson(changed);
      print(
        `Channel ${changed.name}: a payment that cannot be authenticated ${withoutAuthentication === 'stop' ? 'is refused' : 'proceeds'}.`,
      );
    });
  addCommand(channel, 'list', 'show the channels')
    .option('--merchant <merchant>', 'only those of one merchant: routing number, id or name')
    .option('--json', 'print JSON')
    .action(async (options: ListOptions & { merchant?: string }) => {
      const channels = await withStore(options, async (database) => {
        if (options.merchant === undefined) return listChannels(database);
        return listChannels(database, (await findMerchant(database, options.merchant)).merchantId);
      });
      printRows(channels, { json: options.json, none: 'There is no channel yet.' });
    });
}

function readChannel({ dialect: dialectName, account: accountId, name, currencies, ...options }: ChannelOptions) {
  const { access } = dialectOf(dialectName);
  const wireId = options.wireId ?? access.newWireId();
  if (!access.isWireId(wireId)) throw new Error(`--wire-id ${wireId} is no id of ${dialectName}; expected ${access.expected.wireId}.`);
  const unknown = currencies?.find((code) => currencyOf(code) === undefined);
  if (unknown !== undefined) throw new Error(`--currencies has ${unknown}, which ISO 4217 does not know.`);
  const strange = options.bankMethods?.find((name) => !activatableAtBank.some((method) => method === name));
  if (strange !== undefined) throw new Error(`--bank-methods has ${strange}; expected some of ${activatableAtBank.join(', ')}.`);
  const activated = options.bankMethods === undefined ? {} : { bankMethods: options.bankMethods };
  return { dialect: dialectName, wireId, accountId, name, ...(currencies === undefined ? {} : { currencies }), ...activated };
}

export function dialectOf(name: string): Dialect {
  const dialect = dialects.find((candidate) => candidate.name === name);
  if (dialect === undefined) throw new Error(`There is no dialect ${name}. Choose one of ${dialectNames()}.`);
  return dialect;
}

export function dialectNames(): string {
  return dialects.map(({ name }) => name).join(', ');
}
