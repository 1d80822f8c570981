/**
 * Each batch is compared with the host's totals, currency by currency, in the order of the cut-offs. The question is repeated until it is answered. What
 * differs is told to the operator: it is not mended here, since nobody can tell which side is right.
 */
import { type Bank, transfersAccountId } from '../bank/bank.ts';
import { backOffMs } from '../due/back-off.ts';
import { doEach } from '../due/each.ts';
import type { DueWork, Progress } from '../due/work.ts';
import type { EngineLog } from '../payment/engine.ts';
import type { Acquirer } from '../ports/acquirer.ts';
import type { Clock } from '../ports/clock.ts';
import { isSame } from './settlement.ts';
import type { DueReconciliation, SettlementStore } from './settlement-store.ts';

/** Added to the time that the host may take. */
const leaseMarginMs = 10_000;
const pauses = { firstMs: 500, atMostMs: 600_000 };

export interface Reconciling {
  readonly settlements: SettlementStore;
  readonly acquirer: Acquirer;
  /** Where payouts to bank accounts were sent from. */
  readonly bank: Bank | undefined;
  readonly clock: Clock;
  readonly log: EngineLog;
}

/** It waits for the host, not for the clock: so it is never due on the business clock. */
export function dueReconciliations(reconciling: Reconciling): DueWork {
  return {
    name: 'comparisons with the acquirer',
    run: (limit) => reconcileDue(reconciling, limit),
    nextDueAtMs: () => Promise.resolve(undefined),
  };
}

async function reconcileDue(reconciling: Reconciling, limit: number): Promise<Progress> {
  const { settlements, acquirer, log } = reconciling;
  return doEach(log, {
    taken: await settlements.claimReconciliations({ limit, leaseMs: acquirer.timeoutMs + leaseMarginMs }),
    act: (due) => reconcile(reconciling, due),
    namesOf: ({ settlementId, currency }) => ({ settlementId, currency }),
    waits: 'a settlement could not be compared with the acquirer yet',
  });
}

/** True when the host has answered. */
async function reconcile({ settlements, acquirer, bank, clock, log }: Reconciling, due: DueReconciliation): Promise<boolean> {
  const { settlementId, accountId, currency, cutOffAtMs, ours, tries } = due;
  const counterpart = accountId === transfersAccountId ? bank : acquirer;
  if (counterpart === undefined) throw new Error('there is no bank to compare with: BANK_URL is not set any more');
  const trace = due.trace ?? (await counterpart.prepareReconciliation(accountId));
  await settlements.noteSent(due, trace);
  const answer = await counterpart.reconcile({ trace, currency, cutOffAtMs, totals: ours }, tries + 1);
  if (answer.outcome !== 'answered') {
    const { cause } = answer;
    if (tries === 0)
      log.warn({ settlementId, accountId, currency, cause }, 'the acquirer did not answer with its totals; the question is repeated');
    await settlements.putOffReconciliation(due, backOffMs(tries, pauses));
    return false;
  }
  const { totals: theirs } = answer;
  const isInBalance = isSame(ours, theirs);
  const isFirst = await settlements.recordAnswer(due, { isInBalance, theirs, atMs: clock.businessNow() });
  if (isInBalance || !isFirst) return true;
  log.error(
    { settlementId, accountId, currency, ours, theirs },
    'the acquirer has other totals for a settlement; `polygate settlement show` has both',
  );
  return true;
}
