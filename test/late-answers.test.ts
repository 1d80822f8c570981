/**
 * Answers that nobody waits for: after "in progress", after a restart, after a late answer that was none. An approval among them is reversed, also
 * where the host had confirmed before that it knows of no such payment.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { Iso8583Message } from '../src/protocols/iso8583/codec.ts';
import { waitingFor, withLocked } from './harness/locks.ts';
import { pending, succeeded, undone } from './harness/opp-client.ts';
import { eventually } from './harness/processes.ts';
import { type ScriptedHost, startScriptedHost } from './harness/scripted-host.ts';
import { type Stack, startStack } from './harness/stack.ts';
import { startTcpProxy, type TcpProxy } from './harness/tcp-proxy.ts';

let host: ScriptedHost;
let proxy: TcpProxy;
let stack: Stack;

before(async () => {
  host = await startScriptedHost();
  proxy = await startTcpProxy();
  stack = await startStack({ env: { ACQUIRER_ADDRESS: host.address }, databaseUrlOf: (url) => proxy.through(url) });
});
after(async () => {
  await stack?.stop();
  await proxy?.close();
  host?.stop();
});

const approval = { 38: 'ABC123', 39: '00' };

/** A host that approves nothing yet, and knows of nothing that is to be reversed until it has approved it. */
function slowHost(first: string | undefined) {
  const booked = new Set<string | undefined>();
  host.script(({ mti, fields }) => {
    if (mti.startsWith('042')) return { 39: booked.has(fields[37]) ? '00' : '25' };
    return first === undefined ? undefined : { 39: first };
  });
  return {
    approve(message: Iso8583Message) {
      booked.add(message.fields[37]);
      host.say(message, approval);
    },
  };
}

const lastAsked = (mti: string): Iso8583Message => {
  const found = host.asked.findLast((message) => message.mti === mti);
  assert.ok(found, `no ${mti}`);
  return found;
};

const truthIs = (id: string, code: string) => eventually(async () => (await stack.api.read(id)).code === code, `${id} to be ${code}`);

/** The reversals that a payment has had, by the answers that a {@link slowHost} gave. */
const reversalsOf = ({ fields }: Iso8583Message): number =>
  host.asked.filter((message) => message.mti.startsWith('042') && message.fields[37] === fields[37]).length;

const logged = (text: string): number => stack.log().filter((line) => line.includes(text)).length;

const stories: readonly {
  readonly name: string;
  readonly first?: string;
  readonly meanwhile?: (message: Iso8583Message) => void | Promise<void>;
}[] = [
  { name: 'after "in progress"', first: '09' },
  { name: 'after a late "in progress"', meanwhile: (message) => host.say(message, { 39: '09' }) },
  {
    name: 'after a restart',
    async meanwhile() {
      await stack.stopGateway();
      await stack.startGateway();
    },
  },
];

for (const { name, first, meanwhile } of stories) {
  test(`an approval ${name} is reversed, also where the host had no record of the payment before`, async () => {
    for (const [type, mti] of [
      ['PA', '0100'],
      ['DB', '0200'],
    ] as const) {
      const { approve } = slowHost(first);
      const { id, code } = await stack.api.pay({ type });
      assert.equal(code, pending);
      const message = lastAsked(mti);
      await meanwhile?.(message);
      await truthIs(id, undone);
      const before = reversalsOf(message);
      approve(message);
      await eventually(() => reversalsOf(message) > before, 'one more reversal');
      await truthIs(id, undone);
      const { rows } = await stack.database.query('select name from polygate.event where operation_id = $1::uuid order by sequence', [id]);
      const kind = type === 'PA' ? 'preauthorization' : 'debit';
      assert.deepEqual(
        rows.slice(-3).map((row: { name: string }) => row.name),
        ['undone', 'reopened', 'undone'].map((event) => `${kind}.${event}`),
      );
      assert.equal(reversalsOf(message), before + 1);
    }
  });
}

test('an advice whose sender is gone is settled by its late answer', async () => {
  host.script(() => approval);
  const { id } = await stack.api.pay({ type: 'PA' });
  host.script(() => undefined);
  const capture = await stack.api.operate(id, { type: 'CP', amount: '10.00' });
  assert.equal(capture.code, pending);
  await stack.stopGateway();
  await stack.startGateway();
  host.say(lastAsked('0220'), approval);
  await truthIs(capture.id, succeeded);
});

test('an approval that comes twice changes nothing, and what belongs to nothing is told of', async () => {
  host.script(() => approval);
  const { id, code } = await stack.api.pay({ type: 'PA' });
  assert.equal(code, succeeded);
  const message = lastAsked('0100');
  const asked = host.asked.length;
  const [strangers, late] = [logged('was not asked'), logged('came after its time-out')];
  host.say(message, approval);
  // Its own RRN, but another terminal or STAN; the type of another message; nobody's RRN; none.
  const foreign: readonly Iso8583Message[] = [
    { ...message, fields: { ...message.fields, 41: 'OTHER001' } },
    { ...message, fields: { ...message.fields, 11: '999999' } },
    { ...message, mti: '0200' },
    { ...message, fields: { ...message.fields, 37: `${message.fields[37]?.slice(0, 4)}ZZZZ${message.fields[37]?.slice(8)}` } },
    { ...message, fields: { ...message.fields, 37: '000000000000' } },
    { mti: '0800', fields: { 7: '0101000000', 11: '123456', 70: '301' } },
  ];
  for (const one of foreign) host.say(one, approval);
  await eventually(() => logged('was not asked') === strangers + foreign.length, 'each to be told of');
  assert.equal(logged('came after its time-out'), late);
  assert.equal((await stack.api.read(id)).code, succeeded);
  assert.equal(host.asked.length, asked);
});

test('while the database is away a late approval is kept', async () => {
  const { approve } = slowHost('09');
  const { id } = await stack.api.pay({ type: 'PA' });
  await truthIs(id, undone);
  const message = lastAsked('0100');
  const before = reversalsOf(message);
  await proxy.cut();
  approve(message);
  await eventually(() => logged('cannot be recorded yet') > 0, 'a try without the database');
  await proxy.restore();
  await eventually(() => reversalsOf(message) > before, 'one more reversal');
  await truthIs(id, undone);
});

test('an answer that comes before its time-out is recorded is told with all that the acquirer has said', async () => {
  host.script(({ mti }) => (mti === '0100' ? { 39: '00' } : undefined));
  const { database, api } = stack;
  const { id } = await api.pay({ type: 'PA' });
  const asked = host.asked.length;
  const capturing = api.operate(id, { type: 'CP', amount: '5.00' });
  await eventually(() => host.asked.slice(asked).some(({ mti }) => mti === '0220'), 'the capture to be sent');
  await withLocked({ database, table: 'polygate.operation', mode: 'share' }, async () => {
    const recording = async () => (await waitingFor(database, 'with input as')) === 1;
    await eventually(recording, 'the time-out to be recorded');
    host.say(lastAsked('0220'), approval);
    // The answer waits for its turn behind it.
    await delay(500);
    await database.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
    );
    await eventually(recording, 'the answer to be recorded');
  });
  const { code, body } = await capturing;
  assert.equal(code, succeeded);
  const details = body.resultDetails as Readonly<Record<string, string>> | undefined;
  assert.deepEqual([details?.AuthCode, typeof details?.ConnectorTxID1], [approval[38], 'string']);
});
