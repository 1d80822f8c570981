/** Seed 000, "Synchronous payment": every numbered step of both flows, in order; each goes on with what the step before has left. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { approved, bookedOnce, debit, expectReply, type Parameters, type Reply, useOppStack } from './harness/opp.ts';

const stack = useOppStack();

const money = (amount: string): Parameters => ({ amount, currency: 'EUR' });
const operate = (id: string | undefined, paymentType: string, more: Parameters): Promise<Reply> =>
  stack.post(`/v1/payments/${id}`, { paymentType, ...more });

/** Ids that the steps have stored, as the guide asks for it. */
const kept: Record<'preauthorization' | 'capture' | 'debit', string> = { preauthorization: '', capture: '', debit: '' };

/** The back-office requests of the guide over a captured payment of 92.00. */
const backOffice = [
  ['refund a part of the captured amount (RF)', 'RF', '12.00'],
  ['rebill the processed order for additional products (RB)', 'RB', '20.00'],
  ['reflect the chargeback processed by the bank (CB)', 'CB', '80.00'],
  ['reflect the chargeback reversal processed by the bank (CR)', 'CR', '80.00'],
  ['refund the rest of the captured amount (RF)', 'RF', '80.00'],
] as const;

test('synchronous payment, PA and CP: 1. Pre-authorize payment', async () => {
  const reply = expectReply(await stack.post('/v1/payments', debit({ paymentType: 'PA', ...money('92.00') })), 200, approved);
  assert.equal(reply.body.paymentType, 'PA');
  assert.equal(reply.body.redirect, undefined);
  const hold = await bookedOnce(stack, reply);
  assert.deepEqual([hold.kind, hold.amount, hold.remainingAmount], ['authorization', 92_00, 92_00]);
  kept.preauthorization = reply.body.id ?? '';
});

test('synchronous payment, PA and CP: 2. Capture the payment', async () => {
  const reply = expectReply(await operate(kept.preauthorization, 'CP', money('92.00')), 200, approved);
  assert.deepEqual([reply.body.paymentType, reply.body.referencedId, reply.body.amount], ['CP', kept.preauthorization, '92.00']);
  const capture = await bookedOnce(stack, reply);
  assert.deepEqual([capture.kind, capture.amount], ['capture', 92_00]);
  kept.capture = reply.body.id ?? '';
});

for (const [name, paymentType, amount] of backOffice) {
  test(`synchronous payment, PA and CP: 3. Manage the payment: ${name}`, () => manages('capture', paymentType, amount));
}

test('synchronous payment, DB: 1. Perform debit payment', async () => {
  const reply = expectReply(await stack.post('/v1/payments', debit(money('92.00'))), 200, approved);
  assert.equal(reply.body.paymentType, 'DB');
  assert.equal(reply.body.redirect, undefined);
  const taken = await bookedOnce(stack, reply);
  assert.deepEqual([taken.kind, taken.amount, taken.remainingAmount], ['debit', 92_00, 92_00]);
  kept.debit = reply.body.id ?? '';
});

for (const [name, paymentType, amount] of backOffice) {
  test(`synchronous payment, DB: 2. Manage the payment: ${name}`, () => manages('debit', paymentType, amount));
}

/** One back-office request; a chargeback's reversal is posted over the chargeback. */
let chargebackId = '';

async function manages(over: 'capture' | 'debit', paymentType: string, amount: string): Promise<void> {
  const referenced = paymentType === 'CR' ? chargebackId : kept[over];
  const reply = expectReply(await operate(referenced, paymentType, money(amount)), 200, approved);
  assert.deepEqual([reply.body.paymentType, reply.body.referencedId, reply.body.amount], [paymentType, referenced, amount]);
  if (paymentType === 'CB') chargebackId = reply.body.id ?? '';
  if (paymentType === 'RF' || paymentType === 'RB') {
    const entry = await bookedOnce(stack, reply);
    assert.deepEqual([entry.kind, entry.amount], [paymentType === 'RF' ? 'refund' : 'debit', Number(amount) * 100]);
  }
}
