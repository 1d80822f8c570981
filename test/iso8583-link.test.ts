/** The link to the acquirer against a host whose every byte the test writes: which answer belongs to whom when connections break. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { type Link, openLink } from '../src/acquirers/iso8583/link.ts';
import { type Iso8583Message, pack, unpack } from '../src/protocols/iso8583/codec.ts';
import { createFrameReader, frame } from '../src/protocols/iso8583/framing.ts';
import { HOST_LINK, HOST_LINK_FRAMES } from '../src/protocols/iso8583/layouts/host-link.ts';
import { responseOf } from '../src/protocols/iso8583/messages.ts';
import { eventually } from './harness/processes.ts';

interface Asked {
  readonly socket: Socket;
  readonly message: Iso8583Message;
}

interface Host {
  readonly link: Link;
  /** What was asked beside sign-ons, in order. */
  readonly asked: readonly Asked[];
  /** Connections that signed on and still stand. */
  readonly connections: ReadonlySet<Socket>;
  /** Answers that no exchange waited for. */
  readonly unawaited: readonly Iso8583Message[];
}

const answerTo = ({ mti, fields }: Iso8583Message, code: string): Buffer =>
  frame(HOST_LINK_FRAMES, pack(HOST_LINK, { mti: responseOf(mti), fields: { ...fields, 39: code } }));

const patience = { timeoutMs: 30_000, connectTimeoutMs: 30_000, echoAfterMs: 60_000 };

