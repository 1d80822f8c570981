/**
 * PostgreSQL connections: a pool that runs every statement under one role, with the planner settings of its purpose, and a
 * classification of errors that tells what is known about the statement that failed.
 */
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { busyOf, endGone } from './gone.ts';

/** A statement with a name: prepared once per connection, so that its parse and plan are paid once. */
export interface Statement {
  readonly name: string;
  readonly text: string;
  /** A server that is there answers it at once: it has no more time than a statement of the payment path, whatever its pool is for. */
  readonly isQuick?: true;
}

export type Row = Record<string, unknown>;

export interface Database {
  /** Runs one statement as its own transaction and returns its rows. Errors are `pg` errors; see {@link certaintyOf}. */
  query<R extends Row = Row>(statement: Statement, values?: readonly unknown[]): Promise<R[]>;
  /** Runs `work` in one transaction, retried from the start on a serialization failure or a deadlock: it must hold no outside call. */
  transaction<T>(work: (query: Database['query']) => Promise<T>): Promise<T>;
  /** Whoever comes next gets a new connection; what is under way is left alone, unless it turns out that its server is gone. */
  renew(): void;
  close(): Promise<void>;
}

/**
 * For how long a statement is waited for. Beyond it nobody knows what became of it. A server that is gone without a word (its machine lost power, its
 * address moved) would keep each connection for a quarter of an hour.
 */
export interface StatementTimeout {
  readonly ms: number;
  /** For {@link Statement.isQuick}. */
  readonly quickMs?: number;
  /** Told once for the connections there are: whoever opened them should {@link Database.renew} all that lead to the same server. */
  readonly onTimeout: () => void;
}

export interface PoolOptions {
  readonly url: string;
  /** The role all statements run as (`set role` at connect); the login user must be a member of it. */
  readonly role?: string;
  readonly applicationName: string;
  readonly maxConnections: number;
  /**
   * `hot`: the payment path. Its plans are made once, when tables may still be empty, so everything but an index nested loop is
   * switched off there: a plan that scans a table must not outlive the moment when that was cheap.
   */
  readonly purpose: 'hot' | 'general';
  readonly connectTimeoutMs?: number;
  /** Absent: a statement may take for ever. */
  readonly timeout?: StatementTimeout;
  readonly onError?: (error: Error) => void;
  /** Told of every statement or transaction that failed; it must not throw. */
  readonly onFailure?: (error: unknown) => void;
}

const hotSettings = ['plan_cache_mode=force_generic_plan', 'enable_seqscan=off', 'enable_hashjoin=off', 'enable_mergejoin=off', 'jit=off'];

/** An idle connection is asked whether its other end is there, then each second, ten times. */
const idleBeforeProbeMs = 10_000;

/** Opens a pool. Nothing connects before the first statement. Amounts (`bigint`) come back as safe integers, else the row throws. */
export function openDatabase(options: PoolOptions): Database {
  const settings = [
    'timezone=UTC',
    ...(options.role === undefined ? [] : [`role=${options.role}`]),
    ...(options.purpose === 'hot' ? hotSettings : []),
  ];
  let isClosing = false;
  const openPool = (): { readonly pool: pg.Pool; readonly busy: ReadonlySet<pg.PoolClient> } => {
    const opened = new pg.Pool({
      connectionString: options.url,
      application_name: options.applicationName,
      max: options.maxConnections,
      idleTimeoutMillis: 0,
      connectionTimeoutMillis: options.connectTimeoutMs ?? 5_000,
      keepAlive: true,
      keepAliveInitialDelayMillis: idleBeforeProbeMs,
      ...(options.timeout === undefined ? {} : { query_timeout: options.timeout.ms }),
      options: settings.map((setting) => `-c ${setting}`).join(' '),
      types: { getTypeParser },
    });
    // The end of a connection that is being closed is no news, whoever ends it first.
    opened.on('error', (error) => {
      if (!isClosing && opened === pool) options.onError?.(error);
    });
    return { pool: opened, busy: busyOf(opened) };
  };
  let { pool, busy } = openPool();
  const within = async <T>(work: (using: pg.Pool) => Promise<T>): Promise<T> => {
    const using = pool;
    try {
      return await work(using);
    } catch (error) {
      if (isTimeout(error) && using === pool && !isClosing) options.timeout?.onTimeout();
      options.onFailure?.(error);
      throw error;
    }
  };
  return {
    async query<R extends Row>(statement: Statement, values: readonly unknown[] = []): Promise<R[]> {
      const ask = { name: statement.name, text: statement.text, values: values as unknown[], ...timeoutOf(statement, options) };
      return (await within((using) => using.query<R>(ask))).rows;
    },
    transaction: (work) => retriable(() => within((using) => runTransaction(using, work))),
    renew() {
      if (isClosing) return;
      const before = { pool, busy };
      ({ pool, busy } = openPool());
      before.pool.end().catch(() => undefined);
      void endGone({ busy: before.busy, pool: () => pool });
    },
    close() {
      isClosing = true;
      return pool.end();
    },
  };
}

