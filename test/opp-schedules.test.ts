/** OPP: schedules pay by themselves on the business clock, once per due time, whatever runs and whatever stops. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { readConfig } from '../src/config.ts';
import { type Gateway, startGateway } from '../src/gateway.ts';
import { audit } from './harness/auditor.ts';
import {
  approved,
  debit,
  demo,
  encode,
  exchange,
  expectReply,
  freshName,
  other,
  type Parameters,
  plain,
  type Reply,
} from './harness/opp.ts';
import { eventually } from './harness/processes.ts';
import { type Stack, startStack } from './harness/stack.ts';

let stack: Stack;
let second: Gateway;
let url: string;

before(async () => {
  stack = await startStack();
  second = await startSecond();
  url = `http://127.0.0.1:${stack.config.port}`;
});
after(async () => {
  await second.stop();
  try {
    await audit(stack);
  } finally {
    await stack.stop();
  }
});

function startSecond(): Promise<Gateway> {
  return startGateway(readConfig({ mode: 'sandbox', file: undefined, env: { ...stack.env, PORT: '0' } }), {
    logDestination: { write: () => undefined },
  });
}

const form = { 'content-type': 'application/x-www-form-urlencoded' };

function post(path: string, parameters: Parameters, { as = demo, headers = {} } = {}): Promise<Reply> {
  const body = encode({ entityId: as.entityId, ...parameters });
  return exchange(url, { method: 'POST', path, headers: { authorization: as.bearer, ...form, ...headers }, body });
}

function call(method: string, path: string, parameters: Parameters = {}, as = demo): Promise<Reply> {
  const query = encode({ entityId: as.entityId, ...parameters });
  return exchange(url, { method, path: `${path}?${query}`, headers: { authorization: as.bearer } });
}

async function register(more: Parameters = {}): Promise<string> {
  const card = debit({ paymentType: undefined, amount: undefined, currency: undefined, ...more });
  return (await post('/v1/registrations', card)).body.id ?? '';
}

const dayMs = 86_400_000;

/** Twelve hours from now: days can be counted without meeting the due time by chance. */
function farHour(): string {
  return String((new Date().getUTCHours() + 12) % 24);
}

/** A debit of 9.90 each day. */
async function daily(more: Parameters = {}): Promise<{ readonly id: string; readonly reference: string; readonly token: string }> {
  const reference = freshName('plan');
  const token = more.registrationId ?? (await register());
  const sent = { registrationId: token, paymentType: 'DB', amount: '9.90', currency: 'EUR', merchantTransactionId: reference };
  const reply = expectReply(await post('/scheduling/v1/schedules', { ...sent, 'job.hour': farHour(), ...more }), 200, approved);
  return { id: reply.body.id ?? '', reference, token };
}

/** Moves the business clock, and waits until both nodes go by it. */
async function moveClock(days: number, { running = true } = {}): Promise<void> {
  await stack.database.query('update polygate.clock set offset_ms = offset_ms + $1', [days * dayMs]);
  if (!running) return;
  const { rows } = await stack.database.query<{ now: Date }>(
    `select now() + offset_ms * interval '1 millisecond' as now from polygate.clock`,
  );
  const movedMs = rows[0]?.now.getTime() ?? 0;
  for (const node of [url, second.url]) {
    await eventually(async () => (await timeAt(node)) > movedMs - 60_000, `${node} to go by the new time`);
  }
}

/** The business time of a node, as the record of a card that it refuses shows it. */
async function timeAt(node: string): Promise<number> {
  const headers = { authorization: demo.bearer, ...form };
  const card = debit({ paymentType: undefined, amount: undefined, currency: undefined, 'card.number': '4444444444444444' });
  const made = await exchange(node, {
    method: 'POST',
    path: '/v1/registrations',
    headers,
    body: encode({ entityId: demo.entityId, ...card }),
  });
  const read = await call('GET', `/v1/registrations/${made.body.id}`);
  return Date.parse((read.body.timestamp ?? '').replace(' ', 'T'));
}

interface Payment {
  readonly key: string;
  readonly state: string;
}

/** What a schedule has paid, in the order in which it did. */
async function paid(reference: string): Promise<readonly Payment[]> {
  const { rows } = await stack.database.query<Payment>(
    `select k.key, o.state from polygate.operation o
      join polygate.idempotency_key k on k.merchant_id = o.merchant_id and k.operation_id = o.operation_id
    where o.merchant_reference = $1 order by o.operation_id`,
    [reference],
  );
  return rows;
}

