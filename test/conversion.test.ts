/** The conversion report: orders, attempts and approvals, counted as they were made. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bankPayment, goToBank, press } from './harness/bank-shopper.ts';
import { type ConsoleBody, createConsoleClient, moveClock } from './harness/console.ts';
import { debit, freshName, type Parameters, useOppStack } from './harness/opp.ts';
import { authenticate, browserData } from './harness/shopper.ts';

const opp = useOppStack();
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
