/** Webhooks from the payment to the catcher: what arrives, in which order, and what a merchant's failing endpoint costs whom. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { encryptMessage } from '../src/dialects/opp/callbacks.ts';
import { auditAfterEach } from './harness/auditor.ts';
import { type CaughtHook, createHooks, decryptOpp, type Hooks, hurryDeliveries } from './harness/hooks.ts';
import { createOperator } from './harness/operator.ts';
import { demoBearerToken, demoEntityId } from './harness/opp-client.ts';
import { createPaymentzClient, demoMember, expectResult, purchase } from './harness/paymentz.ts';
import { eventually } from './harness/processes.ts';
import { type Stack, startStack } from './harness/stack.ts';

let stack: Stack;
let hooks: Hooks;
before(async () => {
  stack = await startStack({ webhooks: true });
  hooks = createHooks(stack.host.url);
});
auditAfterEach(() => stack);
after(() => stack.stop());

/** Waits until as many messages about a payment's operations were acknowledged, hurrying whatever has failed. */
async function toldOf(ids: readonly string[], count: number): Promise<readonly CaughtHook[]> {
  let told: readonly CaughtHook[] = [];
  const enough = async () => {
    await hurryDeliveries(stack.database);
    told = (await hooks.list('opp')).filter((hook) => hook.status < 300 && ids.includes(decryptOpp(hook).payload.id ?? ''));
    return told.length >= count;
  };
  await eventually(enough, `${count} messages about ${ids.join(', ')}`);
  return told;
}

test("the platform's own test vector", () => {
  const key = Buffer.from('000102030405060708090A0B0C0D0E0F000102030405060708090A0B0C0D0E0F', 'hex');
  const { body, tag } = encryptMessage('{"type": "PAYMENT"}', { key, iv: Buffer.from('3D575574536D450F71AC76D8', 'hex') });
  assert.equal(body.toString('hex').toUpperCase(), 'F8E2F759E528CB69375E51DB2AF9B53734E393');
  assert.equal(tag.toString('hex').toUpperCase(), '19FDD068C6F383C173D3A906F7BD1D83');
});

test('a payment is told encrypted, as the API shows it, with what only webhooks have', async () => {
  const more = { merchantTransactionId: 'order-of-webhooks', 'customer.givenName': 'Ada', 'customParameters[SHOPPER_x]': 'y' };
  const paid = await stack.api.pay({ amount: '12.50', more });
  const [hook] = await toldOf([paid.id], 1);
  assert.ok(hook !== undefined);
  assert.equal(hook.method, 'POST');
  assert.match(hook.headers['x-initialization-vector'] ?? '', /^[0-9A-F]{24}$/);
  assert.match(hook.headers['x-authentication-tag'] ?? '', /^[0-9A-F]{32}$/);
  assert.match(hook.body, /^[0-9A-F]+$/);
  const { type, action, payload } = decryptOpp(hook);
  assert.deepEqual({ type, action }, { type: 'PAYMENT', action: undefined });
  const { buildNumber, timestamp, ndc, ...told } = payload as unknown as Record<string, unknown>;
  const { buildNumber: sameBuild, timestamp: _time, ndc: _ndc, ...answered } = paid.body;
  assert.equal(buildNumber, sameBuild);
  assert.match(String(timestamp), /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}\+0000$/);
  assert.match(String(ndc), new RegExp(`^${demoEntityId}_[0-9a-f]{32}$`));
  assert.match(payload.shortId ?? '', /^\d{4}\.\d{4}\.\d{4}$/);
  assert.deepEqual(told, {
    ...answered,
    ...{ presentationAmount: '12.50', presentationCurrency: 'EUR' },
    ...{ source: 'OPP', channelName: 'Polygate Demo', paymentMethod: 'CC', shortId: payload.shortId },
    authentication: { entityId: demoEntityId },
    redirect: { parameters: [] },
  });
});

test('every operation of a payment is told, in order, and declines too', async () => {
  const held = await stack.api.pay({ type: 'PA', amount: '30.00' });
  const captured = await stack.api.operate(held.id, { type: 'CP', amount: '20.00' });
  const refunded = await stack.api.operate(captured.id, { type: 'RF', amount: '5.00' });
  const declined = await stack.api.pay({ card: '4000000000000002' });
  const told = (await toldOf([held.id, captured.id, refunded.id], 3)).map((hook) => decryptOpp(hook).payload);
  assert.deepEqual(
    told.map(({ id, paymentType, referencedId }) => ({ id, paymentType, referencedId })),
    [
      { id: held.id, paymentType: 'PA', referencedId: undefined },
      { id: captured.id, paymentType: 'CP', referencedId: held.id },
      { id: refunded.id, paymentType: 'RF', referencedId: captured.id },
    ],
  );
  const [no] = (await toldOf([declined.id], 1)).map((hook) => decryptOpp(hook).payload);
  assert.equal(no?.result?.code, '800.100.152');
  assert.equal(no?.amount, undefined);
});

