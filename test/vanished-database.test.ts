/** A database that is gone without a word, as when its machine loses power and another one takes its address. */
import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { auditedTests } from './harness/auditor.ts';
import { pending, succeeded } from './harness/opp-client.ts';
import { eventually } from './harness/processes.ts';
import { type Stack, startStack } from './harness/stack.ts';
import { startTcpProxy, type TcpProxy } from './harness/tcp-proxy.ts';

const timeoutMs = 4_000;
let stack: Stack;
let proxy: TcpProxy;
before(async () => {
  proxy = await startTcpProxy();
  stack = await startStack({ databaseUrlOf: proxy.through, env: { DATABASE_TIMEOUT_MS: String(timeoutMs) } });
});
after(async () => {
  await stack?.stop();
  await proxy?.close();
});
const audited = auditedTests(() => stack);

audited('what the gateway does by itself goes on as soon as payments could, also while nobody pays', async () => {
  await stack.host.addFault({ fault: 'no_answer', pan: '4242424242424242', times: 100 });
  const { id } = await stack.api.pay({ type: 'DB', card: '4242424242424242' });
  await stack.host.clearFaults();
  // Whatever looks after it has asked by then, and hears nothing.
  proxy.vanish();
  await stack.hurry();
  const startMs = performance.now();
  await delay(timeoutMs / 2);
  const stateOf = async () =>
    (await stack.database.query('select state from polygate.operation where operation_id = $1', [id])).rows[0]?.state;
  assert.equal(await stateOf(), 'unknown');
  await eventually(async () => (await stateOf()) === 'undone', 'what was unknown to be undone');
  const tookMs = performance.now() - startMs;
  assert.ok(tookMs < 2.5 * timeoutMs, `it took ${Math.round(tookMs)} ms`);
});

audited('what it was asked last is told as not certain or not done, and whoever comes next is paid by its successor', async () => {
  // Several connections of each pool.
  const paid = await Promise.all(Array.from({ length: 12 }, () => stack.api.pay({ type: 'DB' })));
  assert.ok(paid.every(({ code }) => code === succeeded));
  proxy.vanish();
  const startMs = performance.now();
  const lost = await stack.api.pay({ type: 'DB' });
  assert.ok(lost.status === 503 || lost.code === pending, JSON.stringify(lost));
  assert.ok(performance.now() - startMs < 6 * timeoutMs, 'the request hung');
  // One that waited in vain is enough: not every connection of the pool costs somebody a payment.
  await eventually(async () => (await stack.api.pay({ type: 'DB' })).code === succeeded, 'a payment over new connections');
  const next = await Promise.all(Array.from({ length: 12 }, () => stack.api.pay({ type: 'DB' })));
  assert.deepEqual([...new Set(next.map(({ code }) => code))], [succeeded]);
  await eventually(async () => (await fetch(`http://127.0.0.1:${stack.config.port}/readyz`)).ok, 'the gateway to be ready');
  assert.ok(stack.log().some((line) => line.includes('the database did not answer')));
});
