/**
 * OPP: what answers repeat. Card numbers where none belong, in texts, references and keys, are masked, or hashed, before anything is kept or
 * repeated; lines of a cart keep their order.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { approved, debit, expectReply, useOppStack } from './harness/opp.ts';
import { browserData } from './harness/shopper.ts';

const stack = useOppStack();
const pan = '4111111111111111';
const masked = '411111******1111';

test('card numbers in free text and in references are masked in the answer, and the payment is found by what was sent', async () => {
  const more = {
    descriptor: `card ${pan}`,
    'customParameters[note]': '4111-1111-1111-1111',
    'card.holder': `Ada ${pan}`,
    merchantTransactionId: pan,
    merchantInvoiceId: `bill ${pan}`,
  };
  const { body, text } = expectReply(await stack.post('/v1/payments', debit(more)), 200, approved);
  assert.equal(body.merchantTransactionId, masked);
  assert.equal(body.card?.holder, `Ada ${masked}`);
  assert.match(body.descriptor ?? '', / card 411111\*{6}1111$/);
  assert.ok(!text.includes(pan));
  assert.doesNotMatch(text, /4111-1111/);
  const found = await stack.get('/v1/query', { merchantTransactionId: pan });
  const { payments } = JSON.parse(found.text) as { readonly payments: readonly { readonly id: string }[] };
  assert.deepEqual(
    payments.map(({ id }) => id),
    [body.id],
  );
});

test('texts with other signs between the groups, and digits of other scripts, are masked as well', async () => {
  const texts = ['4111.1111.1111.1111', '4111_1111_1111_1111', '4111\u00a01111\u00a01111\u00a01111', '4111\u20131111\u20131111\u20131111'];
  for (const text of [...texts, '\uff14\uff11\uff11\uff11111111111111', `\u0664${'\u0661'.repeat(15)}`]) {
    const { body } = expectReply(await stack.post('/v1/payments', debit({ 'customParameters[note]': text })), 200, approved);
    assert.deepEqual((body as { readonly customParameters?: object }).customParameters, { note: masked }, text);
  }
});

test('no address to come back to, or to be told at, may hold one', async () => {
  const checkout = { paymentType: 'DB', amount: '1.00', currency: 'EUR' };
  const held = `https://shop.example/${pan}`;
  const addresses = [held, 'https://shop.example/?card=4111-1111-1111-1111', `https://shop.example/${pan.replaceAll('1', '%31')}`];
  for (const address of addresses) {
    const asked = await Promise.all([
      stack.post('/v1/payments', debit({ ...browserData, shopperResultUrl: address })),
      stack.post('/v1/checkouts', { ...checkout, shopperResultUrl: address }),
      stack.post('/v1/checkouts', { createRegistration: 'true', shopperResultUrl: address }),
      stack.post('/v1/payments', debit({ notificationUrl: address })),
    ]);
    for (const [index, reply] of asked.entries()) {
      expectReply(reply, 400, '200.300.404');
      assert.match(reply.text, index === 3 ? /"notificationUrl"/ : /"shopperResultUrl"/);
      assert.ok(!reply.text.includes(address), reply.text);
    }
  }
});

test('lines of a cart are repeated in the order of their numbers, in whatever order a form has them', async () => {
  const names = { 10: 'Cake', 2: 'Milk', 0: 'Tea' };
  const cart = Object.fromEntries(
    Object.entries(names).flatMap(([at, name]) => [
      [`cart.items[${at}].name`, name],
      [`cart.items[${at}].quantity`, '1'],
    ]),
  );
  const sorted = Object.fromEntries(Object.entries(cart).sort(([a], [b]) => (a < b ? -1 : 1)));
  const { body } = expectReply(await stack.post('/v1/payments', debit(sorted)), 200, approved);
  const { items } = (body as unknown as { readonly cart: { readonly items: readonly { readonly name: string }[] } }).cart;
  assert.deepEqual(
    items.map(({ name }) => name),
    ['Tea', 'Milk', 'Cake'],
  );
});
