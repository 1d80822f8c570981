/** What an operator sees of a payment: its name in every log line, the time of its steps, its trace, and the page of metrics that describes all. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { readConfig } from '../src/config.ts';
import { startGateway } from '../src/gateway.ts';
import { freePort } from '../src/local/ports.ts';
import { readSources } from './architecture.ts';
import { approved, debit, expectReply, type OppStack, startOppStack } from './harness/opp.ts';
import { type Collector, type ReceivedSpan, startCollector } from './harness/otlp.ts';
import { eventually } from './harness/processes.ts';

let collector: Collector;
let stack: OppStack;
before(async () => {
  collector = await startCollector();
  stack = await startOppStack({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_SERVICE_NAME: 'gateway-of-a-test' });
});
after(async () => {
  await stack.finish();
  await collector.stop();
});

interface LogLine {
  readonly msg: string;
  readonly requestId?: string;
  readonly paymentId?: string;
  readonly operationId?: string;
  readonly traceId?: string;
  readonly work?: string;
}

const lines = (): readonly LogLine[] => stack.parts.log().map((line) => JSON.parse(line) as LogLine);

const childrenOf = (parent: ReceivedSpan): readonly string[] =>
  collector.spans().flatMap((span) => (span.parentSpanId === parent.spanId ? [span.name] : []));

const uuidOf = (id: string): string => id.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');

test('an answer bears the id of its request and, in the sandbox, the time of each step', async () => {
  const paid = expectReply(await stack.post('/v1/payments', debit()), 200, approved);
  assert.match(String(paid.headers['x-request-id']), /^[0-9a-f]{8}-[0-9a-f]{4}-7/);
  const timing = String(paid.headers['server-timing']);
  const names = timing.split(', ').map((part) => {
    const [, name] = /^(\w+);dur=\d+\.\d$/.exec(part) ?? [];
    assert.ok(name !== undefined, timing);
    return name;
  });
  assert.deepEqual(names.toSorted(), ['acquirer', 'first_transaction', 'read', 'second_transaction', 'total', 'vault']);
});

test('a payment is one trace: the request, and in it both transactions around the acquirer', async () => {
  const paid = expectReply(await stack.post('/v1/payments', debit()), 200, approved);
  const requestId = String(paid.headers['x-request-id']);
  const root = await collector.span('the request', ({ attributes }) => attributes['polygate.request_id'] === requestId);
  assert.equal(root.name, 'POST /v1/payments');
  assert.equal(root.service, 'gateway-of-a-test');
  assert.equal(root.parentSpanId ?? '', '');
  assert.equal(root.attributes['http.response.status_code'], 200);
  assert.equal(root.attributes['polygate.operation_id'], uuidOf(paid.body.id ?? ''));
  const wanted = ['acquirer', 'first_transaction', 'second_transaction', 'vault'];
  await eventually(() => childrenOf(root).length >= wanted.length, 'the steps of the request');
  assert.deepEqual(childrenOf(root).toSorted(), wanted);
  assert.ok(collector.spans().every(({ traceId, parentSpanId }) => parentSpanId !== root.spanId || traceId === root.traceId));
});

test('what the gateway resolves by itself has a trace and log lines of its own, with the payment that they are about', async () => {
  const lost = expectReply(await stack.post('/v1/payments', debit({ 'card.number': '4000000000000929' })), 200, '000.200.000');
  const operationId = uuidOf(lost.body.id ?? '');
  const resolved = async () => {
    await stack.parts.hurry();
    const { rows } = await stack.parts.database.query('select state from polygate.operation where operation_id = $1', [operationId]);
    return rows[0]?.state === 'undone';
  };
  await eventually(resolved, 'the payment to be undone');
  const isResolution = ({ name, attributes }: ReceivedSpan) => name === 'resolution' && attributes['polygate.operation_id'] === operationId;
  const root = await collector.span('its resolution', isResolution);
  await eventually(() => childrenOf(root).includes('acquirer'), 'the reversal in the trace');
  assert.match(String(root.attributes['polygate.payment_id']), /^[0-9a-f-]{36}$/);
});

test('log lines of a request bear its id, its payment and its trace', async () => {
  await stack.parts.database.query('alter table vault.card rename to card_away');
  const paid = await stack
    .post('/v1/payments', debit())
    .finally(() => stack.parts.database.query('alter table vault.card_away rename to card'));
  const requestId = String(paid.headers['x-request-id']);
  const told = lines().filter((line) => line.requestId === requestId);
  assert.ok(told.length > 0, 'the card could not be stored, and nothing was logged');
  for (const { paymentId, operationId, traceId } of told) {
    assert.match(paymentId ?? '', /^[0-9a-f-]{36}$/);
    assert.match(operationId ?? '', /^[0-9a-f-]{36}$/);
    assert.match(traceId ?? '', /^[0-9a-f]{32}$/);
  }
});

test('a collector that is away is told once, and so is that it is back', async () => {
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const told: { readonly level: number; readonly msg: string; readonly error?: string }[] = [];
  const node = await startGateway(
    readConfig({ mode: 'sandbox', file: undefined, env: { ...stack.parts.env, PORT: '0', OTEL_EXPORTER_OTLP_ENDPOINT: endpoint } }),
    { logDestination: { write: (line) => void told.push(JSON.parse(line)) } },
  );
  const ofTraces = () => told.filter(({ msg }) => /OTEL_EXPORTER_OTLP_ENDPOINT/.test(msg));
  const asked = async () => void (await (await fetch(`${node.url}/v1/query/none`)).text());
  try {
    await asked();
    await eventually(() => ofTraces().length > 0, 'the loss of traces in the log');
    assert.equal(ofTraces()[0]?.level, 40);
    assert.match(ofTraces()[0]?.error ?? '', /ECONNREFUSED/);
    await asked();
    const late = await startCollector(port);
    try {
      const isBack = async () => {
        await asked();
        return ofTraces().length > 1;
      };
      await eventually(isBack, 'the collector to be told as back');
    } finally {
      await late.stop();
    }
    assert.deepEqual(
      ofTraces().map(({ level }) => level),
      [40, 30],
    );
  } finally {
    await node.stop();
  }
});

test('no trace has anything of a card', async () => {
  expectReply(await stack.post('/v1/payments', debit({ 'card.holder': 'Grace Traceless' })), 200, approved);
  const count = collector.spans().length;
  await eventually(() => collector.spans().length > count, 'more spans');
  assert.equal(/4111111111111111|Traceless|"123"|"2034"/.exec(collector.bodies())?.[0], undefined);
});

/** The rows of the table, `| name | type | labels | …`. */
function documented(): ReadonlyMap<string, string> {
  const text = readFileSync(join(import.meta.dirname, '..', 'docs', 'observability.md'), 'utf8');
  const rows = [...text.matchAll(/^\| `(polygate_\w+)` \| (\w+) \|([^|]*)\|/gm)];
  return new Map(
    rows.map(([, name = '', type = '', labels = '']) => [
      name,
      `${type} ${[...labels.matchAll(/`(\w+)`/g)].map(([, label]) => label).join(',')}`,
    ]),
  );
}