test('a payment that keeps its card tells of the registration too', async () => {
  const paid = await stack.api.pay({ more: { createRegistration: 'true' } });
  const token = String(paid.body.registrationId);
  const [hook] = await toldOf([token], 1);
  assert.ok(hook !== undefined);
  const { type, action, payload } = decryptOpp(hook);
  assert.deepEqual({ type, action }, { type: 'REGISTRATION', action: 'CREATED' });
  assert.equal(payload.card?.last4Digits, '1111');
  assert.equal(payload.result?.code, '000.100.110');
  const again = await stack.api.payWithToken(`/v1/registrations/${token}/payments`, { amount: '3.00' });
  await toldOf([again.id], 1);
  assert.equal((await toldOf([token], 1)).length, 1);
});

test('a card that is kept without a payment is told, and its deletion after it', async () => {
  const url = `http://127.0.0.1:${stack.config.port}/v1/registrations`;
  const headers = { authorization: `Bearer ${demoBearerToken}` };
  const sent = { paymentBrand: 'VISA', 'card.number': '4242424242424242', 'card.expiryMonth': '12', 'card.expiryYear': '2039' };
  const body = new URLSearchParams({ entityId: demoEntityId, ...sent, 'card.holder': 'Jane Jones' });
  const made = (await (await fetch(url, { method: 'POST', headers, body })).json()) as { readonly id: string };
  const deleted = await fetch(`${url}/${made.id}?entityId=${demoEntityId}`, { method: 'DELETE', headers });
  const { id: deletion } = (await deleted.json()) as { readonly id: string };
  const told = (await toldOf([made.id, deletion], 2)).map((hook) => decryptOpp(hook));
  assert.deepEqual(
    told.map(({ type, action, payload: { id, referencedId } }) => ({ type, action, id, referencedId })),
    [
      { type: 'REGISTRATION', action: 'CREATED', id: made.id, referencedId: undefined },
      { type: 'REGISTRATION', action: 'DELETED', id: deletion, referencedId: made.id },
    ],
  );
  const card = told[0]?.payload.card;
  assert.deepEqual([card?.bin, card?.last4Digits, card?.holder, card?.expiryYear], ['424242', '4242', 'Jane Jones', '2039']);
  assert.equal(told[0]?.payload.authentication?.entityId, demoEntityId);
});

test('an endpoint that wants nothing of the customer is told nothing of him, of kept cards either', async () => {
  const operator = createOperator(stack.env);
  const add = ['webhook', 'add', '--merchant', '1', '--dialect', 'opp', '--url', hooks.url('lean'), '--set', 'fields=non-customer'];
  const { id, secret } = await operator.json<{ readonly id: string; readonly secret: string }>(...add);
  assert.equal((await operator.run(['webhook', 'test', id])).code, 0);
  const customer = {
    'customer.email': 'jane@shop.example',
    'billing.city': 'Bern',
    'shipping.city': 'Basel',
    'customParameters[SHOPPER_a]': 'b',
  };
  assert.equal((await stack.api.pay({ more: customer })).code, '000.100.110');
  const sent = { paymentBrand: 'VISA', 'card.number': '4242424242424242', 'card.expiryMonth': '12', 'card.expiryYear': '2039' };
  const kept = await fetch(`http://127.0.0.1:${stack.config.port}/v1/registrations`, {
    ...{ method: 'POST', headers: { authorization: `Bearer ${demoBearerToken}` } },
    body: new URLSearchParams({ entityId: demoEntityId, ...sent, ...customer }),
  });
  assert.equal(kept.status, 200, await kept.text());
  const told = (await hooks.acknowledged('lean', 3)).map((hook) => decryptOpp(hook, secret));
  assert.deepEqual(told.map(({ type }) => type).toSorted(), ['PAYMENT', 'REGISTRATION', 'test']);
  for (const { payload } of told) {
    assert.deepEqual(
      ['customer', 'billing', 'shipping', 'customParameters'].filter((name) => name in payload),
      [],
    );
  }
  await operator.run(['webhook', 'remove', id]);
});

