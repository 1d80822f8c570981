/** The command line. */
import { createProgram } from './commands/program.ts';
import { ConfigError } from './config.ts';
import { maskCardNumbers } from './core/instrument/mask.ts';
import { exitWithParent } from './local/parent.ts';

exitWithParent();
// Whoever reads what is printed has seen enough, as in `polygate audit | head`.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});
try {
  const program = await createProgram(process.argv[2]);
  await program.parseAsync();
  // What a library left open must not keep a finished command alive.
  process.exit();
} catch (error) {
  process.stderr.write(maskCardNumbers(`polygate: ${explain(error)}\n`));
  process.exit(1);
}

/** The message alone where it was written for the user; with the stack where the fault is ours. */
function explain(error: unknown): string {
  if (error instanceof ConfigError) return error.message;
  if (!(error instanceof Error)) return String(error);
  const defect = [TypeError, ReferenceError, RangeError, SyntaxError].some((kind) => error instanceof kind);
  const cause = error.cause instanceof Error ? `\n(${reasonOf(error.cause)})` : '';
  return defect ? (error.stack ?? error.message) : `${error.message}${cause}`;
}

/** An error that stands for several, of each address that was tried, has no message of its own. */
function reasonOf(error: Error): string {
  return error instanceof AggregateError && error.message === ''
    ? error.errors.map((one) => (one as Error).message).join('; ')
    : error.message;
}
