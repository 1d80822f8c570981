/**
 * Disputes that the acquirer's host tells by itself: recorded before they are answered, once however often they come, merged with what the
 * merchant had declared, and never refused.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startGateway } from '../src/gateway.ts';
import { freePort } from '../src/local/ports.ts';
import type { DisputeRequest, HostDispute } from './harness/host-control.ts';
import { waitingFor, withLocked } from './harness/locks.ts';
import { approved, debit, expectReply, freshName, type OppStack, type Parameters, type Reply, startOppStack } from './harness/opp.ts';
import { eventually } from './harness/processes.ts';

const disputed = '4000000000000259';
const fraud = '000.100.220';

let stack: OppStack;
before(async () => {
  stack = await startOppStack();
});
after(() => stack?.finish());

interface Paid {
  readonly id: string;
  readonly rrn: string;
  readonly reference: string;
}

async function pay(more: Parameters = {}): Promise<Paid> {
  const reference = freshName('order');
  const parameters = debit({ amount: '60.00', merchantTransactionId: reference, ...more });
  const { body } = expectReply(await stack.post('/v1/payments', parameters), 200, approved);
  return { id: body.id ?? '', rrn: body.resultDetails?.ConnectorTxID1 ?? '', reference };
}

function act(id: string | undefined, paymentType: string, amount?: string): Promise<Reply> {
  return stack.post(`/v1/payments/${id}`, { paymentType, ...(amount === undefined ? {} : { amount, currency: 'EUR' }) });
}

/** The entries of a type under a reference. */
async function listed(reference: string, type: string): Promise<readonly Reply['body'][]> {
  const { body } = await stack.get('/v1/query', { merchantTransactionId: reference });
  return (body.payments as unknown as readonly Reply['body'][]).filter(({ paymentType }) => paymentType === type);
}

async function answered(id: string): Promise<HostDispute> {
  const find = async () => (await stack.parts.host.disputes()).find((dispute) => dispute.id === id);
  await eventually(async () => {
    const found = await find();
    return found?.chargebackAnswer !== undefined && (found.state === 'raised' || found.reversalAnswer !== undefined);
  }, `dispute ${id} to be answered`);
  return (await find()) as HostDispute;
}

async function raise(order: DisputeRequest): Promise<HostDispute> {
  return answered((await stack.parts.host.dispute(order)).id);
}

async function reverse(id: string): Promise<HostDispute> {
  await stack.parts.host.reverseDispute(id);
  return answered(id);
}

test('the card that disputes: the merchant sees the chargeback under its own reference', async () => {
  const hold = await pay({ paymentType: 'PA', 'card.number': disputed });
  assert.deepEqual(
    (await stack.parts.host.disputes()).filter(({ rrn }) => rrn === hold.rrn),
    [],
  );
  const reference = freshName('capture');
  const money = { amount: '40.00', currency: 'EUR', merchantTransactionId: reference };
  const capture = expectReply(await stack.post(`/v1/payments/${hold.id}`, { paymentType: 'CP', ...money }), 200, approved);
  await eventually(async () => (await listed(reference, 'CB')).length === 1, 'the chargeback to be listed');
  const [chargeback] = await listed(reference, 'CB');
  assert.equal(chargeback?.referencedId, capture.body.id);
  assert.deepEqual([chargeback?.amount, chargeback?.currency, chargeback?.result?.code], ['40.00', 'EUR', fraud]);
  assert.equal(chargeback?.resultDetails?.DisputeReasonCode, '10.4');
  expectReply(await stack.get(`/v1/payments/${chargeback?.id}`), 200, fraud);
  expectReply(await act(capture.body.id, 'RF', '1.00'), 400, '700.300.600');
});

test('a dispute that is reversed gives the money back to the merchant', async () => {
  const payment = await pay();
  const { id, chargebackAnswer } = await raise({ rrn: payment.rrn, reason: '13.1', amount: 2_500 });
  assert.equal(chargebackAnswer, '00');
  const [chargeback] = await listed(payment.reference, 'CB');
  assert.deepEqual([chargeback?.amount, chargeback?.result?.code], ['25.00', '000.100.221']);
  assert.equal((await reverse(id)).reversalAnswer, '00');
  const [reversal] = await listed(payment.reference, 'CR');
  assert.deepEqual([reversal?.amount, reversal?.referencedId, reversal?.result?.code], ['25.00', chargeback?.id, approved]);
  expectReply(await act(payment.id, 'RF', '60.00'), 200, approved);
});

