/** STANs and RRNs: unique per terminal and business day, across nodes, lost blocks, and the moment at which one day becomes the next. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import pg from 'pg';
import { createTraceSource, type TraceNumber, type TraceSource } from '../src/acquirers/iso8583/trace-numbers.ts';
import { openDatabase } from '../src/postgres/connection.ts';
import { createTraceNumbers } from '../src/store/trace-numbers.ts';
import { createDatabase } from './harness/database.ts';
import { waitingFor, withLocked } from './harness/locks.ts';
import { eventually } from './harness/processes.ts';

const { url, drop } = await createDatabase();
const admin = new pg.Pool({ connectionString: url, max: 3 });
admin.on('error', () => undefined);
const database = openDatabase({ url, role: 'polygate_app', applicationName: 'traces', purpose: 'general', maxConnections: 4 });
after(async () => {
  await database.close();
  await admin.end();
  await drop();
});

const numbers = createTraceNumbers(database);
const midnight = Date.UTC(2027, 0, 2);
const scope = { accountId: 'A', routingNumber: 7 };
const accountOf = (...terminals: string[]) => ({ accountId: 'A', merchantIdentifier: 'M', categoryCode: '5999', terminals });

/** A node of its own, with a business clock that the test moves. */
function node(startMs: number): TraceSource & { moveTo(nowMs: number): void } {
  let nowMs = startMs;
  const clock = { businessNow: () => nowMs, wallNow: () => nowMs, movedAtMs: () => 0, isMoving: () => false };
  return {
    ...createTraceSource({ numbers, clock }),
    moveTo(at) {
      nowMs = at;
    },
  };
}

const keyOf = ({ terminal, stan, transmittedAtMs }: TraceNumber) =>
  `${terminal} ${new Date(transmittedAtMs).toISOString().slice(0, 10)} ${stan}`;

function assertDistinct(traces: readonly TraceNumber[]): void {
  const keys = traces.map(keyOf);
  assert.deepEqual(
    keys.filter((key, index) => keys.indexOf(key) !== index),
    [],
    'STANs that were given twice',
  );
  assert.equal(new Set(traces.map(({ rrn }) => rrn)).size, traces.length, 'RRNs that were given twice');
}

test('a number is given once, by whichever node, also after a block was lost', async () => {
  const account = accountOf('NODES001');
  const nodes = [node(midnight - 1_000), node(midnight - 1_000)];
  const many = Array.from({ length: 2_500 }, (_, index) => nodes[index % 2]?.next({ scope, account }));
  const first = (await Promise.all(many)).flatMap((trace) => (trace === undefined ? [] : [trace]));
  const restarted = await node(midnight - 500).next({ scope, account });
  const nextDay = nodes[0];
  nextDay?.moveTo(midnight);
  const onNextDay = await nextDay?.next({ scope, account });
  assert.equal(first.length, 2_500);
  assertDistinct([...first, restarted, ...(onNextDay === undefined ? [] : [onNextDay])]);
  assert.equal(onNextDay?.stan, '000001');
});

test('who asks for a number when the day ends gets one of the day that its message will bear', async () => {
  const account = accountOf('NIGHT001');
  // More than are asked for below: whichever number of the new day one of the old day were given, it would be one of these.
  const other = node(midnight - 60_000);
  const earlier = await Promise.all(Array.from({ length: 10 }, () => other.next({ scope, account })));
  const late = node(midnight - 1);
  const given = await withLocked({ database: admin, table: 'polygate.terminal_day', mode: 'share' }, async (release) => {
    const before = [late.next({ scope, account }), late.next({ scope, account })];
    await eventually(async () => (await waitingFor(admin, 'terminal_day')) === 1, 'the block of the old day');
    late.moveTo(midnight);
    const after = [late.next({ scope, account }), late.next({ scope, account })];
    await eventually(async () => (await waitingFor(admin, 'terminal_day')) === 2, 'the block of the new day');
    await release();
    return Promise.all([...before, ...after]);
  });
  assertDistinct([...earlier, ...given]);
});

test('a terminal whose day is used up hands over to the next one, and the last one says what to do', async () => {
  const account = accountOf('USED0001', 'USED0002');
  await admin.query(`insert into polygate.terminal_day (terminal, business_date, next_stan) values ('USED0001', '2027-01-01', 999001)`);
  const source = node(midnight - 1);
  assert.equal((await source.next({ scope, account })).terminal, 'USED0002');
  await admin.query(`update polygate.terminal_day set next_stan = 999001 where terminal = 'USED0002'`);
  const other = node(midnight - 1);
  await assert.rejects(
    other.next({ scope, account }),
    /no STAN left on 2027-01-01 for any terminal of account A; give the account more terminals/,
  );
  other.moveTo(midnight);
  assert.equal((await other.next({ scope, account })).terminal, 'USED0001');
});
