/** A server of the sandbox as a child process: started, watched, started again when it dies, stopped with the gateway. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setPriority } from 'node:os';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { settlesWithin } from './patience.ts';

/** `Ready`: what the child says of itself when it answers, its ports above all. */
export type ChildOptions<Ready> = {
  /** As it is called in messages: "the sandbox". */
  readonly name: string;
  /** The script that it runs. */
  readonly entry: string;
  /** For a first start, and for one that is to be as the child was before. */
  readonly argumentsFor: (before: Ready | undefined) => readonly string[];
  /** Reads the line of JSON that says `ready`; undefined when something is missing. */
  readonly readReady: (line: Readonly<Record<string, unknown>>) => Ready | undefined;
  readonly log: (message: string) => void;
};

export type RunningChild<Ready> = {
  readonly ready: Ready;
  readonly pid: number;
  readonly stop: () => Promise<void>;
};

type Child<Ready> = { readonly process: ChildProcess; readonly ready: Ready; readonly exited: Promise<void> };

const startPatienceMs = 30_000;
const stopPatienceMs = 10_000;

/** Starts the child and waits until it is ready. Throws with what it said when it does not become it. */
export async function startChild<Ready>(options: ChildOptions<Ready>): Promise<RunningChild<Ready>> {
  const { log, name } = options;
  const stopped = new AbortController();
  let child = await launch(options, undefined);
  const { ready } = child;
  const watch = async (): Promise<void> => {
    while (!stopped.signal.aborted) {
      await child.exited;
      if (stopped.signal.aborted) return;
      log(`${sentence(name)} (process ${child.process.pid}) ended unexpectedly; starting it again.`);
      child = (await relaunch(options, ready, stopped.signal)) ?? child;
    }
    end(child);
    await child.exited;
  };
  const watching = watch();
  return {
    ready,
    get pid() {
      return child.process.pid ?? 0;
    },
    async stop() {
      stopped.abort();
      end(child);
      if (await settlesWithin({ promise: watching, patienceMs: stopPatienceMs })) return;
      log(`${sentence(name)} did not stop within ${stopPatienceMs / 1000} seconds and is killed.`);
      child.process.kill('SIGKILL');
      await watching;
    },
  };
}

function sentence(name: string): string {
  return `${name.slice(0, 1).toUpperCase()}${name.slice(1)}`;
}

/** Tries until it succeeds, waiting longer each time; undefined when the signal ended the attempts. */
async function relaunch<Ready>(options: ChildOptions<Ready>, before: Ready, signal: AbortSignal): Promise<Child<Ready> | undefined> {
  for (let backoffMs = 200; !signal.aborted; backoffMs = Math.min(backoffMs * 2, 10_000)) {
    await delay(backoffMs, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) break;
    try {
      const child = await launch(options, before);
      options.log(`${sentence(options.name)} is back (process ${child.process.pid}).`);
      return child;
    } catch (error) {
      options.log(error instanceof Error ? error.message : String(error));
    }
  }
  return undefined;
}

function end<Ready>(child: Child<Ready>): void {
  child.process.stdin?.end();
  child.process.kill('SIGTERM');
}

const niceness = 5;

/** What is simulated must not take the gateway's time where both want the same processor. */
function yieldToGateway({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) setPriority(pid, niceness);
  } catch {
    // Gone already, or a system without priorities: it works all the same.
  }
}

/**
 * A session of its own keeps a terminal's Ctrl-C away, so that the gateway can still ask its acquirer while it drains. With `--with-parent`
 * the child ends when its standard input does, which is when this process is gone.
 */
async function launch<Ready>(options: ChildOptions<Ready>, before: Ready | undefined): Promise<Child<Ready>> {
  const { name, entry, log } = options;
  const label = name.replace(/^the /, '');
  const child = spawn(process.execPath, [entry, ...options.argumentsFor(before), '--with-parent'], {
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  // A broken pipe only says that the child is gone, which its exit says as well.
  child.stdin.on('error', () => undefined);
  const said: string[] = [];
  createInterface({ input: child.stderr }).on('line', (line) => {
    if (said.push(line) > 20) said.shift();
    log(`${label}: ${line}`);
  });
  const exited = once(child, 'exit').then(
    () => undefined,
    () => undefined,
  );
  const ready = Promise.withResolvers<Ready>();
  createInterface({ input: child.stdout }).on('line', (line) => {
    const found = readyIn(options, line);
    if (found === undefined) log(`${label}: ${line}`);
    else ready.resolve(found);
  });
  if (await settlesWithin({ promise: Promise.race([ready.promise, exited]), patienceMs: startPatienceMs })) {
    const found = await Promise.race([ready.promise, exited]);
    if (found !== undefined) {
      yieldToGateway(child);
      return { process: child, ready: found, exited };
    }
  }
  child.kill('SIGKILL');
  const reason = child.exitCode === null ? `it was not ready within ${startPatienceMs / 1000} seconds` : `it ended with ${child.exitCode}`;
  throw new Error([`${sentence(name)} did not start: ${reason}.`, ...said].join('\n'));
}

function readyIn<Ready>({ readReady }: ChildOptions<Ready>, line: string): Ready | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value !== 'object' || value === null || !('ready' in value) || value.ready !== true) return undefined;
    return readReady(value as unknown as Readonly<Record<string, unknown>>);
  } catch {
    return undefined;
  }
}
