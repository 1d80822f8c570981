/**
 * What is due for holds and was given up: refused too often, or impossible to send. The rows stay where they were due, so that nothing of them is on the payment
 * path; whether anything is left to do is the payment's to say, so what a merchant settles meanwhile is over with by itself.
 */
import { type DueHold, dueKinds } from '../core/due/due-hold.ts';
import type { Database, Statement } from '../postgres/connection.ts';
import { samePayment } from './list-table.ts';

/** The due row, its hold and its payment. */
export const givenUpFrom = `polygate.due_work d join polygate.operation o on o.operation_id = d.operation_id and o.merchant_id = d.merchant_id
  join polygate.payment p on ${samePayment('p', 'd')}`;

/** Whether the hold still stands, with something that is neither captured nor released. */
const isLeft = `o.state = 'approved' and p.state = 'authorized' and p.authorized > p.captured + p.released`;

/** What waits for an operator, over {@link givenUpFrom}. */
export const isGivenUp = `d.state = 'failed' and ${isLeft}`;

/** A node of the version before does not write the time. */
export const givenUpAt = 'coalesce(d.given_up_at, d.leased_until)';

const count: Statement = {
  name: 'count_given_up_holds',
  text: `select d.kind, count(*)::int as count from ${givenUpFrom} where ${isGivenUp} group by d.kind`,
};

const prune: Statement = {
  name: 'prune_given_up_holds',
  text: `with gone as (
  delete from polygate.due_work using (
    select d.payment_id, d.kind, d.merchant_id from ${givenUpFrom} where d.state = 'failed' and not (${isLeft}) limit 500
  ) over
  where due_work.payment_id = over.payment_id and due_work.kind = over.kind and due_work.merchant_id = over.merchant_id
    and due_work.state = 'failed'
  returning 1
)
select count(*)::int as count from gone`,
};

/** How much waits for an operator, by what was due; one row of each kind. */
export async function countGivenUpHolds(database: Database): Promise<readonly { readonly due: DueHold['kind']; readonly count: number }[]> {
  const rows = await database.query<{ kind: string; count: number }>(count);
  return dueKinds.map((due) => ({ due, count: rows.find(({ kind }) => kind === due)?.count ?? 0 }));
}

/** Deletes what was given up for holds that are over with, and returns how many it were; what still waits for an operator stays, however old. */
export async function pruneGivenUpHolds(database: Database): Promise<number> {
  const [row] = await database.query<{ count: number }>(prune);
  return row?.count ?? 0;
}
