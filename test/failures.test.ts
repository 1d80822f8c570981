/**
 * The database goes away and the gateway is killed, before, between and after the two transactions of an operation. What was certainly not
 * recorded is refused cleanly; what may have been is pending, with its id; and all of it is resolved by itself.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before } from 'node:test';
import { readConfig } from '../src/config.ts';
import { startGateway } from '../src/gateway.ts';
import { auditedTests } from './harness/auditor.ts';
import { waitingFor, withLocked } from './harness/locks.ts';
import { demo } from './harness/opp.ts';
import { type OppAnswer, pending, succeeded, undone } from './harness/opp-client.ts';
import { eventually, startProcess } from './harness/processes.ts';
import { demo as qorepayDemo, seedPurchase } from './harness/qorepay.ts';
import { browserData } from './harness/shopper.ts';
import { type Stack, startStack } from './harness/stack.ts';
import { startTcpProxy, type TcpProxy } from './harness/tcp-proxy.ts';

let stack: Stack;
let proxy: TcpProxy;
before(async () => {
  proxy = await startTcpProxy();
  stack = await startStack({ databaseUrlOf: proxy.through });
});
after(async () => {
  await stack?.stop();
  await proxy?.close();
});
const audited = auditedTests(() => stack);

async function truthIs(id: string, code: string): Promise<void> {
  await eventually(async () => (await stack.api.read(id)).code === code, `${id} to become ${code}`);
}

async function operationCount(): Promise<number> {
  const { rows } = await stack.database.query<{ count: string }>('select count(*) from polygate.operation');
  return Number(rows[0]?.count);
}

async function attemptsWithoutCard(): Promise<number> {
  const { rows } = await stack.database.query<{ count: string }>(
    'select count(*) from polygate.attempt a where not exists (select from vault.card c where c.merchant_id = a.merchant_id and c.id = a.card_id)',
  );
  return Number(rows[0]?.count);
}

/** Cuts the wire and waits until the gateway has noticed that every idle connection is gone. */
async function cutQuietly(): Promise<void> {
  const broken = () => stack.log().filter((line) => line.includes('an idle database connection')).length;
  await proxy.cut();
  // How many were idle, and not in the middle of a statement, nobody knows: all of them are gone, and nothing more is said of it.
  let [said, unchanged] = [broken(), 0];
  await eventually(async () => {
    unchanged = broken() === said ? unchanged + 1 : 0;
    said = broken();
    const { rows } = await stack.database.query<{ count: string }>(
      `select count(*) from pg_stat_activity where datname = current_database() and application_name like 'polygate%'`,
    );
    return rows[0]?.count === '0' && unchanged > 10;
  }, 'the gateway to notice');
}

async function restore(): Promise<void> {
  await proxy.restore();
  await eventually(async () => (await fetch(`http://127.0.0.1:${stack.config.port}/readyz`)).ok, 'the gateway to be ready again');
  // The payment path's connections are opened when they are needed: a payment opens them, so that the next test cuts statements, not logins.
  await eventually(async () => (await stack.api.pay({ type: 'DB' })).code === succeeded, 'a payment to go through');
}

audited('without its database the gateway refuses what it cannot record, and goes on when it is back', async () => {
  const { id } = await stack.api.pay({ type: 'PA', amount: '20.00' });
  const before = await operationCount();
  await cutQuietly();
  const token = '/v1/registrations/abcdefabcdefabcdefabcdefabcdefab/payments';
  const answers = await Promise.all([
    stack.api.pay({ type: 'DB' }),
    stack.api.pay({ type: 'DB', key: 'not recorded' }),
    stack.api.pay({ type: 'DB', plain: true }),
    stack.api.payWithToken(token, { amount: '1.00' }),
    stack.api.operate(id, { type: 'CP', amount: '5.00' }),
    stack.api.operate(id, { type: 'RV', key: 'not recorded either' }),
    stack.api.read(id),
  ]);
  for (const { status, code, headers } of answers) {
    assert.deepEqual([status, code, headers.get('retry-after')], [503, '800.800.800', '1']);
  }
  assert.equal(await operationCount(), before);
  await restore();
  assert.equal((await stack.api.pay({ type: 'DB', key: 'not recorded' })).code, succeeded);
  assert.equal((await stack.api.operate(id, { type: 'CP', amount: '5.00' })).code, succeeded);
});

