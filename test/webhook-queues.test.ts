/** The queues of webhooks: dead and slow endpoints, parking, the operator's commands, several nodes, a node that is killed. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { freePort } from '../src/local/ports.ts';
import { auditAfterEach } from './harness/auditor.ts';
import { createHooks, decryptOpp, type Hooks, hurryDeliveries } from './harness/hooks.ts';
import { type Listener, startListener } from './harness/listener.ts';
import { createOperator, type Operator } from './harness/operator.ts';
import { other } from './harness/opp.ts';
import { eventually, startProcess } from './harness/processes.ts';
import { type Stack, startStack } from './harness/stack.ts';

const demoEndpoint = '00000000-0000-7000-8000-000000002101';
let stack: Stack;
let hooks: Hooks;
let operator: Operator;
const listeners: Listener[] = [];

before(async () => {
  stack = await startStack({ webhooks: true });
  hooks = createHooks(stack.host.url);
  operator = createOperator(stack.env);
});
afterEach(async () => {
  for (const listener of listeners.splice(0)) await listener.close();
});
auditAfterEach(() => stack);
after(() => stack.stop());

async function listening(answer: Parameters<typeof startListener>[0]): Promise<Listener> {
  const listener = await startListener(answer);
  listeners.push(listener);
  return listener;
}

/** Everything that waits may go now, whatever pause it is in. */
const hurry = (): Promise<void> => hurryDeliveries(stack.database);

interface EndpointRow {
  readonly id: string;
  readonly state: string;
  readonly pending: number;
  readonly reason: string | null;
  readonly url: string;
}

async function endpoint(id: string): Promise<EndpointRow> {
  const found = (await operator.json<readonly EndpointRow[]>('webhook', 'list')).find((row) => row.id === id);
  assert.ok(found !== undefined, `no endpoint ${id}`);
  return found;
}

async function deliveredCount(id: string): Promise<number> {
  const { rows } = await stack.database.query<{ count: string }>(
    `select count(*) from polygate.delivery where endpoint_id = $1 and state = 'delivered'`,
    [id],
  );
  return Number(rows[0]?.count);
}

/** An endpoint of the other merchant, as an operator adds it. */
async function addEndpoint(url: string, ...more: readonly string[]): Promise<{ readonly id: string; readonly secret: string }> {
  return operator.json('webhook', 'add', '--merchant', '2', '--dialect', 'opp', '--url', url, ...more);
}

async function payAsOther(amount = '5.00'): Promise<string> {
  const card = { 'card.number': '4111111111111111', 'card.cvv': '123', 'card.expiryMonth': '12', 'card.expiryYear': '2034' };
  const body = new URLSearchParams({ entityId: other.entityId, paymentType: 'DB', amount, currency: 'EUR', ...card });
  const url = `http://127.0.0.1:${stack.config.port}/v1/payments`;
  const response = await fetch(url, { method: 'POST', headers: { authorization: other.bearer }, body });
  const answer = (await response.json()) as { readonly id: string; readonly result: { readonly code: string } };
  assert.equal(answer.result.code, '000.100.110');
  return answer.id;
}

test('an endpoint is sent nothing before it has acknowledged a test message, and then what has waited, under its own key', async () => {
  const shop = await listening((response) => response.writeHead(201).end());
  const { id, secret } = await addEndpoint(`${shop.url}/hook`, '--set', 'wrapper=json');
  assert.match(secret, /^[0-9a-f]{64}$/);
  const paid = await payAsOther();
  await eventually(async () => (await endpoint(id)).pending === 1, 'the event to wait');
  assert.deepEqual([(await endpoint(id)).state, shop.requests.length], ['inactive', 0]);
  const tested = await operator.run(['webhook', 'test', id]);
  assert.equal(tested.code, 0, tested.output);
  assert.match(tested.output, /answered HTTP 201 in \d+ ms\. The endpoint is active now, and is sent what waits for it\./);
  await eventually(() => shop.requests.length === 2, 'the event to come');
  const [test1, told] = shop.requests.map(({ headers, body }) => {
    assert.match(headers['content-type'] ?? '', /^application\/json/);
    return decryptOpp(
      { headers: headers as Record<string, string>, body, name: '', received_ms: 0, method: '', query: '', status: 0 },
      secret,
    );
  });
  assert.deepEqual(test1, {
    ...{ type: 'test', action: 'webhook activation' },
    payload: { result: { code: '000.100.110', description: "Request successfully processed in 'Merchant in Integrator Test Mode'" } },
  });
  assert.equal(told?.payload.id, paid);
  const removed = await operator.run(['webhook', 'remove', id]);
  assert.equal(removed.code, 0, removed.output);
  await payAsOther();
  // Events are taken in the order of their commits: when this one is told, the one before it was looked at.
  await hooks.clear('opp');
  await stack.api.pay({});
  await hooks.acknowledged('opp', 1);
  assert.equal(shop.requests.length, 2);
  const { rowCount } = await stack.database.query('select from polygate.delivery where endpoint_id = $1', [id]);
  assert.equal(rowCount, 1);
  assert.match((await operator.run(['webhook', 'test', id])).output, /There is no endpoint/);
});

