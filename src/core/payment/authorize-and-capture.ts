/** Preauthorization and capture in one request: two operations, each with its own outcome; the second begins when the first has succeeded. */
import { stateShown } from '../risk/review.ts';
import { authorize } from './authorize.ts';
import type { AuthorizeCommand } from './authorize-command.ts';
import { capture, partOf } from './capture.ts';
import type { ActResult, Engine } from './engine.ts';
import type { OperationView } from './operation.ts';

/**
 * The result is the last part that was reached: the preauthorization unless it was approved, else the capture. The idempotency key covers
 * both: a repeat captures what an earlier request held and, because its process ended, did not capture.
 */
export async function authorizeAndCapture(
  engine: Engine,
  command: AuthorizeCommand,
  captured: Pick<AuthorizeCommand, 'dialectData'>,
): Promise<ActResult> {
  const held = await authorize(engine, { ...command, kind: 'preauthorization', thenCapture: true, captureData: captured.dialectData });
  if (held.kind === 'refused' || stateShown(held.operation) !== 'approved') return held;
  const { operation, repeat } = held;
  return { kind: 'recorded', operation: await captureHeld(engine, operation, { ...captured, channel: command.channel }), repeat };
}

/** Captures all of what was held, once; answers with the capture, or with the hold where only that stands. */
export async function captureHeld(
  engine: Engine,
  held: OperationView,
  { channel, dialectData }: Pick<AuthorizeCommand, 'channel' | 'dialectData'>,
): Promise<OperationView> {
  const before = await captureOf(engine, held);
  if (before !== undefined) return before;
  const { operationId, amount, currency, merchantReference } = held;
  const taken = await capture(engine, {
    ...{ channel, operationId, amount, currency, dialectData: { ...dialectData, ...partOf(held) } },
    ...(merchantReference === undefined ? {} : { merchantReference }),
  });
  if (taken.kind === 'recorded') return taken.operation;
  // Another repeat of the same request was faster, or the merchant has called the payment off; or the database has gone, and only the hold stands.
  return (await captureOf(engine, held).catch(() => undefined)) ?? held;
}

async function captureOf(engine: Engine, { merchantId, operationId }: OperationView): Promise<OperationView | undefined> {
  const tree = await engine.store.findTree({ merchantId, operationId });
  return tree?.operations.find(({ kind }) => kind === 'capture');
}
