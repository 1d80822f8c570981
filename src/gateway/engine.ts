/** The engine, with its ports plugged in: the stores, the vault, the acquirer, the bank and the directory servers. */
import { createHmac } from 'node:crypto';
import type { RunningAcquirer } from '../acquirers/acquirer.ts';
import type { RunningBank } from '../acquirers/registry.ts';
import type { Engine } from '../core/payment/engine.ts';
import { type CardTesting, createCardTesting } from '../core/risk/card-testing.ts';
import { counted, countedHolds, timed } from '../http/metrics.ts';
import { observedAcquirer, observedDirectory, observedStore, observedVault } from '../observability/observed.ts';
import { createBillingStore } from '../store/billing.ts';
import { createCheckoutStore } from '../store/checkouts.ts';
import { createComplianceStore } from '../store/compliance.ts';
import { createCustomerStore } from '../store/customers.ts';
import { createDueHoldStore } from '../store/due-holds.ts';
import { createInvoiceStore } from '../store/invoices.ts';
import { createMailQueue } from '../store/mails.ts';
import { createMerchantBooks } from '../store/merchant-books.ts';
import { createOrderExpiryStore } from '../store/order-expiries.ts';
import { createEndpointStore } from '../store/own-endpoints.ts';
import { createTemplateStore } from '../store/page-templates.ts';
import { createRefundsInParts } from '../store/refunds-in-parts.ts';
import { createRequestKeys } from '../store/request-keys.ts';
import { createRiskStore } from '../store/risk-attempts.ts';
import { createScheduleStore } from '../store/schedules.ts';
import { createStatementStore } from '../store/statements.ts';
import { createTokenActStore } from '../store/token-acts.ts';
import { createVisitStore } from '../store/visit-store.ts';
import type { RunningThreeDSServer } from '../three-ds-server/server.ts';
import type { Foundation } from './foundation.ts';
import { publicUrlOf } from './public-url.ts';

const dayMs = 86_400_000;
const hourMs = 3_600_000;
const minuteMs = 60_000;

/** Whom the engine asks. */
export interface Hosts {
  readonly acquirer: RunningAcquirer;
  readonly bank: RunningBank | undefined;
  readonly threeDSServer: RunningThreeDSServer | undefined;
}

export function buildEngine(foundation: Foundation, { acquirer, bank, threeDSServer }: Hosts): Engine {
  const { config, databases, paymentStore, metrics, vault, clock, directory, log, observer, outages } = foundation;
  const inputKey = vault.deriveSecret('idempotency input');
  const ticketKey = vault.deriveSecret('shopper tickets');
  return {
    store: observedStore(counted(paymentStore, metrics), observer),
    checkouts: createCheckoutStore(databases.general),
    expiries: createOrderExpiryStore(databases.general),
    refundsInParts: createRefundsInParts(databases.general),
    endpoints: createEndpointStore(databases.general),
    tokenActs: createTokenActStore(databases.general),
    customers: createCustomerStore(databases.general),
    invoices: createInvoiceStore(databases.general),
    schedules: createScheduleStore(databases.general),
    billing: createBillingStore(databases.general),
    compliance: createComplianceStore(databases.general, clock),
    requestKeys: createRequestKeys(databases.general, vault),
    templates: createTemplateStore(databases.general),
    risk: createRiskStore(databases.general),
    books: createMerchantBooks(databases.general),
    statements: createStatementStore(databases.general),
    cardTesting: cardTestingOf(foundation),
    mails: createMailQueue(databases.general),
    holds: countedHolds(createDueHoldStore(databases.general, clock), metrics),
    vault: observedVault(vault, observer),
    acquirer: observedAcquirer(acquirer, observer),
    bank,
    clock,
    log,
    noteUnavailable: outages.noteRefusal,
    within: observer.within,
    inputMac: (text) => createHmac('sha256', inputKey).update(text).digest(),
    settings: {
      panRetentionMs: config.panRetentionDays * dayMs,
      keyLifetimeMs: config.idempotencyKeyDays * dayMs,
      retryLimits: config.retryLimits,
      retriesAtMost: config.retriesAtMost,
      riskLimits: config.riskLimits === 'on',
      reviewMs: config.reviewHours * hourMs,
    },
    unrecorded: new Set(),
    shoppers: {
      visits: timed(createVisitStore(databases), metrics),
      server: threeDSServer && observedDirectory(threeDSServer, observer),
      channelById: directory.channelById,
      ticketMac: (text) => createHmac('sha256', ticketKey).update(text).digest(),
      publicUrl: publicUrlOf(config),
      waitMs: config.shopperWaitMinutes * minuteMs,
      waitWithCvcMs: config.shopperWaitWithCvcMinutes * minuteMs,
      askTimeoutMs: config.directoryServerTimeoutMs,
      underWay: new Map(),
    },
  };
}

/** Undefined where nobody looks for it. */
function cardTestingOf({ config, clock, log, metrics }: Foundation): CardTesting | undefined {
  if (config.cardTesting === 'off') return undefined;
  return createCardTesting({
    limits: {
      windowMs: config.cardTestingWindowMinutes * minuteMs,
      cardsPerAddress: config.cardTestingCardsPerAddress,
      cardsPerEmail: config.cardTestingCardsPerEmail,
      cardsPerBin: config.cardTestingCardsPerBin,
      cardsPerMerchant: config.cardTestingCardsPerMerchant,
      declinePercent: config.cardTestingDeclinePercent,
    },
    nowMs: clock.businessNow,
    onFound({ subject, merchantId, untilMs }) {
      metrics.countCardTesting(subject);
      log.warn({ merchantId, subject, until: new Date(untilMs).toISOString() }, 'somebody tries out cards; they are kept from going on');
    },
  });
}
