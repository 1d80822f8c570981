/** Clients that send too much, too slowly, or do not read; and too many connections: all of it through real sockets. */
import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import { approved, bearerOf, debit, demo, encode, exchange, expectReply, useOppStack } from './harness/opp.ts';
import { eventually } from './harness/processes.ts';

const stack = useOppStack({
  env: {
    ...{ HEADERS_TIMEOUT_MS: '1000', REQUEST_TIMEOUT_MS: '2000', READ_TIMEOUT_MS: '1000', REQUEST_HEADER_LIMIT_BYTES: '8192' },
    ...{ CONNECTIONS_PER_ADDRESS: '40', CONNECTIONS_AT_MOST: '60', REQUEST_BODY_LIMIT_BYTES: '4096' },
  },
});

interface Wire {
  readonly socket: Socket;
  text(): string;
  isOver(): boolean;
}

function open(localAddress?: string): Promise<Wire> {
  const { promise, resolve, reject } = Promise.withResolvers<Wire>();
  const { port } = new URL(stack.url);
  const chunks: Buffer[] = [];
  let over = false;
  const socket = connect({ host: '127.0.0.1', port: Number(port), ...(localAddress === undefined ? {} : { localAddress }) }, () =>
    resolve({ socket, text: () => Buffer.concat(chunks).toString('latin1'), isOver: () => over }),
  );
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  socket.on('close', () => {
    over = true;
  });
  // A connection that is cut off may be reset.
  socket.on('error', reject);
  return promise;
}

async function cutOff({ isOver, socket }: Wire): Promise<void> {
  await eventually(isOver, 'the connection to be cut off');
  socket.destroy();
}

const pays = async () => expectReply(await stack.post('/v1/payments', debit()), 200, approved);

/** How many connections the gateway says it has cut off for this cause. */
async function cut(cause: string): Promise<number> {
  const { text } = await exchange(stack.url, { method: 'GET', path: '/metrics' });
  return Number(new RegExp(`polygate_cut_connections_total\\{cause="${cause}"\\} (\\d+)`).exec(text)?.[1] ?? 0);
}
const head = ['POST /v1/payments HTTP/1.1', 'Host: gateway', 'Content-Type: application/x-www-form-urlencoded'];

test('a client that never finishes the head of its request is cut off, whether it sends a little now and then or nothing at all', async () => {
  const [dripping, silent] = [await open(), await open()];
  dripping.socket.write('GET /healthz HTTP/1.1\r\nHost: gateway\r\n');
  const drip = setInterval(() => dripping.socket.write('X-More: and more\r\n'), 100);
  await cutOff(dripping);
  clearInterval(drip);
  assert.match(
    dripping.text(),
    /^HTTP\/1.1 408 [\s\S]*"error":"request_timeout","message":"The request was not complete in time; it was not carried out\./,
  );
  await cutOff(silent);
  await pays();
  assert.ok((await cut('slow_request')) >= 2);
});

test('a client that never finishes the body of its request is cut off', async () => {
  const wire = await open();
  wire.socket.write(`${[...head, 'Content-Length: 2000', '', ''].join('\r\n')}entityId=`);
  const drip = setInterval(() => wire.socket.write('0'), 100);
  await cutOff(wire);
  clearInterval(drip);
  assert.match(wire.text(), /^HTTP\/1.1 (408|400) /);
});

test('a client that does not read its answers is cut off', async () => {
  const wire = await open();
  wire.socket.pause();
  // More than the systems on both sides keep for a reader.
  wire.socket.write('GET /docs/assets/swagger-ui-bundle.js HTTP/1.1\r\nHost: gateway\r\n\r\n'.repeat(5));
  await eventually(async () => (await cut('slow_reader')) === 1, 'the connection to be cut off');
  wire.socket.resume();
  await cutOff(wire);
  await pays();
});

test('a head that is too large is refused', async () => {
  const wire = await open();
  wire.socket.write(`GET /healthz HTTP/1.1\r\nHost: gateway\r\nX-Large: ${'x'.repeat(9_000)}\r\n\r\n`);
  await cutOff(wire);
  assert.match(wire.text(), /^HTTP\/1.1 431 [\s\S]*"error":"header_too_large","message":"[^"]* more than 8192 bytes together\./);
  assert.equal(await cut('header_size'), 1);
});

