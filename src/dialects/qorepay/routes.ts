/** Endpoints: one file per group under `routes/`; here what they share. */
import type { FastifyInstance } from 'fastify';
import type { DialectContext } from '../dialect.ts';
import { registerAll } from '../refuse-the-rest.ts';
import { answerError } from './answer.ts';
import { takeAnyBody } from './body.ts';
import { generalProblem, notFound } from './problem.ts';
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

type Register = (app: FastifyInstance, context: DialectContext) => void;

const groups: readonly Register[] = [
  ...[registerPurchases, registerDeliveries, registerWebhooks, registerClients, registerBilling],
  ...[registerPayouts, registerLookups, registerReports, registerDescription, registerDirectPost],
];

export function registerRoutes(app: FastifyInstance, context: DialectContext): void {
  takeAnyBody(app);
  app.setErrorHandler((error, request, reply) => answerError(context, error, request, reply));
  const registerEndpoints = () => {
    for (const register of groups) register(app, context);
  };
  registerAll(app, registerEndpoints, {
    beside: ['/api/v1/*'],
    // What stands below `/p/` is shared with pages that are no endpoints of this protocol.
    within: '/api/',
    notFound,
    otherMethod: (method) => generalProblem(405, 'method_not_allowed', `Method "${method}" not allowed.`),
  });
}
