/** The parts of bench and drill that would go wrong silently: the card numbers, the reader of answers, and the comparison of the books. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeFlood, percentile, ratioOf } from '../bench/abuse/figures.ts';
import { isPending, isSuccess, readAnswer, readId, readRegistrationId } from '../bench/answer.ts';
import { createCardSource, panLength, seededRandom } from '../bench/cards.ts';
import { compareBooks, type Sides } from '../bench/drill/audit.ts';
import { type BankEntry, type BankRow, type BankSides, compareBank } from '../bench/drill/bank-books.ts';
import type { GatewayOperation, HostEntry } from '../bench/drill/books.ts';
import { compareDialects, type DialectSides } from '../bench/drill/dialect-books.ts';
import { compareDisputes, type GatewayDispute, type HostDispute } from '../bench/drill/disputes.ts';
import { compareDue, type DueSides } from '../bench/drill/due.ts';
import type { FinalAnswer, Order, OrderRecord } from '../bench/drill/order.ts';
import { type BillSides, compareBills } from '../bench/drill/subscriptions.ts';
import { compareTold, compareToldHandles, type EventRow } from '../bench/drill/webhooks.ts';
import { buildTemplate } from '../bench/requests.ts';
import { parsePan } from '../src/core/instrument/card.ts';

test('card numbers are valid, never come twice and are no test cards', () => {
  const cards = createCardSource(seededRandom(7));
  const digits = Buffer.alloc(panLength);
  const seen = new Set<string>();
  for (let count = 0; count < 20_000; count += 1) {
    cards.write(digits, 0);
    const number = digits.toString('latin1');
    assert.ok(parsePan(number), number);
    assert.match(number, /^(4|5[1-5])/);
    assert.doesNotMatch(number, /^(4000|4111|4200|4242|4444|5555)/);
    seen.add(number);
  }
  assert.equal(seen.size, 20_000);
});

test('an answer is read when it is complete, and not before', () => {
  const id = 'a'.repeat(32);
  const token = 'b'.repeat(32);
  const body = `{"id":"${id}","registrationId":"${token}","result":{"code":"000.100.110","description":"ok"}}`;
  const bytes = Buffer.from(`HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
  for (let length = 0; length < bytes.length; length += 1) assert.equal(readAnswer(bytes, length), undefined);
  const answer = readAnswer(bytes, bytes.length);
  assert.ok(answer);
  assert.deepEqual([answer.status, answer.code], [200, '000.100.110']);
  assert.equal(readId(bytes, answer), id);
  assert.equal(readRegistrationId(bytes, answer), token);
  assert.ok(isSuccess('000.000.000') && !isSuccess('000.200.000') && isPending('000.200.000'));
});

test('a request says its own length', () => {
  const { bytes, amountAt } = buildTemplate({ act: 'debit', merchant: { entityId: 'e', bearerToken: 't' }, port: 1, run: 'r' });
  const [head = '', body = ''] = bytes.toString('latin1').split('\r\n\r\n');
  assert.equal(Number(/Content-Length: (\d+)/.exec(head)?.[1]), body.length);
  assert.equal(bytes.toString('latin1', amountAt, amountAt + 6), '000.00');
});

const operationId = '01a1fd01-0d1b-702a-8ab4-73a3d95000a6';
const wireId = operationId.replaceAll('-', '');

function operation(more: Partial<GatewayOperation> = {}): GatewayOperation {
  return {
    ...{ operationId, paymentId: 'p', targetId: undefined, kind: 'debit', state: 'approved', reason: undefined },
    ...{ amountMinor: 500, currency: 'EUR', rrn: 'RRN1', key: 'k1' },
    ...more,
  };
}

function entry(more: Partial<HostEntry> = {}): HostEntry {
  return {
    ...{ rrn: 'RRN1', stan: '000001', terminal: 'PLAINA00', kind: 'debit', currency: '978', amount: 500, capturedAmount: 0 },
    ...{ refundedAmount: 0, reversedAmount: 0, remainingAmount: 500, state: 'booked', account: { id: 'card 1', masked: '4…' } },
    ...more,
  };
}

function order(final: Partial<FinalAnswer> | undefined): Order {
  const answer = { outcome: 'approved', status: 200, code: '000.000.000', id: wireId, rrn: 'RRN1', ...final } as const;
  const base = { key: 'k1', merchant: { entityId: 'e', bearerToken: 't' }, type: 'DB', amountMinor: 500, leftMinor: 500 } as const;
  return { ...base, attempts: 1, answers: [], ...(final === undefined ? {} : { final: answer }) };
}

function zeros(sides: Partial<Sides>): readonly number[] {
  const { lost, chargedTwice, stillUnknown, booksApart } = compareBooks({
    ...{ operations: [operation()], entries: [entry()], orders: [order({})] },
    ...sides,
  });
  return [lost.length, chargedTwice.length, stillUnknown.length, booksApart.length];
}

const undone = entry({ reversedAmount: 500, remainingAmount: 0, state: 'reversed' });
const undo = entry({ kind: 'reversal', remainingAmount: 0, original: { rrn: 'RRN1', stan: '000001' } });

test('books that agree give four zeros', () => {
  assert.deepEqual(zeros({}), [0, 0, 0, 0]);
  const failed = order({ outcome: 'failed', status: 400, code: '900.100.301' });
  assert.deepEqual(zeros({ operations: [operation({ state: 'undone' })], entries: [undone, undo], orders: [failed] }), [0, 0, 0, 0]);
  assert.deepEqual(zeros({ operations: [operation({ state: 'undone' })], entries: [], orders: [failed] }), [0, 0, 0, 0]);
});

test('an acknowledged payment that is lost is found', () => {
  assert.deepEqual(zeros({ operations: [], entries: [] }), [1, 0, 0, 0]);
  assert.deepEqual(zeros({ operations: [operation({ state: 'failed' })], entries: [] }), [1, 0, 0, 0]);
  assert.deepEqual(zeros({ entries: [] }), [1, 0, 0, 1]);
  assert.deepEqual(zeros({ orders: [order(undefined)] }), [1, 0, 0, 0]);
  assert.deepEqual(zeros({ orders: [order({ outcome: 'refused', id: '' })] }), [1, 0, 0, 0]);
  assert.deepEqual(zeros({ orders: [order({ outcome: 'failed' })] }), [1, 0, 0, 0]);
});

test('a second charge is found by its key and by its card', () => {
  const second = operation({ operationId: operationId.replace('01a1', '01a2'), rrn: 'RRN2' });
  assert.deepEqual(zeros({ operations: [operation(), second], entries: [entry(), entry({ rrn: 'RRN2' })] }), [0, 2, 0, 0]);
  assert.deepEqual(zeros({ entries: [entry(), entry({ rrn: 'RRN9' })] }), [0, 1, 0, 1]);
});

test('what is open is found', () => {
  assert.deepEqual(zeros({ operations: [operation({ state: 'unknown' })], orders: [] }), [0, 0, 1, 0]);
  assert.deepEqual(zeros({ operations: [operation({ state: 'escalated' })], orders: [] }), [0, 0, 1, 0]);
});

test('books that differ are found, in both directions and in what later acts have taken', () => {
  const none = { orders: [] };
  assert.deepEqual(zeros({ ...none, entries: [entry({ amount: 501 })] }), [0, 0, 0, 1]);
  assert.deepEqual(zeros({ ...none, entries: [entry({ currency: '840' })] }), [0, 0, 0, 1]);
  assert.deepEqual(zeros({ ...none, entries: [entry({ refundedAmount: 100 })] }), [0, 0, 0, 1]);
  assert.deepEqual(zeros({ ...none, operations: [] }), [0, 0, 0, 1]);
  assert.deepEqual(zeros({ ...none, operations: [operation({ state: 'undone' })] }), [0, 0, 0, 1]);
});

const told: readonly EventRow[] = [
  { payment_id: 'p', operation: 'a', name: 'preauthorization.unknown' },
  { payment_id: 'p', operation: 'a', name: 'preauthorization.approved' },
  { payment_id: 'p', operation: 'b', name: 'capture.approved' },
  { payment_id: 'q', operation: 'c', name: 'debit.approved' },
];

test('events that were not told, or in another order, are found; repetitions are not held against anybody', () => {
  assert.deepEqual(compareTold(told, ['a', 'c', 'a', 'b']), []);
  assert.deepEqual(compareTold(told, ['a', 'a', 'a', 'c', 'c', 'b', 'b']), []);
  assert.equal(compareTold(told, ['a', 'b', 'c']).length, 1);
  assert.equal(compareTold(told, ['a', 'b', 'a', 'c']).length, 1);
  assert.equal(compareTold(told, ['a', 'a', 'b']).length, 1);
  assert.equal(compareTold(told, ['a', 'a', 'b', 'c', 'd']).length, 1);
});

test('a multiple of the normal p99 is taken over all that succeeded, in any order', () => {
  const values = Array.from({ length: 200 }, (_, index) => ((index * 7) % 200) + 1);
  assert.deepEqual([percentile(values, 0.5), percentile(values, 0.99), percentile([], 0.99)], [100, 198, 0]);
  const honest = { latenciesMs: values.map((value) => value * 3), failures: {} };
  const attacker = { answers: { 429: 5 }, opened: 1, closed: 0 };
  const flood = { flood: 'guesses', honest, attacker, refused: { 'requests: login': 5 } } as const;
  assert.equal(ratioOf({ normal: { latenciesMs: values, failures: {} } }, flood), 3);
  assert.match(describeFlood({ normal: { latenciesMs: values, failures: {} } }, flood), /3\.00[\s\S]*5 429[\s\S]*5 requests: login/);
});

const bankRow = (more: Partial<BankRow> = {}): BankRow => ({
  ...{ operationId, kind: 'preauthorization', state: 'approved', amount: 500, reference: 'R1', key: 'k1' },
  ...{ received: 500, told: 500, unassigned: 0, refunded: 0 },
  ...more,
});
const bankEntry = (more: Partial<BankEntry> = {}): BankEntry => ({
  ...{ reference: 'R1', amount: 500, state: 'paid', receivedAmount: 500, refundedAmount: 0, isTold: true },
  ...more,
});

/** How many findings there are of each of the four kinds. */
function bankZeros(sides: Partial<BankSides>): readonly number[] {
  const prepaid: Order = { ...order({}), type: 'PA', bank: { brand: 'PREPAYMENT', act: 'later' } };
  const all = { rows: [bankRow()], acts: [], entries: [bankEntry()], orders: [prepaid], ...sides };
  const { lost, chargedTwice, stillUnknown, booksApart } = compareBank(all);
  return [lost, chargedTwice, stillUnknown, booksApart].map(({ length }) => length);
}

