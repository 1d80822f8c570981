/** One holder per folder: a lock that the operating system gives back when its holder dies, so that a stale one cannot exist. */
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { makeFolder } from '../config-folder.ts';

export type Lock = { readonly release: () => void };

/**
 * Takes the lock at `path` (a file that stays and is empty), waiting up to `waitMs` for another holder to let go; undefined when it did not.
 * Node has no flock: an exclusive SQLite transaction is the one file lock of the standard library that the kernel drops after a kill -9.
 */
export async function acquireLock({ path, waitMs }: { readonly path: string; readonly waitMs: number }): Promise<Lock | undefined> {
  await makeFolder(dirname(path));
  const deadline = performance.now() + waitMs;
  for (;;) {
    const lock = tryLock(path);
    if (lock !== undefined || performance.now() >= deadline) return lock;
    await delay(50);
  }
}

function tryLock(path: string): Lock | undefined {
  const database = new DatabaseSync(path, { timeout: 0 });
  try {
    // A journal on disk would stay behind after a kill -9, and nothing is ever written.
    database.exec('pragma journal_mode = memory; begin exclusive');
  } catch (error) {
    database.close();
    if (isBusy(error)) return undefined;
    throw new Error(`The lock file ${path} cannot be used (${describe(error)}). Delete it, and check that its folder can be written.`, {
      cause: error,
    });
  }
  return { release: () => (database.isOpen ? database.close() : undefined) };
}

/** SQLITE_BUSY is 5: https://www.sqlite.org/rescode.html#busy. */
function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === 5;
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
