/** An issuer that approves a part: reversed and declined, unless the merchant takes parts; then the payment is about the part. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  approved,
  bookedOnce,
  debit,
  demo,
  expectReply,
  type OppStack,
  type Parameters,
  plain,
  type Reply,
  startOppStack,
} from './harness/opp.ts';
import { eventually } from './harness/processes.ts';

let stack: OppStack;

before(async () => {
  stack = await startOppStack();
  // Before its first request, since channels are remembered.
  await stack.parts.database.query('update polygate.channel set accepts_partial_approval = true where wire_id = $1', [plain.entityId]);
});
after(() => stack?.finish());

const pan = '5454545454545454';
const reviewed = '000.400.040';
const master: Parameters = { 'card.number': pan, paymentBrand: 'MASTER', amount: '25.01' };

/** The host approves half of the next payment, rounded down. */
async function payInPart(more: Parameters = {}, as?: typeof plain): Promise<Reply> {
  await stack.parts.host.addFault({ fault: 'partial_approval', pan });
  return stack.post('/v1/payments', debit({ ...master, ...more }), as === undefined ? {} : { as });
}

async function eventsOf(id: string | undefined): Promise<string[]> {
  const { rows } = await stack.parts.database.query<{ name: string }>(
    'select name from polygate.event where operation_id = $1::uuid order by sequence',
    [id],
  );
  return rows.map(({ name }) => name);
}

for (const [paymentType, kind] of [
  ['DB', 'debit'],
  ['PA', 'preauthorization'],
  ['PA.CP', 'preauthorization'],
]) {
  test(`${paymentType}: the part is reversed at once, and the payment declined`, async () => {
    const reply = expectReply(await payInPart({ paymentType }), 400, '800.100.155');
    const { id, amount, resultDetails } = reply.body;
    assert.deepEqual([amount, resultDetails?.AcquirerResponse, resultDetails?.ExtendedDescription], [undefined, '10', 'partly approved']);
    const entries = await stack.books(resultDetails?.ConnectorTxID1 ?? '');
    assert.deepEqual(
      entries.map((entry) => [entry.kind, entry.amount, entry.remainingAmount]),
      [
        [kind === 'debit' ? 'debit' : 'authorization', 1_250, 0],
        ['reversal', 1_250, 0],
      ],
    );
    assert.deepEqual(await eventsOf(id), [`${kind}.partly_approved`, `${kind}.declined`]);
    expectReply(await stack.get(`/v1/query/${id}`), 400, '800.100.155');
  });
}

test('a rebill that is approved for a part is declined as well', async () => {
  const { id } = expectReply(await stack.post('/v1/payments', debit(master)), 200, approved).body;
  await stack.parts.host.addFault({ fault: 'partial_approval', pan });
  const rebill = await stack.post(`/v1/payments/${id}`, { paymentType: 'RB', amount: '8.00', currency: 'EUR' });
  expectReply(rebill, 400, '800.100.155');
});

test('while the reversal of the part is not confirmed the payment is pending; then it is declined', async () => {
  for (const fault of ['answer_lost', 'no_answer'] as const) {
    await stack.parts.host.addFault({ fault, pan, mti: '0420' });
    const { body } = expectReply(await payInPart(), 200, '000.200.000');
    await eventually(async () => (await stack.get(`/v1/query/${body.id}`)).code === '800.100.155', 'the payment to be declined');
  }
});

test('a partial approval that comes too late is reversed like any other', async () => {
  for (const as of [demo, plain]) {
    await stack.parts.host.addFault({ fault: 'partial_approval', pan, delay_ms: 1_500 });
    const { body } = expectReply(await stack.post('/v1/payments', debit(master), { as }), 200, '000.200.000');
    const truth = async () => (await stack.get(`/v1/query/${body.id}`, {}, { as })).code;
    await eventually(async () => (await truth()) === '900.100.301', 'the payment to be reversed');
  }
});

test('a merchant that takes parts: the payment stands with what was approved, for review', async () => {
  const reply = expectReply(await payInPart({}, plain), 200, reviewed);
  const { id, amount } = reply.body;
  assert.equal(amount, '12.50');
  assert.deepEqual((({ kind, amount: minor, state }) => [kind, minor, state])(await bookedOnce(stack, reply)), ['debit', 1_250, 'booked']);
  assert.deepEqual(await eventsOf(id), ['debit.approved']);
  const read = expectReply(await stack.get(`/v1/query/${id}`, {}, { as: plain }), 200, reviewed);
  assert.equal(read.body.amount, '12.50');
  const act = (parameters: Parameters) => stack.post(`/v1/payments/${id}`, { currency: 'EUR', ...parameters }, { as: plain });
  expectReply(await act({ paymentType: 'RF', amount: '12.51' }), 400, '700.400.200');
  expectReply(await act({ paymentType: 'RF', amount: '2.50' }), 200, approved);
});

test('the approved part of a hold is captured, reversed, and captured at once', async () => {
  const act = (id: string | undefined, parameters: Parameters) => stack.post(`/v1/payments/${id}`, parameters, { as: plain });
  const captured = expectReply(await payInPart({ paymentType: 'PA' }, plain), 200, reviewed).body.id;
  expectReply(await act(captured, { paymentType: 'CP', amount: '12.51', currency: 'EUR' }), 400, '700.400.100');
  expectReply(await act(captured, { paymentType: 'CP', amount: '12.50', currency: 'EUR' }), 200, approved);
  const reversed = expectReply(await payInPart({ paymentType: 'PA' }, plain), 200, reviewed).body.id;
  expectReply(await act(reversed, { paymentType: 'RV' }), 200, approved);
  const both = expectReply(await payInPart({ paymentType: 'PA.CP' }, plain), 200, reviewed);
  assert.equal(both.body.amount, '12.50');
  const read = expectReply(await stack.get(`/v1/query/${both.body.id}`, {}, { as: plain }), 200, reviewed);
  assert.deepEqual([read.body.paymentType, read.body.amount], ['PA.CP', '12.50']);
});

test('the card of a partly approved payment is kept where the merchant takes parts', async () => {
  const { registrationId } = expectReply(await payInPart({ createRegistration: 'true' }, plain), 200, reviewed).body;
  assert.match(registrationId ?? '', /^[a-f0-9]{32}$/);
  const declined = expectReply(await payInPart({ createRegistration: 'true' }), 400, '800.100.155');
  assert.equal(declined.body.registrationId, undefined);
});
