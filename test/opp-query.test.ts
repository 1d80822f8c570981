/** OPP: transactions found again, by id, by reference, by time, in pages, with what belongs to them; and the list of codes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  approved,
  debit,
  exchange,
  expectReply,
  freshName,
  other,
  type Parameters,
  plain,
  type Reply,
  useOppStack,
} from './harness/opp.ts';

const stack = useOppStack();

interface Found {
  readonly id: string;
  readonly paymentType: string;
  readonly referencedId?: string;
  readonly shortId?: string;
  readonly timestamp: string;
  readonly ndc?: string;
}

function listOf(reply: Reply, name: 'payments' | 'records'): readonly Found[] {
  return (JSON.parse(reply.text) as Record<string, readonly Found[]>)[name] ?? [];
}

const idsOf = (reply: Reply): readonly string[] => listOf(reply, 'records').map(({ id }) => id);

function search(parameters: Parameters): Promise<Reply> {
  return stack.get('/v3/query', parameters);
}

const money = { amount: '2.00', currency: 'EUR' };

/** An authorization captured twice, one capture refunded; a debit; a declined debit: all under one reference. */
async function makeOrder(): Promise<{ readonly reference: string; readonly ids: readonly string[] }> {
  const reference = freshName('order');
  const named = { merchantTransactionId: reference };
  const idOf = async (path: string, parameters: Parameters): Promise<string> =>
    (await stack.post(path, { ...parameters, ...named })).body.id ?? '';
  const hold = await idOf('/v1/payments', debit({ paymentType: 'PA' }));
  const first = await idOf(`/v1/payments/${hold}`, { paymentType: 'CP', ...money });
  const second = await idOf(`/v1/payments/${hold}`, { paymentType: 'CP', ...money });
  const refund = await idOf(`/v1/payments/${first}`, { paymentType: 'RF', amount: '0.50', currency: 'EUR' });
  const sale = await idOf('/v1/payments', debit());
  const declined = await idOf('/v1/payments', debit({ 'card.number': '4000000000000002' }));
  return { reference, ids: [hold, first, second, refund, sale, declined] };
}

test('by reference, in pages, oldest first, every page once', async () => {
  const { reference, ids } = await makeOrder();
  const all = expectReply(await search({ merchantTransactionId: reference }), 200, '000.000.100');
  assert.deepEqual([idsOf(all), all.body.pages], [ids, '1']);
  const pages: string[][] = [];
  for (const pageNumber of ['1', '2', '3']) {
    const page = expectReply(await search({ merchantTransactionId: reference, limit: '2', pageNumber }), 200, '000.000.100');
    assert.equal(page.body.pages, '3');
    pages.push([...idsOf(page)]);
  }
  assert.deepEqual(pages, [ids.slice(0, 2), ids.slice(2, 4), ids.slice(4)]);
  expectReply(await search({ merchantTransactionId: reference, limit: '2', pageNumber: '4' }), 404, '700.400.580');
  for (const { timestamp, ndc, shortId } of listOf(all, 'records')) {
    assert.match(timestamp, /\.\d{3}\+0000$/);
    assert.match(shortId ?? '', /^\d{4}\.\d{4}\.\d{4}$/);
    assert.equal(ndc, undefined);
  }
  assert.deepEqual(
    listOf(await stack.get('/v1/query', { merchantTransactionId: reference }), 'payments').map(({ id }) => id),
    ids,
  );
});

test('by type, by method, by short id', async () => {
  const { reference, ids } = await makeOrder();
  const [hold = '', first = '', second = '', refund = ''] = ids;
  const found = async (more: Parameters) => idsOf(await search({ merchantTransactionId: reference, ...more }));
  assert.deepEqual(await found({ paymentTypes: 'PA' }), [hold]);
  assert.deepEqual(await found({ paymentTypes: 'CP,RF' }), [first, second, refund]);
  assert.deepEqual(await found({ paymentTypes: '3D' }), []);
  assert.deepEqual(await found({ paymentMethods: 'CC,DC' }), ids);
  assert.deepEqual(await found({ paymentMethods: 'VA' }), []);
  const shown = listOf(await search({ merchantTransactionId: reference, paymentTypes: 'RF' }), 'records')[0]?.shortId ?? '';
  assert.deepEqual(await found({ shortId: shown }), [refund]);
  const sale = expectReply(await stack.post('/v1/payments', debit()), 200, approved);
  const number = sale.body.descriptor?.slice(0, 14) ?? '';
  assert.deepEqual(idsOf(await search({ shortId: number, 'date.from': dayBefore, 'date.to': dayAfter })), [sale.body.id]);
});

const dayMs = 86_400_000;
const timeOf = (timeMs: number): string => new Date(timeMs).toISOString().slice(0, 19).replace('T', ' ');
const dayBefore = timeOf(Date.now() - dayMs);
const dayAfter = timeOf(Date.now() + dayMs);

