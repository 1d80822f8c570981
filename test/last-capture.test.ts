/** The last capture of a hold gives back what it does not take, as soon as it has succeeded and not before; a cancel waits for captures under way. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createConsoleClient } from './harness/console.ts';
import { freshName } from './harness/opp.ts';
import { codeIn, usePayoneStack } from './harness/payone-stack.ts';
import { eventually } from './harness/processes.ts';

const stack = usePayoneStack();

/** A hold of 100.00. */
async function held(): Promise<string> {
  const order = { amountOfMoney: { amount: 10_000, currencyCode: 'EUR' } };
  const { status, body, text } = await stack.pay({ authorizationMode: 'PRE_AUTHORIZATION' }, { order });
  assert.deepEqual([status, codeIn(body)], [201, 5], text);
  return body.payment?.id ?? '';
}

/** The number of the capture's state: 9 and 91 it stands, 92 nobody knows, 93 it is refused. */
async function capture(id: string, amount: number, isFinal: boolean, key?: string): Promise<number> {
  const { body } = await stack.post(`/payments/${id}/capture`, { amount, isFinal }, key);
  return codeIn(body);
}

const declineNext = () => stack.parts.host.addFault({ fault: 'decline', mti: '0220', code: '05' });
const cancel = (id: string, body: object = {}) => stack.post(`/payments/${id}/cancel`, body);

/** What is due for holds is over with. */
const quiet = () =>
  eventually(async () => {
    const { rows } = await stack.parts.database.query(`select from polygate.due_work where kind = 'rest'`);
    return rows.length === 0;
  }, 'nothing more to be released');

async function released(): Promise<number> {
  const { rows } = await stack.parts.database.query<{ released: string }>(
    'select released from polygate.payment order by payment_id desc limit 1',
  );
  return Number(rows[0]?.released);
}

test('a last capture that is declined leaves the rest of the hold where it is', async () => {
  const id = await held();
  assert.equal(await capture(id, 2_000, false), 91);
  await declineNext();
  assert.equal(await capture(id, 5_000, true), 93);
  await quiet();
  assert.equal(await released(), 0);
  assert.equal(await capture(id, 5_000, true), 91);
  await quiet();
  assert.equal(await released(), 3_000);
});

test('nor does a later capture give it back that is not the last', async () => {
  const id = await held();
  await declineNext();
  assert.equal(await capture(id, 5_000, true), 93);
  assert.equal(await capture(id, 2_000, false), 91);
  await quiet();
  assert.equal(await released(), 0);
  assert.equal(await capture(id, 8_000, false), 91);
});

test('a last capture that is not answered gives it back when it turns out to stand', async () => {
  const id = await held();
  await stack.parts.host.addFault({ fault: 'no_answer', mti: '0220' });
  assert.equal(await capture(id, 2_000, true), 92);
  assert.equal(await released(), 0);
  await quiet();
  assert.equal(await released(), 8_000);
});

test('a last capture that was not sent gives nothing back', async () => {
  const id = await held();
  const cards = `vault.card where id = (select card_id from polygate.attempt order by payment_id desc limit 1)`;
  await stack.parts.database.query(`create table kept_card as select * from ${cards}`);
  await stack.parts.database.query(`delete from ${cards}`);
  await capture(id, 2_000, true);
  await quiet();
  await stack.parts.database.query('insert into vault.card select * from kept_card');
  await stack.parts.database.query('drop table kept_card');
  assert.equal(await released(), 0);
  assert.equal(await capture(id, 10_000, false), 91);
});

test('a key that a capture has used gives nothing back, whatever else it is sent with', async () => {
  const id = await held();
  const key = freshName('key');
  assert.equal(await capture(id, 3_000, false, key), 91);
  const again = await stack.post(`/payments/${id}/capture`, { amount: 3_000, isFinal: true }, key);
  assert.equal(again.body.id, id.replace('_0', '_1'), again.text);
  await quiet();
  assert.equal(await released(), 0);
  const last = freshName('key');
  assert.equal(await capture(id, 3_000, true, last), 91);
  assert.equal(await capture(id, 3_000, true, last), 91);
  await quiet();
  assert.equal(await released(), 4_000);
});

test('a payment is not cancelled while a capture of it has no outcome; a part of it may be given back', async () => {
  const id = await held();
  await stack.parts.host.addFault({ fault: 'no_answer', mti: '0220' });
  assert.equal(await capture(id, 4_000, false), 92);
  const busy = await cancel(id);
  assert.equal(busy.status, 409, busy.text);
  const part = await cancel(id, { amountOfMoney: { amount: 1_000, currencyCode: 'EUR' } });
  assert.equal(part.status, 200, part.text);
  await stack.becomes(id.replace('_0', '_1'), 9);
  assert.equal((await cancel(id)).status, 200);
  assert.equal(await released(), 6_000);
});

test('a rest that the acquirer refuses for good waits for an operator, who lets it be tried again', async () => {
  const console = createConsoleClient(() => stack.url);
  const rests = async () => (await console.done('get', '/given-up-holds', { query: { due: 'rest' } })).items ?? [];
  const id = await held();
  await stack.parts.host.addFault({ fault: 'decline', mti: '0420', code: '05', times: 100 });
  assert.equal(await capture(id, 2_000, true), 91);
  await stack.parts.database.query(`update polygate.due_work set failed_tries = 9, leased_until = now() where kind = 'rest'`);
  await eventually(async () => (await rests()).length === 1, 'it to be given up');
  await stack.parts.host.clearFaults();
  const [rest] = await rests();
  assert.deepEqual([rest?.left_amount, await released()], [8_000, 0]);
  const body = { due: 'rest', decision: 'try_again', reason: 'The acquirer has mended it.' };
  await console.done('post', '/given-up-holds/{operation_id}/decision', { ids: { operation_id: String(rest?.operation_id) }, body });
  await quiet();
  assert.deepEqual([await rests(), await released()], [[], 8_000]);
});
