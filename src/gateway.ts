/** The composition root: builds the parts of one gateway from its configuration and starts them, with plain calls. */
import { createHmac, randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { RunningAcquirer } from './acquirers/acquirer.ts';
import { openAcquirer, openBank, type RunningBank } from './acquirers/registry.ts';
import type { Config } from './config.ts';
import { describeConsole } from './console-api/openapi.ts';
import type { ConsoleParts } from './console-api/parts.ts';
import { addConsoleRoutes, consoleRoutes, refuseOtherPaths } from './console-api/routes.ts';
import { takeBankNotice } from './core/bank/take-report.ts';
import { complianceWarnings } from './core/compliance/warn.ts';
import { takeDisputeNotice } from './core/dispute/take-notice.ts';
import type { HoldLives } from './core/due/hold-life.ts';
import { dueHolds } from './core/due/holds.ts';
import type { DueWork } from './core/due/work.ts';
import { dueInvoices } from './core/invoice/remind-due.ts';
import type { Channel, Directory } from './core/merchant/channel.ts';
import { dueVisits } from './core/payment/advance.ts';
import type { Engine, EngineLog } from './core/payment/engine.ts';
import { takeLateAnswer } from './core/payment/resolve.ts';
import type { ShopperStep } from './core/payment/shopper-step.ts';
import { type CardTesting, createCardTesting } from './core/risk/card-testing.ts';
import { dueReconciliations } from './core/settlement/reconcile.ts';
import { dueSettlements } from './core/settlement/settle-due.ts';
import type { BillWriter } from './core/subscription/bill.ts';
import { dueBills } from './core/subscription/bill-due.ts';
import { dueSchedules } from './core/subscription/pay-due.ts';
import { Unavailable } from './core/unavailable.ts';
import type { DialectContext, ShopperReturn, Webhooks } from './dialects/dialect.ts';
import { dialects } from './dialects/registry.ts';
import { readCertificate } from './http/certificate.ts';
import { addDocsRoutes } from './http/docs/routes.ts';
import { createDoor } from './http/limits/door.ts';
import { createLogger, redactionHits } from './http/log.ts';
import { counted, createMetrics, type Metrics, type Readings, timed } from './http/metrics.ts';
import { addNotificationRoutes, bankNotificationPath } from './http/notifications/routes.ts';
import { createOutbound, type Outbound } from './http/outbound.ts';
import { addPageFiles } from './http/pages/assets.ts';
import { addCheckoutRoutes } from './http/pages/checkout-routes.ts';
import { createRequestLimits } from './http/request-limits.ts';
import { createServer, observeRequests } from './http/server.ts';
import { addShopperRoutes, resultsPath } from './http/shopper/routes.ts';
import { settlesWithin } from './local/patience.ts';
import { sendTestMail } from './mail/test-mail.ts';
import { type MailTransport, openMailTransport } from './mail/transport.ts';
import { observedAcquirer, observedDirectory, observedStore, observedVault } from './observability/observed.ts';
import { createObserver, type Observer } from './observability/observer.ts';
import type { Tracing } from './observability/tracing.ts';
import { outsideOfWork } from './observability/work.ts';
import { type Database, isConnectionFailure, openDatabase } from './postgres/connection.ts';
import { acting } from './store/audit.ts';
import { createBillingStore } from './store/billing.ts';
import { deleteOldDeclines } from './store/card-blocks.ts';
import { createCheckoutStore } from './store/checkouts.ts';
import { createClock, type StoreClock } from './store/clock.ts';
import { createComplianceStore } from './store/compliance.ts';
import { createCustomerStore } from './store/customers.ts';
import { createDirectory, type StoreDirectory } from './store/directory.ts';
import { createDueHoldStore } from './store/due-holds.ts';
import { createUrlExpectation, endpointsOf } from './store/endpoints.ts';
import { deleteExpiredKeys } from './store/expired-keys.ts';
import { createInvoiceStore } from './store/invoices.ts';
import { createMailQueue } from './store/mails.ts';
import { createMerchantBooks } from './store/merchant-books.ts';
import { countOpenOperations } from './store/open-operations.ts';
import { createOperatorStore } from './store/operator-store.ts';
import { createOutbox } from './store/outbox.ts';
import { createEndpointStore } from './store/own-endpoints.ts';
import { createTemplateStore } from './store/page-templates.ts';
import { type BatchingPaymentStore, createPaymentStore } from './store/payment-store.ts';
import { pruneCheckouts, pruneDeliveries, pruneVisits } from './store/prune.ts';
import { createRequestKeys } from './store/request-keys.ts';
import { createRequestWindow, deleteExpiredWindows } from './store/request-window.ts';
import { createRiskStore, deleteOldAttempts } from './store/risk-attempts.ts';
import { createScheduleStore } from './store/schedules.ts';
import { createSettlementStore } from './store/settlement-store.ts';
import { createStatementStore } from './store/statements.ts';
import { createTokenActStore } from './store/token-acts.ts';
import { createTraceNumbers } from './store/trace-numbers.ts';
import { verify } from './store/verify.ts';
import { createVisitStore } from './store/visit-store.ts';
import { countOpenVisits, countWaitingDeliveries } from './store/watched.ts';
import { joinServers } from './three-ds-server/by-scheme.ts';
import type { DirectoryTls } from './three-ds-server/post.ts';
import { type RunningThreeDSServer, startThreeDSServer } from './three-ds-server/server.ts';
import { openKeyFile } from './vault/key-file.ts';
import { dataKeyStates, masterKeyStates } from './vault/key-states.ts';
import { type OpenVault, openVault } from './vault/vault.ts';
import { startAdvancingVisits } from './workers/advance-visits.ts';
import { startDelivering } from './workers/deliver-events.ts';
import { startHousekeeping } from './workers/housekeeping.ts';
import { startKeepingKeys } from './workers/keep-keys.ts';
import { statementWork } from './workers/make-statements.ts';
import { startResolving } from './workers/resolve-unknown.ts';
import { startDueWork } from './workers/run-due.ts';

/**
 * A gateway that answers. `stop` serves on for `shutdownNoticeMs` while it says that it stops, then refuses what is new, and lets requests in
 * flight finish for at most `shutdownTimeoutMs`.
 */
export type Gateway = { readonly url: string; readonly stop: () => Promise<void> };

/** Takes lines of JSON. */
export type LogDestination = { readonly write: (line: string) => void };

const dayMs = 86_400_000;
const minuteMs = 60_000;
/** Whoever wants a statement again asks for it again. */
const statementsKeptMs = 30 * dayMs;
/** How late a node sees that the clock was moved, or that an operator has acted. */
const refreshMs = 1_000;

/**
 * Starts the gateway on `config.host` and `config.port`; `config.databaseUrl` must be given, and migrated. Logs to standard output, or to
 * `logDestination`.
 */
export async function startGateway(config: Config, options: { readonly logDestination?: LogDestination } = {}): Promise<Gateway> {
  const log = createLogger({
    level: config.logLevel,
    ...(options.logDestination === undefined ? {} : { destination: options.logDestination }),
  });
  const databaseUrl = config.databaseUrl;
  if (databaseUrl === undefined) throw new Error('There is no database: set DATABASE_URL.');
  const certificate = readCertificate(config);
  const stores = openStores(databaseUrl, log);
  const node = thisNode();
  const keyProvider = await openKeyFile({ path: config.masterKeyFile, createIfMissing: config.mode === 'sandbox' });
  const vault = await openVault({ url: config.vaultDatabaseUrl ?? databaseUrl, keyProvider, log, node });
  const clock = await createClock(stores.general, { canMove: config.mode === 'sandbox' });
  const directory = createDirectory(stores.general);
  const metrics = createMetrics(() => read());
  const paymentStore = createPaymentStore({ ...stores, clock, onBatch: metrics.observeBatch });
  const tracing = await startTracing(config, node.id);
  const observer = createObserver({ tracing, onStep: metrics.observeStep });
  const threeDSServer = await startDirectory({ config, directory, clock, log });
  const { engine, acquirer, bank } = buildEngine({
    ...{ config, stores, paymentStore, metrics, vault, clock, directory, log, threeDSServer, observer },
  });
  const parts = oneAtATime(() => readiness(stores.general, vault, acquirer));
  const read = async (): Promise<Readings> => ({
    ready: await parts(),
    ...(await whatWaits(stores.general, engine)),
    acquirerConnections: acquirer.readyConnections(),
    queueDepths: paymentStore.queueDepths(),
    redactionHits: redactionHits(),
  });
  const refreshing = setInterval(() => {
    for (const part of [clock, directory]) void part.refresh().catch(() => undefined);
  }, refreshMs);
  const outbound = createOutbound({ privateNetworks: config.outboundPrivateNetworks });
  const mail = mailTransport(config);
  const resolving = startResolving(engine);
  const settling = { settlements: createSettlementStore(stores.general, clock), clock, log };
  const works = [
    dueSchedules(engine, directory),
    dueHolds(engine, directory, { lives: holdLives(config), dialectLifeOf }),
    dueSettlements(settling),
    complianceWarnings(engine),
    dueInvoices(engine, directory, { isTest: config.mode === 'sandbox' }),
    dueBills({ engine, directory, writers: billWriters({ engine, mode: config.mode }), isTest: config.mode === 'sandbox' }),
  ];
  const comparing = dueReconciliations({ ...settling, acquirer, bank });
  const making = statementWork(
    engine,
    new Map(dialects.flatMap(({ name, statement }) => (statement === undefined ? [] : [[name, statement]]))),
  );
  const doing = [...works, comparing, making].map((work) => startDueWork(work, log));
  const visiting = startAdvancingVisits(engine);
  const webhooks = webhooksOf(stores.general, vault, outbound);
  const delivering = startDelivering({
    ...{ engine, directory, mode: config.mode, outbox: createOutbox(stores.outbox), outbound, webhooks, mail },
    step: observer.step,
    onTry: metrics.countDelivery,
    callbacks: new Map(dialects.flatMap(({ name, callbacks }) => (callbacks === undefined ? [] : [[name, callbacks]]))),
  });
  if (config.smtpUrl === undefined) log.info({}, 'there is no SMTP_URL: mails wait until the gateway is started with one');
  const expectUrlsInRequests = createUrlExpectation(stores.general);
  const keepingKeys = startKeepingKeys({ log, round: vault.keys.round });
  const purge = purgeWork(vault, clock, stores.general);
  const housekeeping = startHousekeeping({
    log,
    tasks: {
      'expired idempotency keys': () => deleteExpiredKeys(stores.general),
      'counted requests of the past': () => deleteExpiredWindows(stores.general),
      'declines and card blocks that no limit asks for any more': () => deleteOldDeclines(stores.general, clock.businessNow()),
      'attempts that no risk limit counts any more': () => deleteOldAttempts(stores.general, clock.businessNow()),
      'card numbers past their date': async () => (await purge.run(0)).done,
      'verification codes that waited too long': vault.purgeCvcs,
      'webhooks told long ago': () => pruneDeliveries(stores.general, clock.wallNow() - config.webhookHistoryDays * dayMs),
      'checkouts of the past': () => pruneCheckouts(stores.general, clock.wallNow() - config.checkoutHistoryDays * dayMs),
      'statements of the past': () => engine.statements.prune(clock.businessNow() - statementsKeptMs),
      'visits of shoppers of the past': () => pruneVisits(stores.general, clock.wallNow() - config.shopperVisitDays * dayMs),
    },
  });
  const limits = createRequestLimits({
    window: createRequestWindow(stores.general),
    statusPerMinute: config.statusRequestsPerMinute,
    requestsPerMinute: config.requestsPerMinute,
    wallNow: clock.wallNow,
  });
  const door = createDoor({ limits: config, nowMs: () => performance.now(), onRefused: metrics.countRefusal });
  const consoleParts: ConsoleParts = {
    logins: door.loginsOf({ name: 'console' }),
    keys: { operator: config.operatorKey, viewer: config.viewerKey },
    store: createOperatorStore(stores.general, {
      emailFields: dialects.flatMap(({ emailIn }) => (emailIn === undefined ? [] : [emailIn])),
    }),
    works: [dueVisits(engine), ...works, purge, delivering.work],
    ...{ log, isUnavailable, mode: config.mode, clock, dialects, engine, outbound },
    ...(mail === undefined ? {} : { sendTestMail: (endpoint) => sendTestMail(mail, endpoint) }),
    readKeys: async () => ({ master_keys: await masterKeyStates(vault.keys, keyProvider), data_keys: await dataKeyStates(vault.keys) }),
    verify: () => verify({ databaseUrl }),
  };
  const consoleApi = consoleRoutes(consoleParts);
  const { app: server, draining } = createServer({
    observer,
    tellsTimings: config.mode === 'sandbox',
    bodyLimitBytes: config.requestBodyLimitBytes,
    connections: { limits: config, trustedProxy: config.trustedProxy, isHeldOff: door.isHeldOff, onCut: metrics.countCut },
    trustProxy: trustProxy(config.trustedProxy),
    certificate,
    readiness: parts,
    metrics,
    metricsKey: config.metricsKey,
  });
  door.guard(server, {
    open: ['/healthz', '/readyz', '/metrics', resultsPath, bankNotificationPath],
    large: /^\/docs\/(assets\/|.*\.json$)/,
  });
  for (const dialect of dialects) {
    await server.register(async (app) => {
      observeRequests(app, dialect.name, metrics);
      door.expectLogins(app);
      const { mode } = config;
      const { name, requestsPerSecond: documentedPerSecond } = dialect;
      const logins = door.loginsOf({ name, ...(documentedPerSecond === undefined ? {} : { documentedPerSecond }) });
      const allLimits = { ...limits, ...logins };
      dialect.register(app, { engine, directory, mode, limits: allLimits, webhooks, expectUrlsInRequests, isUnavailable });
    });
  }
  addPageFiles(server);
  addCheckoutRoutes(server, { engine, directory, mode: config.mode, isUnavailable, returnStep: returnStepOf({ engine, directory }) });
  await server.register(async (app) =>
    addShopperRoutes(app, { engine, mode: config.mode, returnStep: returnStepOf({ engine, directory }) }),
  );
  if (bank !== undefined) await server.register(async (app) => addNotificationRoutes(app, bank.takeNotification));
  await server.register(async (app) => {
    addConsoleRoutes(app, consoleParts, consoleApi);
    refuseOtherPaths(app);
  });
  addDocsRoutes(server, [
    ...dialects.map((dialect) => ({ name: dialect.name, describe: () => dialect.describe(config.mode) })),
    { name: 'console', describe: () => describeConsole(consoleApi, config.mode) },
  ]);
  const stopParts = async () => {
    clearInterval(refreshing);
    await Promise.all([
      resolving.stop(),
      ...doing.map((worker) => worker.stop()),
      housekeeping.stop(),
      keepingKeys.stop(),
      visiting.stop(),
      threeDSServer?.stop(),
      settlesWithin({ promise: delivering.stop(), patienceMs: config.shutdownTimeoutMs }),
    ]);
    await settlesWithin({ promise: Promise.allSettled([...engine.unrecorded]), patienceMs: config.shutdownTimeoutMs });
    await acquirer.close();
    await clock.close();
    await Promise.all([stores.hot.close(), stores.general.close(), stores.outbox.close(), vault.close(), tracing?.stop()]);
  };
  try {
    const url = await server.listen({ host: config.host, port: config.port });
    return {
      url,
      async stop() {
        const patienceMs = config.shutdownTimeoutMs;
        draining.announce();
        await delay(config.shutdownNoticeMs);
        await settlesWithin({ promise: draining.refuse(), patienceMs });
        if (!(await settlesWithin({ promise: server.close(), patienceMs }))) server.server.closeAllConnections();
        await stopParts();
      },
    };
  } catch (error) {
    await stopParts();
    throw error;
  }
}

/** A new one at every start, since what it remembers is new as well. */
function thisNode(): { readonly id: string; readonly name: string } {
  return { id: randomUUID(), name: `${hostname()}:${process.pid}` };
}

function isUnavailable(error: unknown): boolean {
  return error instanceof Unavailable || isConnectionFailure(error);
}

interface Stores {
  /** The payment path. */
  readonly hot: Database;
  /** Everything else: directory, resolution, lists. */
  readonly general: Database;
  /** Telling merchants: apart, so that a flood of it leaves the rest their connections; index plans only, since its tables grow without end. */
  readonly outbox: Database;
}

function openStores(url: string, log: EngineLog): Stores {
  // A connection outlives the request that it was opened for.
  const onError = (error: Error) => outsideOfWork(() => log.warn({ error: error.message }, 'an idle database connection broke'));
  const pool = { url, role: 'polygate_app', onError };
  return {
    hot: openDatabase({ ...pool, applicationName: 'polygate', purpose: 'hot', maxConnections: 10 }),
    general: openDatabase({ ...pool, applicationName: 'polygate-general', purpose: 'general', maxConnections: 6 }),
    outbox: openDatabase({ ...pool, applicationName: 'polygate-outbox', purpose: 'hot', maxConnections: 3 }),
  };
}

interface Parts {
  readonly config: Config;
  readonly stores: Stores;
  readonly paymentStore: BatchingPaymentStore;
  readonly metrics: Metrics;
  readonly vault: OpenVault;
  readonly clock: StoreClock;
  readonly directory: StoreDirectory;
  readonly log: EngineLog;
  readonly threeDSServer: RunningThreeDSServer | undefined;
  readonly observer: Observer;
}

function buildEngine({ config, stores, paymentStore, metrics, vault, clock, directory, log, threeDSServer, observer }: Parts): {
  readonly engine: Engine;
  readonly acquirer: RunningAcquirer;
  readonly bank: RunningBank | undefined;
} {
  const acquirer = openAcquirer(
    {
      iso8583: {
        ...config.acquirerAddress,
        connections: config.acquirerConnections,
        timeoutMs: config.acquirerTimeoutMs,
        institutionId: config.acquirerInstitutionId,
        privateText: config.mode === 'sandbox',
      },
    },
    {
      account: directory.account,
      numbers: createTraceNumbers(stores.general),
      clock,
      log,
      async onDispute(notice) {
        const outcome = await takeDisputeNotice(engine, notice);
        metrics.countDispute(notice.stage, outcome);
        return outcome;
      },
      onLateAnswer: (reference, answer) => {
        takeLateAnswer(engine, reference, answer).catch((error: unknown) => {
          log.error({ ...reference, error: String(error) }, 'a late answer could not be recorded; its operation is resolved without it');
        });
      },
    },
  );
  const { bankUrl: url, bankSecret: secret, bankTimeoutMs: timeoutMs } = config;
  const bank =
    url === undefined || secret === undefined
      ? undefined
      : openBank(
          { url, secret, timeoutMs, notificationUrl: `${publicUrlOf(config)}${bankNotificationPath}` },
          { log, wallNow: clock.wallNow, onReport: (report) => takeBankNotice(engine, report) },
        );
  const inputKey = vault.deriveSecret('idempotency input');
  const ticketKey = vault.deriveSecret('shopper tickets');
  const engine: Engine = {
    store: observedStore(counted(paymentStore, metrics), observer),
    checkouts: createCheckoutStore(stores.general),
    endpoints: createEndpointStore(stores.general),
    tokenActs: createTokenActStore(stores.general),
    customers: createCustomerStore(stores.general),
    invoices: createInvoiceStore(stores.general),
    schedules: createScheduleStore(stores.general),
    billing: createBillingStore(stores.general),
    compliance: createComplianceStore(stores.general, clock),
    requestKeys: createRequestKeys(stores.general, vault),
    templates: createTemplateStore(stores.general),
    risk: createRiskStore(stores.general),
    books: createMerchantBooks(stores.general),
    statements: createStatementStore(stores.general),
    cardTesting: cardTestingOf(config, { clock, log, metrics }),
    mails: createMailQueue(stores.general),
    holds: createDueHoldStore(stores.general),
    vault: observedVault(vault, observer),
    acquirer: observedAcquirer(acquirer, observer),
    bank,
    clock,
    log,
    within: observer.within,
    inputMac: (text) => createHmac('sha256', inputKey).update(text).digest(),
    settings: {
      panRetentionMs: config.panRetentionDays * dayMs,
      keyLifetimeMs: config.idempotencyKeyDays * dayMs,
      retryLimits: config.retryLimits,
      retriesAtMost: config.retriesAtMost,
      riskLimits: config.riskLimits === 'on',
      reviewMs: config.reviewHours * 3_600_000,
    },
    unrecorded: new Set(),
    shoppers: {
      visits: timed(createVisitStore(stores), metrics),
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
  return { engine, acquirer, bank };
}

function cardTestingOf(config: Config, { clock, log, metrics }: Pick<Parts, 'clock' | 'log' | 'metrics'>): CardTesting | undefined {
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

/** As the dialect of the payment's channel has it. */
function returnStepOf(context: { readonly engine: Engine; readonly directory: Directory }) {
  return async (back: ShopperReturn): Promise<ShopperStep | undefined> =>
    dialects.find(({ name }) => name === back.channel.dialect)?.returnStep?.(context, back);
}

/** Of the dialects that have subscriptions. */
function billWriters(context: Pick<DialectContext, 'engine' | 'mode'>): ReadonlyMap<string, BillWriter> {
  return new Map(dialects.flatMap(({ name, billing }) => (billing === undefined ? [] : [[name, billing(context)] as const])));
}

/** Housekeeping does it every minute, and the clock stops for it on its way. What was deleted is in the operators' trail, in numbers. */
function purgeWork(vault: OpenVault, clock: StoreClock, database: Database): DueWork {
  return {
    name: 'card numbers past their date',
    async run() {
      const { cards, tokens } = await vault.purgeDue(clock.businessNow());
      const count = cards + tokens;
      if (count > 0) {
        const businessTime = new Date(clock.businessNow()).toISOString();
        await acting(database, (_query, audit) =>
          audit({ actor: 'gateway', act: 'cards.purged', details: { cards, tokens, businessTime } }),
        );
      }
      return { taken: count, done: count };
    },
    nextDueAtMs: () => vault.nextPurgeAtMs(),
  };
}

function webhooksOf(database: Database, vault: OpenVault, outbound: Outbound): Webhooks {
  return {
    async addressesOf(channel) {
      const { merchantId } = channel;
      const endpoints = await endpointsOf(database, channel);
      return endpoints.map(({ endpointId, url, settings, secret: sealed }) => {
        const secret = sealed === null ? {} : { secret: vault.openSecret({ merchantId, secretId: endpointId, sealed }) };
        return { url, settings, ...secret };
      });
    },
    async send(message) {
      const answer = await outbound.send(message);
      return answer.kind === 'answered' && answer.status >= 200 && answer.status < 300;
    },
  };
}

function mailTransport({ smtpUrl, mailFrom }: Config): MailTransport | undefined {
  return smtpUrl === undefined || mailFrom === undefined ? undefined : openMailTransport({ url: smtpUrl, from: mailFrom });
}

function holdLives(config: Config): HoldLives {
  return {
    visaMs: config.holdDaysVisa * dayMs,
    visaMerchantInitiatedMs: config.holdDaysVisaMerchantInitiated * dayMs,
    mastercardMs: config.holdDaysMastercard * dayMs,
    otherMs: config.holdDaysOther * dayMs,
  };
}

function dialectLifeOf(channel: Channel): number | undefined {
  return dialects.find(({ name }) => name === channel.dialect)?.holdLifeMs?.(channel);
}

/** Undefined without a directory server: then no payment is authenticated. */
async function startDirectory(parts: Pick<Parts, 'config' | 'directory' | 'clock' | 'log'>): Promise<RunningThreeDSServer | undefined> {
  const { config, directory, clock, log } = parts;
  const { directoryServerUrl, directoryServers = [], directoryServerTimeoutMs: timeoutMs } = config;
  const start = (url: string, scheme?: string): Promise<RunningThreeDSServer> =>
    startThreeDSServer({
      ...{ url, timeoutMs, account: directory.account, businessNow: clock.businessNow, log, allowsPlainHttp: config.mode === 'sandbox' },
      tls: directoryTls(config, scheme),
      requestor: {
        ...{ serverReference: config.threeDSServerReference, requestorId: config.threeDSRequestorId, requestorUrl: publicUrlOf(config) },
        ...{ acquirerBin: config.acquirerInstitutionId, merchantCountry: config.merchantCountry },
      },
    });
  const [others, ...own] = await Promise.all([
    directoryServerUrl === undefined ? undefined : start(directoryServerUrl),
    ...directoryServers.map(async ({ scheme, url }) => [scheme, await start(url, scheme)] as const),
  ]);
  return joinServers({ byScheme: new Map(own), ...(others === undefined ? {} : { others }) });
}

/** The certificates for one directory server: its scheme's own, where the folder has them. */
function directoryTls(config: Config, scheme: string | undefined): DirectoryTls {
  const { directoryServerTlsFolder: folder } = config;
  const read = (name: string, otherwise: string | undefined): string | undefined => {
    const own = folder === undefined || scheme === undefined ? undefined : join(folder, `${scheme}${name}`);
    const path = own !== undefined && existsSync(own) ? own : otherwise;
    return path === undefined ? undefined : readFileSync(path, 'utf8');
  };
  const ca = read('-ca.crt', config.directoryServerCaFile);
  const certificate = read('.crt', config.directoryServerCertificateFile);
  const key = read('.key', config.directoryServerKeyFile);
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(certificate === undefined ? {} : { certificate }),
    ...(key === undefined ? {} : { key }),
  };
}

/** Without a setting of its own, the address that it listens on. */
function publicUrlOf({ publicUrl, tlsCertificateFile, host, port }: Config): string {
  const name = host.includes(':') ? `[${host}]` : host;
  return publicUrl ?? `${tlsCertificateFile === undefined ? 'http' : 'https'}://${name}:${port}`;
}

/** Whoever asks while it is under way gets its answer: anybody may ask, as often as they like. */
function oneAtATime<T>(run: () => Promise<T>): () => Promise<T> {
  let underWay: Promise<T> | undefined;
  return () => {
    underWay ??= run().finally(() => {
      underWay = undefined;
    });
    return underWay;
  };
}

/** Which parts can work now. */
async function readiness(database: Database, vault: OpenVault, acquirer: RunningAcquirer): Promise<Readonly<Record<string, boolean>>> {
  const checks = {
    database: () => database.query({ name: 'readiness', text: 'select 1' }),
    vault: () => vault.health(),
    acquirer: async () => {
      if (!acquirer.isReady()) throw new Error('the link is down');
    },
  };
  const results = Object.entries(checks).map(([name, check]) =>
    check().then(
      () => [name, true] as const,
      () => [name, false] as const,
    ),
  );
  return Object.fromEntries(await Promise.all(results));
}

type Waiting = Pick<Readings, 'openOperations' | 'outbox' | 'openVisits' | 'dueLags'>;

/** Absent while the database is away: an old number would look like a true one. */
async function whatWaits(database: Database, { clock, schedules, holds, shoppers }: Engine): Promise<Waiting> {
  try {
    const nowMs = clock.businessNow();
    const openOperations = await countOpenOperations(database, nowMs);
    const outbox = await countWaitingDeliveries(database);
    const openVisits = await countOpenVisits(database);
    const lagOf = (dueAtMs: number | undefined) => (dueAtMs === undefined ? 0 : Math.max(0, nowMs - dueAtMs));
    const dueLags = {
      schedules: lagOf(await schedules.nextDueAtMs()),
      holds: lagOf(await holds.nextDueAtMs()),
      visits: lagOf(await shoppers.visits.nextDueAtMs()),
    };
    return { openOperations, outbox, openVisits, dueLags };
  } catch {
    return {};
  }
}

async function startTracing(
  { otlpEndpoint: endpoint, otelServiceName: serviceName }: Config,
  instanceId: string,
): Promise<Tracing | undefined> {
  if (endpoint === undefined) return undefined;
  const { openTracing } = await import('./observability/tracing.ts');
  return openTracing({ endpoint, serviceName, instanceId });
}

/** Fastify takes a number of proxies only as the function that it stands for: how far from us an address may be and still be believed. */
function trustProxy(proxies: Config['trustedProxy']): boolean | string[] | ((address: string, hop: number) => boolean) {
  if (proxies === undefined) return false;
  return typeof proxies === 'number' ? (_address, hop) => hop < proxies : [...proxies];
}
