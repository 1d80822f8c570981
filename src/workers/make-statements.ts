/**
 * Writes statements that merchants have asked for, one at a time: a page of lines, then how far it is, and the next page. CSV grows with each page; a
 * workbook is one piece, so its lines are gathered, up to a limit, and packed in a thread of its own: payments must not wait for it.
 */
import { traceOf } from '../core/defect.ts';
import type { DueWork } from '../core/due/work.ts';
import type { BookedPlace } from '../core/ledger/merchant-books.ts';
import type { Engine } from '../core/payment/engine.ts';
import { isCertainlyNotRecorded } from '../core/payment/store-failure.ts';
import { csvLines, type TableRow } from '../core/statement/csv.ts';
import type { ClaimedStatement } from '../core/statement/statement.ts';
import type { DialectStatement } from '../dialects/dialect.ts';
import { packWorkbook } from './workbook.ts';

const leaseMs = 60_000;
const linesAtOnce = 500;
/** More would be hundreds of megabytes in memory while it is packed. */
const workbookLinesAtMost = 50_000;
const partBytes = 1_000_000;

type Parts = Pick<Engine, 'statements' | 'books' | 'clock' | 'log'>;

/** `dialects`: how each writes its lines. */
export function statementWork(parts: Parts, dialects: ReadonlyMap<string, DialectStatement>): DueWork {
  return {
    name: 'statements',
    async run() {
      const claimed = await parts.statements.claim({ nowMs: parts.clock.businessNow(), leaseMs });
      if (claimed === undefined) return { taken: 0, done: 0 };
      const dialect = dialects.get(claimed.statement.dialect);
      // A node of another version may know it: it is tried again when the lease has ended.
      if (dialect === undefined) return { taken: 0, done: 0 };
      return { taken: 1, done: (await makeOrGiveUp(parts, claimed, dialect)) ? 1 : 0 };
    },
    // Asked for by people, and begun at once: no clock waits for it.
    nextDueAtMs: async () => undefined,
  };
}

/** What fails though the database is there would fail again, every minute for ever: it ends, and whoever has asked for it can see that. */
async function makeOrGiveUp(parts: Parts, claimed: ClaimedStatement, dialect: DialectStatement): Promise<boolean> {
  try {
    return await make(parts, claimed, dialect);
  } catch (error) {
    if (isCertainlyNotRecorded(error)) throw error;
    const { merchantId, statementId } = claimed.statement;
    parts.log.error({ merchantId, statementId, error: traceOf(error) }, 'a statement failed by a defect');
    const end = { state: 'error', problem: 'it could not be made; the operator’s log tells why' } as const;
    return parts.statements.write(claimed, { lines: 0, linesInAll: 0, nowMs: parts.clock.businessNow(), leaseMs, end });
  }
}

/** False when it was called off, or somebody else has it by now. */
async function make({ statements, books, clock }: Parts, claimed: ClaimedStatement, dialect: DialectStatement): Promise<boolean> {
  const { merchantId, dialect: name, filter, format, timeZone } = claimed.statement;
  const wanted = { ...filter, merchantId, dialect: name };
  const linesInAll = await books.countLines(wanted);
  const step = (lines: number, more: { content?: Uint8Array; end?: { state: 'success' | 'error'; problem?: string } } = {}) =>
    statements.write(claimed, { lines, linesInAll, nowMs: clock.businessNow(), leaseMs, ...more });
  const isWorkbook = format === 'xlsx';
  if (isWorkbook && linesInAll > workbookLinesAtMost) {
    const problem = `it would have ${linesInAll} lines, and a workbook has ${workbookLinesAtMost} at most: ask for CSV, or for a shorter time`;
    return step(0, { end: { state: 'error', problem } });
  }
  const gathered: TableRow[] = [];
  let written = 0;
  if (!(await step(0, isWorkbook ? {} : { content: Buffer.from(`${dialect.columns.join(',')}\r\n`) }))) return false;
  for (let after: BookedPlace | undefined; ; ) {
    const lines = await books.lines(wanted, { limit: linesAtOnce, ...(after === undefined ? {} : { after }) });
    after = lines.at(-1);
    if (after === undefined) break;
    const rows = lines.map((line) => dialect.write(line, timeZone));
    written += rows.length;
    if (isWorkbook) gathered.push(...rows);
    if (!(await step(written, isWorkbook ? {} : { content: Buffer.from(csvLines(dialect.columns, rows)) }))) return false;
    if (lines.length < linesAtOnce) break;
  }
  if (isWorkbook) {
    const file = await packWorkbook({ columns: dialect.columns, numbers: dialect.numbers, rows: gathered });
    for (let from = 0; from < file.length; from += partBytes) {
      if (!(await step(written, { content: file.subarray(from, from + partBytes) }))) return false;
    }
  }
  return step(written, { end: { state: 'success' } });
}
