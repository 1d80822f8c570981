/** Makes the folders that settings lead to. */
import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Makes a folder that only its owner may enter, with those above it; one that is there stays as it is. Node's own way of making those above asks for
 * ever where the system says that a folder is not there and cannot be made either, as under /proc.
 */
export async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    const { code } = error as { readonly code?: unknown };
    if (code === 'EEXIST' && (await stat(path)).isDirectory()) return;
    if (code !== 'ENOENT' || dirname(path) === path) throw error;
    await makeFolder(dirname(path));
    await mkdir(path, { mode: 0o700 }).catch(async (again: unknown) => {
      // Somebody else may make it at the same moment.
      if (!(await stat(path).catch(() => undefined))?.isDirectory()) throw again;
    });
  }
}
