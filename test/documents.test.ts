/** The commands in README.md and docs/ do what the pages say: each page is pasted into one shell, against a sandbox. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { auditAfterEach } from './harness/auditor.ts';
import { type Command, commandsOf } from './harness/documents.ts';
import { startProcess } from './harness/processes.ts';
import { type Stack, startStack } from './harness/stack.ts';

const root = join(import.meta.dirname, '..');
const pages = ['README.md', ...globSync('docs/**/*.md', { cwd: root }).sort()];
const commands = pages.flatMap((page) => commandsOf({ page, text: readFileSync(join(root, page), 'utf8') }));

let stack: Stack | undefined;
before(async () => {
  stack = await startStack();
});
auditAfterEach(() => stack);
after(() => stack?.stop());

test('there are commands to run, and those for people are left out', () => {
  assert.ok(commands.length > 8);
  const text = '```sh\nnpm start\n```\n\n```sh\ncurl x\n```\n\n```text\na\n\nb\n```\n\n```json\n{}\n```\n\n```sh\ncurl y\n```\n';
  assert.deepEqual(commandsOf({ page: 'p', text }), [
    { page: 'p', line: 5, script: 'curl x\n', promised: ['a', 'b'] },
    { page: 'p', line: 19, script: 'curl y\n', promised: [] },
  ]);
});

/** Tells the outputs of the blocks apart. */
const mark = (index: number) => `=== ${index} ===`;

for (const [page, found] of Map.groupBy(commands, (command) => command.page)) {
  test(`the commands of ${page} work`, { skip: spawnSync('curl', ['--version']).status !== 0 && 'no curl here' }, async () => {
    assert.ok(stack !== undefined);
    const script = ['set -eu', ...found.flatMap((command, index) => [command.script, `echo; echo '${mark(index)}'`])].join('\n');
    const here = script
      .replaceAll('127.0.0.1:8080', `127.0.0.1:${stack.config.port}`)
      .replaceAll('127.0.0.1:8090', new URL(stack.host.url).host);
    const shell = startProcess('sh', ['-c', here]);
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
