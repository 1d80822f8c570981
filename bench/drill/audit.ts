/** The four zeros: what the merchants were told, what the gateway has, and what the host has, compared with one another. */
import { verify } from '../../src/store/verify.ts';
import { compareBank, readBank } from './bank-books.ts';
import {
  checkGatewayBooks,
  type GatewayOperation,
  gatewayKinds,
  type HostEntry,
  hostKindOf,
  kindOfType,
  readGatewayOperations,
  readHostEntries,
  withClient,
} from './books.ts';
import { compareDialects } from './dialect-books.ts';
import { compareDisputes, readGatewayDisputes, readHostDisputes } from './disputes.ts';
import { compareDue, type DueSides } from './due.ts';
import { describeOrder, isAtBank, type OrderRecord } from './order.ts';
import { type Bill, billsText, compareBills, type DrillSubscription } from './subscriptions.ts';

/** Each list is empty when all is well; a line names what was found, with its ids, RRNs and states. */
export interface Audit {
  readonly lost: readonly string[];
  readonly chargedTwice: readonly string[];
  readonly stillUnknown: readonly string[];
  readonly booksApart: readonly string[];
  readonly totals: readonly Total[];
  /** What issuers have charged back. */
  readonly disputes: number;
}

/** Approved amounts by kind and currency, in minor units. */
export interface Total {
  readonly kind: string;
  readonly currency: string;
  readonly gatewayCount: number;
  readonly gatewayMinor: number;
  readonly hostCount: number;
  readonly hostMinor: number;
}

export interface AuditOptions {
  readonly databaseUrl: string;
  readonly hostUrl: string;
  readonly orders: readonly OrderRecord[];
  readonly due: Omit<DueSides, 'operations'> & { readonly subscriptions: readonly DrillSubscription[] };
}

/** ISO 4217 numbers of the currencies in use here. */
const currencyNames: Readonly<Record<string, string>> = { '978': 'EUR' };
const openStates = new Set(['submitted', 'unknown', 'escalated']);

/** Reads both sides and compares them. */
export async function audit({ databaseUrl, hostUrl, orders, due }: AuditOptions): Promise<Audit> {
  const entries = await readHostEntries(hostUrl);
  const verified = await verify({ databaseUrl });
  return withClient(databaseUrl, async (client) => {
    const [atBank, atHost] = [orders.filter(isAtBank), orders.filter((order) => !isAtBank(order))];
    const operations = await readGatewayOperations(client);
    const cards = compareBooks({ operations, entries, orders: atHost.filter(({ dialect }) => dialect === undefined) });
    const dialects = compareDialects({ operations, orders: atHost });
    const fallenDue = compareDue({ ...due, operations });
    const billed = compareBills({ ...due, operations, bills: (await client.query<Bill>(billsText)).rows });
    const charged = await readHostDisputes(hostUrl);
    const disputes = compareDisputes(await readGatewayDisputes(client), charged);
    const bank = compareBank({ ...(await readBank(client, hostUrl)), orders: atBank });
    return {
      lost: [...cards.lost, ...dialects.lost, ...bank.lost, ...fallenDue.lost, ...billed.lost],
      chargedTwice: [...cards.chargedTwice, ...bank.chargedTwice, ...fallenDue.chargedTwice, ...billed.chargedTwice],
      stillUnknown: [...cards.stillUnknown, ...bank.stillUnknown],
      booksApart: [
        ...cards.booksApart,
        ...dialects.booksApart,
        ...fallenDue.booksApart,
        ...bank.booksApart,
        ...disputes,
        ...verified,
        ...(await checkGatewayBooks(client)),
      ],
      totals: cards.totals,
      disputes: charged.length,
    };
  });
}

export interface Sides {
  readonly operations: readonly GatewayOperation[];
  readonly entries: readonly HostEntry[];
  readonly orders: readonly OrderRecord[];
}

/** The comparison itself; pure. */
export function compareBooks({ operations, entries, orders }: Sides): Omit<Audit, 'disputes'> {
  const books = indexBooks(operations, entries);
  return {
    lost: orders.flatMap((order) => lostBy(order, books)),
    chargedTwice: [...chargedTwiceByKey(books), ...chargedTwiceByCard(books)],
    stillUnknown: operations.filter(({ state }) => openStates.has(state)).map((operation) => describeOperation(operation, books)),
    booksApart: [...operations.flatMap((operation) => apartFromHost(operation, books)), ...unknownEntries(books)],
    totals: totalsOf(books),
  };
}

