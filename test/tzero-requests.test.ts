/** tZero: who is let in, what is wrong with a request, encrypted bodies, lists, hosted pages, callbacks and mails. */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import { CompactEncrypt, importJWK, type JWK } from 'jose';
import { moveClock } from './harness/console.ts';
import { openPage, textOf } from './harness/form-browser.ts';
import { createHooks } from './harness/hooks.ts';
import { createMailbox } from './harness/mailbox.ts';
import { createOperator } from './harness/operator.ts';
import { exchange, freshName } from './harness/opp.ts';
import { eventually } from './harness/processes.ts';
import {
  card,
  demo,
  demoCallbackSecret,
  type Json,
  listIn,
  order,
  other,
  payOn,
  shop,
  type TzeroReply,
  useTzero,
} from './harness/tzero.ts';

const stack = useTzero({ webhooks: true });

const codeOf = ({ status, body }: TzeroReply) => [status, body.error?.code];

test('the key comes in its own header or as authorization, with or without the word Bearer', async () => {
  const id = (await stack.authorise(order())).body.id ?? '';
  const read = (headers: Readonly<Record<string, string>>) => stack.send({ method: 'GET', path: `/payment/${id}`, key: '', headers });
  assert.equal((await read({ 'x-secret-key': demo.key })).status, 200);
  assert.equal((await read({ authorization: `Bearer ${demo.key}` })).status, 200);
  assert.equal((await read({ authorization: demo.key })).status, 200);
  assert.equal((await read({ 'x-secret-key': demo.key, authorization: 'Bearer sk_00000000000000000000000000000000' })).status, 200);
  assert.deepEqual(codeOf(await read({})), [401, 'missing_key']);
  for (const wrong of ['sk_00000000000000000000000000000000', 'sk_', demo.key.toUpperCase(), `${demo.key}0`, 'x'.repeat(5_000)]) {
    assert.deepEqual(codeOf(await read({ 'x-secret-key': wrong })), [401, 'invalid_key']);
  }
  assert.deepEqual(codeOf(await read({ 'x-secret-key': other.key })), [404, 'payment_not_found']);
});

test('a channel of another merchant is answered like one that does not exist', async () => {
  const foreign = await stack.authorise(order({ channel: other.channel }));
  const unknown = await stack.authorise(order({ channel: 'ch_nobody' }));
  assert.deepEqual([codeOf(foreign), foreign.body.error], [[403, 'channel_not_allowed'], unknown.body.error]);
});

test('all faults of a body are named, and nothing of it is repeated', async () => {
  const bad = await stack.authorise({
    ...{ channel: demo.channel, amount: '1', currency: 'U$', reference: 5, metadata: { a: 1 }, capture: 'later' },
    payment_method: card('4111x1111', { expiry_month: 'May', cvc: '1' }),
  });
  assert.deepEqual(codeOf(bad), [422, 'validation_failed']);
  const fields = listIn(bad.body.error ?? ({} as never), 'details').map(({ field }) => String(field));
  for (const field of ['amount', 'currency', 'reference', 'metadata.a', 'capture', 'payment_method.number', 'payment_method.cvc']) {
    assert.ok(fields.includes(field), `${field} in ${fields.join(' ')}`);
  }
  assert.doesNotMatch(bad.text, /4111x|U\$|May/);
});

const texts = [
  '',
  '{',
  '[]',
  '3',
  'null',
  '"x"',
  '{"a":1}{',
  `{"amount":${'9'.repeat(400)}}`,
  `${'['.repeat(20_000)}`,
  `{"channel":"ch_demo","amount":1e400}`,
];
const values: readonly unknown[] = [
  null,
  '',
  0,
  -1,
  1.5,
  1e21,
  true,
  [],
  {},
  [[]],
  'x'.repeat(10_000),
  '\u0000',
  '\ud800',
  '💥',
  { a: { b: {} } },
  '__proto__',
];

