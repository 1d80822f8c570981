/** OPP: card numbers where none belong, in texts, references and keys: they are masked, or hashed, before anything is kept or repeated. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { approved, debit, expectReply, useOppStack } from './harness/opp.ts';

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
