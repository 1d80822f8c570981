/** Pages that are written from the code: looked at by `npm run check`, and written anew with `--write`. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const docs = join(import.meta.dirname, '..', '..', 'docs');

/** True when the page of docs/ is `wanted`; with `write` it is made so. */
export async function pageIsFresh({
  page,
  wanted,
  write,
}: {
  readonly page: string;
  readonly wanted: string;
  readonly write: boolean;
}): Promise<boolean> {
  const path = join(docs, page);
  if (write) await writeFile(path, wanted);
  return (await readFile(path, 'utf8').catch(() => '')) === wanted;
}
