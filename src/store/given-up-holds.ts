/**
 * What is due for holds and was given up: refused too often, or impossible to send. The rows stay where they were due, so that nothing of them is on the payment
 * path; whether anything is left to do is the payment's to say, so what a merchant settles meanwhile is over with by itself.
 */
import { type DueHold, type DueHoldStore, dueKinds, type GivenUpEnd, type ToldRelease } from '../core/due/due-hold.ts';
import type { Database, Statement } from '../postgres/connection.ts';
import { acting } from './audit.ts';
import { recordLaterOutcomes } from './record-outcome.ts';
import { samePayment } from './sql.ts';
import { submitOperations } from './submit-operation.ts';

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

// The payment first, like everywhere. The state is the guard: of two decisions at the same moment one finds it.
const lock: Statement = {
  name: 'lock_given_up_hold',
  text: `select ${isLeft} as is_left from ${givenUpFrom}
where d.merchant_id = $1 and d.payment_id = $2 and d.kind = $3 and d.state = 'failed' for update of p, d`,
};

const revive: Statement = {
  name: 'revive_given_up_hold',
  text: `update polygate.due_work set state = 'waiting', reason = null, given_up_at = null, failed_tries = 0, leased_until = now()
where merchant_id = $1 and payment_id = $2 and kind = $3`,
};

const remove: Statement = {
  name: 'remove_given_up_hold',
  text: 'delete from polygate.due_work where merchant_id = $1 and payment_id = $2 and kind = $3',
};

/** Records what an operator has decided of it, with its row in the trail. */
export function endGivenUp(
  database: Database,
  key: Parameters<DueHoldStore['endGivenUp']>[0],
  { as, act }: Parameters<DueHoldStore['endGivenUp']>[1],
): Promise<GivenUpEnd> {
  return acting(database, async (query, audit) => {
    const found = await lockWithin(query, key);
    if (found !== 'left') return found;
    await query(as === 'waiting' ? revive : remove, keyOf(key));
    await audit(act);
    return 'decided';
  });
}

/** Records that the acquirer has released the hold: reserved, approved and told like any reversal, all of it or nothing. */
export function releaseGivenUp(database: Database, { due, row, outcome, nowMs, act }: ToldRelease): Promise<GivenUpEnd | 'busy'> {
  const key = { ...row, kind: due };
  return acting(database, async (query, audit) => {
    const found = await lockWithin(query, key);
    if (found !== 'left') return found;
    const [submission] = await submitOperations({ query }, [row]);
    if (submission !== 'submitted') return 'busy';
    await recordLaterOutcomes({ query }, [outcome], nowMs);
    await query(remove, keyOf(key));
    await audit(act);
    return 'decided';
  });
}

type Key = Pick<DueHold, 'merchantId' | 'paymentId' | 'kind'>;

const keyOf = ({ merchantId, paymentId, kind }: Key): readonly string[] => [merchantId, paymentId, kind];

async function lockWithin(query: Database['query'], key: Key): Promise<'left' | Exclude<GivenUpEnd, 'decided'>> {
  const [found] = await query<{ is_left: boolean }>(lock, keyOf(key));
  if (found === undefined) return 'not_given_up';
  return found.is_left ? 'left' : 'nothing_left';
}

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