test('at the bank: books that agree give zeros, and what is lost, paid twice, open or apart is found', () => {
  assert.deepEqual(bankZeros({}), [0, 0, 0, 0]);
  const refused = {
    rows: [bankRow({ state: 'declined', received: 0, told: 0 })],
    entries: [bankEntry({ state: 'refused', receivedAmount: 0 })],
  };
  assert.deepEqual(bankZeros({ ...refused, orders: [] }), [0, 0, 0, 0]);
  assert.deepEqual(bankZeros(refused), [1, 0, 0, 0]);
  assert.deepEqual(bankZeros({ rows: [] }), [1, 0, 0, 1]);
  assert.deepEqual(bankZeros({ orders: [order(undefined)] }), [1, 0, 0, 0]);
  assert.deepEqual(bankZeros({ rows: [bankRow({ unassigned: 500 })] }), [0, 1, 0, 0]);
  assert.deepEqual(bankZeros({ rows: [bankRow({ received: 1000 })] }), [0, 1, 0, 1]);
  assert.deepEqual(bankZeros({ rows: [bankRow({ state: 'pending' })], orders: [] }), [0, 0, 1, 0]);
  assert.deepEqual(bankZeros({ acts: [{ operationId: 'x', kind: 'refund', state: 'unknown', amount: 1 }] }), [0, 0, 1, 0]);
  assert.deepEqual(bankZeros({ rows: [bankRow({ told: 400 })] }), [0, 0, 0, 1]);
  for (const more of [{ refundedAmount: 100 }, { isTold: false }, { state: 'deferred' }, { amount: 501 }, { receivedAmount: 400 }]) {
    assert.deepEqual(bankZeros({ entries: [bankEntry(more)] }), [0, 0, 0, 1], JSON.stringify(more));
  }
  assert.deepEqual(bankZeros({ entries: [bankEntry(), bankEntry({ reference: 'R2' })] }), [0, 0, 0, 1]);
});

