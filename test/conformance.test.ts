/** The table of requirements is read as it is written, and a claim without a test that passed is found. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { nameOf, readConformance, readRequirements, unproven } from './conformance.ts';

const text = [
  '| | requirement | shown by |',
  '| --- | --- | --- |',
  '| shop 1 | It sells | `shop.test.ts: sells` `shop.test.ts: sells, twice` |',
  '| shop 2 | It delivers | open |',
].join('\n');

test('requirements name their tests, or are open', () => {
  const requirements = readRequirements(text);
  assert.deepEqual(requirements, [
    { id: 'shop 1', tests: ['shop.test.ts: sells', 'shop.test.ts: sells, twice'] },
    { id: 'shop 2', tests: [] },
  ]);
  assert.throws(() => readRequirements('| shop 1 | It sells | surely |'), /shop 1/);
});

test('a claim whose test did not pass is found', () => {
  const passed = new Set([nameOf('/somewhere/test/shop.test.ts', 'sells')]);
  assert.deepEqual(unproven(readRequirements(text), passed), [
    'shop 1 in docs/conformance.md: no test "shop.test.ts: sells, twice" has passed',
  ]);
});

test('every guide has its table, numbered without a gap', () => {
  const numbers = new Map<string, number>();
  for (const { id } of readConformance(join(import.meta.dirname, '..'))) {
    const [guide = '', number] = id.split(' ');
    assert.equal(Number(number), (numbers.get(guide) ?? 0) + 1, id);
    numbers.set(guide, Number(number));
  }
  assert.deepEqual([...numbers.keys()], ['zoopay', 'qorepay', 'payone', 'tzero', 'paymentz']);
  for (const [guide, count] of numbers) assert.ok(count >= 15, `only ${count} requirements of ${guide}`);
});
