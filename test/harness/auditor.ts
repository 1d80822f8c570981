/**
 * The auditor: after a test, nothing may be open, the books must keep every rule, equal the acquirer's, and no card data may lie anywhere
 * outside the vault. It comes after every test, so it looks for card data only in what is new since it last came: rows written since, further
 * lines of the log, further answers. The rules of the books are checked over all rows each time.
 */
import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { currencyOf } from '../../src/core/money/currency.ts';
import type { SentKind } from '../../src/core/payment/operation.ts';
import type { OperationState } from '../../src/core/states/operation.ts';
import { verifyIn } from '../../src/store/verify.ts';
import { compareBank, compareTransfers } from './bank-auditor.ts';
import type { HostDispute, HostEntry } from './host-control.ts';
import { eventually } from './processes.ts';
import { findCardData, nextTransaction } from './scrub.ts';
import type { Stack } from './stack.ts';

/** Makes a `test` for which the auditor comes after every function, also after one that failed. */
export function auditedTests(stack: () => Stack): (name: string, work: () => Promise<void>) => void {
  return (name, work) => {
    test(name, async () => {
      await work();
      await audit(stack());
    });
  };
}

/** Lets the auditor come after every test of this file, also after one that failed. */
export function auditAfterEach(stack: () => Stack | undefined): void {
  afterEach(async () => {
    const started = stack();
    if (started !== undefined) await audit(started);
  });
}

/** Waits until nothing is open, then throws with all that is wrong. */
export async function audit(stack: Stack): Promise<void> {
  await nothingOpen(stack);
  const [rules, books] = [await verifyIn(stack.books), await compareBooks(stack)];
  const [balances, disputes, card] = [await compareBalances(stack), await compareDisputes(stack), await findLeaks(stack)];
  const bank = [...(await compareBank(stack)), ...(await compareTransfers(stack))];
  assert.deepEqual([...rules, ...books, ...bank, ...balances, ...disputes, ...card], []);
}

/** Every operation has a certain outcome, or an operator has to give it one; and the host has an answer to all that it tells of disputes. */
export async function nothingOpen({ database, host }: Stack): Promise<void> {
  const open = async (): Promise<boolean> => {
    const { rowCount } = await database.query(`select from polygate.operation where state in ('submitted', 'unknown') limit 1`);
    return rowCount === 0;
  };
  await eventually(open, 'all operations to have a certain outcome');
  const isAnswered = ({ state, chargebackAnswer, reversalAnswer }: HostDispute): boolean =>
    chargebackAnswer !== undefined && (state === 'raised' || reversalAnswer !== undefined);
  await eventually(async () => (await host.disputes()).every(isAnswered), 'all disputes to be answered');
  const isAllTold = async () => [...(await host.bank()), ...(await host.transfers())].every(({ isTold }) => isTold);
  await eventually(isAllTold, 'the gateway to take notice of all that the bank tells');
}

interface OperationRow {
  readonly kind: SentKind;
  readonly state: OperationState;
  readonly rrn: string | null;
  readonly terminal: string | null;
  readonly amount: number;
  readonly currency: string;
  readonly refunded: number;
  readonly reversed: number;
  readonly payment_authorized: number;
  readonly payment_captured: number;
  readonly payment_released: number;
  readonly payment_reversed: number;
}

const hostKinds: Readonly<Record<SentKind, HostEntry['kind']>> = {
  preauthorization: 'authorization',
  debit: 'debit',
  capture: 'capture',
  reversal: 'reversal',
  refund: 'refund',
  rebill: 'debit',
  payout: 'payout',
};

/** What differs between the gateway's books and the host's, in either direction, a line each. */
export async function compareBooks(stack: Stack): Promise<string[]> {
  const { rows, entries } = await readBooks(stack);
  const unseen = new Map(entries.map((entry) => [`${entry.rrn} ${entry.kind}`, entry]));
  const twice = entries.length - unseen.size;
  const wrong = twice === 0 ? [] : [`the host has ${twice} entries of the same RRN and kind`];
  for (const row of rows) {
    const key = `${row.rrn} ${hostKinds[row.kind]}`;
    const entry = unseen.get(key);
    unseen.delete(key);
    const problem = differenceOf(row, entry);
    if (problem !== undefined) wrong.push(`${row.kind} ${row.rrn} is ${row.state} here, and at the host ${problem}`);
    // The reversal that undoes an unanswered operation bears the RRN of that operation.
    if (row.state === 'undone' || row.state === 'failed' || row.state === 'declined') unseen.delete(`${row.rrn} reversal`);
  }
  for (const { rrn, kind, amount } of unseen.values()) wrong.push(`the host has a ${kind} ${rrn} of ${amount} that is not here`);
  return wrong;
}

