/** A process that is started again whenever it ends, as a service manager would: at once when it had been up, else after a short pause. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { settlesWithin } from '../../src/local/patience.ts';

export interface Supervised {
  /** Resolves when it is up for the first time; rejects when it does not come up. */
  readonly ready: Promise<void>;
  /** Undefined while it is down. */
  readonly pid: () => number | undefined;
  /** Asks it to stop; resolves when the next one is up. */
  readonly restart: () => Promise<void>;
  /** Asks it to stop, and does not start it again; kills it after 30 s, and says so by `false`. */
  readonly stop: () => Promise<boolean>;
}

export interface SupervisedOptions {
  readonly name: string;
  /** Arguments of this Node. */
  readonly args: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
  readonly directory: string;
  /** Everything it says is added to this file, with a line for each start and end. */
  readonly logFile: string;
  /** The line of its output that says that it is up. */
  readonly readyLine: RegExp;
}

const firstPauseMs = 100;
const longestPauseMs = 1_000;
const startsInVainAtMost = 120;
const stopPatienceMs = 30_000;

export function supervise(options: SupervisedOptions): Supervised {
  const log = createWriteStream(options.logFile, { flags: 'a' });
  const ready = Promise.withResolvers<void>();
  // Whoever stops it before it is up does not wait for it any more.
  ready.promise.catch(() => undefined);
  let child: ChildProcess | undefined;
  let stopping = false;
  let up = Promise.withResolvers<void>();
  const running = keepRunning();

  async function keepRunning(): Promise<void> {
    let pauseMs = firstPauseMs;
    for (let inVain = 0; !stopping; ) {
      const { wasUp, end } = await runOnce();
      log.write(`--- ${new Date().toISOString()} ${options.name} ended: ${end}\n`);
      inVain = wasUp ? 0 : inVain + 1;
      if (inVain > startsInVainAtMost) ready.reject(new Error(`${options.name} does not start; ${options.logFile} says why`));
      pauseMs = wasUp ? firstPauseMs : Math.min(pauseMs * 2, longestPauseMs);
      if (!wasUp && !stopping) await delay(pauseMs);
    }
    log.end();
  }

  async function runOnce(): Promise<{ readonly wasUp: boolean; readonly end: string }> {
    // Standard input and descriptor 3 are pipes that close with this process: its children end with it, however it ends.
    const started = spawn(process.execPath, options.args, {
      cwd: options.directory,
      env: { ...options.environment, POLYGATE_PARENT_FD: '3' },
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
    });
    child = started;
    let wasUp = false;
    log.write(`--- ${new Date().toISOString()} ${options.name} started: process ${started.pid}\n`);
    started.stdin?.on('error', () => undefined);
    started.stdio[3]?.on('error', () => undefined);
    for (const stream of [started.stdout, started.stderr]) {
      if (stream === null) continue;
      createInterface({ input: stream }).on('line', (line) => {
        log.write(`${line}\n`);
        if (!options.readyLine.test(line)) return;
        wasUp = true;
        ready.resolve();
        up.resolve();
      });
    }
    const [code, signal] = await once(started, 'exit');
    child = undefined;
    return { wasUp, end: String(signal ?? code) };
  }

  return {
    ready: ready.promise,
    pid: () => child?.pid,
    async restart() {
      up = Promise.withResolvers<void>();
      child?.kill('SIGTERM');
      await up.promise;
    },
    async stop() {
      stopping = true;
      child?.kill('SIGTERM');
      if (await settlesWithin({ promise: running, patienceMs: stopPatienceMs })) return true;
      child?.kill('SIGKILL');
      await running;
      return false;
    },
  };
}
