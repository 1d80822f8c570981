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
  text: `select o.reason, p.captured + p.capture_pending > 0 as is_captured, p.released + p.release_pending >= p.authorized as is_called_off from polygate.payment p
  join polygate.operation o on o.merchant_id = p.merchant_id and o.payment_id = p.payment_id and o.operation_id = $3
where p.merchant_id = $1 and p.payment_id = $2 for update of p, o`,
};

const remove: Statement = {
  name: 'remove_due_after_review',
  text: 'delete from polygate.due_work where merchant_id = $1 and payment_id = $2 and kind = $3',
};

const addNow: Statement = {
  name: 'add_due_after_review',
  text: `insert into polygate.due_work (merchant_id, payment_id, kind, channel_id, operation_id, state, due_at, leased_until)
values ($1, $2, $3, $4, $5, 'waiting', $6, now() + $7 * interval '1 millisecond')
on conflict (payment_id, kind, merchant_id) do update set due_at = least(due_work.due_at, excluded.due_at), leased_until = excluded.leased_until`,
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

interface Found extends Record<string, unknown> {
  readonly reason: string | null;
  readonly is_captured: boolean;
  /** By the merchant, who may do so at any time. */
  readonly is_called_off: boolean;
}

async function endWithin(
  query: Database['query'],
  { outcome, channelId, standing, captures, nowMs, leaseMs }: ReviewEnd,
): Promise<boolean> {
  const { merchantId, paymentId, operationId } = outcome;
  const [found] = await query<Found>(lock, [merchantId, paymentId, operationId]);
  if (found?.reason !== standing || found.is_captured || found.is_called_off) return false;
  const [recorded] = await recordFirstOutcomes({ query }, [outcome], nowMs);
  if (recorded?.applied !== true) return false;
  await query(remove, [merchantId, paymentId, standing === inReview ? 'review' : 'capture']);
  const next = outcome.event === 'refuse_review' ? 'review' : captures ? 'capture' : undefined;
  if (next !== undefined) await query(addNow, [merchantId, paymentId, next, channelId, operationId, new Date(nowMs), leaseMs]);
  return true;
}
