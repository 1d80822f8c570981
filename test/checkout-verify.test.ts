/** The verification of checkouts: nothing after shoppers have paid, failed and tried again, and exactly what a foreign hand has changed. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { verify } from '../src/store/verify.ts';
import { postForm } from './harness/form-browser.ts';
import { useOppStack } from './harness/opp.ts';
import { openCheckout, payAddress } from './harness/payment-page.ts';
import { rememberCard } from './harness/traces.ts';

const stack = useOppStack();

async function send(checkoutId: string, attempt: string, cardnumber: string): Promise<void> {
  rememberCard(stack.parts.traces, { pan: cardnumber, cvc: '123' });
  const card = { cardnumber, 'exp-date': '12 / 39', cvc: '123', ccname: 'Ada Example' };
  await postForm(payAddress(stack, checkoutId), { attempt, revision: '1', ...card });
}

const findings = async (): Promise<readonly string[]> =>
  (await verify({ databaseUrl: stack.databaseUrl })).filter((line) => line.startsWith('checkout:'));

const corruptions = [
  {
    name: 'an attempt that was declined stands',
    sql: `update polygate.operation set state = 'approved' where state = 'declined' and kind = 'debit'`,
    undo: `update polygate.operation set state = 'declined' where response_code = '51'`,
    found: /2 attempts of the checkout .* stand, or may still/,
  },
  {
    name: 'a noted operation that is not here',
    sql: `update polygate.checkout set begun = 7, operation_id = checkout_id where operation_id is not null and attempts = 2`,
    undo: `update polygate.checkout c set operation_id = k.operation_id from polygate.idempotency_key k where c.attempts = 2 and k.key = '§checkout ' || c.checkout_id || ' 2'`,
    found: /notes an operation that is not here/,
  },
  {
    name: 'the payment of another attempt',
    sql: `update polygate.checkout c set operation_id = k.operation_id from polygate.idempotency_key k where c.attempts = 2 and k.key = '§checkout ' || c.checkout_id || ' 1'`,
    undo: `update polygate.checkout c set operation_id = k.operation_id from polygate.idempotency_key k where c.attempts = 2 and k.key = '§checkout ' || c.checkout_id || ' 2'`,
    found: /notes it as attempt 2, which was another payment/,
  },
] as const;

test('checkouts are verified', async () => {
  const id = await openCheckout(stack, { amount: '3.32' });
  await send(id, '1', '4000000000009995');
  await send(id, '2', '4111111111111111');
  await send(await openCheckout(stack, { paymentType: 'PA.CP' }), '1', '4111111111111111');
  await openCheckout(stack);
  assert.deepEqual(await findings(), []);
  for (const { name, sql, undo, found } of corruptions) {
    await stack.parts.database.query(sql);
    const [line, ...more] = await findings();
    assert.match(line ?? '', found, name);
    assert.equal(more.length, 0, name);
    await stack.parts.database.query(undo);
    assert.deepEqual(await findings(), [], name);
  }
});
