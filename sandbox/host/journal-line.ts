/** One fact as one line of the journal, and back. A tuple rather than an object: the file grows by every message. */

import { ACTS, type Fact, type FactDetails } from './books.ts';

/** First line of every journal; a later version with other columns has another number. */
export const JOURNAL_HEADER = '{"journal":"polygate sandbox host","version":1}';

/** The fact as a line without its end. */
export function toLine(fact: Fact): string {
  return JSON.stringify([
    fact.act,
    fact.mti,
    fact.processingCode,
    fact.terminal,
    fact.date,
    fact.stan,
    fact.rrn,
    fact.transmittedAt,
    fact.currency,
    fact.amountMinor,
    fact.account.id,
    fact.account.masked,
    fact.original ?? null,
    fact.remainingMinor ?? null,
    fact.code,
    fact.approvalCode,
    fact.schemeId,
    fact.privateText,
    ...(fact.more === undefined ? [] : [fact.more]),
  ]);
}

/** Of every line; what only some messages have is an object behind them. */
const COLUMNS = 18;

/** The fact in a line; undefined when the line is not one that `toLine` wrote. */
export function fromLine(line: string): Fact | undefined {
  const values = parseArray(line);
  if (values === undefined || (values.length !== COLUMNS && values.length !== COLUMNS + 1)) return undefined;
  const text = (index: number): string => {
    const value = values[index];
    return typeof value === 'string' ? value : '';
  };
  const act = ACTS.find((candidate) => candidate === values[0]);
  const amountMinor = values[9];
  const remaining = values[13];
  const more = values[COLUMNS];
  if (act === undefined || typeof amountMinor !== 'number' || !Number.isSafeInteger(amountMinor)) return undefined;
  return {
    act,
    mti: text(1),
    processingCode: text(2),
    terminal: text(3),
    date: text(4),
    stan: text(5),
    rrn: text(6),
    transmittedAt: text(7),
    currency: text(8),
    amountMinor,
    account: { id: text(10), masked: text(11) },
    original: values[12] === null ? undefined : text(12),
    remainingMinor: typeof remaining === 'number' ? remaining : undefined,
    code: text(14),
    approvalCode: text(15),
    schemeId: text(16),
    privateText: text(17),
    ...(isObject(more) ? { more: detailsOf(more) } : {}),
  };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function detailsOf({
  merchant,
  isEarlier,
  initiation,
  initialReference,
  isInitialKnown,
  approvedMinor,
  authentication,
}: Readonly<Record<string, unknown>>): FactDetails {
  return {
    ...(typeof merchant === 'string' ? { merchant } : {}),
    ...(typeof isEarlier === 'boolean' ? { isEarlier } : {}),
    ...(typeof initiation === 'string' ? { initiation } : {}),
    ...(typeof initialReference === 'string' ? { initialReference } : {}),
    ...(typeof isInitialKnown === 'boolean' ? { isInitialKnown } : {}),
    ...(typeof authentication === 'string' ? { authentication } : {}),
    ...(typeof approvedMinor === 'number' ? { approvedMinor } : {}),
  };
}

function parseArray(line: string): readonly unknown[] | undefined {
  try {
    const parsed: unknown = JSON.parse(line);
    return Array.isArray(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}