interface Books {
  readonly operations: readonly GatewayOperation[];
  readonly entries: readonly HostEntry[];
  readonly byId: ReadonlyMap<string, GatewayOperation>;
  readonly byRrn: ReadonlyMap<string, GatewayOperation>;
  readonly byKey: ReadonlyMap<string, GatewayOperation>;
  readonly byTarget: ReadonlyMap<string, readonly GatewayOperation[]>;
  /** What was asked for, without the reversals that undo an unanswered request under its own RRN. */
  readonly requested: ReadonlyMap<string, readonly HostEntry[]>;
}

function indexBooks(operations: readonly GatewayOperation[], entries: readonly HostEntry[]): Books {
  const given = (pick: (operation: GatewayOperation) => string | undefined): ReadonlyMap<string, GatewayOperation> =>
    new Map(operations.flatMap((operation) => (pick(operation) === undefined ? [] : [[pick(operation) as string, operation]])));
  return {
    operations,
    entries,
    byId: given(({ operationId }) => operationId.replaceAll('-', '')),
    byRrn: given(({ rrn }) => rrn),
    byKey: given(({ key }) => key),
    byTarget: Map.groupBy(
      operations.filter(({ targetId }) => targetId !== undefined),
      ({ targetId }) => targetId as string,
    ),
    requested: Map.groupBy(
      entries.filter((entry) => !isUndo(entry)),
      ({ rrn }) => rrn,
    ),
  };
}

function isUndo({ kind, rrn, original }: HostEntry): boolean {
  return kind === 'reversal' && original?.rrn === rrn;
}

/** An answer that is not what the books say. */
function lostBy(order: OrderRecord, { byId, byKey, requested }: Books): readonly string[] {
  const { final } = order;
  const say = (what: string): readonly string[] => [`${what}: ${describeOrder(order)}`];
  if (final === undefined) return say('no final answer, although everything is up again');
  const operation = byId.get(final.id);
  switch (final.outcome) {
    case 'approved': {
      if (operation === undefined) return say('answered with success, and the gateway has nothing');
      if (operation.state !== 'approved') return say(`answered with success, and the gateway has ${operation.state}`);
      if (order.type === 'RC' || operation.kind !== kindOfType[order.type] || operation.amountMinor !== order.amountMinor) {
        return say(`answered with success, and the gateway has a ${operation.kind} of ${operation.amountMinor}`);
      }
      if (operation.rrn !== final.rrn) return say(`the answer has RRN ${final.rrn}, and the gateway ${operation.rrn}`);
      return requested.has(final.rrn ?? '') ? [] : say(`answered with success, and the host has nothing under ${final.rrn}`);
    }
    case 'failed':
      if (operation === undefined) return say('answered with an id, and the gateway has nothing');
      return operation.state === 'approved' ? say('answered as failed, and the gateway has approved') : [];
    case 'refused': {
      const recorded = byKey.get(order.key);
      return recorded === undefined ? [] : say(`refused, and yet the gateway has ${recorded.operationId} ${recorded.state}`);
    }
  }
}

function isStandingCharge({ kind, amount, reversedAmount }: HostEntry): boolean {
  return (kind === 'authorization' || kind === 'debit') && reversedAmount < amount;
}

function chargedTwiceByKey(books: Books): readonly string[] {
  const charges = books.entries.filter(isStandingCharge);
  const byKey = Map.groupBy(charges, ({ rrn }) => books.byRrn.get(rrn)?.key ?? `no key, RRN ${rrn}`);
  return [...byKey]
    .filter(([, entries]) => entries.length > 1)
    .map(([key, entries]) => `key ${key}: ${entries.map((entry) => describeEntry(entry, books)).join(' and ')}`);
}

/** Each order of a new payment has a card of its own, so this needs nothing of the gateway, but to leave out what fell due. */
function chargedTwiceByCard(books: Books): readonly string[] {
  const charges = books.entries.filter((entry) => isStandingCharge(entry) && books.byRrn.get(entry.rrn)?.fellDue !== true);
  const byCard = Map.groupBy(charges, ({ account }) => account.id);
  return [...byCard.values()]
    .filter((entries) => entries.length > 1)
    .map((entries) => `card ${entries[0]?.account.masked}: ${entries.map((entry) => describeEntry(entry, books)).join(' and ')}`);
}

function unknownEntries(books: Books): readonly string[] {
  return books.entries
    .filter(({ rrn }) => !books.byRrn.has(rrn))
    .map((entry) => `the host has an entry of which the gateway knows nothing: ${describeEntry(entry, books)}`);
}