test('endpoints that never answer delay nobody else, and pause by themselves', async () => {
  const silent = await listening(() => undefined);
  const { id } = await addEndpoint(silent.url);
  await stack.database.query(`update polygate.endpoint set state = 'active' where endpoint_id = $1`, [id]);
  for (let index = 0; index < 30; index += 1) await payAsOther('1.00');
  await eventually(() => silent.requests.length > 0, 'the silent endpoint to be asked');
  await hooks.clear('opp');
  for (let index = 0; index < 20; index += 1) await stack.api.pay({ amount: '2.00' });
  const told = await hooks.acknowledged('opp', 20);
  assert.equal(told.length, 20);
  // None of the others has an answer yet, and they do not pile up.
  assert.equal(await deliveredCount(id), 0);
  assert.ok(silent.requests.length <= 20, `${silent.requests.length} under way at once`);
  await operator.run(['webhook', 'remove', id]);
});

test('an endpoint that fails pauses longer and longer, is parked at the end of the ladder, and resumed by a test message', async () => {
  let status = 500;
  const shop = await listening((response) => response.writeHead(status).end('no'));
  const { id } = await addEndpoint(shop.url);
  await stack.database.query(`update polygate.endpoint set state = 'active' where endpoint_id = $1`, [id]);
  const first = await payAsOther();
  await eventually(async () => {
    await hurry();
    return shop.requests.length >= 4;
  }, 'four tries');
  const paused = await operator.json<readonly { readonly id: string; readonly pausedUntil: string | null; readonly reason: string }[]>(
    'webhook',
    'list',
  );
  assert.equal(paused.find((row) => row.id === id)?.reason, 'HTTP 500');
  // The next failure is the last that the protocol allows.
  await stack.database.query('update polygate.delivery set tries = 36 where endpoint_id = $1', [id]);
  await eventually(async () => {
    await hurry();
    return (await endpoint(id)).state === 'parked';
  }, 'the endpoint to be parked');
  const second = await payAsOther();
  assert.match((await endpoint(id)).reason ?? '', /nothing was acknowledged in 37 tries of the same event, the last ended with: HTTP 500/);
  assert.match((await operator.run(['webhook', 'test', id])).output, /did not acknowledge: it answered HTTP 500, "no"/);
  const waiting = new RegExp(`^1 waits for the next try; once \`polygate webhook test ${id}\` is acknowledged, that is now\\.$`, 'm');
  assert.match((await operator.run(['webhook', 'replay', id, '--payment', id])).output, waiting);
  assert.equal((await endpoint(id)).state, 'parked');
  status = 200;
  const before = shop.requests.length;
  assert.equal((await operator.run(['webhook', 'test', id])).code, 0);
  await eventually(async () => (await deliveredCount(id)) === 1, 'what has waited to be told');
  const given = await operator.json<readonly { readonly state: string; readonly lastProblem: string }[]>(
    'webhook',
    'deliveries',
    id,
    '--state',
    'given_up',
  );
  assert.deepEqual(
    given.map(({ state, lastProblem }) => ({ state, lastProblem })),
    [{ state: 'given_up', lastProblem: 'HTTP 500' }],
  );
  const replayed = await operator.run(['webhook', 'replay', id, '--failed']);
  assert.match(replayed.output, /1 event is told again\.$/);
  await eventually(async () => (await deliveredCount(id)) === 2, 'what was given up to be told');
  assert.equal(shop.requests.length - before, 3);
  assert.notEqual(first, second);
  status = 410;
  await payAsOther();
  await eventually(async () => (await endpoint(id)).state === 'parked', 'an endpoint that is gone to be parked');
  assert.match((await endpoint(id)).reason ?? '', /HTTP 410/);
  status = 200;
  assert.match((await operator.run(['webhook', 'test', id])).output, /active now, and is sent what waits for it/);
  // Not only when its next try would have been.
  await eventually(async () => (await deliveredCount(id)) === 3, 'what has waited to be told at once');
  await operator.run(['webhook', 'remove', id]);
});

