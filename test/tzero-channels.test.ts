/** tZero: what a channel is set to, and what a payment carries along: units, callback or mail, metadata, delayed captures, lists in pages. */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import { CompactEncrypt, importJWK, type JWK } from 'jose';
import { moveClock } from './harness/console.ts';
import { createHooks } from './harness/hooks.ts';
import { createMailbox } from './harness/mailbox.ts';
import { createOperator } from './harness/operator.ts';
import { freshName } from './harness/opp.ts';
import { eventually } from './harness/processes.ts';
import { card, demo, demoCallbackSecret, type Json, listIn, order, other, shop, type TzeroReply, useTzero } from './harness/tzero.ts';

const stack = useTzero({ webhooks: true });

function fieldsOf({ status, body, text }: TzeroReply): readonly string[] {
  assert.equal(status, 422, text);
  return listIn(body.error ?? ({} as never), 'details').map(({ field = '' }) => field);
}

/** Another channel of the demo merchant; its name on the wire. */
async function newChannel(policies: Json = {}, listed = 200): Promise<string> {
  const { wireId } = await createOperator(stack.parts.env).json<{ wireId: string }>(
    ...['channel', 'create', '--merchant', '1', '--dialect', 'tzero', '--account', 'sandbox-tzero', '--name', 'Second shop'],
  );
  await stack.parts.database.query('update polygate.channel set policies = $1 where wire_id = $2', [
    JSON.stringify({ returnUrl: 'http://127.0.0.1:8070/second', ...policies }),
    wireId,
  ]);
  await eventually(async () => {
    const { status, body } = await stack.send({ method: 'GET', path: `/payment?channel=${wireId}` });
    return status === listed && body.error?.code !== 'channel_not_allowed';
  }, 'the new channel to be known');
  return wireId;
}

test('amounts of a channel that is set to major units have decimals, everywhere', async () => {
  const channel = await newChannel({ amountUnit: 'major' });
  const before = (await stack.parts.host.books()).length;
  const held = await stack.pay(order({ channel, amount: 12.5, capture: 'manual' }));
  assert.deepEqual([held.body.amount, held.body.amount_authorised], [12.5, 12.5], held.text);
  const id = held.body.id ?? '';
  const part = await stack.send({ path: '/payment/capture', body: { payment_id: id, amount: 10.01, final: true } });
  assert.deepEqual([part.body.amount_captured, part.body.operation?.amount], [10.01, 10.01], part.text);
  const back = await stack.send({ path: '/payment/refund', body: { payment_id: id, amount: 0.01, reference: 'r' } });
  assert.deepEqual([back.body.amount, back.body.status], [0.01, 'succeeded'], back.text);
  const listed = await stack.send({ method: 'GET', path: `/payment?channel=${channel}` });
  assert.deepEqual(
    listIn(listed.body, 'data').map(({ amount, amount_captured, amount_refunded }) => [amount, amount_captured, amount_refunded]),
    [[12.5, 10.01, 0.01]],
  );
  const link = await stack.send({
    path: '/payment/link',
    body: { channel, amount: 7.5, currency: 'USD', reference: freshName('link') },
  });
  assert.equal(link.body.amount, 7.5, link.text);
  const yen = await stack.pay(order({ channel, amount: 100, currency: 'JPY' }));
  assert.equal(yen.body.amount_captured, 100, yen.text);
  assert.deepEqual(
    (await stack.parts.host.books()).slice(before).map(({ kind, amount, currency }) => [kind, amount, currency]),
    [
      ['authorization', 12_50, '840'],
      ['capture', 10_01, '840'],
      ['reversal', 2_49, '840'],
      ['refund', 1, '840'],
      ['debit', 100, '392'],
    ],
  );
  for (const [amount, currency] of [
    [12.345, 'USD'],
    [100.5, 'JPY'],
    [0, 'USD'],
    [-1, 'USD'],
    [1e-7, 'USD'],
    [1e21, 'USD'],
  ] as const) {
    assert.deepEqual(fieldsOf(await stack.authorise(order({ channel, amount, currency }))), ['amount'], `${amount} ${currency}`);
  }
  assert.deepEqual(fieldsOf(await stack.authorise(order({ amount: 12.5 }))), ['amount']);
});