/** Both as of one moment: the rest of a hold is released by itself, a while after its last capture, and may be so between one reading and the other. */
async function readBooks(stack: Stack): Promise<{ readonly rows: readonly OperationRow[]; readonly entries: readonly HostEntry[] }> {
  const read = async (): Promise<readonly OperationRow[]> =>
    (await stack.database.query<Record<keyof OperationRow, string>>(operationsWithMessages)).rows.map(readRow);
  for (;;) {
    const rows = await read();
    const entries = await stack.host.books();
    const isOpen = rows.some(({ state }) => state === 'submitted' || state === 'unknown');
    if (!isOpen && isDeepStrictEqual(await read(), rows)) return { rows, entries };
    await nothingOpen(stack);
  }
}

const operationsWithMessages = `
    select o.kind, o.state, o.rrn, m.terminal, o.amount, p.currency, o.refunded, o.reversed, p.authorized as payment_authorized,
      p.captured as payment_captured, p.released as payment_released, p.reversed as payment_reversed
    from polygate.operation o join polygate.payment p using (merchant_id, payment_id)
      left join polygate.acquirer_message m on m.merchant_id = o.merchant_id and m.rrn = o.rrn and m.purpose = 'request'
      join polygate.attempt a on a.merchant_id = o.merchant_id and a.payment_id = o.payment_id and a.number = o.attempt_number
    where o.dispute_id is null and a.bank_method is null
    order by o.created_at, o.operation_id`;

/**
 * What differs between the disputes of both sides, a line each. What only the merchant has declared is left aside; what the gateway could not
 * match (25) must not be on its books.
 */
export async function compareDisputes({ database, host }: Stack): Promise<string[]> {
  const { rows } = await database.query<Record<string, string | null>>(`
    select d.case_number, d.amount, d.currency, d.scheme_reason, d.reversal_confirmed_at is not null as reversed
    from polygate.dispute d where d.case_number is not null`);
  const here = rows.map(({ case_number, amount, currency, scheme_reason, reversed }) =>
    [case_number, amount, currencyOf(currency ?? '')?.numeric, scheme_reason, reversed ? 'reversed' : 'raised'].join(' '),
  );
  const matched = (await host.disputes()).filter(({ chargebackAnswer }) => chargebackAnswer === '00');
  const there = matched.map(({ id, amount, currency, reason, state, reversalAnswer }) =>
    [id, amount, currency, reason, state === 'reversed' && reversalAnswer === '00' ? 'reversed' : 'raised'].join(' '),
  );
  return [
    ...here.filter((line) => !there.includes(line)).map((line) => `a dispute is here and not at the host: ${line}`),
    ...there.filter((line) => !here.includes(line)).map((line) => `a dispute is at the host and not here: ${line}`),
    ...(new Set(here).size === here.length ? [] : ['a dispute is here twice']),
  ];
}

const numeric = ['amount', 'refunded', 'reversed', 'payment_authorized', 'payment_captured', 'payment_released', 'payment_reversed'];

function readRow(row: Record<keyof OperationRow, string | null>): OperationRow {
  const entries = Object.entries(row).map(([name, value]) => [name, numeric.includes(name) ? Number(value) : value]);
  return Object.fromEntries(entries) as OperationRow;
}

