/** `npm run check`: types, lint, dead code, the layout's rules and the written pages. `--write` writes the pages first. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { exitWithParent } from '../src/local/parent.ts';
import { cliPage } from './harness/cli-page.ts';
import { codesPage } from './harness/codes-page.ts';
import { configurationPageIsFresh } from './harness/configuration-page.ts';
import { dialectsPageIsFresh } from './harness/dialects-page.ts';
import { pageIsFresh } from './harness/generated-page.ts';

/** One check: `output` says what is wrong and is empty when nothing is. */
export type CheckResult = { readonly name: string; readonly ok: boolean; readonly output: string; readonly durationMs: number };

type Check = { readonly name: string; readonly run: () => Promise<{ readonly ok: boolean; readonly output: string }> };

const root = join(import.meta.dirname, '..');

const checks: readonly Check[] = [
  { name: 'types', run: () => node('node_modules/typescript/bin/tsc', '-p', '.') },
  { name: 'lint', run: () => node('node_modules/@biomejs/biome/bin/biome', 'check', '--error-on-warnings', '.') },
  { name: 'dead code', run: () => node('node_modules/knip/bin/knip.js', '--no-config-hints', '--no-progress') },
  { name: 'architecture', run: () => node('--test', '--test-reporter=spec', 'test/architecture.test.ts') },
  { name: 'documents', run: documents },
];

/** How many checks run at once: each of the first three uses more than one core for a part of its time. */
const width = 2;

/** Runs all checks, telling each as it ends. */
export async function runChecks(): Promise<readonly CheckResult[]> {
  const waiting = [...checks];
  const results: CheckResult[] = [];
  const work = async (): Promise<void> => {
    for (let check = waiting.shift(); check !== undefined; check = waiting.shift()) {
      const startedAt = performance.now();
      const { ok, output } = await check.run();
      const result = { name: check.name, ok, output: ok ? '' : output, durationMs: Math.round(performance.now() - startedAt) };
      results.push(result);
      process.stdout.write(`${result.name}: ${ok ? 'ok' : 'failed'} (${result.durationMs} ms)\n${ok ? '' : `${output.trimEnd()}\n`}`);
    }
  };
  await Promise.all(Array.from({ length: width }, work));
  return results;
}

async function documents(): Promise<{ readonly ok: boolean; readonly output: string }> {
  const write = process.argv.includes('--write');
  const stale = [
    ...((await configurationPageIsFresh({ write })) ? [] : ['docs/configuration.md is not what src/config-table.ts says.']),
    ...((await dialectsPageIsFresh({ write })) ? [] : ['docs/dialects.md is not what the contract suite says.']),
    ...((await pageIsFresh({ page: 'cli.md', wanted: await cliPage(), write })) ? [] : ['docs/cli.md is not what src/commands says.']),
    ...((await pageIsFresh({ page: 'codes.md', wanted: codesPage(), write }))
      ? []
      : ['docs/codes.md is not what core and the dialects say.']),
  ];
  return { ok: stale.length === 0, output: [...stale, 'Run `npm run check -- --write` and commit the page.'].join('\n') };
}

/** Runs a script of a tool with this Node. NODE_TEST_CONTEXT would turn a nested test run's report into a machine's. */
function node(...args: readonly string[]): Promise<{ readonly ok: boolean; readonly output: string }> {
  const { promise, resolve } = Promise.withResolvers<{ readonly ok: boolean; readonly output: string }>();
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const child = spawn(process.execPath, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.on('error', (error) => resolve({ ok: false, output: `${args[0]} could not be started: ${error.message}` }));
  child.on('close', (code) => resolve({ ok: code === 0, output: Buffer.concat(chunks).toString() }));
  return promise;
}

if (import.meta.main) {
  exitWithParent(() => process.exit(1));
  const unknown = process.argv.slice(2).filter((argument) => argument !== '--write');
  if (unknown.length > 0) {
    process.stderr.write(`There is no option ${unknown.join(' ')}. --write writes the generated pages; there is no other.\n`);
    process.exit(1);
  }
  const results = await runChecks();
  process.exitCode = results.every((result) => result.ok) ? 0 : 1;
}
