/** A database that is gone without a word, as when its machine loses power and another one takes its address. */
import assert from 'node:assert/strict';
import { after, before } from 'node:test';
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
