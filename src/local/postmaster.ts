/** A PostgreSQL server as its data folder shows it: which process runs on it, and how to end one that was left behind. */
import { execFile } from 'node:child_process';
import { readFile, readlink, realpath, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';

/** What a running server writes about itself in postmaster.pid. */
export type Postmaster = { readonly pid: number; readonly port: number; readonly ready: boolean };

/** Reads postmaster.pid (its lines are listed in PostgreSQL's src/include/utils/pidfile.h); undefined when there is none. */
export async function readPostmaster(data: string): Promise<Postmaster | undefined> {
  const text = await readFile(join(data, 'postmaster.pid'), 'utf8').catch(() => '');
  const lines = text.split('\n').map((line) => line.trim());
  const pid = Number(lines[0]);
  if (!Number.isInteger(pid) || pid <= 0) return undefined;
  return { pid, port: Number(lines[3] ?? 0), ready: lines[7] === 'ready' };
}

/** True when a server process runs on this data folder. */
export async function isPostmasterRunning(data: string): Promise<boolean> {
  const postmaster = await readPostmaster(data);
  return postmaster !== undefined && (await runsOn(postmaster.pid, data));
}

/**
 * Ends the server that a killed gateway left on this data folder: fast shutdown, then immediate, then kill, each with its patience.
 * A pid file whose process is gone, or whose number another program has now, is removed: PostgreSQL would refuse to start over it.
 * The caller holds the folder's lock, so nobody starts a server meanwhile.
 */
export async function stopLeftover({ data, log }: { readonly data: string; readonly log: (message: string) => void }): Promise<void> {
  const postmaster = await readPostmaster(data);
  if (postmaster === undefined) return;
  if (await runsOn(postmaster.pid, data)) log(`Stopping the PostgreSQL (process ${postmaster.pid}) that an earlier run left behind.`);
  const steps = [
    { signal: 'SIGINT', patienceMs: 20_000 },
    { signal: 'SIGQUIT', patienceMs: 10_000 },
    { signal: 'SIGKILL', patienceMs: 5_000 },
  ] as const;
  for (const { signal, patienceMs } of steps) {
    if (!(await runsOn(postmaster.pid, data))) break;
    sendSignal(postmaster.pid, signal);
    await waitForEnd({ pid: postmaster.pid, data, patienceMs });
  }
  if (await runsOn(postmaster.pid, data)) {
    throw new Error(`The PostgreSQL process ${postmaster.pid} on ${data} cannot be stopped. End it by hand, then start again.`);
  }
  await rm(join(data, 'postmaster.pid'), { force: true });
}

async function waitForEnd({
  pid,
  data,
  patienceMs,
}: {
  readonly pid: number;
  readonly data: string;
  readonly patienceMs: number;
}): Promise<void> {
  const deadline = performance.now() + patienceMs;
  while (performance.now() < deadline && (await runsOn(pid, data))) await delay(20);
}

/** True when `pid` is alive and a server on `data`: numbers are used again, and another program must never be signaled. */
async function runsOn(pid: number, data: string): Promise<boolean> {
  if (!isAlive(pid)) return false;
  const folder = await realpath(data).catch(() => data);
  if (process.platform === 'linux') return (await readlink(`/proc/${pid}/cwd`).catch(() => '')) === folder;
  const { stdout } = await promisify(execFile)('/bin/ps', ['-o', 'command=', '-p', String(pid)]).catch(() => ({ stdout: '' }));
  return stdout.includes(data) || stdout.includes(folder);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended between the look and the signal.
  }
}