test('what is no request, or ends too early, is told what is wrong, and nothing of what was sent', async () => {
  const card = '4111111111111111';
  const post = 'POST /v1/payments HTTP/1.1\r\nHost: gateway\r\n';
  for (const [sent, error, message] of [
    [`card.number=${card}\r\n\r\n`, 'unreadable_request', /no request of HTTP\/1\.1.*https/],
    [Buffer.from([0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3]), 'unreadable_request', /speaks TLS/],
    [`post /v1/payments HTTP/1.1\r\nHost: gateway\r\n\r\n`, 'unreadable_request', /a method that there is, in capitals/],
    [`PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n`, 'unreadable_request', /HTTP\/2/],
    [`GET /v1/payments/é${card} HTTP/1.1\r\nHost: gateway\r\n\r\n`, 'unreadable_request', /percent signs/],
    [`${post}Card Number: ${card}\r\n\r\n`, 'unreadable_request', /A header of the request/],
    [`${post}Content-Length: ${card}x\r\n\r\n`, 'unreadable_request', /Content-Length once/],
    [`${post}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n`, 'unreadable_request', /not both/],
    [`${post}Transfer-Encoding: chunked\r\n\r\n${card}xyz\r\n`, 'unreadable_request', /chunks/],
    [
      `${post}Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 500\r\n\r\ncard.number=${card}`,
      'incomplete_request',
      /Content-Length says/,
    ],
  ] as const) {
    const wire = await open();
    wire.socket.end(sent);
    await cutOff(wire);
    const [head = '', body = ''] = wire.text().split('\r\n\r\n');
    assert.match(head, /^HTTP\/1\.1 400 Bad Request\r\n/, String(sent));
    const said = JSON.parse(body) as { readonly error: string; readonly message: string };
    assert.deepEqual([said.error, Object.keys(said)], [error, ['error', 'message']], String(sent));
    assert.match(said.message, message, String(sent));
    assert.doesNotMatch(wire.text(), /4111|card\.number|statusCode/i);
  }
  await pays();
});

test('a path whose percent signs make no sense is told how they are written', async () => {
  const { status, body } = await exchange(stack.url, { method: 'GET', path: '/v1/payments/%zz' });
  assert.deepEqual([status, body.error], [400, 'bad_request']);
  assert.match(String(body.message), /percent sign .* %25/);
});

test('a request without a host, or with an expectation that nobody can meet, is told so', async () => {
  for (const [sent, status, error] of [
    [
      'POST /v1/payments HTTP/1.1\r\nContent-Length: 0\r\n\r\n',
      '400 Bad Request',
      'unreadable_request","message":"The request has no header Host',
    ],
    [
      'POST /v1/payments HTTP/1.1\r\nHost: gateway\r\nExpect: wonders\r\nContent-Length: 5\r\n\r\n',
      '417 Expectation Failed',
      'unknown_expectation',
    ],
  ] as const) {
    const wire = await open();
    wire.socket.write(sent);
    await cutOff(wire);
    assert.ok(wire.text().startsWith(`HTTP/1.1 ${status}\r\n`) && wire.text().includes(`{"error":"${error}`), wire.text());
  }
  const old = await open();
  old.socket.write('GET /healthz HTTP/1.0\r\n\r\n');
  await cutOff(old);
  assert.match(old.text(), /^HTTP\/1\.1 200 /);
});

test('what was refused before its body came, and ends then, has one answer', async () => {
  const refused = await open();
  refused.socket.end(['POST /v1/payments HTTP/1.1', 'Host: gateway', 'Content-Length: 500', '', 'refused for its type'].join('\r\n'));
  await cutOff(refused);
  assert.deepEqual(refused.text().match(/HTTP\/1\.1 \d+/g), ['HTTP/1.1 400']);
  assert.match(refused.text(), /200\.100\.103/);
});

