/** What is due for holds and was given up: an operator sees it, with why and since when, and lets it go on. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { type Database, openDatabase } from '../src/postgres/connection.ts';
import { pruneGivenUpHolds } from '../src/store/given-up-holds.ts';
import { findWaiting, verify } from '../src/store/verify.ts';
import { type ConsoleBody, createConsoleClient, moveClock, viewerKey } from './harness/console.ts';
import { approved, debit, expectReply, freshName, type Parameters, useOppStack } from './harness/opp.ts';
import { eventually } from './harness/processes.ts';

let database: Database;
const opp = useOppStack({
  async onStart({ databaseUrl }) {
    database = openDatabase({ url: databaseUrl, role: 'polygate_app', applicationName: 'test', purpose: 'general', maxConnections: 1 });
  },
});
after(() => database.close());

const client = createConsoleClient(() => opp.url);
const day = 86_400;
const visa = '4111111111111111';
const uuidOf = (id: string): string => id.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');

async function hold(more: Parameters = {}): Promise<string> {
  const sent = debit({ paymentType: 'PA', amount: '30.00', ...more });
  return expectReply(await opp.post('/v1/payments', sent), 200, approved).body.id ?? '';
}

/** The end of a hold, when the acquirer has refused its reversal for the tenth time. */
async function givenUp(): Promise<string> {
  const id = await hold();
  await moveClock(opp.url, 9 * day);
  await opp.parts.database.query(`update polygate.due_work set failed_tries = 9 where operation_id = $1`, [uuidOf(id)]);
  await opp.parts.host.addFault({ fault: 'decline', code: '05', mti: '0420', pan: visa });
  await moveClock(opp.url, 2 * day);
  return id;
}

async function listed(query: Readonly<Record<string, string>> = {}): Promise<readonly ConsoleBody[]> {
  return (await client.done('get', '/given-up-holds', { query, key: viewerKey })).items ?? [];
}

/** How often it was tried, of each thing that is due for the hold. */
async function dueRows(id: string): Promise<readonly number[]> {
  const text = 'select failed_tries from polygate.due_work where operation_id = $1';
  return (await opp.parts.database.query<{ failed_tries: number }>(text, [uuidOf(id)])).rows.map(({ failed_tries }) => failed_tries);
}

/** The value of a series; its labels in the order in which they are written. */
async function seriesOf(series: string): Promise<string | undefined> {
  const lines = (await (await fetch(`${opp.url}/metrics`)).text()).split('\n');
  return lines.find((line) => line.startsWith(`${series} `))?.slice(series.length + 1);
}

const metricOf = (due: string) => seriesOf(`polygate_given_up_holds{due="${due}"}`);

const act = (id: string, parameters: Parameters) => opp.post(`/v1/payments/${id}`, parameters);

test('what the acquirer has refused ten times is listed, counted and warned of, until the merchant has settled it', async () => {
  assert.equal(await metricOf('expiry'), '0');
  const id = await givenUp();
  const [item, ...others] = await listed();
  assert.equal(others.length, 0);
  assert.deepEqual(
    [item?.operation_id, item?.due, item?.given_up_because, item?.left_amount, item?.state],
    [uuidOf(id), 'expiry', 'the acquirer answered 05', 3_000, 'approved'],
  );
  const { business_time } = await client.done('get', '/clock');
  const [dueMs, sinceMs, nowMs] = [item?.due_at, item?.given_up_at, business_time].map((time) => Date.parse(String(time)));
  assert.ok(Number(sinceMs) >= Number(dueMs) && Number(sinceMs) <= Number(nowMs), JSON.stringify(item));
  const { merchant_id, payment_id } = item ?? {};
  assert.equal((await listed({ due: 'expiry', merchant_id: String(merchant_id), payment_id: String(payment_id) })).length, 1);
  assert.equal((await listed({ due: 'capture' })).length, 0);
  const unknown = await client.call('get', '/given-up-holds', { query: { due: 'nothing' } });
  assert.deepEqual([unknown.status, unknown.body.errors?.[0]?.field], [400, 'due']);
  const csv = await client.call('get', '/given-up-holds', { query: { format: 'csv' } });
  assert.match(csv.text, /left_amount\r?\n.*,the acquirer answered 05,3000/);
  assert.equal(await metricOf('expiry'), '1');
  const [warning] = await findWaiting(opp.parts.config);
  assert.match(
    warning ?? '',
    /^waiting: merchant .* operation .*: what is due for its hold \(expiry\) was given up at \d{4}-.*Z: the acquirer answered 05$/,
  );
  assert.deepEqual(await verify(opp.parts.config), []);
  assert.equal(await pruneGivenUpHolds(database), 0);
  expectReply(await act(id, { paymentType: 'RV' }), 200, approved);
  assert.deepEqual(await listed(), []);
  assert.equal(await metricOf('expiry'), '0');
  assert.deepEqual(await findWaiting(opp.parts.config), []);
  // What is left of it nobody needs any more.
  await pruneGivenUpHolds(database);
  assert.deepEqual(await dueRows(id), []);
});

