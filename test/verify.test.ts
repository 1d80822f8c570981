/** The verification of the books: it finds nothing after a busy run, and exactly what a foreign hand has changed. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { findWaiting, verify } from '../src/store/verify.ts';
import { corruptions, type Paid, paymentOf } from './corruptions.ts';
import { audit } from './harness/auditor.ts';
import { pending, succeeded } from './harness/opp-client.ts';
import { startProcess } from './harness/processes.ts';
import { type Stack, startStack } from './harness/stack.ts';

let stack: Stack;
let ids: Readonly<Record<Paid, string>>;

before(async () => {
  stack = await startStack();
  ids = await payInEveryWay(stack);
  await audit(stack);
});
after(() => stack?.stop());

/** A payment of each kind, in each state that an operation can end in. */
async function payInEveryWay({ api }: Stack): Promise<typeof ids> {
  const ok = async (answer: Promise<{ readonly id: string; readonly code: string }>): Promise<string> => {
    const { id, code } = await answer;
    assert.equal(code, succeeded);
    return id;
  };
  const hold = await ok(api.pay({ type: 'PA', amount: '100.00' }));
  const capture = await ok(api.operate(hold, { type: 'CP', amount: '60.00' }));
  const second = await ok(api.operate(hold, { type: 'CP', amount: '10.00' }));
  const release = await ok(api.operate(hold, { type: 'RV', amount: '20.00' }));
  await ok(api.operate(second, { type: 'RV', amount: '4.00' }));
  await ok(api.operate(capture, { type: 'RF', amount: '5.00' }));
  const debit = await ok(api.pay({ amount: '50.00', key: 'debit 1' }));
  const refund = await ok(api.operate(debit, { type: 'RF', amount: '20.00' }));
  const disputed = await ok(api.pay({ amount: '30.00' }));
  const chargeback = await ok(api.operate(disputed, { type: 'CB', amount: '30.00' }));
  await ok(api.operate(await ok(api.pay({ type: 'PA' })), { type: 'RV' }));
  await ok(api.operate(debit, { type: 'RB', amount: '8.00' }));
  const payout = await ok(api.pay({ type: 'CD', amount: '9.00' }));
  await api.pay({ type: 'CD', card: '4000000000000002' });
  await api.pay({ card: '4000000000000002' });
  await api.pay({ card: '4111111111111112' });
  assert.equal((await api.pay({ card: '4000000000000929' })).code, pending);
  const reversed = await ok(api.pay({ amount: '30.00' }));
  await ok(api.operate(await ok(api.operate(reversed, { type: 'CB', amount: '20.00' })), { type: 'CR' }));
  return { hold, capture, release, debit, refund, chargeback, payout };
}

for (const { name, sql, of = 'hold', found } of corruptions) {
  test(`finds ${name}`, async () => {
    const restore = await corrupt(sql, ids[of]);
    const lines = await verify({ databaseUrl: stack.databaseUrl });
    await restore();
    const rules = lines.map((line) => line.slice(0, line.indexOf(':')));
    assert.deepEqual([...new Set(rules)].sort(), Object.keys(found).sort(), lines.join('\n'));
    for (const line of lines) {
      assert.match(line, /: merchant 00000000-0000-7000-8000-000000000001[ :]/);
      assert.match(line, found[line.slice(0, line.indexOf(':'))] as RegExp);
    }
    assert.deepEqual(await verify({ databaseUrl: stack.databaseUrl }), []);
  });
}

/** Makes the change for good, as nobody but an administrator could, and returns how to take all of it back. */
async function corrupt(sql: string, wireId: string): Promise<() => Promise<void>> {
  const tables = [
    'payment',
    'attempt',
    'operation',
    'acquirer_message',
    'idempotency_key',
    'ledger_entry',
    'event',
    'dispute',
    'account_limit',
    'due_work',
    'refund_in_parts',
  ];
  const copies = tables.map((table) => `create table kept_${table} as table polygate.${table}`);
  await stack.database.query(copies.join('; '));
  const { rowCount } = await stack.database.query(sql, [wireId]);
  assert.notEqual(rowCount, 0);
  return async () => {
    const steps = tables.map(
      (table) => `delete from polygate.${table}; insert into polygate.${table} table kept_${table}; drop table kept_${table}`,
    );
    await stack.database.query(steps.join('; '));
  };
}

test('shows the first findings of a rule and counts the others', async () => {
  const restore = await corrupt('update polygate.ledger_entry set amount = amount + 1 where $1 <> gen_random_uuid()', ids.hold);
  await stack.database.query(
    `insert into polygate.idempotency_key select merchant_id, channel_id, 'lost ' || n, gen_random_uuid(), input_hash, expires_at
    from polygate.idempotency_key, generate_series(1, 50) n where operation_id = $1`,
    [ids.debit],
  );
  const lines = await verify({ databaseUrl: stack.databaseUrl });
  await restore();
  assert.equal(lines.filter((line) => line.startsWith('orphan: merchant')).length, 20);
  assert.ok(lines.includes('orphan: and 30 more'), lines.join('\n'));
});

test('an operation that is open for more than an hour is a warning, not a breach', async () => {
  await stack.stopSandbox();
  const { id } = await stack.api.pay({ card: '4000000000000929' });
  assert.equal((await stack.api.read(id)).code, '900.100.600');
  const restore = await corrupt(
    `update polygate.operation set created_at = now() - interval '61 minutes', state = 'submitted' where operation_id = $1`,
    id,
  );
  await stack.database.query(`delete from polygate.event where operation_id = $1`, [id]);
  await stack.database.query(`update polygate.payment set state = 'processing', last_sequence = 0 where payment_id = ${paymentOf}`, [id]);
  assert.deepEqual(await verify(stack.config), []);
  const [warning = '', ...others] = await findWaiting(stack.config);
  await restore();
  assert.deepEqual(others, []);
  assert.match(warning, /^waiting: merchant [\w-]+ payment [\w-]+ operation [\w-]+: a debit is submitted since \d{4}-/);
  assert.deepEqual(await findWaiting(stack.config), []);
});

test('polygate verify tells the findings and ends with 1', async () => {
  const run = async () => {
    const main = join(import.meta.dirname, '..', 'src', 'main.ts');
    const command = startProcess(process.execPath, [main, 'verify'], { env: { ...process.env, DATABASE_URL: stack.databaseUrl } });
    const { code } = await command.ended;
    return { code, output: command.output() };
  };
  assert.deepEqual(await run(), { code: 0, output: 'The books balance.' });
  const restore = await corrupt(`update polygate.operation set refund_pending = 3 where operation_id = $1`, ids.capture);
  const { code, output } = await run();
  await restore();
  assert.equal(code, 1);
  assert.match(output, /^operation amounts: merchant .* payment .* operation .*: refund_pending is 3 and should be 0/);
});
