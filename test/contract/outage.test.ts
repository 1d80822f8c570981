/**
 * The database goes away after an act was recorded, and before its payment could be read for the answer. Nobody is told that nothing was done, so that nobody
 * sends it again, and nobody the id of another operation: the answer waits for a database that restarts, and says what is known when it stays away.
 */
import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { verifyIn } from '../../src/store/verify.ts';
import { auditedTests } from '../harness/auditor.ts';
import { freshCardNumber } from '../harness/card-numbers.ts';
import { waitingFor, withLocked } from '../harness/locks.ts';
import { freshName } from '../harness/opp.ts';
import { eventually } from '../harness/processes.ts';
import { type Stack, startStack } from '../harness/stack.ts';
import { startTcpProxy, type TcpProxy } from '../harness/tcp-proxy.ts';
import type { Answer, Client, Driver } from './driver.ts';
import { drivers } from './drivers.ts';
import { payone } from './payone.ts';
import { qorepay } from './qorepay.ts';
import { tzero } from './tzero.ts';

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

const urlOf = () => `http://127.0.0.1:${stack.config.port}`;
const clientOf = (driver: Driver): Client => driver.connect({ url: urlOf(), caller: 'demo', traces: stack.traces });

async function restore(): Promise<void> {
  await proxy.restore();
  await eventually(async () => (await fetch(`${urlOf()}/readyz`)).ok, 'the gateway to be ready again');
}

/** In the words of each protocol. */
const deniesIt = /nothing was recorded|800\.800\.800|service_unavailable|30002|"unavailable"|"(status|transactionStatus)":"(failed|N)"/i;

/** Their payments are several requests. */
const inSteps = ['qorepay', 'tzero'];

const order = () => ({ amount: 50_00, card: { number: freshCardNumber(), cvc: '123' } });

/** What goes before, and what is asked for then. */
const acts: Readonly<Record<string, (client: Client) => Promise<() => Promise<unknown>>>> = {
  async capture(client) {
    const { handle = '' } = await client.authorize(order());
    return () => client.capture(handle, { amount: 20_00 });
  },
  async refund(client) {
    const { handle = '' } = await client.debit(order());
    return () => client.refund(handle, { amount: 20_00 });
  },
  debit: (client) => Promise.resolve(() => client.debit(order())),
};

for (const driver of drivers) {
  for (const [name, prepare] of Object.entries(acts)) {
    if (name === 'debit' && inSteps.includes(driver.dialect)) continue;
    audited(`${driver.dialect}: a ${name} whose answer cannot be read from the database is not told as never made`, async () => {
      const { traces, host } = stack;
      const client = clientOf(driver);
      const act = await prepare(client);
      const entries = (await host.books()).length;
      await host.addFault({ fault: 'slow', delay_ms: 400 });
      const said = traces.answers.length;
      // Drivers do not know every answer, and some go on and read what there is.
      const acting = act().catch(() => undefined);
      await eventually(async () => (await host.books()).length > entries, 'the host to book it');
      await proxy.cut();
      await acting;
      await restore();
      assert.doesNotMatch(traces.answers[said] ?? assert.fail('no answer'), deniesIt);
      // The payment path's connections are opened when they are needed.
      await eventually(async () => (await client.debit(order())).outcome === 'approved', 'a payment to go through');
    });
  }
}

/** Lets an act wait at its first transaction, and breaks that: it is rolled back, which the gateway cannot know. */
async function rollingBack(act: () => Promise<Answer>): Promise<Answer> {
  const { database } = stack;
  const { acting } = await withLocked({ database, table: 'polygate.acquirer_message', mode: 'share' }, async () => {
    const acting = act();
    await eventually(async () => (await waitingFor(database, 'mti, account_id')) === 1, 'the act to be recorded');
    await database.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
    );
    return { acting };
  });
  return acting;
}

/** The act, after another one of its kind where there may be several: what that has come to is not what this has. */
const actsAgain: Readonly<Record<string, (driver: Driver, client: Client) => Promise<(idempotencyKey: string) => Promise<Answer>>>> = {
  async capture({ lacks }, client) {
    const { handle = '' } = await client.authorize(order());
    if (!lacks.includes('several captures')) await client.capture(handle, { amount: 20_00 });
    return (idempotencyKey) => client.capture(handle, { amount: 10_00, idempotencyKey });
  },
  async refund({ lacks }, client) {
    const { handle = '' } = await client.debit(order());
    if (!lacks.includes('several refunds')) await client.refund(handle, { amount: 20_00 });
    return (idempotencyKey) => client.refund(handle, { amount: 10_00, idempotencyKey });
  },
  async void(_driver, client) {
    const { handle = '' } = await client.authorize(order());
    return (idempotencyKey) => client.void(handle, { idempotencyKey });
  },
  debit: (_driver, client) => Promise.resolve((idempotencyKey) => client.debit({ ...order(), idempotencyKey })),
};

