/** What is deleted when: card numbers by their merchant's term, the past of webhooks, checkouts and visits by the operator's settings. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { dialects } from '../src/dialects/registry.ts';
import { type Database, openDatabase } from '../src/postgres/connection.ts';
import { pruneCheckouts, pruneDeliveries, pruneVisits } from '../src/store/prune.ts';
import { moveClock } from './harness/console.ts';
import { createOperator, type Operator } from './harness/operator.ts';
import { approved, debit, exchange, expectReply, plain, useOppStack } from './harness/opp.ts';
import { createPaymentzClient, demoMember } from './harness/paymentz.ts';
import { exchangePayone, demo as payoneDemo } from './harness/payone.ts';
import { eventually } from './harness/processes.ts';
import { demo as qorepayDemo } from './harness/qorepay.ts';
import { browserData } from './harness/shopper.ts';
import { sendTzero } from './harness/tzero.ts';

let operator: Operator;
let database: Database;
const stack = useOppStack({
  async onStart({ env, databaseUrl }) {
    operator = createOperator(env);
    database = openDatabase({ url: databaseUrl, role: 'polygate_app', applicationName: 'test', purpose: 'general', maxConnections: 1 });
  },
});
after(() => database.close());

const rows = async (text: string) => (await stack.parts.database.query(text)).rows;
const count = async (table: string) => Number((await rows(`select count(*) from ${table}`))[0]?.count);
const day = 86_400;
const dayMs = day * 1_000;

test('a merchant has a term of its own for card numbers; the clock ends it, and the trail says so', async () => {
  const shown = await operator.json<{ name: string; panDays: number; own: boolean }[]>(
    'merchant',
    'retention',
    '--merchant',
    '1',
    '--days',
    '12',
  );
  assert.deepEqual(
    shown.map(({ panDays, own }) => [panDays, own]),
    [
      [12, true],
      [540, false],
    ],
  );
  // The gateway sees it within a second or so.
  const short = async () => {
    expectReply(await stack.post('/v1/payments', debit(), { as: plain }), 200, approved);
    return (await rows(`select from vault.card where purge_at < now() + interval '13 days'`)).length > 0;
  };
  await eventually(short, 'the term to hold');
  const all = await count('vault.card');
  await moveClock(stack.url, 14 * day);
  assert.ok((await count('vault.card')) < all);
  assert.equal((await rows(`select from vault.card where purge_at < now() + interval '13 days'`)).length, 0);
  const acts = (await rows('select act from polygate.audit order by sequence')).map(({ act }) => act);
  assert.ok(acts.includes('merchant.retention_set') && acts.includes('cards.purged'), acts.join());
  const { code, output } = await operator.run(['merchant', 'retention', '--days', '2']);
  assert.equal(code, 1);
  assert.match(output, /give --merchant with --days or --default/);
  const tooShort = await operator.run(['merchant', 'retention', '--merchant', '1', '--days', '10']);
  assert.deepEqual([tooShort.code, /Holds stand for up to 10 days/.test(tooShort.output)], [1, true], tooShort.output);
  const [back] = await operator.json<{ panDays: number; own: boolean }[]>('merchant', 'retention', '--merchant', '1', '--default');
  assert.deepEqual([back?.panDays, back?.own], [540, false]);
});

test('checkouts go with their age, visits with what came of their authentication, and what is young stays', async () => {
  const checkout = { amount: '5.00', currency: 'EUR', paymentType: 'DB' };
  for (let index = 0; index < 3; index += 1) assert.equal((await stack.post('/v1/checkouts', checkout)).code, '000.200.100');
  await rowsOlder('checkout', 'checkout_id', 2);
  await stack.parts.database.query(
    `update polygate.checkout set expires_at = now() - interval '100 days' where checkout_id < '01800000-0000-7000-8000-000000000000'`,
  );
  assert.equal(await pruneCheckouts(database, Date.now() - 90 * dayMs), 2);
  assert.equal(await count('polygate.checkout'), 1);
  // Attempted: the issuer answers without a challenge.
  const sent = debit({ 'card.number': '4000000000003097', shopperResultUrl: 'http://127.0.0.1:8070/done', ...browserData });
  for (let index = 0; index < 2; index += 1) await stack.post('/v1/payments', sent);
  assert.deepEqual([await count('polygate.shopper_visit'), await count('polygate.authentication')], [2, 2]);
  assert.equal(await pruneVisits(database, Date.now() - 540 * dayMs), 0);
  // A visit that is not over stays, however old.
  await stack.parts.database.query(`update polygate.shopper_visit set due_at = now() + interval '9 years'
    where visit_id = (select visit_id from polygate.shopper_visit order by visit_id desc limit 1)`);
  assert.equal(await pruneVisits(database, Date.now() + dayMs), 1);
  assert.deepEqual([await count('polygate.shopper_visit'), await count('polygate.authentication')], [1, 1]);
  await stack.parts.database.query('update polygate.shopper_visit set due_at = null');
});

/** Gives the first rows ids as if they had been made years ago. */
async function rowsOlder(table: string, key: string, number: number): Promise<void> {
  await stack.parts.database.query(
    `update polygate.${table} set ${key} = ('0170' || substr(${key}::text, 5))::uuid where ${key} in (select ${key} from polygate.${table} order by ${key} limit ${number})`,
  );
}

