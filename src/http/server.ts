/** The HTTP server: one Fastify instance; each dialect has an encapsulated part with its own parsers and error shapes. */

import Fastify, { type FastifyInstance } from 'fastify';
import { maskCardNumbers } from '../core/instrument/mask.ts';
import { oldestTls, type ServerCertificate } from './certificate.ts';

export interface ServerOptions {
  readonly bodyLimitBytes: number;
  readonly trustProxy: boolean | string[] | ((address: string, hop: number) => boolean);
  readonly certificate: ServerCertificate | undefined;
  /** Resolves with what is not ready, empty when everything is. */
  readonly readiness: () => Promise<readonly string[]>;
}

const requestTimeoutMs = 120_000;
const keepAliveTimeoutMs = 72_000;

/** A server that knows health and nothing else. It logs no request: URLs and bodies are no business of logs. */
export function createServer(options: ServerOptions): FastifyInstance {
  const app = Fastify({
    logger: false,
    bodyLimit: options.bodyLimitBytes,
    trustProxy: options.trustProxy,
    requestTimeout: requestTimeoutMs,
    keepAliveTimeout: keepAliveTimeoutMs,
    https: options.certificate === undefined ? null : { ...options.certificate, minVersion: oldestTls },
    forceCloseConnections: 'idle',
    return503OnClosing: true,
    routerOptions: { maxParamLength: 256 },
  }) as unknown as FastifyInstance;
  app.removeAllContentTypeParsers();
  app.get('/healthz', async () => ({ status: 'ok' }));
  app.get('/readyz', async (_request, reply) => {
    const missing = await options.readiness();
    return reply.code(missing.length === 0 ? 200 : 503).send({ status: missing.length === 0 ? 'ok' : 'not ready', missing });
  });
  app.setNotFoundHandler((request, reply) =>
    reply.code(404).send({
      error: 'not_found',
      message: `There is nothing at ${request.method} ${maskCardNumbers(request.url.split('?', 1)[0] ?? '')}.`,
    }),
  );
  return app;
}