/** Waits until a schedule has nothing due and no payment of it is open. */
async function caughtUp(id: string): Promise<void> {
  await eventually(async () => {
    const { rowCount } = await stack.database.query(
      `select from polygate.schedule s, polygate.clock c where replace(s.schedule_id::text, '-', '') = $1 and (s.state <> 'active'
        or s.next_due_at > now() + c.offset_ms * interval '1 millisecond') and s.leased_until <= now()
        and not exists (select from polygate.operation where state in ('submitted', 'unknown'))`,
      [id],
    );
    return rowCount === 1;
  }, `schedule ${id} to be caught up`);
}

test('a schedule pays once per due time, though two nodes look', async () => {
  const { id, reference, token } = await daily();
  assert.match(id, /^[a-f0-9]{32}$/);
  assert.deepEqual(await paid(reference), []);
  for (const days of [1, 2]) {
    await moveClock(1);
    await caughtUp(id);
    assert.equal((await paid(reference)).length, days);
  }
  const list = expectReply(await call('GET', '/v3/query', { merchantTransactionId: reference }), 200, '000.000.100');
  const { records } = JSON.parse(list.text) as { records: readonly Record<string, unknown>[] };
  assert.equal(records.length, 2);
  for (const record of records) {
    assert.deepEqual([record.paymentType, record.amount, record.currency, record.registrationId], ['DB', '9.90', 'EUR', token]);
    assert.deepEqual(record.standingInstruction, { source: 'MIT', type: 'RECURRING', mode: 'REPEATED' });
  }
  expectReply(await call('DELETE', `/scheduling/v1/schedules/${id}`), 200, approved);
});

test('what became due while nothing ran is paid in order', async () => {
  const { id, reference } = await daily({ paymentType: 'PA', amount: '100', currency: 'JPY' });
  await second.stop();
  await stack.stopGateway();
  await moveClock(5, { running: false });
  await stack.startGateway();
  second = await startSecond();
  await caughtUp(id);
  const keys = (await paid(reference)).map(({ key }) => key);
  assert.equal(keys.length, 5);
  assert.deepEqual(keys, keys.toSorted());
  assert.equal(new Set(keys).size, 5);
  expectReply(await call('DELETE', `/scheduling/v1/schedules/${id}`), 200, approved);
});

test('a node that dies between the payment and its note does not make it paid twice', async () => {
  const { id, reference } = await daily();
  await moveClock(1);
  await caughtUp(id);
  const before = await paid(reference);
  assert.equal(before.length, 1);
  // As if it had died then, and its lease had run out.
  await stack.database.query(
    `update polygate.schedule set next_due_at = next_due_at - interval '1 day', leased_until = now() where replace(schedule_id::text, '-', '') = $1`,
    [id],
  );
  await caughtUp(id);
  assert.deepEqual(await paid(reference), before);
  // And when it died before the payment: the lease runs out, and another node pays.
  await stack.database.query(
    `update polygate.schedule set leased_until = now() + interval '1 hour' where replace(schedule_id::text, '-', '') = $1`,
    [id],
  );
  await moveClock(1);
  const bystander = await daily();
  await moveClock(1);
  await caughtUp(bystander.id);
  assert.deepEqual(await paid(reference), before);
  await stack.database.query(`update polygate.schedule set leased_until = now() where replace(schedule_id::text, '-', '') = $1`, [id]);
  await caughtUp(id);
  assert.equal((await paid(reference)).length, 3);
  for (const each of [id, bystander.id]) expectReply(await call('DELETE', `/scheduling/v1/schedules/${each}`), 200, approved);
});

test('after it was canceled it pays no more', async () => {
  const { id, reference } = await daily();
  const gone = expectReply(await call('DELETE', `/scheduling/v1/schedules/${id}`, { testMode: 'INTERNAL' }), 200, approved);
  assert.equal(gone.body.referencedId, id);
  assert.notEqual(gone.body.id, id);
  const witness = await daily();
  await moveClock(2);
  await caughtUp(witness.id);
  assert.deepEqual([(await paid(reference)).length, (await paid(witness.reference)).length], [0, 2]);
  expectReply(await call('DELETE', `/scheduling/v1/schedules/${id}`), 400, '100.360.303');
  expectReply(await call('DELETE', `/scheduling/v1/schedules/${'0'.repeat(32)}`), 400, '100.360.303');
  expectReply(await call('DELETE', '/scheduling/v1/schedules/nothing'), 400, '100.360.303');
  expectReply(await call('DELETE', `/scheduling/v1/schedules/${witness.id}`, {}, other), 400, '100.360.303');
  expectReply(await call('DELETE', `/scheduling/v1/schedules/${witness.id}`, {}, plain), 400, '700.400.700');
  expectReply(await call('DELETE', `/scheduling/v1/schedules/${witness.id}`), 200, approved);
});

