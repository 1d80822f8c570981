/** Stories about what the merchant is told: everything, in order, whatever its endpoint answers, and nothing of anybody else's. */
import assert from 'node:assert/strict';
import { createHooks, type Hooks, hurryDeliveries } from '../harness/hooks.ts';
import { eventually } from '../harness/processes.ts';
import { expectOutcome, order, type Scene, stories } from './stories.ts';

const story = stories({}, { webhooks: true });

/** The handles that messages were about, in the order of their coming; those that were acknowledged only. */
async function toldHandles({ driver }: Scene, hooks: Hooks): Promise<readonly string[]> {
  const { name, read } = driver.webhooks ?? assert.fail(`${driver.dialect} has no reader of webhooks`);
  const taken = (await hooks.list(name)).filter(({ status }) => status < 300);
  return taken.flatMap((hook) => read(hook) ?? []);
}

/** Waits until all of these were told, letting what waits for its next try go at once; returns them without repetitions. */
async function allTold(scene: Scene, hooks: Hooks, handles: readonly string[]): Promise<readonly string[]> {
  let told: readonly string[] = [];
  const complete = async () => {
    await hurryDeliveries(scene.stack.database);
    told = (await toldHandles(scene, hooks)).filter((handle) => handles.includes(handle));
    return handles.every((handle) => told.includes(handle));
  };
  await eventually(complete, `messages about ${handles.join(', ')}`);
  return told.filter((handle, at) => told[at - 1] !== handle);
}

story('what happens to a payment is told in order, also to an endpoint that fails at first', ['webhooks'], async (scene) => {
  const { shop, stack, driver } = scene;
  const hooks = createHooks(stack.host.url);
  await hooks.order(driver.webhooks?.name ?? '', { status: 500, times: 3 });
  const held = expectOutcome(await shop.authorize(order()), 'approved');
  const captured = expectOutcome(await shop.capture(held, { amount: 60_00 }), 'approved');
  const refunded = expectOutcome(await shop.refund(captured, { amount: 10_00 }), 'approved');
  assert.deepEqual(await allTold(scene, hooks, [held, captured, refunded]), [held, captured, refunded]);
});

story('a decline is told as well', ['webhooks'], async (scene) => {
  const hooks = createHooks(scene.stack.host.url);
  const declined = expectOutcome(await scene.shop.debit(order({ card: { number: '4000000000000002', cvc: '123' } })), 'declined');
  assert.deepEqual(await allTold(scene, hooks, [declined]), [declined]);
});

story("another merchant's payments are not told here", ['webhooks'], async (scene) => {
  const hooks = createHooks(scene.stack.host.url);
  const theirs = expectOutcome(await scene.callerNamed('other').debit(order()), 'approved');
  // Events are taken in the order of their commits: when this one is told, the one before it was looked at.
  const ours = expectOutcome(await scene.shop.debit(order()), 'approved');
  await allTold(scene, hooks, [ours]);
  assert.ok(!(await toldHandles(scene, hooks)).includes(theirs));
});
