/** Limits on who asks, through real HTTP: by address, by credential and by merchant; nobody is shut out by others. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, test } from 'node:test';
import {
  assertTold,
  client,
  form,
  oppRead,
  type Protocol,
  protocols,
  type Request,
  tzeroList,
  untilRefused,
} from './harness/limited-protocols.ts';
import { approved, debit, demo, encode, exchange, expectReply, other, useOppStack } from './harness/opp.ts';
import { eventually } from './harness/processes.ts';
import { demo as tzeroDemo, other as tzeroOther } from './harness/tzero.ts';

describe('with a limit by address', () => {
  const stack = useOppStack({ env: { ADDRESS_REQUESTS_PER_SECOND: '4', TRUSTED_PROXY: 'loopback' } });
  const { fresh, send } = client(() => stack.url);

  const exceed = (address: string, request: Request) => untilRefused(() => send(address, request), 12);

  for (const protocol of protocols) {
    test(`${protocol.name}: an address that asks too often is told when to come again, in the words of the protocol; another one is answered`, async () => {
      const { wrong, refusal } = protocol;
      assertTold(protocol, await exceed(fresh(), wrong));
      assert.equal((await send(fresh(), wrong)).status, refusal);
    });
  }

  test('what comes with good credentials does not count against the address', async () => {
    for (const { right, name } of protocols) {
      const address = fresh();
      for (let count = 0; count < 12; count += 1) assert.notEqual((await send(address, right)).status, 429, `${name} ${count}`);
    }
  });

  test('a page is refused as a page, and the path that nobody has as well', async () => {
    const page = await exceed(fresh(), { method: 'GET', path: '/pay/nothing', headers: { accept: 'text/html' } });
    assert.match(String(page.headers['content-type']), /^text\/html/);
    assert.match(String(page.headers['retry-after']), /^\d+$/);
    assert.match((await exceed(fresh(), { method: 'GET', path: '/nowhere' })).text, /too many requests/);
    assert.equal((await exceed(fresh(), { method: 'GET', path: '/p/nothing' })).status, 429);
  });

  test('health is told however often it is asked for', async () => {
    const address = fresh();
    const replies = await Promise.all(Array.from({ length: 40 }, () => send(address, { method: 'GET', path: '/healthz' })));
    assert.ok(replies.every(({ status }) => status === 200));
  });

  test('a merchant who is known at an address is heard while a neighbor there asks too often', async () => {
    const address = fresh();
    const pay = () =>
      send(address, {
        method: 'POST',
        path: '/v1/payments',
        headers: { ...form, authorization: demo.bearer },
        body: encode({ entityId: demo.entityId, ...debit() }),
      });
    expectReply(await pay(), 200, approved);
    let isOver = false;
    const [{ wrong }] = protocols as [Protocol];
    const strangers = async () => {
      const stranger: Request = { method: 'GET', path: '/nowhere' };
      while (!isOver) await Promise.all([...Array.from({ length: 6 }, () => send(address, stranger)), send(address, wrong)]);
    };
    const flood = Promise.all([strangers(), strangers()]);
    for (let count = 0; count < 10; count += 1) expectReply(await pay(), 200, approved);
    isOver = true;
    await flood;
  });

  test('refusals are counted by what was used up', async () => {
    await exceed(fresh(), { method: 'GET', path: '/nowhere' });
    const { text } = await exchange(stack.url, { method: 'GET', path: '/metrics' });
    assert.match(text, /polygate_refused_requests_total\{cause="address"\} [1-9]/);
  });
});

describe('without a proxy to trust', () => {
  const stack = useOppStack({ env: { ADDRESS_REQUESTS_PER_SECOND: '4' } });
  const { fresh, send } = client(() => stack.url);

  test('nobody gets another allowance by saying that they are somewhere else', async () => {
    await eventually(async () => {
      // Whoever goes on nevertheless is cut off.
      const replies = await Promise.all(
        Array.from({ length: 24 }, () => send(fresh(), { method: 'GET', path: '/nowhere' }).catch(() => undefined)),
      );
      return replies.some((reply) => reply?.status === 429);
    }, 'a refusal');
  });
});

describe('with a limit by address, and an address that does not care', { skip: process.platform !== 'linux' }, () => {
  const stack = useOppStack({ env: { ADDRESS_REQUESTS_PER_SECOND: '10' } });
  const stranger = '127.0.0.9';
  const neighbor = '127.0.0.10';

  /** One request on a connection of its own: the status of its answer, or `undefined` where the connection was closed without any. */
  async function ask(localAddress: string, path: string, authorization?: string): Promise<number | undefined> {
    const socket = connect({ host: '127.0.0.1', port: Number(new URL(stack.url).port), localAddress });
    socket.on('error', () => undefined);
    const credentials = authorization === undefined ? '' : `Authorization: ${authorization}\r\n`;
    socket.write(`GET ${path} HTTP/1.1\r\nHost: gateway\r\n${credentials}Connection: close\r\n\r\n`);
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    const { promise, resolve } = Promise.withResolvers<void>();
    socket.on('close', () => resolve());
    await promise;
    const status = /^HTTP\/1.1 (\d{3})/.exec(Buffer.concat(chunks).toString('latin1'))?.[1];
    return status === undefined ? undefined : Number(status);
  }
  const many = (address: string, path: string) => Promise.all(Array.from({ length: 60 }, () => ask(address, path)));

  test('it is cut off for a while, whatever it asks for, and then heard again; nobody else is concerned', async () => {
    await eventually(async () => (await many(stranger, '/nowhere')).includes(undefined), 'connections closed without an answer');
    assert.equal(await ask(stranger, '/healthz'), undefined);
    assert.equal(await ask(neighbor, '/healthz'), 200);
    const { text } = await exchange(stack.url, { method: 'GET', path: '/metrics' });
    assert.match(text, /polygate_cut_connections_total\{cause="held_off"\} [1-9]/);
    await eventually(async () => (await ask(stranger, '/healthz')) === 200, 'an answer');
  });

  test('an address at which a merchant is known is refused and nothing more', async () => {
    const { path } = oppRead(demo.bearer);
    assert.equal(await ask(neighbor, path, demo.bearer), 404);
    for (let round = 0; round < 3; round += 1) {
      const statuses = await many(neighbor, '/nowhere');
      assert.ok(
        statuses.every((status) => status === 404 || status === 429),
        statuses.join(' '),
      );
    }
    assert.equal(await ask(neighbor, path, demo.bearer), 404);
  });
});