audited('while requests are refused for want of the database the log says so once, and how many there were when it is over', async () => {
  const told = (text: string) => stack.log().filter((line) => line.includes(text));
  await eventually(() => told('requests are no longer refused').length > 0, 'what was refused before to be over');
  const [begun, over] = [told('requests are refused').length, told('requests are no longer refused').length];
  await cutQuietly();
  const answers = await Promise.all(Array.from({ length: 50 }, () => stack.api.pay({ type: 'DB' })));
  assert.deepEqual([...new Set(answers.map(({ status }) => status))], [503]);
  await restore();
  await eventually(() => told('requests are no longer refused').length > over, 'the log to say that it is over');
  assert.equal(told('requests are refused').length, begun + 1);
  const { refused, requestId } = JSON.parse(told('requests are no longer refused').at(-1) ?? '') as Record<string, unknown>;
  assert.ok(Number(refused) >= answers.length, String(refused));
  assert.equal(requestId, undefined);
});

audited('what the gateway does by itself is told when it cannot go on for want of the database, and when it does', async () => {
  const works = {
    'payments that wait for their shopper cannot be looked at': 'payments that wait for their shopper are looked at again',
    'unanswered operations cannot be looked at': 'the resolution of unanswered operations goes on',
    'what is due cannot be looked at': 'what is due is looked at again',
    'new events cannot be looked at': 'new events are looked at again',
    'deliveries cannot be looked at': 'deliveries are looked at again',
  };
  const count = (text: string): number => stack.log().filter((line) => line.includes(text)).length;
  const before = Object.keys(works).map(count);
  await cutQuietly();
  await eventually(() => Object.keys(works).every((failing, index) => count(failing) > (before[index] ?? 0)), 'all of it to fail');
  await restore();
  await eventually(() => Object.entries(works).every(([failing, working]) => count(working) === count(failing)), 'all of it to go on');
});

audited(
  'a page that waits for the database is no defect; one that fails by a defect is logged with the place, as a request to the console API',
  async () => {
    const logged = (text: string) => stack.log().filter((line) => line.includes(text));
    const more = { ...browserData, shopperResultUrl: `http://127.0.0.1:${stack.config.port}/healthz` };
    const { body } = await stack.api.pay({ card: '5555555555554444', more });
    const { url = '' } = (body.redirect ?? {}) as { readonly url?: string };
    await cutQuietly();
    assert.equal((await fetch(url)).status, 503);
    await restore();
    assert.deepEqual(logged('/p/:ticket'), []);
    const viewer = { headers: { authorization: 'Bearer sandbox-viewer-key' } };
    const console = `http://127.0.0.1:${stack.config.port}/console-api/merchants`;
    for (const { table, ask, status, text } of [
      { table: 'shopper_visit', ask: () => fetch(url), status: 503, text: 'a page failed by a defect' },
      { table: 'merchant', ask: () => fetch(console, viewer), status: 500, text: 'a request to the console API failed' },
    ]) {
      await stack.database.query(`alter table polygate.${table} rename to ${table}_away`);
      try {
        assert.equal((await ask()).status, status);
      } finally {
        await stack.database.query(`alter table polygate.${table}_away rename to ${table}`);
      }
      const [line = ''] = logged(text);
      assert.match(String((JSON.parse(line) as { error?: unknown }).error), /\n +at /);
    }
  },
);

