/** `polygate channel`: where a merchant's payments enter. It needs the dialects, which take longer to load than all else that commands of merchants and accounts need. */
import type { Command } from 'commander';
import { activatableAtBank } from '../core/instrument/bank.ts';
import { currencyOf } from '../core/money/currency.ts';
import type { Dialect } from '../dialects/dialect.ts';
import { dialects } from '../dialects/registry.ts';
import { createChannel, findMerchant, listChannels, setWithoutAuthentication } from '../store/merchants.ts';
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
  withoutCard,
  withStore,
} from './command-line.ts';
import { merchantIdIn, nameForm } from './merchants.ts';

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
    .option('--wire-id <id>', 'its id in the protocol, where it had one before (default: a new one)', withoutCard())
    .option('--currencies <list>', 'the currencies it may use (default: all)', listOf(/^[A-Z]{3}$/, 'ISO 4217 codes'))
    .option(
      '--bank-methods <list>',
      `methods of banks that it activates: ${activatableAtBank.join(', ')} (default: none)`,
      listOf(/^[a-z]+$/, 'names'),
    )
    .option('--json', 'print JSON')
    .action(async (options: ChannelOptions) => {
      const { routingNumber, ...created } = await withStore(options, async (database) => {
        const { merchantId, routingNumber } = await findMerchant(database, options.merchant);
        return { routingNumber, ...(await createChannel(database, { actor: actor(), merchantId, ...readChannel(options) })) };
      });
      if (options.json === true) return printJson(created);
      print(`Channel ${created.name} has the id ${created.wireId} in ${created.dialect}.`);
      print(`Next: polygate credential create --merchant ${routingNumber} --dialect ${created.dialect}`);
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
      const channels = await withStore(options, async (database) => listChannels(database, await merchantIdIn(database, options.merchant)));
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
  const activated = options.bankMethods === undefined ? {} : { bank_methods: options.bankMethods };
  return { dialect: dialectName, wireId, accountId, name, settings: { ...(currencies === undefined ? {} : { currencies }), ...activated } };
}

export function dialectOf(name: string): Dialect {
  const dialect = dialects.find((candidate) => candidate.name === name);
  if (dialect === undefined) throw new Error(`There is no dialect ${name}. Choose one of ${dialectNames()}.`);
  return dialect;
}

export function dialectNames(): string {
  return dialects.map(({ name }) => name).join(', ');
}
