/** The search for card data finds each kind that is planted, and nothing in what is harmless. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import pg from 'pg';
import { createDatabase, type TestDatabase } from './harness/database.ts';
import { findCardData } from './harness/scrub.ts';

const pan = '5555555555554444';
const pans = [pan];

describe('card data in texts', () => {
  const planted: readonly (readonly [text: string, what: string])[] = [
    [`paid with ${pan}.`, 'card number'],
    ['paid with 5555 5555 5555 4444', 'card number'],
    ['5555-5555-5555-4444', 'card number'],
    ['number=5555+5555+5555+4444&x=1', 'card number'],
    [`02${pan}25`, 'card number'],
    [`;${pan}=2912`, 'card number'],
    [`{"body":"{\\"number\\":\\"${pan}\\"}"}`, 'card number'],
    ...['', 'a', 'ab', '{"number":"'].map(
      (before) => [Buffer.from(`${before}${pan}"}`).toString('base64'), 'card number, encoded'] as const,
    ),
    [Buffer.from(`number ${pan}`).toString('hex'), 'card number, encoded'],
    ['an unlisted 4000 0027 6000 3184', 'looks like a card number'],
    ['{"n":378282246310005}', 'looks like a card number'],
    ['{"cvv":"123"}', 'verification code'],
    ['{"body":"{\\"cvc\\": \\"1234\\"}"}', 'verification code'],
    ['card.cvv=123&amount=1', 'verification code'],
    ['<cvc2>123</cvc2>', 'verification code'],
    ['cardSecurityCode: 123', 'verification code'],
    ['00489203737', 'verification code'],
  ];
  for (const [text, what] of planted) {
    test(`finds: ${text.replaceAll(/[\d+/=]/g, '.')} (${what})`, async () => {
      const findings = await findCardData({ logs: ['harmless', text], texts: [text], pans, cvcs: ['737'] });
      assert.deepEqual(
        findings.map((finding) => [finding.where, finding.what]),
        [
          ['log 2', what],
          ['text 1', what],
        ],
      );
      for (const finding of findings) assert.doesNotMatch(finding.masked, /5555555555554444|123|737/);
    });
  }

  test('takes nothing harmless for card data', async () => {
    const texts = [
      '555555******4444',
      '{"cvv":"***","cvc":null,"cvv_result":"M"}',
      '019a7f3e-4242-7242-8242-424242424242',
      '40000000-0000-4000-8000-000000000002',
      'e4242424242424242a',
      '4242424242424241',
      'at 1790000000000 and 2027-01-15T10:00:00.000Z, RRN 612345678901, STAN 123456, amount 4242',
    ];
    assert.deepEqual(await findCardData({ texts, pans, cvcs: ['737'] }), []);
  });
});

describe('card data in a database', () => {
  let database: TestDatabase;
  let admin: pg.Client;
  before(async () => {
    database = await createDatabase();
    admin = new pg.Client({ connectionString: database.url });
    await admin.connect();
    await admin.query(
      'create schema "Odd Place"; create table "Odd Place".thing (id int, label text, data jsonb, raw bytea, amount bigint, cvv text)',
    );
  });
  after(async () => {
    await admin.end();
    await database.drop();
  });

  async function findingsFor(
    column: string,
    value: unknown,
    options: { exceptColumns?: string[]; listed?: boolean } = {},
  ): Promise<string[]> {
    await admin.query(`truncate "Odd Place".thing`);
    await admin.query(`insert into "Odd Place".thing (id, ${column}) values (1, null), (2, $1)`, [value]);
    const { exceptColumns = [], listed = true } = options;
    const findings = await findCardData({ databaseUrl: database.url, pans: listed ? pans : [], cvcs: ['737'], exceptColumns });
    for (const finding of findings) assert.equal(finding.where, `"Odd Place".thing.${column}`);
    return findings.map((finding) => finding.what);
  }

  test('is found in every kind of column', async () => {
    assert.deepEqual(await findingsFor('label', `order ${pan}`), ['card number']);
    assert.deepEqual(await findingsFor('data', { a: [{ number: pan }] }), ['card number']);
    assert.deepEqual(await findingsFor('data', { cvv: '123' }), ['verification code']);
    assert.deepEqual(await findingsFor('data', { cvv: 123 }), ['verification code']);
    assert.deepEqual(await findingsFor('raw', Buffer.from(`xx${pan}`)), ['card number']);
    assert.deepEqual(await findingsFor('raw', Buffer.from(`\x10${pan}`).toString('base64')), ['card number, encoded']);
    assert.deepEqual(await findingsFor('raw', Buffer.from(`16${pan}`, 'hex')), ['card number, encoded']);
    assert.deepEqual(await findingsFor('amount', pan), ['card number']);
    assert.deepEqual(await findingsFor('cvv', '123'), ['verification code']);
    assert.deepEqual(await findingsFor('label', pan, { listed: false }), ['looks like a card number']);
  });

  test('a column of references may look like a card number, but not be a known one', async () => {
    const exceptColumns = ['"Odd Place".thing.label'];
    assert.deepEqual(await findingsFor('label', pan, { exceptColumns, listed: false }), []);
    assert.deepEqual(await findingsFor('label', pan, { exceptColumns }), ['card number']);
  });

  test('is not seen in sealed bytes', async () => {
    assert.deepEqual(await findingsFor('raw', Buffer.alloc(44, 0xa5)), []);
    assert.deepEqual(await findingsFor('cvv', '\\xdeadbeef'), []);
  });
});
