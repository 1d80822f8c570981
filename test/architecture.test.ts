/** The layout's rules hold for the tree as it is, and the reader that says so finds violations when there are some. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { findViolations, importsOf, readSources, roleOf, stripComments } from './architecture.ts';

const root = join(import.meta.dirname, '..');
const folders = ['src', 'sandbox', 'demo-shop'].filter((folder) => existsSync(join(root, folder)));

test('the source tree follows the layout', () => {
  const files = readSources(root, folders);
  assert.ok(files.length >= 15, `only ${files.length} files were read: the rules would hold for nothing`);
  const imports = files.flatMap((file) => importsOf(file));
  assert.ok(imports.length >= 20, `only ${imports.length} imports were found: the reader misses them`);
  assert.deepEqual(findViolations(files), []);
});

/** A made-up tree in which one file breaks one rule. */
function violationsOf(files: Readonly<Record<string, string>>): readonly string[] {
  return findViolations(Object.entries(files).map(([path, text]) => ({ path, text })));
}

const target = { 'src/store/rows.ts': 'export const rows = 1;', 'src/core/money/amount.ts': 'export type Amount = bigint;' };

test('a tree that follows the rules has no violation', () => {
  assert.deepEqual(violationsOf({ ...target, 'src/store/read.ts': "import type { Amount } from '../core/money/amount.ts';" }), []);
});

for (const line of [
  "import { rows } from '../store/rows.ts';",
  "import type { Rows } from '../store/rows.ts';",
  "import '../store/rows.ts';",
  "import{rows}from'../store/rows.ts';",
  "import * as rows from '../store/rows.ts';",
  "export { rows } from '../store/rows.ts';",
  "export * from '../store/rows.ts';",
  "const { rows } = await import('../store/rows.ts');",
  "type Rows = import('../store/rows.ts').Rows;",
  "import {\n  rows,\n} from '../store/rows.ts';",
  "const a = 'x'; // '\nimport { rows } from '../store/rows.ts';",
  "/* import */ import rows from '../store/rows.ts';",
  "const half = total / 2; import { rows } from '../store/rows.ts'; // a/b",
]) {
  test(`core may not reach the store by ${JSON.stringify(line)}`, () => {
    assert.deepEqual(violationsOf({ ...target, 'src/core/act.ts': line }), [
      'src/core/act.ts (core) may not import src/store/rows.ts (store)',
    ]);
  });
}

for (const text of [
  "// import { rows } from '../store/rows.ts';",
  "/* import { rows } from '../store/rows.ts'; */",
  '/**\n * import { rows } from "../store/rows.ts";\n */\nexport const a = /\\/\\*/;',
]) {
  test(`a comment imports nothing: ${JSON.stringify(text)}`, () => {
    assert.deepEqual(violationsOf({ ...target, 'src/core/act.ts': text }), []);
  });
}

test('comments are blanked, strings that look like comments stay', () => {
  assert.equal(stripComments("const url = 'http://x'; // gone"), "const url = 'http://x';  ");
  assert.equal(stripComments('const a = b / c; /* gone */ const d = `//x`;'), 'const a = b / c;   const d = `//x`;');
});

test('a dialect may use its own folder and the contract, never another dialect', () => {
  const files = { 'src/dialects/dialect.ts': '', 'src/dialects/registry.ts': "import './opp/index.ts';", 'src/dialects/tzero/wire.ts': '' };
  assert.deepEqual(violationsOf({ ...files, 'src/dialects/opp/index.ts': "import '../dialect.ts';" }), []);
  assert.equal(violationsOf({ ...files, 'src/dialects/opp/index.ts': "import '../tzero/wire.ts';" }).length, 2);
  assert.equal(violationsOf({ ...files, 'src/dialects/opp/index.ts': "import '../registry.ts';" }).length, 2);
});

test('each protocol is alone; the sandbox sees protocols and nothing else of src', () => {
  const files = { ...target, 'src/protocols/iso8583/codec.ts': '', 'src/protocols/emv-3ds/areq.ts': '' };
  assert.equal(violationsOf({ ...files, 'src/protocols/emv-3ds/x.ts': "import '../iso8583/codec.ts';" }).length, 1);
  assert.deepEqual(violationsOf({ ...files, 'sandbox/main.ts': "import '../src/protocols/iso8583/codec.ts';" }), []);
  assert.equal(violationsOf({ ...files, 'sandbox/main.ts': "import '../src/core/money/amount.ts';" }).length, 1);
  assert.equal(violationsOf({ ...files, 'demo-shop/main.ts': "import '../src/protocols/iso8583/codec.ts';" }).length, 1);
});

test('cycles are found, also of types only', () => {
  const found = violationsOf({ 'src/core/a.ts': "import type { B } from './b.ts';", 'src/core/b.ts': "export type { A } from './a.ts';" });
  assert.deepEqual(found, ['import cycle: src/core/a.ts → src/core/b.ts → src/core/a.ts']);
});

test('empty names, unknown places and names of dialects elsewhere are found', () => {
  assert.equal(violationsOf({ 'src/core/utils/x.ts': '' }).length, 1);
  assert.equal(violationsOf({ 'src/helpers.ts': '' }).length, 1);
  assert.equal(violationsOf({ ...target, 'src/somewhere.ts': "import './store/rows.ts';" }).length, 1);
  assert.deepEqual(violationsOf({ 'src/core/a.ts': "const kind = 'payone';" }), ['src/core/a.ts knows the dialect payone']);
  assert.deepEqual(violationsOf({ 'src/core/a.ts': '// as payone does' }), []);
  assert.deepEqual(violationsOf({ 'src/core/a.ts': 'const opportunity = stopped;' }), []);
});

test('roles follow from the path', () => {
  assert.equal(roleOf('src/dialects/opp/wire.ts'), 'dialects/opp');
  assert.equal(roleOf('src/dialects/registry.ts'), 'dialects');
  assert.equal(roleOf('src/main.ts'), 'root');
  assert.equal(roleOf('src/stray.ts'), undefined);
});
