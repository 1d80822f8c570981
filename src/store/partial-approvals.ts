/**
 * Approvals for less than was asked for. Of merchants that take them the payment is about the smaller amount from then on; of others the part is kept
 * for the reversal.
 */
import type { OutcomeToRecord, RecordedOutcome } from '../core/ports/outcome.ts';
import type { Database, Statement } from '../postgres/connection.ts';
import { recordFirstOutcomes } from './record-outcome.ts';

const reduce: Statement = {
  name: 'reduce_to_approved',
  text: `with reduced as (
  update polygate.operation set amount = $3, requested_amount = $4
  where merchant_id = $1 and operation_id = $2 and state = $5
  returning merchant_id, payment_id
)
update polygate.payment p set amount = $3 from reduced r where p.merchant_id = r.merchant_id and p.payment_id = r.payment_id`,
};

const keepPart: Statement = {
  name: 'keep_approved_part',
  text: `update polygate.operation set approved_part = $3 where merchant_id = $1 and operation_id = $2 and state = $4`,
};

/** Records the approval of `outcome.amount`, in one transaction with the change of the amount. `nowMs`: business time. */
export function recordPartialApproval(database: Database, outcome: OutcomeToRecord, nowMs: number): Promise<RecordedOutcome> {
  const { merchantId, operationId, amount, requestedAmount = amount, from } = outcome;
  return recordAfter(database, { outcome, nowMs }, (query) => query(reduce, [merchantId, operationId, amount, requestedAmount, from]));
}

/** Records that a part is not wanted, in one transaction with how much it is. `nowMs`: business time. */
export function recordPartGivenUp(database: Database, outcome: OutcomeToRecord, nowMs: number): Promise<RecordedOutcome> {
  const { merchantId, operationId, approvedPart, from } = outcome;
  return recordAfter(database, { outcome, nowMs }, (query) => query(keepPart, [merchantId, operationId, approvedPart, from]));
}

function recordAfter(
  database: Database,
  { outcome, nowMs }: { readonly outcome: OutcomeToRecord; readonly nowMs: number },
  change: (query: Database['query']) => Promise<unknown>,
): Promise<RecordedOutcome> {
  return database.transaction(async (query) => {
    await change(query);
    const [recorded = { applied: false, state: outcome.from }] = await recordFirstOutcomes({ query }, [outcome], nowMs);
    return recorded;
  });
}
