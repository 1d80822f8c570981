/** Limits on who asks, through real HTTP: by address, by credential and by merchant, and the wait after wrong credentials; nobody is locked out by others. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, test } from 'node:test';
import {
  approved,
  bearerOf,
  debit,
  demo,
  encode,
  exchange,
  expectReply,
  freshName,
  other,
  type RawRequest,
  type Reply,
  useOppStack,
} from './harness/opp.ts';
import { rest } from './harness/paymentz.ts';
import { demo as payoneDemo, sign } from './harness/payone.ts';
import { eventually } from './harness/processes.ts';
import { demo as qorepayDemo } from './harness/qorepay.ts';
import { demo as tzeroDemo, other as tzeroOther } from './harness/tzero.ts';

type Request = Pick<RawRequest, 'method' | 'path' | 'headers' | 'body'>;

/** What each protocol is asked without good credentials, and how it says that this was too often. */
interface Protocol {
  readonly name: string;
  readonly wrong: Request;
  /** Status without a limit. */
  readonly refusal: number;
  readonly right: Request;
  /** What stands for "too many requests" in the answer. */
  readonly told: (json: never) => unknown;
  readonly expected: unknown;
}

const form = { 'content-type': 'application/x-www-form-urlencoded' };
const payonePath = `/v2/${payoneDemo.merchantId}/products?countryCode=DE&currencyCode=EUR`;
const login = (key: string) => encode({ 'authentication.memberId': '10001', 'authentication.sKey': key });

function signedGet(secret: string): Request {
  const headers = { date: new Date().toUTCString() };
  const authorization = sign({ ...payoneDemo, secret }, { method: 'GET', target: payonePath, headers });
  return { method: 'GET', path: payonePath, headers: { ...headers, authorization } };
}

const oppRead = (bearer: string): Request => ({
  ...{ method: 'GET', path: `/v1/query?${encode({ entityId: demo.entityId, merchantTransactionId: 'nothing' })}` },
  headers: { authorization: bearer },
});
const bearer = (path: string, key: string): Request => ({ method: 'GET', path, headers: { authorization: `Bearer ${key}` } });
const tzeroList = (key: string, channel = tzeroDemo.channel): Request => ({
  ...{ method: 'GET', path: `/payment?channel=${channel}&reference=nothing`, headers: { 'x-secret-key': key } },
});

const protocols: readonly Protocol[] = [
  {
    ...{ name: 'OPP', refusal: 403, wrong: oppRead(bearerOf(demo.entityId, 'wrong')), right: oppRead(demo.bearer) },
    ...{ told: ({ result }: { result: { code: string } }) => result.code, expected: '800.120.100' },
  },
  {
    ...{ name: 'tZero', refusal: 401, wrong: tzeroList(`sk_${'0'.repeat(32)}`), right: tzeroList(tzeroDemo.key) },
    ...{ told: ({ error }: { error: { type: string } }) => error.type, expected: 'rate_limit' },
  },
  {
    ...{ name: 'PAYONE', refusal: 403, wrong: signedGet('wrong'), right: signedGet(payoneDemo.secret) },
    ...{ told: ({ errors }: { errors: { id: string }[] }) => errors[0]?.id, expected: 'TOO_MANY_REQUESTS' },
  },
  {
    ...{
      name: 'QorePay',
      refusal: 401,
      wrong: bearer('/api/v1/public_key/', 'wrong-wrong-wrong'),
      right: bearer('/api/v1/public_key/', qorepayDemo.apiKey),
    },
    ...{ told: ({ __all__ }: { __all__: { code: string }[] }) => __all__[0]?.code, expected: 'throttled' },
  },
  {
    ...{ name: 'Paymentz', refusal: 200 },
    wrong: { method: 'POST', path: `${rest}/authToken`, headers: form, body: login('f'.repeat(32)) },
    right: { method: 'POST', path: `${rest}/authToken`, headers: form, body: login('0123456789abcdef0123456789abcdef') },
    ...{ told: ({ result }: { result: { code: string } }) => result.code, expected: '20099' },
  },
  {
    ...{ name: 'console', refusal: 401, wrong: bearer('/console-api/merchants', 'nobodys-operator-key') },
    right: bearer('/console-api/merchants', 'sandbox-viewer-key'),
    ...{ told: ({ error }: { error: string }) => error, expected: 'too_many_requests' },
  },
];

