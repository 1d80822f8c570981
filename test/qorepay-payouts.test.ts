/** QorePay: payouts to cards, out of a balance that no two of them can overdraw. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { moveClock } from './harness/console.ts';
import { createHooks, hurryDeliveries } from './harness/hooks.ts';
import { eventually } from './harness/processes.ts';
import { type Answer, type Body, cards, codeOf, demo, idOf, other, seedPurchase, useQorepayStack } from './harness/qorepay.ts';
import { rememberCard } from './harness/traces.ts';

const shop = useQorepayStack({ webhooks: true });

const terms = (more: object = {}) => ({
  ...{ brand_id: demo.brandId, client: { email: 'ada@example.com' }, payment: { amount: 1_250, currency: 'EUR', description: 'Winnings' } },
  ...more,
});
const make = (more: object = {}, as = demo) => shop.api('POST', 'payouts/', terms(more), { as });

async function made(more: object = {}): Promise<{ readonly id: string; readonly url: string }> {
  const { status, body, text } = await make(more);
  assert.equal(status, 201, text);
  return { id: String(body.id), url: String(body.execution_url) };
}

function execute(url: string, more: object = {}, headers: Record<string, string> = {}): Promise<Answer> {
  const card = { card_number: cards.plain, cardholder_name: 'Ada Example', expiry_month: '01', expiry_year: '34', ...more };
  rememberCard(shop.parts.traces, { pan: card.card_number, cvc: undefined });
  return shop.send({
    ...{ method: 'POST', path: new URL(url).pathname, headers: { 'content-type': 'application/json', ...headers } },
    body: JSON.stringify(card),
  });
}

const read = async (id: string) => (await shop.api('GET', `payouts/${id}/`)).body;

async function balance(currency = 'EUR'): Promise<number> {
  const { rows } = await shop.parts.database.query<{ available: string }>(
    `select available from polygate.account_limit where merchant_id = '00000000-0000-7000-8000-000000000001' and currency = $1`,
    [currency],
  );
  return Number(rows[0]?.available);
}

async function toldOf(id: string, last: string): Promise<readonly Body[]> {
  const hooks = createHooks(shop.parts.host.url);
  let found: readonly Body[] = [];
  await eventually(async () => {
    await hurryDeliveries(shop.parts.database);
    found = (await hooks.list('qorepay')).map(({ body }) => JSON.parse(body) as Body).filter((body) => String(body.id) === id);
    return found.some((body) => String(body.event_type) === last);
  }, `${last} of ${id}`);
  return found;
}

const keys = [
  ...['id', 'type', 'created_on', 'updated_on', 'status', 'status_history', 'is_test', 'company_id', 'brand_id', 'user_id', 'client'],
  ...['payment', 'sender_name', 'reference', 'reference_generated', 'transaction_data', 'recipient_card_country', 'recipient_card_brand'],
  ...['payout_method_whitelist', 'execution_url'],
];

test('a payout is made, executed at its address, read and told', async () => {
  const before = await balance();
  const created = await make({ sender_name: 'Polygate', reference: 'WIN-1' });
  const { body } = created;
  assert.deepEqual([created.status, Object.keys(body).toSorted()], [201, keys.toSorted()]);
  assert.deepEqual([body.type, body.status, body.sender_name, body.reference], ['payout', 'initialized', 'Polygate', 'WIN-1']);
  const { payment } = body;
  assert.deepEqual(
    [payment?.is_outgoing, payment?.payment_type, payment?.amount, payment?.description],
    [true, 'payout', 1_250, 'Winnings'],
  );
  const url = String(body.execution_url);
  const path = url.replace(idOf(created), '');
  assert.match(path, /^http:\/\/127\.0\.0\.1:\d+\/po\/\/$/);
  const done = await execute(url);
  assert.deepEqual([done.status, done.body], [200, { status: 'executed' }]);
  assert.equal(await balance(), before - 1_250);
  const [entry] = (await shop.parts.host.books()).filter(({ kind }) => kind === 'payout');
  assert.deepEqual([entry?.amount, entry?.state, entry?.terminal], [1_250, 'booked', 'QORE0001']);
  const now = await read(idOf(created));
  assert.deepEqual([now.status, now.execution_url, now.recipient_card_brand], ['success', null, 'visa']);
  assert.deepEqual(
    now.status_history?.map(({ status }) => status),
    ['initialized', 'success'],
  );
  assert.deepEqual(
    [now.transaction_data?.extra?.masked_pan, now.transaction_data?.attempts?.map(({ successful }) => successful)],
    ['444433******1111', [true]],
  );
  const told = await toldOf(idOf(created), 'payout.success');
  assert.deepEqual(
    told.map(({ event_type: event, status }) => [event, status]),
    [
      ['payout.created', 'initialized'],
      ['payout.success', 'success'],
    ],
  );
  // Told as it stands, and never twice.
  assert.deepEqual((await execute(url)).body, { status: 'executed' });
  assert.equal(await balance(), before - 1_250);
});

test('what failed can be tried again within a quarter of an hour', async () => {
  const before = await balance();
  const { id, url } = await made();
  const declined = await execute(url, { card_number: '4000000000000002' });
  assert.deepEqual([declined.status, declined.body.status, declined.body.code], [400, 'error', 'do_not_honour']);
  assert.equal((await execute(url, { card_number: '4444333322221112' })).body.code, 'invalid_card_number');
  assert.equal((await execute(url, { expiry_year: '20' })).body.code, 'invalid_expires');
  const failed = await read(id);
  assert.deepEqual([failed.status, failed.transaction_data?.attempts?.length, typeof failed.execution_url], ['error', 3, 'string']);
  await toldOf(id, 'payout.failed');
  assert.equal(await balance(), before);
  assert.equal((await execute(url, { expiry_month: 1, expiry_year: 34 })).status, 200);
  const late = await made();
  await moveClock(shop.url, 15 * 60);
  const refused = await execute(late.url);
  assert.deepEqual([refused.status, refused.body.status, refused.body.code], [400, 'error', 'timeout']);
  const over = await read(late.id);
  assert.deepEqual([over.status, over.execution_url], ['error', null]);
});

test('a payout that nobody executes in time is told as failed, once, as it is read; one that failed before is not told again', async () => {
  const [late, failed, paid] = [await made(), await made(), await made()];
  assert.equal((await execute(failed.url, { card_number: '4000000000000002' })).body.status, 'error');
  assert.equal((await execute(paid.url)).body.status, 'executed');
  await moveClock(shop.url, 15 * 60);
  await moveClock(shop.url, 86_400);
  const told = await toldOf(late.id, 'payout.failed');
  assert.deepEqual(
    told.map(({ event_type: event, status, execution_url: url }) => [event, status, url]),
    [
      ['payout.created', 'initialized', late.url],
      ['payout.failed', 'error', null],
    ],
  );
  const { event_type: _type, ...body } = told.at(-1) ?? assert.fail('nothing was told');
  const now = await read(late.id);
  assert.deepEqual(body, now);
  assert.deepEqual(
    now.status_history?.map(({ status, timestamp }) => [status, Number(timestamp) - Number(now.created_on)]),
    [
      ['initialized', 0],
      ['error', 15 * 60],
    ],
  );
  const eventsOf = async (id: string, last: string) => (await toldOf(id, last)).map(({ event_type: event }) => event);
  assert.deepEqual(await eventsOf(failed.id, 'payout.failed'), ['payout.created', 'payout.failed']);
  assert.deepEqual(await eventsOf(paid.id, 'payout.success'), ['payout.created', 'payout.success']);
});

const faults: readonly (readonly [more: object, path: readonly string[], code: string])[] = [
  [{ brand_id: undefined }, ['brand_id'], 'required'],
  [{ brand_id: other.brandId }, ['brand_id'], 'does_not_exist'],
  [{ client: undefined }, ['client'], 'required'],
  [{ client: { email: 'no' } }, ['client', 'email'], 'invalid'],
  [{ payment: undefined }, ['payment'], 'required'],
  [{ payment: { currency: 'EUR' } }, ['payment', 'amount'], 'required'],
  [{ payment: { amount: 0, currency: 'EUR' } }, ['payment', 'amount'], 'min_value'],
  [{ payment: { amount: 1.5, currency: 'EUR' } }, ['payment', 'amount'], 'invalid'],
  [{ payment: { amount: 1, currency: 'ABC' } }, ['payment', 'currency'], 'invalid_choice'],
  [{ payment: { amount: 1, currency: 'EUR', description: 'x'.repeat(257) } }, ['payment', 'description'], 'max_length'],
  [{ reference: 'x'.repeat(129) }, ['reference'], 'max_length'],
  [{ payout_method_whitelist: ['cash'] }, ['payout_method_whitelist'], 'invalid_choice'],
];

test('what is wrong with a payout, or with its card, is named', async () => {
  for (const [more, path, code] of faults) {
    const { status, body, text } = await make(more);
    const found = path.reduce<Body | undefined>((at, name) => at?.[name], body);
    assert.deepEqual([status, found?.[0]?.code], [400, code], text);
  }
  const { url, id } = await made({ payout_method_whitelist: ['mastercard'] });
  for (const [more, code, field] of [
    [{ card_number: undefined }, 'validation_card_number_not_provided', 'card_number'],
    [{ card_number: '411111111111111' }, 'validation_card_number_invalid', 'card_number'],
    [{ cardholder_name: 'x'.repeat(31) }, 'validation_cardholder_name_invalid', 'cardholder_name'],
    [{ expiry_month: '13' }, 'validation_expiry_month_invalid', 'expiry_month'],
    [{ expiry_year: '2034' }, 'validation_expiry_year_invalid', 'expiry_year'],
    [{}, 'unknown_payment_method', undefined],
  ] as const) {
    const { status, body } = await execute(url, more);
    assert.deepEqual([status, body.status, body.code, body.field], [400, 'error', code, field]);
  }
  assert.equal((await read(id)).status, 'initialized');
});

test('the balance cannot be overdrawn, however many come at once', async () => {
  const each = await Promise.all(Array.from({ length: 6 }, () => made({ payment: { amount: 25_000_000, currency: 'SEK' } })));
  const answers = await Promise.all(each.map(({ url }) => execute(url)));
  assert.deepEqual(answers.map(({ status }) => status).toSorted(), [200, 200, 200, 200, 400, 400]);
  const refused = answers.find(({ status }) => status === 400);
  assert.equal(refused?.body.code, 'exceeded_account_limit');
  assert.equal(await balance('SEK'), 0);
});

test('one payout executed ten times at once pays once', async () => {
  const before = await balance();
  const { url } = await made();
  const answers = await Promise.all(Array.from({ length: 10 }, () => execute(url)));
  assert.ok(answers.every(({ status }) => status === 200));
  assert.equal(await balance(), before - 1_250);
});

test('the same key makes a payout once', async () => {
  const headers = { 'idempotency-key': `payout ${Date.now()}` };
  const [first, second] = await Promise.all([1, 2].map(() => shop.api('POST', 'payouts/', terms(), { headers })));
  assert.ok(first !== undefined && second !== undefined && idOf(first) === idOf(second) && second.status === 201, String(second?.text));
  const again = await shop.api('POST', 'payouts/', terms(), { headers });
  assert.deepEqual([again.status, idOf(again), again.headers['idempotent-replayed']], [201, idOf(first), 'true']);
  assert.equal(codeOf(await shop.api('POST', 'payouts/', terms({ reference: 'x' }), { headers })), 'idempotency_key_reused');
});

test('a payout is its company’s own, and no purchase', async () => {
  const { id, url } = await made();
  assert.equal((await shop.api('GET', `payouts/${id}/`, undefined, { as: other })).status, 404);
  assert.equal((await execute(url, {}, { authorization: `Bearer ${other.apiKey}` })).status, 401);
  assert.equal((await shop.api('GET', `purchases/${id}/`)).status, 404);
  assert.equal((await shop.api('POST', `purchases/${id}/cancel/`)).status, 404);
  assert.equal((await shop.s2s(`/p/${id}/`)).status, 404);
  assert.equal((await shop.send({ method: 'GET', path: `/p/${id}/` })).status, 404);
  const purchase = idOf(await shop.api('POST', 'purchases/', seedPurchase()));
  assert.equal((await shop.api('GET', `payouts/${purchase}/`)).status, 404);
  assert.equal((await execute(url.replace(id, purchase))).status, 404);
  for (const key of [demo.apiKey, demo.s2sToken]) assert.equal((await execute(url, {}, { authorization: `Bearer ${key}` })).status, 200);
});

test('a payout whose answer is late is pending, is not paid twice, and then told as it was', async () => {
  const before = await balance();
  const { id, url } = await made();
  await shop.parts.host.addFault({ fault: 'late_answer', mti: '0200' });
  assert.deepEqual((await execute(url)).body, { status: 'pending' });
  assert.match(String((await execute(url)).body.status), /^(?:pending|executed)$/);
  await eventually(async () => String((await read(id)).status) === 'success', 'the late answer');
  assert.equal(await balance(), before - 1_250);
  const told = await toldOf(id, 'payout.success');
  assert.deepEqual(
    told.map(({ event_type: event }) => event),
    ['payout.created', 'payout.pending', 'payout.success'],
  );
});

test('a payout that an operator has to decide is under way in the balance until then', async () => {
  const before = await balance();
  const { id, url } = await made();
  await shop.parts.host.addFault({ fault: 'answer_lost', mti: '0200' });
  assert.deepEqual((await execute(url)).body, { status: 'pending' });
  const state = `select state from polygate.operation where kind = 'payout' order by operation_id desc limit 1`;
  await eventually(async () => (await shop.parts.database.query(state)).rows[0]?.state === 'escalated', 'the escalation');
  const { ecommerce } = (await shop.api('GET', 'balance/')).body;
  const euros = ecommerce?.find(({ currency }) => String(currency) === 'EUR');
  assert.deepEqual(
    [euros?.payout_balance, euros?.payout_available_balance, euros?.payout_pending_outgoing],
    [before, before - 1_250, 1_250],
    id,
  );
});

test('where payouts may go', async () => {
  const { status, body } = await shop.api('GET', `payout_methods/?brand_id=${demo.brandId}&currency=NGN`);
  assert.equal(status, 200);
  assert.deepEqual(Object.keys(body).toSorted(), ['available_payout_methods', 'card_methods', 'logos', 'names']);
  assert.ok([...(body.available_payout_methods ?? [])].map(String).includes('visa'));
  assert.equal((await shop.api('GET', 'payout_methods/?currency=NGN')).body.brand_id?.[0]?.code, 'required');
  assert.equal((await shop.api('GET', `payout_methods/?brand_id=${other.brandId}&currency=NGN`)).status, 400);
});
