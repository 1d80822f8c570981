/** The whole product as a user starts it: the launcher, which starts the gateway, which starts PostgreSQL and the sandbox. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { settings } from '../src/config-table.ts';
import { resetDataDirectory } from '../src/local/data-directory.ts';
import { settlesWithin } from '../src/local/patience.ts';
import { readPostmaster } from '../src/local/postmaster.ts';
import { childrenOf, commandLineOf } from './usage.ts';

export interface Stack {
  /** Of the gateway. */
  readonly port: number;
  readonly databaseUrl: string;
  /** When the launcher was spawned, on the clock of `performance.now()`. */
  readonly spawnedAtMs: number;
  /** 0 where the system does not tell which process is which. */
  readonly pids: { readonly gateway: number; readonly host: number; readonly postgres: number };
  /** The folder of the database, for those who want to know what it lies on. */
  readonly databaseDirectory: string;
  /** Aborted when it ends without having been asked to; the reason says what it said last. */
  readonly ended: AbortSignal;
  /** Ends everything and removes its data. */
  readonly stop: () => Promise<void>;
}

export interface StackOptions {
  /** Where the gateway's CPU profile is written; none without it. */
  readonly profileDirectory?: string;
  /** Settings beside those of a bench. */
  readonly env?: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

const root = join(import.meta.dirname, '..');
const startPatienceMs = 120_000;
const stopPatienceMs = 90_000;

/** Starts everything on an empty temporary data folder and free ports. Throws with what it said when it does not come up. */
export async function startStack({ profileDirectory, env = {}, signal }: StackOptions): Promise<Stack> {
  signal.throwIfAborted();
  const dataDirectory = await mkdtemp(join(tmpdir(), 'polygate-bench-'));
  const spawnedAtMs = performance.now();
  const started = launch({ dataDirectory, profileDirectory, env });
  const ended = new AbortController();
  started.child.once('exit', (code, by) => {
    const said = started.output.slice(-20).join('\n');
    ended.abort(new Error(`Polygate ended by itself or by somebody else (${code ?? by}) during the run. It said:\n${said}`));
  });
  const stop = async (): Promise<void> => {
    await end(started.child);
    await resetDataDirectory({ directory: dataDirectory, log: () => undefined });
    await rm(dataDirectory, { recursive: true, force: true });
  };
  try {
    const port = await listeningPort(started, signal);
    const gateway = profileDirectory === undefined ? gatewayOf(started.child.pid ?? 0) : (started.child.pid ?? 0);
    const data = join(dataDirectory, 'postgres', 'data');
    const postmaster = await readPostmaster(data);
    if (postmaster === undefined) throw new Error(`the embedded PostgreSQL left no postmaster.pid in ${data}`);
    const password = (await readFile(join(dataDirectory, 'postgres', 'password'), 'utf8')).trim();
    const host = childrenOf(gateway).find(({ pid }) => /sandbox[/\\]main\.[jt]s/.test(commandLineOf(pid)))?.pid ?? 0;
    return {
      port,
      // As the gateway itself connects: over the socket in the data folder where there is one.
      databaseUrl: `postgres://polygate:${password}@127.0.0.1:${postmaster.port}/polygate${
        existsSync(join(data, `.s.PGSQL.${postmaster.port}`)) ? `?${new URLSearchParams({ host: await realpath(data) })}` : ''
      }`,
      spawnedAtMs,
      pids: { gateway, host, postgres: postmaster.pid },
      databaseDirectory: data,
      ended: ended.signal,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

interface Started {
  readonly child: ChildProcess;
  readonly output: readonly string[];
}

/** With a profile the gateway is started without the launcher, which would be profiled as well, but with the flags that the launcher gave us. */
function launch({
  dataDirectory,
  profileDirectory,
  env,
}: {
  readonly dataDirectory: string;
  readonly profileDirectory: string | undefined;
  readonly env: Readonly<Record<string, string>>;
}): Started {
  const ports = {
    PORT: '0',
    EMBEDDED_POSTGRES_PORT: '0',
    SANDBOX_ACQUIRER_PORT: '0',
    SANDBOX_HTTP_PORT: '0',
    SANDBOX_SMTP_PORT: '0',
    SANDBOX_SHOP_PORT: '0',
  };
  const entry =
    profileDirectory === undefined
      ? [join(root, 'bin', 'polygate.js'), 'start']
      : [...process.execArgv, '--cpu-prof', `--cpu-prof-dir=${profileDirectory}`, join(root, 'src', 'main.ts'), 'start'];
  const child = spawn(process.execPath, entry, {
    cwd: dataDirectory,
    env: { ...environmentWithoutSettings(), ...ports, DATA_DIRECTORY: dataDirectory, LOG_LEVEL: 'warn', REQUESTS_PER_MINUTE: '0', ...env },
    // A session of its own keeps a terminal's Ctrl-C away, so that everything is stopped in order.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      if (output.push(line) > 200) output.shift();
    });
  }
  child.stderr.on('data', (chunk: Buffer) => process.stderr.write(chunk));
  return { child, output };
}

/** What is set in the shell that starts the bench must not change what is measured. */
export function environmentWithoutSettings(): NodeJS.ProcessEnv {
  const names = new Set(Object.values(settings).map(({ name }): string => name));
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !names.has(name) && name !== 'NODE_ENV'));
}

async function listeningPort({ child, output }: Started, signal: AbortSignal): Promise<number> {
  const deadline = performance.now() + startPatienceMs;
  for (;;) {
    signal.throwIfAborted();
    for (const line of output) {
      const found = /^The gateway listens on .*:(\d+)\.$/.exec(line);
      if (found !== null) return Number(found[1]);
    }
    if (child.exitCode !== null || child.signalCode !== null || performance.now() > deadline) {
      throw new Error(`Polygate did not start (it ended with ${child.exitCode ?? child.signalCode}). It said:\n${output.join('\n')}`);
    }
    await delay(2);
  }
}

/** The launcher's only child. */
function gatewayOf(launcher: number): number {
  return childrenOf(launcher)[0]?.pid ?? 0;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  if (await settlesWithin({ promise: exited, patienceMs: stopPatienceMs })) return;
  process.stderr.write(`Polygate did not stop within ${stopPatienceMs / 1000} seconds and is killed.\n`);
  child.kill('SIGKILL');
  await exited;
}
