/**
 * `npm test`: the checks, then every test file against one PostgreSQL, five processes at a time, and a line with the count at the very end.
 * Arguments are the files to run, each in a process of its own; then the checks are left out.
 */
import { randomBytes } from 'node:crypto';
import { globSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { exitWithParent } from '../src/local/parent.ts';
import { runChecks } from './check.ts';
import { nameOf, readConformance, unproven } from './conformance.ts';
import { groupsOf } from './groups.ts';
import { dropDatabases, startTestPostgres } from './harness/database.ts';
import { notRun } from './harness/documents.ts';

type Count = { readonly passed: number; readonly failed: number };
/** `names`: of the tests that passed. */
type TestCount = Count & { readonly names: ReadonlySet<string> };

const root = join(import.meta.dirname, '..');
/** Files wait for the database and the network a third of their time; more than five at once starve each other on a small machine. */
const concurrency = Math.max(5, availableParallelism());
const isSoak = process.env.POLYGATE_SOAK === '1';
const processTimeoutMs = (isSoak ? 60 : 30) * 60 * 1000;
/** Of one test, or of all that a file has: what waits for ever is named, and the others still run. */
const testTimeoutMs = isSoak ? processTimeoutMs : 5 * 60 * 1000;

/** Runs everything, or the files given, and returns how many tests passed and failed; each check counts as one. */
async function runAll(given: readonly string[]): Promise<Count> {
  const checks = given.length > 0 ? [] : await runChecks();
  const runTests = (folder: string) => (given.length > 0 ? runFiles(given.map((file) => resolve(file))) : runGroups(testFiles(), folder));
  const tests = await withFolder((folder) => withPostgres(() => runTests(folder)));
  const failedChecks = checks.filter((check) => !check.ok).length;
  const claims = given.length > 0 ? [] : [...unproven(readConformance(root), tests.names), ...notRun(tests.names)];
  for (const claim of claims) process.stdout.write(`${claim}\n`);
  return { passed: tests.passed + checks.length - failedChecks, failed: tests.failed + failedChecks + claims.length };
}

/** The checks have run the architecture test already. */
function testFiles(): readonly string[] {
  const files = globSync('test/**/*.test.ts', { cwd: root }).filter((file) => relative('test', file) !== 'architecture.test.ts');
  return files.sort().map((file) => join(root, file));
}

/** What the files of the run share on the disk. */
async function withFolder(work: (folder: string) => Promise<TestCount>): Promise<TestCount> {
  const folder = mkdtempSync(join(tmpdir(), 'polygate-tests-'));
  process.env.POLYGATE_TEST_FOLDER = folder;
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Gives the test files a server: the one of TEST_DATABASE_URL, which has to allow making databases, or an embedded one. */
async function withPostgres(work: () => Promise<TestCount>): Promise<TestCount> {
  const prefix = `polygate_test_${randomBytes(6).toString('hex')}`;
  process.env.POLYGATE_TEST_PREFIX = prefix;
  const own = process.env.TEST_DATABASE_URL === undefined ? await startTestPostgres() : undefined;
  const adminUrl = own?.postgres.url ?? process.env.TEST_DATABASE_URL ?? '';
  process.env.POLYGATE_TEST_POSTGRES = adminUrl;
  try {
    return await work();
  } finally {
    if (own === undefined) await dropDatabases({ adminUrl, namePrefix: prefix });
    else await own.remove();
  }
}

/** The randomized suites of a soak run for long: each file keeps its own process then. */
function runGroups(files: readonly string[], folder: string): Promise<TestCount> {
  return runFiles(isSoak ? files : groupsOf({ files, folder }).map(({ entry }) => entry));
}

async function runFiles(files: readonly string[]): Promise<TestCount> {
  const names = new Set<string>();
  const count = { passed: 0, failed: 0, names };
  if (files.length === 0) return count;
  const signal = stopSignal();
  const execArgv = [`--test-timeout=${testTimeoutMs}`];
  const stream = run({ files: [...files], concurrency, isolation: 'process', timeout: processTimeoutMs, execArgv, signal });
  // Only leaves count: a suite, and a file as a whole, is no test of its own, unless it fails without a test in it failing.
  stream.on('test:summary', (summary) => {
    if (summary.file !== undefined) return;
    count.passed = summary.counts.passed;
    count.failed = summary.counts.tests - summary.counts.passed - summary.counts.skipped - summary.counts.todo;
    if (!summary.success && count.failed === 0) count.failed = 1;
  });
  // The file that was run, not the one beside it in which the test may be written: of a group, the suite that is called like it.
  const fileOf = new Map<string, string>();
  stream.on('test:start', ({ name, entryFile, testId, parentId }) => {
    if (entryFile === undefined) return;
    const parent = fileOf.get(`${entryFile} ${parentId}`);
    fileOf.set(`${entryFile} ${testId}`, parent ?? (name.endsWith('.test.ts') ? name : entryFile));
  });
  stream.on('test:pass', ({ name, file, entryFile = file, testId, skip }) => {
    const run = fileOf.get(`${entryFile} ${testId}`) ?? entryFile;
    if (run !== undefined && (skip === undefined || skip === false)) names.add(nameOf(run, name));
  });
  const report = stream.compose(new spec());
  for await (const chunk of report) process.stdout.write(chunk);
  return count;
}

/** What cannot be meant, a line each: it would be noticed after minutes, or never. */
function mistakes(files: readonly string[], seed: string): readonly string[] {
  const missing = files.filter((file) => statSync(file, { throwIfNoEntry: false })?.isFile() !== true);
  return [
    ...missing.map((file) => `There is no file ${file}. Arguments are test files, as in test/config.test.ts; there are no options.`),
    ...(/^\d{1,10}$/.test(seed) && Number(seed) < 2 ** 32
      ? []
      : [`POLYGATE_SEED is ${JSON.stringify(seed)}; expected a whole number from 0 to 4294967295.`]),
  ];
}

function stopSignal(): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, () => controller.abort());
  return controller.signal;
}

exitWithParent();
// Each file, and each process that it starts, loads the same sources: what was compiled once is kept beside the dependencies.
process.env.NODE_COMPILE_CACHE ??= join(root, 'node_modules', '.cache', 'compile');
// A seed that is given makes a randomized test repeat what it did.
process.env.POLYGATE_SEED ??= String(randomBytes(4).readUInt32BE());
const given = process.argv.slice(2);
const wrong = mistakes(given, process.env.POLYGATE_SEED);
if (wrong.length > 0) {
  process.stderr.write(`${wrong.join('\n')}\n`);
  process.exit(1);
}
process.stdout.write(`seed ${process.env.POLYGATE_SEED} (set POLYGATE_SEED to run the same again)\n`);
const { passed, failed } = await runAll(given);
process.stdout.write(`${passed} passed, ${failed} failed\n`, () => process.exit(failed === 0 && passed > 0 ? 0 : 1));
