/** Errors that nobody expected, as the log keeps them. */

/** With the place where it was thrown: it has to be found. */
export function traceOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? String(error)) : String(error);
}
