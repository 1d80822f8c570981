/** Nodes whose clocks are wrong, beside one whose clock is right: the database's time decides, and nobody's payment is touched. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { auditAfterEach } from './harness/auditor.ts';
import { readClock } from './harness/console.ts';
import { createOppClient, succeeded, undone } from './harness/opp-client.ts';
import { eventually, type StartedProcess, startProcess } from './harness/processes.ts';
import { type Stack, startStack } from './harness/stack.ts';

const hourMs = 3_600_000;
let stack: Stack;
before(async () => {
  stack = await startStack({ env: { ACQUIRER_TIMEOUT_MS: '4000' } });
});
auditAfterEach(() => stack);
after(() => stack.stop());

interface Node {
  readonly url: string;
  readonly process: StartedProcess;
  readonly kill: () => Promise<void>;
}

/** A node in a process of its own, with a clock of its own. */
async function startNode(env: Readonly<Record<string, string>>): Promise<Node> {
  const harness = (file: string) => join(import.meta.dirname, 'harness', file);
  const started = startProcess(process.execPath, ['--import', harness('shifted-clock.ts'), harness('gateway-process.ts')], {
    env: { ...process.env, ...stack.env, PORT: '0', ...env },
  });
  const url = (await started.line(/^listening on /)).replace('listening on ', '');
  await eventually(async () => (await fetch(`${url}/readyz`)).ok, 'the node to be ready');
  const kill = async () => {
    started.child.kill('SIGKILL');
    await started.ended;
  };
  return { url, process: started, kill };
}

async function missingAt(url: string): Promise<readonly string[]> {
  const { missing = [] } = (await (await fetch(`${url}/readyz`)).json()) as { readonly missing?: readonly string[] };
  return missing;
}

test('a node whose clock is ahead starts, and leaves alone what another has under way', async () => {
  await stack.host.addFault({ fault: 'slow', delay_ms: 3_500 });
  const paying = stack.api.pay({});
  const node = await startNode({ CLOCK_AHEAD_MS: '60000' });
  const { code, id } = await paying;
  assert.equal(code, succeeded);
  assert.equal((await stack.api.read(id)).code, succeeded);
  await node.kill();
});

test('a node starts, and leaves alone what one whose clock is behind has under way', async () => {
  const node = await startNode({ CLOCK_AHEAD_MS: '-60000' });
  await stack.host.addFault({ fault: 'slow', delay_ms: 3_500 });
  const paying = createOppClient(node.url, stack.traces).pay({});
  const other = await stack.startNode();
  const { code, id } = await paying;
  assert.equal(code, succeeded);
  assert.equal((await stack.api.read(id)).code, succeeded);
  await Promise.all([node.kill(), other.stop()]);
});

test('a node whose clock goes wrong says so, goes by the time of the database, and misses nothing afterwards', async () => {
  const node = await startNode({ CLOCK_AHEAD_MS: String(hourMs), CLOCK_WAITS: '1' });
  await stack.stopGateway();
  node.process.child.kill('SIGUSR2');
  await eventually(async () => (await missingAt(node.url)).includes('clock'), 'the node to be out');
  await node.process.line(/clock and the database's are apart/);
  for (const time of ['business_time', 'wall_time'] as const) {
    const apartMs = Date.parse((await readClock(node.url))[time]) - Date.now();
    assert.ok(Math.abs(apartMs) < 5_000, `${time} is ${apartMs} ms ahead`);
  }
  // Without a balancer it is paid at: what it makes bears the right time, as what is looked for by its time needs.
  const paid = await createOppClient(node.url, stack.traces).pay({ type: 'PA' });
  const captured = await createOppClient(node.url, stack.traces).operate(paid.id, { type: 'CP', amount: '1.00' });
  for (const { code, id } of [paid, captured]) {
    assert.equal(code, succeeded);
    const apartMs = Number.parseInt(id.slice(0, 12), 16) - Date.now();
    assert.ok(Math.abs(apartMs) < 10_000, `the id is ${apartMs} ms ahead`);
  }
  // Its background work looks around meanwhile.
  await delay(1_500);
  node.process.child.kill('SIGUSR2');
  await eventually(async () => (await missingAt(node.url)).length === 0, 'the node to be ready again');
  await node.process.line(/clock and the database's agree again/);

  // What another leaves behind after that is found as always.
  const other = await startNode({ CLOCK_AHEAD_MS: '0' });
  const entries = (await stack.host.books()).length;
  await stack.host.addFault({ fault: 'slow', delay_ms: 3_000 });
  createOppClient(other.url, stack.traces)
    .pay({})
    .catch(() => undefined);
  await eventually(async () => (await stack.host.books()).length > entries, 'the host to book it');
  await other.kill();
  const last = async () => {
    const { rows } = await stack.database.query<{ id: string; state: string }>(
      'select operation_id as id, state from polygate.operation order by operation_id desc limit 1',
    );
    return { id: rows[0]?.id.replaceAll('-', '') ?? '', state: rows[0]?.state };
  };
  await eventually(async () => (await last()).state === 'undone', 'the payment of the dead node to be undone');
  assert.equal((await createOppClient(node.url, stack.traces).read((await last()).id)).code, undone);
  await node.kill();
  await stack.startGateway();
});
