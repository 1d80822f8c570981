/** Compares the books with themselves and with the payments they belong to; `checks.ts` has the rules. */
import type { Config } from '../config.ts';
import { type Database, openDatabase, type Statement } from '../postgres/connection.ts';
import type { Check } from './check.ts';
import { checks, waiting } from './checks.ts';

/** Findings shown of each rule; one defect can break thousands of rows, and the first few tell as much as all. */
const shownAtMost = 20;

/** One snapshot for all checks, however much is paid meanwhile; nothing can be written in it. */
const snapshot: Statement = { name: 'verify_snapshot', text: 'set transaction isolation level repeatable read, read only' };

/** What was found wrong, a line each, naming merchant, payment and operation; none means that the books balance. */
export function verify(config: Pick<Config, 'databaseUrl'>): Promise<readonly string[]> {
  return run(config, checks);
}

/** Operations that are open for longer than they should be, a line each. They break no rule. */
export function findWaiting(config: Pick<Config, 'databaseUrl'>): Promise<readonly string[]> {
  return run(config, [waiting]);
}

/** The same as {@link verify}, over a database that is open: for who asks again and again. */
export function verifyIn(database: Database): Promise<readonly string[]> {
  return runIn(database, checks);
}

async function run({ databaseUrl }: Pick<Config, 'databaseUrl'>, wanted: readonly Check[]): Promise<readonly string[]> {
  if (databaseUrl === undefined) throw new Error('There is no database to verify: set DATABASE_URL.');
  const database = openDatabase({
    ...{ url: databaseUrl, role: 'polygate_app', applicationName: 'polygate-verify', purpose: 'general', maxConnections: 1 },
  });
  try {
    return await runIn(database, wanted);
  } finally {
    await database.close();
  }
}

function runIn(database: Database, wanted: readonly Check[]): Promise<readonly string[]> {
  return database.transaction(async (query) => {
    await query(snapshot);
    const lines: string[] = [];
    for (const check of wanted) lines.push(...(await findingsOf(query, check)));
    return lines;
  });
}

interface Finding extends Record<string, unknown> {
  /** Null for what belongs to no merchant. */
  readonly merchant_id: string | null;
  readonly payment_id: string | null;
  readonly operation_id: string | null;
  readonly detail: string;
  readonly total: number;
}

async function findingsOf(query: Database['query'], { name, relations, body }: Check): Promise<readonly string[]> {
  const statement = {
    name: `verify_${name.replaceAll(' ', '_')}`,
    text: `with ${[...relations, `found as (${body})`].join(', ')}
select *, count(*) over () as total from found order by merchant_id, payment_id, operation_id, detail limit ${shownAtMost}`,
  };
  const found = await query<Finding>(statement);
  const lines = found.map(({ merchant_id, payment_id, operation_id, detail }) => {
    const merchant = merchant_id === null ? '' : ` merchant ${merchant_id}`;
    const payment = payment_id === null ? '' : ` payment ${payment_id}`;
    const operation = operation_id === null ? '' : ` operation ${operation_id}`;
    return `${name}:${merchant}${payment}${operation}${merchant === '' ? '' : ':'} ${detail}`;
  });
  const more = (found[0]?.total ?? 0) - found.length;
  return more > 0 ? [...lines, `${name}: and ${more} more`] : lines;
}
