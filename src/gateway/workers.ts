/** What a node does by itself, beside the requests. */
import type { RunningAcquirer } from '../acquirers/acquirer.ts';
import type { RunningBank } from '../acquirers/registry.ts';
import type { Config } from '../config.ts';
import { complianceWarnings } from '../core/compliance/warn.ts';
import type { HoldLives } from '../core/due/hold-life.ts';
import { dueHolds } from '../core/due/holds.ts';
import type { DueWork } from '../core/due/work.ts';
import { dueInvoices } from '../core/invoice/remind-due.ts';
import { dueVisits } from '../core/payment/advance.ts';
import type { Engine } from '../core/payment/engine.ts';
import { dueOrders } from '../core/payment/expire-due.ts';
import { dueRefunds } from '../core/payment/refund-in-parts.ts';
import { dueReconciliations } from '../core/settlement/reconcile.ts';
import { dueSettlements, type Settling } from '../core/settlement/settle-due.ts';
import { dueBills } from '../core/subscription/bill-due.ts';
import { dueSchedules } from '../core/subscription/pay-due.ts';
import type { Webhooks } from '../dialects/dialect.ts';
import type { Outbound } from '../http/outbound.ts';
import { settlesWithin } from '../local/patience.ts';
import type { MailTransport } from '../mail/transport.ts';
import { createOutbox } from '../store/outbox.ts';
import { createSettlementStore } from '../store/settlement-store.ts';
import { startAdvancingVisits } from '../workers/advance-visits.ts';
import { startDelivering } from '../workers/deliver-events.ts';
import { startKeepingKeys } from '../workers/keep-keys.ts';
import { statementWork } from '../workers/make-statements.ts';
import { startResolving } from '../workers/resolve-unknown.ts';
import { startDueWork } from '../workers/run-due.ts';
import { startWorker, type Worker } from '../workers/worker.ts';
import { billWriters, callbacksByDialect, holdLifeOf, statementsByDialect } from './by-dialect.ts';
import { clockWatch } from './clock-watch.ts';
import type { Foundation } from './foundation.ts';
import { purgeWork, startClearing } from './housekeeping.ts';

export interface WorkerParts {
  readonly engine: Engine;
  readonly acquirer: RunningAcquirer;
  readonly bank: RunningBank | undefined;
  readonly outbound: Outbound;
  readonly webhooks: Webhooks;
  /** Absent: mails wait. */
  readonly mail: MailTransport | undefined;
}

const dayMs = 86_400_000;
/** How late a node sees that the clock was moved, or that an operator has acted. */
const refreshMs = 1_000;

/**
 * Starts all of it. `works`: what has a time at which it is due, for whoever moves the business clock, in the order in which it is done when several
 * are due at once.
 */
export function startWorkers(foundation: Foundation, parts: WorkerParts): Worker & { readonly works: readonly DueWork[] } {
  const { config, databases, clock, directory, log, vault, observer, metrics } = foundation;
  const { engine, acquirer, bank, outbound, webhooks, mail } = parts;
  const watchClock = clockWatch(clock, log);
  const refreshing = startWorker(async () => {
    await Promise.allSettled([clock.refresh().then(watchClock), directory.refresh()]);
    return refreshMs;
  });
  const resolving = startResolving(engine);
  const settling: Settling = { settlements: createSettlementStore(databases.general, clock), clock, log };
  const works = dueWorks({ config, directory, engine, settling });
  const comparing = dueReconciliations({ ...settling, acquirer, bank });
  const making = statementWork(engine, statementsByDialect);
  const doing = [...works, comparing, making].map((work) => startDueWork(work, log));
  const visiting = startAdvancingVisits(engine);
  const delivering = startDelivering({
    ...{ engine, directory, mode: config.mode, outbox: createOutbox(databases.outbox), outbound, webhooks, mail },
    step: observer.step,
    onTry: metrics.countDelivery,
    callbacks: callbacksByDialect,
  });
  if (config.smtpUrl === undefined) log.info({}, 'there is no SMTP_URL: mails wait until the gateway is started with one');
  const keepingKeys = startKeepingKeys({ log, round: vault.keys.round });
  const purge = purgeWork(foundation);
  const clearing = startClearing(foundation, engine, purge);
  return {
    works: [dueVisits(engine), ...works, purge, delivering.work],
    async stop() {
      await Promise.all([
        ...[refreshing, resolving, ...doing, clearing, keepingKeys, visiting].map((worker) => worker.stop()),
        settlesWithin({ promise: delivering.stop(), patienceMs: config.shutdownTimeoutMs }),
      ]);
    },
  };
}

interface DueWorkParts extends Pick<Foundation, 'config' | 'directory'> {
  readonly engine: Engine;
  readonly settling: Settling;
}

function dueWorks({ config, directory, engine, settling }: DueWorkParts): readonly DueWork[] {
  const { mode } = config;
  const isTest = mode === 'sandbox';
  return [
    dueSchedules(engine, directory),
    dueHolds(engine, directory, { lives: holdLives(config), dialectLifeOf: holdLifeOf }),
    dueRefunds(engine, directory),
    dueSettlements(settling),
    complianceWarnings(engine),
    dueInvoices(engine, directory, { isTest }),
    dueBills({ engine, directory, writers: billWriters({ engine, mode }), isTest }),
    // Last: what else is due at that time may pay them.
    dueOrders(engine),
  ];
}

function holdLives(config: Config): HoldLives {
  return {
    visaMs: config.holdDaysVisa * dayMs,
    visaMerchantInitiatedMs: config.holdDaysVisaMerchantInitiated * dayMs,
    mastercardMs: config.holdDaysMastercard * dayMs,
    otherMs: config.holdDaysOther * dayMs,
  };
}
