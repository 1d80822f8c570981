/**
 * The time between recording an operation and sending it. Once others may resolve it, nobody may send it: they would undo, or give up, what
 * arrives at the acquirer only afterwards. A process can stand still for that long: a machine without memory, a slow vault.
 */

/** How long the resolution of an operation waits after the acquirer's own time-out, so that it never races the exchange itself. */
export const resolutionMarginMs = 8_000;

/** Half of the margin stays for what comes after the answer. */
const sendWithinMs = resolutionMarginMs / 2;

/** Whether it is too late to send an operation. `startedMs`: `performance.now()` just before it was recorded. */
export function isTooLateToSend(startedMs: number): boolean {
  return performance.now() - startedMs > sendWithinMs;
}