/** What differs between what merchants can pay out here and there: both opened with the same, and have paid out the same since. */
export async function compareBalances({ database, host }: Stack): Promise<string[]> {
  const { rows } = await database.query<{ merchants: string[]; currency: string; opened: string; available: string; transferred: string }>(`
    select array(
        select a.merchant_identifier from polygate.channel c join polygate.acquirer_account a using (account_id) where c.merchant_id = l.merchant_id
      ) as merchants, l.currency, l.available,
      (select sum(amount) from polygate.ledger_entry e where e.merchant_id = l.merchant_id and e.currency = l.currency and e.kind = 'payout_funding') as opened,
      (select coalesce(sum(o.amount), 0) from polygate.operation o join polygate.payment p on p.merchant_id = o.merchant_id and p.payment_id = o.payment_id
        join polygate.attempt a on a.merchant_id = o.merchant_id and a.payment_id = o.payment_id
        where o.merchant_id = l.merchant_id and p.currency = l.currency and a.bank_method = 'transfer' and o.state in ('approved', 'pending')) as transferred
    from polygate.account_limit l
    where not exists (select from polygate.operation o where o.merchant_id = l.merchant_id and o.kind = 'payout' and o.state = 'escalated')`);
  const balances = await host.payoutBalances();
  return rows.flatMap(({ merchants, currency, opened, available, transferred }) => {
    const theirs = balances.filter((balance) => balance.currency === currencyOf(currency)?.numeric && merchants.includes(balance.merchant));
    const wrongly = theirs
      .filter((balance) => balance.opened !== Number(opened))
      .map(({ opened: there }) => `${currency} opened with ${there} there`);
    const paidOut = theirs.reduce((sum, balance) => sum + balance.opened - balance.available, 0);
    // What the bank has sent is compared with the bank.
    const byCards = Number(opened) - Number(available) - Number(transferred);
    if (byCards === paidOut) return wrongly;
    return [...wrongly, `${merchants.join(', ')} paid out ${byCards} ${currency} here and ${paidOut} at the host`];
  });
}

function differenceOf(row: OperationRow, entry: HostEntry | undefined): string | undefined {
  // Only an operator can say which.
  if (row.state === 'escalated' && row.kind === 'payout') return undefined;
  if (row.state !== 'approved') {
    if (entry === undefined) return undefined;
    // A hold or a charge that was undone stays in the host's books, with nothing left of it.
    const gone = entry.remainingAmount === 0 && entry.capturedAmount === 0 && entry.reversedAmount === entry.amount;
    return (row.state === 'undone' || row.state === 'declined') && gone ? undefined : `it stands: ${JSON.stringify(entry)}`;
  }
  if (entry === undefined) return 'it is not booked';
  const currency = currencyOf(row.currency)?.numeric;
  const differing = Object.entries({ ...amountsOf(row), currency, terminal: row.terminal }).flatMap(([name, value]) => {
    const theirs = entry[name as keyof HostEntry];
    return theirs === value ? [] : [`${name} is ${theirs} and should be ${value}`];
  });
  return differing.length === 0 ? undefined : differing.join(', ');
}

/** The host's words for our amounts: it counts a capture that was reversed as reversed, not as captured. */
function amountsOf(row: OperationRow): Partial<HostEntry> {
  const { kind, amount, refunded, reversed } = row;
  switch (kind) {
    case 'preauthorization':
      return {
        amount,
        capturedAmount: row.payment_captured - row.payment_reversed,
        reversedAmount: row.payment_released + row.payment_reversed,
        remainingAmount: row.payment_authorized - row.payment_captured - row.payment_released,
      };
    case 'debit':
    case 'rebill':
    case 'capture':
    case 'payout':
      return { amount, refundedAmount: refunded, reversedAmount: reversed, remainingAmount: amount - refunded - reversed };
    case 'refund':
    case 'reversal':
      return { amount };
  }
}

interface Looked {
  readonly logs: number;
  readonly answers: number;
  readonly transaction: bigint;
}

/** How far the auditor has looked, for each stack. */
const looked = new WeakMap<Stack, Looked>();

/** Card data outside the vault that was not there the last time: in the database, the log, the answers; a line each, masked. */
async function findLeaks(stack: Stack): Promise<string[]> {
  const { database, traces } = stack;
  const seen = looked.get(stack);
  const logs = stack.log();
  const now = { logs: logs.length, answers: traces.answers.length, transaction: await nextTransaction(database) };
  const findings = await findCardData({
    database,
    logs: logs.slice(seen?.logs, now.logs),
    texts: traces.answers.slice(seen?.answers, now.answers),
    pans: [...traces.pans],
    cvcs: [...traces.cvcs],
    ...(seen === undefined ? {} : { writtenSince: seen.transaction }),
  });
  // What was found stays new, so that every test from here on says so.
  if (findings.length === 0) looked.set(stack, now);
  return findings.map(({ where, what, masked }) => `${what} ${masked} in ${where}`);
}
