/** QorePay: what merchants are told, by whom it is signed, and that nobody else's is touched. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createVerify } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { moveClock, readClock } from './harness/console.ts';
import { type CaughtHook, createHooks, type Hooks, hurryDeliveries } from './harness/hooks.ts';
import { waitingFor, withLocked } from './harness/locks.ts';
import { createOperator } from './harness/operator.ts';
import { eventually } from './harness/processes.ts';
import { type Answer, type Body, other, useQorepayStack } from './harness/qorepay.ts';

const shop = useQorepayStack({ webhooks: true });

/** Each request on its own; the stack is there only while tests run. */
const hooks: Pick<Hooks, 'list' | 'url'> = {
  list: (name) => createHooks(shop.parts.host.url).list(name),
  url: (name) => createHooks(shop.parts.host.url).url(name),
};

interface Told {
  readonly id: string;
  readonly type: string;
  readonly status: string;
  readonly event_type: string;
  readonly refundable_amount: number;
  readonly is_recurring_token: boolean;
  readonly related_to?: { readonly id: string };
}

const told = ({ body }: CaughtHook) => JSON.parse(body) as Told;

/** What was acknowledged about a purchase, once these events were; whatever waits is due now. */
async function toldOf(name: string, id: string, events: readonly string[]): Promise<readonly CaughtHook[]> {
  let found: readonly CaughtHook[] = [];
  const complete = async () => {
    await hurryDeliveries(shop.parts.database);
    found = (await hooks.list(name))
      .filter(({ status }) => status < 300)
      .filter((hook) => [told(hook).id, told(hook).related_to?.id].includes(id));
    return events.every((event) => found.some((hook) => told(hook).event_type === event));
  };
  await eventually(complete, `${events.join(', ')} of ${id} at ${name}`);
  return found;
}

function isSigned({ headers, body }: Pick<CaughtHook, 'headers' | 'body'>, key: string): boolean {
  return createVerify('RSA-SHA256')
    .update(body)
    .verify(key, Buffer.from(headers['x-signature'] ?? '', 'base64'));
}

const act = (id: string, name: string, body?: object) => shop.api('POST', `purchases/${id}/${name}/`, body);

async function webhookAt(name: string, more: object = { all_events: true }): Promise<Answer> {
  return shop.api('POST', 'webhooks/', { title: name, callback: hooks.url(name), ...more });
}

test('a webhook has a key pair of its own, and is told everything as it was, in order', async () => {
  const made = await webhookAt('qp-all');
  assert.deepEqual([made.status, made.body.type, made.body.all_events, made.body.events], [201, 'webhook', true, []]);
  const purchase = await shop.create({ skip_capture: true });
  const id = String(purchase.body.id);
  await shop.s2s(purchase, { remember_card: 'on' });
  await act(id, 'capture', { amount: 4000 });
  await act(id, 'refund', { amount: 1000 });
  await act(id, 'delete_recurring_token');
  const all = [
    'purchase.created',
    'purchase.hold',
    'purchase.captured',
    'purchase.paid',
    'payment.refunded',
    'purchase.recurring_token_deleted',
  ];
  const found = await toldOf('qp-all', id, all);
  const ofPayment = found.map((hook) => told(hook).event_type).filter((event) => all.slice(1, 5).includes(event));
  assert.deepEqual(ofPayment, ['purchase.hold', 'purchase.captured', 'purchase.paid', 'payment.refunded']);
  const key = String(made.body.public_key);
  for (const hook of found) {
    assert.ok(isSigned(hook, key));
    // Receivers who parse the body and write it anew verify the same bytes.
    assert.ok(isSigned({ ...hook, body: JSON.stringify(JSON.parse(hook.body)) }, key));
    assert.equal(hook.headers['content-type'], 'application/json');
  }
  const at = (event: string) => told(found.find((hook) => told(hook).event_type === event) ?? assert.fail(event));
  assert.deepEqual(
    [at('purchase.created').status, at('purchase.hold').status, at('purchase.captured').status],
    ['created', 'hold', 'paid'],
  );
  assert.deepEqual([at('purchase.paid').refundable_amount, at('payment.refunded').type], [4000, 'payment']);
  assert.equal(at('purchase.recurring_token_deleted').is_recurring_token, false);
});

