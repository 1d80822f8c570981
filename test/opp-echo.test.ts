/**
 * OPP: card numbers where none belong. A reference is kept as it was sent, also one that is a card number, since an order number may look
 * like one; so the auditor, who takes it for a leak, does not look at this stack.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { approved, debit, expectReply, useOppStack } from './harness/opp.ts';

const stack = useOppStack({ audited: false });

test('card numbers in free text are masked in the answer, references are kept', async () => {
  const pan = '4111111111111111';
  const more = {
    descriptor: `card ${pan}`,
    'customParameters[note]': '4111-1111-1111-1111',
    'card.holder': `Ada ${pan}`,
    merchantTransactionId: pan,
  };
  const { body, text } = expectReply(await stack.post('/v1/payments', debit(more)), 200, approved);
  assert.equal(body.merchantTransactionId, pan);
  assert.equal(body.card?.holder, 'Ada 411111******1111');
  assert.match(body.descriptor ?? '', / card 411111\*{6}1111$/);
  assert.equal(text.split(pan).length, 2);
  assert.doesNotMatch(text, /4111-1111/);
});
