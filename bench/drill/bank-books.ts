/** What gateway and bank have of the payments at the bank, after the drill: every order, every receipt and every refund, compared with what merchants were told. */
import type pg from 'pg';
import { isLoadMerchant } from '../merchants.ts';
import { describeOrder, type OrderRecord } from './order.ts';

/** A payment at the bank as the gateway has it. Amounts in minor units. */
export interface BankRow {
  readonly operationId: string;
  readonly kind: string;
  readonly state: string;
  readonly amount: number;
  /** By which the bank knows it. */
  readonly reference: string;
  readonly key: string | undefined;
  /** Receipts that stand, whoever has told of them; what of them the bank has told; and what it has told that belongs to nothing. */
  readonly received: number;
  readonly told: number;
  readonly unassigned: number;
  readonly refunded: number;
}

/** The same at the bank. */
export interface BankEntry {
  readonly reference: string;
  readonly amount: number;
  readonly state: string;
  readonly receivedAmount: number;
  readonly refundedAmount: number;
  readonly isTold: boolean;
}

export interface BankAct {
  readonly operationId: string;
  readonly kind: string;
  readonly state: string;
  readonly amount: number;
}

export interface BankSides {
  readonly rows: readonly BankRow[];
  /** Receipts and refunds of those payments. */
  readonly acts: readonly BankAct[];
  readonly entries: readonly BankEntry[];
  readonly orders: readonly OrderRecord[];
}

export interface BankAudit {
  readonly lost: readonly string[];
  readonly chargedTwice: readonly string[];
  readonly stillUnknown: readonly string[];
  readonly booksApart: readonly string[];
}

const payments = `select o.operation_id, o.kind, o.state, o.amount::int8 as amount, o.rrn as reference, k.key,
  (select coalesce(sum(r.amount), 0) from polygate.operation r where r.payment_id = o.payment_id and r.kind = 'receipt' and r.state = 'approved') as received,
  (select coalesce(sum(r.amount - r.unassigned), 0) from polygate.bank_receipt r where r.payment_id = o.payment_id) as told,
  (select coalesce(sum(r.unassigned), 0) from polygate.bank_receipt r where r.payment_id = o.payment_id) as unassigned,
  (select coalesce(sum(r.amount), 0) from polygate.operation r where r.payment_id = o.payment_id and r.kind = 'refund' and r.state = 'approved') as refunded
from polygate.operation o
  join polygate.attempt a on a.merchant_id = o.merchant_id and a.payment_id = o.payment_id and a.number = o.attempt_number
  left join polygate.idempotency_key k on k.merchant_id = o.merchant_id and k.operation_id = o.operation_id
where a.bank_method is not null and o.target_id is null and o.${isLoadMerchant}`;

const acts = `select o.operation_id, o.kind, o.state, o.amount::int8 as amount
from polygate.operation o
  join polygate.attempt a on a.merchant_id = o.merchant_id and a.payment_id = o.payment_id and a.number = o.attempt_number
where a.bank_method is not null and o.target_id is not null and o.${isLoadMerchant}`;

export async function readBank(client: pg.Client, hostUrl: string): Promise<Omit<BankSides, 'orders'>> {
  const [found, upon] = [await client.query(payments), await client.query(acts)];
  return {
    rows: found.rows.map((row) => ({
      ...{ operationId: row.operation_id, kind: row.kind, state: row.state, amount: Number(row.amount), reference: row.reference },
      ...{ key: row.key ?? undefined, received: Number(row.received), told: Number(row.told), unassigned: Number(row.unassigned) },
      refunded: Number(row.refunded),
    })),
    acts: upon.rows.map((row) => ({ operationId: row.operation_id, kind: row.kind, state: row.state, amount: Number(row.amount) })),
    entries: await readBankEntries(hostUrl),
  };
}

export async function readBankEntries(hostUrl: string): Promise<readonly BankEntry[]> {
  const answer = await fetch(`${hostUrl}/control/books`);
  if (!answer.ok) throw new Error(`the bank's books cannot be read: ${answer.status}`);
  return ((await answer.json()) as { readonly bank: readonly BankEntry[] }).bank;
}

