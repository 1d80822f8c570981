/** tZero: refunds of payments that were captured in parts. A refund is of the payment; at the host each is of one capture. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { createHooks } from './harness/hooks.ts';
import { freshName } from './harness/opp.ts';
import { eventually, startProcess } from './harness/processes.ts';
import { type Json, listIn, type Nested, order, type TzeroReply, useTzero } from './harness/tzero.ts';

const stack = useTzero({ webhooks: true });

async function capturedInParts(parts: readonly number[]): Promise<string> {
  const amount = parts.reduce((sum, part) => sum + part, 0);
  const id = (await stack.pay(order({ amount, capture: 'manual' }))).body.id ?? '';
  for (const part of parts) {
    const captured = await stack.send({ path: '/payment/capture', body: { payment_id: id, amount: part } });
    assert.equal(captured.status, 200, captured.text);
  }
  return id;
}

const refund = (id: string, body: Json = {}, headers: Record<string, string> = {}): Promise<TzeroReply> =>
  stack.send({ path: '/payment/refund', body: { payment_id: id, reference: freshName('ref'), ...body }, headers });

const refundsOf = async (id: string) => {
  const { body } = await stack.send({ method: 'GET', path: `/payment/${id}/refunds` });
  return listIn(body, 'data').map(({ id: refundId, amount, status }) => [refundId, Number(amount), status]);
};

const countEntries = async () => (await stack.parts.host.books()).length;
const refundedAtHost = async (since: number) =>
  (await stack.parts.host.books()).slice(since).flatMap(({ kind, amount }) => (kind === 'refund' ? [amount] : []));

test('a payment captured in parts is refunded as a payment, up to what was captured in all', async () => {
  const id = await capturedInParts([300, 700]);
  const since = await countEntries();
  const tooMuch = await refund(id, { amount: 1001 });
  assert.deepEqual([tooMuch.status, tooMuch.body.error?.code], [409, 'amount_exceeded'], tooMuch.text);
  const reference = freshName('ref');
  const first = await refund(id, { amount: 701, reference });
  assert.deepEqual([first.status, first.body.status, first.body.amount], [200, 'succeeded', 701], first.text);
  assert.deepEqual(await refundedAtHost(since), [300, 401]);
  const again = await refund(id, { amount: 701, reference });
  assert.deepEqual([again.body.id, again.body.amount, again.headers['idempotent-replayed']], [first.body.id, 701, 'true'], again.text);
  assert.deepEqual((await refund(id, { amount: 702, reference })).body.error?.code, 'duplicate_reference');
  assert.deepEqual(await refundsOf(id), [[first.body.id, 701, 'succeeded']]);
  const read = await stack.read(id);
  assert.deepEqual([read.body.status, read.body.amount_refunded], ['partially_refunded', 701]);
  const acts = listIn(read.body, 'operations').map(({ type, amount }) => [type, Number(amount)]);
  assert.deepEqual(acts, [
    ['capture', 300],
    ['capture', 700],
    ['refund', 701],
  ]);
  const rest = await refund(id);
  assert.deepEqual([rest.body.status, rest.body.amount], ['succeeded', 299], rest.text);
  assert.deepEqual([(await stack.read(id)).body.status, await refundedAtHost(since)], ['refunded', [300, 401, 299]]);
});

test('without an amount all captures are refunded, and it is told as one refund', async () => {
  const id = await capturedInParts([300, 500, 200]);
  const whole = await refund(id);
  assert.deepEqual([whole.body.status, whole.body.amount], ['succeeded', 1000], whole.text);
  assert.deepEqual(await refundsOf(id), [[whole.body.id, 1000, 'succeeded']]);
  const told = async () =>
    (await createHooks(stack.parts.host.url).list('tzero'))
      .map(({ body }) => JSON.parse(body) as Nested)
      .flatMap(({ type, data, operation }) => (data?.id === id && operation?.type === 'refund' ? [[type, operation.id]] : []));
  await eventually(async () => (await told()).length >= 4, 'the callbacks of the refund');
  const types = (await told()).map(([type]) => type);
  assert.equal(types.filter((type) => type === 'refund.succeeded').length, 1, types.join(' '));
  assert.deepEqual([...new Set((await told()).map(([, operationId]) => operationId))], [whole.body.id]);
});

for (const [whose, headersOf] of [
  ['', () => ({})],
  [', under a key of its own each time', () => ({ 'idempotency-key': freshName('key') })],
  [', under the same key', (reference: string) => ({ 'idempotency-key': reference })],
] as const) {
  test(`a request that comes several times at once${whose} is one refund`, async () => {
    const id = await capturedInParts([300, 700]);
    const since = await countEntries();
    const reference = freshName('ref');
    const answers = await Promise.all([1, 2, 3, 4, 5].map(() => refund(id, { amount: 800, reference }, headersOf(reference))));
    assert.deepEqual(new Set(answers.map(({ status, body }) => `${status} ${body.amount}`)), new Set(['200 800']));
    assert.equal(new Set(answers.map(({ body }) => body.id)).size, 1);
    assert.deepEqual((await refundedAtHost(since)).toSorted(), [300, 500]);
  });
}

test('a part that the host declines is not part of what is answered, and is not tried again', async () => {
  const id = await capturedInParts([300, 700]);
  const since = await countEntries();
  const reference = freshName('ref');
  await stack.parts.host.addFault({ fault: 'slow', delay_ms: 1 });
  await stack.parts.host.addFault({ fault: 'decline', code: '05' });
  for (const _time of [1, 2]) {
    const answer = await refund(id, { amount: 1000, reference });
    assert.deepEqual([answer.status, answer.body.status, answer.body.amount], [200, 'succeeded', 300], answer.text);
  }
  assert.deepEqual(await refundedAtHost(since), [300]);
  assert.equal((await refund(id)).body.amount, 700);
});

/** The gateway dies after the host has booked the first part, and is started again. Resolves with the refund as it is told then. */
async function cutOff(id: string, body: Json) {
  const { parts } = stack;
  await parts.stopGateway();
  const gateway = startProcess(process.execPath, [join(import.meta.dirname, 'harness', 'gateway-process.ts')], {
    env: { ...process.env, ...parts.env },
  });
  await gateway.line(/^listening/);
  await eventually(async () => (await fetch(`${stack.url}/readyz`)).ok, 'the gateway to be ready');
  const since = await countEntries();
  await parts.host.addFault({ fault: 'slow', delay_ms: 400 });
  const dying = refund(id, body);
  dying.catch(() => undefined);
  await eventually(async () => (await countEntries()) > since, 'the host to book the first part');
  gateway.child.kill('SIGKILL');
  await gateway.ended;
  await assert.rejects(dying);
  await parts.startGateway();
  const [first] = await refundsOf(id);
  assert.deepEqual(first?.slice(1), [300, 'pending']);
  return { refundId: first?.[0], since };
}

