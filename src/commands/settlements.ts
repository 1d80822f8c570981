/** `polygate settlement`: the batches of acquirer accounts, and a report of each as CSV. */
import { once } from 'node:events';
import type { Command } from 'commander';
import { formatDecimalAmount } from '../core/money/amount.ts';
import { currencyOf } from '../core/money/currency.ts';
import { settledKinds, totalNames } from '../core/settlement/settlement.ts';
import { csvOf, type TableRow } from '../core/statement/csv.ts';
import {
  listSettlements,
  readSettlement,
  type SettlementDetail,
  type SettlementRecord,
  type SettlementRow,
  settlementRows,
} from '../store/settlements.ts';
import {
  addCommand,
  addGroup,
  harmless,
  idOf,
  type ListOptions,
  print,
  printJson,
  printRows,
  wholeNumber,
  withStore,
} from './command-line.ts';

const idForm = idOf('an id as `polygate settlement list` shows it');

export function addSettlementCommands(program: Command): void {
  const settlement = addGroup(program, 'settlement', 'what acquirer accounts come to, day by day');
  addCommand(settlement, 'list', 'show the batches, the latest first')
    .option('--account <id>', 'only those of one account')
    .option('--limit <number>', 'how many', wholeNumber({ min: 1, max: 1_000 }), 50)
    .option('--json', 'print JSON')
    .action(async (options: ListOptions & { account?: string; limit: number }) => {
      const { account: accountId, limit } = options;
      const found = await withStore(options, (database) =>
        listSettlements(database, { limit, ...(accountId === undefined ? {} : { accountId }) }),
      );
      if (options.json === true) return printJson(found);
      printRows(found.flatMap(linesOf), { none: 'Nothing is settled yet.' });
    });
  addCommand(settlement, 'show', 'show a batch with the figures of both sides, or all its operations')
    .argument('<id>', 'the batch', idForm)
    .option('--csv', 'print its operations as CSV')
    .option('--json', 'print JSON')
    .action(async (id: string, options: ListOptions & { csv?: boolean }) => {
      await withStore(options, async (database) => {
        const detail = await readSettlement(database, id);
        if (detail === undefined) throw new Error(`There is no settlement ${id}. \`polygate settlement list\` shows them.`);
        if (options.csv === true) return writeCsv(settlementRows(database, id));
        if (options.json === true) return printJson(detail);
        printDetail(detail);
      });
    });
}

/** A line for each currency. */
function linesOf({ settlementId: id, accountId: account, cutOffAt, state, sums }: SettlementRecord): readonly object[] {
  const one = { id, account, cutOff: cutOffAt, state };
  if (sums.length === 0) return [{ ...one, currency: null, operations: null, gross: null, fees: null, net: null, comparison: null }];
  return sums.map(({ currency, operations, gross, fees, net, comparison }) => {
    return { ...one, currency, operations, ...decimals({ gross, fees, net }, currency), comparison };
  });
}

function printDetail({ settlementId, accountId, cutOffAt, state, parts, comparisons }: SettlementDetail): void {
  print(`Settlement ${settlementId} of account ${accountId}, cut off at ${cutOffAt.toISOString()}, is ${state}.\n`);
  const rows = parts.map(({ merchant, currency, operations, gross, fees, net }) => {
    return { merchant, operations, currency, ...decimals({ gross, fees, net }, currency) };
  });
  printRows(rows, { none: 'Its operations are being collected.' });
  for (const { currency, state: comparison, ours, theirs, tries } of comparisons) {
    if (theirs === null) print(`\n${currency}: the acquirer has not answered with its totals yet; asked ${tries} times.`);
    else print(`\n${currency}: ${comparison === 'apart' ? 'the acquirer has OTHER totals' : 'the acquirer has the same totals'}.`);
    const shown = totalNames.map((name) => ({
      total: name,
      here: ours[name].count,
      'amount here': decimal(ours[name].amount, currency),
      'at the acquirer': theirs?.[name].count,
      'amount there': theirs === null ? null : decimal(theirs[name].amount, currency),
    }));
    printRows(shown, { none: '' });
  }
}

const columns = ['operation', 'payment', 'merchant', 'reference', 'kind', 'made at', 'gross', 'fee', 'net', 'currency'];

async function writeCsv(rows: AsyncIterable<SettlementRow>): Promise<void> {
  for await (const lines of csvOf(columns, tableOf(rows))) {
    // Waits when the reader is slow.
    if (!process.stdout.write(lines)) await once(process.stdout, 'drain');
  }
}

async function* tableOf(rows: AsyncIterable<SettlementRow>): AsyncGenerator<readonly TableRow[]> {
  for await (const { operationId, paymentId, merchantId, merchantReference, kind, createdAt, currency, amount, fee } of rows) {
    const gross = settledKinds[kind] * amount;
    const [grossText, feeText, net] = [gross, fee, gross - fee].map((value) => decimal(value, currency));
    const reference = harmless(merchantReference ?? '');
    const named = { operation: operationId, payment: paymentId, merchant: merchantId, reference, kind };
    yield [{ ...named, 'made at': createdAt, gross: grossText, fee: feeText, net, currency }];
  }
}

function decimals<T extends Readonly<Record<string, bigint>>>(money: T, currency: string): { readonly [K in keyof T]: string } {
  return Object.fromEntries(Object.entries(money).map(([name, value]) => [name, decimal(value, currency)])) as { [K in keyof T]: string };
}

/** Minor units in major ones, with a sign where they are below zero. */
function decimal(amount: number | bigint, currency: string): string {
  const known = currencyOf(currency) ?? { code: currency, numeric: '000', decimals: 0 };
  return `${amount < 0 ? '-' : ''}${formatDecimalAmount(amount < 0 ? -amount : amount, known)}`;
}
