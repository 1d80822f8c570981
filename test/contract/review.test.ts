/** Contract: payments that a risk rule of the merchant holds until an operator has looked at them: authorized, pending, and captured by nobody meanwhile. */
import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import { passesLuhn } from '../../src/core/instrument/card.ts';
import { type ConsoleClient, createConsoleClient, moveClock } from '../harness/console.ts';
import { eventually } from '../harness/processes.ts';
import type { Answer } from './driver.ts';
import { expectOutcome, order, type Scene, stories } from './stories.ts';

const story = stories({ REVIEW_HOURS: '24' });

const merchant_id = '00000000-0000-7000-8000-000000000001';
const bin = '411122';
let used = 0;

/** A card that the rule is about. */
function suspect() {
  used += 1;
  const digits = `${bin}00000${String(used).padStart(4, '0')}`;
  return { number: [...'0123456789'].map((check) => `${digits}${check}`).find(passesLuhn) ?? '', cvc: '123' };
}

const consoleOf = ({ stack }: Scene): ConsoleClient => createConsoleClient(() => `http://127.0.0.1:${stack.config.port}`);

/** The rule stands from the first story on. */
async function ruled(scene: Scene): Promise<ConsoleClient> {
  const client = consoleOf(scene);
  const { items } = await client.done('get', '/risk-rules', { query: { merchant_id, action: 'review' } });
  if (items?.length === 0) {
    const body = { subject: 'bin', value: bin, action: 'review' };
    await client.done('post', '/merchants/{merchant_id}/risk-rules/blocks', { ids: { merchant_id }, body });
  }
  const isHeld = async () => {
    const answer = await scene.shop.authorize(order({ amount: 1_00, card: suspect() }));
    return answer.outcome === 'pending';
  };
  await eventually(isHeld, 'the rule to be in force');
  return client;
}

/** The newest payment that waits for an operator. */
async function newest(client: ConsoleClient): Promise<{ readonly operation_id: string; readonly kind: string; readonly cause: string }> {
  const { items } = await client.done('get', '/reviews', { query: { merchant_id } });
  const found = [...(items ?? [])].sort((a, b) => (String(a.operation_id) < String(b.operation_id) ? 1 : -1))[0];
  assert.ok(found !== undefined, 'nothing waits for an operator');
  return { operation_id: String(found.operation_id), kind: String(found.kind), cause: String(found.cause) };
}

async function decide(client: ConsoleClient, decision: 'accept' | 'decline'): Promise<void> {
  const { operation_id } = await newest(client);
  await client.done('post', '/reviews/{operation_id}/decision', {
    ids: { operation_id },
    body: { decision, reason: 'called the shopper' },
  });
  const again = await client.call('post', '/reviews/{operation_id}/decision', {
    ids: { operation_id },
    body: { decision: 'accept', reason: 'once more' },
  });
  assert.equal(again.status, 409, again.text);
}

/** What the host has of the story's last payment, in short. */
async function standing(scene: Scene, amount: number): Promise<readonly unknown[]> {
  const entries = (await scene.booked()).filter((entry) => entry.amount === amount);
  return entries.map(({ kind, remainingAmount, capturedAmount = 0, reversedAmount }) => [
    kind,
    remainingAmount,
    capturedAmount,
    reversedAmount,
  ]);
}

/** Held at the acquirer, and nothing else. */
async function held(scene: Scene, answer: Answer, amount: number): Promise<string> {
  const handle = expectOutcome(answer, 'pending');
  assert.equal(answer.redirect, undefined, answer.text);
  assert.deepEqual(await standing(scene, amount), [['authorization', amount, 0, 0]]);
  return handle;
}

story('a hold under review is not captured; let through, it is', [], async (scene) => {
  const client = await ruled(scene);
  const amount = 31_00;
  const answer = await scene.shop.authorize(order({ amount, card: suspect() }));
  const handle = await held(scene, answer, amount);
  assert.equal((await newest(client)).cause, 'bin_listed');
  expectOutcome(await scene.shop.capture(handle, { amount, currency: 'EUR' }), 'refused');
  assert.deepEqual(await standing(scene, amount), [['authorization', amount, 0, 0]]);
  await decide(client, 'accept');
  expectOutcome(await scene.truthOf(answer), 'approved');
  expectOutcome(await scene.shop.capture(handle, { amount, currency: 'EUR' }), 'approved');
});

story('a debit under review is held only; let through, it is charged, and can be refunded', [], async (scene) => {
  const client = await ruled(scene);
  const amount = 32_00;
  const answer = await scene.shop.debit(order({ amount, card: suspect() }));
  const handle = await held(scene, answer, amount);
  await decide(client, 'accept');
  expectOutcome(await scene.truthOf(answer), 'approved');
  assert.deepEqual(await standing(scene, amount), [
    ['authorization', 0, amount, 0],
    ['capture', amount, 0, 0],
  ]);
  expectOutcome(await scene.shop.refund(handle, { amount, currency: 'EUR' }), 'approved');
});

