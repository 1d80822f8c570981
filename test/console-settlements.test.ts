/** Settlements through the console API: a batch, both sides of its comparison, and its operations as a page and as a table. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { createConsoleClient, moveClock } from './harness/console.ts';
import { approved, debit, expectReply, plain, useOppStack } from './harness/opp.ts';
import { eventually } from './harness/processes.ts';

const opp = useOppStack();
const client = createConsoleClient(() => opp.url);

test('a batch is shown with what it comes to, what the host says, and every operation', async () => {
  const paid = expectReply(await opp.post('/v1/payments', debit({ amount: '10.00' }), { as: plain }), 200, approved);
  expectReply(
    await opp.post(`/v1/payments/${paid.body.id}`, { paymentType: 'RF', amount: '2.50', currency: 'EUR' }, { as: plain }),
    200,
    approved,
  );
  await moveClock(opp.url, 86_400);
  const { items } = await client.done('get', '/settlements', { query: { account_id: 'sandbox-plain', state: 'closed' } });
  assert.equal(items?.length, 1);
  const ids = { settlement_id: String(items?.[0]?.settlement_id) };
  const read = () => client.done('get', '/settlements/{settlement_id}', { ids });
  await eventually(async () => (await read()).comparisons?.[0]?.state !== 'waiting', 'the host to answer');
  const batch = await read();
  const [part] = batch.parts ?? [];
  assert.deepEqual([batch.parts?.length, part?.operations, part?.gross, part?.net], [1, 2, 750, 750 - Number(part?.fees)]);
  const [comparison] = batch.comparisons ?? [];
  assert.equal(comparison?.state, 'in_balance');
  assert.deepEqual(comparison?.ours, comparison?.theirs);
  const path = '/settlements/{settlement_id}/operations';
  const { items: operations } = await client.done('get', path, { ids });
  assert.deepEqual(
    operations?.map(({ kind, amount }) => [kind, amount]),
    [
      ['debit', 1_000],
      ['refund', 250],
    ],
  );
  const { text } = await client.call('get', path, { ids, query: { format: 'csv', kind: 'refund' } });
  assert.equal(text.trimEnd().split('\r\n').length, 2);
  const mine = await client.done('get', '/settlements', { query: { merchant_id: String(part?.merchant_id), from: '2020-01-01' } });
  assert.deepEqual(mine.items, items);
  assert.deepEqual((await client.done('get', '/settlements', { query: { to: '2020-01-01' } })).items, []);
});

test('a batch of more merchants than a page has is shown whole', async () => {
  const { database } = opp.parts;
  const id = randomUUID();
  await database.query(
    `with made as (
       insert into polygate.settlement (settlement_id, account_id, cut_off_at, state) values ($1, 'sandbox-plain', now() - interval '1 year', 'closed')
     )
     insert into polygate.settlement_part (merchant_id, settlement_id, currency, part_id, operations, gross, fees)
       select gen_random_uuid(), $1, 'EUR', gen_random_uuid(), 1, n, 0 from generate_series(1, 2500) n`,
    [id],
  );
  const { parts } = await client.done('get', '/settlements/{settlement_id}', { ids: { settlement_id: id } });
  assert.equal(new Set(parts?.map(({ gross }) => gross)).size, 2_500);
  // They were never paid: the books would not agree.
  await database.query('delete from polygate.settlement_part where settlement_id = $1', [id]);
  await database.query('delete from polygate.settlement where settlement_id = $1', [id]);
});
