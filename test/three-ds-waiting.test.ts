/** Payments that wait for their shopper: how long, what waits with them, and what a crash leaves of them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openPage } from './harness/form-browser.ts';
import { approved, debit, expectReply, type Parameters, type Reply, useOppStack } from './harness/opp.ts';
import { eventually } from './harness/processes.ts';
import { answerChallenge, authenticate, browserData, followRedirect, openChallenge, settled } from './harness/shopper.ts';

const stack = useOppStack({ env: { DIRECTORY_SERVER_TIMEOUT_MS: '1000' } });

const pending = '000.200.000';
const challenged = '5555555555554444';

const pay = (card: string, more: Parameters = {}): Promise<Reply> =>
  stack.post(
    '/v1/payments',
    debit({ ...browserData, 'card.number': card, paymentBrand: undefined, shopperResultUrl: `${stack.url}/healthz`, ...more }),
  );
const read = (id: string | undefined): Promise<Reply> => stack.get(`/v1/query/${id}`);
const pageOf = (reply: Reply): string => (reply.body.redirect as unknown as { readonly url: string }).url;

async function sql<Row extends object>(text: string, values: readonly unknown[] = []): Promise<readonly Row[]> {
  return (await stack.parts.database.query(text, [...values])).rows as Row[];
}

const cvcsLeft = async (): Promise<number> => (await sql('select 1 from vault.waiting_cvc')).length;

async function moveClock(minutes: number): Promise<void> {
  await sql('update polygate.clock set offset_ms = offset_ms + $1', [minutes * 60_000]);
}

/** Nodes see a moved clock a moment later: a payment made now is dated by it. */
async function clockIsSeen(): Promise<void> {
  const isSeen = async (): Promise<boolean> => {
    const { body } = await stack.post('/v1/payments', debit());
    const [row] = await sql<{ seen: boolean }>(
      `select o.created_at > now() + c.offset_ms * interval '1 millisecond' - interval '5 minutes' as seen from polygate.operation o, polygate.clock c
      where replace(o.operation_id::text, '-', '') = $1`,
      [body.id],
    );
    return row?.seen === true;
  };
  await eventually(isSeen, 'the moved clock to be seen');
}

async function becomes(reply: Reply, code: string): Promise<void> {
  await eventually(async () => (await read(reply.body.id)).code === code, `the payment to be ${code}`);
}

test('a code waits with its payment, encrypted, and is gone with the outcome', async () => {
  const reply = expectReply(await pay(challenged), 200, pending);
  const [kept] = await sql<{ sealed: Buffer }>('select sealed from vault.waiting_cvc');
  assert.equal(kept?.sealed.includes('123'), false);
  const [table] = await sql<{ relpersistence: string }>(`select relpersistence from pg_class where oid = 'vault.waiting_cvc'::regclass`);
  assert.equal(table?.relpersistence, 'u');
  await authenticate(reply);
  expectReply(await read(reply.body.id), 200, approved);
  await eventually(async () => (await cvcsLeft()) === 0, 'the code to be gone');
  const [run] = await sql<{ sealed_value: Buffer | null }>('select sealed_value from polygate.authentication');
  assert.equal(run?.sealed_value, null);
});

test('a database that has lost its memory ends the payment cleanly: it is not sent without its code', async () => {
  const reply = expectReply(await pay(challenged), 200, pending);
  await sql('truncate vault.waiting_cvc');
  await authenticate(reply);
  const failed = expectReply(await read(reply.body.id), 400, '100.390.112');
  assert.equal(failed.body.resultDetails, undefined);
});

test('a payment without a code needs none after the challenge', async () => {
  const reply = expectReply(await pay(challenged, { 'card.cvv': undefined }), 200, pending);
  assert.equal(await cvcsLeft(), 0);
  await authenticate(reply);
  expectReply(await read(reply.body.id), 200, approved);
});

test('a node that ends after the result and before the acquirer: another one goes on', async () => {
  const reply = expectReply(await pay(challenged), 200, pending);
  await stack.parts.stopGateway();
  await sql(
    `update polygate.authentication set state = 'authenticated', trans_status = 'Y', eci = '02', permission = 'yes', finished_at = now()
    where state = 'challenged'`,
  );
  await sql(`update polygate.shopper_visit set due_at = created_at, leased_until = now() - interval '1 second' where due_at is not null`);
  await stack.parts.startGateway();
  await becomes(reply, approved);
  assert.equal(new URL((await openPage(pageOf(reply))).url).pathname, '/healthz');
});

test('a node that ends between submission and answer: nothing of the payment stands', async () => {
  const card = '4000000000000911';
  const reply = expectReply(await pay(card, { 'customParameters[3DS2_flow]': 'challenge' }), 200, pending);
  await authenticate(reply);
  await becomes(reply, '900.100.301');
});

test('nobody comes: fifteen minutes with a code, thirty without, and the result that comes afterwards is noted', async () => {
  const withCode = expectReply(await pay(challenged), 200, pending);
  const withoutCode = expectReply(await pay(challenged, { 'card.cvv': undefined }), 200, pending);
  const challenge = await openChallenge(await settled(await followRedirect(withCode)));
  await moveClock(16);
  await becomes(withCode, '100.396.103');
  expectReply(await read(withoutCode.body.id), 200, pending);
  await moveClock(15);
  await becomes(withoutCode, '100.396.103');
  const home = await answerChallenge(challenge, { code: '1234', act: 'confirm' });
  assert.equal(new URL(home.url).pathname, '/healthz');
  const late = async () => (await sql('select 1 from polygate.authentication where late_status is not null')).length === 1;
  await eventually(late, 'the late result to be noted');
  expectReply(await read(withCode.body.id), 400, '100.396.103');
  assert.equal(await cvcsLeft(), 0);
});

test('two acts at the same moment: a result and the end of the time, one of them counts', async () => {
  for (let round = 0; round < 3; round += 1) {
    await clockIsSeen();
    const reply = expectReply(await pay(challenged), 200, pending);
    const challenge = await openChallenge(await settled(await followRedirect(reply)));
    await Promise.all([moveClock(16), answerChallenge(challenge, { code: '1234', act: 'confirm' })]);
    await eventually(async () => (await read(reply.body.id)).code !== pending, 'the payment to come to an end');
    const { code, body } = await read(reply.body.id);
    assert.ok(code === approved || code === '100.396.103', String(code));
    assert.equal(code === approved, body.resultDetails !== undefined);
  }
});