async function startHost(t: TestContext, connections: number, timeoutMs = patience.timeoutMs): Promise<Host> {
  const asked: Asked[] = [];
  const unawaited: Iso8583Message[] = [];
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    const reader = createFrameReader(HOST_LINK_FRAMES);
    socket.on('error', () => undefined);
    socket.on('close', () => open.delete(socket));
    socket.on('data', (chunk) => {
      for (const body of reader.push(chunk as Buffer)) {
        const message = unpack(HOST_LINK, body);
        if (message.mti !== '0800') asked.push({ socket, message });
        else {
          socket.write(answerTo(message, '00'));
          if (message.fields[70] === '001') open.add(socket);
        }
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const link = openLink({
    ...{ host: '127.0.0.1', port: (server.address() as AddressInfo).port, connections, ...patience, timeoutMs },
    businessNow: () => Date.UTC(2027, 0, 1),
    log: silent,
    onUnawaited: (answer) => unawaited.push(answer),
    onRequest: () => Promise.resolve({ responseCode: '00' }),
  });
  t.after(async () => {
    for (const socket of open) socket.destroy();
    await link.close();
    server.close();
  });
  await eventually(() => link.readyConnections() === connections, 'the link to be up');
  return { link, asked, connections: open, unawaited };
}

const request = (stan: string): Iso8583Message => ({
  mti: '0200',
  fields: { 3: '000000', 4: '000000001000', 7: '0101000000', 11: stan, 37: `RRN000${stan}`, 41: 'TERM0001', 49: '978' },
});

test('an answer over another connection than the one that broke is handed on, like one after the time-out', async (t) => {
  const { link, asked, connections, unawaited } = await startHost(t, 2);
  const exchange = link.exchange(request('000001'));
  await eventually(() => asked.length === 1, 'the request');
  const [first] = asked;
  assert.ok(first);
  first.socket.destroy();
  assert.equal((await exchange).kind, 'lost');
  const other = [...connections].find((socket) => socket !== first.socket);
  other?.write(answerTo(first.message, '00'));
  await eventually(() => unawaited.length === 1, 'the late answer');
  assert.equal(unawaited[0]?.fields[11], '000001');
});

test('each answer of an exchange that has had one is handed on as well', async (t) => {
  const { link, asked, unawaited } = await startHost(t, 1);
  const exchange = link.exchange(request('000001'));
  await eventually(() => asked.length === 1, 'the request');
  const [only] = asked;
  assert.ok(only);
  only.socket.write(Buffer.concat(['09', '09', '00'].map((code) => answerTo(only.message, code))));
  const answered = await exchange;
  assert.equal(answered.kind === 'answer' && answered.message.fields[39], '09');
  await eventually(() => unawaited.length === 2, 'what came after it');
  assert.deepEqual(
    unawaited.map(({ fields }) => fields[39]),
    ['09', '00'],
  );
});

test('answers in front of bytes that are no frame count, and only what is behind them is lost', async (t) => {
  const { link, asked } = await startHost(t, 1);
  const exchanges = ['000001', '000002'].map((stan) => link.exchange(request(stan)));
  await eventually(() => asked.length === 2, 'both requests');
  const [first] = asked;
  assert.ok(first);
  first.socket.write(Buffer.concat([answerTo(first.message, '00'), Buffer.from('ffff', 'hex')]));
  const [answered, unanswered] = await Promise.all(exchanges);
  assert.equal(answered?.kind === 'answer' && answered.message.fields[39], '00');
  assert.equal(unanswered?.kind, 'lost');
});

test('an answer that came in time counts, also where the process was held up until the time was over', async (t) => {
  const { link, asked } = await startHost(t, 1, 500);
  const exchange = link.exchange(request('000001'));
  await eventually(() => asked.length === 1, 'the request');
  const [only] = asked;
  assert.ok(only);
  // After immediates the event loop comes to timers first, then to sockets.
  await setImmediate();
  only.socket.write(answerTo(only.message, '00'));
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 700);
  assert.equal((await exchange).kind, 'answer');
});

/** A link of one connection, with what it tells. */
function linkTo(t: TestContext, port: number, connectTimeoutMs = patience.connectTimeoutMs) {
  const told: string[] = [];
  const tell = (details: object, text: string) => void told.push(`${text} ${JSON.stringify(details)}`);
  const link = openLink({
    ...{ host: '127.0.0.1', port, connections: 1, ...patience, connectTimeoutMs },
    businessNow: () => Date.UTC(2027, 0, 1),
    log: { info: tell, warn: tell, error: tell },
    onUnawaited: () => undefined,
    onRequest: () => Promise.resolve({ responseCode: '00' }),
  });
  t.after(() => link.close());
  return { link, told };
}

test('a host that throws connections out is told of once, tried again, and told of when it is up', async (t) => {
  let refused = 0;
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    if (refused < 3) {
      refused += 1;
      socket.resetAndDestroy();
      return;
    }
    const reader = createFrameReader(HOST_LINK_FRAMES);
    socket.on('data', (chunk) => {
      for (const body of reader.push(chunk as Buffer)) socket.write(answerTo(unpack(HOST_LINK, body), '00'));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { link, told } = linkTo(t, (server.address() as AddressInfo).port);
  t.after(() => server.close());
  await eventually(() => link.isReady(), 'the link to be up');
  assert.equal(told.filter((line) => line.startsWith('the acquirer cannot be reached; it is tried again')).length, 1, told.join('\n'));
  assert.ok(told.some((line) => line.startsWith('the acquirer link is up again')));
});

test('a host that refuses the sign-on is told of once for each reason', async (t) => {
  const codes = ['91', '91', '91', '96', '00'];
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    const reader = createFrameReader(HOST_LINK_FRAMES);
    socket.on('data', (chunk) => {
      for (const body of reader.push(chunk as Buffer)) socket.write(answerTo(unpack(HOST_LINK, body), codes.shift() ?? '00'));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { link, told } = linkTo(t, (server.address() as AddressInfo).port);
  t.after(() => server.close());
  await eventually(() => link.isReady(), 'the link to be up');
  const refusals = told.flatMap((line) => /^the acquirer did not accept the sign-on.*"result":"(\d\d)"/.exec(line)?.[1] ?? []);
  assert.deepEqual(refusals, ['91', '96'], told.join('\n'));
});

/** Listens and accepts nobody until it is woken; then it says when somebody has written something. */
const sleepingHost = `
const { createServer } = require('node:net');
const { parentPort, workerData: wake } = require('node:worker_threads');
const server = createServer((socket) => {
  socket.on('error', () => undefined);
  socket.on('data', () => parentPort.postMessage('heard'));
});
server.listen({ host: '127.0.0.1', port: 0, backlog: 1 }, () => {
  parentPort.postMessage(server.address().port);
  Atomics.wait(wake, 0, 0);
});
`;

test('a host that answers no connection at all is given up after a while, told of once, and tried again', {
  skip: process.platform !== 'linux' && 'elsewhere a queue of connections that is full refuses',
}, async (t) => {
  const wake = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(sleepingHost, { eval: true, workerData: wake });
  t.after(() => worker.terminate());
  const [port] = (await once(worker, 'message')) as [number];
  // They fill the queue; the system drops what comes behind it.
  let waiting = 0;
  const fillers = Array.from({ length: 16 }, () => connect({ host: '127.0.0.1', port }));
  for (const socket of fillers) socket.on('connect', () => (waiting += 1)).on('error', () => undefined);
  t.after(() => {
    for (const socket of fillers) socket.destroy();
  });
  await eventually(() => waiting >= 2, 'a full queue');
  const { link, told } = linkTo(t, port, 100);
  await eventually(() => told.length > 0, 'a word about it');
  assert.match(told.join('\n'), /^the acquirer cannot be reached; it is tried again .*no connection within 100 ms/);
  assert.equal(link.isReady(), false);
  assert.deepEqual(await link.exchange(request('000001')), { kind: 'not_sent', cause: 'no connection to the acquirer' });
  const heard = once(worker, 'message');
  Atomics.store(wake, 0, 1);
  Atomics.notify(wake, 0);
  assert.deepEqual(await heard, ['heard']);
  assert.equal(told.length, 1, told.join('\n'));
});
