/** Endpoints: one file per group under `routes/`; here what they share. */
import type { FastifyInstance } from 'fastify';
import type { DialectContext } from '../dialect.ts';
import { answerError } from './answer.ts';
import { parseBody } from './parameters.ts';
import { Problem } from './problem.ts';
import { registerCheckouts } from './routes/checkouts.ts';
import { registerPayments } from './routes/payments.ts';
import { registerQuery } from './routes/query.ts';
import { registerRegistrations } from './routes/registrations.ts';
import { registerResultCodes } from './routes/result-codes.ts';
import { registerSchedules } from './routes/schedules.ts';
import { registerThreeDSecure } from './routes/three-d-secure.ts';

type Register = (app: FastifyInstance, context: DialectContext) => void;

const groups: readonly Register[] = [
  registerPayments,
  registerRegistrations,
  registerThreeDSecure,
  registerQuery,
  registerResultCodes,
  registerSchedules,
  registerCheckouts,
];

export function registerRoutes(app: FastifyInstance, context: DialectContext): void {
  app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'buffer' }, (_request, body, done) => {
    try {
      done(null, parseBody(body as Buffer));
    } catch (error) {
      done(error as Error);
    }
  });
  app.setErrorHandler((error, request, reply) => answerError(context, error, request, reply));
  const allowed = methodsByPath(app);
  for (const register of groups) register(app, context);
  refuseTheRest(app, new Map(allowed));
}

const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];

/** Fills itself as routes are added: which methods each path has. */
function methodsByPath(app: FastifyInstance): ReadonlyMap<string, readonly string[]> {
  const allowed = new Map<string, readonly string[]>();
  app.addHook('onRoute', ({ url, method }) => {
    const added = [method].flat().filter((name) => methods.includes(name));
    allowed.set(url, [...new Set([...(allowed.get(url) ?? []), ...added])].toSorted());
  });
  return allowed;
}

/** Other methods on the paths that exist, and every other path under a version, are answered in the protocol's shape too. */
function refuseTheRest(app: FastifyInstance, allowed: ReadonlyMap<string, readonly string[]>): void {
  for (const [url, names] of allowed) {
    app.route({
      ...{ method: methods.filter((name) => !names.includes(name)), url, exposeHeadRoute: false },
      handler: (_request, reply) => {
        reply.header('allow', names.join(', '));
        throw new Problem('200.300.403');
      },
    });
  }
  for (const url of ['/v1/*', '/v3/*', '/scheduling/*', '/paybylink/*']) {
    app.route({
      ...{ method: methods, url, exposeHeadRoute: false },
      handler: () => {
        throw new Problem('200.300.404', { status: 404, text: 'there is no such endpoint' });
      },
    });
  }
}