test('a channel that names addresses takes requests from there alone', async () => {
  const [elsewhere, here] = [
    await newChannel({ allowedAddresses: ['203.0.113.0/24', '2001:db8::1'] }, 403),
    await newChannel({ allowedAddresses: ['203.0.113.7', '127.0.0.0/8', '::1'] }),
  ];
  for (const path of ['/payment/authorise', '/payment/session', '/payment/link']) {
    const refused = await stack.send({ path, body: order({ channel: elsewhere }) });
    assert.deepEqual([refused.status, refused.body.error?.code], [403, 'ip_not_allowed'], refused.text);
  }
  assert.equal((await stack.authorise(order({ channel: here }))).status, 201);
  // What was paid before the restriction is as closed as the rest.
  const paid = (await stack.pay(order({ channel: here }))).body.id ?? '';
  await stack.parts.database.query('update polygate.channel set policies = $1 where wire_id = $2', [
    JSON.stringify({ returnUrl: 'http://127.0.0.1:8070/second', allowedAddresses: ['203.0.113.7'] }),
    here,
  ]);
  await eventually(async () => (await stack.read(paid)).body.error?.code === 'ip_not_allowed', 'the restriction to count');
});

test('what belongs to the merchant is as closed as all of its channels', async () => {
  const paths = ['/customer/nobody/payment-method', '/compliance/status'];
  const codes = async () =>
    Promise.all(paths.map(async (path) => (await stack.send({ method: 'GET', path, key: other.key })).body.error?.code));
  assert.deepEqual(await codes(), [undefined, undefined]);
  const { rows } = await stack.parts.database.query<{ policies: Json }>('select policies from polygate.channel where wire_id = $1', [
    other.channel,
  ]);
  const setPolicies = (policies: Json) =>
    stack.parts.database.query('update polygate.channel set policies = $1 where wire_id = $2', [JSON.stringify(policies), other.channel]);
  await setPolicies({ ...rows[0]?.policies, allowedAddresses: ['203.0.113.7'] });
  const closed = paths.map(() => 'ip_not_allowed');
  await eventually(async () => String(await codes()) === String(closed), 'the restriction to count');
  const path = `${paths[0]}/pm_${'a'.repeat(32)}`;
  assert.equal((await stack.send({ method: 'DELETE', path, key: other.key })).body.error?.code, 'ip_not_allowed');
  await setPolicies(rows[0]?.policies ?? {});
  await eventually(async () => String(await codes()) === String([undefined, undefined]), 'the restriction to end');
});

test('each channel is confirmed in its own way: one by callback, another by mail, each told only of its own payments', async () => {
  const operator = createOperator(stack.parts.env);
  const hooks = createHooks(stack.parts.host.url);
  const [byCallback, byMail] = [await newChannel(), await newChannel()];
  const to = `${byMail}@shop.example`;
  const hook = `only-${byCallback}`;
  const add = ['webhook', 'add', '--merchant', '1', '--dialect', 'tzero'];
  await operator.json(...add, '--channel', byCallback, '--url', hooks.url(hook));
  await operator.json(...add, '--channel', byMail, '--mail', to);
  const mailed = await stack.pay(order({ channel: byMail, amount: 41_00 }));
  const called = await stack.pay(order({ channel: byCallback, amount: 42_00 }));
  const told = (await hooks.acknowledged(hook, 1)).map(({ body }) => (JSON.parse(body) as { data: Json }).data.id);
  const mails = await createMailbox(stack.parts.host.url).received(to, 1);
  assert.deepEqual(told, [called.body.id]);
  assert.deepEqual(
    mails.map(({ text }) => [text.includes(mailed.body.reference ?? '?'), text.includes('41.00'), text.includes('4111111111111111')]),
    [[true, true, false]],
  );
});