function apartFromHost(operation: GatewayOperation, books: Books): readonly string[] {
  const say = (what: string): readonly string[] => [`${what}: ${describeOperation(operation, books)}`];
  const found = operation.rrn === undefined ? [] : (books.requested.get(operation.rrn) ?? []);
  if (found.length > 1) return say('the host has more than one entry');
  const [entry] = found;
  if (openStates.has(operation.state)) return [];
  if (operation.state !== 'approved') {
    const stands = entry !== undefined && entry.kind !== 'reversal' && entry.reversedAmount < entry.amount;
    return stands || entry?.kind === 'reversal' ? say(`the gateway has ${operation.state}, and at the host it stands`) : [];
  }
  if (entry === undefined) return say('approved, and the host has nothing');
  if (entry.kind !== hostKindOf[operation.kind]) return say(`the host has a ${entry.kind}`);
  if (entry.amount !== operation.amountMinor || currencyNames[entry.currency] !== operation.currency) {
    return say(`the host has ${entry.amount} ${entry.currency}`);
  }
  return countersApart(operation, entry, books);
}

/** What later acts have taken from an approved one, on both sides. */
function countersApart(operation: GatewayOperation, entry: HostEntry, books: Books): readonly string[] {
  if (operation.kind === 'refund' || operation.kind === 'reversal') return [];
  const acts = (books.byTarget.get(operation.operationId) ?? []).filter(({ state }) => state === 'approved');
  const sum = (kind: GatewayOperation['kind']): number =>
    acts.filter((act) => act.kind === kind).reduce((total, { amountMinor }) => total + amountMinor, 0);
  // At the host a capture that is taken back counts as reversed, there and at its authorization.
  const captures = acts.filter(({ kind }) => kind === 'capture');
  const takenBack = captures
    .flatMap(({ operationId }) => books.byTarget.get(operationId) ?? [])
    .filter(({ kind, state }) => kind === 'reversal' && state === 'approved')
    .reduce((total, { amountMinor }) => total + amountMinor, 0);
  const expected = {
    capturedAmount: sum('capture') - takenBack,
    refundedAmount: sum('refund'),
    reversedAmount: sum('reversal') + takenBack,
  };
  return Object.entries(expected)
    .filter(([name, amount]) => entry[name as keyof typeof expected] !== amount)
    .map(
      ([name, amount]) =>
        `the host's ${name} is ${entry[name as keyof typeof expected]} instead of ${amount}: ${describeOperation(operation, books)}`,
    );
}

function totalsOf({ operations, requested, byRrn }: Books): readonly Total[] {
  const approved = operations.filter(({ state }) => state === 'approved');
  // What was undone under its own RRN counts on neither side.
  const standing = [...requested.values()]
    .flat()
    .filter(({ rrn }) => !['undone', 'failed', 'declined'].includes(byRrn.get(rrn)?.state ?? ''));
  const currencies = [...new Set(approved.map(({ currency }) => currency))];
  return gatewayKinds.flatMap((kind) =>
    currencies.map((currency) => {
      const ours = approved.filter((operation) => operation.kind === kind && operation.currency === currency);
      const theirs = standing.filter((entry) => entry.kind === hostKindOf[kind] && currencyNames[entry.currency] === currency);
      return {
        ...{ kind, currency },
        ...{ gatewayCount: ours.length, gatewayMinor: ours.reduce((sum, { amountMinor }) => sum + amountMinor, 0) },
        ...{ hostCount: theirs.length, hostMinor: theirs.reduce((sum, { amount }) => sum + amount, 0) },
      };
    }),
  );
}

function describeOperation(operation: GatewayOperation, { entries }: Books): string {
  const { operationId, paymentId, targetId, kind, state, reason, amountMinor, currency, rrn, key } = operation;
  const there = entries.filter((entry) => entry.rrn === rrn).map(({ kind: act, state: stand, amount }) => `${act} ${amount} ${stand}`);
  const of = targetId === undefined ? '' : ` of ${targetId}`;
  return `${kind} ${operationId}${of} (payment ${paymentId}, key ${key}, RRN ${rrn}) ${amountMinor} ${currency} ${state} ${reason ?? ''}; host: ${there.join(', ') || 'nothing'}`;
}

function describeEntry({ rrn, stan, terminal, kind, amount, state }: HostEntry, { byRrn }: Books): string {
  const operation = byRrn.get(rrn);
  const here = operation === undefined ? 'nothing' : `${operation.operationId} ${operation.state} key ${operation.key}`;
  return `${kind} ${amount} ${state} (RRN ${rrn}, STAN ${stan}, terminal ${terminal}); gateway: ${here}`;
}