/** Many clients on one machine: the proxy says where they are. */
const client = (url: () => string) => {
  let made = 0;
  return {
    fresh() {
      made += 1;
      return `198.51.100.${made}`;
    },
    send: (address: string, request: Request) =>
      exchange(url(), { ...request, headers: { ...request.headers, 'x-forwarded-for': address } }),
  };
};

function assertTold({ told, expected }: Protocol, { status, headers, text }: Reply): void {
  assert.equal(status, 429, text);
  assert.match(String(headers['retry-after']), /^[1-9]\d{0,2}$/);
  assert.equal(told(JSON.parse(text) as never), expected, text);
}

/** Sends so many at a time until one is refused, and returns its answer. */
async function untilRefused(send: () => Promise<Reply>, atOnce: number): Promise<Reply> {
  for (let round = 0; round < 30; round += 1) {
    const replies = await Promise.all(Array.from({ length: atOnce }, send));
    const late = replies.find(({ status }) => status === 429);
    if (late !== undefined) return late;
  }
  throw new Error('nothing was refused');
}

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

describe('with a wait after wrong credentials', () => {
  const stack = useOppStack({ env: { LOGIN_FAILURES: '2', TRUSTED_PROXY: 'loopback' } });
  const { fresh, send } = client(() => stack.url);
  const [opp] = protocols as [Protocol];
  /** What a reader who is let in finds. */
  const nothingThere = 404;
  const waitOf = ({ headers }: Reply): number => Number(headers['retry-after']);

  test('after some wrong credentials there is a wait, in the words of each protocol, also for right ones; elsewhere there is none', async () => {
    await Promise.all(
      protocols.map(async (protocol) => {
        const { name, wrong, right, refusal } = protocol;
        const address = fresh();
        for (let count = 0; count < 3; count += 1) assert.equal((await send(address, wrong)).status, refusal, name);
        // Long enough that the next answer cannot come after it.
        await eventually(async () => waitOf(await send(address, wrong)) >= 4, `a longer wait: ${name}`);
        assertTold(protocol, await send(address, right));
        assert.notEqual((await send(fresh(), right)).status, 429, name);
      }),
    );
  });

  /** A login that nobody has. */
  const guess = () => oppRead(bearerOf(freshName('user'), 'wrong'));

  test('the wait grows with every failure, and being told to wait does not prolong it', async () => {
    const address = fresh();
    const wrong = guess();
    const waits: number[] = [];
    await eventually(async () => {
      const reply = await send(address, wrong);
      if (reply.status === 429) waits.push(waitOf(reply));
      return waits.includes(4);
    }, 'a wait of four seconds');
    assert.ok(waits.includes(1) && waits.includes(2), `waits: ${waits.join(', ')}`);
  });

  test('failures of others, also many, keep nobody with right credentials out', async () => {
    for (let count = 0; count < 12; count += 1) await send(fresh(), opp.wrong);
    assert.equal((await send(fresh(), opp.right)).status, nothingThere);
  });

  test('a login that many try is waited for by each address that has failed, after its first failure', async () => {
    const wrong = guess();
    for (let count = 0; count < 5; count += 1) assert.equal((await send(fresh(), wrong)).status, 403);
    const address = fresh();
    assert.equal((await send(address, wrong)).status, 403);
    assert.ok(waitOf(await send(address, wrong)) >= 4);
    assert.equal((await send(address, oppRead(demo.bearer))).status, nothingThere, 'another login at the same address is looked at');
  });

  test('a merchant who is known at an address is let in while a neighbor there guesses', async () => {
    const address = fresh();
    assert.equal((await send(address, opp.right)).status, nothingThere);
    const wrong = guess();
    for (let count = 0; count < 6; count += 1) await send(address, wrong);
    assert.equal((await send(address, wrong)).status, 429);
    for (let count = 0; count < 5; count += 1) assert.equal((await send(address, opp.right)).status, nothingThere);
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
