/** The folder with everything that a local run keeps: one run at a time, and only folders that Polygate made are ever emptied. */
import { access, constants, readdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { makeFolder } from '../config-folder.ts';
import { acquireLock, type Lock } from './lock.ts';
import { removePlace } from './postgres-user.ts';
import { stopLeftover } from './postmaster.ts';

type Log = (message: string) => void;

/** Its presence says that Polygate made the folder. */
const lockName = 'polygate.lock';
/** A run that was killed needs a moment to drain. */
const patienceMs = 20_000;

/** Makes the folder and takes it for this run. Throws when another run has it, or when it holds the files of something else. */
export async function claimDataDirectory({ directory, log }: { readonly directory: string; readonly log: Log }): Promise<Lock> {
  const unfit = (what: string) => (cause: unknown) => {
    throw new Error(`DATA_DIRECTORY ${directory} cannot be ${what}. Set it to a folder in which this user may write.`, { cause });
  };
  await makeFolder(directory).catch(unfit('made'));
  await access(directory, constants.R_OK | constants.W_OK | constants.X_OK).catch(unfit('written'));
  if (!(await isOurs(directory))) {
    throw new Error(`DATA_DIRECTORY ${directory} holds files of something else. Set it to a new or an empty folder.`);
  }
  const lock = await acquireLock({ path: join(directory, lockName), waitMs: 0 });
  if (lock !== undefined) return lock;
  log(`Another Polygate runs on ${directory}; waiting up to ${patienceMs / 1000} seconds for it to end ...`);
  return lockDirectory({ directory, waitMs: patienceMs });
}

/** Empties the folder, with the database that it links to. Throws when something runs on it. Tells `log` what was removed. */
export async function resetDataDirectory({ directory, log }: { readonly directory: string; readonly log: Log }): Promise<void> {
  const entries = await readdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw new Error(`DATA_DIRECTORY ${directory} cannot be read; nothing was removed.`, { cause: error });
  });
  if (entries === undefined) return log(`There is nothing to remove: ${directory} does not exist.`);
  if (!(await isOurs(directory)))
    throw new Error(`DATA_DIRECTORY ${directory} was not made by Polygate; nothing was removed. Delete it by hand.`);
  const locks = [await lockDirectory({ directory, waitMs: 3000 })];
  try {
    const database = join(directory, 'postgres');
    locks.push(await lockDatabase(database));
    await stopLeftover({ data: join(database, 'data'), log });
    await removePlace({ directory: database, log });
    for (const name of entries.sort()) {
      // The locks are empty files, and deleting one that is held would let a second run in.
      if (name.endsWith('.lock')) continue;
      await rm(join(directory, name), { recursive: true, force: true });
      log(`Removed ${join(directory, name)}.`);
    }
  } finally {
    for (const lock of locks) lock.release();
  }
}

async function isOurs(directory: string): Promise<boolean> {
  const entries = await readdir(directory);
  return entries.length === 0 || entries.includes(lockName) || basename(directory) === '.polygate';
}

async function lockDirectory({ directory, waitMs }: { readonly directory: string; readonly waitMs: number }): Promise<Lock> {
  const lock = await acquireLock({ path: join(directory, lockName), waitMs });
  if (lock !== undefined) return lock;
  throw new Error(`Another Polygate runs on ${directory}. Stop it first, or set DATA_DIRECTORY to another folder.`);
}

async function lockDatabase(directory: string): Promise<Lock> {
  const lock = await acquireLock({ path: `${directory}.lock`, waitMs: 3000 });
  if (lock !== undefined) return lock;
  throw new Error(`Another process uses the database in ${directory}. Stop it first.`);
}
