/** The outbox's cursor on a real database: no event is missed or taken twice, in whatever order transactions begin, commit and fail. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, beforeEach, test } from 'node:test';
import pg from 'pg';
import type { Outbox } from '../src/core/event/outbox.ts';
import { type Database, openDatabase } from '../src/postgres/connection.ts';
import { formatSnapshot, parseSnapshot, restrictSnapshot, stepBetween } from '../src/store/event-cursor.ts';
import { createOutbox } from '../src/store/outbox.ts';
import { createDatabase, type TestDatabase } from './harness/database.ts';
import { seededRandom } from './harness/random.ts';

const [merchantId, channelId, endpointId] = [randomUUID(), randomUUID(), randomUUID()];
let place: TestDatabase;
let database: Database;
let outbox: Outbox;
let pool: pg.Pool;

before(async () => {
  place = await createDatabase();
  database = openDatabase({ url: place.url, role: 'polygate_app', applicationName: 'test', purpose: 'hot', maxConnections: 4 });
  outbox = createOutbox(database);
  pool = new pg.Pool({ connectionString: place.url, max: 12 });
  // At the end the database is dropped under connections that are still closing.
  pool.on('error', () => undefined);
  await pool.query(`insert into polygate.merchant (merchant_id, routing_number, name) values ($1, 7, 'Shop')`, [merchantId]);
  await pool.query(
    `insert into polygate.acquirer_account (account_id, adapter, merchant_identifier, category_code, terminals) values ('a', 'iso8583', 'M', '5399', '{T}')`,
  );
  await pool.query(
    `insert into polygate.channel (merchant_id, channel_id, dialect, wire_id, name, account_id) values ($1, $2, 'opp', 'w', 'Shop', 'a')`,
    [merchantId, channelId],
  );
  await pool.query(
    `insert into polygate.endpoint (merchant_id, endpoint_id, dialect, url, settings, state) values ($1, $2, 'opp', 'https://shop.example/', '{}', 'active')`,
    [merchantId, endpointId],
  );
});

beforeEach(async () => {
  await pool.query('delete from polygate.delivery');
  while ((await outbox.enroll(1_000)) > 0);
  await pool.query('delete from polygate.delivery');
});

after(async () => {
  await Promise.all([database.close(), pool.end()]);
  await place.drop();
});

/** A payment with one event, of a merchant with an endpoint unless another is named. */
async function writeEvent(client: pg.ClientBase | pg.Pool, paymentId: string = randomUUID(), merchant = merchantId): Promise<string> {
  await client.query(
    `with p as (
      insert into polygate.payment (merchant_id, payment_id, channel_id, state, currency, amount, last_sequence, created_at)
      values ($1, $2, $3, 'captured', 'EUR', 1, 1, now())
    )
    insert into polygate.event (merchant_id, payment_id, sequence, operation_id, name, payment_state, operation_state, snapshot, happened_at)
    values ($1, $2, 1, $2, 'debit.approved', 'captured', 'approved', '{}', now())`,
    [merchant, paymentId, channelId],
  );
  return paymentId;
}

async function enrolled(): Promise<readonly string[]> {
  const { rows } = await pool.query<{ payment_id: string }>('select payment_id from polygate.delivery');
  return rows.map((row) => row.payment_id).toSorted();
}

async function opened(): Promise<pg.PoolClient> {
  const client = await pool.connect();
  await client.query('begin');
  return client;
}

async function ended(client: pg.PoolClient, how: 'commit' | 'rollback'): Promise<void> {
  await client.query(how);
  client.release();
}

test('a transaction that stays open holds up nobody, and what it commits at last is found', async () => {
  const slow = await opened();
  const late = await writeEvent(slow);
  const first = await writeEvent(pool);
  assert.equal(await outbox.enroll(100), 1);
  const second = await writeEvent(pool);
  assert.equal(await outbox.enroll(100), 1);
  assert.deepEqual(await enrolled(), [first, second].toSorted());
  assert.equal(await outbox.enroll(100), 0);
  await ended(slow, 'commit');
  assert.equal(await outbox.enroll(100), 1);
  assert.deepEqual(await enrolled(), [first, second, late].toSorted());
  assert.equal(await outbox.enroll(100), 0);
});

