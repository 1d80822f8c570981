/** OPP: two status requests a minute for each payment, over all nodes; and the switches of a channel that concern status. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { readConfig } from '../src/config.ts';
import { type Gateway, startGateway } from '../src/gateway.ts';
import { audit } from './harness/auditor.ts';
import { approved, bearerOf, type Caller, debit, demo, encode, exchange, expectReply, other, plain, type Reply } from './harness/opp.ts';
import { type Stack, startStack } from './harness/stack.ts';

let stack: Stack;
let second: Gateway;
let urls: readonly [string, string];

before(async () => {
  stack = await startStack({ env: { REQUESTS_PER_MINUTE: '12' } });
  await stack.database.query('update polygate.channel set policies = $1 where wire_id = $2', [
    { strictSession: true, failedStatusIs200: true },
    other.entityId,
  ]);
  second = await startGateway(readConfig({ mode: 'sandbox', file: undefined, env: { ...stack.env, PORT: '0' } }), {
    logDestination: { write: () => undefined },
  });
  urls = [`http://127.0.0.1:${stack.config.port}`, second.url];
});
after(async () => {
  await second.stop();
  try {
    await audit(stack);
  } finally {
    await stack.stop();
  }
});

function status(id: string | undefined, { node = 0, as = demo }: { readonly node?: 0 | 1; readonly as?: Caller } = {}): Promise<Reply> {
  const path = `/v1/payments/${id}?${encode({ entityId: as.entityId })}`;
  return exchange(urls[node], { method: 'GET', path, headers: { authorization: as.bearer } });
}

async function pay(as = demo, more: Record<string, string> = {}): Promise<string> {
  const body = encode({ entityId: as.entityId, ...debit(more) });
  const headers = { authorization: as.bearer, 'content-type': 'application/x-www-form-urlencoded' };
  return (await exchange(urls[0], { method: 'POST', path: '/v1/payments', headers, body })).body.id ?? '';
}

/** As if so much time had gone by since the requests that count. */
async function pass(ms: number): Promise<void> {
  await stack.database.query('update polygate.request_window set hits = array(select hit - $1::bigint from unnest(hits) as hit)', [ms]);
}

test('the third request within a minute is told to wait, whichever node it comes to', async () => {
  const [id, another] = [await pay(), await pay()];
  const first = expectReply(await status(id), 200, approved);
  assert.deepEqual([first.headers['x-ratelimit-limit'], first.headers['x-ratelimit-remaining']], ['2', '1']);
  expectReply(await status(id, { node: 1 }), 200, approved);
  for (const node of [0, 1] as const) {
    const late = expectReply(await status(id, { node }), 429, '800.120.100');
    assert.equal(late.body.id, id);
    assert.equal(late.body.result?.description, 'Too many requests. Please try again later.');
    const waitS = Number(late.headers['retry-after']);
    assert.ok(Number.isInteger(waitS) && waitS >= 1 && waitS <= 60, `Retry-After: ${late.headers['retry-after']}`);
    assert.equal(late.headers['x-ratelimit-remaining'], '0');
  }
  expectReply(await status(another), 200, approved);
});

test('the minute slides, and being told to wait does not prolong it', async () => {
  const id = await pay();
  expectReply(await status(id), 200, approved);
  await pass(40_000);
  expectReply(await status(id), 200, approved);
  for (let time = 0; time < 3; time += 1) expectReply(await status(id), 429, '800.120.100');
  await pass(15_000);
  const waitS = Number(expectReply(await status(id), 429, '800.120.100').headers['retry-after']);
  assert.ok(waitS <= 5, `the first of the two is 55 seconds old, and Retry-After says ${waitS}`);
  await pass(5_000);
  expectReply(await status(id), 200, approved);
  expectReply(await status(id), 429, '800.120.100');
});

test('of many at the same moment two are answered', async () => {
  const id = await pay();
  const replies = await Promise.all(Array.from({ length: 10 }, (_, index) => status(id, { node: index % 2 === 0 ? 0 : 1 })));
  assert.equal(replies.filter((reply) => reply.status === 200).length, 2);
  assert.equal(replies.filter((reply) => reply.status === 429).length, 8);
});

test('what is not let in does not count, nor what does not exist', async () => {
  const id = await pay();
  const wrong = { ...demo, bearer: bearerOf(demo.entityId, 'wrong') };
  for (let time = 0; time < 3; time += 1) {
    expectReply(await status(id, { as: wrong }), 403, '800.900.300');
    expectReply(await status(id, { as: plain }), 404, '200.300.404');
    expectReply(await status('0'.repeat(32)), 404, '200.300.404');
  }
  expectReply(await status(id), 200, approved);
  expectReply(await status(id), 200, approved);
});

test('the query endpoints know no such limit, only one against floods', async () => {
  const id = await pay();
  const query = () =>
    exchange(urls[0], {
      method: 'GET',
      path: `/v1/query/${id}?${encode({ entityId: demo.entityId })}`,
      headers: { authorization: demo.bearer },
    });
  const replies = [];
  // Twice the limit: the minute may turn on the way.
  for (let time = 0; time < 30; time += 1) replies.push(await query());
  assert.ok(replies.slice(0, 10).every((reply) => reply.status === 200));
  const throttled = replies.find((reply) => reply.status === 429);
  assert.ok(throttled !== undefined);
  expectReply(throttled, 429, '800.120.100');
});

test('a channel with strict sessions tells a final result once, and nothing half an hour later', async () => {
  const id = await pay(other);
  expectReply(await status(id, { as: other }), 200, approved);
  const gone = expectReply(await status(id, { as: other }), 400, '200.300.404');
  assert.match(gone.body.result?.description ?? '', /No payment session found for the requested id/);
  const old = await pay(other);
  await stack.database.query(`update polygate.operation set created_at = created_at - interval '31 minutes' where operation_id = $1`, [
    old,
  ]);
  expectReply(await status(old, { as: other }), 400, '200.300.404');
  const query = {
    method: 'GET',
    path: `/v1/query/${old}?${encode({ entityId: other.entityId })}`,
    headers: { authorization: other.bearer },
  };
  expectReply(await exchange(urls[0], query), 200, approved);
});

test('a channel may have the status of a failed payment as HTTP 200; the payment itself stays 400', async () => {
  const id = await pay(other, { 'card.number': '4000000000000002' });
  expectReply(await status(id, { as: other }), 200, '800.100.152');
  const mine = await pay(demo, { 'card.number': '4000000000000002' });
  expectReply(await status(mine), 400, '800.100.152');
});

test('expired windows are removed', async () => {
  const id = await pay();
  expectReply(await status(id), 200, approved);
  const { deleteExpiredWindows } = await import('../src/store/request-window.ts');
  const { openDatabase } = await import('../src/postgres/connection.ts');
  const database = openDatabase({ url: stack.databaseUrl, applicationName: 'test', maxConnections: 1, purpose: 'general' });
  try {
    await stack.database.query(`update polygate.request_window set expires_at = now() - interval '1 second'`);
    assert.ok((await deleteExpiredWindows(database)) >= 1);
    assert.equal(await deleteExpiredWindows(database), 0);
  } finally {
    await database.close();
  }
});
