/** What an operator has decided of an operation, recorded in one transaction with its row in the trail. */

import type { OperatorAct } from '../core/operator/operator-act.ts';
import { isFirstKind } from '../core/payment/operation.ts';
import type { OutcomeToRecord, RecordedOutcome } from '../core/ports/outcome.ts';
import type { Database } from '../postgres/connection.ts';
import { acting } from './audit.ts';
import { recordPayoutWithin } from './payouts.ts';
import { recordFirstOutcomes, recordLaterOutcomes } from './record-outcome.ts';

/** Leaves no trail when somebody else was faster. `nowMs`: business time. */
export function recordDecision(database: Database, outcome: OutcomeToRecord, act: OperatorAct, nowMs: number): Promise<RecordedOutcome> {
  return acting(database, async (query, audit) => {
    const recorded = await recordWithin(query, outcome, nowMs);
    if (recorded.applied) await audit(act);
    return recorded;
  });
}

async function recordWithin(query: Database['query'], outcome: OutcomeToRecord, nowMs: number): Promise<RecordedOutcome> {
  if (outcome.kind === 'payout') return recordPayoutWithin(query, outcome, nowMs);
  const record = isFirstKind(outcome.kind) ? recordFirstOutcomes : recordLaterOutcomes;
  const [recorded = { applied: false, state: outcome.from }] = await record({ query }, [outcome], nowMs);
  return recorded;
}
