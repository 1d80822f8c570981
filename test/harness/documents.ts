/**
 * Commands in written pages: the `sh` blocks of README.md and docs/, the output that the block behind each one promises, and which test runs
 * those that cannot be pasted into a shell beside a running sandbox.
 */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Command {
  readonly page: string;
  /** Line of the page at which it begins, counted from 1. */
  readonly line: number;
  readonly script: string;
  /** Pieces of the output, in this order; empty where the page promises nothing. */
  readonly promised: readonly string[];
}

/** Everything that is not named in `runElsewhere` is run by documents.test.ts. */
export interface RunElsewhere {
  readonly page: string;
  /** The first line of the block. */
  readonly first: string;
  /** `file.test.ts: name of the test`, or a script of continuous integration that has the line. */
  readonly by: string;
}

const checkout = 'packaging.test.ts: a fresh checkout is installed, started, paid at and stopped by the first command of the README';
const packed = 'packaging.test.ts: the package works in an empty folder';
const setUp = 'operating.test.ts: a database with three logins is set up, migrated, given a merchant, and started on in live mode';
const dumped = 'operating.test.ts: what pg_dump has saved is restored on another server, and payments go on there';
const copied = 'operating.test.ts: a base backup is a database that a server starts on';
const measured = 'measured.test.ts: bench and drill run as the README says';

/** Blocks that install, start, pack or measure the product itself, or that need a PostgreSQL of their own. */
export const runElsewhere: readonly RunElsewhere[] = [
  { page: 'README.md', first: 'npm ci && npm start', by: checkout },
  { page: 'README.md', first: 'npm ci && npm test', by: '.ci/run' },
  { page: 'README.md', first: 'npm run bench -- --seconds 2 --warmup 1 --scenario sale --no-report', by: measured },
  { page: 'docs/operating.md', first: 'npm run build && npm pack', by: packed },
  { page: 'docs/operating.md', first: 'npm install ./polygate-*.tgz', by: packed },
  { page: 'docs/operating.md', first: 'psql "$ADMIN_URL" \\', by: setUp },
  {
    page: 'docs/operating.md',
    first: 'export DATABASE_URL=postgres://polygate_gateway:gateway-secret@db.example:5432/polygate',
    by: setUp,
  },
  {
    page: 'docs/operating.md',
    first: 'npx polygate account create --mode live --id acme --mid ACME00000000001 --mcc 5812 --terminals ACME0001,ACME0002',
    by: setUp,
  },
  { page: 'docs/operating.md', first: 'npx polygate start --mode live', by: setUp },
  {
    page: 'docs/operating.md',
    first: 'pg_basebackup --dbname="$DATABASE_URL" --pgdata=base --checkpoint=fast --wal-method=stream',
    by: copied,
  },
  { page: 'docs/operating.md', first: 'pg_dump "$DATABASE_URL" --format=custom --no-unlogged-table-data --file=polygate.dump', by: dumped },
  { page: 'docs/operating.md', first: 'pg_restore --dbname="$NEW_URL" --no-owner --exit-on-error polygate.dump', by: dumped },
  { page: 'docs/operating.md', first: 'psql "$NEW_URL" \\', by: dumped },
];

const root = join(import.meta.dirname, '..', '..');
/** A fenced block, also one inside a list. */
const block = /^( *)```(\w*)\n([\s\S]*?)^\1```$/gm;

/** README.md and docs/, from the root of the repository. */
export const pages: readonly string[] = ['README.md', ...globSync('docs/**/*.md', { cwd: root }).sort()];

export function readPage(page: string): string {
  return readFileSync(join(root, page), 'utf8');
}

/** All commands of a page, in its order. */
export function commandsOf({ page, text }: { readonly page: string; readonly text: string }): readonly Command[] {
  const blocks = [...text.matchAll(block)].map(({ 1: indent = '', 2: kind = '', 3: content = '', index }) => {
    return { kind, content: content.replaceAll(new RegExp(`^${indent}`, 'gm'), ''), index };
  });
  return blocks.flatMap(({ kind, content, index }, position) => {
    if (kind !== 'sh') return [];
    const next = blocks[position + 1];
    const promised = next?.kind === 'text' ? next.content.split('\n').filter((line) => line !== '') : [];
    return [{ page, line: text.slice(0, index).split('\n').length, script: content, promised }];
  });
}

const command = /^(\$ |npm |npx |node |polygate |curl |psql |pg_\w+ |docker )/m;

/** Commands in blocks of a kind that no test would find. */
export function otherShells({ page, text }: { readonly page: string; readonly text: string }): readonly string[] {
  return [...text.matchAll(block)]
    .filter(({ 2: kind = '', 3: content = '' }) => /^(bash|shell|console|zsh)$/.test(kind) || (kind === '' && command.test(content)))
    .map(({ index }) => `${page}:${text.slice(0, index).split('\n').length}: write commands as \`sh\`, so that a test runs them`);
}

export function isRunElsewhere({ page, script }: Command): boolean {
  return runElsewhere.some((row) => row.page === page && row.first === firstLine(script));
}

/** The script of a block that the register names; throws when the page has no such block. */
export function scriptOf({ page, first }: { readonly page: string; readonly first: string }): string {
  const found = commandsOf({ page, text: readPage(page) }).find(({ script }) => firstLine(script) === first);
  if (found === undefined) throw new Error(`${page} has no block that begins with: ${first}`);
  return found.script;
}

/** Rows of the register, and tests that the threat model names, that were not seen to pass, as messages. */
export function notRun(passed: ReadonlySet<string>): readonly string[] {
  const blocks = runElsewhere.filter(({ by }) => by.includes('.test.ts: ') && !passed.has(by));
  return [
    ...blocks.map(({ page, first, by }) => `${page}: no test "${by}" has passed, which runs: ${first}`),
    ...testsNamedIn('docs/security.md').flatMap((name) => (passed.has(name) ? [] : [`docs/security.md: no test "${name}" has passed`])),
  ];
}

/** The tests that a page calls its witnesses, as `file.test.ts: name of the test`. */
export function testsNamedIn(page: string): readonly string[] {
  return [...readPage(page).matchAll(/`([\w.-]+\.test\.ts: [^`]+)`/g)].map(([, name = '']) => name);
}

function firstLine(script: string): string {
  return script.split('\n', 1)[0] ?? '';
}
