/** Holds that nobody captures end at their scheme's time, and captures asked for in advance happen, once each, whatever runs and whatever stops. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Gateway } from '../src/gateway.ts';
import { moveClock } from './harness/console.ts';
import { approved, debit, expectReply, type Parameters, useOppStack } from './harness/opp.ts';
import { eventually, startProcess } from './harness/processes.ts';

let second: Gateway;
const opp = useOppStack({
  async onStart(stack) {
    second = await stack.startNode();
  },
});

const day = 86_400;
const visa = '4111111111111111';
const mastercard = '5200828282828210';
const amex = '378282246310005';

interface Held {
  readonly id: string;
  readonly rrn: string;
}

async function hold(more: Parameters = {}): Promise<Held> {
  const number = more['card.number'] ?? visa;
  const brand = number === amex ? 'AMEX' : number === mastercard ? 'MASTER' : 'VISA';
  const code = number === amex ? '1234' : '123';
  const sent = debit({ paymentType: 'PA', amount: '30.00', paymentBrand: brand, 'card.cvv': code, ...more });
  const reply = expectReply(await opp.post('/v1/payments', sent), 200, approved);
  return { id: reply.body.id ?? '', rrn: reply.body.resultDetails?.ConnectorTxID1 ?? '' };
}

/** What is left of the hold at the host. */
async function atHost({ rrn }: Held): Promise<{ readonly remaining: number; readonly captured: number }> {
  const [entry] = await opp.books(rrn);
  return { remaining: entry?.remainingAmount ?? -1, captured: entry?.capturedAmount ?? -1 };
}

interface Told {
  readonly name: string;
  readonly amount: number;
  readonly payment_state: string;
  readonly reason: string | null;
}

/** The events of the payment, in order. */
async function events({ id }: Held): Promise<readonly Told[]> {
  const { rows } = await opp.parts.database.query<Told>(
    `select e.name, (e.snapshot ->> 'amount')::int as amount, e.payment_state, o.reason
    from polygate.event e join polygate.operation o on o.operation_id = e.operation_id
    where e.payment_id = (select payment_id from polygate.operation where replace(operation_id::text, '-', '') = $1) order by e.sequence`,
    [id],
  );
  return rows;
}

async function dueRows(): Promise<number> {
  return (await opp.parts.database.query('select from polygate.due_work')).rowCount ?? 0;
}

async function setPolicies(policies: object): Promise<void> {
  await opp.parts.database.query(`update polygate.channel set policies = $1 where wire_id = '0f0e0d0c0b0a09080706050403020100'`, [
    JSON.stringify(policies),
  ]);
  // Nodes remember a channel for some seconds; new ones know it as it is.
  await opp.parts.stopGateway();
  await opp.parts.startGateway();
}

test('each scheme has its time: Visa ten days, Mastercard and others seven', async () => {
  const [ofVisa, ofMastercard, ofAmex] = [await hold(), await hold({ 'card.number': mastercard }), await hold({ 'card.number': amex })];
  await moveClock(opp.url, 7 * day - 600);
  for (const held of [ofVisa, ofMastercard, ofAmex]) assert.equal((await atHost(held)).remaining, 3_000);
  await moveClock(opp.url, 1_200);
  assert.equal((await atHost(ofVisa)).remaining, 3_000);
  for (const held of [ofMastercard, ofAmex]) assert.deepEqual(await atHost(held), { remaining: 0, captured: 0 });
  await moveClock(opp.url, 3 * day - 1_200);
  assert.equal((await atHost(ofVisa)).remaining, 3_000);
  await moveClock(opp.url, 1_200);
  assert.deepEqual(await atHost(ofVisa), { remaining: 0, captured: 0 });
  assert.deepEqual(await events(ofVisa), [
    { name: 'preauthorization.approved', amount: 3_000, payment_state: 'authorized', reason: null },
    { name: 'reversal.approved', amount: 3_000, payment_state: 'voided', reason: 'hold_expired' },
  ]);
  assert.equal(await dueRows(), 0);
});

test('only what is left of a hold ends; what is captured or reversed is over with', async () => {
  const [partly, whole, undone] = [await hold(), await hold(), await hold()];
  expectReply(await opp.post(`/v1/payments/${partly.id}`, { paymentType: 'CP', amount: '10.00', currency: 'EUR' }), 200, approved);
  expectReply(await opp.post(`/v1/payments/${whole.id}`, { paymentType: 'CP', amount: '30.00', currency: 'EUR' }), 200, approved);
  expectReply(await opp.post(`/v1/payments/${undone.id}`, { paymentType: 'RV' }), 200, approved);
  await moveClock(opp.url, 11 * day);
  const names = async (held: Held) => (await events(held)).map(({ name, amount }) => `${name} ${amount}`);
  assert.deepEqual(await names(partly), ['preauthorization.approved 3000', 'capture.approved 1000', 'reversal.approved 2000']);
  assert.deepEqual(await names(whole), ['preauthorization.approved 3000', 'capture.approved 3000']);
  assert.deepEqual(await names(undone), ['preauthorization.approved 3000', 'reversal.approved 3000']);
  assert.equal(await dueRows(), 0);
});

test('after its end a hold cannot be captured', async () => {
  const held = await hold();
  await moveClock(opp.url, 10 * day + 60);
  const late = await opp.post(`/v1/payments/${held.id}`, { paymentType: 'CP', amount: '30.00', currency: 'EUR' });
  assert.equal(late.status, 400);
  assert.equal((await atHost(held)).captured, 0);
});

