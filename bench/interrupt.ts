/** Ctrl-C, SIGTERM and SIGHUP as an AbortSignal, so that what was started can be ended in order. */

/** The reason of the signal. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

/** One Ctrl-C may arrive several times: from the terminal, and forwarded by npm and by the launcher. */
const sameSignalMs = 500;

/** A second interruption, well after the first, ends the process at once. */
export function onInterrupt(): AbortController {
  const controller = new AbortController();
  let firstAtMs: number | undefined;
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      if (firstAtMs === undefined) {
        firstAtMs = performance.now();
        controller.abort(new Interrupted(`stopped by ${name}`));
      } else if (performance.now() - firstAtMs > sameSignalMs) {
        process.exit(130);
      }
    });
  }
  return controller;
}
