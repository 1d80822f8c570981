/** What the batches of this store have in common: their times, and the order of their rows. */
import { plainArray } from '../postgres/columns.ts';

/** Epoch ms as timestamps. */
export function timeArray(values: readonly (number | undefined)[]): string {
  return plainArray(values.map((value) => (value === undefined ? undefined : new Date(value).toISOString())));
}

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
