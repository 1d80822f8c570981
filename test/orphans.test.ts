/** The sweep that finds what a crash has left submitted, by ids in the order of time. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import type { Database } from '../src/postgres/connection.ts';
import { openDatabase } from '../src/postgres/connection.ts';
import { createOrphanSweep, type OrphanSweep } from '../src/store/orphans.ts';
import { createDatabase, type TestDatabase } from './harness/database.ts';

const minuteMs = 60_000;
const merchantId = randomUUID();
let place: TestDatabase;
let database: Database;

before(async () => {
  place = await createDatabase();
  database = openDatabase({ url: place.url, role: 'polygate_app', applicationName: 'orphans', maxConnections: 1, purpose: 'general' });
});

after(async () => {
  await database.close();
  await place.drop();
});

/** A UUIDv7 of that moment. */
function idAt(epochMs: number): string {
  const hex = epochMs.toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7${randomUUID().slice(15)}`;
}

async function write(madeMs: number, state: string): Promise<string> {
  const id = idAt(madeMs);
  await database.query(
    {
      name: 'write_operation',
      text: `insert into polygate.operation (merchant_id, operation_id, payment_id, attempt_number, kind, state, amount, dialect_data, created_at)
        values ($1, $2, $2, 1, 'debit', $3, 100, '{}', now())`,
    },
    [merchantId, id, state],
  );
  return id;
}

async function due(): Promise<string[]> {
  const rows = await database.query<{ operation_id: string }>({
    name: 'due_operations',
    text: 'select operation_id from polygate.operation where resolve_at <= now() order by operation_id',
  });
  return rows.map((row) => row.operation_id);
}

const mark = (sweep: OrphanSweep, createdBeforeMs: number) => sweep.mark({ createdBeforeMs, afterMs: 0 });

test('an operation left submitted becomes due when it is old enough, whenever it was written', async () => {
  const nowMs = Date.now();
  const sweep = createOrphanSweep(database);
  const old = await write(nowMs - 2 * minuteMs, 'submitted');
  await write(nowMs - 2 * minuteMs, 'approved');
  const young = await write(nowMs - 1_000, 'submitted');
  assert.equal(await mark(sweep, nowMs - minuteMs), 1);
  assert.deepEqual(await due(), [old]);

  // Committed late, or made by a clock that is behind: below what the first look has passed.
  const late = await write(nowMs - 3 * minuteMs, 'submitted');
  assert.equal(await mark(sweep, nowMs), 1, 'the first look goes on from where it was');
  assert.deepEqual(await due(), [old, young]);
  assert.equal(await mark(sweep, nowMs + 10 * minuteMs), 1, 'the second look finds the late one');
  assert.deepEqual(await due(), [late, old, young].sort());

  // Another node, or this one after a restart, goes on from the second look of those before.
  const again = createOrphanSweep(database);
  const afterRestart = await write(nowMs + minuteMs, 'submitted');
  assert.equal(await mark(again, nowMs + 2 * minuteMs), 1);
  assert.ok((await due()).includes(afterRestart));
});