test('of chosen events only those are told; a removed webhook is told nothing', async () => {
  const made = await webhookAt('qp-some', { events: ['purchase.payment_failure'] });
  const path = `webhooks/${made.body.id}/`;
  const purchase = await shop.create();
  const id = String(purchase.body.id);
  await shop.s2s(purchase, { card_number: '4000000000009995' });
  await shop.s2s(purchase);
  await toldOf('qorepay', id, ['purchase.created', 'purchase.payment_failure', 'purchase.paid']);
  const found = await toldOf('qp-some', id, ['purchase.payment_failure']);
  assert.deepEqual(
    found.map((hook) => [told(hook).event_type, told(hook).status]),
    [['purchase.payment_failure', 'error']],
  );
  const changed = await shop.api('PATCH', path, { title: 'renamed' });
  assert.deepEqual(
    [changed.body.title, changed.body.events, changed.body.public_key],
    ['renamed', ['purchase.payment_failure'], made.body.public_key],
  );
  assert.equal((await shop.api('PATCH', path, { title: 'card 5555555555554444' })).body.title, 'card 555555******4444');
  assert.deepEqual((await shop.api('PUT', path, { title: 'x' })).status, 400);
  assert.equal((await shop.api('DELETE', path)).status, 204);
  assert.equal((await shop.api('GET', path)).status, 404);
});

test("webhooks are the company's own, and listed in pages", async () => {
  const made = await webhookAt('qp-own');
  const path = `webhooks/${made.body.id}/`;
  for (const method of ['GET', 'PUT', 'PATCH', 'DELETE']) {
    const { status } = await shop.api(method, path, method === 'GET' || method === 'DELETE' ? undefined : { title: 'x' }, { as: other });
    assert.equal(status, 404, method);
  }
  const ids: string[] = [];
  for (let next: string | undefined = `${shop.url}/api/v1/webhooks/?page_size=1`; next !== undefined; ) {
    const { body } = await shop.api('GET', new URL(next).href.split('/api/v1/')[1] ?? '');
    ids.push(...(body.results ?? []).map(({ id }) => String(id)));
    next = body.next === null ? undefined : String(body.next);
  }
  assert.ok(ids.includes(String(made.body.id)) && new Set(ids).size === ids.length, ids.join(' '));
  for (const [more, field] of [
    [{ title: undefined }, 'title'],
    [{ callback: 'nowhere' }, 'callback'],
    [{ all_events: false }, 'events'],
    [{ events: ['purchase.payment_failed'] }, 'events'],
  ] as const) {
    const { status, body } = await webhookAt('qp-bad', { all_events: !('events' in more), ...more });
    assert.deepEqual([status, Object.keys(body)], [400, [field]]);
  }
});

test('an address for mails is no webhook, and one that an operator has paused stays so when it is changed', async () => {
  const operator = createOperator(shop.parts.env);
  const mail = await operator.json<{ readonly id: string }>(
    ...['webhook', 'add', '--merchant', '1', '--dialect', 'qorepay', '--mail', 'qp@shop.example'],
  );
  const listed = (await shop.api('GET', 'webhooks/')).body.results ?? [];
  assert.ok(!listed.some(({ id }) => String(id) === mail.id));
  for (const method of ['GET', 'PATCH', 'DELETE'] as const) {
    const { status } = await shop.api(method, `webhooks/${mail.id}/`, method === 'PATCH' ? { title: 'x' } : undefined);
    assert.equal(status, 404, method);
  }
  const made = await webhookAt('qp-paused');
  const stateOf = async () =>
    (await shop.parts.database.query('select state from polygate.endpoint where endpoint_id = $1', [made.body.id])).rows[0].state;
  await shop.parts.database.query(`update polygate.endpoint set state = 'paused' where endpoint_id = $1`, [made.body.id]);
  assert.equal((await shop.api('PATCH', `webhooks/${made.body.id}/`, { title: 'renamed' })).status, 200);
  assert.equal(await stateOf(), 'paused');
});

test('success_callback is told of success alone, and signed with the key of the company', async () => {
  const key = await shop.api('GET', 'public_key/');
  assert.equal(key.headers['content-type'], 'application/json');
  assert.match(String(key.body), /^-----BEGIN PUBLIC KEY-----\n/);
  assert.equal((await shop.api('GET', 'public_key')).text, key.text);
  assert.notEqual((await shop.api('GET', 'public_key/', undefined, { as: other })).text, key.text);
  const purchase = await shop.create({ skip_capture: true, success_callback: hooks.url('qp-success') });
  const id = String(purchase.body.id);
  await shop.s2s(purchase, { card_number: '4000000000009995' });
  await shop.s2s(purchase);
  await act(id, 'capture');
  const found = await toldOf('qp-success', id, ['purchase.paid']);
  assert.deepEqual(
    found.map((hook) => told(hook).event_type),
    ['purchase.paid'],
  );
  assert.ok(found.every((hook) => isSigned(hook, String(key.body))));
});

