/** Approvals for less than was asked for, of merchants that take them: the payment is about the smaller amount from then on. */
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

/** Records the approval of `outcome.amount`, in one transaction with the change of the amount. `nowMs`: business time. */
export function recordPartialApproval(database: Database, outcome: OutcomeToRecord, nowMs: number): Promise<RecordedOutcome> {
  return database.transaction(async (query) => {
    const { merchantId, operationId, amount, requestedAmount = amount, from } = outcome;
    await query(reduce, [merchantId, operationId, amount, requestedAmount, from]);
    const [recorded = { applied: false, state: from }] = await recordFirstOutcomes({ query }, [outcome], nowMs);
    return recorded;
  });
}
