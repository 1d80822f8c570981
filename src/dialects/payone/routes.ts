/** Endpoints: one file per group under `routes/`; here what they share. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { TooManyRequests } from '../../core/too-many-requests.ts';
import type { DialectContext } from '../dialect.ts';
import { answerError } from './answer.ts';
import { authenticate, authenticatePage } from './auth.ts';
import { parseBody } from './body.ts';
import { Problem } from './problem.ts';
import { remember } from './request.ts';
import { registerHostedCheckouts } from './routes/hosted-checkouts.ts';
import { registerHostedTokenizations, scriptPath } from './routes/hosted-tokenizations.ts';
import { registerMandates } from './routes/mandates.ts';
import { registerOperations } from './routes/operations.ts';
import { registerPaymentLinks } from './routes/payment-links.ts';
import { registerPayments } from './routes/payments.ts';
import { registerPayouts } from './routes/payouts.ts';
import { registerProducts } from './routes/products.ts';
import { registerServices } from './routes/services.ts';
import { registerSessions } from './routes/sessions.ts';
import { registerTokens } from './routes/tokens.ts';
import { registerWebhooks } from './routes/webhooks.ts';

type Register = (app: FastifyInstance, context: DialectContext) => void;

const groups: readonly Register[] = [
  registerPayments,
  registerOperations,
  registerTokens,
  registerPayouts,
  registerProducts,
  registerServices,
  registerSessions,
  registerHostedTokenizations,
  registerHostedCheckouts,
  registerPaymentLinks,
  registerMandates,
  registerWebhooks,
];

/** What no endpoint has: the platform answers 404 with an empty body there, so it is not refused like the rest of other protocols. */
const elsewhere = '/v2/*';

export function registerRoutes(app: FastifyInstance, context: DialectContext): void {
  // Every request says that it is JSON, also those without a body.
  app.addContentTypeParser('*', { parseAs: 'buffer' }, async (request: FastifyRequest, body: Buffer) => {
    const type = request.headers['content-type'] ?? '';
    if (body.length > 0 && !/^application\/(?:[\w.+-]+\+)?json\b/i.test(type)) throw unknownType();
    return parseBody(body);
  });
  app.setErrorHandler((error, request, reply) => answerError(context, error, request, reply));
  // Before the body is looked at: strangers learn nothing from it.
  app.addHook('onRequest', async (request, reply) => {
    if (request.url.startsWith('/client/')) allowPages(reply);
    if (request.routeOptions.url === elsewhere || request.routeOptions.url === scriptPath || request.method === 'OPTIONS') return;
    const { merchantId = '' } = request.params as { readonly merchantId?: string };
    const isPage = request.routeOptions.url?.startsWith('/client/') === true;
    const channel = await (isPage ? authenticatePage : authenticate)(context, request, merchantId);
    const counted = context.limits.countRequest({ merchantId: channel.merchantId, subject: 'payone' });
    if (!counted.allowed) throw new TooManyRequests(counted.retryAfterMs);
    remember(request, channel);
  });
  for (const register of groups) register(app, context);
  app.all(elsewhere, (_request, reply) => reply.code(404).send());
  app.route({ method: ['OPTIONS'], url: '/client/*', handler: async (_request, reply) => reply.code(204).send() });
}

/** Pages of shops are on other origins. A session is all that a page has to show, so any page may ask. */
function allowPages(reply: FastifyReply): void {
  reply.headers({
    'access-control-allow-origin': '*',
    'access-control-allow-methods': 'GET, POST',
    'access-control-allow-headers': 'authorization, content-type, x-gcs-clientmetainfo',
    'access-control-max-age': '600',
  });
}

function unknownType(): Problem {
  return new Problem('SCHEMA_VALIDATION_FAILED', { status: 415, text: 'the body must be application/json' });
}
