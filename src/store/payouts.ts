/**
 * Payouts, in transactions of two statements each: those of every payment, and the row that holds the merchant's balance. That row is taken
 * last and held only until the commit; all payouts of a merchant in one currency queue for it, so they gain nothing from a batch.
 */
import { accounts } from '../core/ledger/accounts.ts';
import type { CardSubmission, NewAccountPayout, NewPayment, Submission } from '../core/ports/new-operation.ts';
import type { OutcomeToRecord, RecordedOutcome } from '../core/ports/outcome.ts';
import type { Database, Statement } from '../postgres/connection.ts';
import { submitBankPayment } from './bank-payments.ts';
import { recordFirstOutcomes } from './record-outcome.ts';
import { submitChecked } from './submit-payment.ts';

const reserve: Statement = {
  name: 'reserve_payout',
  text: `update polygate.account_limit set available = available - $3::bigint
where merchant_id = $1 and account = ${accounts.payout_balance} and currency = $2 and available >= $3::bigint returning available`,
};

const giveBack: Statement = {
  name: 'give_back_payout',
  text: `update polygate.account_limit l set available = l.available + $3::bigint
from polygate.payment p
where p.merchant_id = $1 and p.payment_id = $2
  and l.merchant_id = p.merchant_id and l.account = ${accounts.payout_balance} and l.currency = p.currency`,
};

/** Ends a transaction of which nothing may stand. */
class BalanceTooLow extends Error {}

/** Writes a payout and takes its amount from the balance; `guard_failed` when the balance does not cover it. A rejected one takes nothing. */
export function submitPayout(database: Database, row: NewPayment): Promise<CardSubmission> {
  return submitWithinBalance(database, row, (query) => submitChecked({ query }, row));
}

/** The same of one that goes to a bank account. */
export function submitAccountPayout(database: Database, row: NewAccountPayout): Promise<Submission> {
  return submitWithinBalance(database, row, (query) => submitBankPayment({ query }, row));
}

async function submitWithinBalance<S extends CardSubmission>(
  database: Database,
  row: Pick<NewPayment, 'merchantId' | 'currency' | 'amount' | 'rejection'>,
  submit: (query: Database['query']) => Promise<S>,
): Promise<S | 'guard_failed'> {
  try {
    return await database.transaction(async (query) => {
      const submission = await submit(query);
      if (submission !== 'submitted' || row.rejection !== undefined) return submission;
      const taken = await query(reserve, [row.merchantId, row.currency, row.amount]);
      if (taken.length === 0) throw new BalanceTooLow();
      return submission;
    });
  } catch (error) {
    if (error instanceof BalanceTooLow) return 'guard_failed';
    throw error;
  }
}

/** Records what became of a payout, and gives the amount back to the balance when no money went out. `nowMs`: business time. */
export function recordPayout(database: Database, outcome: OutcomeToRecord, nowMs: number): Promise<RecordedOutcome> {
  return database.transaction((query) => recordPayoutWithin(query, outcome, nowMs));
}

/** The same within a transaction. */
export async function recordPayoutWithin(query: Database['query'], outcome: OutcomeToRecord, nowMs: number): Promise<RecordedOutcome> {
  const [recorded = { applied: false, state: outcome.from }] = await recordFirstOutcomes({ query }, [outcome], nowMs);
  const isOver = recorded.state === 'declined' || recorded.state === 'failed' || recorded.state === 'undone';
  if (recorded.applied && isOver) await query(giveBack, [outcome.merchantId, outcome.paymentId, outcome.amount]);
  return recorded;
}
