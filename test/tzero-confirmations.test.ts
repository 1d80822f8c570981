/** tZero: the merchant learns every result, by mail or by callback, as the channel is set. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createHooks } from './harness/hooks.ts';
import { createMailbox } from './harness/mailbox.ts';
import { createOperator } from './harness/operator.ts';
import { card, order, useTzero } from './harness/tzero.ts';

const stack = useTzero({ webhooks: true });

test('whoever wants mails alone learns every result: declines, calling off, refunds, chargebacks', async () => {
  const to = 'results@shop.example';
  await createOperator(stack.parts.env).json('webhook', 'add', '--merchant', '1', '--dialect', 'tzero', '--mail', to);
  await stack.pay(order({ amount: 32_00, payment_method: card('4000000000000002') }));
  await stack.pay(order({ amount: 33_00 }), { cancels: true });
  const paid = await stack.pay(order({ amount: 34_00 }));
  const refund = await stack.send({ path: '/payment/refund', body: { payment_id: paid.body.id, amount: 1_00, reference: 'r' } });
  await stack.parts.host.dispute({ rrn: paid.body.payment_data?.retrieval_reference ?? '', reason: '10.4', amount: 5_00 });
  const mails = await createMailbox(stack.parts.host.url).received(to, 5);
  const titles = [
    'Chargeback: $5.00',
    'Payment not made: $32.00',
    'Payment not made: $33.00',
    'Payment received: $34.00',
    'Refund made: $1.00',
  ];
  assert.deepEqual(mails.map(({ subject }) => subject.replace(/ \(.*\)$/, '')).toSorted(), titles);
  assert.ok(mails.some(({ text }) => text.includes(refund.body.id ?? '?') && text.includes(paid.body.id ?? '?')));
  for (const { raw } of mails) assert.doesNotMatch(raw, /4111111111111111|4000000000000002/);
});

test('callbacks tell of chargebacks and of their reversal, and of no void where a last capture gives the rest back', async () => {
  const hooks = createHooks(stack.parts.host.url);
  const typesOf = async (id: string | undefined, count: number) =>
    (await hooks.acknowledged('tzero', count, id)).map(({ body }) => (JSON.parse(body) as { readonly type: string }).type);
  const held = await stack.pay(order({ amount: 50_00, capture: 'manual' }));
  const captured = await stack.send({ path: '/payment/capture', body: { payment_id: held.body.id, amount: 40_00, final: true } });
  assert.equal(captured.body.status, 'captured', captured.text);
  await stack.send({ path: '/payment/refund', body: { payment_id: held.body.id, reference: 'all' } });
  assert.deepEqual(await typesOf(held.body.id, 4), ['payment.authorised', 'payment.captured', 'refund.succeeded', 'payment.refunded']);
  const paid = await stack.pay(order());
  const rrn = paid.body.payment_data?.retrieval_reference ?? '';
  const { id } = await stack.parts.host.dispute({ rrn, reason: '10.4', amount: 12_50 });
  await hooks.acknowledged('tzero', 2, paid.body.id);
  assert.equal((await stack.read(paid.body.id ?? '')).body.status, 'chargeback');
  await stack.parts.host.reverseDispute(id);
  const types = ['payment.captured', 'payment.chargeback', 'payment.chargeback_reversed'];
  assert.deepEqual(await typesOf(paid.body.id, 3), types);
});