test('a purchase that is called off, looked at, or marked as paid is told', async () => {
  const viewed = String((await shop.create()).body.id);
  await fetch(`${shop.url}/p/${viewed}/`);
  await act(viewed, 'cancel');
  const order = (await toldOf('qorepay', viewed, ['purchase.cancelled'])).map((hook) => told(hook).event_type);
  assert.deepEqual(order, ['purchase.created', 'purchase.viewed', 'purchase.cancelled']);
  const marked = String((await shop.create()).body.id);
  await act(marked, 'mark_as_paid');
  await toldOf('qorepay', marked, ['purchase.paid']);
});

test('that a purchase was made is told before that it is paid, also to an endpoint that fails at first', async () => {
  await webhookAt('qp-late');
  await createHooks(shop.parts.host.url).order('qp-late', { status: 500, times: 3 });
  const purchase = await shop.create();
  const id = String(purchase.body.id);
  await shop.s2s(purchase);
  const found = await toldOf('qp-late', id, ['purchase.created', 'purchase.paid']);
  assert.deepEqual([...new Set(found.map((hook) => told(hook).event_type))], ['purchase.created', 'purchase.paid']);
});

test('two nodes that enroll events at once: what comes second was made second, and whatever was made when, all of it is told', async () => {
  const { database } = shop.parts;
  const purchase = await shop.create();
  const id = String(purchase.body.id);
  await toldOf('qorepay', id, ['purchase.created']);
  // The node begins while another one holds the cursor, and goes on later.
  const releasedMs = await withLocked({ database, table: 'polygate.event_cursor', mode: 'exclusive' }, async () => {
    await shop.s2s(purchase);
    await eventually(async () => (await waitingFor(database, 'event_cursor')) > 0, 'the node to wait for its turn');
    await delay(50);
    return timeOf('select clock_timestamp() as at');
  });
  await toldOf('qorepay', id, ['purchase.paid']);
  const ofPurchase = `from polygate.delivery where order_id = '${id}' or payment_id = '${id}'`;
  assert.ok((await timeOf(`select max(created_at) as at ${ofPurchase}`)) > releasedMs);

  // As nodes without that order may have left it.
  await database.query(`update polygate.endpoint set wake_at = now() + interval '1 hour'`);
  const next = await shop.create();
  const nextId = String(next.body.id);
  await shop.s2s(next);
  await act(nextId, 'refund');
  const waiting = `from polygate.delivery where (order_id = '${nextId}' or payment_id = '${nextId}') and state = 'pending'`;
  const count = async () =>
    Number((await database.query<{ count: string }>(`select count(distinct (payment_id, sequence)) ${waiting}`)).rows[0]?.count);
  await eventually(async () => (await count()) === 3, 'three events to wait');
  await database.query(`update polygate.delivery set created_at = created_at + case when subject = 'checkout' then interval '1 second'
    when sequence = 1 then interval '2 seconds' else interval '0' end where order_id = '${nextId}' or payment_id = '${nextId}'`);
  await toldOf('qorepay', nextId, ['purchase.created', 'purchase.paid', 'payment.refunded']);
});

async function timeOf(text: string): Promise<number> {
  const { rows } = await shop.parts.database.query<{ at: Date }>(text);
  return rows[0]?.at.getTime() ?? assert.fail('no time');
}

