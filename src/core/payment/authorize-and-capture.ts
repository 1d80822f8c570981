/** Preauthorization and capture in one request: two operations, each with its own outcome; the second begins when the first has succeeded. */
import { type AuthorizeCommand, authorize } from './authorize.ts';
import { capture } from './capture.ts';
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
  if (held.kind === 'refused' || held.operation.state !== 'approved') return held;
  const { operation, repeat } = held;
  const before = repeat ? await captureOf(engine, operation) : undefined;
  if (before !== undefined) return { kind: 'recorded', operation: before, repeat };
  const { channel, merchantReference } = command;
  const { operationId, amount, currency } = operation;
  const taken = await capture(engine, {
    ...{ channel, operationId, amount, currency, dialectData: captured.dialectData },
    ...(merchantReference === undefined ? {} : { merchantReference }),
  });
  if (taken.kind === 'recorded') return { ...taken, repeat };
  // Another repeat of the same request was faster, or the merchant has called the payment off; or the database has gone, and only the hold stands.
  return { kind: 'recorded', operation: (await captureOf(engine, operation).catch(() => undefined)) ?? operation, repeat };
}

async function captureOf(engine: Engine, { merchantId, operationId }: OperationView): Promise<OperationView | undefined> {
  const tree = await engine.store.findTree({ merchantId, operationId });
  return tree?.operations.find(({ kind }) => kind === 'capture');
}