test('by time: the span counts to the second, and needs both ends', async () => {
  const { body } = expectReply(await stack.post('/v1/payments', debit()), 200, approved);
  const read = await stack.get(`/v1/query/${body.id}`);
  const second = (read.body.timestamp ?? '').slice(0, 19);
  const secondMs = Date.parse(`${second.replace(' ', 'T')}Z`);
  const within = async (from: string, to: string): Promise<boolean> =>
    idsOf(await search({ 'date.from': from, 'date.to': to, limit: '500' })).includes(body.id ?? '');
  assert.equal(await within(second, second), true);
  assert.equal(await within(dayBefore, dayAfter), true);
  assert.equal(await within(timeOf(secondMs + 1_000), dayAfter), false);
  assert.equal(await within(dayBefore, timeOf(secondMs - 1_000)), false);
  for (const [parameters, name] of [
    [{}, 'merchantTransactionId'],
    [{ 'date.from': dayBefore }, 'merchantTransactionId'],
    [{ shortId: '1234.1234.1234' }, 'merchantTransactionId'],
    [{ 'date.from': dayAfter, 'date.to': dayBefore }, 'date.to'],
    [{ 'date.from': '2034-02-30 00:00:00', 'date.to': dayAfter }, 'date.from'],
    [{ 'date.from': '2034-02-20', 'date.to': dayAfter }, 'date.from'],
    [{ merchantTransactionId: 'x', limit: '0' }, 'limit'],
    [{ merchantTransactionId: 'x', limit: '501' }, 'limit'],
    [{ merchantTransactionId: 'x', pageNumber: '0' }, 'pageNumber'],
    [{ merchantTransactionId: 'x', paymentTypes: 'PA;CP' }, 'paymentTypes'],
    [{ merchantTransactionId: 'x', includeLinkedTransactions: 'yes' }, 'includeLinkedTransactions'],
  ] as const) {
    const reply = expectReply(await search(parameters), 400, '200.300.404');
    assert.match(reply.text, new RegExp(`"name":"${name.replace('.', '\\.')}"`));
  }
});

test('the tree of a payment tells what happened to it and what may still happen', async () => {
  const { ids } = await makeOrder();
  const [hold = '', first = '', second = '', refund = ''] = ids;
  for (const id of [hold, refund]) {
    for (const [version, name] of [
      ['v1', 'payments'],
      ['v3', 'records'],
    ] as const) {
      const reply = expectReply(await stack.get(`/${version}/query/${id}`, { includeLinkedTransactions: 'true' }), 200, approved);
      assert.equal(reply.body.id, id);
      const tree = listOf(reply, name).map(({ id: each, paymentType, referencedId }) => [paymentType, each, referencedId]);
      assert.deepEqual(tree, [
        ['PA', hold, undefined],
        ['CP', first, hold],
        ['CP', second, hold],
        ['RF', refund, first],
      ]);
      assert.deepEqual(reply.body.transactionTree, {
        ...{ state: 'authorized', currency: 'EUR', authorized: '12.50', captured: '4.00', released: '0.00' },
        ...{ refunded: '0.50', reversed: '0.00', chargedBack: '0.00', capturable: '8.50' },
      });
    }
  }
  const alone = await stack.get(`/v1/query/${first}`);
  assert.deepEqual([alone.body.payments, alone.body.transactionTree], [undefined, undefined]);
  assert.deepEqual(idsOf(await stack.get(`/v3/query/${first}`)), [first]);
});

test('a list takes in what belongs to its transactions when it is asked to', async () => {
  const reference = freshName('refund');
  const { id } = (await stack.post('/v1/payments', debit())).body;
  const refund = await stack.post(`/v1/payments/${id}`, { paymentType: 'RF', ...money, merchantTransactionId: reference });
  assert.deepEqual(idsOf(await search({ merchantTransactionId: reference })), [refund.body.id]);
  assert.deepEqual(idsOf(await search({ merchantTransactionId: reference, includeLinkedTransactions: 'true' })), [id, refund.body.id]);
  const old = await stack.get('/v1/query', { merchantTransactionId: reference, includeLinkedTransactions: 'true' });
  assert.deepEqual(
    listOf(old, 'payments').map((each) => each.id),
    [id, refund.body.id],
  );
});

test('no other merchant’s, and no other entity’s, in any version', async () => {
  const { reference, ids } = await makeOrder();
  for (const as of [other, plain]) {
    expectReply(await stack.get('/v3/query', { merchantTransactionId: reference }, { as }), 404, '700.400.580');
    expectReply(await stack.get(`/v3/query/${ids[0]}`, { includeLinkedTransactions: 'true' }, { as }), 404, '700.400.580');
    expectReply(await stack.get('/v3/query', { 'date.from': dayBefore, 'date.to': dayAfter }, { as }), 404, '700.400.580');
  }
  expectReply(await stack.get('/v3/query/nothing'), 404, '700.400.580');
});

test('every code that was answered is in the list, which needs no login', async () => {
  const reply = expectReply(await exchange(stack.url, { method: 'GET', path: '/v1/resultcodes' }), 200, '000.000.100');
  const { resultCodes } = JSON.parse(reply.text) as { resultCodes: readonly { code: string; description: string }[] };
  const texts = new Map(resultCodes.map(({ code, description }) => [code, description]));
  assert.ok(texts.size >= 350 && texts.size === resultCodes.length);
  assert.equal(texts.get('800.100.152'), 'transaction declined by authorization system');
  assert.equal(texts.get('000.100.220'), 'Fraudulent Transaction');
  assert.equal(texts.get('100.360.303'), 'cannot deschedule(DS) unscheduled job');
  for (const description of texts.values()) assert.ok(description.length > 5);
  const sent = [
    await stack.post('/v1/payments', debit()),
    await stack.post('/v1/payments', debit({ 'card.number': '4000000000000002' })),
    await stack.post('/v1/payments', debit({ currency: 'ABC' })),
    await stack.post('/v1/payments', debit({ 'card.holder': '100.396.101' })),
  ];
  for (const { code, body } of sent) assert.equal(texts.get(code ?? ''), body.result?.description);
});