/** A request of another protocol, which names what it has by handles of its own. */
function dialectOrder(more: Partial<OrderRecord> = {}): OrderRecord {
  const answer = { outcome: 'approved', status: 201, code: '', id: 'PolygateDemo 1_0', rrn: undefined } as const;
  return { ...order(undefined), dialect: 'payone', final: answer, ...more };
}

/** How many findings there are of what was lost, and of what nobody has asked for. */
function dialectZeros(sides: Partial<DialectSides>): readonly number[] {
  const all = { operations: [operation({ key: 'payments k1' })], orders: [dialectOrder()], ...sides };
  const { lost, booksApart } = compareDialects(all);
  return [lost.length, booksApart.length];
}

test('in other protocols: books that agree give zeros, by the keys as each protocol has them', () => {
  assert.deepEqual(dialectZeros({}), [0, 0]);
  assert.deepEqual(dialectZeros({ operations: [operation({ key: 'reference of k1' })] }), [0, 0]);
  const { final } = dialectOrder();
  assert.ok(final !== undefined);
  const purchase = dialectOrder({ dialect: 'qorepay', final: { ...final, id: `${operationId} paid` } });
  assert.deepEqual(dialectZeros({ operations: [operation({ key: `§checkout ${operationId} 1` })], orders: [purchase] }), [0, 0]);
  // A refund of several captures, and what a last capture released by itself.
  const first = operation({ kind: 'refund', amountMinor: 300, key: 'refund 1_0 k1' });
  const second = operation({ operationId: 'part', kind: 'refund', amountMinor: 200, key: `part 3 of ${operationId}` });
  const released = operation({ operationId: 'rest', kind: 'reversal', key: undefined });
  assert.deepEqual(dialectZeros({ operations: [first, second, released], orders: [dialectOrder({ type: 'RF' })] }), [0, 0]);
});