test('whatever a body is, the answer is a clear refusal and never a fault of ours', async () => {
  const bodies: readonly (string | Buffer)[] = [
    ...texts,
    Buffer.from([0x7b, 0xff, 0xfe, 0x7d]),
    Buffer.from(JSON.stringify(order()).replace('USD', 'U\u00e9')).subarray(0, 60),
    `{"__proto__":{"channel":"ch_demo"},"constructor":1}`,
    ...Object.keys(order()).flatMap((name) => values.map((value) => JSON.stringify(order({ [name]: value })))),
    ...Object.keys(card('')).flatMap((name) =>
      values.map((value) => JSON.stringify(order({ payment_method: card('4111111111111111', { [name]: value }) }))),
    ),
  ];
  for (const path of ['/payment/authorise', '/payment/capture', '/payment/refund', '/payment/void', '/payment/session', '/payment/link']) {
    const sent = path === '/payment/authorise' ? bodies : bodies.slice(0, 16);
    for (const body of sent) {
      const reply = await exchange(stack.url, {
        method: 'POST',
        path,
        body,
        headers: { 'x-secret-key': demo.key, 'content-type': 'application/json' },
      });
      stack.parts.traces.answers.push(reply.text);
      assert.ok(reply.status < 500, `${path} ${String(body).slice(0, 200)} → ${reply.status} ${reply.text}`);
      if (reply.status >= 400) assert.ok((reply.body.error?.code ?? '').length > 0, reply.text);
    }
  }
});

test('other content types, methods, paths, and parameters in the URL of a POST', async () => {
  const send = (headers: Readonly<Record<string, string>>) => stack.send({ path: '/payment/authorise', body: order(), headers });
  assert.deepEqual(codeOf(await send({ 'content-type': 'text/xml' })), [415, 'unsupported_media_type']);
  assert.equal((await send({ 'content-type': 'application/json; charset=utf-8' })).status, 201);
  assert.deepEqual(codeOf(await stack.send({ method: 'DELETE', path: '/payment/authorise' })), [405, 'method_not_allowed']);
  assert.deepEqual(codeOf(await stack.send({ path: '/payment/a/b/c', body: {} })), [404, 'endpoint_not_found']);
  const inUrl = await stack.send({ path: '/payment/authorise?amount=1', body: order() });
  assert.deepEqual(
    [codeOf(inUrl)[1], inUrl.body.error?.details],
    ['validation_failed', [{ field: 'amount', issue: 'must be in the body of a POST, not in its URL' }]],
  );
});

test('what was no card is declined and recorded; what the acquirer declines has its code', async () => {
  const expired = await stack.authorise(order({ payment_method: card('4111111111111111', { expiry_year: 2020 }) }));
  assert.deepEqual(
    [expired.status, expired.body.status, expired.body.result?.code, expired.body.redirect_url],
    [201, 'declined', '54', null],
  );
  for (const [number, code] of [
    ['4000000000000002', '05'],
    ['4000000000009995', '51'],
    ['4000000000000127', '82'],
  ] as const) {
    const declined = await stack.pay(order({ payment_method: card(number) }));
    assert.deepEqual([declined.body.status, declined.body.result?.code], ['declined', code]);
  }
  const away = await stack.pay(order({ amount: 12_91 }));
  assert.deepEqual([away.body.status, away.body.result?.code, away.body.result?.message], ['declined', '91', 'issuer_unavailable']);
});

async function encrypted(body: Json, change: (jwe: string) => string = (jwe) => jwe): Promise<TzeroReply> {
  const keys = await stack.send({ method: 'GET', path: '/keys', key: '' });
  const [jwk] = listIn(keys.body, 'keys');
  const key = await importJWK(jwk as unknown as JWK, 'RSA-OAEP-256');
  const jwe = await new CompactEncrypt(new TextEncoder().encode(JSON.stringify(body)))
    .setProtectedHeader({ alg: 'RSA-OAEP-256', enc: 'A256GCM', kid: jwk?.kid ?? '' })
    .encrypt(key);
  return stack.send({ path: '/payment/authorise', body: change(jwe), headers: { 'content-type': 'application/jose' } });
}

