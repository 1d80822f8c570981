/** The conversion report: orders, attempts and approvals, counted as they were made. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bankPayment, goToBank, press } from './harness/bank-shopper.ts';
import { freshCardNumber } from './harness/card-numbers.ts';
import { type ConsoleBody, createConsoleClient, moveClock } from './harness/console.ts';
import { debit, demo, freshName, type Parameters, useOppStack } from './harness/opp.ts';
import { eventually } from './harness/processes.ts';
import { authenticate, browserData } from './harness/shopper.ts';

const opp = useOppStack();
const uuidOf = (id: string): string => id.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
const client = createConsoleClient(() => opp.url);
const day = 86_400;

const counts = ['orders', 'approved_orders', 'attempts', 'approved_attempts', 'open_attempts'] as const;

async function report(query: Readonly<Record<string, string>>): Promise<readonly ConsoleBody[]> {
  return (await client.done('get', '/reports/conversion', { query })).items ?? [];
}

/** `visa frictionless: 2 1 3 1 0`: what makes the rows, and the counts. */
function shown(rows: readonly ConsoleBody[], names: readonly string[]): readonly string[] {
  return rows.map((row) => `${names.map((name) => row[name]).join(' ')}: ${counts.map((name) => row[name]).join(' ')}`);
}

const pay = (more: Parameters) => opp.post('/v1/payments', debit({ paymentBrand: undefined, ...more }));

test('what was paid on a day is counted by order, brand, flow and reason', async () => {
  const { business_time } = await moveClock(opp.url, 10 * day);
  const from = business_time;
  const [first, second] = [freshName('order'), freshName('order')];
  const away = { ...browserData, shopperResultUrl: `${opp.url}/healthz` };
  // One order in three tries, of which the last is approved.
  const ada = { merchantTransactionId: first, 'customer.email': 'ada@example.com' };
  await pay({ ...ada, 'card.number': '4000000000000002' });
  await pay({ ...ada, 'card.number': '4000000000009995' });
  await pay({ ...ada, 'customer.email': 'Ada@Example.com', 'card.number': '4200000000000091', ...away });
  // The same reference of somebody else is another order.
  await pay({ ...ada, 'customer.email': 'bob@example.com', 'card.number': '378282246310005', 'card.cvv': '1234' });
  await authenticate(await pay({ merchantTransactionId: second, 'card.number': '5555555555554444', ...away }));
  await press(await goToBank(await opp.post('/v1/payments', bankPayment('IDEAL', { shopperResultUrl: away.shopperResultUrl }))), 'pay');
  // Without a reference each attempt is an order.
  await pay({});
  await pay({});
  const { business_time: to } = await moveClock(opp.url, day);
  const span = { from, to };
  assert.deepEqual(shown(await report(span), []), [': 6 6 8 6 0']);
  assert.deepEqual(shown(await report({ ...span, by: 'brand' }), ['brand']), [
    'amex: 1 1 1 1 0',
    'ideal: 1 1 1 1 0',
    'mastercard: 1 1 1 1 0',
    'visa: 3 3 5 3 0',
  ]);
  assert.deepEqual(shown(await report({ ...span, by: 'flow' }), ['flow']), [
    'challenge: 1 1 1 1 0',
    'frictionless: 1 1 1 1 0',
    'none: 4 3 5 3 0',
    'redirect: 1 1 1 1 0',
  ]);
  assert.deepEqual(shown(await report({ ...span, by: 'decline_reason' }), ['decline_reason']), [
    'do_not_honor: 1 0 1 0 0',
    'insufficient_funds: 1 0 1 0 0',
    ': 6 6 6 6 0',
  ]);
  const byDay = await report({ ...span, by: 'day,brand' });
  assert.ok(byDay.every(({ day: date }) => date === from.slice(0, 10) || date === to.slice(0, 10)));
  assert.deepEqual(await report({ ...span, currency: 'NOK' }), [
    { orders: 0, approved_orders: 0, attempts: 0, approved_attempts: 0, open_attempts: 0 },
  ]);
  assert.deepEqual(shown(await report({ from: '2020-01-01', to: '2020-12-31', by: 'day' }), ['day']), []);
  const { text, headers } = await client.call('get', '/reports/conversion', { query: { ...span, by: 'brand', format: 'csv' } });
  assert.match(headers.get('content-type') ?? '', /^text\/csv/);
  assert.equal(text.split('\r\n')[0], 'brand,orders,approved_orders,attempts,approved_attempts,open_attempts');
  assert.match(text, /\r\nvisa,3,3,5,3,0\r\n/);
});

test('what a review holds is open, what it has declined counts as declined, and a rebill that is held is none of the attempts', async () => {
  const ids = { merchant_id: '00000000-0000-7000-8000-000000000001' };
  const card = { 'card.number': freshCardNumber() };
  const { id: charged } = (await pay(card)).body;
  const rule = { subject: 'bin', value: card['card.number'].slice(0, 6), action: 'review' };
  const { rule_id } = await client.done('post', '/merchants/{merchant_id}/risk-rules/blocks', { ids, body: rule });
  await eventually(async () => (await pay(card)).code === '000.400.070', 'the rule to be in force');
  const { business_time: from } = await moveClock(opp.url, day);
  const held = [await pay(card), await pay(card), await pay(card)].map(({ body: { id = '' } }) => id);
  const rebilled = await opp.post(`/v1/payments/${charged}`, {
    entityId: demo.entityId,
    paymentType: 'RB',
    amount: '5.00',
    currency: 'EUR',
  });
  assert.equal(rebilled.code, '000.400.070', rebilled.text);
  for (const [index, decision] of ['decline', 'accept'].entries()) {
    const operation_id = uuidOf(held[index] ?? '');
    await client.done('post', '/reviews/{operation_id}/decision', { ids: { operation_id }, body: { decision, reason: 'looked at it' } });
  }
  const { business_time: to } = await moveClock(opp.url, 3_600);
  assert.deepEqual(shown(await report({ from, to, by: 'decline_reason' }), ['decline_reason']), [
    'review_declined: 1 0 1 0 0',
    ': 2 1 2 1 1',
  ]);
  await client.done('delete', '/merchants/{merchant_id}/risk-rules/{rule_id}', { ids: { ...ids, rule_id: String(rule_id) } });
});

test('a span that cannot be is refused by its field', async () => {
  for (const [query, field] of [
    [{ to: '2034-01-01' }, 'from'],
    [{ from: '2034-01-02', to: '2034-01-01' }, 'to'],
    [{ from: '2034-01-01', to: '2036-01-01' }, 'to'],
    [{ from: '2034-01-01', to: '2034-01-02', by: 'weather' }, 'by'],
  ] as const) {
    const { status, body } = await client.call('get', '/reports/conversion', { query });
    assert.deepEqual([status, body.errors?.[0]?.field], [400, field]);
  }
});
