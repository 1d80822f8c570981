/** What merchants of the other protocols were told, compared with the gateway's rows, which they know by their keys. */
import { type GatewayOperation, kindOfType } from './books.ts';
import { describeOrder, type OrderRecord } from './order.ts';

export interface DialectSides {
  readonly operations: readonly GatewayOperation[];
  /** Of all protocols. */
  readonly orders: readonly OrderRecord[];
}

export interface DialectAudit {
  readonly lost: readonly string[];
  readonly booksApart: readonly string[];
}

/** The comparison itself; pure. */
export function compareDialects({ operations, orders }: DialectSides): DialectAudit {
  const byId = new Map(operations.map((operation) => [operation.operationId, operation]));
  // What follows by itself, as the release of what a last capture leaves, has no key; what fell due is compared for itself.
  const keyed = operations.filter(({ key, fellDue }) => key !== undefined && fellDue !== true);
  const recorded = Map.groupBy(keyed, (operation) => nameOf(operation, byId));
  const asked = new Set(orders.map(recordedName));
  return {
    lost: orders
      .filter(({ dialect }) => dialect !== undefined)
      .flatMap((order) => lostBy(order, recorded.get(recordedName(order)) ?? []).map((what) => `${what}: ${describeOrder(order)}`)),
    booksApart: keyed
      .filter((operation) => operation.state === 'approved' && !asked.has(nameOf(operation, byId)))
      .map(({ kind, operationId, key }) => `the gateway has the ${kind} ${operationId} (key ${key}), which nobody has asked for`),
  };
}

/**
 * The merchant's own name of a request: protocols put a word before their keys, the parts of a refund are named for the first one, and an attempt at an
 * order for the order.
 */
function nameOf({ key = '' }: GatewayOperation, byId: ReadonlyMap<string, GatewayOperation>): string {
  const [, orderId] = /^§checkout (\S+) \d+$/.exec(key) ?? [];
  if (orderId !== undefined) return orderId;
  const last = key.replace(/^.* /, '');
  const first = key.startsWith('part ') ? byId.get(last) : undefined;
  return first === undefined ? last : nameOf(first, byId);
}

/** A payment of an order is known by the order's id, which is the first word of what was answered. */
function recordedName({ dialect, key, subject, final }: OrderRecord): string {
  return dialect === 'qorepay' && subject === undefined ? (final?.id.replace(/ .*$/, '') ?? '') : key;
}

function lostBy({ type, amountMinor, final }: OrderRecord, recorded: readonly GatewayOperation[]): readonly string[] {
  if (final === undefined) return ['no final answer, although everything is up again'];
  const approved = recorded.filter(({ state }) => state === 'approved');
  const found = recorded.map(({ kind, operationId, state, amountMinor: minor }) => `${kind} ${operationId} ${state} ${minor}`).join(', ');
  switch (final.outcome) {
    case 'approved': {
      const sum = approved.reduce((total, operation) => total + operation.amountMinor, 0);
      const isIt = type !== 'RC' && approved.length > 0 && approved.every(({ kind }) => kind === kindOfType[type]) && sum === amountMinor;
      return isIt ? [] : [`answered with success, and the gateway has ${found || 'nothing'}`];
    }
    case 'failed':
      if (recorded.length === 0) return ['answered as failed, and the gateway has nothing'];
      return approved.length === 0 ? [] : [`answered as failed, and the gateway has ${found}`];
    case 'refused':
      return recorded.length === 0 ? [] : [`refused, and yet the gateway has ${found}`];
  }
}
