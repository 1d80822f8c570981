/** The load process as the bench sees it: started with a plan, framed by two moments, ended with a result. */
import { fork } from 'node:child_process';
import { join } from 'node:path';
import type { LoadMessage, LoadPlan, LoadResult } from './load-plan.ts';

export interface LoadRun {
  readonly plan: LoadPlan;
  readonly signal: AbortSignal;
  /** Called when the measured time begins, and when it ends, with the load's process id. */
  readonly onMeasuring: (pid: number) => void;
  readonly onMeasured: (pid: number) => void;
}

/** Runs the plan. Rejects when the load fails or the signal ends it. */
export async function runLoad({ plan, signal, onMeasuring, onMeasured }: LoadRun): Promise<LoadResult> {
  signal.throwIfAborted();
  // A group of its own keeps a terminal's Ctrl-C away: the bench ends it in its turn.
  const child = fork(join(import.meta.dirname, 'load.ts'), { detached: true, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const pid = child.pid ?? 0;
  const { promise, resolve, reject } = Promise.withResolvers<LoadResult>();
  const onAbort = (): void => reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  child.once('error', reject);
  child.once('exit', (code) => reject(new Error(`the load process ended with ${code} before it had a result`)));
  child.on('message', (message: LoadMessage) => {
    switch (message.phase) {
      case 'measuring':
        return onMeasuring(pid);
      case 'measured':
        return onMeasured(pid);
      case 'done':
        return resolve(message.result);
      case 'failed':
        return reject(new Error(`the load failed: ${message.reason}`));
    }
  });
  child.send(plan);
  try {
    return await promise;
  } finally {
    signal.removeEventListener('abort', onAbort);
    child.kill('SIGKILL');
  }
}
