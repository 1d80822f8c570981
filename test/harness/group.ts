/** Test files that share a process: each is a suite, so that its hooks are those of its own tests. */
import { describe } from 'node:test';
import { pathToFileURL } from 'node:url';

/** Adds the tests of the files, which are run one file after the other. A suite is called as its file is, by which run.ts knows it again. */
export function addFiles(files: readonly string[]): void {
  const waiting: (() => void)[] = [];
  let isLoading = false;
  for (const file of files) {
    describe(file, async () => {
      // One at a time, in the context of its suite, to which a promise made elsewhere does not lead back: tests belong to the suite in which they
      // are made, and what two files import must not load for both at once.
      if (isLoading) await new Promise<void>((resolve) => waiting.push(resolve));
      isLoading = true;
      try {
        await import(pathToFileURL(file).href);
      } finally {
        isLoading = false;
        waiting.shift()?.();
      }
    });
  }
}
