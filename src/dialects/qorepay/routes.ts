/** Endpoints: one file per group under `routes/`; here what they share. */
import type { FastifyInstance } from 'fastify';
import type { DialectContext } from '../dialect.ts';
import { answerError } from './answer.ts';
import { takeAnyBody } from './body.ts';
import { generalProblem } from './problem.ts';
import { registerBilling } from './routes/billing.ts';
import { registerClients } from './routes/clients.ts';
import { registerDeliveries } from './routes/deliveries.ts';
import { registerDescription } from './routes/description.ts';
import { registerDirectPost } from './routes/direct-post.ts';
import { registerLookups } from './routes/lookups.ts';
import { registerPayouts } from './routes/payouts.ts';
import { registerPurchases } from './routes/purchases.ts';
import { registerReports } from './routes/reports.ts';
import { registerWebhooks } from './routes/webhooks.ts';

const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];

export function registerRoutes(app: FastifyInstance, context: DialectContext): void {
  takeAnyBody(app);
  app.setErrorHandler((error, request, reply) => answerError(context, error, request, reply));
  const allowed = methodsByPath(app);
  registerPurchases(app, context);
  registerDeliveries(app, context);
  registerWebhooks(app, context);
  registerClients(app, context);
  registerBilling(app, context);
  registerPayouts(app, context);
  registerLookups(app, context);
  registerReports(app, context);
  registerDescription(app, context);
  registerDirectPost(app, context);
  refuseTheRest(app, new Map(allowed));
}

/** Fills itself as routes are added: which methods each path has. */
function methodsByPath(app: FastifyInstance): ReadonlyMap<string, readonly string[]> {
  const allowed = new Map<string, readonly string[]>();
  app.addHook('onRoute', ({ url, method }) => {
    const added = [method].flat().filter((name) => methods.includes(name));
    allowed.set(url, [...new Set([...(allowed.get(url) ?? []), ...added])]);
  });
  return allowed;
}

/** Other methods on the paths that exist, and every other path of the API, are answered in the protocol's form too. */
function refuseTheRest(app: FastifyInstance, allowed: ReadonlyMap<string, readonly string[]>): void {
  for (const [url, names] of allowed) {
    const others = methods.filter((name) => !names.includes(name));
    // What stands below `/p/` is shared with pages that are no endpoints of this protocol.
    if (others.length === 0 || !url.startsWith('/api/')) continue;
    app.route({
      ...{ method: others, url, exposeHeadRoute: false },
      handler: (request, reply) => {
        reply.header('allow', names.join(', '));
        throw generalProblem(405, 'method_not_allowed', `Method "${request.method}" not allowed.`);
      },
    });
  }
  app.route({
    ...{ method: methods, url: '/api/v1/*', exposeHeadRoute: false },
    handler: () => {
      throw generalProblem(404, 'not_found', 'Not found.');
    },
  });
}