test('in other protocols: what is lost, refused and yet recorded, or asked for by nobody is found', () => {
  const failed = { outcome: 'failed', status: 402, code: 'undone', id: 'PolygateDemo 1_0', rrn: undefined } as const;
  const refused = { ...failed, outcome: 'refused', id: '' } as const;
  assert.deepEqual(dialectZeros({ operations: [] }), [1, 0]);
  assert.deepEqual(dialectZeros({ operations: [operation({ key: 'payments k1', state: 'undone' })] }), [1, 0]);
  assert.deepEqual(dialectZeros({ operations: [operation({ key: 'payments k1', amountMinor: 499 })] }), [1, 0]);
  assert.deepEqual(dialectZeros({ orders: [dialectOrder({ type: 'RF' })] }), [1, 0]);
  const { final: _final, ...unanswered } = dialectOrder();
  assert.deepEqual(dialectZeros({ orders: [unanswered] }), [1, 0]);
  assert.deepEqual(dialectZeros({ orders: [dialectOrder({ final: failed })] }), [1, 0]);
  assert.deepEqual(dialectZeros({ orders: [dialectOrder({ final: failed })], operations: [] }), [1, 0]);
  assert.deepEqual(dialectZeros({ orders: [dialectOrder({ final: refused })] }), [1, 0]);
  assert.deepEqual(dialectZeros({ orders: [dialectOrder({ final: refused })], operations: [] }), [0, 0]);
  assert.deepEqual(dialectZeros({ operations: [operation({ key: 'payments k1' }), operation({ key: 'payments k2' })] }), [0, 1]);
});

test('in other protocols: what was not told is found, but for voids and what left no trace', () => {
  const orders = [dialectOrder()];
  assert.deepEqual(compareToldHandles(orders, new Set(['PolygateDemo 1_0'])), []);
  assert.equal(compareToldHandles(orders, new Set(['PolygateDemo 2_0'])).length, 1);
  assert.deepEqual(compareToldHandles([dialectOrder({ type: 'RV' })], new Set()), []);
});

/** How many due times were never paid, paid more than once, and paid though nothing was due. */
function dueZeros(keys: readonly string[], more: Partial<GatewayOperation> = {}): readonly number[] {
  const schedule = { scheduleId: 's1', hour: 3, sinceMs: Date.parse('2026-11-22T20:00:00Z') };
  const operations = keys.map((key) => operation({ key: `\u0001schedule ${key}`, ...more }));
  const sides: DueSides = { operations, schedules: [schedule], untilMs: Date.parse('2026-11-24T20:00:00Z') };
  const { lost, chargedTwice, booksApart } = compareDue(sides);
  return [lost.length, chargedTwice.length, booksApart.length];
}