test('a gateway that dies between the parts makes the rest when the request is repeated, once', async () => {
  const id = await capturedInParts([300, 700]);
  const reference = freshName('ref');
  const { refundId, since } = await cutOff(id, { amount: 901, reference });
  const repeats = await Promise.all([1, 2, 3].map(() => refund(id, { amount: 901, reference })));
  for (const { status, body } of repeats) assert.deepEqual([status, body.id, body.amount, body.status], [200, refundId, 901, 'pending']);
  await stack.parts.hurry();
  await eventually(async () => (await refundsOf(id))[0]?.[2] === 'succeeded', 'the first part to be resolved');
  const last = await refund(id, { amount: 901, reference });
  assert.deepEqual([last.body.id, last.body.amount, last.body.status], [refundId, 901, 'succeeded'], last.text);
  assert.deepEqual((await refundedAtHost(since)).toSorted(), [300, 601]);
  assert.equal((await stack.read(id)).body.amount_refunded, 901);
});

test('a gateway that dies between the parts makes the rest by itself when nobody repeats the request, once', async () => {
  const id = await capturedInParts([300, 500, 200]);
  const { refundId, since } = await cutOff(id, { amount: 901 });
  const { database, hurry } = stack.parts;
  // The dead gateway has it for a while.
  await database.query('update polygate.refund_in_parts set leased_until = now()');
  await hurry();
  await eventually(async () => Number((await stack.read(id)).body.amount_refunded) === 901, 'all parts to be refunded');
  assert.deepEqual(await refundsOf(id), [[refundId, 901, 'succeeded']]);
  assert.deepEqual((await refundedAtHost(since)).toSorted(), [101, 300, 500]);
  const left = async () => (await database.query('select from polygate.refund_in_parts')).rowCount;
  await eventually(async () => (await left()) === 0, 'nothing to be left to do');
  assert.equal((await countEntries()) - since, 3);
});

test('a part that could not be sent, since the host was gone, is sent when it is back, once', async () => {
  const id = await capturedInParts([300, 700]);
  const { database, host, hurry, stopSandbox, startSandbox } = stack.parts;
  const since = await countEntries();
  await host.addFault({ fault: 'slow', delay_ms: 1_000 });
  const asked = { amount: 901, reference: freshName('ref') };
  const refunding = refund(id, asked);
  await eventually(async () => (await countEntries()) > since, 'the host to book the first part');
  await stopSandbox();
  assert.deepEqual((await refunding).status, 409);
  await startSandbox();
  await database.query('update polygate.refund_in_parts set leased_until = now()');
  await hurry();
  await eventually(async () => Number((await stack.read(id)).body.amount_refunded) === 901, 'all parts to be refunded');
  const again = await refund(id, asked);
  assert.deepEqual([again.status, again.body.status, again.body.amount], [200, 'succeeded', 901], again.text);
  assert.deepEqual((await refundedAtHost(since)).toSorted(), [300, 601]);
});