test('a chargeback that the merchant declared before is counted once, and so is its reversal', async () => {
  const payment = await pay();
  const declared = expectReply(await act(payment.id, 'CB', '60.00'), 200, approved);
  const { id } = await raise({ rrn: payment.rrn, reason: '4837' });
  assert.deepEqual((await listed(payment.reference, 'CB')).length, 0, 'the declared one has no reference of its own');
  expectReply(await stack.get(`/v1/payments/${declared.body.id}`), 200, fraud);
  const reversal = expectReply(await act(declared.body.id, 'CR', '60.00'), 200, approved);
  assert.equal((await reverse(id)).reversalAnswer, '00');
  assert.deepEqual(await postings(payment.id), ['chargeback -6000 told', 'chargeback_reversal 6000 told']);
  expectReply(await act(reversal.body.id, 'CR'), 400, '700.400.420');
  expectReply(await act(payment.id, 'RF', '60.00'), 200, approved);
});

test('what the host told first the merchant cannot declare again', async () => {
  const payment = await pay();
  const { id } = await raise({ rrn: payment.rrn, reason: '10.4' });
  expectReply(await act(payment.id, 'CB', '60.00'), 400, '700.400.400');
  await reverse(id);
  expectReply(await act(payment.id, 'CR'), 400, '700.400.410');
  assert.deepEqual(await postings(payment.id), ['chargeback -6000 told', 'chargeback_reversal 6000 told']);
});

test('declared and told at the same moment is one chargeback', async () => {
  for (let round = 0; round < 5; round += 1) {
    const payment = await pay();
    const [declared, told] = await Promise.all([act(payment.id, 'CB', '60.00'), raise({ rrn: payment.rrn, reason: '10.4' })]);
    assert.ok(declared.code === approved || declared.code === fraud || declared.code === '700.400.400', declared.text);
    assert.equal(told.chargebackAnswer, '00');
    assert.deepEqual(await postings(payment.id), ['chargeback -6000 told']);
  }
});

test('a chargeback is recorded whatever is left of its charge, and in whatever state it is', async () => {
  const refunded = await pay();
  expectReply(await act(refunded.id, 'RF', '60.00'), 200, approved);
  assert.equal((await raise({ rrn: refunded.rrn, reason: '10.4' })).chargebackAnswer, '00');
  assert.deepEqual(await postings(refunded.id), ['chargeback -6000 told']);
  const reversed = await pay();
  expectReply(await act(reversed.id, 'RV'), 200, approved);
  assert.equal((await raise({ rrn: reversed.rrn, reason: '10.4', amount: 9_900 })).chargebackAnswer, '00');
  const held = await pay({ paymentType: 'PA' });
  assert.equal((await raise({ rrn: held.rrn, reason: '11.3' })).chargebackAnswer, '00');
  const twice = await pay();
  await raise({ rrn: twice.rrn, reason: '10.4' });
  await raise({ rrn: twice.rrn, reason: '10.4' });
  assert.equal((await postings(twice.id)).length, 2);
  assert.ok(stack.parts.log().some((line) => line.includes('goes beyond what its charge has left')));
});

test('a host that names the authorization means what was captured of it', async () => {
  const hold = await pay({ paymentType: 'PA' });
  const capture = expectReply(await act(hold.id, 'CP', '60.00'), 200, approved);
  await raise({ rrn: hold.rrn, reason: '10.4' });
  const [chargeback] = await listed(hold.reference, 'CB');
  assert.equal(chargeback?.referencedId, capture.body.id);
});

