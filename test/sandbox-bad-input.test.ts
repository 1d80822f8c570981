/** The sandbox over HTTP, asked for nonsense: each odd value gets a refusal that names its field, and the process goes on. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';
import { exchangeRaw } from './fuzz/wire.ts';
import { askDirectory, type Json, type Requestor, startRequestor } from './harness/requestor.ts';
import { type Sandbox, startSandbox } from './sandbox-process.ts';

let sandbox: Sandbox;
let requestor: Requestor;
let url: string;

before(async () => {
  [sandbox, requestor] = await Promise.all([startSandbox(), startRequestor()]);
  url = `http://127.0.0.1:${sandbox.httpPort}`;
});

after(async () => {
  await requestor.close();
  // Whatever came, nothing of it was an accident of the process.
  assert.equal(await sandbox.stop(), 0);
});

const bearer = 'Bearer sandbox-bank-secret';
const pan = '4111111111111111';
const urls = { returnUrl: 'https://shop.example/back', notificationUrl: 'http://127.0.0.1:9/told' };
const payment = { reference: 'p1', currency: 'EUR', method: 'ideal', creditor: 'A shop', amount: 1250, decimals: 2, ...urls };
const transfer = {
  ...{
    reference: 't1',
    currency: 'EUR',
    debtor: 'A shop',
    holder: 'Ada',
    account: 'DE02120300000000200099',
    purpose: 'order 1',
    amount: 500,
  },
  ...{ orderedAt: '2026-11-21T10:00:00.000Z', notificationUrl: urls.notificationUrl },
};
const booking = {
  ...{ kind: 'debit', pan, rrn: 'ABCDEF000001', stan: '000001', terminal: 'T1', currency: '978', amount: 500, remaining: 0 },
  ...{ transmittedAt: '2026-11-20T10:00:00Z', approvalCode: 'AB12CD' },
};
const refund = {
  ...{ ...booking, kind: 'refund', rrn: 'ABCDEF000002', stan: '000002', originalStan: '000001', originalMti: '0200' },
  originalTransmittedAt: '2026-11-20T10:00:00Z',
};

/** What takes a body, with a good one, in an order in which all of them are done. */
const orders: readonly { readonly path: string; readonly body: Json }[] = [
  { path: '/control/faults', body: { fault: 'slow', pan, mti: '0100', times: 1, delay_ms: 5 } },
  { path: '/control/faults', body: { fault: 'decline', code: '05' } },
  { path: '/control/bookings', body: booking },
  { path: '/control/bookings', body: refund },
  { path: '/control/disputes', body: { rrn: 'ABCDEF000001', reason: '10.4', amount: 500 } },
  { path: '/control/disputes', body: { pan, reason: '10.4', amount: 500 } },
  { path: '/control/hooks/shop', body: { status: 500, delay_ms: 0, times: 1 } },
  { path: '/bank/payments', body: payment },
  { path: '/control/receipts', body: { reference: 'p1', amount: 1 } },
  { path: '/bank/payments/p1/refunds', body: { refundReference: 'r1', amount: 1 } },
  { path: '/bank/transfers', body: transfer },
  { path: '/bank/transfer-totals', body: { currency: 'EUR', cutOffAt: '2026-11-21T10:00:00.000Z' } },
  { path: '/control/transfers', body: { reference: 't1', act: 'pay' } },
];

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly body: { readonly error?: string; readonly field?: string };
}

async function send(
  method: string,
  path: string,
  body?: string | Uint8Array<ArrayBuffer>,
  contentType = 'application/json',
): Promise<Answer> {
  const response = await fetch(`${url}${path}`, {
    ...{ method, redirect: 'manual', headers: { authorization: bearer, 'content-type': contentType } },
    ...(body === undefined ? {} : { body }),
  });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json') === true;
  return { status: response.status, text, body: isJson ? (JSON.parse(text) as Answer['body']) : {} };
}

const odd: readonly unknown[] = [
  ...[null, true, [], {}, [1], '', ' ', 0, -1, 1.5, 1e300, 2 ** 53, '1', 'x'.repeat(5_000), 'a\0b', '\r\nx: 1', '\ud800', '漢字', '<b>'],
  ...['2026-13-45T99:99:99Z', '__proto__', 'constructor', 'javascript:alert(1)', 'http://', '999', '0000', '99999999999999999999'],
];

