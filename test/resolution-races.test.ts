/**
 * Moments in which the resolution of the unknown meets an answer. Each is brought about by a lock that holds one side still, so that the
 * order of events is certain.
 */
import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { auditedTests } from './harness/auditor.ts';
import { succeeded, undone } from './harness/opp-client.ts';
import { eventually } from './harness/processes.ts';
import { type Stack, startStack } from './harness/stack.ts';

let stack: Stack;
before(async () => {
  stack = await startStack();
});
after(() => stack?.stop());
const audited = auditedTests(() => stack);

/** Runs `work` while another connection holds a lock on a table, and lets go of it as soon as `work` says so, or ends. */
async function withLocked(table: string, mode: string, work: (release: () => Promise<void>) => Promise<void>): Promise<void> {
  const client = await stack.database.connect();
  let held = true;
  const release = async () => {
    if (held) await client.query('rollback');
    held = false;
  };
  try {
    await client.query('begin');
    await client.query(`lock table ${table} in ${mode} mode`);
    await work(release);
  } finally {
    await release();
    client.release();
  }
}

async function operationsWhere(condition: string): Promise<number> {
  const { rows } = await stack.database.query<{ count: string }>(`select count(*) from polygate.operation where ${condition}`);
  return Number(rows[0]?.count);
}

audited('an approval that is recorded while the operation is being claimed is not reversed', async () => {
  await stack.host.addFault({ fault: 'slow', delay_ms: 400 });
  const paying = stack.api.pay({ type: 'PA' });
  await eventually(async () => (await operationsWhere(`state = 'submitted'`)) === 1, 'the payment to be submitted');
  await withLocked('polygate.attempt', 'access exclusive', async () => {
    await stack.hurry();
    await eventually(async () => (await operationsWhere(`resolve_attempts = 1`)) === 1, 'the worker to claim it');
    assert.equal((await paying).code, succeeded);
  });
  const { id } = await paying;
  // Whatever the worker does with the operation is done when it has looked at the next one.
  const next = await stack.api.pay({ card: '4000000000000929' });
  await eventually(async () => (await stack.api.read(next.id)).code === undone, 'the worker to go on');
  assert.equal((await stack.api.read(id)).code, succeeded);
});
