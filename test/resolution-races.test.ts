/**
 * Moments in which the resolution of the unknown meets an answer. Each is brought about by a lock that holds one side still, so that the
 * order of events is certain.
 */
import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { auditedTests } from './harness/auditor.ts';
import { withLocked } from './harness/locks.ts';
import { pending, succeeded, undone } from './harness/opp-client.ts';
import { eventually } from './harness/processes.ts';
import { type Stack, startStack } from './harness/stack.ts';

let stack: Stack;
before(async () => {
  stack = await startStack();
});
after(() => stack?.stop());
const audited = auditedTests(() => stack);

const locked = (table: string, mode: string, work: (release: () => Promise<void>) => Promise<void>): Promise<void> =>
  withLocked({ database: stack.database, table, mode }, work);

async function operationsWhere(condition: string): Promise<number> {
  const { rows } = await stack.database.query<{ count: string }>(`select count(*) from polygate.operation where ${condition}`);
  return Number(rows[0]?.count);
}

/** The names of an operation's events, in order. */
async function eventsOf(wireId: string): Promise<string[]> {
  const { rows } = await stack.database.query<{ name: string }>(
    `select name from polygate.event where operation_id = $1 order by sequence`,
    [wireId],
  );
  return rows.map(({ name }) => name);
}

/** A payment that was approved while a worker had claimed it; undefined where the answer was faster than the worker, as on a busy machine. */
async function approvedWhileClaimed(): Promise<string | undefined> {
  await stack.host.addFault({ fault: 'slow', delay_ms: 400 });
  let isAnswered = false;
  const paying = stack.api.pay({ type: 'PA' }).finally(() => {
    isAnswered = true;
  });
  const isClaimed = async () => (await operationsWhere(`resolve_attempts = 1`)) === 1;
  await eventually(async () => isAnswered || (await operationsWhere(`state = 'submitted'`)) === 1, 'the payment to be submitted');
  await locked('polygate.attempt', 'access exclusive', async () => {
    await stack.hurry();
    await eventually(async () => isAnswered || (await isClaimed()), 'the worker to claim it');
    assert.equal((await paying).code, succeeded);
  });
  return (await isClaimed()) ? (await paying).id : undefined;
}

audited('an approval that is recorded while the operation is being claimed is not reversed', async () => {
  let id: string | undefined;
  for (let tries = 0; id === undefined && tries < 20; tries += 1) id = await approvedWhileClaimed();
  assert.ok(id !== undefined, 'no payment was claimed before it was approved');
  // Whatever the worker does with the operation is done when it has looked at the next one.
  const next = await stack.api.pay({ card: '4000000000000929' });
  await eventually(async () => (await stack.api.read(next.id)).code === undone, 'the worker to go on');
  assert.equal((await stack.api.read(id)).code, succeeded);
});

audited('an approval that comes after the host had no record of it is reversed again', async () => {
  const pan = '4111111111111111';
  await stack.host.addFault({ fault: 'late_answer', delay_ms: 2_000, pan, mti: '0100' });
  await stack.host.addFault({ fault: 'decline', code: '25', pan, mti: '0420' });
  const { id, code } = await stack.api.pay({ type: 'PA', card: pan });
  assert.equal(code, pending);
  const [lost, closed, again] = ['unknown', 'undone', 'reopened'].map((event) => `preauthorization.${event}`);
  await eventually(async () => (await eventsOf(id)).length === 4, 'the payment to be reversed twice');
  assert.deepEqual(await eventsOf(id), [lost, closed, again, closed]);
  assert.equal((await stack.api.read(id)).code, undone);
});

audited('an approval that comes while the host says that it has no record is reversed', async () => {
  const pan = '4242424242424242';
  const before = stack.log().length;
  await stack.host.addFault({ fault: 'late_answer', delay_ms: 1_500, pan, mti: '0200' });
  await stack.host.addFault({ fault: 'decline', code: '25', pan, mti: '0420' });
  const paying = stack.api.pay({ card: pan });
  await eventually(async () => (await operationsWhere(`state = 'submitted'`)) === 1, 'the payment to be submitted');
  await locked('polygate.acquirer_message', 'share', async () => {
    assert.equal((await paying).code, pending);
    const isLate = (line: string) => line.includes('an approval came after its time-out');
    await eventually(() => stack.log().slice(before).some(isLate), 'the late approval');
  });
  const { id } = await paying;
  await eventually(async () => (await stack.host.books()).at(-1)?.kind === 'reversal', 'the reversal at the host');
  await eventually(async () => (await stack.api.read(id)).code === undone, 'the truth');
});

audited('an approval that comes in time, but after the operation was taken for lost, is reversed', async () => {
  const pan = '4111111111111111';
  await stack.host.addFault({ fault: 'slow', delay_ms: 600, pan, mti: '0100' });
  await stack.host.addFault({ fault: 'decline', code: '25', pan, mti: '0420' });
  const paying = stack.api.pay({ type: 'PA', card: pan });
  await eventually(async () => (await operationsWhere(`state = 'submitted'`)) === 1, 'the payment to be submitted');
  await stack.hurry();
  const { id } = await paying;
  await eventually(async () => (await eventsOf(id)).length === 4, 'the payment to be reversed twice');
});

audited('a payment whose card reaches the vault when others may resolve it already is not sent', async () => {
  const entries = (await stack.host.books()).length;
  await locked('vault.card', 'share', async (release) => {
    const paying = stack.api.pay({ type: 'PA' });
    await eventually(async () => (await operationsWhere(`reason = 'card_not_stored'`)) === 1, 'the operation to be given up');
    await release();
    const { id, code } = await paying;
    assert.equal(code, pending);
    assert.equal((await stack.api.read(id)).code, '900.100.310');
  });
  assert.equal((await stack.host.books()).length, entries);
});

audited('an operation and its repeat at the same moment both end', async () => {
  const { id } = await stack.api.pay({ type: 'PA' });
  await locked('vault.card', 'access exclusive', async (release) => {
    const capturing = stack.api.operate(id, { type: 'CP', amount: '10.00' });
    await eventually(async () => (await operationsWhere(`state = 'submitted'`)) === 1, 'the capture to be submitted');
    await stack.hurry();
    await eventually(async () => (await operationsWhere(`state = 'unknown'`)) === 1, 'the capture to be taken for lost');
    await release();
    const capture = await capturing;
    assert.ok([pending, succeeded].includes(capture.code));
    await eventually(async () => (await stack.api.read(capture.id)).code === succeeded, 'the capture to be approved');
  });
});
