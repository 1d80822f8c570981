/**
 * Statements: files of what went through a merchant's books, made beside the requests. A statement is written a page at a time by one node, which holds a
 * lease on it; when that node ends, another one begins the file anew. What was called off, or is finished, is never written to again.
 */
import type { BooksFilter } from '../ledger/merchant-books.ts';

export type StatementFormat = 'csv' | 'xlsx';

/** `error`: it cannot be made; `problem` says why. */
export type StatementState = 'pending' | 'processing' | 'success' | 'error' | 'cancelled';

export interface Statement {
  readonly merchantId: string;
  /** UUID. */
  readonly statementId: string;
  readonly dialect: string;
  readonly format: StatementFormat;
  /** IANA name: times in the file are of this zone. */
  readonly timeZone: string;
  /** What is in it; always up to when it was asked for. */
  readonly filter: Omit<BooksFilter, 'merchantId' | 'dialect'>;
  /** The same in the words of the protocol. */
  readonly askedAs: string;
  readonly state: StatementState;
  /** Lines that are written, and of how many, once they are counted. */
  readonly lines: number;
  readonly linesInAll?: number;
  readonly problem?: string;
  /** Business time, epoch ms. */
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  readonly beganAtMs?: number;
  readonly finishedAtMs?: number;
}

export type StatementKey = Pick<Statement, 'merchantId' | 'statementId'>;

/** One that this node may write, until the lease ends. */
export interface ClaimedStatement {
  readonly statement: Statement;
  readonly lease: string;
}

/** Keeps statements. Rejects with `NotRecorded` when the database is away. */
export interface StatementStore {
  create(
    statement: Pick<Statement, 'merchantId' | 'statementId' | 'dialect' | 'format' | 'timeZone' | 'filter' | 'askedAs' | 'createdAtMs'>,
  ): Promise<void>;
  find(key: StatementKey & { readonly dialect: string }): Promise<Statement | undefined>;
  /** The latest first, those behind `after` only. */
  list(request: {
    readonly merchantId: string;
    readonly dialect: string;
    readonly after?: string;
    readonly limit: number;
  }): Promise<readonly Statement[]>;
  /** False when there is nothing to call off any more. */
  cancel(key: StatementKey & { readonly nowMs: number }): Promise<boolean>;
  /** The next that nobody works on; what another node has written of it is gone. */
  claim(request: { readonly nowMs: number; readonly leaseMs: number }): Promise<ClaimedStatement | undefined>;
  /**
   * Adds to the file and says how far it is, all in one; the lease begins anew. False when somebody else has the statement by now, or it was called off:
   * nothing was written then.
   */
  write(claimed: ClaimedStatement, step: StatementStep): Promise<boolean>;
  /** The parts of a finished file in order, one at a time. */
  read(key: StatementKey): AsyncIterable<Uint8Array>;
  /** Deletes what was made before this business time (epoch ms); says how many. */
  prune(beforeMs: number): Promise<number>;
}

export interface StatementStep {
  readonly content?: Uint8Array;
  readonly lines: number;
  readonly linesInAll: number;
  readonly nowMs: number;
  readonly leaseMs: number;
  /** It ends with this. */
  readonly end?: { readonly state: 'success' | 'error'; readonly problem?: string };
}
