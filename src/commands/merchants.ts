/** `polygate merchant` and `account`: what has to be there before a merchant can have a channel. */
import type { Command } from 'commander';
import { longestHoldDays } from '../config-refusals.ts';
import type { Database } from '../postgres/connection.ts';
import {
  createAccount,
  createMerchant,
  findMerchant,
  listAccounts,
  listMerchants,
  listRetentions,
  setRetention,
} from '../store/merchants.ts';
import { addAccountTermCommands } from './account-terms.ts';
import {
  actor,
  addCommand,
  addGroup,
  freeText,
  type ListOptions,
  listOf,
  matching,
  print,
  printJson,
  printRows,
  wholeNumber,
  withoutCard,
  withStore,
} from './command-line.ts';

/** How merchants and channels are called. */
export const nameForm = freeText(100);

/** The id of the merchant that an option names; undefined without the option. */
export async function merchantIdIn(database: Database, name: string | undefined): Promise<string | undefined> {
  return name === undefined ? undefined : (await findMerchant(database, name)).merchantId;
}

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
    .option(
      '--days <days>',
      'days after the last payment with the card; without its number nothing can be captured, released or refunded',
      wholeNumber({ min: 1, max: 3650 }),
    )
    .option('--default', "let the gateway's setting hold")
    .option('--json', 'print JSON')
    .action(async (options: ListOptions & { merchant?: string; days?: number; default?: true }) => {
      const { merchant: name, days } = options;
      const sets = [days, options.default].filter((given) => given !== undefined).length;
      if ((name === undefined) !== (sets === 0) || sets > 1) {
        throw new Error('To set a term give --merchant with --days or --default; to see all, none of them.');
      }
      const rows = await withStore(options, async (database, config) => {
        const holds = longestHoldDays(config);
        if (days !== undefined && days <= holds) {
          throw new Error(`Holds stand for up to ${holds} days (HOLD_DAYS_…) and need their cards: give more --days than that.`);
        }
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
    .requiredOption(
      '--id <id>',
      'a name for it here',
      withoutCard(matching(/^[a-z0-9][a-z0-9-]{0,62}$/, 'lower-case letters, digits and hyphens')),
    )
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
