/** The cut-off against what else happens at the same moment: reversals, other nodes, the end of a process. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Gateway } from '../src/gateway.ts';
import { moveClock } from './harness/console.ts';
import { waitingFor, withLocked } from './harness/locks.ts';
import { approved, debit, expectReply, plain, useOppStack } from './harness/opp.ts';
import { eventually, startProcess } from './harness/processes.ts';
import { settlementsOf } from './harness/settlements.ts';

let second: Gateway;
const stack = useOppStack({
  async onStart(started) {
    second = await started.startNode();
  },
});
const day = 86_400;

const pay = async (amount: string) =>
  expectReply(await stack.post('/v1/payments', debit({ amount }), { as: plain }), 200, approved).body.id as string;
const reverse = (id: string) => stack.post(`/v1/payments/${id}`, { paymentType: 'RV' }, { as: plain });
const compared = () =>
  eventually(async () => (await settlementsOf(stack.parts)).every(({ comparison }) => comparison === 'in_balance'), 'all to be in balance');

/** Holds the row of an operation until `work` is over. */
async function withRow(id: string, work: () => Promise<void>): Promise<void> {
  const client = await stack.parts.database.connect();
  try {
    await client.query('begin');
    await client.query('select from polygate.operation where operation_id = $1 for update', [id]);
    await work();
  } finally {
    await client.query('rollback');
    client.release();
  }
}

const collecting = 'polygate.settlement where settlement_id = $1 and state';
const submitting = 'target_kind, amount, remaining, merchant_reference';
const waits = (text: string) => eventually(async () => (await waitingFor(stack.parts.database, text)) > 0, 'a statement to wait');

test('a reversal that comes while the cut-off takes its charge is refused', async () => {
  const id = await pay('11.00');
  const under: Promise<unknown>[] = [];
  const replies: Awaited<ReturnType<typeof reverse>>[] = [];
  await withRow(id, async () => {
    under.push(moveClock(stack.url, day));
    await waits(collecting);
    under.push(reverse(id).then((reply) => replies.push(reply)));
    await waits(submitting);
  });
  await Promise.all(under);
  assert.equal(replies[0]?.code, '700.300.700');
  await compared();
});

test('a reversal that was first stands, and is in the next batch', async () => {
  const id = await pay('12.00');
  const under: Promise<unknown>[] = [];
  await withRow(id, async () => {
    await withLocked({ database: stack.parts.database, table: 'polygate.settlement', mode: 'share' }, async () => {
      under.push(moveClock(stack.url, day));
      await waits('insert into polygate.settlement ');
      under.push(reverse(id));
      await waits(submitting);
    });
    await waits(collecting);
  });
  await Promise.all(under);
  const isReversed = async () => {
    const { rows } = await stack.parts.database.query('select reversed from polygate.operation where operation_id = $1', [id]);
    return rows[0]?.reversed === '1200';
  };
  await eventually(isReversed, 'the reversal to stand');
  await moveClock(stack.url, day);
  await compared();
  const [before, last] = (await settlementsOf(stack.parts)).slice(-2);
  assert.deepEqual([before?.gross, last?.gross], [1200, -1200]);
});

test('two nodes at one cut-off make one batch', async () => {
  const before = (await settlementsOf(stack.parts)).length;
  for (let round = 1; round <= 3; round += 1) {
    await Promise.all(['1.00', '2.00', '3.00'].map(pay));
    // Both look at what is due; the row of the account is due for both at the same moment.
    await Promise.all([moveClock(stack.url, day / 2), moveClock(second.url, day / 2)]);
  }
  await compared();
  const settled = (await settlementsOf(stack.parts)).slice(before);
  assert.equal(new Set(settled.map(({ id }) => id)).size, settled.length);
  assert.equal(
    settled.reduce((sum, { gross }) => sum + gross, 0),
    1800,
  );
});

test('what a node had collected when it was killed, the next one closes, and nothing is in it twice', async () => {
  await Promise.all(['4.00', '5.00', '6.00'].map(pay));
  await second.stop();
  await stack.parts.stopGateway();
  const node = startProcess(process.execPath, [join(import.meta.dirname, 'harness', 'gateway-process.ts')], {
    env: { ...process.env, ...stack.parts.env },
  });
  await node.line(/^listening/);
  await eventually(async () => (await fetch(`${stack.url}/readyz`)).ok, 'the node to be ready');
  await withLocked({ database: stack.parts.database, table: 'polygate.ledger_entry', mode: 'share' }, async () => {
    const moving = moveClock(stack.url, day);
    moving.catch(() => undefined);
    await waits('insert into polygate.ledger_entry');
    node.child.kill('SIGKILL');
    await node.ended;
    await assert.rejects(moving);
  });
  const states = async () =>
    (await stack.parts.database.query(`select state from polygate.settlement where state <> 'closed'`)).rows.length;
  await eventually(async () => (await states()) === 1, 'the batch to be open');
  await stack.parts.startGateway();
  await eventually(async () => (await states()) === 0, 'the batch to be closed');
  await compared();
  const last = (await settlementsOf(stack.parts)).at(-1);
  assert.deepEqual([last?.operations, last?.gross], [3, 1500]);
});
