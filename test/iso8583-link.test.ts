/** The link to the acquirer against a host whose every byte the test writes: which answer belongs to whom when connections break. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
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
  readonly late: readonly { readonly context: unknown; readonly code: string | undefined }[];
}

const answerTo = ({ mti, fields }: Iso8583Message, code: string): Buffer =>
  frame(HOST_LINK_FRAMES, pack(HOST_LINK, { mti: responseOf(mti), fields: { ...fields, 39: code } }));

async function startHost(t: TestContext, connections: number): Promise<Host> {
  const asked: Asked[] = [];
  const late: { context: unknown; code: string | undefined }[] = [];
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
    ...{ host: '127.0.0.1', port: (server.address() as AddressInfo).port, connections, timeoutMs: 30_000, echoAfterMs: 60_000 },
    businessNow: () => Date.UTC(2027, 0, 1),
    log: silent,
    onLate: (context, answer) => late.push({ context, code: answer.fields[39] }),
    onRequest: () => Promise.resolve('00'),
  });
  t.after(async () => {
    for (const socket of open) socket.destroy();
    await link.close();
    server.close();
  });
  await eventually(() => link.readyConnections() === connections, 'the link to be up');
  return { link, asked, connections: open, late };
}

const request = (stan: string): Iso8583Message => ({
  mti: '0200',
  fields: { 3: '000000', 4: '000000001000', 7: '0101000000', 11: stan, 37: `RRN000${stan}`, 41: 'TERM0001', 49: '978' },
});

test('an answer over another connection than the one that broke is handed on, like one after the time-out', async (t) => {
  const { link, asked, connections, late } = await startHost(t, 2);
  const exchange = link.exchange(request('000001'), 'the payment');
  await eventually(() => asked.length === 1, 'the request');
  const [first] = asked;
  assert.ok(first);
  first.socket.destroy();
  assert.equal((await exchange).kind, 'lost');
  const other = [...connections].find((socket) => socket !== first.socket);
  other?.write(answerTo(first.message, '00'));
  await eventually(() => late.length === 1, 'the late answer');
  assert.deepEqual(late, [{ context: 'the payment', code: '00' }]);
});

test('answers in front of bytes that are no frame count, and only what is behind them is lost', async (t) => {
  const { link, asked } = await startHost(t, 1);
  const exchanges = ['000001', '000002'].map((stan) => link.exchange(request(stan), stan));
  await eventually(() => asked.length === 2, 'both requests');
  const [first] = asked;
  assert.ok(first);
  first.socket.write(Buffer.concat([answerTo(first.message, '00'), Buffer.from('ffff', 'hex')]));
  const [answered, unanswered] = await Promise.all(exchanges);
  assert.equal(answered?.kind === 'answer' && answered.message.fields[39], '00');
  assert.equal(unanswered?.kind, 'lost');
});