test('a dialect may give a hold less time, never more', async () => {
  await setPolicies({ holdFor: '2d' });
  const short = await hold();
  await setPolicies({ holdFor: '4w' });
  const long = await hold();
  await moveClock(opp.url, 3 * day);
  assert.equal((await atHost(long)).remaining, 3_000);
  await moveClock(opp.url, 8 * day);
  await setPolicies({});
  for (const held of [short, long]) assert.equal((await atHost(held)).remaining, 0);
});

test('a capture asked for in advance takes what is left by then', async () => {
  await setPolicies({ captureAfter: '1d' });
  const whole = await hold();
  const partly = await hold();
  const undone = await hold();
  const declined = await opp.post('/v1/payments', debit({ paymentType: 'PA', 'card.number': '4000000000009995' }));
  assert.notEqual(declined.code, approved);
  await setPolicies({});
  const without = await hold();
  expectReply(await opp.post(`/v1/payments/${partly.id}`, { paymentType: 'CP', amount: '10.00', currency: 'EUR' }), 200, approved);
  expectReply(await opp.post(`/v1/payments/${undone.id}`, { paymentType: 'RV' }), 200, approved);
  await moveClock(opp.url, day - 60);
  assert.equal((await atHost(whole)).captured, 0);
  await moveClock(opp.url, 120);
  assert.deepEqual(await atHost(whole), { remaining: 0, captured: 3_000 });
  assert.deepEqual(await atHost(partly), { remaining: 0, captured: 3_000 });
  assert.deepEqual(await atHost(undone), { remaining: 0, captured: 0 });
  assert.deepEqual(await atHost(without), { remaining: 3_000, captured: 0 });
  assert.deepEqual((await events(whole)).at(-1), {
    name: 'capture.approved',
    amount: 3_000,
    payment_state: 'captured',
    reason: 'delayed_capture',
  });
  await moveClock(opp.url, 10 * day);
  assert.equal(await dueRows(), 0);
});

test('what became due while nothing ran is caught up in order: the capture before the end of its hold', async () => {
  await setPolicies({ captureAfter: '9d' });
  const [captured, ended] = [await hold(), await hold({ 'card.number': mastercard })];
  await opp.parts.stopGateway();
  await second.stop();
  await opp.parts.database.query(`update polygate.clock set offset_ms = offset_ms + $1`, [30 * day * 1_000]);
  await opp.parts.startGateway();
  second = await opp.parts.startNode();
  await moveClock(opp.url, 1);
  assert.deepEqual(await atHost(captured), { remaining: 0, captured: 3_000 });
  assert.deepEqual(await atHost(ended), { remaining: 0, captured: 0 });
  await setPolicies({});
  assert.equal(await dueRows(), 0);
});

test('a node that dies after the reversal and before its note reverses nothing twice', async () => {
  const held = await hold();
  await moveClock(opp.url, 9 * day);
  const { rows } = await opp.parts.database.query<object>(`select * from polygate.due_work`);
  assert.equal(rows.length, 1);
  await moveClock(opp.url, 2 * day);
  // As if it had died then, and its lease had run out.
  await opp.parts.database.query(`insert into polygate.due_work select * from json_populate_record(null::polygate.due_work, $1)`, [
    JSON.stringify(rows[0]),
  ]);
  await moveClock(opp.url, 1);
  assert.equal((await events(held)).filter(({ name }) => name.startsWith('reversal')).length, 1);
  assert.equal(await dueRows(), 0);
});

test('a reversal that is not answered is repeated, the clock waits for it, and the hold ends once', async () => {
  const held = await hold();
  await opp.parts.host.addFault({ fault: 'no_answer', pan: visa, times: 3 });
  await moveClock(opp.url, 11 * day);
  assert.deepEqual(await atHost(held), { remaining: 0, captured: 0 });
  assert.equal((await events(held)).filter(({ name }) => name === 'reversal.approved').length, 1);
  await opp.parts.host.clearFaults();
});

test('the node that moves the clock is killed on the way: another goes on, and each hold ends once', async () => {
  const held: Held[] = [];
  for (let count = 0; count < 12; count += 1) held.push(await hold({ 'card.number': count % 2 === 0 ? visa : mastercard }));
  const node = startProcess(process.execPath, [join(import.meta.dirname, 'harness', 'gateway-process.ts')], {
    env: { ...process.env, ...opp.parts.env, PORT: '0' },
  });
  const url = (await node.line(/^listening on /)).replace('listening on ', '');
  await eventually(async () => (await fetch(`${url}/readyz`)).ok, 'the node to be ready');
  const moving = moveClock(url, 20 * day).catch(() => undefined);
  const reversed = async () => {
    const names = await Promise.all(held.map(events));
    return names.flat().filter(({ name }) => name === 'reversal.approved').length;
  };
  await eventually(async () => (await reversed()) > 0, 'the first hold to end');
  node.child.kill('SIGKILL');
  await node.ended;
  await moving;
  // Its leases run out.
  await opp.parts.database.query(`update polygate.due_work set leased_until = now()`);
  await opp.parts.hurry();
  await moveClock(opp.url, 20 * day);
  for (const each of held) {
    assert.deepEqual(
      // What was on its way when the node died was unknown for a while.
      (await events(each)).filter(({ name }) => name !== 'reversal.unknown').map(({ name, amount }) => `${name} ${amount}`),
      ['preauthorization.approved 3000', 'reversal.approved 3000'],
    );
    assert.equal((await atHost(each)).remaining, 0);
  }
  assert.equal(await dueRows(), 0);
});