test('webhooks that were told go with their tries; one that still waits stays however old', async () => {
  const endpoint = '00000000-0000-7000-8000-00000000e000';
  await stack.parts.database.query(
    `insert into polygate.endpoint (merchant_id, endpoint_id, dialect, url, state, settings) select merchant_id, $1, 'opp', 'https://shop.invalid/', 'parked', '{}'
    from polygate.merchant where routing_number = 1`,
    [endpoint],
  );
  const insert = `insert into polygate.delivery (merchant_id, endpoint_id, subject, payment_id, sequence, operation_id, state, created_at)
    select merchant_id, $1, 'payment', gen_random_uuid(), 1, gen_random_uuid(), $2, now() - $3 * interval '1 day' from polygate.merchant where routing_number = 1`;
  for (const [state, age] of [
    ['delivered', 100],
    ['given_up', 100],
    ['pending', 100],
    ['delivered', 10],
  ]) {
    await stack.parts.database.query(insert, [endpoint, state, age]);
  }
  await stack.parts.database.query(`insert into polygate.delivery_attempt (merchant_id, endpoint_id, payment_id, sequence, attempt_id, started_at, duration_ms, status)
    select merchant_id, endpoint_id, payment_id, sequence, gen_random_uuid(), created_at, 5, 200 from polygate.delivery`);
  // The gateway clears by itself now and then, and may have been first.
  await pruneDeliveries(database, Date.now() - 90 * dayMs);
  const ofEndpoint = `where endpoint_id = '${endpoint}'`;
  assert.deepEqual([await count(`polygate.delivery ${ofEndpoint}`), await count(`polygate.delivery_attempt ${ofEndpoint}`)], [2, 2]);
  await stack.parts.database.query('delete from polygate.delivery_attempt');
  await stack.parts.database.query('delete from polygate.delivery');
  await stack.parts.database.query('delete from polygate.endpoint where endpoint_id = $1', [endpoint]);
});

test('a card that is paid with stays until nothing of that payment can be taken back, and its token as long', async () => {
  const kept = expectReply(await stack.post('/v1/payments', debit({ createRegistration: 'true' })), 200, approved);
  const token = kept.body.registrationId ?? '';
  const again = (paymentType: string) =>
    stack.post(`/v1/registrations/${token}/payments`, { paymentType, amount: '20.00', currency: 'EUR', 'card.cvv': '123' });
  await moveClock(stack.url, 538 * day);
  const charge = expectReply(await again('DB'), 200, approved);
  const [captured, reversed] = [expectReply(await again('PA'), 200, approved), expectReply(await again('PA'), 200, approved)];
  const purges = () =>
    rows(
      `select c.purge_at as card, t.purge_at as token from vault.token t join vault.card c on c.id = t.card_id where t.token = '${token}'`,
    );
  const [first] = await purges();
  assert.deepEqual(first?.card, first?.token);
  await moveClock(stack.url, 4 * day);
  const act = (id: string | undefined, paymentType: string) =>
    stack.post(`/v1/payments/${id}`, { paymentType, amount: '20.00', currency: 'EUR' });
  expectReply(await act(charge.body.id, 'RF'), 200, approved);
  expectReply(await act(captured.body.id, 'CP'), 200, approved);
  expectReply(await act(reversed.body.id, 'RV'), 200, approved);
  expectReply(await again('DB'), 200, approved);
  // Four days later it is worth a write; a moment later it is not.
  const [second] = await purges();
  assert.ok(Number(second?.card) - Number(first?.card) > 3 * dayMs);
  expectReply(await again('DB'), 200, approved);
  assert.deepEqual(await purges(), [second]);
});