describe('with a limit by credential', () => {
  const stack = useOppStack({ env: { CREDENTIAL_REQUESTS_PER_SECOND: '10' } });

  for (const protocol of protocols) {
    test(`${protocol.name}: a credential that asks too often is told when to come again, in the words of the protocol`, async () => {
      assertTold(protocol, await untilRefused(() => exchange(stack.url, protocol.right), 30));
    });
  }

  test('the credential of another merchant is not concerned', async () => {
    await untilRefused(() => exchange(stack.url, oppRead(demo.bearer)), 30);
    expectReply(await stack.post('/v1/payments', debit(), { as: other }), 200, approved);
    const { text } = await exchange(stack.url, { method: 'GET', path: '/metrics' });
    assert.match(text, /polygate_refused_requests_total\{cause="credential"\} [1-9]/);
  });
});

describe('with a limit by credential that is higher than that of a protocol', () => {
  const stack = useOppStack({ env: { CREDENTIAL_REQUESTS_PER_SECOND: '1000' } });

  test('tZero: fifty requests a second with one key, and no more, as its reference says', async () => {
    const [, tzero] = protocols as [Protocol, Protocol];
    const startedMs = performance.now();
    let accepted = 0;
    const late = await untilRefused(async () => {
      const reply = await exchange(stack.url, tzeroList(tzeroDemo.key));
      accepted += reply.status === 200 ? 1 : 0;
      return reply;
    }, 150);
    const allowed = 50 + ((performance.now() - startedMs) / 1_000) * 50 + 1;
    assert.ok(accepted >= 50 && accepted <= allowed, `${accepted} were accepted, of ${allowed} at most`);
    assertTold(tzero, late);
    assert.equal((JSON.parse(late.text) as { error: { code: string } }).error.code, 'rate_limited');
    assert.equal((await exchange(stack.url, tzeroList(tzeroOther.key, tzeroOther.channel))).status, 200);
  });
});

