/** What is written as a column is what PostgreSQL reads from it, whatever it holds. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { jsonText, textArray, timeText } from '../src/postgres/columns.ts';
import { type Database, openDatabase } from '../src/postgres/connection.ts';
import { createDatabase, type TestDatabase } from './harness/database.ts';

let place: TestDatabase;
let database: Database;
before(async () => {
  place = await createDatabase('nothing');
  database = openDatabase({ url: place.url, applicationName: 'columns', purpose: 'general', maxConnections: 1 });
});
after(async () => {
  await database.close();
  await place.drop();
});

const parameters = { seed: Number(process.env.POLYGATE_SEED ?? 1) | 0, numRuns: process.env.POLYGATE_SOAK === '1' ? 5_000 : 500 };
/** Every code unit, half a character and NUL among them. */
const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.constantFrom('\0', '\ud83d', '\ude00', '\\', '"', '\\u0000', '\\ud800', 'a', '{', ',') }),
);
const kept = (text: string): string => text.toWellFormed().replaceAll('\0', '\ufffd');

test('a member of a JSON column is read back: whole characters as they were, what no text can hold as U+FFFD (property)', async () => {
  const read = {
    name: 'read',
    text: 'select o ->> $2 as value, array(select json_object_keys(o)) as names from unnest($1::json[]) o',
  };
  await fc.assert(
    fc.asyncProperty(anyText, anyText, async (name, value) => {
      const json = jsonText({ [name]: value, list: [{ value }], none: null, number: 1 });
      assert.deepEqual(JSON.parse(json).list, [{ value: kept(value) }]);
      const [row] = await database.query(read, [textArray([json]), kept(name)]);
      // Of two members of one name the last counts, as in JavaScript.
      if (!['list', 'none', 'number'].includes(name)) assert.equal(row?.value, kept(value));
      assert.ok((row?.names as readonly string[] | undefined)?.includes(kept(name)));
    }),
    parameters,
  );
});

test('a time of any year is read as the same time (property)', async () => {
  const read = { name: 'time', text: 'select (extract(epoch from $1::timestamptz) * 1000)::bigint as ms' };
  // From the first day that PostgreSQL has to the last that JavaScript has; the years 0, 1, 9999 and 10000 among them.
  const edges = [
    -62_167_219_200_001, -62_167_219_200_000, -62_135_596_800_001, -62_135_596_800_000, 253_402_300_799_999, 253_402_300_800_000,
  ];
  const anyTime = fc.oneof(fc.integer({ min: -210_000_000_000_000, max: 8_640_000_000_000_000 }), fc.constantFrom(0, ...edges));
  await fc.assert(
    fc.asyncProperty(anyTime, async (ms) => {
      const [row] = await database.query(read, [timeText(ms)]);
      assert.equal(row?.ms, ms);
    }),
    { ...parameters, examples: edges.map((edge) => [edge] as [number]) },
  );
});
