/**
 * PostgreSQL refuses to run as root. Where Polygate runs as root, the server runs as an unprivileged user, with binaries and data in a
 * place that this user can reach (the project folder may be closed to all but root); `.polygate/postgres` is a symbolic link to that place.
 */
import { randomBytes } from 'node:crypto';
import {
  access,
  chmod,
  constants,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { copyBinaries, findBinaries, type PostgresBinaries, restoreLinks } from './postgres-binaries.ts';
import { isPostmasterRunning } from './postmaster.ts';

export type UnprivilegedUser = { readonly uid: number; readonly gid: number };

/** Where one server lives: `place` holds its data, password and log; `user` is set when it has to run as somebody else. */
export type PostgresHome = { readonly place: string; readonly binaries: PostgresBinaries; readonly user: UnprivilegedUser | undefined };

type Log = (message: string) => void;

/** How long a place whose link is gone is left alone: the folder with the link may only have been moved. */
const orphanAgeMs = 24 * 60 * 60 * 1000;

/** Finds or makes the home of the server that `directory` names. */
export async function findHome({ directory, log }: { readonly directory: string; readonly log: Log }): Promise<PostgresHome> {
  const installed = await findBinaries();
  if (process.getuid?.() !== 0) return ordinaryHome({ directory, installed });
  const base = await findBase();
  const binaries = await copyBinaries({ binaries: installed, base });
  const existing = await lstat(directory).catch(() => undefined);
  if (existing?.isDirectory()) {
    // An ordinary user made this one: its server goes on running as that user, who could reach it before.
    const owner = await stat(directory);
    if (owner.uid !== 0) return { place: directory, binaries, user: { uid: owner.uid, gid: owner.gid } };
    throw new Error(`${directory} is a folder of root's, which PostgreSQL cannot use. Move it away, then start again.`);
  }
  const user = await findUser();
  const place = (await reusePlace({ directory, log })) ?? (await makePlace({ directory, base }));
  await sweepOrphans({ base, directory, log });
  return { place, binaries, user };
}

async function ordinaryHome({
  directory,
  installed,
}: {
  readonly directory: string;
  readonly installed: PostgresBinaries;
}): Promise<PostgresHome> {
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await access(directory, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new Error(`${directory} cannot be written by this user. If it was made as root, run as root again or delete it there.`, {
      cause: error,
    });
  }
  const inPlace = await restoreLinks(installed.directory);
  // A node_modules that somebody else installed and that lacks the links cannot be mended by this user: a copy can.
  const binaries = inPlace ? installed : await copyBinaries({ binaries: installed, base: directory });
  return { place: directory, binaries, user: undefined };
}

/** A folder of root's that others can enter but not change; in /var/tmp anybody could have made one of that name. */
async function findBase(): Promise<string> {
  const candidates = ['/var/lib/polygate', '/var/tmp/polygate-root'];
  for (const candidate of candidates) {
    try {
      await mkdir(candidate, { recursive: true, mode: 0o755 });
      const found = await lstat(candidate);
      if (!found.isDirectory() || found.uid !== 0) continue;
      await chmod(candidate, 0o755);
      await access(candidate, constants.W_OK);
      if ((await stat(dirname(candidate))).mode & 0o001) return candidate;
    } catch {
      // Not writable, or not ours: the next place is tried, and after the last one the error below says what to do.
    }
  }
  throw new Error(
    `As root, PostgreSQL needs a folder that other users can reach, and neither ${candidates.join(' nor ')} can be used. Run Polygate as an ordinary user, or set DATABASE_URL.`,
  );
}

/** The numeric ids of `nobody`, or of another account without privileges; initdb insists on one that is listed. */
export async function findUser(): Promise<UnprivilegedUser> {
  const accounts = (await readFile('/etc/passwd', 'utf8').catch(() => '')).split('\n').map((line) => line.split(':'));
  for (const name of ['nobody', 'daemon']) {
    const account = accounts.find((fields) => fields[0] === name);
    const [uid, gid] = [Number(account?.[2]), Number(account?.[3])];
    // macOS writes nobody as -2, which the kernel takes as an unsigned number.
    if (Number.isInteger(uid) && uid !== 0 && Number.isInteger(gid)) return { uid: uid >>> 0, gid: gid >>> 0 };
  }
  throw new Error(
    'PostgreSQL does not run as root, and /etc/passwd lists no user `nobody`. Run Polygate as an ordinary user, or set DATABASE_URL.',
  );
}

/** The place that the link at `directory` points to, when it is there and belongs to this link. */
async function reusePlace({ directory, log }: { readonly directory: string; readonly log: Log }): Promise<string | undefined> {
  const place = await readlink(directory).catch(() => undefined);
  if (place === undefined) return undefined;
  const owner = await readOwner(place);
  if (owner === undefined) return undefined;
  if (owner !== directory && (await readlink(owner).catch(() => undefined)) === place) {
    log(`The database of ${owner} is not shared with its copy ${directory}: the copy starts with an empty one.`);
    return undefined;
  }
  await writeFile(ownerFile(place), directory, { mode: 0o600 });
  await utimes(ownerFile(place), new Date(), new Date());
  return place;
}

/** Makes an empty place. The link comes first, so that no sweep can take the place for an orphan. */
async function makePlace({ directory, base }: { readonly directory: string; readonly base: string }): Promise<string> {
  const place = join(base, `data-${randomBytes(8).toString('hex')}`);
  const unfinished = await mkdtemp(join(base, '.place-'));
  // The server's user passes through to its data, but can list nothing here.
  await chmod(unfinished, 0o711);
  await writeFile(ownerFile(unfinished), directory, { mode: 0o600 });
  const temporaryLink = `${directory}.${process.pid}`;
  await rm(temporaryLink, { force: true });
  await symlink(place, temporaryLink);
  await rename(temporaryLink, directory);
  await rename(unfinished, place);
  return place;
}

/** Removes places that nothing links to any more: at once where they were this directory's own, after a day where they were another's. */
async function sweepOrphans({
  base,
  directory,
  log,
}: {
  readonly base: string;
  readonly directory: string;
  readonly log: Log;
}): Promise<void> {
  for (const name of await readdir(base)) {
    const place = join(base, name);
    if (!/^data-[0-9a-f]+$/.test(name)) continue;
    const owner = await readOwner(place);
    if (owner === undefined || (await readlink(owner).catch(() => undefined)) === place) continue;
    const { mtimeMs } = await stat(ownerFile(place));
    if (owner !== directory && Date.now() - mtimeMs < orphanAgeMs) continue;
    if (await isPostmasterRunning(join(place, 'data'))) continue;
    await rm(place, { recursive: true, force: true });
    log(`Removed the database that ${owner} no longer links to.`);
  }
}

function ownerFile(place: string): string {
  return join(place, 'owner');
}

async function readOwner(place: string): Promise<string | undefined> {
  return readFile(ownerFile(place), 'utf8').catch(() => undefined);
}

/** Removes the place that the link at `directory` points to, when it belongs to this link; anything else is left alone. */
export async function removePlace({ directory, log }: { readonly directory: string; readonly log: Log }): Promise<void> {
  const place = await readlink(directory).catch(() => undefined);
  if (place === undefined || (await readOwner(place)) !== directory) return;
  await rm(place, { recursive: true, force: true });
  log(`Removed ${place}.`);
}
