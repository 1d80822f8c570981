/** Payments that are held for review. Whether one is, its operation's reason says; until when, and for which rule, its due row. */

import type { NewPayment } from '../core/ports/new-operation.ts';
import { inReview } from '../core/risk/review.ts';
import type { ReviewEnd } from '../core/risk/risk-store.ts';
import type { Database, Statement } from '../postgres/connection.ts';
import { acting } from './audit.ts';
import { recordFirstOutcomes } from './record-outcome.ts';

const insert: Statement = {
  name: 'add_review',
  text: `insert into polygate.due_work (merchant_id, payment_id, kind, channel_id, operation_id, state, due_at, leased_until, cause)
values ($1, $2, 'review', $3, $4, 'waiting', $5, now(), $6)`,
};

// The payment first, like everywhere. The reason is the guard: of two ends at the same moment one finds it.
const lock: Statement = {
  name: 'lock_review',
  text: `select o.reason from polygate.payment p
  join polygate.operation o on o.merchant_id = p.merchant_id and o.payment_id = p.payment_id and o.operation_id = $3
where p.merchant_id = $1 and p.payment_id = $2 for update of p, o`,
};

const endNow: Statement = {
  name: 'end_review',
  text: `update polygate.due_work set due_at = least(due_at, $3), leased_until = now() + $4 * interval '1 millisecond'
where merchant_id = $1 and payment_id = $2 and kind = 'review'`,
};

const remove: Statement = {
  name: 'remove_review',
  text: `delete from polygate.due_work where merchant_id = $1 and payment_id = $2 and kind = 'review'`,
};

const captureNow: Statement = {
  name: 'capture_after_review',
  text: `insert into polygate.due_work (merchant_id, payment_id, kind, channel_id, operation_id, state, due_at, leased_until)
values ($1, $2, 'capture', $3, $4, 'waiting', $5, now() + $6 * interval '1 millisecond')
on conflict (payment_id, kind, merchant_id) do update set due_at = excluded.due_at, leased_until = excluded.leased_until`,
};

/** In the transaction that writes the payment. */
export async function addReview(
  database: Pick<Database, 'query'>,
  { merchantId, paymentId, channelId, operationId }: NewPayment,
  { cause, dueAtMs }: NonNullable<NewPayment['review']>,
): Promise<void> {
  await database.query(insert, [merchantId, paymentId, channelId, operationId, new Date(dueAtMs), cause]);
}

export function endReview(database: Database, end: ReviewEnd): Promise<boolean> {
  const { act } = end;
  if (act === undefined) return database.transaction((query) => endWithin(query, end));
  return acting(database, async (query, audit) => {
    const ended = await endWithin(query, end);
    if (ended) await audit(act);
    return ended;
  });
}

async function endWithin(query: Database['query'], { outcome, channelId, captures, nowMs, leaseMs }: ReviewEnd): Promise<boolean> {
  const { merchantId, paymentId, operationId } = outcome;
  const [found] = await query<{ reason: string | null }>(lock, [merchantId, paymentId, operationId]);
  if (found?.reason !== inReview) return false;
  const [recorded] = await recordFirstOutcomes({ query }, [outcome], nowMs);
  if (recorded?.applied !== true) return false;
  const now = new Date(nowMs);
  if (outcome.event === 'refuse_review') {
    await query(endNow, [merchantId, paymentId, now, leaseMs]);
    return true;
  }
  await query(remove, [merchantId, paymentId]);
  if (captures) await query(captureNow, [merchantId, paymentId, channelId, operationId, now, leaseMs]);
  return true;
}
