/** Chargebacks and their reversals as merchants declare them over OPP: posted at once, once for each charge, and marked as declared. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  approved,
  debit,
  expectReply,
  freshName,
  type OppStack,
  other,
  type Parameters,
  type Reply,
  startOppStack,
} from './harness/opp.ts';

let stack: OppStack;
before(async () => {
  stack = await startOppStack();
});
after(() => stack?.finish());

async function paid(more: Parameters = {}): Promise<Reply> {
  return expectReply(await stack.post('/v1/payments', debit({ amount: '60.00', ...more })), 200, approved);
}

async function captured(): Promise<{ readonly hold: string; readonly capture: string }> {
  const hold = await paid({ paymentType: 'PA', amount: '100.00' });
  const capture = expectReply(await act(hold.body.id, 'CP', '60.00'), 200, approved);
  return { hold: hold.body.id ?? '', capture: capture.body.id ?? '' };
}

function act(id: string | undefined, paymentType: string, amount?: string, headers: Record<string, string> = {}): Promise<Reply> {
  const money = amount === undefined ? {} : { amount, currency: 'EUR' };
  return stack.post(`/v1/payments/${id}`, { paymentType, ...money }, { headers });
}

async function ledgerOf(wireId: string | undefined): Promise<readonly string[]> {
  const { rows } = await stack.parts.database.query(
    `select kind, layer, case debit_account when 2100 then -amount else amount end as amount
    from polygate.ledger_entry where operation_id = $1::uuid`,
    [wireId],
  );
  return rows.map(({ kind, layer, amount }) => `${kind} ${layer} ${amount}`);
}

test('a chargeback and its reversal are transactions of their own', async () => {
  const payment = await paid({ merchantTransactionId: freshName('order') });
  const chargeback = expectReply(await act(payment.body.id, 'CB', '60.00'), 200, approved);
  assert.equal(chargeback.body.paymentType, 'CB');
  assert.equal(chargeback.body.referencedId, payment.body.id);
  assert.deepEqual([chargeback.body.amount, chargeback.body.currency], ['60.00', 'EUR']);
  assert.notEqual(chargeback.body.id, payment.body.id);
  assert.deepEqual(await ledgerOf(chargeback.body.id), ['chargeback posted -6000']);

  const reversal = expectReply(await act(chargeback.body.id, 'CR', '60.00'), 200, approved);
  assert.equal(reversal.body.paymentType, 'CR');
  assert.equal(reversal.body.referencedId, chargeback.body.id);
  assert.deepEqual(await ledgerOf(reversal.body.id), ['chargeback_reversal posted 6000']);
  const read = expectReply(await stack.get(`/v1/payments/${reversal.body.id}`), 200, approved);
  assert.deepEqual([read.body.paymentType, read.body.referencedId], ['CR', chargeback.body.id]);
});

test('what is declared was sent to nobody, and says so', async () => {
  const payment = await paid();
  const chargeback = expectReply(await act(payment.body.id, 'CB', '60.00'), 200, approved);
  assert.equal(chargeback.body.resultDetails, undefined);
  const { rows } = await stack.parts.database.query('select declared, rrn, state from polygate.operation where operation_id = $1::uuid', [
    chargeback.body.id,
  ]);
  assert.deepEqual(rows[0], { declared: true, rrn: null, state: 'approved' });
});

test('what is charged back can be refunded or reversed only after the chargeback was reversed', async () => {
  for (const amount of ['60.00', '25.00']) {
    const { hold, capture } = await captured();
    expectReply(await act(capture, 'CB', amount), 200, approved);
    expectReply(await act(capture, 'RF', '10.00'), 400, '700.300.600');
    expectReply(await act(hold, 'RF', '10.00'), 400, '700.300.600');
    expectReply(await act(capture, 'RV'), 400, '700.300.600');
    expectReply(await act(capture, 'CR', amount), 200, approved);
    expectReply(await act(capture, 'RF', '60.00'), 200, approved);
  }
});

test('the rest of the hold goes its own way beside a chargeback', async () => {
  const { hold, capture } = await captured();
  expectReply(await act(capture, 'CB', '60.00'), 200, approved);
  const second = expectReply(await act(hold, 'CP', '30.00'), 200, approved);
  expectReply(await act(hold, 'RF', '30.00'), 200, approved);
  expectReply(await act(hold, 'RV'), 200, approved);
  expectReply(await act(second.body.id, 'CB', '1.00'), 400, '700.400.400');
});

test('a charge is charged back once, of what is left of it', async () => {
  const payment = await paid();
  expectReply(await act(payment.body.id, 'CB', '60.01'), 400, '700.400.400');
  expectReply(await act(payment.body.id, 'RF', '20.00'), 200, approved);
  expectReply(await act(payment.body.id, 'CB', '40.01'), 400, '700.400.400');
  const chargeback = expectReply(await act(payment.body.id, 'CB', '40.00'), 200, approved);
  expectReply(await act(payment.body.id, 'CB', '1.00'), 400, '700.400.400');
  expectReply(await act(chargeback.body.id, 'CR'), 200, approved);
  expectReply(await act(payment.body.id, 'CB', '1.00'), 400, '700.300.500');
});

test('only what took money is charged back, and only a chargeback is reversed', async () => {
  const hold = await paid({ paymentType: 'PA' });
  expectReply(await act(hold.body.id, 'CB', '10.00'), 400, '700.400.550');
  expectReply(await act('f'.repeat(32), 'CB', '10.00'), 400, '700.400.550');
  expectReply(await act('unknown', 'CB', '10.00'), 400, '700.400.550');
  expectReply(await act(hold.body.id, 'CR', '10.00'), 400, '700.400.420');
  expectReply(await act('f'.repeat(32), 'CR'), 400, '700.400.420');
  const payment = await paid();
  expectReply(await act(payment.body.id, 'CR'), 400, '700.400.420');
  const chargeback = expectReply(await act(payment.body.id, 'CB', '10.00'), 200, approved);
  expectReply(await act(chargeback.body.id, 'CB', '10.00'), 400, '700.400.550');
  expectReply(await act(chargeback.body.id, 'RF', '10.00'), 400, '700.400.520');
  expectReply(await act(chargeback.body.id, 'CR', '9.99'), 400, '100.550.701');
  expectReply(await act(payment.body.id, 'CR'), 200, approved);
  expectReply(await act(payment.body.id, 'CR'), 400, '700.400.410');
  expectReply(await act(chargeback.body.id, 'CR'), 400, '700.400.410');
});

test('a chargeback needs an amount in the currency of its payment, and a charge that succeeded', async () => {
  const payment = await paid();
  expectReply(await act(payment.body.id, 'CB'), 400, '100.550.300');
  const dollars = { paymentType: 'CB', amount: '1.00', currency: 'USD' };
  expectReply(await stack.post(`/v1/payments/${payment.body.id}`, dollars), 400, '700.100.500');
  const declined = await stack.post('/v1/payments', debit({ 'card.number': '4000000000000002' }));
  expectReply(await act(declined.body.id, 'CB', '1.00'), 400, '700.300.200');
});

test('another merchant cannot declare anything', async () => {
  const payment = await paid();
  const reply = await stack.post(`/v1/payments/${payment.body.id}`, { paymentType: 'CB', amount: '1.00', currency: 'EUR' }, { as: other });
  expectReply(reply, 400, '700.400.550');
});

test('the same key is the same chargeback, also at the same moment', async () => {
  const payment = await paid();
  const key = { 'idempotency-key': freshName('key') };
  const replies = await Promise.all(Array.from({ length: 6 }, () => act(payment.body.id, 'CB', '60.00', key)));
  const ids = replies.map((reply) => expectReply(reply, 200, approved).body.id);
  assert.equal(new Set(ids).size, 1);
  const repeat = expectReply(await act(payment.body.id, 'CB', '60.00', key), 200, approved);
  assert.equal(repeat.headers['idempotent-replayed'], 'true');
  expectReply(await act(payment.body.id, 'CB', '59.00', key), 400, '200.200.106');
});

test('of many chargebacks, or reversals, at the same moment one is posted', async () => {
  const payment = await paid();
  const chargebacks = await Promise.all(Array.from({ length: 8 }, () => act(payment.body.id, 'CB', '10.00')));
  assert.deepEqual(codesOf(chargebacks), { [approved]: 1, '700.400.400': 7 });
  const reversals = await Promise.all(Array.from({ length: 8 }, () => act(payment.body.id, 'CR', '10.00')));
  assert.deepEqual(codesOf(reversals), { [approved]: 1, '700.400.410': 7 });
});

test('a chargeback and a refund at the same moment share the money', async () => {
  for (let round = 0; round < 5; round += 1) {
    const payment = await paid();
    const replies = await Promise.all([
      act(payment.body.id, 'CB', '60.00'),
      act(payment.body.id, 'RF', '60.00'),
      act(payment.body.id, 'RV'),
    ]);
    assert.equal(codesOf(replies)[approved], 1, JSON.stringify(codesOf(replies)));
  }
});

function codesOf(replies: readonly Reply[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { code = '' } of replies) counts[code] = (counts[code] ?? 0) + 1;
  return counts;
}
