/** The HTTP server: one Fastify instance; each dialect has an encapsulated part with its own parsers and error shapes. */
import Fastify, { type FastifyInstance, type FastifyReply } from 'fastify';
import { maskCardNumbers } from '../core/instrument/mask.ts';
import { oldestTls, type ServerCertificate } from './certificate.ts';
import { type ConnectionGuard, guardConnections, serverOptions } from './limits/connections.ts';
import { createUnreadableAnswer, refuseExpectations } from './limits/unreadable.ts';
import type { Metrics } from './metrics.ts';
import { addMetricsRoute } from './metrics-route.ts';
import { addRequestHooks, type Draining, newRequestId, type RequestOptions } from './requests.ts';

export interface ServerOptions extends RequestOptions {
  readonly bodyLimitBytes: number;
  readonly connections: ConnectionGuard;
  readonly trustProxy: boolean | string[] | ((address: string, hop: number) => boolean);
  readonly certificate: ServerCertificate | undefined;
  /** Resolves with whether each part can work now. */
  readonly readiness: () => Promise<Readonly<Record<string, boolean>>>;
  readonly metrics: Metrics;
  /** Absent: only programs on this machine may read the metrics. */
  readonly metricsKey: string | undefined;
}

const keepAliveTimeoutMs = 72_000;

/** A server that knows health and metrics and nothing else. It logs no request: URLs and bodies are no business of logs. */
export function createServer(options: ServerOptions): { readonly app: FastifyInstance; readonly draining: Draining } {
  const { connections } = options;
  const own = serverOptions(connections.limits);
  const app = Fastify({
    logger: false,
    genReqId: newRequestId,
    bodyLimit: options.bodyLimitBytes,
    trustProxy: options.trustProxy,
    requestTimeout: own.requestTimeout,
    keepAliveTimeout: keepAliveTimeoutMs,
    // The framework's types know either of the two; without a certificate it takes the first.
    ...{ http: own },
    https: options.certificate === undefined ? null : { ...own, ...options.certificate, minVersion: oldestTls },
    forceCloseConnections: 'idle',
    return503OnClosing: true,
    clientErrorHandler: createUnreadableAnswer(connections.limits.requestHeaderLimitBytes),
    // What the framework says by itself repeats the path.
    frameworkErrors: (error, _request, reply) => {
      const body = JSON.stringify({
        error: 'bad_request',
        message: 'The path of this URL cannot be read: a percent sign stands before two hexadecimal digits, and is itself written %25.',
      });
      (reply as FastifyReply)
        .code(error.statusCode ?? 400)
        .type('application/json')
        .send(body);
    },
    routerOptions: { maxParamLength: 256 },
  }) as unknown as FastifyInstance;
  guardConnections(app.server, connections);
  refuseExpectations(app.server);
  app.removeAllContentTypeParsers();
  const draining = addRequestHooks(app, options);
  app.get('/healthz', async () => ({ status: 'ok' }));
  app.get('/readyz', async (_request, reply) => {
    const missing = Object.entries(await options.readiness()).flatMap(([part, isReady]) => (isReady ? [] : [part]));
    if (draining.isAnnounced()) missing.push('stopping');
    return reply.code(missing.length === 0 ? 200 : 503).send({ status: missing.length === 0 ? 'ok' : 'not ready', missing });
  });
  addMetricsRoute(app, { metrics: options.metrics, key: options.metricsKey });
  app.setNotFoundHandler((request, reply) =>
    reply.code(404).send({
      error: 'not_found',
      message: `There is nothing at ${request.method} ${maskCardNumbers(request.url.split('?', 1)[0] ?? '')}.`,
    }),
  );
  return { app, draining };
}

/** Measures every request of a dialect's part of the server. */
export function observeRequests(app: FastifyInstance, dialect: string, metrics: Metrics): void {
  app.addHook('onResponse', (request, reply, done) => {
    const route = `${request.method} ${request.routeOptions.url ?? 'unknown'}`;
    metrics.observeRequest({ dialect, route, status: reply.statusCode, durationMs: reply.elapsedTime });
    done();
  });
}