test('what is rolled back is never told', async () => {
  const failing = await opened();
  await writeEvent(failing);
  const kept = await writeEvent(pool);
  await outbox.enroll(100);
  await ended(failing, 'rollback');
  await outbox.enroll(100);
  assert.deepEqual(await enrolled(), [kept]);
});

test('a backlog is taken in bites, around transactions that are open', async () => {
  const slow = await opened();
  const late = await writeEvent(slow);
  const written = [];
  for (let index = 0; index < 25; index += 1) written.push(await writeEvent(pool));
  const bites: number[] = [];
  for (let count = await outbox.enroll(10); count > 0; count = await outbox.enroll(10)) bites.push(count);
  assert.deepEqual(bites, [11, 11, 3]);
  await ended(slow, 'commit');
  assert.equal(await outbox.enroll(10), 1);
  assert.deepEqual(await enrolled(), [...written, late].toSorted());
});

test('events of a merchant without an endpoint make no rows, and are not looked at again', async () => {
  const other = randomUUID();
  await pool.query(`insert into polygate.merchant (merchant_id, routing_number, name) values ($1, 8, 'Other')`, [other]);
  await writeEvent(pool, randomUUID(), other);
  assert.equal(await outbox.enroll(100), 1);
  assert.equal(await outbox.enroll(100), 0);
  assert.deepEqual(await enrolled(), []);
});

test('in a database restored from a dump the numbers of transactions begin anew, and nothing is lost or told twice', async () => {
  const told = await writeEvent(pool);
  await outbox.enroll(100);
  await pool.query(`update polygate.event_cursor set snapshot = '900000000:900000000:'`);
  const afterwards = await writeEvent(pool);
  await outbox.enroll(100);
  assert.equal((await enrolled()).filter((id) => id === told).length, 1);
  assert.ok((await enrolled()).includes(afterwards));
  assert.equal(await outbox.enroll(100), 0);
});

test('random interleavings of transactions, and of nodes that look at once: every committed event once', async () => {
  const seed = Number(process.env.POLYGATE_SEED ?? Math.floor(Math.random() * 1e9));
  const { below } = seededRandom(seed);
  const open: { readonly client: pg.PoolClient; readonly events: string[] }[] = [];
  const committed: string[] = [];
  const end = async (at: number): Promise<void> => {
    const [one] = open.splice(at, 1);
    if (one === undefined) return;
    const how = below(10) < 3 ? 'rollback' : 'commit';
    await ended(one.client, how);
    if (how === 'commit') committed.push(...one.events);
  };
  for (let step = 0; step < 300; step += 1) {
    const dice = below(100);
    const at = below(Math.max(1, open.length));
    if (dice < 25 && open.length < 8) open.push({ client: await opened(), events: [] });
    else if (dice < 60 && open[at] !== undefined) open[at].events.push(await writeEvent(open[at].client));
    else if (dice < 80) await end(at);
    else await Promise.all([outbox.enroll(1 + below(5)), outbox.enroll(3)]);
  }
  while (open.length > 0) await end(0);
  while ((await outbox.enroll(4)) > 0);
  assert.deepEqual(await enrolled(), committed.toSorted(), `seed ${seed}`);
});

test('snapshots as text, and the step between two', () => {
  const before = parseSnapshot('10:15:10,12');
  const now = parseSnapshot('12:20:12,17');
  assert.deepEqual(stepBetween(before, now), { from: 15n, to: 20n, not: [12n, 17n], late: [10n] });
  assert.equal(formatSnapshot(now), '12:20:12,17');
  assert.equal(formatSnapshot(restrictSnapshot(now, 16n)), '12:16:12');
  assert.equal(formatSnapshot(restrictSnapshot(parseSnapshot('20:20:'), 18n)), '18:18:');
  assert.equal(formatSnapshot(restrictSnapshot(now, 30n)), '12:20:12,17');
  assert.throws(() => parseSnapshot('1:2'));
});
