/** Endpoints: one file per group under `routes/`; here what they share. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { DialectContext } from '../dialect.ts';
import { registerAll } from '../refuse-the-rest.ts';
import { answerError } from './answer.ts';
import { authenticate } from './auth.ts';
import { parseJson, parseJwe } from './body.ts';
import { Problem } from './problem.ts';
import { rememberCaller } from './request.ts';
import { registerActs } from './routes/acts.ts';
import { registerCards } from './routes/cards.ts';
import { registerCompliance } from './routes/compliance.ts';
import { registerKeys } from './routes/keys.ts';
import { registerOrders } from './routes/orders.ts';
import { registerPayments } from './routes/payments.ts';

type Register = (app: FastifyInstance, context: DialectContext) => void;

const groups: readonly Register[] = [registerPayments, registerActs, registerCards, registerOrders, registerKeys, registerCompliance];

/** For everybody. */
const open: readonly string[] = ['/keys'];

export function registerRoutes(app: FastifyInstance, context: DialectContext): void {
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, async (_request: FastifyRequest, body: Buffer) => parseJson(body));
  app.addContentTypeParser('application/jose', { parseAs: 'buffer' }, async (_request: FastifyRequest, body: Buffer) =>
    parseJwe(body, (jwe) => context.engine.requestKeys.decrypt(jwe)),
  );
  // Before the body is read: a stranger's is not worth it.
  app.addHook('onRequest', async (request: FastifyRequest) => {
    if (open.includes(request.routeOptions.url ?? '')) return;
    const { merchantId } = await authenticate(context, request);
    rememberCaller(request, { merchantId, address: request.ip });
  });
  app.setErrorHandler((error, request, reply) => answerError(context, error, request, reply));
  const registerEndpoints = () => {
    for (const register of groups) register(app, context);
  };
  registerAll(app, registerEndpoints, {
    beside: ['/payment', '/payment/*', '/customer/*', '/compliance/*'],
    notFound: () => new Problem('endpoint_not_found'),
    otherMethod: () => new Problem('method_not_allowed'),
  });
}
