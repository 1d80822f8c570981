/** Endpoints: one file per group under `routes/`; here what they share. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { DialectContext } from '../dialect.ts';
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
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => {
    try {
      done(null, parseJson(body as Buffer));
    } catch (error) {
      done(error as Error);
    }
  });
  app.addContentTypeParser('application/jose', { parseAs: 'buffer' }, async (_request: FastifyRequest, body: Buffer) =>
    parseJwe(body, (jwe) => context.engine.requestKeys.decrypt(jwe)),
  );
  // Before the body is read: a stranger's is not worth it.
  app.addHook('onRequest', async (request: FastifyRequest) => {
    if (open.includes(request.routeOptions.url ?? '')) return;
    const { merchantId } = await authenticate(context.directory, request.headers);
    rememberCaller(request, { merchantId, address: request.ip });
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

/** Other methods on the paths that exist, and every other path beside them, are answered in the protocol's shape too. */
function refuseTheRest(app: FastifyInstance, allowed: ReadonlyMap<string, readonly string[]>): void {
  for (const [url, names] of allowed) {
    app.route({
      ...{ method: methods.filter((name) => !names.includes(name)), url, exposeHeadRoute: false },
      handler: (_request, reply) => {
        reply.header('allow', names.join(', '));
        throw new Problem('method_not_allowed');
      },
    });
  }
  for (const url of ['/payment', '/payment/*', '/customer/*', '/compliance/*']) {
    if (allowed.has(url)) continue;
    app.route({
      ...{ method: methods, url, exposeHeadRoute: false },
      handler: () => {
        throw new Problem('endpoint_not_found');
      },
    });
  }
}
