/** The console API's document: valid, of every route and of nothing else, and silent about published keys in live mode. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Validator } from '@seriousme/openapi-schema-validator';
import Fastify from 'fastify';
import { describeConsole } from '../src/console-api/openapi.ts';
import type { ConsoleParts } from '../src/console-api/parts.ts';
import { addConsoleRoutes, consoleRoutes } from '../src/console-api/routes.ts';
import { dialects } from '../src/dialects/registry.ts';
import { createConsoleClient, operatorKey, viewerKey } from './harness/console.ts';
import { type Stack, startStack } from './harness/stack.ts';

let stack: Stack;
const url = () => `http://127.0.0.1:${stack.config.port}`;
const client = createConsoleClient(url);
before(async () => {
  stack = await startStack();
});
after(() => stack?.stop());

interface Operation {
  readonly description: string;
  readonly parameters: readonly { readonly name: string; readonly in: string; readonly required: boolean }[];
  readonly requestBody?: { readonly content: { readonly 'application/json': { readonly example?: object } } };
}

interface Document {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

const routes = consoleRoutes({ dialects } as unknown as ConsoleParts);
const { document, credential } = describeConsole(routes, 'live') as { readonly document: Document; readonly credential?: object };
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ method, path: path.replace('/console-api', ''), operation })),
);

test('the document is valid OpenAPI 3.1', async () => {
  const response = await fetch(`${url()}/docs/console/openapi.json`);
  assert.equal(response.status, 200);
  const served = (await response.json()) as Document;
  assert.match(served.openapi, /^3\.1\./);
  const { valid, errors } = await new Validator().validate(served as unknown as Record<string, unknown>);
  assert.ok(valid, JSON.stringify(errors, null, 1));
  assert.deepEqual(Object.keys(served.paths), Object.keys(document.paths));
});

test('every route is described, and nothing else', () => {
  const served: string[] = [];
  const app = Fastify();
  app.addHook('onRoute', ({ method, url: path }) => {
    served.push(`${String(method).toLowerCase()} ${path}`);
  });
  addConsoleRoutes(app, {} as ConsoleParts, routes);
  const described = operations.map(({ method, path }) => `${method} /console-api${path.replaceAll(/\{(\w+)\}/g, ':$1')}`);
  assert.ok(described.length > 40);
  assert.deepEqual(described.sort(), served.sort());
});

test('every act that takes a body has a sample, and every route says which role it needs', () => {
  for (const { method, path, operation } of operations) {
    assert.match(operation.description, /Needs the role \*\*(viewer|operator|admin)\*\*\.$/, `${method} ${path}`);
    const body = operation.requestBody?.content['application/json'];
    assert.ok(body === undefined || body.example !== undefined, `${method} ${path} has no sample`);
  }
});

test('in live mode no published key is filled in', () => {
  assert.equal(credential, undefined);
  assert.doesNotMatch(JSON.stringify(document), /sandbox-/);
});

test('the page of the API is there, and the list names it', async () => {
  assert.match(await (await fetch(`${url()}/docs`)).text(), /href="\/docs\/console"/);
  const page = await fetch(`${url()}/docs/console`);
  assert.deepEqual([page.status, page.headers.get('content-type')], [200, 'text/html; charset=utf-8']);
});

const nobody = '018f0000-0000-7000-8000-00000000dead';
const nowhere = {
  ...Object.fromEntries(
    ['merchant', 'channel', 'credential', 'endpoint', 'payment', 'operation', 'dispute', 'document', 'operator', 'settlement', 'rule'].map(
      (noun) => [`${noun}_id`, nobody],
    ),
  ),
  name: 'nowhere',
};

test('nobody gets anything without a key, and a viewer only looks', async () => {
  for (const { method, path, operation } of operations) {
    const verb = method as 'get';
    const request = { ids: { ...nowhere, sequence: '1' } };
    const anonymous = await client.call(verb, path, { ...request, key: 'nobody' });
    assert.deepEqual([anonymous.status, anonymous.body.error], [401, 'unauthorized'], `${method} ${path}`);
    if (!operation.description.endsWith('**viewer**.')) {
      const viewer = await client.call(verb, path, { ...request, key: viewerKey });
      assert.deepEqual([viewer.status, viewer.body.error], [403, 'forbidden'], `${method} ${path}`);
    } else assert.equal(method, 'get', `${method} ${path} changes something, and a viewer may do it`);
  }
});

test('an unknown parameter, and one that cannot be, is refused by its name; so is a body that is not a JSON object', async () => {
  for (const { method, path, operation } of operations) {
    const ids = { ...nowhere, sequence: '1' };
    const strange = await client.call(method as 'get', path, { ids, query: { surprise: 'x' } });
    assert.equal(strange.status, 400, `${method} ${path}`);
    assert.ok(
      strange.body.errors?.some(({ field }) => field === 'surprise'),
      strange.text,
    );
    for (const { name, in: place } of operation.parameters) {
      if (place !== 'path') continue;
      const wrong = await client.call(method as 'get', path, { ids: { ...ids, [name]: 'NOT AN ID' } });
      assert.deepEqual([wrong.status, wrong.body.errors?.[0]?.field], [400, name], `${method} ${path}: ${wrong.text}`);
    }
    if (method === 'get') continue;
    const stray = await client.call(method as 'post', path, { ids, body: { surprise: 1 } });
    assert.deepEqual([stray.status, stray.body.error], [400, 'bad_request'], `${method} ${path}: ${stray.text}`);
    assert.ok(
      stray.body.errors?.some(({ field }) => field === 'surprise'),
      stray.text,
    );
    const list = await client.call(method as 'post', path, { ids, body: [] });
    assert.equal(list.status, 400, `${method} ${path}: ${list.text}`);
  }
});

test('no value of a body breaks an act, whatever it is', async () => {
  for (const { method, path, operation } of operations) {
    const sample = operation.requestBody?.content['application/json'].example ?? {};
    for (const name of Object.keys(sample)) {
      for (const odd of ['a\0b', '\ud800', 'x'.repeat(5_000), -1, 1e300, null, [], {}]) {
        const { status, text } = await client.call(method as 'post', path, {
          ids: { ...nowhere, sequence: '1' },
          body: { ...sample, [name]: odd },
        });
        assert.ok(status < 500, `${method} ${path}, ${name} as ${JSON.stringify(odd).slice(0, 20)}: ${text}`);
      }
    }
  }
});

test('a time that does not exist is refused by its name, wherever a time is asked for', async () => {
  const spans = operations.flatMap(({ method, path, operation }) =>
    operation.parameters.filter(({ name }) => name === 'from' || name === 'to').map(({ name }) => ({ method, path, name })),
  );
  assert.ok(spans.length >= 10);
  for (const { method, path, name } of spans) {
    for (const time of [
      '2026-02-30',
      '2026-13-01',
      '0000-01-01',
      '2026-01-01T25:00Z',
      '5118-05-18T01:06-57:22',
      '2026-01-01T10:00+16:00',
    ]) {
      const query = { from: '2026-01-01', to: '2026-01-02', [name]: time };
      const { status, body, text } = await client.call(method as 'get', path, { ids: nowhere, query });
      assert.deepEqual([status, body.errors?.map(({ field }) => field)], [400, [name]], `${path} ${time}: ${text}`);
    }
  }
  const ids = { endpoint_id: nobody };
  const replay = await client.call('post', '/endpoints/{endpoint_id}/replay', { ids, body: { from: '2026-02-30' } });
  assert.deepEqual([replay.status, replay.body.errors?.map(({ field }) => field)], [400, ['from']], replay.text);
});

test('a cursor that was made up is refused by its name, or begins somewhere', async () => {
  const keys = ['\0', '9'.repeat(100), nobody, 'infinity', '5118-05-18T01:06-57:22'];
  const cursors = [[], ...keys.flatMap((key) => [1, 2].map((count) => Array.from({ length: count }, () => key)))];
  for (const { path, operation } of operations) {
    if (!operation.parameters.some(({ name }) => name === 'cursor')) continue;
    const ids = { ...nowhere, sequence: '1' };
    const needed = operation.parameters.some(({ name, required }) => name === 'from' && required);
    for (const keys of cursors) {
      const cursor = Buffer.from(JSON.stringify(keys)).toString('base64url');
      const query = { cursor, ...(needed ? { from: '2026-01-01', to: '2026-01-02' } : {}) };
      const { status, body, text } = await client.call('get', path, { ids, query });
      if (status !== 200)
        assert.deepEqual([status, body.errors?.map(({ field }) => field)], [400, ['cursor']], `${path} ${JSON.stringify(keys)}: ${text}`);
    }
  }
});

test('a list, and then the acts upon what it lists, over the same connection to the database', async () => {
  const lists = operations.filter(({ operation }) => operation.parameters.some(({ name }) => name === 'cursor'));
  const acts = operations.filter(
    ({ method, path }) => method === 'post' && path.includes('{') && path !== '/merchants/{merchant_id}/payout-fundings',
  );
  const ids = { ...nowhere, sequence: '1' };
  // A connection that was just used is used again at once.
  for (const { path } of lists) await client.done('get', path, { ids, key: operatorKey });
  for (const { path, operation } of acts) {
    const body = operation.requestBody?.content['application/json'].example;
    const { status, text } = await client.call('post', path, { ids, ...(body === undefined ? {} : { body }) });
    assert.ok(status < 500, `${path}: ${text}`);
  }
});

test('a body that is too large is refused, also by what takes none', async () => {
  const body = { filler: 'x'.repeat(200_000) };
  for (const { method, path } of operations) {
    if (method === 'get') continue;
    const answer = await client.call(method as 'post', path, { ids: { ...nowhere, sequence: '1' }, body });
    assert.deepEqual([answer.status, answer.body.error], [413, 'too_large'], `${method} ${path}`);
  }
});

test('words of operators are refused when a card number is among them, and the answer does not repeat it', async () => {
  const number = '4111 1111 1111 1111';
  const texts = operations.flatMap(({ method, path, operation }) => {
    const sample = operation.requestBody?.content['application/json'].example ?? {};
    const names = Object.keys(sample).filter((name) => ['name', 'reason', 'css'].includes(name));
    return names.map((name) => ({ method, path, name, body: { ...sample, [name]: `Ada ${number}` } }));
  });
  assert.ok(texts.length >= 7);
  texts.push({
    ...{ method: 'post', path: '/merchants/{merchant_id}/page-templates', name: 'texts.en.holder' },
    body: { name: 'a', texts: { en: { holder: number } } } as never,
  });
  for (const { method, path, name, body } of texts) {
    const { status, body: answer, text } = await client.call(method as 'post', path, { ids: nowhere, body });
    assert.deepEqual([status, answer.errors?.map(({ field }) => field)], [400, [name]], `${method} ${path}: ${text}`);
    assert.ok(!text.includes('1111'), text);
  }
});

test('what does not exist is not found', async () => {
  for (const { method, path } of operations) {
    if (method !== 'get' || !/\}$/.test(path)) continue;
    const { status, body } = await client.call('get', path, { ids: nowhere });
    assert.deepEqual([status, body.error], [404, 'not_found'], path);
  }
});

test('other paths and other methods are problems too', async () => {
  for (const [method, path] of [
    ['GET', '/nothing'],
    ['PUT', '/merchants'],
  ] as const) {
    const answer = await fetch(`${url()}/console-api${path}`, { method, headers: { authorization: `Bearer ${operatorKey}` } });
    assert.deepEqual([answer.status, answer.headers.get('content-type')], [404, 'application/problem+json; charset=utf-8']);
    const problem = (await answer.json()) as { readonly error: string; readonly detail: string };
    assert.equal(problem.error, 'not_found');
    assert.ok(problem.detail.includes(`${method} /console-api${path}`), problem.detail);
  }
});

test('every list is answered as described, as JSON and as CSV, to the last column', async () => {
  const lists = operations.filter(({ operation }) => operation.parameters.some(({ name }) => name === 'format'));
  assert.ok(lists.length >= 15);
  for (const { path, operation } of lists) {
    const span = operation.parameters.some(({ name, required }) => name === 'from' && required)
      ? { from: '2020-01-01', to: '2020-02-01' }
      : {};
    const request = { ids: { ...nowhere, sequence: '1' }, key: operatorKey };
    const json = await client.done('get', path, { ...request, query: span });
    const csv = await client.call('get', path, { ...request, query: { ...span, format: 'csv' } });
    assert.equal(csv.status, 200, csv.text);
    const [names = '', first] = csv.text.split('\r\n');
    const columns = Object.keys(json.items?.[0] ?? {});
    if (columns.length > 0) assert.deepEqual(names.split(','), columns, path);
    else assert.ok(names.length > 0 && first === '', path);
  }
});
