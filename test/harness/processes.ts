/** Processes that a test starts: a line they print, their end, and waiting for a condition instead of for a time. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';

export type StartedProcess = {
  readonly child: ChildProcess;
  /** Everything written so far, both streams. */
  readonly output: () => string;
  /** Resolves with the first line (past or coming) that matches; rejects when the process ends without it. */
  readonly line: (pattern: RegExp) => Promise<string>;
  readonly ended: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
};

/** Starts a process; its standard input is a pipe that closes with the test. */
export function startProcess(
  command: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv; readonly detached?: boolean } = {},
): StartedProcess {
  const child = spawn(command, args, { ...options, stdio: ['pipe', 'pipe', 'pipe'] });
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream }).on('line', (line) => lines.push(line));
  const ended = once(child, 'close').then(() => ({ code: child.exitCode, signal: child.signalCode }));
  return {
    child,
    output: () => lines.join('\n'),
    ended,
    async line(pattern) {
      const find = (): string | undefined => lines.find((line) => pattern.test(line));
      let over = false;
      void ended.then(() => {
        over = true;
      });
      await eventually(() => find() !== undefined || over, `a line like ${pattern}`);
      const found = find();
      if (found === undefined) throw new Error(`The process ended without a line like ${pattern}. It said:\n${lines.join('\n')}`);
      return found;
    },
  };
}

/**
 * Waits until `condition` holds; fails with `what` after 30 seconds. It is asked more and more rarely, and never longer than it is left alone: other
 * tests need the machine.
 */
export async function eventually(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const startedMs = performance.now();
  for (;;) {
    const askedMs = performance.now();
    if (await condition()) return;
    const nowMs = performance.now();
    if (nowMs > startedMs + 30_000) throw new Error(`Waited 30 seconds in vain for ${what}.`);
    await delay(Math.max(20, nowMs - askedMs, Math.min((nowMs - startedMs) / 10, 250)));
  }
}

/** True while a process of this number exists. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
