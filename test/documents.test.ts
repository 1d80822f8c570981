/**
 * The commands in README.md and docs/ do what the pages say: each page is pasted into one shell, against a sandbox, with `polygate` and
 * `npx polygate` at hand. What another test runs is in the register of test/harness/documents.ts.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, before, test } from 'node:test';
import { accounts } from '../src/core/ledger/accounts.ts';
import { operationKinds } from '../src/core/payment/operation.ts';
import { operationStates } from '../src/core/states/operation.ts';
import { paymentStates } from '../src/core/states/payment.ts';
import { auditAfterEach } from './harness/auditor.ts';
import { unknownCommands } from './harness/cli-page.ts';
import {
  type Command,
  commandsOf,
  isRunElsewhere,
  otherShells,
  pages,
  readPage,
  runElsewhere,
  scriptOf,
  testsNamedIn,
} from './harness/documents.ts';
import { brokenLinks } from './harness/links.ts';
import { startProcess } from './harness/processes.ts';
import { shellEnvironment } from './harness/shell.ts';
import { type Stack, startStack } from './harness/stack.ts';

const root = join(import.meta.dirname, '..');
const commands = pages.flatMap((page) => commandsOf({ page, text: readPage(page) }));
const folder = mkdtempSync(join(tmpdir(), 'polygate-documents-'));

let stack: Stack | undefined;
before(async () => {
  stack = await startStack({ webhooks: true });
});
auditAfterEach(() => stack);
after(async () => {
  await stack?.stop();
  rmSync(folder, { recursive: true });
});

test('there are commands to run, each with the output that is promised', () => {
  assert.ok(commands.length > 40);
  const text = '```sh\nnpm start\n```\n\n```sh\ncurl x\n```\n\n```text\na\n\nb\n```\n\n```json\n{}\n```\n';
  assert.deepEqual(commandsOf({ page: 'p', text }), [
    { page: 'p', line: 1, script: 'npm start\n', promised: [] },
    { page: 'p', line: 5, script: 'curl x\n', promised: ['a', 'b'] },
  ]);
});

test('no command hides in a block of another kind', () => {
  assert.deepEqual(otherShells({ page: 'p', text: '```console\nls\n```\n' }), ['p:1: write commands as `sh`, so that a test runs them']);
  assert.deepEqual(
    pages.flatMap((page) => otherShells({ page, text: readPage(page) })),
    [],
  );
});

test('the register of what other tests run names blocks and tests that exist', () => {
  for (const { page, first, by } of runElsewhere) {
    const script = scriptOf({ page, first });
    const [file = '', name] = by.split(': ');
    const path = join(root, name === undefined ? file : join('test', file));
    assert.ok(existsSync(path), `${by} is to run ${first}`);
    const text = readFileSync(path, 'utf8');
    if (name === undefined) assert.ok(text.includes(script.trim()), `${by} does not run ${script}`);
    else assert.ok(text.includes(`test('${name}'`), `there is no test '${name}' in ${file}, to run ${first}`);
  }
});

test('what a shell beside a sandbox cannot run is in the register', () => {
  const unfit = commands.filter((command) => /^\s*(npm|node|docker|psql|pg_\w+) /m.test(command.script) && !isRunElsewhere(command));
  const told = unfit.map(({ page, line }) => `${page}:${line}: name the test that runs it in runElsewhere of test/harness/documents.ts`);
  assert.deepEqual(told, []);
});

test('every page is in the index', () => {
  const index = readPage('docs/README.md');
  const left = pages.filter((page) => page.startsWith('docs/') && page !== 'docs/README.md' && !index.includes(`](${page.slice(5)})`));
  assert.deepEqual(left, []);
});

test('every link leads to a file, and to a heading of it', () => {
  const written = [...pages, 'CONTRIBUTING.md', 'SECURITY.md', 'bench/README.md'];
  assert.deepEqual(brokenLinks(root, written), []);
});

test('the tests that the threat model calls its witnesses exist', () => {
  const files = new Map(
    globSync('test/**/*.test.ts', { cwd: root }).map((path) => [basename(path), readFileSync(join(root, path), 'utf8')]),
  );
  const named = testsNamedIn('docs/security.md');
  assert.ok(named.length > 20);
  const missing = named.filter((witness) => {
    const [file = '', ...name] = witness.split(': ');
    // Stories and generated requests have the name of a dialect before their own, or are told by the suite that the file calls.
    return ![name, name.slice(1)].some((words) => words.length > 0 && textOf(file).includes(words.join(': ')));
  });
  assert.deepEqual(missing, []);
  function textOf(file: string): string {
    return `${files.get(file) ?? ''}${file.startsWith('fuzz-') ? readFileSync(join(root, 'test/fuzz/suite.ts'), 'utf8') : ''}`;
  }
});

