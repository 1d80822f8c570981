/** The webhook catcher of the sandbox, as endpoints are called and as people look at it. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type CaughtHook, createHooks } from './harness/hooks.ts';
import { type Sandbox, startSandbox } from './sandbox-process.ts';

let sandbox: Sandbox;
let url: string;
before(async () => {
  sandbox = await startSandbox();
  url = `http://127.0.0.1:${sandbox.httpPort}`;
});
after(() => sandbox.stop());

test('what is sent is kept as it came, by name', async () => {
  const hooks = createHooks(url);
  const text = '{"not": "parsed" ';
  const posted = await fetch(`${url}/hooks/shop?a=b`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-signature': 's' },
    body: text,
  });
  assert.deepEqual([posted.status, await posted.text()], [200, 'ok']);
  await fetch(`${url}/hooks/shop?id=1`);
  await fetch(`${url}/hooks/else`, { method: 'POST', body: 'x' });
  const [first, second, ...more] = await hooks.list('shop');
  const { headers, received_ms, ...kept } = first as CaughtHook;
  assert.deepEqual(kept, { name: 'shop', method: 'POST', query: 'a=b', body: text, status: 200 });
  assert.equal(headers['x-signature'], 's');
  assert.ok(received_ms > 0);
  assert.deepEqual([second?.method, second?.query, second?.body, more.length], ['GET', 'id=1', '', 0]);
  const all = (await (await fetch(`${url}/control/hooks`)).json()) as { readonly hooks: readonly CaughtHook[] };
  assert.equal(all.hooks.length, 3);
  await hooks.clear('shop');
  assert.deepEqual(await hooks.list('shop'), []);
  assert.equal((await hooks.list('else')).length, 1);
});

test('the next deliveries are answered as ordered, and then with 200 again', async () => {
  const hooks = createHooks(url);
  await hooks.order('busy', { status: 429, times: 2 });
  const answers = [];
  for (let index = 0; index < 3; index += 1) answers.push((await fetch(`${url}/hooks/busy`, { method: 'POST' })).status);
  assert.deepEqual(answers, [429, 429, 200]);
  await hooks.order('busy', { delay_ms: 50 });
  const startedMs = performance.now();
  assert.equal((await fetch(`${url}/hooks/busy`, { method: 'POST' })).status, 200);
  assert.ok(performance.now() - startedMs >= 45);
  assert.deepEqual(
    (await hooks.list('busy')).map(({ status }) => status),
    [429, 429, 200, 200],
  );
});

test('an order that makes no sense is refused with its field', async () => {
  const order = async (body: string) => {
    const response = await fetch(`${url}/control/hooks/x`, { method: 'POST', body });
    return { status: response.status, ...((await response.json()) as { readonly field?: string }) };
  };
  for (const [body, field] of Object.entries({
    '{"status":100}': 'status',
    '{"status":99}': 'status',
    '{"times":0}': 'times',
    '{"delay_ms":"1"}': 'delay_ms',
    '{"color":1}': 'color',
  })) {
    const refused = await order(body);
    assert.deepEqual([refused.status, refused.field], [400, field]);
  }
  assert.equal((await order('[]')).status, 400);
});

test('an endpoint that is asked whether it is willing says so', async () => {
  const response = await fetch(`${url}/hooks/payone`, { headers: { 'X-GCS-Webhooks-Endpoint-Verification': 'a-value' } });
  assert.deepEqual([response.status, await response.text()], [200, 'a-value']);
  assert.deepEqual(await createHooks(url).list('payone'), []);
});