test('a hold whose card is not in the vault is left to an operator, and the clock goes on', async () => {
  const held = expectReply(await stack.post('/v1/payments', debit({ paymentType: 'PA' })), 200, approved);
  await stack.parts.database.query(`delete from vault.card where id = (select t.card_id from polygate.attempt t join polygate.operation o using (payment_id)
    where replace(o.operation_id::text, '-', '') = '${held.body.id}')`);
  await moveClock(stack.url, 11 * day);
  const left = await rows(
    `select state, reason, failed_tries from polygate.due_work where replace(operation_id::text, '-', '') = '${held.body.id}'`,
  );
  assert.deepEqual(left, [{ state: 'failed', reason: 'its card is not in the vault any more', failed_tries: 0 }]);
  await moveClock(stack.url, day);
});

/** The first payment of each dialect, as its page shows it; the answers to its requests. */
async function payIn(name: string): Promise<readonly string[]> {
  const sample = dialects
    .find((dialect) => dialect.name === name)
    ?.sandbox?.sample({ baseUrl: stack.url, shopUrl: 'http://127.0.0.1:8070' });
  const answers: string[] = [];
  for (const requestOf of sample === undefined ? [] : [() => sample.request, ...(sample.next ?? [])]) {
    const { method, url, headers, body } = requestOf(answers);
    answers.push((await exchange(stack.url, { method, path: new URL(url).pathname + new URL(url).search, headers, body })).text);
  }
  return answers;
}

test('a refund whose card number is no longer kept says so in each dialect, and not that it may be tried again', async () => {
  const { url } = stack;
  const { traces } = stack.parts;
  const found = async (name: string, pattern: RegExp) => pattern.exec((await payIn(name)).join('\n'))?.[1] ?? name;
  const opp = await found('opp', /"id":"(\w+)"/);
  const payone = await found('payone', /"id":"(\w+)"/);
  const { id: qorepay } = JSON.parse((await payIn('qorepay'))[0] ?? '') as { readonly id: string };
  const paymentz = await found('paymentz', /"paymentId":"(\w+)"/);
  const tzero = await found('tzero', /"id":"(pay_\w+)"/);
  await moveClock(url, 541 * day);
  const gone = /the number of the card is no longer kept, so nothing was sent; a refund has to be made in another way/;
  const refusedBy = expectReply(
    await stack.post(`/v1/payments/${opp}`, { paymentType: 'RF', amount: '1.00', currency: 'EUR' }),
    400,
    '100.150.205',
  );
  const atPayone = await exchangePayone(url, traces, {
    ...{ caller: payoneDemo, merchantId: payoneDemo.merchantId },
    request: { method: 'POST', path: `/payments/${payone}/refund`, body: { amountOfMoney: { amount: 100, currencyCode: 'EUR' } } },
  });
  assert.deepEqual([atPayone.body.errors?.[0]?.id, atPayone.body.errors?.[0]?.retriable], ['CARD_DATA_GONE', false], atPayone.text);
  const authorization = `Bearer ${qorepayDemo.apiKey}`;
  const path = `/api/v1/purchases/${qorepay}/refund/`;
  const atQorepay = await exchange(url, {
    method: 'POST',
    path,
    headers: { authorization, 'content-type': 'application/json' },
    body: '{"amount":100}',
  });
  const atPaymentz = await createPaymentzClient({ url, traces, member: demoMember }).act(paymentz, 'RF', { amount: '1.00' });
  const atTzero = await sendTzero(url, traces, { path: '/payment/refund', body: { payment_id: tzero, amount: 100, reference: 'late' } });
  for (const { text } of [refusedBy, atPayone, atQorepay, atPaymentz, atTzero]) assert.match(text, gone);
});
