/** `polygate account cut-off` and `polygate account fees`: what is agreed with the acquirer for an account. */
import type { Command } from 'commander';
import { currencyOf } from '../core/money/currency.ts';
import { isTimeZone, parseTimeOfDay } from '../core/settlement/cut-off.ts';
import { isSettledKind, type SettledKind, settledKinds } from '../core/settlement/settlement.ts';
import { everyCurrency, listFees, removeFees, setCutOff, setFees } from '../store/account-terms.ts';
import {
  actor,
  addCommand,
  addGroup,
  type ListOptions,
  listOf,
  matching,
  type Options,
  print,
  printRows,
  wholeNumber,
  withStore,
} from './command-line.ts';

type FeeOptions = Options & { readonly account: string; readonly kinds: readonly string[]; readonly currency?: string };

const timeForm = matching(/^([01]\d|2[0-3]):[0-5]\d$/, 'a time of day from 00:00 to 23:59');
const kindNames = Object.keys(settledKinds).join(', ');
const kindsForm = listOf(/^[a-z_]+$/, `some of ${kindNames}`);

export function addAccountTermCommands(account: Command): void {
  addCommand(account, 'cut-off', 'set when the day of an account ends')
    .requiredOption('--account <id>', 'the account')
    .requiredOption('--time <hh:mm>', 'the time of day', timeForm)
    .option('--time-zone <name>', 'where it is that time, as in Europe/Berlin', 'UTC')
    .action(async (options: Options & { account: string; time: string; timeZone: string }) => {
      const { account: accountId, time, timeZone } = options;
      if (!isTimeZone(timeZone)) throw new Error(`--time-zone ${timeZone} is no time zone; expected a name like Europe/Berlin.`);
      const minute = parseTimeOfDay(time) ?? 0;
      await withStore(options, (database) => setCutOff(database, { actor: actor(), accountId, minute, timeZone }));
      print(`The day of account ${accountId} ends at ${time} ${timeZone}. A batch that is under way keeps its time.`);
    });
  const fees = addGroup(account, 'fees', 'what the acquirer charges for each operation of an account');
  addCommand(fees, 'list', 'show the fees')
    .option('--account <id>', 'only those of one account')
    .option('--json', 'print JSON')
    .action(async (options: ListOptions & { account?: string }) => {
      const found = await withStore(options, (database) => listFees(database, options.account));
      printRows(found, { json: options.json, none: 'There are no fees.' });
    });
  addCommand(fees, 'set', 'set the fees of some kinds of operations')
    .requiredOption('--account <id>', 'the account')
    .requiredOption('--kinds <list>', kindNames, kindsForm)
    .option('--basis-points <number>', 'hundredths of a percent of the amount', wholeNumber({ min: 0, max: 10_000 }), 0)
    .option('--fixed <amount>', 'added to it, in minor units of the currency', wholeNumber({ min: 0, max: 999_999_999 }), 0)
    .option('--currency <code>', 'only of this currency (default: of all that have no fee of their own)')
    .action(async (options: FeeOptions & { basisPoints: number; fixed: number }) => {
      const { account: accountId, basisPoints, fixed } = options;
      if (fixed > 0 && options.currency === undefined) throw new Error('--fixed is an amount of a currency: give --currency as well.');
      const change = { actor: actor(), accountId, kinds: kindsOf(options), currency: currencyIn(options) };
      await withStore(options, (database) => setFees(database, { ...change, basisPoints, fixed }));
      print(`Account ${accountId} pays ${basisPoints} basis points and ${fixed} minor units, from the next batch on.`);
    });
  addCommand(fees, 'remove', 'remove the fees of some kinds of operations')
    .requiredOption('--account <id>', 'the account')
    .requiredOption('--kinds <list>', kindNames, kindsForm)
    .option('--currency <code>', 'those of this currency (default: those of all others)')
    .action(async (options: FeeOptions) => {
      const change = { actor: actor(), accountId: options.account, kinds: kindsOf(options), currency: currencyIn(options) };
      await withStore(options, (database) => removeFees(database, change));
      print(`The fees of account ${options.account} are removed, from the next batch on.`);
    });
}

function kindsOf({ kinds }: FeeOptions): readonly SettledKind[] {
  const unknown = kinds.find((kind) => !isSettledKind(kind));
  if (unknown !== undefined) throw new Error(`--kinds has ${unknown}; expected some of ${kindNames}.`);
  return kinds.filter(isSettledKind);
}

function currencyIn({ currency }: FeeOptions): string {
  if (currency === undefined) return everyCurrency;
  if (currencyOf(currency) === undefined) throw new Error(`--currency ${currency} is none that ISO 4217 knows.`);
  return currency;
}