describe('with a limit by merchant', () => {
  const stack = useOppStack({ env: { MERCHANT_REQUESTS_AT_ONCE: '5', ACQUIRER_TIMEOUT_MS: '8000' } });

  test('so many requests are under way at a time; another merchant has places of its own, and places come back', async () => {
    const pan = '4012888888881881';
    await stack.parts.host.addFault({ fault: 'slow', delay_ms: 3_000, times: 5, pan });
    const replies = Promise.all(Array.from({ length: 8 }, () => stack.post('/v1/payments', debit({ 'card.number': pan }))));
    expectReply(await stack.post('/v1/payments', debit(), { as: other }), 200, approved);
    const late = (await replies).filter(({ status }) => status === 429);
    assert.equal(late.length, 3);
    for (const reply of late) assert.match(String(expectReply(reply, 429, '800.120.100').headers['retry-after']), /^[1-9]/);
    expectReply(await stack.post('/v1/payments', debit()), 200, approved);
    const { text } = await exchange(stack.url, { method: 'GET', path: '/metrics' });
    assert.match(text, /polygate_refused_requests_total\{cause="merchant"\} 3/);
  });
});

describe('with two places for each merchant', () => {
  const stack = useOppStack({ env: { MERCHANT_REQUESTS_AT_ONCE: '2' } });

  test('the places of clients that go away are free again, also of requests whose turn to be answered never came', async () => {
    const { port } = new URL(stack.url);
    const body = encode({ entityId: demo.entityId, ...debit() });
    const lines = ['POST /v1/payments HTTP/1.1', 'Host: gateway', `Authorization: ${demo.bearer}`, `Content-Type: ${form['content-type']}`];
    const request = `${[...lines, `Content-Length: ${body.length}`, '', body].join('\r\n')}`;
    for (let round = 0; round < 4; round += 1) {
      const socket = connect(Number(port), '127.0.0.1');
      await once(socket, 'connect');
      const seen = (await stack.parts.host.books()).length;
      socket.write(request.repeat(2));
      // The host has seen the first of them; nobody waits for the answers.
      await eventually(async () => (await stack.parts.host.books()).length > seen, 'a payment');
      socket.destroy();
    }
    await eventually(async () => (await stack.post('/v1/payments', debit())).code === approved, 'a place');
    const both = await Promise.all([1, 2].map(() => stack.post('/v1/payments', debit())));
    for (const reply of both) expectReply(reply, 200, approved);
  });
});

describe('a sandbox as it is by itself', () => {
  const stack = useOppStack();

  test('nobody is counted', async () => {
    for (const { wrong, right, refusal } of protocols) {
      const replies = await Promise.all(Array.from({ length: 40 }, () => exchange(stack.url, wrong)));
      assert.ok(replies.every(({ status }) => status === refusal));
      assert.notEqual((await exchange(stack.url, right)).status, 429);
    }
  });
});

describe('a sandbox with a limit on runaway programs', () => {
  const stack = useOppStack({ env: { REQUESTS_PER_MINUTE: '12' } });

  test('PAYONE and Paymentz say when to come again as well', async () => {
    const [, , payone] = protocols as [Protocol, Protocol, Protocol];
    const paymentz = protocols.find(({ name }) => name === 'Paymentz') as Protocol;
    for (const protocol of [payone, paymentz]) assertTold(protocol, await untilRefused(() => exchange(stack.url, protocol.right), 30));
  });
});