test('every odd value of every field is taken or refused by the name of the field', async () => {
  const wrong: string[] = [];
  for (const { path, body } of orders) {
    const { status, text } = await send('POST', path, JSON.stringify(body));
    assert.ok(status < 400, `${path}: ${status} ${text}`);
  }
  for (const { path, body } of orders) {
    for (const name of Object.keys(body)) {
      for (const value of odd) {
        const { status, text, body: answer } = await send('POST', path, JSON.stringify({ ...body, [name]: value }));
        const says = `${path} ${name} ${JSON.stringify(value).slice(0, 40)}: ${status} ${text.slice(0, 200)}`;
        if (status >= 500 || (status === 400 && (answer.field !== name || answer.error === undefined))) wrong.push(says);
        if (typeof value === 'object' && status < 400) wrong.push(`taken: ${says}`);
      }
    }
  }
  assert.deepEqual(wrong, []);
});

test('a field that nobody knows, and one that is missing, is refused by its name', async () => {
  const wrong: string[] = [];
  for (const { path, body } of orders) {
    const isBank = path.startsWith('/bank');
    for (const name of isBank ? [] : ['surprise', 'constructor', 'toString', '__proto__']) {
      const sent = `${JSON.stringify(body).slice(0, -1)},"${name}":1}`;
      const { status, body: answer, text } = await send('POST', path, sent);
      if (status !== 400 || answer.field !== name) wrong.push(`${path} ${name}: ${status} ${text}`);
    }
  }
  assert.deepEqual(wrong, []);
});

test('a body that is no JSON object is refused', async () => {
  const wrong: string[] = [];
  const bodies = ['null', '[]', '[{}]', '"x"', '1', 'true', '{', '{}}', '\0', new Uint8Array([0xff, 0xfe, 0x00]), `[${'['.repeat(20_000)}`];
  for (const { path } of orders) {
    for (const body of bodies) {
      const { status, text, body: answer } = await send('POST', path, body);
      if (status !== 400 || answer.error === undefined) wrong.push(`${path} ${String(body).slice(0, 20)}: ${status} ${text}`);
    }
    // Refused by what it says of its length, so none of it has to be sent.
    const headers = [
      ...([
        ['host', '127.0.0.1'],
        ['connection', 'close'],
        ['authorization', bearer],
      ] as const),
      ...([
        ['content-type', 'application/json'],
        ['content-length', '2000000'],
      ] as const),
    ];
    const large = await exchangeRaw(url, { method: 'POST', target: path, headers, body: Buffer.alloc(0), mayGoUnanswered: false }, 30_000);
    if (large.status !== 413) wrong.push(`${path} large: ${large.status} ${large.text}`);
  }
  assert.deepEqual(wrong, []);
});

test('filters that nobody knows, and filters that come twice, are refused by their name', async () => {
  const wrong: string[] = [];
  const filters = { '/control/books': 'rrn', '/control/mail': 'to', '/control/hooks': 'name', '/control/books/summary': undefined };
  for (const [path, known] of Object.entries(filters)) {
    const queries = [
      ['surprise=1', 'surprise'],
      ['__proto__=1', '__proto__'],
      ...(known === undefined ? [] : [[`${known}=a&${known}=b`, known]]),
    ];
    for (const [query, name] of queries) {
      const { status, body, text } = await send('GET', `${path}?${query}`);
      if (status !== 400 || body.field !== name) wrong.push(`GET ${path}?${query}: ${status} ${text.slice(0, 100)}`);
    }
  }
  const all = await send('DELETE', '/control/hooks?names=shop');
  if (all.status !== 400 || all.body.field !== 'names') wrong.push(`DELETE /control/hooks: ${all.status} ${all.text}`);
  assert.deepEqual(wrong, []);
});

test('names in paths are found, or are not', async () => {
  const wrong: string[] = [];
  const names = [
    '%00',
    '%',
    '%ff%fe',
    '..',
    '%2e%2e%2f',
    '',
    '%20',
    '__proto__',
    'constructor',
    '1e9',
    'a'.repeat(90),
    'a'.repeat(5_000),
    '%0d%0ax:1',
  ];
  const paths = ['/bank/payments/:n', '/bank/transfers/:n', '/bank/pay/:n', '/acs/challenge/:n', '/control/:n', '/:n'];
  const acts = [
    ...['/bank/payments/:n/cancel', '/bank/transfers/:n/cancel', '/bank/pay/:n', '/acs/challenge/:n', '/acs/method/:n'],
    ...['/control/disputes/:n/reverse', '/control/hooks/:n'],
  ];
  const asked = [...paths.map((path) => ['GET', path] as const), ...acts.map((path) => ['POST', path] as const)];
  for (const [method, path] of asked) {
    for (const name of names) {
      const { status, text } = await send(method, path.replace(':n', name), method === 'GET' ? undefined : 'act=pay&code=1', '');
      if (status >= 500) wrong.push(`${method} ${path} ${name.slice(0, 20)}: ${status} ${text.slice(0, 200)}`);
    }
  }
  assert.deepEqual(wrong, []);
});