function timeoutOf({ isQuick }: Statement, { timeout }: PoolOptions): { readonly query_timeout?: number } {
  return isQuick === true && timeout?.quickMs !== undefined ? { query_timeout: timeout.quickMs } : {};
}

async function runTransaction<T>(pool: pg.Pool, work: (query: Database['query']) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  // A connection that breaks between two statements says so here; unheard, it would end the process.
  const onError = (error: Error): void => {
    broken = error;
  };
  client.on('error', onError);
  try {
    await client.query('begin');
    const result = await work(async <R extends Row>(statement: Statement, values: readonly unknown[] = []) => {
      const { rows } = await client.query<R>({ name: statement.name, text: statement.text, values: values as unknown[] });
      return rows;
    });
    await client.query('commit');
    return result;
  } catch (error) {
    // The next one may lead to where writes are taken: an address may have moved since this was opened.
    if (isReadOnly(error)) broken = error;
    await client.query('rollback').catch((failure: Error) => {
      broken = failure;
    });
    throw error;
  } finally {
    client.off('error', onError);
    client.release(broken);
  }
}

/** Repeats `work` on 40001 (serialization failure) and 40P01 (deadlock), at most five times with a short random pause. */
export async function retriable<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (attempt === 5 || certaintyOf(error) !== 'retry') throw error;
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 10 * 2 ** attempt));
    }
  }
}

/**
 * What an error tells about the transaction that it ended:
 * - `retry`: rolled back by a conflict; the same may succeed at once.
 * - `refused`: rolled back because of the statement or its data; the same would fail again.
 * - `not_sent`: there was no connection, or one that takes no writes; nothing has reached the tables.
 * - `unknown`: the connection or the server went away; the commit may or may not have happened.
 */
export type Certainty = 'retry' | 'refused' | 'not_sent' | 'unknown';

/** SQLSTATE of a write on a standby, or where transactions are made read-only. */
const readOnlyCode = '25006';

/** The connection leads to where nothing can be written, as after a fail-over that left the address on the standby. */
class ReadOnlyDatabase extends Error {
  override readonly name = 'ReadOnlyDatabase';
  readonly code = readOnlyCode;
}

function isReadOnly(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && error.code === readOnlyCode;
}

const takesWrites: Statement = {
  name: 'takes_writes',
  text: `select pg_is_in_recovery() as is_standby, current_setting('transaction_read_only') = 'on' as is_read_only`,
};

type Writability = { readonly is_standby: boolean; readonly is_read_only: boolean };

/** Why nothing can be written; undefined where it can. */
function whyReadOnly(row: Writability | undefined): string | undefined {
  if (row?.is_standby === true) return 'a standby, which takes no writes';
  return row?.is_read_only === false ? undefined : 'a database that takes no writes (default_transaction_read_only)';
}

/** Throws where a read would succeed and a write would not. The pool lets go of such a connection, so the next time another is asked. */
export async function assertWritable(database: Pick<Database, 'transaction'>): Promise<void> {
  await database.transaction(async (query) => {
    const [row] = await query<Writability>(takesWrites);
    const why = whyReadOnly(row);
    if (why !== undefined) throw new ReadOnlyDatabase(`the connection leads to ${why}`);
  });
}

/** `ENOENT` and `EAGAIN`: of a socket file that is not there, and of a server that has more to accept than it can. */
const unsentCodes = new Set(['ECONNREFUSED', 'ENOENT', 'EAGAIN', 'ENOTFOUND', 'EHOSTUNREACH', '57P03', '53300', readOnlyCode]);

