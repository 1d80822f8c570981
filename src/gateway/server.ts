/** The server with all that it answers: dialects, pages for shoppers, what banks tell, the console API and the documentation. */
import type { FastifyInstance } from 'fastify';
import type { RunningBank } from '../acquirers/registry.ts';
import type { Config } from '../config.ts';
import { describeConsole } from '../console-api/openapi.ts';
import { addConsoleRoutes, consoleRoutes, refuseOtherPaths } from '../console-api/routes.ts';
import type { DueWork } from '../core/due/work.ts';
import type { Engine } from '../core/payment/engine.ts';
import { isCertainlyNotRecorded } from '../core/payment/store-failure.ts';
import { Unavailable } from '../core/unavailable.ts';
import type { DialectApi, DialectContext, Webhooks } from '../dialects/dialect.ts';
import { dialects } from '../dialects/registry.ts';
import type { ServerCertificate } from '../http/certificate.ts';
import { addDocsRoutes } from '../http/docs/routes.ts';
import { createDoor, type Door } from '../http/limits/door.ts';
import type { Metrics } from '../http/metrics.ts';
import { addNotificationRoutes, bankNotificationPath } from '../http/notifications/routes.ts';
import type { Outbound } from '../http/outbound.ts';
import { addPageFiles } from '../http/pages/assets.ts';
import { addCheckoutRoutes } from '../http/pages/checkout-routes.ts';
import { createRequestLimits } from '../http/request-limits.ts';
import type { Draining } from '../http/requests.ts';
import { createServer, observeRequests } from '../http/server.ts';
import { addShopperRoutes, resultsPath } from '../http/shopper/routes.ts';
import type { MailTransport } from '../mail/transport.ts';
import { currentWork } from '../observability/work.ts';
import { isConnectionFailure, isOutOfResources } from '../postgres/connection.ts';
import { createUrlExpectation } from '../store/channel-endpoints.ts';
import { createRequestWindow } from '../store/request-window.ts';
import { returnStepOf } from './by-dialect.ts';
import { consolePartsOf } from './console.ts';
import type { Foundation } from './foundation.ts';
import type { Readiness } from './readings.ts';

export interface ServerParts {
  readonly certificate: ServerCertificate | undefined;
  readonly engine: Engine;
  readonly bank: RunningBank | undefined;
  readonly readiness: () => Promise<Readiness>;
  readonly outbound: Outbound;
  readonly webhooks: Webhooks;
  readonly mail: MailTransport | undefined;
  /** What whoever moves the business clock waits for. */
  readonly works: readonly DueWork[];
}

/** It does not listen yet. */
export async function buildServer(
  foundation: Foundation,
  parts: ServerParts,
): Promise<{ readonly server: FastifyInstance; readonly draining: Draining }> {
  const { config, directory, metrics, observer } = foundation;
  const { certificate, engine, bank, readiness, webhooks } = parts;
  const { mode } = config;
  const limits = limitsOf(foundation);
  const door = createDoor({ limits: config, nowMs: () => performance.now(), onRefused: metrics.countRefusal });
  const consoleParts = consolePartsOf(foundation, { ...parts, door, isUnavailable });
  const consoleApi = consoleRoutes(consoleParts);
  const { app: server, draining } = createServer({
    observer,
    tellsTimings: mode === 'sandbox',
    bodyLimitBytes: config.requestBodyLimitBytes,
    connections: { limits: config, trustedProxy: config.trustedProxy, isHeldOff: door.isHeldOff, onCut: metrics.countCut },
    trustProxy: trustProxy(config.trustedProxy),
    certificate,
    readiness,
    metrics,
    metricsKey: config.metricsKey,
  });
  door.guard(server, {
    open: ['/healthz', '/readyz', '/metrics', resultsPath, bankNotificationPath],
    large: /^\/docs\/(assets\/|.*\.json$)/,
  });
  const expectUrlsInRequests = createUrlExpectation(foundation.databases.general);
  const apis = await addDialects(
    server,
    { metrics, door, limits },
    { engine, directory, mode, webhooks, expectUrlsInRequests, isUnavailable },
  );
  const returnStep = returnStepOf({ engine, directory });
  addPageFiles(server);
  addCheckoutRoutes(server, { engine, directory, mode, isUnavailable, returnStep });
  await server.register(async (app) => addShopperRoutes(app, { engine, mode, isUnavailable, returnStep }));
  if (bank !== undefined) await server.register(async (app) => addNotificationRoutes(app, bank.takeNotification));
  await server.register(async (app) => {
    addConsoleRoutes(app, consoleParts, consoleApi);
    refuseOtherPaths(app);
  });
  addDocsRoutes(server, [
    ...apis.map(({ name, api }) => ({ name, describe: () => api.describe(mode) })),
    { name: 'console', describe: () => describeConsole(consoleApi, mode) },
  ]);
  return { server, draining };
}

interface LoadedApi {
  readonly name: string;
  readonly api: DialectApi;
}

/** Each in a part of the server of its own, with logins of its own. */
async function addDialects(
  server: FastifyInstance,
  { metrics, door, limits }: { readonly metrics: Metrics; readonly door: Door; readonly limits: SharedLimits },
  context: Omit<DialectContext, 'limits'>,
): Promise<readonly LoadedApi[]> {
  const apis = await Promise.all(dialects.map(async (dialect) => ({ ...dialect, api: await dialect.loadApi() })));
  for (const { api, name, requestsPerSecond: documentedPerSecond } of apis) {
    await server.register(async (app) => {
      observeRequests(app, name, metrics);
      door.expectLogins(app);
      const logins = door.loginsOf({ name, ...(documentedPerSecond === undefined ? {} : { documentedPerSecond }) });
      api.register(app, { ...context, limits: { ...limits, ...logins } });
    });
  }
  return apis;
}

/** What all dialects share of the limits. */
type SharedLimits = ReturnType<typeof createRequestLimits>;

function limitsOf({ config, databases, clock }: Foundation): SharedLimits {
  return createRequestLimits({
    window: createRequestWindow(databases.general),
    statusPerMinute: config.statusRequestsPerMinute,
    requestsPerMinute: config.requestsPerMinute,
    wallNow: clock.wallNow,
  });
}

/** What was recorded already cannot be told as never made, whatever is away by now. */
function isUnavailable(error: unknown): boolean {
  if (currentWork()?.isRecorded === true) return false;
  return error instanceof Unavailable || isCertainlyNotRecorded(error) || isConnectionFailure(error) || isOutOfResources(error);
}

/** Fastify takes a number of proxies only as the function that it stands for: how far from us an address may be and still be believed. */
function trustProxy(proxies: Config['trustedProxy']): boolean | string[] | ((address: string, hop: number) => boolean) {
  if (proxies === undefined) return false;
  return typeof proxies === 'number' ? (_address, hop) => hop < proxies : [...proxies];
}