test('the way back is signed with the secret of the callbacks of the channel', async () => {
  const operator = createOperator(stack.parts.env);
  const hooks = createHooks(stack.parts.host.url);
  const secrets = [`whsec_${'a1'.repeat(16)}`, `whsec_${'b2'.repeat(16)}`] as const;
  const [own, general] = [await newChannel(), await newChannel()];
  const third = await newChannel();
  for (const [channel, secret] of [
    [own, secrets[0]],
    [third, secrets[1]],
  ] as const) {
    const add = ['webhook', 'add', '--merchant', '1', '--dialect', 'tzero', '--channel', channel];
    await operator.json(...add, '--url', hooks.url(`back-${channel}`), '--secret', secret);
  }
  for (const [channel, secret] of [
    [own, secrets[0]],
    [third, secrets[1]],
    [general, demoCallbackSecret],
  ] as const) {
    const begun = await stack.authorise(order({ channel }));
    const back = new URL(await shop(begun.body.redirect_url ?? ''));
    const { payment_id: id, reference, status, signature } = Object.fromEntries(back.searchParams);
    assert.equal(signature, createHmac('sha256', secret).update(`${id}.${reference}.${status}`).digest('hex'), channel);
  }
});

test('metadata comes back as it was sent, with the payment, its list and its callbacks; within its limits', async () => {
  const hooks = createHooks(stack.parts.host.url);
  const names = Array.from({ length: 20 }, (_, index) => (index === 0 ? 'n'.repeat(40) : `key_${index}`));
  const metadata = Object.fromEntries(names.map((name) => [name, `${name} ✓ ${'v'.repeat(300)}`]));
  const paid = await stack.pay(order({ metadata }));
  assert.deepEqual(paid.body.metadata, metadata);
  const listed = await stack.send({ method: 'GET', path: `/payment?channel=${demo.channel}&reference=${paid.body.reference}` });
  assert.deepEqual(listIn(listed.body, 'data')[0]?.metadata, metadata);
  const [told] = await hooks.acknowledged('tzero', 1, paid.body.id);
  assert.deepEqual((JSON.parse(told?.body ?? '{}') as { data: Json }).data.metadata, metadata);
  const longest = 'w'.repeat(500);
  assert.equal((await stack.authorise(order({ metadata: { a: longest } }))).body.metadata?.a, longest);
  assert.deepEqual((await stack.authorise(order({ metadata: { card: 'it is 4111 1111 1111 1111' } }))).body.metadata, {
    card: 'it is 411111******1111',
  });
  for (const bad of [
    { a: 1 },
    { a: 'v'.repeat(501) },
    { ['n'.repeat(41)]: 'v' },
    Object.fromEntries(Array.from({ length: 21 }, (_, n) => [`k${n}`, 'v'])),
  ]) {
    assert.match(String(fieldsOf(await stack.authorise(order({ metadata: bad })))), /^metadata/);
  }
  assert.deepEqual(fieldsOf(await stack.authorise(order({ metadata: ['a'] }))), ['metadata']);
});