test('a body may be encrypted to a key of the gateway', async () => {
  const begun = await encrypted(order());
  assert.equal(begun.status, 201, begun.text);
  const [jwk] = listIn((await stack.send({ method: 'GET', path: '/keys', key: '' })).body, 'keys');
  assert.deepEqual([jwk?.kty, jwk?.alg, jwk?.use, jwk?.d], ['RSA', 'RSA-OAEP-256', 'enc', undefined]);
  for (const change of [(jwe: string) => `${jwe}x`, (jwe: string) => jwe.slice(0, 40), () => 'a.b.c.d.e', () => '{}', () => '']) {
    assert.deepEqual(codeOf(await encrypted(order(), change)), [400, 'malformed_jwe']);
  }
});

test('a list in pages, by reference and by status', async () => {
  const reference = freshName('listed');
  const first = await stack.pay(order({ reference, capture: 'manual' }));
  const list = async (query: string, key = demo.key, channel = demo.channel) => {
    const reply = await stack.send({ method: 'GET', path: `/payment?channel=${channel}&${query}`, key });
    assert.equal(reply.status, 200, reply.text);
    return reply.body;
  };
  assert.deepEqual(
    listIn(await list(`reference=${reference}`), 'data').map(({ id }) => id),
    [first.body.id],
  );
  assert.deepEqual(listIn(await list(`reference=${reference}&status=captured`), 'data'), []);
  assert.deepEqual(listIn(await list(`reference=${reference}`, other.key, other.channel), 'data'), []);
  await stack.authorise(order());
  const seen: string[] = [];
  for (let cursor: string | undefined = ''; cursor !== undefined && cursor !== null; ) {
    const page = await list(`limit=2&cursor=${cursor}`);
    seen.push(...listIn(page, 'data').map(({ id }) => String(id)));
    cursor = page.next_cursor;
  }
  assert.ok(seen.length > 3 && new Set(seen).size === seen.length && seen.includes(first.body.id ?? ''));
  for (const bad of ['limit=0', 'limit=101', 'cursor=x', 'cursor=2', 'status=paid', 'from=yesterday', 'surprise=1']) {
    assert.equal((await stack.send({ method: 'GET', path: `/payment?channel=${demo.channel}&${bad}` })).status, 422, bad);
  }
});

test('a session is paid on our page; the callback names the reference', async () => {
  const reference = freshName('session');
  const body = { channel: demo.channel, amount: 45_00, currency: 'USD', reference };
  const opened = await stack.send({ path: '/payment/session', body });
  assert.deepEqual([opened.status, (await stack.send({ path: '/payment/session', body })).body.id], [201, opened.body.id], opened.text);
  assert.equal((await stack.send({ path: '/payment/session', body: { ...body, amount: 1 } })).body.error?.code, 'duplicate_reference');
  await payOn(opened.body.redirect_url ?? '');
  const list = await stack.send({ method: 'GET', path: `/payment?channel=${demo.channel}&reference=${reference}` });
  assert.deepEqual(
    listIn(list.body, 'data').map(({ status, amount_captured }) => [status, Number(amount_captured)]),
    [['captured', 45_00]],
  );
});

