/** Contract: what a merchant's rules make of a code that differs, in every protocol: declined with its approval reversed, or held; and what they have nothing against is as it was. */
import assert from 'node:assert/strict';
import { freshCardNumber } from '../harness/card-numbers.ts';
import { type ConsoleClient, createConsoleClient } from '../harness/console.ts';
import { eventually } from '../harness/processes.ts';
import { expectOutcome, order, type Scene, stories } from './stories.ts';

const story = stories();

const merchant_id = '00000000-0000-7000-8000-000000000001';
const cardWith = (cvc: string) => ({ number: freshCardNumber(), cvc });

/** The one rule of the merchant from now on. */
async function ruled(scene: Scene, action: 'decline' | 'review'): Promise<ConsoleClient> {
  const client = createConsoleClient(() => `http://127.0.0.1:${scene.stack.config.port}`);
  const { items = [] } = await client.done('get', '/risk-rules', { query: { merchant_id } });
  if (!items.some((rule) => rule.action === action)) {
    for (const { rule_id } of items) {
      await client.done('delete', '/merchants/{merchant_id}/risk-rules/{rule_id}', { ids: { merchant_id, rule_id: String(rule_id) } });
    }
    const body = { subject: 'cvc', result: 'mismatch', action };
    await client.done('post', '/merchants/{merchant_id}/risk-rules/checks', { ids: { merchant_id }, body });
  }
  // Each channel is read by itself, so one may go by it before another.
  const isMet = async () => {
    const { outcome } = await scene.shop.authorize(order({ amount: 1_00, card: cardWith('200') }));
    return outcome === (action === 'decline' ? 'declined' : 'pending');
  };
  await eventually(isMet, 'the rule to be in force');
  return client;
}

/** What the host has of the story's last payment, in short. */
async function standing(scene: Scene, amount: number): Promise<readonly unknown[]> {
  const entries = (await scene.booked()).filter((entry) => entry.amount === amount);
  return entries.map(({ kind, remainingAmount, capturedAmount = 0 }) => [kind, remainingAmount, capturedAmount]);
}

story('a debit and a hold whose code differs are reversed and declined', [], async (scene) => {
  await ruled(scene, 'decline');
  const debit = await scene.shop.debit(order({ amount: 41_00, card: cardWith('200') }));
  expectOutcome(debit, 'declined');
  assert.deepEqual(await standing(scene, 41_00), [
    ['debit', 0, 0],
    ['reversal', 0, 0],
  ]);
  const hold = await scene.shop.authorize(order({ amount: 42_00, card: cardWith('200') }));
  expectOutcome(hold, 'declined');
  expectOutcome(await scene.truthOf(hold), 'declined');
  assert.deepEqual(await standing(scene, 42_00), [
    ['authorization', 0, 0],
    ['reversal', 0, 0],
  ]);
  expectOutcome(await scene.shop.debit(order({ amount: 43_00, card: cardWith('123') })), 'approved');
  assert.deepEqual(await standing(scene, 43_00), [['debit', 43_00, 0]]);
});

story('a debit that waits for its check is charged at once where the code is right, and can be refunded', [], async (scene) => {
  await ruled(scene, 'review');
  const amount = 44_00;
  const answer = await scene.shop.debit(order({ amount, card: cardWith('123') }));
  const handle = expectOutcome(answer, 'approved');
  expectOutcome(await scene.truthOf(answer), 'approved');
  assert.deepEqual(await standing(scene, amount), [
    ['authorization', 0, amount],
    ['capture', amount, 0],
  ]);
  expectOutcome(await scene.shop.refund(handle, { amount, currency: 'EUR' }), 'approved');
});

story('a hold that waits for its check can be captured at once where the code is right', [], async (scene) => {
  await ruled(scene, 'review');
  const amount = 45_00;
  const handle = expectOutcome(await scene.shop.authorize(order({ amount, card: cardWith('123') })), 'approved');
  expectOutcome(await scene.shop.capture(handle, { amount, currency: 'EUR' }), 'approved');
});

story('a debit whose code differs is pending until an operator has looked at it', [], async (scene) => {
  const client = await ruled(scene, 'review');
  const amount = 46_00;
  const answer = await scene.shop.debit(order({ amount, card: cardWith('200') }));
  expectOutcome(answer, 'pending');
  assert.deepEqual(await standing(scene, amount), [['authorization', amount, 0]]);
  const { items = [] } = await client.done('get', '/reviews', { query: { merchant_id, cause: 'card_checks' } });
  const review = items.find((one) => Number(one.amount) === amount);
  const ids = { operation_id: String(review?.operation_id) };
  await client.done('post', '/reviews/{operation_id}/decision', { ids, body: { decision: 'accept', reason: 'called the shopper' } });
  expectOutcome(await scene.truthOf(answer), 'approved');
});