test('the commands that pages name in passing exist', async () => {
  assert.deepEqual(await unknownCommands('`polygate keys rotate --data`, `npx polygate keys spin`, `polygate verify --fast`'), [
    '`npx polygate keys spin`: there is no command spin',
    '`polygate verify --fast`: there is no option --fast',
  ]);
  for (const page of [...pages, 'CONTRIBUTING.md']) assert.deepEqual(await unknownCommands(readPage(page)), [], page);
});

test('the scripts and files that pages name exist', () => {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { readonly scripts: object };
  const named = [...pages, 'CONTRIBUTING.md', 'SECURITY.md', 'bench/README.md'].map((page) => ({ page, text: readPage(page) }));
  const scripts = named.flatMap(({ page, text }) => [...text.matchAll(/npm run ([a-z]+)/g)].map(([, name = '']) => ({ page, name })));
  assert.ok(scripts.length > 10);
  assert.deepEqual(
    scripts.filter(({ name }) => !(name in manifest.scripts)),
    [],
  );
  const files = named.flatMap(({ page, text }) => {
    const paths = text.matchAll(/`((?:src|test|bench|docs|bin|sandbox|demo-shop)\/[\w./-]+)`/g);
    return [...paths].map(([, path = '']) => ({ page, path }));
  });
  assert.deepEqual(
    files.filter(({ path }) => !existsSync(join(root, path))),
    [],
  );
});

test('each alert has its line in the operating guide, and each line its alert', () => {
  const alerts = [...readPage('docs/observability.md').matchAll(/- alert: (\w+)/g)].map(([, name]) => name);
  const section = readPage('docs/operating.md').split('## Metrics and alerts')[1]?.split('\n## ')[0] ?? '';
  const answered = [...section.matchAll(/^\| (`[^|]+) \|/gm)].flatMap(([, cell = '']) =>
    [...cell.matchAll(/`(\w+)`/g)].map(([, name]) => name),
  );
  assert.deepEqual(answered.toSorted(), alerts.toSorted());
});

test('the page of concepts has every act, state and account', () => {
  const text = readPage('docs/concepts.md');
  const words = [...operationKinds, ...operationStates, ...paymentStates].map((word) => `\`${word}\``);
  const numbers = Object.entries(accounts).map(([name, number]) => `| ${number} | ${name.replaceAll('_', ' ')} |`);
  assert.deepEqual(
    [...words, ...numbers].filter((piece) => !text.includes(piece)),
    [],
  );
});

/** Tells the outputs of the blocks apart. */
const mark = (index: number) => `=== ${index} ===`;

const here = commands.filter((command) => !isRunElsewhere(command));
for (const [page, found] of Map.groupBy(here, (command) => command.page)) {
  test(`the commands of ${page} work`, { skip: spawnSync('curl', ['--version']).status !== 0 && 'no curl here' }, async () => {
    assert.ok(stack !== undefined);
    const script = ['set -eu', ...found.flatMap((command, index) => [command.script, `echo; echo '${mark(index)}'`])].join('\n');
    const cwd = mkdtempSync(join(folder, 'page-'));
    const local = script
      .replaceAll('127.0.0.1:8080', `127.0.0.1:${stack.config.port}`)
      .replaceAll('127.0.0.1:8090', new URL(stack.host.url).host)
      .replaceAll('/etc/polygate/', `${cwd}/etc/`);
    const env = shellEnvironment(folder, { ...stack.env, TMPDIR: cwd });
    const shell = startProcess('sh', ['-c', local], { cwd, env });
    const { code } = await shell.ended;
    assert.equal(code, 0, shell.output());
    let rest = shell.output();
    for (const [index, command] of found.entries()) {
      const [output = '', ...others] = rest.split(mark(index));
      rest = others.join(mark(index));
      assertOutput(command, output);
    }
  });
}

/** What the page promises, in its order; and no answer of a command may be a refusal or a decline. */
function assertOutput({ page, line, promised }: Command, output: string): void {
  let position = 0;
  for (const piece of promised) {
    const at = output.indexOf(piece, position);
    assert.ok(at >= 0, `${page}:${line} promises ${piece}, and after ${position} characters there is: ${output}`);
    position = at + 1;
  }
  for (const [, code = ''] of output.matchAll(/"code":"(\d{3}\.\d{3}\.\d{3})"/g)) {
    assert.match(code, /^(000\.|900\.100\.301)/, `${page}:${line}: ${output}`);
  }
}

test('a command that prints something else than its page promises is noticed', () => {
  const command = { page: 'p', line: 1, script: '', promised: ['a', 'b'] };
  assert.throws(() => assertOutput(command, 'b a'), /promises b/);
  assert.throws(() => assertOutput({ ...command, promised: [] }, '{"code":"200.300.404"}'));
});
