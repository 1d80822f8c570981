/**
 * The search for card data where none may be: every row of a database, log lines, any other text. It knows the numbers that a test used
 * and looks for them in the forms in which they could slip through; beside them it takes anything that looks like a card number or is
 * called a verification code. Findings are masked, so that a failing test does not leak what it found.
 */
import pg from 'pg';
import { brandOf, Pan, passesLuhn } from '../../src/core/instrument/card.ts';

export interface ScrubOptions {
  /** Login that may read everything. */
  readonly databaseUrl?: string;
  /** Instead of it, connections of such a login that are open already. */
  readonly database?: pg.Pool;
  readonly logs?: readonly string[];
  /** Webhook bodies, URLs, pages, messages. */
  readonly texts?: readonly string[];
  /** Numbers that were used: found plain, with separators, in base64 and hex (also packed, two digits a byte). */
  readonly pans?: readonly string[];
  /** Codes that were used: found in the field 48 form `92 03 <code>`. Named ones (`"cvv": "123"`) are found without being listed. */
  readonly cvcs?: readonly string[];
  /** Columns (`schema.table.column`) whose values may look like a card number by chance: references kept as the merchant sent them. */
  readonly exceptColumns?: readonly string[];
  /** Only rows that were written by this transaction or later ones: what {@link nextTransaction} said before. */
  readonly writtenSince?: bigint;
}

export interface Finding {
  /** `schema.table.column`, `log 3` or `text 1`, counted from 1. */
  readonly where: string;
  readonly what: 'card number' | 'card number, encoded' | 'looks like a card number' | 'verification code';
  /** What was found, masked. */
  readonly masked: string;
}

interface Search {
  readonly pans: ReadonlySet<string>;
  readonly encoded: RegExp | undefined;
  readonly field48: RegExp | undefined;
}

/** Returns all findings; an empty list is what a test wants. */
export async function findCardData(options: ScrubOptions): Promise<Finding[]> {
  const search = prepare(options);
  const findings: Finding[] = [];
  const add = (where: string, found: readonly Omit<Finding, 'where'>[]) => {
    for (const finding of found) findings.push({ where, ...finding });
  };
  for (const [index, text] of (options.logs ?? []).entries()) add(`log ${index + 1}`, searchText(search, text));
  for (const [index, text] of (options.texts ?? []).entries()) add(`text ${index + 1}`, searchText(search, text));
  const { databaseUrl, database } = options;
  if (database !== undefined) await searchDatabase(database, { options, search, add });
  if (databaseUrl !== undefined) await searchDatabaseAt(databaseUrl, { options, search, add });
  return findings;
}

function prepare({ pans = [], cvcs = [] }: ScrubOptions): Search {
  const encodings = pans.flatMap((pan) => [...base64Cores(pan), Buffer.from(pan).toString('hex')]);
  return {
    pans: new Set(pans),
    encoded: encodings.length === 0 ? undefined : new RegExp(encodings.map((text) => text.replaceAll(/[+/]/g, '\\$&')).join('|'), 'g'),
    field48: cvcs.length === 0 ? undefined : new RegExp(`92 ?0[34] ?(?:${cvcs.join('|')})(?!\\d)`, 'g'),
  };
}

/** Base64 of a number differs with its place in the bytes around it: the part that is certain, for each of the three places. */
function base64Cores(pan: string): string[] {
  return [0, 1, 2].map((offset) => {
    const text = Buffer.from('x'.repeat(offset) + pan)
      .toString('base64')
      .replace(/=+$/, '');
    const bits = (offset + pan.length) * 8;
    return text.slice(Math.ceil((offset * 8) / 6), Math.floor(bits / 6));
  });
}

const uuid = /[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}/gi;
const digitRun = /\d(?:[ +.-]?\d){11,}/g;
const codeName = '(?:card[._]?)?(?:cvv2?|cvc2?|cvn2?|cid|csc|security_?code)|card_?verification(?:_?(?:code|value|number))?|card_?code';
const namedCode = new RegExp(`(?:^|[^a-z])(?:${codeName})\\\\?["']?\\s*[:=>]+\\s*\\\\?["']?(\\d{3,4})(?!\\d)`, 'gi');
const codeColumn = new RegExp(`^(?:${codeName})$`, 'i');

function searchText(search: Search, text: string): Omit<Finding, 'where'>[] {
  const found: Omit<Finding, 'where'>[] = [];
  for (const match of text.matchAll(digitRun)) {
    const digits = match[0].replaceAll(/\D/g, '');
    const known = [...search.pans].find((pan) => digits.includes(pan));
    if (known !== undefined) found.push({ what: 'card number', masked: mask(known) });
  }
  if (search.encoded !== undefined) {
    for (const match of text.matchAll(search.encoded)) found.push({ what: 'card number, encoded', masked: `${match[0].slice(0, 4)}…` });
  }
  for (const match of text.matchAll(namedCode)) found.push({ what: 'verification code', masked: match[0].replace(/\d{3,4}$/, '***') });
  if (search.field48 !== undefined) {
    for (const match of text.matchAll(search.field48)) found.push({ what: 'verification code', masked: `${match[0].slice(0, 4)}***` });
  }
  if (found.length === 0) found.push(...searchLookalikes(text));
  return found;
}

