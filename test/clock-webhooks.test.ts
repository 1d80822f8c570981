/** The business clock and what merchants are told: the retries that fall into a jump happen in it, in order, before the clock answers. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { auditAfterEach } from './harness/auditor.ts';
import { moveClock } from './harness/console.ts';
import { createHooks, decryptOpp, type Hooks } from './harness/hooks.ts';
import { eventually } from './harness/processes.ts';
import { type Stack, startStack } from './harness/stack.ts';

let stack: Stack;
let hooks: Hooks;
let url: string;
before(async () => {
  stack = await startStack({ webhooks: true });
  hooks = createHooks(stack.host.url);
  url = `http://127.0.0.1:${stack.config.port}`;
});
auditAfterEach(() => stack);
after(() => stack.stop());

const hour = 3_600;

interface Told {
  readonly id: string;
  readonly status: number;
}

async function toldOf(ids: readonly string[]): Promise<readonly Told[]> {
  const all = (await hooks.list('opp')).map((hook) => ({ id: decryptOpp(hook).payload.id ?? '', status: hook.status }));
  return all.filter(({ id }) => ids.includes(id));
}

async function failedOnce(id: string): Promise<void> {
  await eventually(async () => (await toldOf([id])).length > 0, 'the first try');
  const recorded = async () => {
    const { rowCount } = await stack.database.query(
      `select from polygate.delivery_attempt a join polygate.delivery d using (merchant_id, endpoint_id, payment_id, sequence)
      where replace(d.operation_id::text, '-', '') = $1 and a.problem is not null and d.lease is null`,
      [id],
    );
    return (rowCount ?? 0) > 0;
  };
  await eventually(recorded, 'the first try to be recorded');
}

test('an hour later everything has been tried again and told, each event after the one before it', async () => {
  await hooks.order('opp', { status: 503, times: 4 });
  const held = await stack.api.pay({ type: 'PA', amount: '50.00' });
  await failedOnce(held.id);
  const captures: string[] = [];
  for (let index = 0; index < 2; index += 1) captures.push((await stack.api.operate(held.id, { type: 'CP', amount: '10.00' })).id);
  const ids = [held.id, ...captures];
  const moved = await moveClock(url, hour);
  // No waiting: the answer of the clock is the promise.
  const told = await toldOf(ids);
  assert.deepEqual(
    told.filter(({ status }) => status === 200).map(({ id }) => id),
    ids,
  );
  assert.deepEqual(
    told.slice(0, 4).map(({ status }) => status),
    [503, 503, 503, 503],
  );
  assert.ok(told.slice(0, 4).every(({ id }) => id === held.id));
  assert.ok((moved.done?.['deliveries to merchants'] ?? 0) >= 1);
  const { rows } = await stack.database.query(`select count(*)::int as count from polygate.delivery where due_at is not null`);
  assert.equal(rows[0].count, 0);
});

test('a jump that ends before the next retry leaves it, nearer by the jump', async () => {
  await hooks.order('opp', { status: 503, times: 1 });
  const paid = await stack.api.pay({});
  await failedOnce(paid.id);
  const dueIn = async () => {
    const { rows } = await stack.database.query<{ seconds: number }>(
      `select extract(epoch from due_at - now())::float8 as seconds from polygate.delivery where state = 'pending'`,
    );
    return rows.map(({ seconds }) => seconds);
  };
  const [before] = await dueIn();
  // The first pause is a minute.
  assert.ok(before !== undefined && before > 20 && before <= 60, `due in ${before} s`);
  await moveClock(url, 10);
  const [later] = await dueIn();
  assert.ok(later !== undefined && later <= before - 10, `due in ${later} s, ${before} s before`);
  assert.equal((await toldOf([paid.id])).length, 1);
  await moveClock(url, 60);
  assert.deepEqual(
    (await toldOf([paid.id])).map(({ status }) => status),
    [503, 200],
  );
});

test('an endpoint that does not answer costs the clock a second per try, and it goes on', async () => {
  await hooks.order('opp', { status: 503, times: 1 });
  const paid = await stack.api.pay({});
  await failedOnce(paid.id);
  await hooks.order('opp', { delay_ms: 20_000, times: 2 });
  await moveClock(url, hour);
  const { rows } = await stack.database.query<{ problem: string | null; duration_ms: number }>(
    `select a.problem, a.duration_ms from polygate.delivery_attempt a join polygate.delivery d using (merchant_id, endpoint_id, payment_id, sequence)
    where replace(d.operation_id::text, '-', '') = $1 order by a.started_at`,
    [paid.id],
  );
  assert.deepEqual(
    rows.map(({ problem }) => problem === null),
    [false, false, false, true],
  );
  for (const { problem, duration_ms } of rows.slice(1, 3)) {
    assert.match(problem ?? '', /1000 ms|1 s/);
    assert.ok(duration_ms < 10_000, `${duration_ms} ms`);
  }
});
