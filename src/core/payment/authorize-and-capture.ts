/** Preauthorization and capture in one request: two operations, each with its own outcome; the second begins when the first has succeeded. */
import { stateShown } from '../risk/review.ts';
import { authorize } from './authorize.ts';
import type { AuthorizeCommand } from './authorize-command.ts';
import { captureHeld } from './capture.ts';
import type { ActResult, Engine } from './engine.ts';

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