test('under random failures nothing is lost, and a later event never comes before an earlier one is acknowledged', async () => {
  const held = await stack.api.pay({ type: 'PA', amount: '50.00' });
  await toldOf([held.id], 1);
  await hooks.order('opp', { status: 503, times: 7 });
  const captures: string[] = [];
  for (let index = 0; index < 4; index += 1) captures.push((await stack.api.operate(held.id, { type: 'CP', amount: '10.00' })).id);
  await toldOf(captures, 4);
  const tries = (await hooks.list('opp'))
    .map((hook) => ({ id: decryptOpp(hook).payload.id ?? '', isTaken: hook.status < 300 }))
    .filter(({ id }) => captures.includes(id));
  assert.ok(tries.filter(({ isTaken }) => !isTaken).length >= 5);
  // Each is tried until it is taken, then the next one.
  assert.deepEqual([...new Set(tries.map(({ id }) => id))], captures);
  assert.deepEqual(
    tries.filter(({ isTaken }) => isTaken).map(({ id }) => id),
    captures,
  );
  for (const id of captures) {
    const own = tries.flatMap((entry, position) => (entry.id === id ? [position] : []));
    assert.equal((own.at(-1) ?? 0) - (own[0] ?? 0), own.length - 1, 'tries of one event lie beside one another');
  }
});

test('each try is recorded: when, how long, the status and what was answered', async () => {
  await hooks.order('opp', { status: 500, times: 1 });
  const paid = await stack.api.pay({});
  await toldOf([paid.id], 1);
  const { rows } = await stack.database.query<{ status: number; problem: string | null; answer: string; duration_ms: number }>(
    `select a.status, a.problem, a.answer, a.duration_ms from polygate.delivery_attempt a join polygate.delivery d using (payment_id, endpoint_id, sequence)
    where replace(d.operation_id::text, '-', '') = $1 order by a.started_at`,
    [paid.id],
  );
  assert.deepEqual(
    rows.map(({ status, problem, answer }) => ({ status, problem, answer })),
    [
      { status: 500, problem: 'HTTP 500', answer: 'ordered: 500' },
      { status: 200, problem: null, answer: 'ok' },
    ],
  );
  assert.ok(rows.every(({ duration_ms }) => duration_ms >= 0));
});

test('a URL that the request names gets a GET with the id and where to read it, for what follows too', async () => {
  const notificationUrl = `${hooks.url('shop')}?order=7&note=a%20b%21`;
  const paid = await stack.api.pay({ type: 'PA', amount: '9.00', more: { notificationUrl } });
  assert.equal(paid.body.notificationUrl, undefined);
  const captured = await stack.api.operate(paid.id, { type: 'CP', amount: '9.00' });
  const told = await hooks.acknowledged('shop', 2);
  assert.deepEqual(
    told.map(({ method, query, body }) => ({ method, body, ...Object.fromEntries(new URLSearchParams(query)) })),
    [paid.id, captured.id].map((id) => ({ method: 'GET', body: '', order: '7', note: 'a b!', id, resourcePath: `/v1/payments/${id}` })),
  );
  for (const { query } of told) assert.match(query, /^\??order=7&note=a%20b%21&id=/);
  await stack.api.pay({});
  assert.equal((await hooks.list('shop')).length, 2);
  for (const bad of ['nowhere', 'ftp://shop.example/x', 'https://shop.example/4242424242424242']) {
    const refused = await stack.api.pay({ more: { notificationUrl: bad } });
    assert.deepEqual([refused.status, refused.code], [400, '200.300.404'], bad);
  }
});

test('what stands for URLs that requests name cannot be removed, since requests go on naming them', async () => {
  const operator = createOperator(stack.env);
  await stack.api.pay({ more: { notificationUrl: hooks.url('kept') } });
  const listed = await operator.json<readonly { readonly id: string; readonly url: string; readonly dialect: string }[]>('webhook', 'list');
  const { id = '' } = listed.find(({ url, dialect }) => url === '(named by requests)' && dialect === 'opp') ?? {};
  const { code, output } = await operator.run(['webhook', 'remove', id]);
  assert.equal(code, 1);
  assert.match(output, /stands for URLs that requests name; it cannot be removed, only paused/);
  await stack.api.pay({ more: { notificationUrl: hooks.url('kept') } });
  await hooks.acknowledged('kept', 2);
});

test('Paymentz: a payment that names an address is told there, signed with the member’s key, also where the merchant has an endpoint', async () => {
  const client = createPaymentzClient({ url: `http://127.0.0.1:${stack.config.port}`, traces: stack.traces, member: demoMember });
  const paid = expectResult(await client.pay(purchase({ notificationUrl: hooks.url('named-by-paymentz') })), '00001');
  const told = await hooks.acknowledged('named-by-paymentz', 1, `"paymentId":"${paid.body.paymentId}"`);
  assert.match(told[0]?.body ?? '', /"checksum":"[0-9a-f]{32}"/);
});