for (const [what, after, ends] of [
  ['more bytes than its Content-Length says', 'and=so+on', false],
  [
    'half of another request and the end of the connection',
    'POST /v1/payments HTTP/1.1\r\nHost: gateway\r\nContent-Length: 500\r\n\r\nhalf',
    true,
  ],
] as const) {
  test(`a payment with ${what} after it is answered as what it is`, async () => {
    const body = encode({ entityId: demo.entityId, ...debit() });
    const wire = await open();
    const lines = [...head, `Authorization: ${bearerOf(demo.entityId, 'sandbox')}`, `Content-Length: ${body.length}`];
    wire.socket.write([...lines, '', `${body}${after}`].join('\r\n'));
    if (ends) wire.socket.end();
    await cutOff(wire);
    assert.match(wire.text(), /^HTTP\/1\.1 200 [\s\S]*000\.100\.110/);
  });
}

test('a body that is too large is refused in the protocol’s own words before it is read, also when it does not say how long it is', async () => {
  const authorization = bearerOf(demo.entityId, 'sandbox');
  const body = encode({ entityId: demo.entityId, ...debit({ 'customParameters[x]': 'x'.repeat(5_000) }) });
  const headers = { authorization, 'content-type': 'application/x-www-form-urlencoded' };
  expectReply(await exchange(stack.url, { method: 'POST', path: '/v1/payments', headers, body }), 413, '200.100.103');
  const announced = await open();
  announced.socket.write([...head, `Authorization: ${authorization}`, 'Content-Length: 100000000', '', ''].join('\r\n'));
  await cutOff(announced);
  assert.match(announced.text(), /^HTTP\/1.1 413 [\s\S]*200\.100\.103/);
  const endless = await open();
  endless.socket.write([...head, `Authorization: ${authorization}`, 'Transfer-Encoding: chunked', '', ''].join('\r\n'));
  const more = setInterval(() => endless.socket.write(`400\r\n${'x'.repeat(1_024)}\r\n`), 5);
  await cutOff(endless);
  clearInterval(more);
  assert.match(endless.text(), /^HTTP\/1.1 413 [\s\S]*200\.100\.103/);
});

test('one address has so many connections; those beyond it are closed, and whoever has one goes on', async () => {
  const kept = await open();
  const held = await Promise.all(Array.from({ length: 60 }, () => open().catch(() => undefined)));
  const drip = setInterval(() => kept.socket.write('GET /healthz HTTP/1.1\r\nHost: gateway\r\n\r\n'), 200);
  await eventually(
    () => held.filter((wire) => wire === undefined || wire.isOver()).length >= 21,
    'connections beyond the limit to be closed',
  );
  await eventually(() => /^HTTP\/1.1 200 /.test(kept.text()), 'an answer');
  clearInterval(drip);
  for (const wire of [kept, ...held]) wire?.socket.destroy();
  await eventually(async () => (await cut('address').catch(() => 0)) > 0, 'a place');
});

test('connections of all addresses together have a limit, and places come back', { skip: process.platform !== 'linux' }, async () => {
  const addresses = ['127.0.0.2', '127.0.0.3', '127.0.0.4'];
  const held = await Promise.all(addresses.flatMap((address) => Array.from({ length: 30 }, () => open(address).catch(() => undefined))));
  await eventually(
    () => held.filter((wire) => wire === undefined || wire.isOver()).length >= 30,
    'connections beyond the limit to be closed',
  );
  for (const wire of held) wire?.socket.destroy();
  await eventually(async () => (await cut('too_many').catch(() => 0)) > 0, 'a place');
  await pays();
});

test('a client that asks on and on without waiting for answers is cut off; a few requests ahead are answered in order', async () => {
  const some = await open();
  some.socket.write('GET /healthz HTTP/1.1\r\nHost: gateway\r\n\r\n'.repeat(4));
  await eventually(() => some.text().split('HTTP/1.1 200 ').length === 5, 'four answers');
  some.socket.destroy();
  const many = await open();
  many.socket.write('GET /readyz HTTP/1.1\r\nHost: gateway\r\n\r\n'.repeat(200));
  await cutOff(many);
  assert.equal(await cut('ahead'), 1);
});