test('the directory server answers every odd AReq with a message', async () => {
  const wrong: string[] = [];
  for (const card of ['4000000000000101', '4242424242424242']) {
    const good = requestor.areq(card);
    for (const name of Object.keys(good)) {
      for (const value of odd) {
        const { status, text } = await send('POST', '/ds', JSON.stringify({ ...good, [name]: value }));
        const says = `${name} ${JSON.stringify(value).slice(0, 40)}: ${status} ${text.slice(0, 200)}`;
        if (status !== 200 || !/"messageType":"(ARes|Erro|PRes)"/.test(text)) wrong.push(says);
      }
    }
  }
  assert.deepEqual(wrong, []);
});

test('the pages of bank and issuer answer every odd form with a page', async () => {
  const wrong: string[] = [];
  const creq = Buffer.from(JSON.stringify({ messageType: 'CReq' })).toString('base64url');
  const bodies = [
    ...[
      '',
      'creq=',
      'creq=%00',
      'creq=!!!!',
      `creq=${creq}`,
      `creq=${creq}&creq=${creq}`,
      `creq=${'A'.repeat(200_000)}`,
      'creq=bnVsbA',
      'creq=W10',
    ],
    ...['threeDSMethodData=', 'threeDSMethodData=bnVsbA', 'threeDSMethodData=W10', `threeDSMethodData=${creq}`, '{"creq":1}', '\0'],
  ];
  for (const path of ['/acs/challenge', '/acs/method/0', '/acs/method/1', '/acs/method/2']) {
    for (const body of bodies) {
      for (const type of ['application/x-www-form-urlencoded', 'text/plain', 'multipart/form-data; boundary=x']) {
        const { status, text } = await send('POST', path, body, type);
        if (status < 400 || status >= 500 || !text.startsWith('<!doctype html>'))
          wrong.push(`${path} ${body.slice(0, 40)}: ${status} ${text.slice(0, 100)}`);
      }
    }
  }
  assert.deepEqual(wrong, []);
});

test('the mailbox takes what is a mail, refuses what is too large, and stands what is none', async () => {
  const say = async (lines: readonly (string | Buffer)[]): Promise<string> => {
    const socket = connect(sandbox.smtpPort, '127.0.0.1');
    let heard = '';
    let answered = '';
    socket.setEncoding('utf8').on('data', (text: string) => {
      heard += text;
    });
    socket.on('error', () => undefined);
    const closed = once(socket, 'close');
    for (const line of lines) {
      // Each line waits for the answer to the one before it, the first for the greeting.
      while (heard === answered && !socket.destroyed) await Promise.race([once(socket, 'data'), closed]);
      answered = heard;
      socket.write(line);
    }
    await closed;
    return heard;
  };
  const open = ['EHLO shop.example\r\n', 'MAIL FROM:<shop@shop.example>\r\n', 'RCPT TO:<ada@shop.example>\r\n', 'DATA\r\n'];
  const garbage = Buffer.from(Array.from({ length: 3_000 }, (_, index) => (index * 89) % 256));
  for (const data of [
    '',
    'no header',
    'Subject: =?utf-8?B?////?=\r\nContent-Type: multipart/mixed; boundary=\r\n\r\n--\r\n',
    '\0\0',
    garbage,
  ]) {
    assert.match(await say([...open, Buffer.concat([Buffer.from(data), Buffer.from('\r\n.\r\n')]), 'QUIT\r\n']), /250 kept/);
  }
  const large = await say([...open, `Subject: large\r\n\r\n${`${'x'.repeat(70)}\r\n`.repeat(30_000)}.\r\n`, 'QUIT\r\n']);
  assert.match(large, /552 .*1048576/);
  await say(['\0\x01\r\n', garbage, '\r\nQUIT\r\n']);
  await say([`EHLO ${'x'.repeat(100_000)}\r\n`, 'MAIL FROM:<\0>\r\n', 'RCPT TO:<@>\r\n', 'DATA\r\n', 'QUIT\r\n']);
  const { text } = await send('GET', '/control/mail?to=ada%40shop.example');
  assert.equal((JSON.parse(text) as { readonly mails: readonly unknown[] }).mails.length, 5);
});

test('after all of this a payment is asked for, authenticated and paid as ever', async () => {
  const ares = await askDirectory(url, requestor.areq('4000000000000101'));
  assert.equal(ares.messageType, 'ARes');
  const { status, text } = await send('POST', '/bank/payments', JSON.stringify({ ...payment, reference: 'last' }));
  assert.equal(status, 200, text);
  const page = (JSON.parse(text) as { readonly page: string }).page;
  const paid = await send('POST', new URL(page).pathname, 'act=pay', 'application/x-www-form-urlencoded');
  assert.equal(paid.status, 303);
  assert.equal(sandbox.stderr().includes('Error:'), false, sandbox.stderr());
});