test('pages of the list have each of them once', async () => {
  const ids: string[] = [];
  for (let index = 0; index < 3; index += 1) ids.push(await givenUp());
  const found: string[] = [];
  for (let cursor: string | undefined; ; ) {
    const page = await client.done('get', '/given-up-holds', { query: { limit: '1', ...(cursor === undefined ? {} : { cursor }) } });
    found.push(...(page.items ?? []).map(({ operation_id }) => String(operation_id)));
    if (page.next_cursor === null) break;
    cursor = String(page.next_cursor);
  }
  assert.deepEqual(found, ids.map(uuidOf));
  for (const id of ids) expectReply(await act(id, { paymentType: 'RV' }), 200, approved);
  assert.deepEqual(await listed(), []);
});

const reason = 'The acquirer has mended it, case 4711.';

function decideOn(id: string, decision: string, { due = 'expiry', key }: { readonly due?: string; readonly key?: string } = {}) {
  const body = { due, decision, reason };
  const request = { ids: { operation_id: uuidOf(id) }, body, ...(key === undefined ? {} : { key }) };
  return client.call('post', '/given-up-holds/{operation_id}/decision', request);
}

/** What the host has left of the hold, and what the gateway has. */
async function leftOf(id: string): Promise<readonly [number | undefined, string]> {
  const { rrn, payment_id } = await client.done('get', '/operations/{operation_id}', { ids: { operation_id: uuidOf(id) } });
  const { state } = await client.done('get', '/payments/{payment_id}', { ids: { payment_id: String(payment_id) } });
  const [entry] = await opp.books(String(rrn));
  return [entry?.remainingAmount, String(state)];
}

test('what is tried again is due at once, with all its tries; of two operators one has decided', async () => {
  const id = await givenUp();
  assert.equal((await decideOn(id, 'try_again', { key: viewerKey })).status, 403);
  const mute = await client.call('post', '/given-up-holds/{operation_id}/decision', {
    ids: { operation_id: uuidOf(id) },
    body: { due: 'expiry', decision: 'try_again' },
  });
  assert.deepEqual([mute.status, mute.body.errors?.[0]?.field], [400, 'reason']);
  // It is refused once more: that is its first try, not its tenth.
  await opp.parts.host.addFault({ fault: 'decline', code: '05', mti: '0420', pan: visa });
  const answers = await Promise.all([1, 2, 3].map(() => decideOn(id, 'try_again')));
  assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 409, 409], answers.map(({ text }) => text).join('\n'));
  assert.deepEqual(await listed(), []);
  await eventually(async () => (await dueRows(id))[0] === 1, 'the first try');
  await opp.parts.database.query('update polygate.due_work set leased_until = now()');
  await eventually(async () => (await leftOf(id))[1] === 'voided', 'the hold to end');
  assert.deepEqual(await leftOf(id), [0, 'voided']);
  await eventually(async () => (await dueRows(id)).length === 0, 'nothing to be due any more');
  const [entry, ...others] = (await client.done('get', '/audit', { query: { act: 'given_up_hold.decided' } })).items ?? [];
  assert.equal(others.length, 0);
  const { operationId, due, decision, reason: why } = entry?.details ?? ({} as Partial<ConsoleBody>);
  assert.deepEqual([entry?.actor, operationId, due, decision, why], ['OPERATOR_KEY (console)', uuidOf(id), 'expiry', 'try_again', reason]);
});