test('a delayed capture is taken when its time has come; not after a void, and earlier when the merchant says so', async () => {
  const begin = async (more: Json) => {
    const paid = await stack.pay(order({ amount: 20_00, ...more }));
    assert.equal(paid.body.status, 'authorised', paid.text);
    return paid.body.id ?? '';
  };
  const [minutes, hours, day] = [
    await begin({ capture_delay: '30m' }),
    await begin({ capture_delay: '12h' }),
    await begin({ capture_delay: '1d' }),
  ];
  const [voided, early] = [await begin({ capture_delay: '1d' }), await begin({ capture_delay: '1d' })];
  const manual = await begin({ capture: 'manual', capture_delay: '1d' });
  const { capture_at, created_at } = (await stack.read(hours)).body;
  assert.equal(Date.parse(capture_at ?? '') - Date.parse(created_at ?? ''), 12 * 3_600_000);
  await stack.send({ path: '/payment/void', body: { payment_id: voided } });
  const taken = await stack.send({ path: '/payment/capture', body: { payment_id: early, amount: 5_00 } });
  assert.equal(taken.body.amount_captured, 5_00, taken.text);
  const statuses = async () =>
    Promise.all([minutes, hours, day, voided, early, manual].map(async (id) => (await stack.read(id)).body.status));
  await moveClock(stack.url, 30 * 60 + 1);
  assert.deepEqual(await statuses(), ['captured', 'authorised', 'authorised', 'cancelled', 'partially_captured', 'authorised']);
  await moveClock(stack.url, 11.5 * 3_600);
  assert.deepEqual((await statuses()).slice(0, 3), ['captured', 'captured', 'authorised']);
  await moveClock(stack.url, 12 * 3_600);
  assert.deepEqual(await statuses(), ['captured', 'captured', 'captured', 'cancelled', 'captured', 'authorised']);
  assert.equal((await stack.read(early)).body.amount_captured, 20_00);
  for (const bad of ['1', 'd', '1w', '8d', '169h', '1.5d', '-1d']) {
    assert.deepEqual(fieldsOf(await stack.authorise(order({ capture_delay: bad }))), ['capture_delay'], bad);
  }
  assert.equal((await stack.pay(order({ capture_delay: '0d' }))).body.status, 'captured');
});

test('the delay of a capture begins with the payment: a customer who comes later is charged at once', async () => {
  const begun = await stack.authorise(order({ capture_delay: '5m' }));
  await moveClock(stack.url, 6 * 60);
  assert.equal((await stack.read(begun.body.id ?? '')).body.status, 'pending_customer');
  await shop(begun.body.redirect_url ?? '');
  await eventually(async () => (await stack.read(begun.body.id ?? '')).body.status === 'captured', 'the capture');
});

test('a list goes on where its page ended, also when payments come in between', async () => {
  const channel = await newChannel();
  const add = async (count: number): Promise<readonly string[]> => {
    const ids: string[] = [];
    for (let made = 0; made < count; made += 1) ids.push((await stack.authorise(order({ channel }))).body.id ?? '');
    return ids;
  };
  const page = async (query: string) => {
    const reply = await stack.send({ method: 'GET', path: `/payment?channel=${channel}&limit=2${query}` });
    assert.equal(reply.status, 200, reply.text);
    return { ids: listIn(reply.body, 'data').map(({ id }) => id), more: reply.body.has_more, next: reply.body.next_cursor };
  };
  const first = await add(4);
  const one = await page('');
  assert.deepEqual([one.ids, one.more], [first.slice(0, 2), true]);
  const second = await add(1);
  const two = await page(`&cursor=${one.next}`);
  assert.deepEqual([two.ids, two.more], [first.slice(2), true]);
  const three = await page(`&cursor=${two.next}`);
  assert.deepEqual([three.ids, three.more, three.next], [second, false, null]);
  // The same cursor leads to the same page, and to no other channel's.
  assert.deepEqual((await page(`&cursor=${one.next}`)).ids, two.ids);
  const theirs = await stack.send({ method: 'GET', path: `/payment?channel=${other.channel}&cursor=${one.next}`, key: other.key });
  assert.deepEqual(
    listIn(theirs.body, 'data').filter(({ id }) => first.includes(String(id))),
    [],
  );
});

