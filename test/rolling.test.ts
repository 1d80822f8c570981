/** Nodes that are stopped and started one after the other under load: no request is lost, none is doubled, and every event is told. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';
import { type RoundRobin, startRoundRobin } from '../bench/drill/round-robin.ts';
import type { Gateway } from '../src/gateway.ts';
import { auditAfterEach } from './harness/auditor.ts';
import { createHooks, decryptOpp, type Hooks } from './harness/hooks.ts';
import { createOppClient } from './harness/opp-client.ts';
import { eventually } from './harness/processes.ts';
import { type Stack, startStack } from './harness/stack.ts';

let stack: Stack;
let hooks: Hooks;
let balancer: RoundRobin;
const nodes: Gateway[] = [];
const portOf = ({ url }: Gateway): number => Number(new URL(url).port);

before(async () => {
  stack = await startStack({
    webhooks: true,
    env: { SHUTDOWN_NOTICE_MS: '1000', SHUTDOWN_TIMEOUT_MS: '30000', ACQUIRER_TIMEOUT_MS: '5000' },
  });
  hooks = createHooks(stack.host.url);
  for (let index = 0; index < 2; index += 1) nodes.push(await stack.startNode());
  // Whoever tells merchants is one of the nodes that come and go.
  await stack.stopGateway();
  balancer = await startRoundRobin(() => nodes.map(portOf));
});
auditAfterEach(() => stack);
after(async () => {
  await balancer.close();
  await stack.stop();
});

test('two nodes are restarted in turn, twice, and merchants notice nothing', async () => {
  const api = createOppClient(`http://127.0.0.1:${balancer.port}`, stack.traces);
  const isOver = new AbortController();
  const paid: { readonly id: string; readonly status: number; readonly code: string }[] = [];
  const workers = Array.from({ length: 6 }, async () => {
    while (!isOver.signal.aborted) {
      const { id, status, code } = await api.pay({ amount: '3.00' });
      paid.push({ id, status, code: code ?? '' });
    }
  });
  try {
    for (const index of [0, 1, 0, 1]) {
      const soFar = paid.length;
      await nodes[index]?.stop();
      nodes[index] = await stack.startNode();
      const isBack = () => balancer.isIn(portOf(nodes[index] as Gateway)) && paid.length >= soFar + 10;
      await eventually(isBack, 'the node to be back, and payments to go on');
    }
  } finally {
    isOver.abort();
    await Promise.all(workers);
  }
  assert.deepEqual(balancer.failed(), []);
  assert.deepEqual(
    paid.filter(({ status, code }) => status !== 200 || code !== '000.100.110'),
    [],
  );
  assert.equal(new Set(paid.map(({ id }) => id)).size, paid.length);
  const { rows } = await stack.database.query<{ state: string; count: number }>(
    `select state, count(*)::int as count from polygate.operation group by state`,
  );
  assert.deepEqual(rows, [{ state: 'approved', count: paid.length }]);
  const told = async () => {
    const ids = new Set<string | undefined>((await hooks.list('opp')).map((hook) => decryptOpp(hook).payload.id));
    return paid.every(({ id }) => ids.has(id));
  };
  await eventually(told, 'every payment to be told');
});

test('a node that stops says so, finishes what it has, and refuses what is new', async () => {
  const node = await stack.startNode();
  const url = new URL(node.url);
  // A request whose body is still to come is under way, and keeps the port open.
  const socket = connect({ host: url.hostname, port: Number(url.port) });
  await once(socket, 'connect');
  let heard = '';
  socket.setEncoding('utf8').on('data', (text: string) => {
    heard += text;
  });
  const idle = connect({ host: url.hostname, port: Number(url.port) });
  await once(idle, 'connect');
  let refused = '';
  idle.setEncoding('utf8').on('data', (text: string) => {
    refused += text;
  });
  socket.write(
    'POST /v1/payments HTTP/1.1\r\nhost: node\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: 10\r\n\r\nentit',
  );
  // Answered after the request above has begun.
  assert.equal((await fetch(`${node.url}/healthz`)).status, 200);
  const stopped = node.stop();
  const readiness = async () => {
    const answer = await fetch(`${node.url}/readyz`);
    return {
      status: answer.status,
      body: (await answer.json()) as { readonly missing: readonly string[] },
      connection: answer.headers.get('connection'),
    };
  };
  const said = await readiness();
  assert.deepEqual([said.status, said.body.missing, said.connection], [503, ['stopping'], 'close']);
  const isRefused = async () => (await fetch(`${node.url}/v1/payments`, { method: 'POST' })).status === 503;
  await eventually(isRefused, 'new requests to be refused');
  idle.write('GET /v1/payments/1 HTTP/1.1\r\nhost: node\r\n\r\n');
  await once(idle, 'close');
  assert.match(refused, /^HTTP\/1\.1 503 /);
  assert.match(refused, /connection: close\r\n/i);
  assert.match(refused, /has done nothing of this request/);
  assert.equal(heard, '');
  socket.write('yId=x');
  await once(socket, 'close');
  assert.match(heard, /^HTTP\/1\.1 4\d\d /);
  await stopped;
});