test('what the merchant has settled meanwhile, what was never given up and what is unknown is not decided', async () => {
  const id = await givenUp();
  expectReply(await act(id, { paymentType: 'CP', amount: '30.00', currency: 'EUR' }), 200, approved);
  // Unless it is cleared away already.
  const late = await decideOn(id, 'try_again');
  assert.deepEqual([late.status, late.body.error], [409, 'conflict']);
  assert.match(String(late.body.detail), /Nothing is left to do|waits for a decision/);
  const standing = await hold();
  const early = await decideOn(standing, 'try_again');
  assert.deepEqual([early.status, early.body.detail], [409, 'Of the operation no expiry waits for a decision, or not any more.']);
  assert.equal((await decideOn('0'.repeat(32), 'try_again')).status, 404);
  assert.equal((await decideOn(standing, 'forget')).body.errors?.[0]?.field, 'decision');
});

test('a capture that was refused can be tried again, or left to the end of its hold; that end cannot be left', async () => {
  await setPolicies({ captureAfter: '1d' });
  const [captured, left] = [await hold(), await hold()];
  await setPolicies({});
  await opp.parts.host.addFault({ fault: 'decline', code: '05', mti: '0220', pan: visa, times: 2 });
  await moveClock(opp.url, day + 60);
  assert.deepEqual((await listed({ due: 'capture' })).map(({ operation_id }) => operation_id).sort(), [captured, left].map(uuidOf).sort());
  assert.equal(await metricOf('capture'), '2');
  assert.equal((await decideOn(captured, 'try_again', { due: 'capture' })).status, 200);
  await eventually(async () => (await leftOf(captured))[1] === 'captured', 'the capture');
  assert.equal((await decideOn(left, 'leave', { due: 'expiry' })).body.errors?.[0]?.field, 'decision');
  assert.equal((await decideOn(left, 'leave', { due: 'capture' })).status, 200);
  assert.deepEqual(await listed(), []);
  assert.deepEqual(await leftOf(left), [3_000, 'authorized']);
  await moveClock(opp.url, 10 * day);
  assert.deepEqual(await leftOf(left), [0, 'voided']);
});

async function setPolicies(policies: object): Promise<void> {
  await opp.parts.database.query(`update polygate.channel set policies = $1 where wire_id = '0f0e0d0c0b0a09080706050403020100'`, [
    JSON.stringify(policies),
  ]);
  // Nodes remember a channel for some seconds; new ones know it as it is.
  await opp.parts.stopGateway();
  await opp.parts.startGateway();
}

function reversalOf({ operations }: ConsoleBody): ConsoleBody | undefined {
  return operations?.find(({ kind, state }) => String(kind) === 'reversal' && String(state) === 'approved');
}

/** What an operator does on the telephone: the acquirer takes the hold out of its books. */
async function releaseAtHost(payment: ConsoleBody): Promise<void> {
  const messages = payment.messages ?? [];
  const reversal = reversalOf(payment);
  const [own, original] = [String(reversal?.operation_id), String(reversal?.target_id)].map((id) =>
    messages.find(({ operation_id }) => String(operation_id) === id),
  );
  await opp.parts.host.book({
    ...{ kind: 'reversal', pan: visa, currency: '978', amount: Number(reversal?.amount), remaining: Number(payment.captured) },
    ...{ rrn: String(own?.rrn), stan: String(own?.stan), terminal: String(own?.terminal), transmittedAt: String(own?.transmitted_at) },
    ...{ originalMti: '0100', originalStan: String(original?.stan), originalTransmittedAt: String(original?.transmitted_at) },
  });
}