test('a reference that holds a card number is shown and found masked, and still is the key of its own payment', async () => {
  // Masked, both are the same.
  const [pan, like, masked] = ['4111111111111111', '4111110311111111', '411111******1111'];
  const channel = await newChannel();
  const mit = { payment_type: 'mit', previous_network_reference: 'A1B2C3D4' };
  const customer = { reference: pan, email: 'ada@shop.example' };
  const sent = order({ channel, reference: pan, customer, metadata: { [pan]: pan }, payment_data: mit });
  const first = await stack.authorise(sent);
  assert.deepEqual([first.status, first.body.reference, first.body.customer?.reference], [200, masked, masked], first.text);
  assert.deepEqual(first.body.metadata, { [masked]: masked });
  assert.equal((await stack.authorise(sent)).body.id, first.body.id);
  const second = await stack.authorise(order({ channel, reference: like, payment_data: mit }));
  assert.notEqual(second.body.id, first.body.id);
  const byKey = { headers: { 'idempotency-key': pan } };
  const keyed = order({ channel, payment_data: mit });
  const third = await stack.authorise(keyed, byKey);
  assert.deepEqual([third.status, (await stack.authorise(keyed, byKey)).body.id], [200, third.body.id], third.text);
  assert.equal((await stack.authorise({ ...keyed, amount: 1 }, byKey)).body.error?.code, 'idempotency_mismatch');
  const listed = await stack.send({ method: 'GET', path: `/payment?channel=${channel}&reference=${masked.replaceAll('*', '%2A')}` });
  assert.deepEqual(
    listIn(listed.body, 'data').map(({ id }) => id),
    [first.body.id, second.body.id],
  );
  const previous = { payment_data: { ...mit, previous_network_reference: pan } };
  assert.deepEqual(fieldsOf(await stack.authorise(order(previous))), ['payment_data.previous_network_reference']);
  const refund = { payment_id: first.body.id, amount: 100, reference: pan };
  const refunded = await stack.send({ path: '/payment/refund', body: refund });
  assert.deepEqual(
    [refunded.body.reference, (await stack.send({ path: '/payment/refund', body: refund })).body.id],
    [masked, refunded.body.id],
  );
  const link = await stack.send({
    path: '/payment/link',
    body: { channel, amount: 100, currency: 'USD', reference: pan, description: pan },
  });
  assert.equal(link.body.reference, masked, link.text);
});

test('an encrypted body is opened with the algorithms of the key alone, at every endpoint', async () => {
  const [jwk] = listIn((await stack.send({ method: 'GET', path: '/keys', key: '' })).body, 'keys');
  const send = async (path: string, body: Json, header: Json = {}) => {
    const protectedHeader = { alg: 'RSA-OAEP-256', enc: 'A256GCM', kid: String(jwk?.kid), ...header };
    const key = await importJWK({ ...(jwk as unknown as JWK), alg: protectedHeader.alg }, protectedHeader.alg);
    const jwe = await new CompactEncrypt(new TextEncoder().encode(JSON.stringify(body))).setProtectedHeader(protectedHeader).encrypt(key);
    return stack.send({ path, body: jwe, headers: { 'content-type': 'application/jose' } });
  };
  const begun = await send('/payment/authorise', order({ capture: 'manual', payment_method: card('5555555555554444') }));
  assert.equal(begun.status, 201, begun.text);
  await shop(begun.body.redirect_url ?? '');
  const id = begun.body.id ?? '';
  assert.equal((await send('/payment/capture', { payment_id: id, amount: 5_00 })).body.status, 'partially_captured');
  assert.equal((await send(`/payment/${id}/refund`, { amount: 5_00, reference: 'r' })).body.status, 'succeeded');
  for (const header of [{ alg: 'RSA-OAEP' }, { enc: 'A128GCM' }, { enc: 'A256CBC-HS512' }, { kid: 'nobody' }]) {
    const refused = await send('/payment/authorise', order(), header);
    assert.deepEqual([refused.status, refused.body.error?.code], [400, 'malformed_jwe'], JSON.stringify(header));
  }
  const wrong = await send('/payment/authorise', order({ amount: 0 }));
  assert.deepEqual(fieldsOf(wrong), ['amount']);
});
