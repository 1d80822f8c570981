/** The business clock through the console API: who may move it, where it stops, and that every node goes by it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Gateway } from '../src/gateway.ts';
import { callConsole, moveClock, operatorKey, readClock, viewerKey } from './harness/console.ts';
import { approved, debit, expectReply, freshName, useOppStack } from './harness/opp.ts';
import { openCheckout, payAddress } from './harness/payment-page.ts';
import { rememberCard } from './harness/traces.ts';

let second: Gateway;
const opp = useOppStack({
  async onStart(stack) {
    second = await stack.startNode();
  },
});

const day = 86_400;

test('both nodes go by the new time when the answer comes', async () => {
  const earlier = await readClock(opp.url);
  const moved = await moveClock(opp.url, 3 * day);
  assert.equal(moved.offset_seconds, earlier.offset_seconds + 3 * day);
  for (const url of [opp.url, second.url]) {
    const reading = await readClock(url);
    assert.equal(reading.offset_seconds, moved.offset_seconds);
    assert.ok(Date.parse(reading.business_time) >= Date.parse(moved.business_time));
    assert.equal(Math.round((Date.parse(reading.business_time) - Date.parse(reading.wall_time)) / 1000), reading.offset_seconds);
  }
});

test('payments are dated by it', async () => {
  const { business_time } = await moveClock(second.url, day);
  const paid = expectReply(await opp.post('/v1/payments', debit()), 200, approved);
  const madeMs = Date.parse((paid.body.timestamp ?? '').replace(' ', 'T'));
  const { rows } = await opp.parts.database.query<{ made: Date }>(
    `select max(created_at) as made from polygate.operation where created_at >= $1`,
    [business_time],
  );
  assert.ok(rows[0]?.made instanceof Date, `a payment after ${business_time}, answered ${madeMs}`);
});

test('who moves it waits for who moves it already; nothing is lost', async () => {
  const { offset_seconds: before } = await readClock(opp.url);
  await Promise.all([moveClock(opp.url, 60), moveClock(second.url, 60), moveClock(opp.url, 60), moveClock(second.url, 60)]);
  assert.equal((await readClock(second.url)).offset_seconds, before + 240);
});

test('it stops at each due time: what a schedule pays has the date at which it was due', async () => {
  const card = debit({ paymentType: undefined, amount: undefined, currency: undefined });
  const token = (await opp.post('/v1/registrations', card)).body.id;
  const reference = freshName('plan');
  const hour = String((new Date().getUTCHours() + 12) % 24);
  const plan = { registrationId: token, paymentType: 'DB', amount: '9.90', currency: 'EUR', merchantTransactionId: reference };
  const made = expectReply(await opp.post('/scheduling/v1/schedules', { ...plan, 'job.hour': hour }), 200, approved);
  const moved = await moveClock(opp.url, 10 * day);
  // The other node may have done some of them.
  assert.ok((moved.done?.['payments of schedules'] ?? 11) <= 10);
  const { rows } = await opp.parts.database.query<{ created_at: Date; state: string }>(
    `select created_at, state from polygate.operation where merchant_reference = $1 order by operation_id`,
    [reference],
  );
  assert.deepEqual(
    rows.map(({ state }) => state),
    rows.map(() => 'approved'),
  );
  const days = rows.map(({ created_at: time }) => time.toISOString().slice(0, 13));
  assert.equal(new Set(days).size, 10);
  assert.deepEqual(days, days.toSorted());
  for (const { created_at: time } of rows) assert.equal(time.getUTCHours(), Number(hour));
  expectReply(await opp.remove(`/scheduling/v1/schedules/${made.body.id}`), 200, approved);
});

test('the hosted page takes no card that has expired by it', async () => {
  const { business_time } = await readClock(opp.url);
  const now = new Date(business_time);
  const month = String(now.getUTCMonth() + 1).padStart(2, '0');
  const typed = { method: 'card', cardnumber: '4111111111111111', cvc: '123', ccname: 'Ada Example', attempt: '1', revision: '1' };
  rememberCard(opp.parts.traces, { pan: typed.cardnumber, cvc: typed.cvc });
  await moveClock(opp.url, 33 * day);
  const submit = async (expiry: string) => {
    const address = payAddress(opp, await openCheckout(opp));
    return (await fetch(address, { method: 'POST', body: new URLSearchParams({ ...typed, 'exp-date': expiry }) })).text();
  };
  assert.match(await submit(`${month}/${now.getUTCFullYear() % 100}`), /This card has expired/);
  assert.match(await submit('12/39'), /Payment complete/);
});

test('card numbers are deleted on the way, when their date has come', async () => {
  expectReply(await opp.post('/v1/payments', debit()), 200, approved);
  const stored = async () => (await opp.parts.database.query('select from vault.card')).rowCount ?? 0;
  assert.ok((await stored()) > 0);
  const moved = await moveClock(opp.url, 3_000 * day);
  assert.ok((moved.done?.['card numbers past their date'] ?? 0) > 0);
  assert.equal(await stored(), 0);
});

test('only the operator moves it, a viewer reads it, and nobody else does either', async () => {
  const body = '{"advance_seconds":1}';
  const before = await readClock(opp.url);
  const cases: readonly (readonly [method: string, key: string | undefined, status: number, error: string])[] = [
    ['GET', undefined, 401, 'unauthorized'],
    ['GET', 'sandbox-nobody-key', 401, 'unauthorized'],
    ['POST', undefined, 401, 'unauthorized'],
    ['POST', viewerKey, 403, 'forbidden'],
  ];
  for (const [method, key, status, error] of cases) {
    const response = await callConsole(opp.url, { method, ...(key === undefined ? {} : { key }), ...(method === 'POST' ? { body } : {}) });
    const answer = (await response.json()) as { readonly error: string; readonly detail: string };
    assert.deepEqual([response.status, answer.error], [status, error]);
    assert.ok(answer.detail.length > 20);
  }
  assert.equal((await readClock(opp.url)).offset_seconds, before.offset_seconds);
});

test('what cannot be an advance is refused with what to send', async () => {
  const bodies = ['', '{', 'null', '[]', '{}', '{"advance_seconds":0}', '{"advance_seconds":-1}', '{"advance_seconds":1.5}'];
  const more = ['{"advance_seconds":"1"}', '{"advance_seconds":1e12}', '{"advance_seconds":1,"back":true}'];
  for (const body of [...bodies, ...more]) {
    const response = await callConsole(opp.url, { method: 'POST', key: operatorKey, body });
    const answer = (await response.json()) as { readonly error: string; readonly detail: string };
    assert.deepEqual([response.status, answer.error], [400, 'bad_request'], body);
  }
});
