/** tZero: payments that a risk rule holds until an operator has looked at them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createConsoleClient } from './harness/console.ts';
import { eventually } from './harness/processes.ts';
import { card, order, useTzero } from './harness/tzero.ts';

const stack = useTzero();
const consoleClient = () => createConsoleClient(() => stack.url);
const ids = { merchant_id: '00000000-0000-7000-8000-000000000001' };

/** The id of a payment with this card that is held, under a rule of its own for the card's BIN. */
async function holdPayment(number: string): Promise<string> {
  const body = { subject: 'bin', value: number.slice(0, 6), action: 'review' };
  await consoleClient().done('post', '/merchants/{merchant_id}/risk-rules/blocks', { ids, body });
  let id = '';
  const isHeld = async () => {
    const paid = (await stack.pay(order({ payment_method: card(number) }))).body;
    id = paid.id ?? '';
    return paid.status === 'processing';
  };
  await eventually(isHeld, 'the rule to be in force');
  return id;
}

/** Lets the newest of the payments through that wait for an operator. */
async function acceptNewest(): Promise<void> {
  const { items } = await consoleClient().done('get', '/reviews', { query: ids });
  const [operation_id = ''] = (items ?? [])
    .map((item) => String(item.operation_id))
    .sort()
    .reverse();
  const body = { decision: 'accept', reason: 'looked at it' };
  await consoleClient().done('post', '/reviews/{operation_id}/decision', { ids: { operation_id }, body });
}

test('a payment that is voided while an operator is to look at it is cancelled', async () => {
  const id = await holdPayment('4111440000000006');
  const voided = await stack.send({ path: '/payment/void', body: { payment_id: id } });
  assert.deepEqual([voided.body.operation?.status, voided.body.status], ['succeeded', 'cancelled'], voided.text);
  assert.equal((await stack.read(id)).body.status, 'cancelled');
});

test('a payment that is let through is under way until its capture is certain', async () => {
  const id = await holdPayment('4111550000000002');
  await stack.parts.host.addFault({ fault: 'no_answer', mti: '0220', times: 1_000 });
  await acceptNewest();
  const { status, result } = (await stack.read(id)).body;
  assert.deepEqual([status, result], ['processing', undefined]);
  await stack.parts.host.clearFaults();
  await eventually(async () => (await stack.read(id)).body.status === 'captured', 'the capture to stand');
});
