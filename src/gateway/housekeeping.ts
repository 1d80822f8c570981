/** What a node clears away by itself: whatever nobody may or will ask for any more. */
import type { DueWork } from '../core/due/work.ts';
import type { Engine } from '../core/payment/engine.ts';
import { acting } from '../store/audit.ts';
import { deleteOldDeclines } from '../store/card-blocks.ts';
import { deleteExpiredKeys } from '../store/expired-keys.ts';
import { pruneGivenUpHolds } from '../store/given-up-holds.ts';
import { pruneCheckouts, pruneDeliveries, pruneVisits } from '../store/prune.ts';
import { deleteExpiredWindows } from '../store/request-window.ts';
import { deleteOldAttempts } from '../store/risk-attempts.ts';
import { startHousekeeping } from '../workers/housekeeping.ts';
import type { Worker } from '../workers/worker.ts';
import type { Foundation } from './foundation.ts';

const dayMs = 86_400_000;
/** Whoever wants a statement again asks for it again. */
const statementsKeptMs = 30 * dayMs;

/** `purge`: see {@link purgeWork}. */
export function startClearing({ config, databases: { general }, clock, log, vault }: Foundation, engine: Engine, purge: DueWork): Worker {
  return startHousekeeping({
    log,
    tasks: {
      'expired idempotency keys': () => deleteExpiredKeys(general),
      'counted requests of the past': () => deleteExpiredWindows(general),
      'declines and card blocks that no limit asks for any more': () => deleteOldDeclines(general, clock.businessNow()),
      'attempts that no risk limit counts any more': () => deleteOldAttempts(general, clock.businessNow()),
      'card numbers past their date': async () => (await purge.run(0)).done,
      'verification codes that waited too long': vault.purgeCvcs,
      'webhooks told long ago': () => pruneDeliveries(general, clock.wallNow() - config.webhookHistoryDays * dayMs),
      'checkouts of the past': () => pruneCheckouts(general, clock.wallNow() - config.checkoutHistoryDays * dayMs),
      'statements of the past': () => engine.statements.prune(clock.businessNow() - statementsKeptMs),
      'what was given up for holds that are over with': () => pruneGivenUpHolds(general),
      'visits of shoppers of the past': () => pruneVisits(general, clock.wallNow() - config.shopperVisitDays * dayMs),
    },
  });
}

/** Housekeeping does it every minute, and the clock stops for it on its way. What was deleted is in the operators' trail, in numbers. */
export function purgeWork({ vault, clock, databases }: Foundation): DueWork {
  return {
    name: 'card numbers past their date',
    async run() {
      const { cards, tokens } = await vault.purgeDue(clock.businessNow());
      const count = cards + tokens;
      if (count > 0) {
        const businessTime = new Date(clock.businessNow()).toISOString();
        await acting(databases.general, (_query, audit) =>
          audit({ actor: 'gateway', act: 'cards.purged', details: { cards, tokens, businessTime } }),
        );
      }
      return { taken: count, done: count };
    },
    nextDueAtMs: () => vault.nextPurgeAtMs(),
  };
}