/** PAYONE tells an act as asked for, 91, 81 or 61, also where it is approved. */
const statusOf = (text: string): string => /"statusCode":(\d+)/.exec(text)?.[1] ?? '';

for (const driver of drivers) {
  for (const [name, prepare] of Object.entries(actsAgain)) {
    audited(`${driver.dialect}: a ${name} that was perhaps recorded, and was not, is pending; its key is free`, async () => {
      const client = clientOf(driver);
      const act = await prepare(driver, client);
      const key = freshName('key').slice(0, 40);
      const { outcome, status, text } = await rollingBack(() => act(key));
      assert.ok(status < 300, text);
      assert.match(outcome === 'approved' ? statusOf(text) : outcome, /^(pending|91|81|61)$/, text);
      if (driver === qorepay) assert.match(text, name === 'debit' ? /"status":"(pending_|created)/ : /"status":"pending_/);
      assert.deepEqual(await verifyIn(stack.books), []);
      const again = await act(key);
      assert.equal(again.outcome, 'approved', again.text);
    });
  }
}

async function hold(shop: Client): Promise<string> {
  const { outcome, handle = '', text } = await shop.authorize({ amount: 100_00, card: { number: freshCardNumber(), cvc: '123' } });
  assert.equal(outcome, 'approved', text);
  return handle;
}

/** Sends the acts at once, and cuts the database off when the host has booked all of them and none is answered. */
async function cutAfter(acts: readonly (() => Promise<Answer>)[]): Promise<readonly Promise<Answer>[]> {
  const entries = (await stack.host.books()).length;
  await stack.host.addFault({ fault: 'slow', delay_ms: 1_000, times: acts.length });
  const running = acts.map((act) => act());
  await eventually(async () => (await stack.host.books()).length >= entries + acts.length, 'the host to book them');
  await proxy.cut();
  return running;
}

const triedAgain = () => stack.log().filter((line) => line.includes('it is tried again')).length;

for (const driver of [payone, tzero, qorepay]) {
  audited(`${driver.dialect}: a capture whose payment cannot be read at once is answered as itself when the database is back`, async () => {
    const shop = clientOf(driver);
    const held = await hold(shop);
    const before = triedAgain();
    const [answering] = await cutAfter([() => shop.capture(held, { amount: 40_00 })]);
    await eventually(() => triedAgain() > before, 'the payment to be looked for in vain');
    await restore();
    const { outcome, handle = '', text } = (await answering) ?? assert.fail('no answer');
    assert.ok(outcome === 'approved' || outcome === 'pending', text);
    assert.notEqual(handle, held, text);
    await eventually(async () => (await shop.read(handle)).outcome === 'approved', 'the capture to stand');
    // Only what is certain can be given back, and only once.
    await eventually(async () => (await shop.refund(handle, { amount: 40_00 })).outcome === 'approved', 'the capture to be given back');
  });
}

audited('while the database stays away, none of them is told that nothing was recorded, nor the id of another operation', async () => {
  const [bare, keyed, other, third] = [clientOf(payone), clientOf(payone), clientOf(tzero), clientOf(qorepay)];
  const [first, second, third1, fourth] = [await hold(bare), await hold(keyed), await hold(other), await hold(third)];
  const act = { amount: 40_00, idempotencyKey: freshName('key').slice(0, 40) };
  const answering = await cutAfter([
    () => bare.capture(first, { amount: 40_00 }),
    () => keyed.capture(second, act),
    () => other.capture(third1, act),
    () => third.capture(fourth, act),
  ]);
  const [unkeyed, ...others] = await Promise.all(answering);
  const { handle = '', text } = unkeyed ?? assert.fail('no answer');
  assert.equal(handle, first.replace(/_0$/, '_1'), text);
  assert.deepEqual(
    others.map(({ outcome, status }) => [outcome, status]),
    [
      ['refused', 409],
      ['refused', 500],
      ['refused', 500],
    ],
    others.map((one) => one.text).join('\n'),
  );
  await restore();
  // Asked again under its key, each is found.
  await eventually(async () => (await keyed.capture(second, act)).outcome === 'approved', 'the capture of PAYONE to stand');
  await eventually(async () => (await other.capture(third1, act)).outcome === 'approved', 'the capture of tZero Pay to stand');
  await eventually(async () => (await third.capture(fourth, act)).outcome === 'approved', 'the capture of QorePay to stand');
  await eventually(async () => (await bare.read(handle)).outcome === 'approved', 'the capture without a key to stand');
});