test('the page of metrics is what /metrics shows: every name with its type, and no label that it does not name', async () => {
  const { text } = await stack.send({ method: 'GET', path: '/metrics' });
  const types = new Map([...text.matchAll(/^# TYPE (polygate_\w+) (\w+)$/gm)].map(([, name = '', type = '']) => [name, type]));
  const table = documented();
  assert.deepEqual([...table.keys()].toSorted(), [...types.keys()].toSorted());
  for (const [name, row] of table) {
    const [type, labels = ''] = row.split(' ');
    assert.equal(types.get(name), type, name);
    const shown = [...text.matchAll(new RegExp(`^${name}(?:_bucket|_sum|_count)?\\{([^}]*)\\}`, 'gm'))].flatMap(([, list = '']) =>
      [...list.matchAll(/(\w+)="/g)].map(([, label = '']) => label),
    );
    const known = labels.split(',').filter((label) => label !== '');
    assert.deepEqual(
      [...new Set(shown)].filter((label) => label !== 'le' && !known.includes(label)),
      [],
      name,
    );
  }
});

test('example alerts name only metrics that exist', () => {
  const text = readFileSync(join(import.meta.dirname, '..', 'docs', 'observability.md'), 'utf8');
  const rules = /```yaml\n([\s\S]*?)```/.exec(text)?.[1] ?? '';
  const used = [...rules.matchAll(/polygate_\w+/g)].map(([name]) => name.replace(/_(?:bucket|sum|count)$/, ''));
  assert.ok(used.length >= 8);
  const table = documented();
  assert.deepEqual(
    used.filter((name) => !table.has(name)),
    [],
  );
});

test('after a payment, its steps and the state of what waits are measured', async () => {
  const { body } = expectReply(await stack.post('/v1/payments', debit()), 200, approved);
  expectReply(await stack.post(`/v1/payments/${body.id}`, { paymentType: 'RF', amount: '1.00', currency: 'EUR' }), 200, approved);
  const { text } = await stack.send({ method: 'GET', path: '/metrics' });
  const value = (series: string) =>
    Number(
      text
        .split('\n')
        .find((line) => line.startsWith(`${series} `))
        ?.slice(series.length + 1),
    );
  for (const step of ['read', 'first_transaction', 'vault', 'acquirer', 'second_transaction', 'lookup']) {
    assert.ok(value(`polygate_step_duration_seconds_count{step="${step}"}`) > 0, step);
  }
  assert.equal(value('polygate_acquirer_connections'), stack.parts.config.acquirerConnections);
  assert.equal(value('polygate_open_visits'), 0);
  for (const state of ['inactive', 'active', 'parked', 'paused']) assert.equal(value(`polygate_outbox_depth{state="${state}"}`), 0);
  for (const work of ['schedules', 'holds', 'visits', 'orders', 'settlements'])
    assert.ok(value(`polygate_due_lag_seconds{work="${work}"}`) >= 0, work);
});

test('OpenTelemetry is loaded by one file, when it is asked to', () => {
  const sources = readSources(join(import.meta.dirname, '..'), ['src']);
  const users = sources.filter(({ text }) => text.includes("'@opentelemetry/"));
  assert.deepEqual(
    users.map(({ path }) => path),
    ['src/observability/tracing.ts'],
  );
  assert.doesNotMatch(users[0]?.text ?? '', /^import .*@opentelemetry/m);
  const importers = sources.filter(({ text }) => /^import (?!type ).*\/tracing\.ts'/m.test(text));
  assert.deepEqual(importers, []);
});