test('deliveries of a purchase: each event with its tries and what was sent; of a refund only its own', async () => {
  const made = await webhookAt('qp-log', { events: ['purchase.paid', 'payment.refunded'] });
  await createHooks(shop.parts.host.url).order('qp-log', { status: 503, times: 1 });
  const purchase = await shop.create({ success_callback: hooks.url('qp-log-success') });
  const id = String(purchase.body.id);
  await shop.s2s(purchase);
  const refund = (await act(id, 'refund', { amount: 1000 })).body;
  const found = await toldOf('qp-log', id, ['purchase.paid', 'payment.refunded']);
  await toldOf('qp-log-success', id, ['purchase.paid']);
  const list = async (query: string, more = {}) => shop.api('GET', `webhooks/deliveries/?${query}`, undefined, more);
  let rows: Body[] = [];
  await eventually(async () => {
    const { body } = await list(`id=${id}&source_type=purchase`);
    rows = (body.results ?? []).filter(({ url }) => [hooks.url('qp-log'), hooks.url('qp-log-success')].includes(String(url)));
    return rows.length === 3 && rows.every(({ delivered_on: at }) => at !== null);
  }, 'the deliveries to be recorded');
  const paid = rows.find(({ event, url }) => String(event) === 'purchase.paid' && String(url) === hooks.url('qp-log'));
  assert.ok(paid);
  assert.equal(paid.delivery_attempts?.length, Number(paid.attempts));
  assert.ok(Number(paid.attempts) >= 2);
  assert.match(String(paid.delivery_attempts?.[0]?.error_message), /HTTP 503/);
  assert.match(String(paid.created_on), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
  const sent = found.find((hook) => told(hook).event_type === 'purchase.paid');
  assert.deepEqual(paid.payload, JSON.parse(sent?.body ?? '{}'));
  const ofRefund = (await list(`id=${refund.id}&source_type=payment`)).body.results ?? [];
  assert.ok(ofRefund.length > 0 && ofRefund.every(({ event }) => String(event) === 'payment.refunded'));
  assert.equal((await list(`id=${id}&source_type=purchase`, { as: other })).status, 404);
  assert.equal((await list(`id=${refund.id}&source_type=payment`, { as: other })).status, 404);
  assert.deepEqual(Object.keys((await list('')).body), ['id', 'source_type']);
  assert.deepEqual(Object.keys((await list(`id=${id}&source_type=x`)).body), ['source_type']);
  assert.equal((await shop.api('DELETE', `webhooks/${made.body.id}/`)).status, 204);
});

test('that a purchase has expired is in its history alone: no event of the platform tells it', async () => {
  await webhookAt('qp-expiry');
  const due = Math.floor(Date.parse((await readClock(shop.url)).business_time) / 1_000) + 600;
  const purchase = { currency: 'EUR', products: [{ name: 'x', price: 100 }], due_strict: true };
  const [expired, paid] = [await shop.create({ due, purchase }), await shop.create({ due, purchase })];
  const [expiredId, paidId] = [String(expired.body.id), String(paid.body.id)];
  await shop.s2s(paid);
  await toldOf('qp-expiry', paidId, ['purchase.paid']);
  await moveClock(shop.url, 86_400);
  const eventsOf = async (id: string) => (await toldOf('qp-expiry', id, ['purchase.created'])).map((hook) => told(hook).event_type);
  assert.deepEqual([await eventsOf(expiredId), await eventsOf(paidId)], [['purchase.created'], ['purchase.created', 'purchase.paid']]);
  const entries = async (id: string) =>
    (await shop.read(id)).status_history?.map(({ status, timestamp }) => [status, Number(timestamp)]) ?? [];
  assert.deepEqual((await entries(expiredId)).slice(1), [['expired', due]]);
  assert.equal((await entries(paidId)).at(-1)?.[0], 'paid');
  const logged = (await shop.api('GET', `webhooks/deliveries/?id=${expiredId}&source_type=purchase`)).body.results ?? [];
  assert.ok(logged.length > 0 && logged.every(({ event }) => String(event) === 'purchase.created'));
  // Paid elsewhere all the same, it is what became of it since.
  assert.equal((await act(expiredId, 'mark_as_paid')).body.status, 'paid');
  assert.deepEqual(
    (await toldOf('qp-expiry', expiredId, ['purchase.paid'])).map((hook) => told(hook).event_type),
    ['purchase.created', 'purchase.paid'],
  );
});

test('all attempts of a purchase, and that it was called off, are told in the order in which they happened', async () => {
  await webhookAt('qp-order');
  const catcher = createHooks(shop.parts.host.url);
  const [paid, cancelled] = [await shop.create(), await shop.create()].map(({ body }) => String(body.id));
  assert.ok(paid !== undefined && cancelled !== undefined);
  await Promise.all([paid, cancelled].map((id) => toldOf('qp-order', id, ['purchase.created'])));
  await catcher.order('qp-order', { status: 500, times: 6 });
  const declined = { card_number: '4000000000009995' };
  for (const id of [paid, cancelled]) assert.equal((await shop.s2s(`/p/${id}/`, declined)).status, 400);
  assert.equal((await shop.s2s(`/p/${paid}/`)).status, 200);
  assert.equal((await act(cancelled, 'cancel')).status, 200);
  const eventsOf = async (id: string, last: string) => (await toldOf('qp-order', id, [last])).map((hook) => told(hook).event_type);
  assert.deepEqual(await eventsOf(paid, 'purchase.paid'), ['purchase.created', 'purchase.payment_failure', 'purchase.paid']);
  assert.deepEqual(await eventsOf(cancelled, 'purchase.cancelled'), ['purchase.created', 'purchase.payment_failure', 'purchase.cancelled']);
});

test('what happens to the kept card of a purchase is told after what happened to the purchase before', async () => {
  await webhookAt('qp-token');
  const eventsOf = async (id: string, last: string) => (await toldOf('qp-token', id, [last])).map((hook) => told(hook).event_type);
  const ofNothing = { currency: 'NGN', products: [{ name: 'Card check', price: 9000 }], total_override: 0 };
  await createHooks(shop.parts.host.url).order('qp-token', { status: 500, times: 1 });
  const verified = await shop.create({ purchase: ofNothing, skip_capture: true });
  await shop.s2s(verified);
  await act(String(verified.body.id), 'delete_recurring_token');
  assert.deepEqual(await eventsOf(String(verified.body.id), 'purchase.recurring_token_deleted'), [
    ...['purchase.created', 'purchase.preauthorized', 'purchase.recurring_token_deleted'],
  ]);
  const paid = await shop.create();
  await shop.s2s(paid, { remember_card: 'on' });
  await act(String(paid.body.id), 'delete_recurring_token');
  assert.deepEqual(await eventsOf(String(paid.body.id), 'purchase.recurring_token_deleted'), [
    ...['purchase.created', 'purchase.paid', 'purchase.recurring_token_deleted'],
  ]);
  const client = String((await shop.api('POST', 'clients/', { email: 'ada@example.com' })).body.id);
  const held = await shop.create({ client: undefined, client_id: client, skip_capture: true });
  const heldId = String(held.body.id);
  await shop.s2s(held, { remember_card: 'on' });
  await createHooks(shop.parts.host.url).order('qp-token', { status: 500, times: 2 });
  await act(heldId, 'capture');
  assert.equal((await shop.api('DELETE', `clients/${client}/recurring_tokens/${heldId}/`)).status, 204);
  assert.deepEqual(await eventsOf(heldId, 'purchase.recurring_token_deleted'), [
    ...['purchase.created', 'purchase.hold', 'purchase.captured', 'purchase.paid', 'purchase.recurring_token_deleted'],
  ]);
});

test('a program of others verifies the signature over the bytes as they came, and finds a changed one', async () => {
  const made = await webhookAt('qp-openssl');
  const id = String((await shop.create()).body.id);
  const [hook] = await toldOf('qp-openssl', id, ['purchase.created']);
  assert.ok(hook);
  const folder = mkdtempSync(join(tmpdir(), 'polygate-signature-'));
  try {
    const verified = (body: string): boolean => {
      const files = { key: String(made.body.public_key), signature: Buffer.from(hook.headers['x-signature'] ?? '', 'base64'), body };
      for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
      const given = ['dgst', '-sha256', '-verify', join(folder, 'key'), '-signature', join(folder, 'signature'), join(folder, 'body')];
      return spawnSync('openssl', given).status === 0;
    };
    assert.deepEqual([verified(hook.body), verified(`${hook.body} `)], [true, false]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('no address that is told holds a card number, and no number in what is told', async () => {
  for (const number of ['4012888888881881', '%34012888888881881']) {
    const refused = await webhookAt('qp-card', { all_events: true, callback: `https://shop.example/${number}` });
    assert.deepEqual([refused.status, Object.keys(refused.body)], [400, ['callback']], refused.text);
  }
  const name = 'qp-numbers';
  assert.equal((await webhookAt(name)).status, 201);
  const number = 4111111111111111;
  const [masked, metadata] = ['411111******1111', { a: number, n: { b: [number, 1.5] }, order: 1790000000000 }];
  const products = [{ name: 'Tea', price: 100 }];
  const { status, body, text } = await shop.create({
    purchase: { currency: 'EUR', products, metadata, payment_method_details: { a: number } },
  });
  assert.equal(status, 201, text);
  const shown = { a: masked, n: { b: [masked, 1.5] }, order: 1790000000000 };
  assert.deepEqual([body.purchase?.metadata, body.purchase?.payment_method_details], [shown, { a: masked }]);
  for (const { body: message } of await toldOf(name, String(body.id), ['purchase.created'])) assert.ok(!message.includes(String(number)));
  const template = await shop.api('POST', 'billing_templates/', {
    ...{ brand_id: body.brand_id, title: 'Tea', is_subscription: true, subscription_period: 1, subscription_period_units: 'months' },
    purchase: { currency: 'EUR', products, metadata },
  });
  assert.deepEqual([template.status, template.body.purchase?.metadata], [201, shown], template.text);
});