audited('a database that takes everything and says nothing is told by readiness and metrics, which do not wait for it', async () => {
  const url = `http://127.0.0.1:${stack.config.port}`;
  await eventually(async () => (await fetch(`${url}/readyz`)).ok, 'the gateway to be ready');
  proxy.swallowAnswers();
  const [ready, metrics] = await Promise.all(
    ['/readyz', '/metrics'].map(async (path) => {
      const answer = await fetch(`${url}${path}`, { signal: AbortSignal.timeout(9_000) });
      return { status: answer.status, text: await answer.text() };
    }),
  );
  assert.deepEqual([ready?.status, ready?.text], [503, JSON.stringify({ status: 'not ready', missing: ['database', 'vault'] })]);
  assert.equal(metrics?.status, 200);
  assert.match(metrics?.text ?? '', /polygate_ready\{part="database"\} 0/);
  assert.doesNotMatch(metrics?.text ?? '', /^polygate_open_operations\{/m);
  await proxy.cut();
  await restore();
});

audited('a disk that is full is told as such a moment, by payments and by what only keeps something', async () => {
  await stack.database.query(`create function polygate.full_disk() returns trigger language plpgsql as $$
    begin raise exception 'could not extend file' using errcode = 'disk_full'; end $$`);
  const tables = ['operation', 'checkout'];
  const each = (text: (table: string) => string) => Promise.all(tables.map((table) => stack.database.query(text(table))));
  await each((table) => `create trigger full_disk before insert on polygate.${table} execute function polygate.full_disk()`);
  const url = `http://127.0.0.1:${stack.config.port}`;
  const headers = { authorization: `Bearer ${qorepayDemo.apiKey}`, 'content-type': 'application/json' };
  const checkout = new URLSearchParams({ entityId: demo.entityId, amount: '1.00', currency: 'EUR', paymentType: 'DB' });
  const answers = await Promise.all([
    stack.api.pay({ type: 'DB' }),
    fetch(`${url}/v1/checkouts`, { method: 'POST', headers: { authorization: demo.bearer }, body: checkout }),
    fetch(`${url}/api/v1/purchases/`, { method: 'POST', headers, body: JSON.stringify(seedPurchase()) }),
  ]);
  await each((table) => `drop trigger full_disk on polygate.${table}`);
  await stack.database.query('drop function polygate.full_disk()');
  assert.deepEqual(
    answers.map(({ status }) => status),
    [503, 503, 503],
  );
});

const acts: readonly { readonly name: string; readonly truth: string; readonly prepare: () => Promise<() => Promise<OppAnswer>> }[] = [
  { name: 'PA', truth: undone, prepare: async () => () => stack.api.pay({ type: 'PA' }) },
  { name: 'DB', truth: undone, prepare: async () => () => stack.api.pay({ type: 'DB' }) },
  { name: 'CP', truth: succeeded, prepare: () => onNewPayment('PA', 'CP', '4.00') },
  { name: 'RV', truth: succeeded, prepare: () => onNewPayment('PA', 'RV') },
  { name: 'RF', truth: succeeded, prepare: () => onNewPayment('DB', 'RF', '4.00') },
];

async function onNewPayment(first: 'PA' | 'DB', type: 'CP' | 'RV' | 'RF', amount?: string): Promise<() => Promise<OppAnswer>> {
  const { id } = await stack.api.pay({ type: first });
  return () => stack.api.operate(id, { type, ...(amount === undefined ? {} : { amount }) });
}

/** Runs an act whose answer from the host takes a moment, and `meanwhile` while it is under way. */
async function duringExchange(prepare: (typeof acts)[number]['prepare'], meanwhile: () => Promise<unknown>): Promise<OppAnswer> {
  const act = await prepare();
  const entries = (await stack.host.books()).length;
  await stack.host.addFault({ fault: 'slow', delay_ms: 400 });
  const acting = act();
  await eventually(async () => (await stack.host.books()).length > entries, 'the host to book it');
  await meanwhile();
  return acting;
}

for (const { name, prepare } of acts) {
  audited(`${name}: connections that are ended while the host answers cost nothing`, async () => {
    const { id, code } = await duringExchange(prepare, () =>
      stack.database.query(
        `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name like 'polygate%'`,
      ),
    );
    assert.equal(code, succeeded);
    assert.equal((await stack.api.read(id)).code, succeeded);
  });
}

audited('a database that is away while the host answers makes the act pending; its outcome is recorded when it is back', async () => {
  const { id, code } = await duringExchange(acts[0]?.prepare ?? assert.fail, () => proxy.cut());
  assert.equal(code, pending);
  await restore();
  await truthIs(id, succeeded);
});

audited('what the host has said of a payout counts, also when another node has left it to the operator meanwhile', async () => {
  const { id, code } = await duringExchange(
    async () => () => stack.api.pay({ type: 'CD', amount: '4.00' }),
    () => proxy.cut(),
  );
  assert.equal(code, pending);
  const env = { ...stack.env, DATABASE_URL: stack.databaseUrl, PORT: '0' };
  const other = await startGateway(readConfig({ mode: 'sandbox', file: undefined, env }), { logDestination: { write: () => undefined } });
  await stack.hurry();
  await eventually(async () => {
    const { rows } = await stack.database.query(`select from polygate.operation where kind = 'payout' and state = 'escalated'`);
    return rows.length === 1;
  }, 'the other node to leave it to the operator');
  await other.stop();
  await restore();
  await truthIs(id, succeeded);
});

/** Lets the statement of an act that records it wait, does something, and lets it go on. */
async function whileRecording(act: () => Promise<OppAnswer>, meanwhile: () => Promise<unknown>): Promise<OppAnswer> {
  const { database } = stack;
  const acting = await withLocked({ database, table: 'polygate.acquirer_message', mode: 'share' }, async () => {
    const running = act();
    await eventually(async () => (await waitingFor(database, 'mti, account_id')) === 1, 'the act to be recorded');
    await meanwhile();
    return { running };
  });
  return acting.running;
}

for (const { name, truth, prepare } of acts) {
  audited(`${name}: what was recorded by a commit whose answer was lost is pending, then ${truth}`, async () => {
    const act = await prepare();
    const [before, withoutCard] = [await operationCount(), await attemptsWithoutCard()];
    const acting = whileRecording(act, async () => proxy.swallowAnswers());
    await eventually(async () => (await operationCount()) > before, 'the commit');
    // The vault's own commit runs beside it: without its card the payment would have another truth.
    await eventually(async () => (await attemptsWithoutCard()) === withoutCard, 'the commit of the vault');
    await proxy.cut();
    const { id, code } = await acting;
    assert.equal(code, pending);
    await restore();
    assert.equal((await stack.api.read(id)).code, pending);
    await stack.hurry();
    await truthIs(id, truth);
  });
}

audited('what was perhaps recorded, and was not, is pending and then unknown; its key is free', async () => {
  const act = () => stack.api.pay({ type: 'DB', key: 'rolled back' });
  const { id, code } = await whileRecording(act, () =>
    stack.database.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
    ),
  );
  assert.equal(code, pending);
  assert.equal((await stack.api.read(id)).status, 404);
  assert.equal((await act()).code, succeeded);
});

