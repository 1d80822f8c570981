/**
 * Addresses for those who come without credentials: pages for the shopper's browser at `/p/{ticket}`, also those that the issuer sends it to, and
 * the results of challenges at `/three-ds/results/{ticket}`. The ticket is all that is believed; each page is made from what is true now.
 */
import { createHash } from 'node:crypto';
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Engine } from '../../core/payment/engine.ts';
import { type ShopperEvent, type ShopperStep, shopperPageUrl, shopperStep } from '../../core/payment/shopper-step.ts';
import { takeResult } from '../../core/three-d-secure/take-result.ts';
import { renderMethodDone, renderStep, type StepPage } from './render-step.ts';

const bodyLimit = 262_144;

type TicketRequest = { readonly Params: { readonly ticket: string } };

export function addShopperRoutes(app: FastifyInstance, engine: Engine): void {
  // Bodies stay as they came: a browser's form, or a directory server's message.
  app.addContentTypeParser<Buffer>('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  app.setErrorHandler((error, request, reply) => {
    engine.log.error({ requestId: request.id, route: request.routeOptions.url, error: String(error) }, 'a page could not be shown');
    return sendPage(reply, 503, renderStep({ kind: 'wait', retryAfterMs: 2_000 }, ''));
  });

  app.get<TicketRequest>('/p/:ticket', async ({ params: { ticket } }, reply) => {
    return show(reply, engine, ticket, await shopperStep(engine, { ticket, event: 'arrived' }));
  });

  // An event leads to a plain GET, so that a reload repeats nothing.
  app.post<TicketRequest>('/p/:ticket', { bodyLimit }, async ({ params: { ticket }, body }, reply) => {
    const event = eventOf(ticket, formOf(body));
    const step = await shopperStep(engine, { ticket, event });
    if (step.kind === 'gone') return show(reply, engine, ticket, step);
    if (event === 'method_done') return sendPage(reply, 200, renderMethodDone());
    return reply.redirect((await shopperPageUrl(engine, ticket)) ?? '/', 303);
  });

  app.post<TicketRequest>('/three-ds/results/:ticket', { bodyLimit }, async ({ params: { ticket }, body }, reply) => {
    const answer = await takeResult(engine, { ticket, body: bodyOf(body) });
    if (answer === undefined) return reply.code(404).send();
    return reply.type(engine.shoppers.server?.contentType ?? 'application/json').send(answer);
  });
}

const bodyOf = (body: unknown): Buffer => (Buffer.isBuffer(body) ? body : Buffer.alloc(0));
const formOf = (body: unknown): URLSearchParams => new URLSearchParams(bodyOf(body).toString('utf8'));

const pageEvents: readonly ShopperEvent[] = ['method_timed_out', 'cancelled'];

/** Which event a post means is told by whose address it is; on the page itself, by its field. */
function eventOf(ticket: string, form: URLSearchParams): ShopperEvent {
  switch (ticket.charAt(0)) {
    case 'm':
      return 'method_done';
    case 'c':
      return 'challenge_returned';
    default:
      return pageEvents.find((event) => event === form.get('event')) ?? 'arrived';
  }
}

async function show(reply: FastifyReply, engine: Engine, ticket: string, step: ShopperStep): Promise<FastifyReply> {
  if (step.kind === 'done') return reply.headers(pageHeaders).redirect(step.returnUrl, 303);
  const pageUrl = (await shopperPageUrl(engine, ticket)) ?? '';
  return sendPage(reply, step.kind === 'gone' ? 404 : 200, renderStep(step, pageUrl));
}

/** No other site learns the address of the page, and no cache keeps it. */
const pageHeaders = { 'cache-control': 'no-store', 'referrer-policy': 'no-referrer', 'x-content-type-options': 'nosniff' };

function sendPage(reply: FastifyReply, status: number, { html, script, refreshSeconds }: StepPage): FastifyReply {
  const hash = script === undefined ? "'none'" : `'sha256-${createHash('sha256').update(script).digest('base64')}'`;
  return reply
    .code(status)
    .headers({
      ...pageHeaders,
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': `default-src 'none'; script-src ${hash}; frame-src http: https:; form-action http: https:; base-uri 'none'`,
      ...(refreshSeconds === undefined ? {} : { refresh: String(refreshSeconds) }),
    })
    .send(html);
}
