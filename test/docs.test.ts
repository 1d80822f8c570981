/** `/docs`: what every dialect says of its API is a valid document, tells all of its routes, and gives nothing away in live mode. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Validator } from '@seriousme/openapi-schema-validator';
import Fastify from 'fastify';
import type { DialectContext } from '../src/dialects/dialect.ts';
import { dialects } from '../src/dialects/registry.ts';
import { exchange } from './harness/opp.ts';
import { type Stack, startStack } from './harness/stack.ts';

let stack: Stack;
let url: string;
before(async () => {
  stack = await startStack();
  url = `http://127.0.0.1:${stack.config.port}`;
});
after(() => stack?.stop());

interface Document {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

const get = (path: string, headers: Readonly<Record<string, string>> = {}) => exchange(url, { method: 'GET', path, headers });

for (const { name, loadApi, sandbox } of dialects) {
  const { describe, register } = await loadApi();
  test(`${name}: the document is valid OpenAPI 3.1`, async () => {
    const { status, text, headers } = await get(`/docs/${name}/openapi.json`);
    assert.deepEqual([status, headers['content-type']], [200, 'application/json; charset=utf-8']);
    const document = JSON.parse(text) as Document & object;
    assert.match(document.openapi, /^3\.1\./);
    const { valid, errors } = await new Validator().validate(document as unknown as Record<string, unknown>);
    assert.ok(valid, JSON.stringify(errors, null, 1));
  });

  test(`${name}: every route is described, and nothing else`, () => {
    const routes: string[] = [];
    const app = Fastify();
    // Routes for several methods at once refuse them; a HEAD comes with its GET.
    app.addHook('onRoute', ({ method, url: path }) => {
      if (typeof method === 'string' && method !== 'HEAD' && !path.includes('*')) routes.push(`${method.toLowerCase()} ${path}`);
    });
    register(app, {} as DialectContext);
    const { paths } = describe('sandbox').document as Document;
    const described = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`),
    );
    assert.deepEqual(described.sort(), routes.sort());
  });

  test(`${name}: in live mode no published credential is shown or filled in`, () => {
    const description = describe('live');
    assert.equal(description.credential, undefined);
    const text = JSON.stringify(description);
    const published = [
      ...(sandbox?.credentials.map(({ identifier }) => identifier) ?? []),
      ...(sandbox?.channels.map(({ wireId }) => wireId) ?? []),
    ];
    // A short number may be another number as well, in the middle of a text.
    for (const value of published) assert.ok(!text.includes(value.length > 8 ? value : JSON.stringify(value)), value);
  });

  test(`${name}: the page loads its own files only`, async () => {
    const { status, text, headers } = await get(`/docs/${name}`);
    assert.deepEqual([status, headers['content-type']], [200, 'text/html; charset=utf-8']);
    const policy = String(headers['content-security-policy']);
    assert.match(policy, /^default-src 'none'; script-src 'self';/);
    assert.doesNotMatch(policy, /unsafe|https?:|\*/);
    assert.doesNotMatch(text, /https?:|<style|<script(?![^>]* src=)|\sstyle=|\son\w+=/);
    const files = [...text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path = '']) => path);
    assert.ok(files.length >= 5);
    for (const path of files) assert.equal((await get(path)).status, 200, path);
  });
}

test('the list names every dialect', async () => {
  const { status, text } = await get('/docs');
  assert.equal(status, 200);
  for (const { name } of dialects) assert.ok(text.includes(`href="/docs/${name}"`));
  const bare = await get('/');
  assert.deepEqual([bare.status, bare.headers.location], [302, '/docs']);
  const moved = await get('/docs/');
  assert.deepEqual([moved.status, moved.headers.location], [308, '/docs']);
});

test('what is not there is answered like any other path', async () => {
  for (const path of ['/docs/morse', '/docs/assets/nothing.js', '/docs/assets/..%2Froutes.ts', '/docs/morse/openapi.json']) {
    const { status, body } = await get(path);
    assert.deepEqual([status, body.error], [404, 'not_found'], path);
  }
});

test('files are compressed for those who take it, and sent once to those who keep them', async () => {
  const path = '/docs/assets/page.js';
  const plain = await get(path);
  assert.equal(plain.headers['content-encoding'], undefined);
  const etag = String(plain.headers.etag);
  const response = await fetch(`${url}${path}`, { headers: { 'accept-encoding': 'gzip' } });
  assert.deepEqual([response.headers.get('content-encoding'), await response.text()], ['gzip', plain.text]);
  const again = await get(path, { 'if-none-match': etag });
  assert.deepEqual([again.status, again.text], [304, '']);
});