test('a hold that the acquirer has released by itself is booked as released, once, and the merchant is told', async () => {
  const id = await hold();
  expectReply(await act(id, { paymentType: 'CP', amount: '10.00', currency: 'EUR' }), 200, approved);
  await opp.parts.database.query(
    `delete from vault.card where id = (select t.card_id from polygate.attempt t join polygate.operation o using (payment_id) where o.operation_id = $1)`,
    [uuidOf(id)],
  );
  await moveClock(opp.url, 11 * day);
  const [item] = await listed();
  assert.deepEqual(
    [item?.operation_id, item?.given_up_because, item?.left_amount],
    [uuidOf(id), 'its card is not in the vault any more', 2_000],
  );
  const reversals = async () => Number((await seriesOf('polygate_operation_outcomes_total{kind="reversal",outcome="approved"}')) ?? 0);
  const before = await reversals();
  const answers = await Promise.all([1, 2, 3].map(() => decideOn(id, 'released')));
  assert.equal(await reversals(), before + 1);
  assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 409, 409], answers.map(({ text }) => text).join('\n'));
  const payment = await client.done('get', '/payments/{payment_id}', { ids: { payment_id: String(item?.payment_id) } });
  await releaseAtHost(payment);
  assert.deepEqual([payment.state, payment.captured, payment.released], ['captured', 1_000, 2_000]);
  assert.deepEqual([payment.events?.at(-1)?.name, reversalOf(payment)?.reason], ['reversal.approved', 'hold_expired']);
  assert.deepEqual([await listed(), await dueRows(id)], [[], []]);
  assert.deepEqual(await verify(opp.parts.config), []);
  const [entry, ...others] = ((await client.done('get', '/audit', { query: { act: 'given_up_hold.decided' } })).items ?? []).filter(
    ({ details }) => String(details?.operationId) === uuidOf(id),
  );
  assert.deepEqual([String(entry?.details?.decision), others.length], ['released', 0]);
  const standing = await hold();
  assert.equal((await decideOn(standing, 'released')).status, 409);
  assert.deepEqual(await leftOf(standing), [3_000, 'authorized']);
  // At its end it would take what the acquirer refuses next for itself.
  expectReply(await act(standing, { paymentType: 'RV' }), 200, approved);
});

test('of a release that an operator tells and a capture at the same moment one counts', async () => {
  for (let round = 0; round < 4; round += 1) {
    const id = await givenUp();
    const payment_id = String((await listed({ operation_id: uuidOf(id) }))[0]?.payment_id);
    const capture = { paymentType: 'CP', amount: '30.00', currency: 'EUR' };
    const [told, captured] = await Promise.all([decideOn(id, 'released'), act(id, capture)]);
    const isReleased = told.status === 200;
    assert.ok(isReleased || told.status === 409, told.text);
    assert.equal(captured.code === approved, !isReleased, `${told.text} ${captured.text}`);
    const payment = await client.done('get', '/payments/{payment_id}', { ids: { payment_id } });
    if (isReleased) await releaseAtHost(payment);
    assert.deepEqual([payment.captured, payment.released], isReleased ? [0, 3_000] : [3_000, 0]);
    assert.equal((await listed()).length, 0);
  }
  assert.deepEqual(await verify(opp.parts.config), []);
});

test('the end of a review that was refused can be tried again; nothing of it is captured, as the merchant was told', async () => {
  const [merchant_id, email] = ['00000000-0000-7000-8000-000000000001', `${freshName('shopper')}@shop.example`];
  const rule = { ids: { merchant_id }, body: { subject: 'email', value: email, action: 'review' } };
  await client.done('post', '/merchants/{merchant_id}/risk-rules/blocks', rule);
  const pay = () => opp.post('/v1/payments', debit({ 'customer.email': email, paymentType: 'DB', amount: '30.00' }));
  let id = '';
  const isHeld = async () => {
    const { body, code } = await pay();
    id = body.id ?? '';
    return code === '000.400.070';
  };
  await eventually(isHeld, 'the rule to be in force');
  await opp.parts.database.query(`update polygate.due_work set failed_tries = 9 where operation_id = $1`, [uuidOf(id)]);
  await opp.parts.host.addFault({ fault: 'decline', code: '05', mti: '0420', pan: visa });
  await moveClock(opp.url, 3 * day + 60);
  const [item, ...others] = await listed();
  assert.deepEqual([item?.operation_id, item?.due, item?.reason, others.length], [uuidOf(id), 'review', 'review_expired', 0]);
  assert.equal((await decideOn(id, 'leave', { due: 'review' })).body.errors?.[0]?.field, 'decision');
  assert.equal((await opp.get(`/v1/payments/${id}`)).code, '100.400.500');
  assert.equal((await decideOn(id, 'try_again', { due: 'review' })).status, 200);
  await eventually(async () => (await leftOf(id))[1] === 'voided', 'the hold to be given up');
  assert.deepEqual(await leftOf(id), [0, 'voided']);
  assert.equal((await opp.get(`/v1/payments/${id}`)).code, '100.400.500');
});