test('an answer that the host never got is given again, and changes nothing', async () => {
  const { host } = stack.parts;
  const payment = await pay();
  await host.addFault({ fault: 'answer_lost', mti: '0422', times: 2 });
  const { id } = await raise({ rrn: payment.rrn, reason: '10.4' });
  await host.addFault({ fault: 'duplicate_answer', mti: '0422' });
  await host.addFault({ fault: 'answer_lost', mti: '0422' });
  await reverse(id);
  assert.deepEqual(await postings(payment.id), ['chargeback -6000 told', 'chargeback_reversal 6000 told']);
  await host.clearFaults();
});

test('the host is answered only after the commit', async () => {
  const { database, host } = stack.parts;
  const payment = await pay();
  const id = await withLocked({ database, table: 'polygate.dispute', mode: 'exclusive' }, async (release) => {
    const raised = await host.dispute({ rrn: payment.rrn, reason: '10.4' });
    await eventually(async () => (await waitingFor(database, 'chargeback_reversed')) > 0, 'the chargeback to wait for the table');
    const open = (await host.disputes()).find((dispute) => dispute.id === raised.id);
    assert.equal(open?.chargebackAnswer, undefined);
    await release();
    return raised.id;
  });
  assert.equal((await answered(id)).chargebackAnswer, '00');
});

test('a host that was restarted goes on with what is not answered', async () => {
  const { parts } = stack;
  const payment = await pay();
  await parts.stopGateway();
  const { id } = await parts.host.dispute({ rrn: payment.rrn, reason: '10.4' });
  await parts.host.reverseDispute(id);
  await parts.stopSandbox();
  await parts.startSandbox();
  await parts.startGateway();
  assert.equal((await answered(id)).reversalAnswer, '00');
  assert.deepEqual(await postings(payment.id), ['chargeback -6000 told', 'chargeback_reversal 6000 told']);
});

test('two nodes that are told the same record it once', async () => {
  const port = await freePort();
  const second = await startGateway({ ...stack.parts.config, port }, { logDestination: { write: () => undefined } });
  try {
    await eventually(async () => (await fetch(`${second.url}/readyz`)).ok, 'the second node to be ready');
    const payments = await Promise.all(Array.from({ length: 4 }, () => pay()));
    await stack.parts.host.addFault({ fault: 'answer_lost', mti: '0422', times: 8 });
    await Promise.all(payments.map(({ rrn }) => raise({ rrn, reason: '10.4' })));
    for (const { id } of payments) assert.deepEqual(await postings(id), ['chargeback -6000 told']);
  } finally {
    await stack.parts.host.clearFaults();
    await second.stop();
  }
});

test('what matches nothing here is answered, and shown to the operator', async () => {
  const { database, host } = stack.parts;
  const payment = await pay();
  // As if the host had another gateway's payment on its books.
  const { rows } = await database.query(`delete from polygate.acquirer_message where rrn = $1 returning *`, [payment.rrn]);
  try {
    assert.equal((await raise({ rrn: payment.rrn, reason: '10.4' })).chargebackAnswer, '25');
  } finally {
    await database.query('insert into polygate.acquirer_message select * from json_populate_record(null::polygate.acquirer_message, $1)', [
      rows[0],
    ]);
  }
  assert.ok(stack.parts.log().some((line) => line.includes('matches nothing here') && line.includes(payment.rrn)));
  const metrics = await stack.send({ method: 'GET', path: '/metrics' });
  assert.match(metrics.text, /^polygate_dispute_notices_total\{stage="chargeback",outcome="unmatched"\} [1-9]/m);
  assert.equal((await host.disputes()).length > 0, true);
  assert.deepEqual(await postings(payment.id), []);
});

/** Chargebacks and reversals of a payment, by name: `told` by the host, or `declared` only. */
async function postings(wireId: string): Promise<readonly string[]> {
  const { rows } = await stack.parts.database.query(
    `select l.kind, case l.debit_account when 2100 then -l.amount else l.amount end as amount, o.declared
    from polygate.operation o join polygate.ledger_entry l using (merchant_id, operation_id)
    where o.dispute_id is not null and o.payment_id = (select payment_id from polygate.operation where operation_id = $1::uuid)
    order by 1`,
    [wireId],
  );
  return rows.map(({ kind, amount, declared }) => `${kind} ${amount} ${declared ? 'declared' : 'told'}`);
}