test('sessions and links are made once for a key or a reference, also when many ask at once, and anew the day after', async () => {
  for (const path of ['/payment/session', '/payment/link']) {
    const body = {
      ...{ channel: demo.channel, amount: 46_00, currency: 'USD', reference: freshName('once'), metadata: { z: '1', a: '2' } },
      customer: { reference: 'c', email: 'ada@shop.example', name: 'Ada' },
    };
    const ask = (more: Json = {}, headers: Readonly<Record<string, string>> = {}) =>
      stack.send({ path, body: { ...body, ...more }, headers });
    const all = await Promise.all(Array.from({ length: 8 }, () => ask()));
    assert.deepEqual([...new Set(all.map(({ status, body: { id } }) => `${status} ${id}`))], [`201 ${all[0]?.body.id}`]);
    const again = await ask();
    assert.deepEqual([again.body.id, again.headers['idempotent-replayed']], [all[0]?.body.id, 'true']);
    const keyed = { 'idempotency-key': freshName('key') };
    const first = await ask({}, keyed);
    assert.deepEqual([first.status, first.headers['idempotent-replayed']], [201, undefined], first.text);
    assert.notEqual(first.body.id, again.body.id);
    const same = await ask({}, keyed);
    assert.deepEqual([same.body.id, same.headers['idempotent-replayed']], [first.body.id, 'true']);
    assert.deepEqual(codeOf(await ask({ amount: 1 }, keyed)), [409, 'idempotency_mismatch']);
    assert.deepEqual(codeOf(await ask({ amount: 1 })), [409, 'duplicate_reference']);
    await moveClock(stack.url, 86_400);
    const anew = await ask();
    assert.deepEqual([anew.status, anew.headers['idempotent-replayed']], [201, undefined], anew.text);
    assert.notEqual(anew.body.id, again.body.id);
    assert.equal((await ask()).body.id, anew.body.id);
  }
});

test('a session that has expired unpaid is opened anew under its reference, and stays under its key', async () => {
  const body = { channel: demo.channel, amount: 46_00, currency: 'USD', reference: freshName('late') };
  const keyed = { 'idempotency-key': freshName('key') };
  const ask = (headers = {}) => stack.send({ path: '/payment/session', body, headers });
  const [first, second] = [await ask(), await ask(keyed)];
  await moveClock(stack.url, 3_600);
  assert.equal((await fetch(first.body.redirect_url ?? '')).status, 410);
  const anew = await ask();
  assert.deepEqual([anew.status, anew.headers['idempotent-replayed']], [201, undefined], anew.text);
  await payOn(anew.body.redirect_url ?? '');
  assert.deepEqual([(await ask()).body.id, (await ask(keyed)).body.id], [anew.body.id, second.body.id]);
});

test('a link is mailed, paid, told, and ended', async () => {
  const body = {
    channel: demo.channel,
    amount: 7_00,
    currency: 'USD',
    reference: freshName('link'),
    description: 'Order 79',
    expires_in: '7d',
  };
  const to = 'link@customer.example';
  const made = await stack.send({ path: '/payment/link', body: { ...body, customer: { email: to }, send_email: true } });
  assert.equal(made.status, 201, made.text);
  assert.equal(Date.parse(made.body.expires_at ?? '') - Date.parse(made.body.created_at ?? '') > 6 * 86_400_000, true);
  assert.match(textOf(await openPage(made.body.url ?? '')), /Order 79/);
  const [mail] = await createMailbox(stack.parts.host.url).received(to, 1);
  assert.match(mail?.text ?? '', /7\.00/);
  assert.ok((mail?.text ?? '').includes(made.body.url ?? '?'));
  const read = (key = demo.key) => stack.send({ method: 'GET', path: `/payment/link/${made.body.id}`, key });
  assert.equal((await read()).body.status, 'open');
  assert.deepEqual(codeOf(await read(other.key)), [404, 'link_not_found']);
  await payOn(made.body.url ?? '');
  const paid = await read();
  assert.deepEqual([paid.body.status, paid.body.payment?.status], ['paid', 'captured'], paid.text);
  assert.deepEqual(codeOf(await stack.send({ path: '/payment/link/disable', body: { id: made.body.id } })), [409, 'invalid_state']);
  const second = await stack.send({ path: '/payment/link', body: { ...body, reference: freshName('link') } });
  const ended = await stack.send({ path: '/payment/link/disable', body: { id: second.body.id } });
  assert.equal(ended.body.status, 'disabled', ended.text);
});

