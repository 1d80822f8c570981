/** The two programs that put load on the whole product, for a moment each: they come up, measure or kill, compare the books, and leave nothing. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { scriptOf } from './harness/documents.ts';
import { startProcess } from './harness/processes.ts';

const root = join(import.meta.dirname, '..');

test('bench and drill run as the README says', { timeout: 400_000 }, async () => {
  const script = scriptOf({ page: 'README.md', first: 'npm run bench -- --seconds 2 --warmup 1 --scenario sale --no-report' });
  const folder = mkdtempSync(join(tmpdir(), 'polygate-measured-'));
  const { NODE_TEST_CONTEXT: _context, ...env } = process.env;
  try {
    const started = startProcess('sh', ['-c', `set -e\n${script}`], { cwd: root, env: { ...env, TMPDIR: folder } });
    assert.equal((await started.ended).code, 0, started.output());
    assert.match(started.output(), /durable operations per second/);
    assert.match(started.output(), /charged twice/);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