audited('a repeat whose own transaction breaks is told of the first request', async () => {
  const act = () => stack.api.pay({ type: 'DB', key: 'repeated in vain' });
  const first = await act();
  const { id, code, headers } = await whileRecording(act, () =>
    stack.database.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
    ),
  );
  assert.deepEqual([id, code, headers.get('idempotent-replayed')], [first.id, succeeded, 'true']);
});

for (const { name, truth, prepare } of acts) {
  audited(`${name}: a gateway that is killed while the host answers resolves it after its start`, async () => {
    const act = await prepare();
    await stack.stopGateway();
    const gateway = startProcess(process.execPath, [join(import.meta.dirname, 'harness', 'gateway-process.ts')], {
      env: { ...process.env, ...stack.env },
    });
    await gateway.line(/^listening/);
    await eventually(async () => (await fetch(`http://127.0.0.1:${stack.config.port}/readyz`)).ok, 'the gateway to be ready');
    const entries = (await stack.host.books()).length;
    await stack.host.addFault({ fault: 'slow', delay_ms: 400 });
    const acting = act();
    acting.catch(() => undefined);
    await eventually(async () => (await stack.host.books()).length > entries, 'the host to book it');
    gateway.child.kill('SIGKILL');
    await gateway.ended;
    await assert.rejects(acting);
    await stack.startGateway();
    const { rows } = await stack.database.query<{ operation_id: string }>(
      `select operation_id from polygate.operation where state = 'submitted'`,
    );
    assert.equal(rows.length, 1);
    const id = rows[0]?.operation_id.replaceAll('-', '') ?? '';
    assert.equal((await stack.api.read(id)).code, pending);
    await stack.hurry();
    await truthIs(id, truth);
  });
}

audited('a vault that is away puts the resolution off, and does not leave it to the operator', async () => {
  const { id } = await stack.api.pay({ card: '4000000000000929' });
  const seen = stack.log().length;
  await stack.database.query('alter table vault.card rename to hidden_card');
  for (const times of [1, 2, 3]) {
    await stack.hurry();
    const looks = () =>
      stack
        .log()
        .slice(seen)
        .filter((line) => line.includes('could not be resolved yet')).length;
    await eventually(() => looks() >= times, 'the worker to look at the operation');
  }
  await stack.database.query('alter table vault.hidden_card rename to card');
  await truthIs(id, undone);
  const { rows } = await stack.database.query<{ resolve_attempts: number }>(
    'select resolve_attempts from polygate.operation where operation_id = $1',
    [id],
  );
  assert.ok((rows[0]?.resolve_attempts ?? 9) < 4, 'looks without a message count as attempts');
});