story('a debit that is let through is pending until its capture is answered', [], async (scene) => {
  const client = await ruled(scene);
  const amount = 36_00;
  const answer = await scene.shop.debit(order({ amount, card: suspect() }));
  const handle = await held(scene, answer, amount);
  await scene.stack.host.addFault({ fault: 'no_answer', mti: '0220', times: 1_000 });
  await decide(client, 'accept');
  // Two protocols have a word for the capture that is under way, which says of a payment of two steps that it is authorized.
  const isPending = ({ outcome, text }: Answer) => outcome === 'pending' || /"(?:pending_capture|capturestarted)"/.test(text.slice(0, 200));
  const early = await scene.shop.read(handle);
  assert.ok(isPending(early), early.text);
  await scene.stack.host.clearFaults();
  await scene.stack.hurry();
  await eventually(async () => !isPending(await scene.shop.read(handle)), 'the capture to be answered');
  expectOutcome(await scene.shop.read(handle), 'approved');
  expectOutcome(await scene.shop.refund(handle, { amount, currency: 'EUR' }), 'approved');
});

for (const [mishap, faults] of [
  ['refuses to capture it', ['decline']],
  ['does not answer, and refuses when it is asked again', ['no_answer', 'decline']],
] as const) {
  story(`a debit is let through, and the acquirer ${mishap}: it is told as declined, and given up`, [], async (scene) => {
    const client = await ruled(scene);
    const amount = 37_00 + faults.length;
    const answer = await scene.shop.debit(order({ amount, card: suspect() }));
    const handle = await held(scene, answer, amount);
    for (const fault of faults) await scene.stack.host.addFault({ fault, mti: '0220', times: 1 });
    await decide(client, 'accept');
    await scene.stack.hurry();
    const outcome = async () => (await scene.shop.read(handle)).outcome;
    await eventually(async () => ['declined', 'rejected'].includes(await outcome()), 'the payment to be declined');
    const isGivenUp = async () => isDeepStrictEqual((await standing(scene, amount))[0], ['authorization', 0, 0, amount]);
    await eventually(isGivenUp, 'the hold to be given up');
    expectOutcome(await scene.shop.refund(handle, { amount, currency: 'EUR' }), 'refused');
  });
}

for (const kind of ['authorize', 'debit'] as const) {
  story(
    `declined by the operator, ${kind === 'debit' ? 'a debit' : 'a hold'} is rejected, and given up at the acquirer`,
    [],
    async (scene) => {
      const client = await ruled(scene);
      const amount = kind === 'debit' ? 33_00 : 34_00;
      const answer = await scene.shop[kind](order({ amount, card: suspect() }));
      const handle = await held(scene, answer, amount);
      await decide(client, 'decline');
      expectOutcome(await scene.truthOf(answer), 'rejected');
      const [hold] = await standing(scene, amount);
      assert.deepEqual(hold, ['authorization', 0, 0, amount]);
      expectOutcome(await scene.shop.capture(handle, { amount, currency: 'EUR' }), 'refused');
    },
  );
}

story('the merchant may call it off meanwhile', [], async (scene) => {
  const client = await ruled(scene);
  const amount = 35_00;
  const answer = await scene.shop.authorize(order({ amount, card: suspect() }));
  const handle = await held(scene, answer, amount);
  const { operation_id } = await newest(client);
  expectOutcome(await scene.shop.void(handle), 'approved');
  const { items } = await client.done('get', '/reviews', { query: { merchant_id, operation_id } });
  assert.equal(items?.length, 0);
  assert.deepEqual((await standing(scene, amount))[0], ['authorization', 0, 0, amount]);
});

// The last ones: the clock goes on for all.
story('nobody looks at it in time: it is given up', [], async (scene) => {
  const client = await ruled(scene);
  const amount = 36_00;
  const answer = await scene.shop.debit(order({ amount, card: suspect() }));
  await held(scene, answer, amount);
  const { operation_id } = await newest(client);
  await moveClock(`http://127.0.0.1:${scene.stack.config.port}`, 25 * 3_600);
  expectOutcome(await scene.truthOf(answer), 'rejected');
  assert.deepEqual((await standing(scene, amount))[0], ['authorization', 0, 0, amount]);
  const late = await client.call('post', '/reviews/{operation_id}/decision', {
    ids: { operation_id },
    body: { decision: 'accept', reason: 'too late' },
  });
  assert.equal(late.status, 409, late.text);
});
