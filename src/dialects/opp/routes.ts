/** Endpoints: one file per group under `routes/`; here what they share. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { DialectContext } from '../dialect.ts';
import { registerAll } from '../refuse-the-rest.ts';
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
  app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'buffer' }, async (_request: FastifyRequest, body: Buffer) =>
    parseBody(body),
  );
  app.setErrorHandler((error, request, reply) => answerError(context, error, request, reply));
  const registerEndpoints = () => {
    for (const register of groups) register(app, context);
  };
  registerAll(app, registerEndpoints, {
    beside: ['/v1/*', '/v3/*', '/scheduling/*', '/paybylink/*'],
    notFound: () => new Problem('200.300.404', { status: 404, text: 'there is no such endpoint' }),
    otherMethod: () => new Problem('200.300.403'),
  });
}
