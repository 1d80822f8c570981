/** What statements of this store have in common: the order of the rows that a batch locks, and how rows are read and counted. */
import type { IdempotencyKey } from '../core/ports/new-operation.ts';
import { plainArray, textArray } from '../postgres/columns.ts';

interface OfPayment {
  readonly merchantId: string;
  readonly paymentId: string;
}

/** Every statement locks rows in this order. */
export function inPaymentOrder<T extends OfPayment>(rows: readonly T[]): T[] {
  return [...rows].sort((a, b) => compare(a.merchantId, b.merchantId) || compare(a.paymentId, b.paymentId));
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** The fields that are not null. */
export function present<T extends Record<string, unknown>>(fields: T): { [K in keyof T]?: NonNullable<T[K]> } {
  const kept: Record<string, unknown> = {};
  for (const name in fields) if (fields[name] !== null) kept[name] = fields[name];
  return kept as { [K in keyof T]?: NonNullable<T[K]> };
}

/** The references by which operations are known as well as by their keys, for the statements that write both; nothing where none is. */
export function referencesOf(rows: readonly { readonly operationId: string; readonly idempotencyKey?: IdempotencyKey }[]): string[] {
  const known = rows.filter(({ idempotencyKey }) => idempotencyKey?.referenceKey !== undefined);
  if (known.length === 0) return [];
  return [plainArray(known.map((row) => row.operationId)), textArray(known.map((row) => row.idempotencyKey?.referenceKey))];
}

/**
 * Ends a statement that tells which of its inputs it has taken, by `operation_id`: one row with nothing in it where they are as many as `expected`, a
 * parameter, says, which is nearly always; reading a row for each of them would cost more than all else of the answer.
 */
export function selectWritten(source: string, expected: string): string {
  return `select case when count(*) < ${expected}::bigint then coalesce(array_agg(operation_id), '{}') end as written from ${source}`;
}

/** What such a statement brings. */
export type Written = { readonly written: readonly string[] | null };

/** The inputs that were taken; `undefined`: all. */
export function writtenIn([row]: readonly Written[]): ReadonlySet<string> | undefined {
  return row?.written === null ? undefined : new Set(row?.written);
}