test('callbacks are signed with their time, name their event, and tell a payment as it is', async () => {
  const hooks = createHooks(stack.parts.host.url);
  const paid = await stack.pay(order({ metadata: { order: 'A1' } }));
  await stack.send({ path: '/payment/refund', body: { payment_id: paid.body.id, amount: 1_00, reference: 'r1' } });
  const told = (await hooks.acknowledged('tzero', 3, paid.body.id)).map((hook) => {
    const [, time = '', signature] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(hook.headers['x-signature'] ?? '') ?? [];
    assert.equal(signature, createHmac('sha256', demoCallbackSecret).update(`${time}.${hook.body}`).digest('hex'));
    assert.ok(Math.abs(Number(time) - Date.now() / 1_000) < 60);
    const event = JSON.parse(hook.body) as { readonly id: string; readonly type: string; readonly data: Json };
    assert.deepEqual([hook.headers['x-event-id'], hook.headers['x-event-type']], [event.id, event.type]);
    assert.deepEqual([event.data.id, event.data.metadata], [paid.body.id, { order: 'A1' }]);
    return event;
  });
  assert.deepEqual(
    told.map(({ type }) => type),
    ['payment.captured', 'refund.succeeded', 'payment.partially_refunded'],
  );
  assert.equal(new Set(told.map(({ id }) => id)).size, 3);
  const challenged = await stack.pay(order({ payment_method: card('5555555555554444') }));
  const [hook] = await hooks.acknowledged('tzero', 1, challenged.body.id);
  const { data } = JSON.parse(hook?.body ?? '{}') as { readonly data: Json };
  const { request_id, ...payment } = challenged.body;
  assert.equal(challenged.body.three_ds?.status, 'Y');
  assert.deepEqual(data, payment);
});

test('a payment is confirmed by mail where the merchant wants mails', async () => {
  const to = 'merchant@shop.example';
  await createOperator(stack.parts.env).json('webhook', 'add', '--merchant', '1', '--dialect', 'tzero', '--mail', to);
  const paid = await stack.pay(order({ amount: 31_00 }));
  const [mail] = await createMailbox(stack.parts.host.url).received(to, 1);
  assert.match(mail?.text ?? '', /31\.00/);
  for (const known of [paid.body.reference, paid.body.id]) assert.ok((mail?.text ?? '').includes(known ?? '?'));
});

test('a URL of the request is told as well, where the channel allows it', async () => {
  const hooks = createHooks(stack.parts.host.url);
  assert.deepEqual((await stack.authorise(order({ callback_url: 'https://evil.example/x' }))).status, 422);
  assert.deepEqual((await stack.authorise(order({ return_url: 'https://evil.example/x' }))).status, 422);
  for (const name of ['callback_url', 'return_url']) {
    for (const number of ['4012888888881881', '%34012-8888-8888-1881']) {
      const refused = await stack.authorise(order({ [name]: `http://127.0.0.1:8070/${number}` }));
      assert.deepEqual([refused.status, refused.text.includes(name)], [422, true], refused.text);
    }
  }
  const begun = await stack.authorise(order({ callback_url: hooks.url('tzero-own'), return_url: 'http://127.0.0.1:8070/own?a=b#c' }));
  const back = new URL(await shop(begun.body.redirect_url ?? ''));
  assert.deepEqual([back.pathname, back.searchParams.get('a'), back.hash], ['/own', 'b', '#c']);
  await hooks.acknowledged('tzero-own', 1);
});

test('a new key opens all channels of its merchant, and nothing else; revoked, it opens nothing', async () => {
  const operator = createOperator(stack.parts.env);
  const made = await operator.json<{ readonly credentialId: string; readonly login: Readonly<Record<string, string>> }>(
    ...['credential', 'create', '--merchant', '1', '--dialect', 'tzero'],
  );
  const key = made.login['X-Secret-Key'] ?? '';
  assert.match(key, /^sk_[0-9a-f]{32}$/);
  await eventually(async () => (await stack.authorise(order(), { key })).status === 201, 'the new key to open');
  const { rows } = await stack.parts.database.query<{ found: string }>('select c::text as found from polygate.credential c');
  assert.ok(rows.length > 1 && rows.every(({ found }) => !found.includes(key.slice(3))));
  await operator.json('credential', 'revoke', made.credentialId);
  await eventually(async () => (await stack.authorise(order(), { key })).status === 401, 'the revoked key to be refused');
});
