/** The simulators as a child process: started, watched, started again when they die, stopped with the gateway. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { extname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { settlesWithin } from './patience.ts';

export type SandboxOptions = {
  /** Loopback ports; 0 chooses a free one, which a restart keeps. */
  readonly acquirerPort: number;
  readonly httpPort: number;
  /** Any free one when not given. */
  readonly smtpPort?: number;
  readonly dataDirectory: string;
  readonly log: (message: string) => void;
};

export type Sandbox = {
  readonly acquirerPort: number;
  readonly httpPort: number;
  readonly smtpPort: number;
  readonly pid: number;
  readonly stop: () => Promise<void>;
};

type Ports = { readonly acquirerPort: number; readonly httpPort: number; readonly smtpPort: number };
type Child = { readonly process: ChildProcess; readonly ports: Ports; readonly exited: Promise<void> };

const startPatienceMs = 30_000;
const stopPatienceMs = 10_000;

/** sandbox/main.ts in the source tree, dist/sandbox/main.js after a build. */
const entry = join(import.meta.dirname, '..', '..', 'sandbox', `main${extname(import.meta.filename)}`);

/** False in an installation without the simulators. */
export function hasSandbox(): boolean {
  return existsSync(entry);
}

/** Starts the simulators and waits until they answer. Throws with what they said when they do not. */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const { log } = options;
  const stopped = new AbortController();
  let child = await launch(options);
  const { ports } = child;
  const watch = async (): Promise<void> => {
    while (!stopped.signal.aborted) {
      await child.exited;
      if (stopped.signal.aborted) return;
      log(`The sandbox (process ${child.process.pid}) ended unexpectedly; starting it again.`);
      child = (await relaunch({ ...options, ...ports }, stopped.signal)) ?? child;
    }
    end(child);
    await child.exited;
  };
  const watching = watch();
  return {
    ...ports,
    get pid() {
      return child.process.pid ?? 0;
    },
    async stop() {
      stopped.abort();
      end(child);
      if (await settlesWithin({ promise: watching, patienceMs: stopPatienceMs })) return;
      log(`The sandbox did not stop within ${stopPatienceMs / 1000} seconds and is killed.`);
      child.process.kill('SIGKILL');
      await watching;
    },
  };
}

/** Tries until it succeeds, waiting longer each time; undefined when the signal ended the attempts. */
async function relaunch(options: SandboxOptions, signal: AbortSignal): Promise<Child | undefined> {
  for (let backoffMs = 200; !signal.aborted; backoffMs = Math.min(backoffMs * 2, 10_000)) {
    await delay(backoffMs, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) break;
    try {
      const child = await launch(options);
      options.log(`The sandbox is back (process ${child.process.pid}).`);
      return child;
    } catch (error) {
      options.log(error instanceof Error ? error.message : String(error));
    }
  }
  return undefined;
}

function end(child: Child): void {
  child.process.stdin?.end();
  child.process.kill('SIGTERM');
}

/**
 * A session of its own keeps a terminal's Ctrl-C away, so that the gateway can still ask its acquirer while it drains. With `--with-parent`
 * the child ends when its standard input does, which is when this process is gone.
 */
async function launch({ acquirerPort, httpPort, smtpPort = 0, dataDirectory, log }: SandboxOptions): Promise<Child> {
  const ports = ['--acquirer-port', String(acquirerPort), '--http-port', String(httpPort), '--smtp-port', String(smtpPort)];
  const child = spawn(process.execPath, [entry, ...ports, '--data-directory', dataDirectory, '--with-parent'], {
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  // A broken pipe only says that the child is gone, which its exit says as well.
  child.stdin.on('error', () => undefined);
  const said: string[] = [];
  createInterface({ input: child.stderr }).on('line', (line) => {
    if (said.push(line) > 20) said.shift();
    log(`sandbox: ${line}`);
  });
  const exited = once(child, 'exit').then(
    () => undefined,
    () => undefined,
  );
  const ready = Promise.withResolvers<Ports>();
  createInterface({ input: child.stdout }).on('line', (line) => {
    const found = readReady(line);
    if (found === undefined) log(`sandbox: ${line}`);
    else ready.resolve(found);
  });
  if (await settlesWithin({ promise: Promise.race([ready.promise, exited]), patienceMs: startPatienceMs })) {
    const found = await Promise.race([ready.promise, exited]);
    if (found !== undefined) return { process: child, ports: found, exited };
  }
  child.kill('SIGKILL');
  const reason = child.exitCode === null ? `it was not ready within ${startPatienceMs / 1000} seconds` : `it ended with ${child.exitCode}`;
  throw new Error([`The sandbox did not start: ${reason}.`, ...said].join('\n'));
}

/** The line of JSON that says that the simulators answer, and where. */
function readReady(line: string): Ports | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value !== 'object' || value === null || !('ready' in value) || value.ready !== true) return undefined;
    if (!('acquirerPort' in value) || typeof value.acquirerPort !== 'number') return undefined;
    if (!('httpPort' in value) || typeof value.httpPort !== 'number') return undefined;
    if (!('smtpPort' in value) || typeof value.smtpPort !== 'number') return undefined;
    return { acquirerPort: value.acquirerPort, httpPort: value.httpPort, smtpPort: value.smtpPort };
  } catch {
    return undefined;
  }
}