test('while a payment of it is under way, nobody is told that it was canceled', async () => {
  const { id } = await daily();
  const lease = `update polygate.schedule set leased_until = now() + $2 * interval '1 hour' where replace(schedule_id::text, '-', '') = $1`;
  await stack.database.query(lease, [id, 1]);
  expectReply(await call('DELETE', `/scheduling/v1/schedules/${id}`), 400, '800.700.100');
  await stack.database.query(lease, [id, 0]);
  expectReply(await call('DELETE', `/scheduling/v1/schedules/${id}`), 200, approved);
});

test('a decline is one payment that failed; a deleted card is the end', async () => {
  const declined = await daily({ registrationId: await register({ 'card.number': '4000000000009995' }) });
  const deleted = await daily();
  await call('DELETE', `/v1/registrations/${deleted.token}`);
  await moveClock(2);
  await caughtUp(declined.id);
  await caughtUp(deleted.id);
  assert.deepEqual(
    (await paid(declined.reference)).map(({ state }) => state),
    ['declined', 'declined'],
  );
  assert.deepEqual(await paid(deleted.reference), []);
  const { rows } = await stack.database.query<{ state: string; reason: string }>(
    `select state, reason from polygate.schedule where replace(schedule_id::text, '-', '') = $1`,
    [deleted.id],
  );
  assert.deepEqual(rows, [{ state: 'failed', reason: 'token_deleted' }]);
  expectReply(await call('DELETE', `/scheduling/v1/schedules/${declined.id}`), 200, approved);
});

test('while the acquirer is away a due time waits, and is paid once when it is back', async () => {
  const { id, reference } = await daily();
  const states = async () => (await paid(reference)).map(({ state }) => state);
  await stack.stopSandbox();
  await moveClock(1);
  await eventually(async () => (await states()).length > 0, 'the first try');
  await stack.startSandbox();
  await eventually(async () => {
    // The pauses between tries are longer than a test wants to wait.
    await stack.database.query(
      `update polygate.schedule set leased_until = now() where failed_tries > 0 and leased_until < now() + interval '30 minutes'`,
    );
    return (await states()).includes('approved');
  }, 'the payment');
  await caughtUp(id);
  const all = await states();
  assert.deepEqual(all.slice(-1), ['approved']);
  assert.ok(
    all.slice(0, -1).every((state) => state === 'failed'),
    all.join(' '),
  );
  expectReply(await call('DELETE', `/scheduling/v1/schedules/${id}`), 200, approved);
});

test('it begins at its start and ends with its end', async () => {
  const { rows } = await stack.database.query<{ now: Date }>(
    `select now() + offset_ms * interval '1 millisecond' as now from polygate.clock`,
  );
  const nowMs = rows[0]?.now.getTime() ?? 0;
  const time = (days: number) => new Date(nowMs + days * dayMs).toISOString().slice(0, 19).replace('T', ' ');
  const { id, reference } = await daily({ 'job.startDate': time(2), 'job.endDate': time(4) });
  await moveClock(2);
  const witness = await daily();
  await moveClock(4);
  await caughtUp(id);
  await caughtUp(witness.id);
  assert.deepEqual([(await paid(reference)).length, (await paid(witness.reference)).length], [2, 4]);
  expectReply(await call('DELETE', `/scheduling/v1/schedules/${id}`), 400, '100.360.303');
  expectReply(await call('DELETE', `/scheduling/v1/schedules/${witness.id}`), 200, approved);
});

test('a card that a schedule pays with does not reach its purge date meanwhile', async () => {
  const { id, reference } = await daily({ 'job.dayOfMonth': '15', 'job.hour': '3' });
  await moveClock(500);
  await caughtUp(id);
  const { rows } = await stack.database.query<{ far: boolean }>(
    `select t.purge_at > now() + c.offset_ms * interval '1 millisecond' + interval '500 days' and k.purge_at >= t.purge_at as far
    from polygate.schedule s join vault.token t on t.token = s.token join vault.card k on k.id = t.card_id, polygate.clock c
    where replace(s.schedule_id::text, '-', '') = $1`,
    [id],
  );
  assert.deepEqual(rows, [{ far: true }]);
  const count = (await paid(reference)).length;
  assert.ok(count === 16 || count === 17, `${count} fifteenths in 500 days`);
  expectReply(await call('DELETE', `/scheduling/v1/schedules/${id}`), 200, approved);
});
