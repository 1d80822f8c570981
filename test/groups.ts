/**
 * Which test files share a process. A process of their own costs most files more than their tests do: it loads the gateway, and runs it as code
 * that nothing has optimized yet. Files of one area come one after the other in one process; each still has its own stack and its own database.
 */
import { writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** `entry`: what a process is started with. */
export interface Group {
  readonly entry: string;
  readonly files: readonly string[];
}

/** They wait more than they work, for minutes: first, beside all the others. */
const longest: readonly string[] = ['measured', 'outage', 'packaging', 'unknown'];

/** What takes many processes or all that one has, or does something to its process that others would feel: last, when the groups are done. */
const alone: readonly string[] = [
  'interleavings',
  'clock-jump',
  'full-disk',
  'operating',
  'documents',
  'failures',
  'rolling',
  'launcher',
  'live',
  'log',
  'metrics',
  'migrate',
  'observability',
  'postgres',
  'slow-clients',
];

/** Enough for most of the saving, and few enough that no process is the last one for long. */
const filesAtMost = 24;

/** Groups of files, between the files that run by themselves. The entries of groups are written into `folder`. */
export function groupsOf({ files, folder }: { readonly files: readonly string[]; readonly folder: string }): readonly Group[] {
  const single = (names: readonly string[]) =>
    names.flatMap((name) => files.filter((file) => nameOf(file) === name)).map((file) => ({ entry: file, files: [file] }));
  const shared = files.filter((file) => ![...longest, ...alone].includes(nameOf(file)));
  const count = Math.ceil(shared.length / filesAtMost);
  const size = Math.ceil(shared.length / count);
  const groups = Array.from({ length: count }, (_, index) => shared.slice(index * size, (index + 1) * size));
  const together = groups.map((group, index) => ({
    entry: writeEntry({ group, path: join(folder, `group-${index + 1}.mjs`) }),
    files: group,
  }));
  return [...single(longest), ...together, ...single(alone)];
}

function nameOf(file: string): string {
  return basename(file, '.test.ts');
}

function writeEntry({ group, path }: { readonly group: readonly string[]; readonly path: string }): string {
  const { href } = pathToFileURL(join(import.meta.dirname, 'harness', 'group.ts'));
  writeFileSync(path, `import { addFiles } from ${JSON.stringify(href)};\naddFiles(${JSON.stringify(group)});\n`);
  return path;
}