/** Numbers nobody told us about: 13 to 19 digits, grouped or not, with a card prefix and a right check digit, outside UUIDs and hex ids. */
function searchLookalikes(text: string): Omit<Finding, 'where'>[] {
  const found: Omit<Finding, 'where'>[] = [];
  for (const match of text.replaceAll(uuid, '').matchAll(/(?<![\da-f_])\d(?:[ -]?\d){12,18}(?![\da-f_])/gi)) {
    const digits = match[0].replaceAll(/\D/g, '');
    if (passesLuhn(digits) && brandOf(new Pan(digits)) !== 'unknown')
      found.push({ what: 'looks like a card number', masked: mask(digits) });
  }
  return found;
}

function mask(digits: string): string {
  return new Pan(digits).masked;
}

interface Column {
  readonly table: string;
  readonly name: string;
  readonly type: string;
}

interface DatabaseSearch {
  readonly options: ScrubOptions;
  readonly search: Search;
  readonly add: (where: string, found: readonly Omit<Finding, 'where'>[]) => void;
}

async function searchDatabaseAt(url: string, work: DatabaseSearch): Promise<void> {
  const pool = new pg.Pool({ connectionString: url, max: 1 });
  try {
    await searchDatabase(pool, work);
  } finally {
    await pool.end();
  }
}

async function searchDatabase(pool: pg.Pool, work: DatabaseSearch): Promise<void> {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    await client.query('begin isolation level repeatable read read only');
    await client.query(`set local search_path = pg_catalog; set local timezone = 'UTC'; set local bytea_output = hex`);
    for (const [table, columns] of await tablesWritten(client, work.options.writtenSince))
      await searchTable(client, { table, columns, work });
    await client.query('commit');
  } catch (error) {
    broken = error instanceof Error ? error : new Error(String(error));
    throw error;
  } finally {
    client.release(broken);
  }
}

async function searchTable(
  client: pg.PoolClient,
  { table, columns, work }: { readonly table: string; readonly columns: readonly Column[]; readonly work: DatabaseSearch },
): Promise<void> {
  const { options, search, add } = work;
  const except = new Set(options.exceptColumns);
  const list = columns.map((column) => `${pg.escapeIdentifier(column.name)}::text`).join(', ');
  await client.query(`declare rows cursor for select ${list} from ${table}${rowsSince(options.writtenSince)}`);
  for (let isMore = true; isMore; ) {
    const { rows } = await client.query<(string | null)[]>({ text: `fetch ${fetched} from rows`, rowMode: 'array' });
    isMore = rows.length === fetched;
    for (const row of rows) {
      for (const [index, column] of columns.entries()) {
        const value = row[index];
        const where = `${table}.${column.name}`;
        if (value === null || value === undefined) continue;
        const found = searchValue(search, column, value);
        add(where, except.has(where) ? found.filter((finding) => finding.what !== 'looks like a card number') : found);
      }
    }
  }
  await client.query('close rows');
}

/** Rows held in memory at a time. */
const fetched = 2_000;

/** A row carries the lower 32 bits of its transaction's number; a test's server has never come near the end of them. */
function rowsSince(transaction: bigint | undefined): string {
  return transaction === undefined ? '' : ` where xmin::text::bigint >= ${transaction}`;
}

/** All tables, or those with rows that were written since: most are not touched between two looks. */
async function tablesWritten(client: pg.PoolClient, since: bigint | undefined): Promise<ReadonlyMap<string, readonly Column[]>> {
  const tables = Map.groupBy(await readColumns(client), (column) => column.table);
  if (since === undefined) return tables;
  const looks = [...tables.keys()].map(
    (table, index) => `select ${index} as index where exists (select from ${table} where xmin::text::bigint >= $1)`,
  );
  const { rows } = await client.query<{ index: number }>({
    ...{ name: `tables written, of ${tables.size}`, text: looks.join('\nunion all '), values: [since] },
  });
  const written = new Set(rows.map(({ index }) => index));
  return new Map([...tables].filter((_, index) => written.has(index)));
}

/** The oldest transaction that has not ended: everything that is not committed now is written by it, or by later ones. */
export async function nextTransaction(database: pg.Pool): Promise<bigint> {
  const { rows } = await database.query<{ oldest: string }>('select pg_snapshot_xmin(pg_current_snapshot())::text as oldest');
  return BigInt(rows[0]?.oldest ?? 0);
}

async function readColumns(client: pg.PoolClient): Promise<Column[]> {
  const text = `
    select a.attrelid::regclass::text as table, a.attname as name, format_type(a.atttypid, null) as type
    from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'm') and n.nspname !~ '^pg_' and n.nspname <> 'information_schema' and a.attnum > 0 and not a.attisdropped
    order by 1, a.attnum`;
  return (await client.query<Column>({ name: 'columns', text })).rows;
}

function searchValue(search: Search, column: Column, value: string): Omit<Finding, 'where'>[] {
  if (column.type === 'uuid' || column.type.startsWith('timestamp')) return [];
  if (column.type === 'bytea') return searchBytes(search, value.slice(2));
  const found = codeColumn.test(column.name) && /^\d{3,4}$/.test(value) ? [{ what: 'verification code' as const, masked: '***' }] : [];
  // Arrays of bytes and JSON keep their bytes as hex or text; both are searched as they are written.
  return [...found, ...searchText(search, value)];
}

/** Bytes are read as text, and as packed digits (two to a byte), where only numbers that are known can be told from chance. */
function searchBytes(search: Search, hex: string): Omit<Finding, 'where'>[] {
  const found = searchText(search, Buffer.from(hex, 'hex').toString('latin1'));
  for (const pan of search.pans) if (hex.includes(pan)) found.push({ what: 'card number, encoded', masked: mask(pan) });
  return found;
}