test('one event, one payment or a span of time is told again', async () => {
  const held = await stack.api.pay({ type: 'PA', amount: '10.00' });
  await stack.api.operate(held.id, { type: 'CP', amount: '10.00' });
  const { rows } = await stack.database.query<{ payment_id: string }>(
    `select payment_id from polygate.operation where replace(operation_id::text, '-', '') = $1`,
    [held.id],
  );
  const payment = rows[0]?.payment_id ?? '';
  const told = async () => {
    const found = await operator.json<readonly { readonly state: string }[]>('webhook', 'deliveries', demoEndpoint, '--payment', payment);
    return found.filter(({ state }) => state === 'delivered').length;
  };
  await eventually(async () => (await told()) === 2, 'both events to be told');
  await hooks.clear('opp');
  assert.match((await operator.run(['webhook', 'replay', demoEndpoint, '--payment', payment, '--sequence', '2'])).output, /^1 event is/m);
  const [again] = await hooks.acknowledged('opp', 1);
  assert.equal(again && decryptOpp(again).payload.paymentType, 'CP');
  assert.match((await operator.run(['webhook', 'replay', demoEndpoint, '--payment', payment])).output, /^2 events are/m);
  const both = await hooks.acknowledged('opp', 3);
  assert.deepEqual(
    both.slice(1).map((hook) => decryptOpp(hook).payload.paymentType),
    ['PA', 'CP'],
  );
  assert.match((await operator.run(['webhook', 'replay', demoEndpoint, '--to', '2020-01-01'])).output, /^0 events are/m);
  assert.match((await operator.run(['webhook', 'replay', demoEndpoint])).output, /Say what to tell again/);
});

test('what cannot work is refused when an endpoint is added', async () => {
  const url = 'https://shop.example/hook';
  const refusals: readonly (readonly [args: readonly string[], reason: RegExp])[] = [
    [['--merchant', '99', '--dialect', 'opp', '--url', url], /There is no merchant 99\./],
    [['--merchant', '2', '--dialect', 'morse', '--url', url], /There is no dialect morse\. Choose one of opp/],
    [['--merchant', '2', '--dialect', 'opp', '--url', 'https://10.0.0.1/'], /10\.0\.0\.1 is no public address/],
    [['--merchant', '2', '--dialect', 'opp', '--url', url, '--channel', 'x'], /Merchant 2 has no channel x that speaks opp/],
    [['--merchant', '2', '--dialect', 'opp', '--url', url, '--secret', 'abc'], /expected 64 hex digits/],
    [['--merchant', '2', '--dialect', 'opp', '--url', url, '--set', 'wrapper=xml'], /expected none or json/],
    [['--merchant', '2', '--dialect', 'opp', '--url', url, '--set', 'color=red'], /no setting "color" here; there are: wrapper, fields/],
  ];
  for (const [args, reason] of refusals) {
    const { code, output } = await operator.run(['webhook', 'add', ...args]);
    assert.equal(code, 1, output);
    assert.match(output, reason);
  }
});

const gatewayProcess = join(import.meta.dirname, 'harness', 'gateway-process.ts');

async function startNode(port: number) {
  const { NODE_TEST_CONTEXT: _, ...inherited } = process.env;
  const node = startProcess(process.execPath, [gatewayProcess], { env: { ...inherited, ...stack.env, PORT: String(port) } });
  await node.line(/^listening/);
  return node;
}

test('two nodes share the work: each event once, in order', async () => {
  const node = await startNode(await freePort());
  await hooks.clear('opp');
  const payments = await Promise.all(
    Array.from({ length: 12 }, async () => {
      const held = await stack.api.pay({ type: 'PA', amount: '9.00' });
      const captures = [];
      for (let index = 0; index < 3; index += 1) captures.push((await stack.api.operate(held.id, { type: 'CP', amount: '3.00' })).id);
      return [held.id, ...captures];
    }),
  );
  const told = (await hooks.acknowledged('opp', 48)).map((hook) => decryptOpp(hook).payload.id);
  assert.equal(told.length, 48);
  for (const ids of payments)
    assert.deepEqual(
      told.filter((id) => ids.includes(id ?? '')),
      ids,
    );
  node.child.kill('SIGTERM');
  await node.ended;
});

test('a node that is killed while it tells leaves the event to another, and it is recorded once', async () => {
  await stack.stopGateway();
  const node = await startNode(stack.config.port);
  await eventually(async () => (await fetch(`http://127.0.0.1:${stack.config.port}/readyz`)).ok, 'the node to be ready');
  await hooks.clear('opp');
  await hooks.order('opp', { status: 200, delay_ms: 600_000, times: 1 });
  const paid = await stack.api.pay({ amount: '4.00' });
  await eventually(async () => (await hooks.list('opp')).length === 1, 'the event to be under way');
  node.child.kill('SIGKILL');
  await node.ended;
  await stack.startGateway();
  const leased = `update polygate.delivery set due_at = now() where state = 'pending' and lease is not null and tries = 1`;
  await stack.database.query(leased);
  const again = await hooks.acknowledged('opp', 2);
  assert.deepEqual(
    again.map((hook) => decryptOpp(hook).payload.id),
    [paid.id, paid.id],
  );
  await eventually(async () => (await endpoint(demoEndpoint)).pending === 0, 'the delivery to be recorded');
  const { rows } = await stack.database.query<{ state: string; tries: number; attempts: string }>(
    `select d.state, d.tries, (select count(*) from polygate.delivery_attempt a where a.payment_id = d.payment_id) as attempts
    from polygate.delivery d where replace(d.operation_id::text, '-', '') = $1`,
    [paid.id],
  );
  assert.deepEqual(rows, [{ state: 'delivered', tries: 2, attempts: '1' }]);
});
