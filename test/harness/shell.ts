/** A shell in which `polygate` and `npx polygate` are at hand, for commands of written pages. */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const root = join(import.meta.dirname, '..', '..');

/** Writes the commands into a folder of `folder`, and returns the environment in which they are found. */
export function shellEnvironment(folder: string, more: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const bin = join(folder, 'bin');
  mkdirSync(bin, { recursive: true });
  write(join(bin, 'polygate'), `exec '${process.execPath}' '${join(root, 'bin', 'polygate.js')}' "$@"`);
  // What npx does in a folder where the package is installed.
  write(join(bin, 'npx'), '[ "$1" = polygate ] || { echo "only polygate is known here" >&2; exit 1; }\nshift\nexec polygate "$@"');
  const { NODE_TEST_CONTEXT: _context, NODE_ENV: _environment, ...inherited } = process.env;
  return { ...inherited, ...more, PATH: `${bin}:${dirname(process.execPath)}:${process.env.PATH ?? ''}` };
}

function write(path: string, content: string): void {
  writeFileSync(path, `#!/bin/sh\n${content}\n`);
  chmodSync(path, 0o755);
}