export function certaintyOf(error: unknown): Certainty {
  const { code, message, severity, file } = error as { readonly [Field in 'code' | 'message' | 'severity' | 'file']?: unknown };
  // The write-ahead log could not be written, and the server goes down: what it had written of a commit may stand when it is back.
  if (severity === 'PANIC' || file === 'xlog.c') return 'unknown';
  if (code === '40001' || code === '40P01') return 'retry';
  if (typeof code === 'string' && unsentCodes.has(code)) return 'not_sent';
  if (message === 'timeout exceeded when trying to connect') return 'not_sent';
  const isServerError = typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code);
  // Class 57 (operator intervention) and 08 (connection) end a session at any moment, also just after the commit; class 58 and XX are
  // failures inside the server.
  if (isServerError && !/^(57|08|58|XX)/.test(code)) return 'refused';
  return 'unknown';
}

/** A database to wait for. `setting`: where its URL comes from. */
export interface Awaited {
  readonly url: string;
  readonly setting: string;
  readonly patienceMs: number;
  /** Called once. */
  readonly onWait: (reason: string) => void;
  readonly signal: AbortSignal;
}

/**
 * Waits until a database answers and takes writes: after a power cut the gateway and its database start together, and the database has to
 * recover first; after a fail-over the address may lead to a standby for a while. Gives up after `patienceMs` with the last error, and at
 * once for what waiting does not mend (a wrong password). Rejects with an `AbortError` when `signal` says that nobody waits any more.
 */
export async function waitForDatabase({ url, setting, patienceMs, onWait, signal }: Awaited): Promise<void> {
  const startedMs = performance.now();
  for (let pauseMs = 100, told = false; ; pauseMs = Math.min(pauseMs * 2, 1_000)) {
    const client = new pg.Client({ connectionString: url, application_name: 'polygate-start', connectionTimeoutMillis: 5_000 });
    client.on('error', () => undefined);
    try {
      await client.connect();
      const { rows } = await client.query<Writability>(takesWrites.text);
      await client.end();
      const why = whyReadOnly(rows[0]);
      if (why === undefined) return;
      throw new ReadOnlyDatabase(`${setting} leads to ${why}. Set it to the primary, or make the database writable.`);
    } catch (error) {
      await client.end().catch(() => undefined);
      if (!isConnectionFailure(error) || performance.now() - startedMs > patienceMs) throw error;
      if (!told) onWait(error instanceof Error ? error.message : String(error));
      told = true;
      await delay(pauseMs, undefined, { signal });
    }
  }
}

/** What is told of a database that has to be there and is away, or takes no writes; every other error as it is. */
export function explainAway(error: unknown): unknown {
  if (!isConnectionFailure(error) || error instanceof ReadOnlyDatabase) return error;
  if (isReadOnly(error)) {
    return new Error('A database takes no writes. Set DATABASE_URL (VAULT_DATABASE_URL, where the vault has its own) to the primary.', {
      cause: error,
    });
  }
  return new Error('A database does not answer. Start it, or correct DATABASE_URL (VAULT_DATABASE_URL, where the vault has its own).', {
    cause: error,
  });
}

/** Of `pg`: the statement was sent, and its time is over. */
function isTimeout(error: unknown): boolean {
  return error instanceof Error && error.message === 'Query read timeout';
}

/** Whether an error says that the database is away or takes no writes, as opposed to what the statement or the program did. */
export function isConnectionFailure(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code, syscall } = error as { code?: unknown; syscall?: unknown };
  // Of a file or of a pipe they say nothing about the database.
  if (code === 'ENOENT' || code === 'EAGAIN') return syscall === 'connect';
  if (typeof code === 'string')
    return unsentCodes.has(code) || /^(08|57|58)...$/.test(code) || /^E(CONN|PIPE|TIMEDOUT|HOST|NET)/.test(code);
  return /connection terminated|connection ended|timeout exceeded when trying to connect|timeout expired|read timeout|not queryable/i.test(
    error.message,
  );
}

/** Class 53: the server's disk or memory is full. What it was asked is rolled back, and may succeed when somebody has made room. */
export function isOutOfResources(error: unknown): boolean {
  return error instanceof Error && 'code' in error && /^53...$/.test(String(error.code));
}

const int8Oid = 20;

function getTypeParser(oid: number, format?: 'text' | 'binary'): (value: string) => unknown {
  if (oid === int8Oid) return safeInteger;
  return pg.types.getTypeParser(oid, format as 'text') as (value: string) => unknown;
}

/** Reads a `bigint` of the database; amounts beyond 2^53 are a defect, not something to round. */
function safeInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`integer out of the safe range: ${text}`);
  return value;
}
