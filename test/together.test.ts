/** What comes in within one turn of the event loop goes on at its end, in order, whatever becomes of each. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { createGathering } from '../src/core/together.ts';

test('those of one turn go on together at its end, each step in turn; who comes meanwhile goes on in the next one', async () => {
  const together = createGathering();
  const seen: string[] = [];
  const walk = async (name: string): Promise<void> => {
    seen.push(`${name} 1`);
    await undefined;
    seen.push(`${name} 2`);
  };
  together(() => {
    void walk('a');
    together(() => void walk('c'));
  });
  together(() => void walk('b'));
  assert.deepEqual(seen, []);
  await nextTurn();
  assert.deepEqual(seen, ['a 1', 'b 1', 'a 2', 'b 2']);
  await nextTurn();
  assert.deepEqual(seen.slice(4), ['c 1', 'c 2']);
});

test('one that throws keeps none of the others back, and its error is nobody else’s', () => {
  const path = JSON.stringify(join(import.meta.dirname, '..', 'src', 'core', 'together.ts'));
  const script = `
    import { createGathering } from ${path};
    process.on('uncaughtException', ({ message }) => console.log(message));
    const together = createGathering();
    together(() => { throw new Error('first'); });
    together(() => console.log('second'));
    setTimeout(() => together(() => console.log('later')), 10);
  `;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', script], { encoding: 'utf8' });
  assert.equal(stdout, 'second\nfirst\nlater\n', stderr);
});
