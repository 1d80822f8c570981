/** The operator's JSON API under `/console-api`: its parsers, its errors and its routes. */
import type { FastifyInstance } from 'fastify';
import type { EngineLog } from '../core/payment/engine.ts';
import type { ConsoleKeys } from './access.ts';
import { addClockRoutes, type ClockParts } from './clock.ts';
import { ConsoleProblem } from './problem.ts';

export interface ConsoleParts extends ClockParts {
  readonly keys: ConsoleKeys;
  readonly log: EngineLog;
  /** Whether an error means that the database is away. */
  readonly isUnavailable: (error: unknown) => boolean;
}

/** Adds the routes to an encapsulated Fastify instance. */
export function addConsoleRoutes(app: FastifyInstance, parts: ConsoleParts): void {
  app.addContentTypeParser<string>(['application/json', '*'], { parseAs: 'string', bodyLimit: 65_536 }, (_request, text, done) => {
    if (text.trim() === '') return done(null, undefined);
    try {
      done(null, JSON.parse(text));
    } catch {
      done(new ConsoleProblem(400, { error: 'bad_request', message: 'The body is not JSON.' }));
    }
  });
  app.setErrorHandler((error, request, reply) => {
    if (error instanceof ConsoleProblem) {
      if (error.status === 401) reply.header('www-authenticate', 'Bearer');
      return reply.code(error.status).send(error.body);
    }
    if (parts.isUnavailable(error)) {
      return reply.code(503).send({ error: 'unavailable', message: 'The database is away; try again later.' });
    }
    const { statusCode } = error as { statusCode?: number };
    if (statusCode !== undefined && statusCode < 500) {
      return reply.code(statusCode).send({ error: 'bad_request', message: 'The request cannot be read; send JSON of at most 64 KiB.' });
    }
    parts.log.error({ route: request.routeOptions.url, error: String(error) }, 'a request to the console API failed');
    return reply.code(500).send({ error: 'internal', message: 'The request failed; the gateway’s log tells why.' });
  });
  addClockRoutes(app, parts);
}