/** The comparison itself; pure. */
export function compareBank({ rows, acts: upon, entries, orders }: BankSides): BankAudit {
  const byId = new Map([...rows, ...upon].map((one) => [one.operationId.replaceAll('-', ''), one]));
  const keys = new Set(rows.map(({ key }) => key));
  const byReference = new Map(entries.map((entry) => [entry.reference, entry]));
  const references = new Set(rows.map(({ reference }) => reference));
  return {
    lost: orders.flatMap((order) => lostBy(order, byId, keys)),
    chargedTwice: rows.flatMap((row) => twice(row, byReference.get(row.reference))),
    stillUnknown: [...rows, ...upon].filter(({ state }) => openStates.has(state)).map((row) => `at the bank: ${describe(row)}`),
    booksApart: [
      ...rows.flatMap((row) => apart(row, byReference.get(row.reference))),
      ...entries.filter(({ reference }) => !references.has(reference)).map((entry) => `the bank alone has ${describe(entry)}`),
    ],
  };
}

/** Of a payment `pending` too: every shopper of the drill has come and done something. */
const openStates = new Set(['submitted', 'unknown', 'escalated', 'pending']);

const kinds: Readonly<Record<string, string>> = { DB: 'debit', PA: 'preauthorization', RF: 'refund', RC: 'receipt' };

function lostBy(
  order: OrderRecord,
  byId: ReadonlyMap<string, BankRow | BankAct>,
  keys: ReadonlySet<string | undefined>,
): readonly string[] {
  const { final, type, amountMinor, key } = order;
  const say = (what: string): readonly string[] => [`${what}: ${describeOrder(order)}`];
  if (final === undefined) return say('no final answer, although everything is up again');
  const found = byId.get(final.id);
  switch (final.outcome) {
    case 'approved': {
      if (found === undefined) return say('answered with success, and the gateway has nothing');
      const isIt = found.state === 'approved' && found.kind === kinds[type] && found.amount === amountMinor;
      return isIt ? [] : say(`answered with success, and the gateway has ${describe(found)}`);
    }
    case 'failed':
      if (found === undefined) return say('answered with an id, and the gateway has nothing');
      return found.state === 'approved' ? say('answered as failed, and the gateway has approved') : [];
    case 'refused':
      return keys.has(key) ? say('refused, and yet the gateway has it') : [];
  }
}

/** Nobody pays more than was ordered, and no money counts twice. */
function twice(row: BankRow, entry: BankEntry | undefined): readonly string[] {
  const tooMuch = (entry?.receivedAmount ?? 0) > row.amount || row.received > row.amount || row.unassigned > 0;
  return tooMuch ? [`${describe(row)} was paid more than once; the bank: ${describe(entry)}`] : [];
}

/** The bank's state that goes with the gateway's, once everything is over. */
const statesThere: Readonly<Record<string, readonly string[]>> = { approved: ['paid'], declined: ['refused', 'canceled'] };

function apart(row: BankRow, entry: BankEntry | undefined): readonly string[] {
  const say = (what: string): readonly string[] => [`${what}: ${describe(row)}; the bank: ${describe(entry)}`];
  if (openStates.has(row.state)) return [];
  if (entry === undefined) return row.state === 'approved' ? say('the bank has nothing') : [];
  if (entry.amount !== row.amount) return say('another amount');
  if (statesThere[row.state]?.includes(entry.state) === false) return say('another state');
  if (!entry.isTold) return say('the bank has something to tell');
  const received = row.state === 'approved' ? row.amount : 0;
  if (entry.receivedAmount !== received) return say('other money has come');
  if (row.kind === 'preauthorization' && (row.received !== received || row.told !== received))
    return say('the receipts are not that money');
  return entry.refundedAmount === row.refunded ? [] : say('other money was given back');
}

function describe(one: BankRow | BankEntry | BankAct | undefined): string {
  return one === undefined ? 'nothing' : JSON.stringify(one);
}
