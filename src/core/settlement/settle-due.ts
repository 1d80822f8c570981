/**
 * What the cut-off makes due: of each acquirer account with anything to settle one batch. A lease lets one node do it; what it had collected before it
 * died, the next one closes.
 */
import { randomUUIDv7 } from 'node:crypto';
import { doEach } from '../due/each.ts';
import type { DueWork } from '../due/work.ts';
import type { EngineLog } from '../payment/engine.ts';
import type { Clock } from '../ports/clock.ts';
import { firstCutOffAfter } from './cut-off.ts';
import { partsOf, type SettledGroup, settlementLines, totalsOf } from './settlement.ts';
import type { Closing, DueCycle, FoundToSettle, SettlementStore } from './settlement-store.ts';

/** After the cut-off; what was sent before it is recorded by then. */
const settleAfterMs = 60_000;
/** Renewed with every bite, so that what a dead node has left is soon taken up. */
const leaseMs = 10_000;
const againAfterMs = 500;
/** For so long a batch waits for certain outcomes, by the wall; what is not certain by then belongs to a later one. */
const waitAtMostMs = 6 * 3_600_000;

export interface Settling {
  readonly settlements: SettlementStore;
  readonly clock: Clock;
  readonly log: EngineLog;
}

/** Batches whose cut-off has passed. */
export function dueSettlements(settling: Settling): DueWork {
  const { settlements, clock } = settling;
  // Beside what is new: what a crash has left between a batch and the next, and what others have decided or told since its own day.
  const look = async (untilMs: number) => {
    await settlements.walk(untilMs, (accounts) => settlements.setDue(accounts.map(cycleOf)));
    await settlements.setDue((await settlements.left()).map(cycleOf));
  };
  let nextWalkAtMs: number | undefined;
  return {
    name: 'settlements',
    async run(limit) {
      const nowMs = clock.businessNow();
      if (nextWalkAtMs === undefined) {
        await settlements.setDue((await settlements.left()).map(cycleOf));
        nextWalkAtMs = await nextCutOffMs(settlements, (await settlements.walkedUntilMs()) + nowMs - clock.wallNow());
      }
      // Operations are looked through at the cut-offs only; what was made so far is found then.
      if (nowMs >= nextWalkAtMs + settleAfterMs) {
        await look(clock.wallNow());
        nextWalkAtMs = await nextCutOffMs(settlements, nowMs);
      }
      return doEach(settling.log, {
        taken: await settlements.claimDue({ businessNowMs: nowMs, limit, leaseMs }),
        act: (cycle) => settle(settling, cycle),
        namesOf: ({ accountId }) => ({ accountId }),
        waits: 'a settlement waits for its next try',
      });
    },
    async nextDueAtMs() {
      await look(clock.wallNow() + 1);
      return settlements.nextDueAtMs();
    },
  };
}

/** Looked at again after an hour at the latest, since accounts are added and changed. */
async function nextCutOffMs(settlements: SettlementStore, afterMs: number): Promise<number> {
  const times = (await settlements.cutOffs()).map((cutOff) => firstCutOffAfter(afterMs, cutOff));
  return Math.min(afterMs + 3_600_000, ...times);
}

function cycleOf({ accountId, cutOff, atMs, lastCutOffAtMs = 0 }: FoundToSettle): {
  accountId: string;
  cutOffAtMs: number;
  dueAtMs: number;
} {
  const cutOffAtMs = firstCutOffAfter(Math.max(atMs, lastCutOffAtMs), cutOff);
  return { accountId, cutOffAtMs, dueAtMs: cutOffAtMs + settleAfterMs };
}

/** True when the account is done with this cut-off. */
async function settle({ settlements, log }: Settling, cycle: DueCycle): Promise<boolean> {
  const { accountId, cutOffAtMs } = cycle;
  if (cycle.waitedMs < waitAtMostMs && (await settlements.hasUncertain(cycle))) {
    await settlements.putOff(cycle, { afterMs: againAfterMs, waits: true });
    return false;
  }
  const settlementId = await settlements.open(cycle);
  if (settlementId !== undefined && (await settlements.collect(settlementId, cycle, leaseMs))) {
    if (await settlements.close(settlementId, closingOf)) {
      log.info({ accountId, settlementId, cutOff: new Date(cutOffAtMs).toISOString() }, 'a settlement is closed');
    }
  }
  await settlements.finish(cycle);
  await settlements.setDue((await settlements.left(accountId)).map(cycleOf));
  return true;
}

function closingOf(groups: readonly SettledGroup[]): Closing {
  const parts = partsOf(groups).map((part) => ({ ...part, partId: randomUUIDv7(), lines: settlementLines(part) }));
  return { parts, totals: totalsOf(groups) };
}
