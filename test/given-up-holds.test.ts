/** What is due for holds and was given up: an operator sees it, with why and since when, and lets it go on. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { type Database, openDatabase } from '../src/postgres/connection.ts';
import { pruneGivenUpHolds } from '../src/store/given-up-holds.ts';
import { findWaiting, verify } from '../src/store/verify.ts';
import { type ConsoleBody, createConsoleClient, moveClock, viewerKey } from './harness/console.ts';
import { approved, debit, expectReply, type Parameters, useOppStack } from './harness/opp.ts';

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

async function dueRows(): Promise<number> {
  return (await opp.parts.database.query('select from polygate.due_work')).rowCount ?? 0;
}

async function metricOf(due: string): Promise<string | undefined> {
  const text = await (await fetch(`${opp.url}/metrics`)).text();
  return new RegExp(`^polygate_given_up_holds\\{due="${due}"\\} (\\d+)$`, 'm').exec(text)?.[1];
}

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
  assert.equal(await dueRows(), 0);
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