test('what schedules pay is held to their due times: what is missing, twice there or never due is found', () => {
  const [first, second] = ['s1 2026-11-23T03:00:00.000Z', 's1 2026-11-24T03:00:00.000Z'];
  assert.deepEqual(dueZeros([first, second]), [0, 0, 0]);
  assert.deepEqual(dueZeros([first]), [1, 0, 0]);
  assert.deepEqual(dueZeros([first, second, `${second} 1`]), [0, 1, 0]);
  assert.deepEqual(dueZeros([first, second, 's1 2026-11-25T03:00:00.000Z', 's2 2026-11-24T03:00:00.000Z']), [0, 0, 2]);
  // Nobody was there to be asked, so nothing was paid.
  assert.deepEqual(dueZeros([first, second], { state: 'failed', reason: 'acquirer_unreachable' }), [2, 0, 0]);
});

test('what subscriptions charge is held to their weeks: one that was not billed, a bill nobody has charged, and one charged twice are found', () => {
  const bills = ['a', 'b'].map((orderId) => ({ orderId, templateId: 't' }));
  const operations = bills.map(({ orderId }) => operation({ key: `§checkout ${orderId} 1`, amountMinor: 2_500 }));
  const zerosOf = (sides: Partial<BillSides>) => {
    const all = { operations, bills, subscriptions: [{ templateId: 't', sinceMs: 0 }], untilMs: 15 * 86_400_000, ...sides };
    const { lost, chargedTwice } = compareBills(all);
    return [lost.length, chargedTwice.length];
  };
  assert.deepEqual(zerosOf({}), [0, 0]);
  assert.deepEqual(zerosOf({ bills: bills.slice(1) }), [1, 0]);
  assert.deepEqual(zerosOf({ untilMs: 13 * 86_400_000 }), [1, 0]);
  assert.deepEqual(zerosOf({ operations: operations.slice(1) }), [1, 0]);
  assert.deepEqual(zerosOf({ operations: [...operations, operation({ key: '§checkout a 2', amountMinor: 2_500 })] }), [0, 1]);
  assert.deepEqual(zerosOf({ operations: [...operations, operation({ key: '§checkout a 2', state: 'undone' })] }), [0, 0]);
  assert.deepEqual(zerosOf({ operations: operations.map((one) => ({ ...one, amountMinor: 2_400 })) }), [0, 2]);
});

test('disputes that are missing, doubled, unanswered, or booked otherwise are found', () => {
  const there: readonly HostDispute[] = [
    { id: 'D1', amount: 500, state: 'raised', chargebackAnswer: '00' },
    { id: 'D2', amount: 700, state: 'reversed', chargebackAnswer: '00', reversalAnswer: '00' },
  ];
  const raised: GatewayDispute = { id: 'D1', amount: 500, isReversed: false, chargedBack: [500], givenBack: [] };
  const reversed: GatewayDispute = { id: 'D2', amount: 700, isReversed: true, chargedBack: [700], givenBack: [700] };
  const found = (...here: readonly GatewayDispute[]) => compareDisputes(here, there).length;
  assert.equal(found(raised, reversed), 0);
  assert.equal(found(raised), 1);
  assert.equal(found(raised, reversed, reversed), 1);
  assert.equal(found(raised, reversed, { ...raised, id: 'D3' }), 1);
  assert.equal(found({ ...raised, amount: 400, chargedBack: [400] }, reversed), 1);
  assert.equal(found({ ...raised, chargedBack: [500, 500] }, reversed), 1);
  assert.equal(found({ ...raised, chargedBack: [] }, reversed), 1);
  assert.equal(found(raised, { ...reversed, givenBack: [] }), 1);
  assert.equal(found(raised, { ...reversed, isReversed: false, givenBack: [] }), 1);
  assert.equal(
    compareDisputes([raised, reversed], [{ ...(there[0] as HostDispute), chargebackAnswer: '96' }, there[1] as HostDispute]).length,
    1,
  );
});
