/**
 * Addresses for those who come without credentials: pages for the shopper's browser at `/p/{ticket}`, also those that the issuer sends it to, and
 * the results of challenges at `/three-ds/results/{ticket}`. The ticket is all that is believed; each page is made from what is true now.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { traceOf } from '../../core/defect.ts';
import type { Engine } from '../../core/payment/engine.ts';
import { locationOf } from '../../core/payment/location.ts';
import {
  type ShopperEvent,
  type ShopperPayment,
  type ShopperStep,
  shopperPageUrl,
  shopperPayment,
  shopperStep,
} from '../../core/payment/shopper-step.ts';
import { takeResult } from '../../core/three-d-secure/take-result.ts';
import { TooManyRequests } from '../../core/too-many-requests.ts';
import type { Mode, ShopperReturn } from '../../dialects/dialect.ts';
import { sendError } from '../pages/errors.ts';
import { inLanguage, languageOf } from '../pages/language.ts';
import { framedBy, type PageSetting, sendPage } from '../pages/layout.ts';
import { renderStep, returnedPage, waitPage } from '../pages/steps.ts';

const bodyLimit = 262_144;
const lookAgainMs = 2_000;

/** Where the directory server tells results: many, from few addresses. */
export const resultsPath = '/three-ds/results/:ticket';

type TicketRequest = { readonly Params: { readonly ticket: string } };

export interface ShopperRoutes {
  readonly engine: Engine;
  readonly mode: Mode;
  readonly isUnavailable: (error: unknown) => boolean;
  /** What takes the shopper back to the shop instead of the plain return URL. */
  readonly returnStep: (back: ShopperReturn) => Promise<ShopperStep | undefined>;
}

export function addShopperRoutes(app: FastifyInstance, parts: ShopperRoutes): void {
  const { engine, mode, isUnavailable } = parts;
  // Bodies stay as they came: a browser's form, or a directory server's message.
  app.addContentTypeParser<Buffer>('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  app.setErrorHandler((error, request, reply) => {
    if (error instanceof TooManyRequests) {
      const page = waitPage(error.retryAfterMs, { setting: settingOf(request, mode, undefined), address: request.url });
      return sendPage(reply, { ...page, status: 429 });
    }
    const { statusCode } = error as { readonly statusCode?: unknown };
    // What cannot be read is the sender's doing: looking again would not help, and no operator need know.
    if (typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500) {
      return sendError(request, reply, settingOf(request, mode, undefined), 'wrong');
    }
    // That the database is away is told once, and not by each page that looks again meanwhile.
    if (!isUnavailable(error)) {
      engine.log.error({ requestId: request.id, route: request.routeOptions.url, error: traceOf(error) }, 'a page failed by a defect');
    }
    const page = waitPage(lookAgainMs, { setting: settingOf(request, mode, undefined), address: request.url });
    return sendPage(reply, { ...page, status: 503 });
  });

  app.get<TicketRequest>('/p/:ticket', async (request, reply) => {
    const { ticket } = request.params;
    return show(request, reply, { ...parts, ticket, step: await shopperStep(engine, { ticket, event: 'arrived' }) });
  });

  // An event leads to a plain GET, so that a reload repeats nothing.
  app.post<TicketRequest>('/p/:ticket', { bodyLimit }, async (request, reply) => {
    const { ticket } = request.params;
    const event = eventOf(ticket, formOf(request.body));
    const step = await shopperStep(engine, { ticket, event });
    if (step.kind === 'gone') return show(request, reply, { ...parts, ticket, step });
    const address = inLanguage((await shopperPageUrl(engine, ticket)) ?? '/', askedLanguage(request));
    // The issuer's frame tells the page around it; that page takes the shopper on.
    if (event === 'method_done' || (event === 'challenge_returned' && isInFrame(request))) {
      return sendPage(reply, returnedPage({ setting: settingOf(request, mode, undefined), address }));
    }
    return reply.headers(pageHeaders).redirect(address, 303);
  });

  app.post<TicketRequest>(resultsPath, { bodyLimit }, async ({ params: { ticket }, body }, reply) => {
    const answer = await takeResult(engine, { ticket, body: bodyOf(body) });
    if (answer === undefined) return reply.code(404).send();
    return reply.type(engine.shoppers.server?.contentType ?? 'application/json').send(answer);
  });
}

const bodyOf = (body: unknown): Buffer => (Buffer.isBuffer(body) ? body : Buffer.alloc(0));
const formOf = (body: unknown): URLSearchParams => new URLSearchParams(bodyOf(body).toString('utf8'));

const pageEvents: readonly ShopperEvent[] = ['method_timed_out', 'confirmed', 'cancelled'];

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

interface Shown extends ShopperRoutes {
  readonly ticket: string;
  readonly step: ShopperStep;
}

async function show(request: FastifyRequest, reply: FastifyReply, shown: Shown): Promise<FastifyReply> {
  const { engine, mode, ticket } = shown;
  const payment = await shopperPayment(engine, ticket);
  const step = await homeward(shown, payment);
  // A browser holds a redirect to the policy of the page whose form led to it, so it gets a page; programs follow redirects.
  if (step.kind === 'done' && request.headers['sec-fetch-mode'] !== 'navigate') {
    return reply.headers(pageHeaders).redirect(locationOf(step.returnUrl), 303);
  }
  const address = inLanguage((await shopperPageUrl(engine, ticket)) ?? '', askedLanguage(request));
  const setting = settingOf(request, mode, payment?.channel);
  return sendPage(reply, renderStep(step, { setting, address }));
}

/** The last step as the payment's dialect has it. */
async function homeward({ step, returnStep }: Shown, payment: ShopperPayment | undefined): Promise<ShopperStep> {
  if (step.kind !== 'done' || payment?.channel === undefined) return step;
  const { channel, operationId } = payment;
  return (await returnStep({ channel, operationId, returnUrl: step.returnUrl })) ?? step;
}

/** Whether the answer will stand in a frame, as browsers say (Fetch Metadata). */
function isInFrame({ headers }: FastifyRequest): boolean {
  return headers['sec-fetch-dest'] === 'iframe';
}

/** That of the hosted page, which led here. */
function askedLanguage({ query }: FastifyRequest): unknown {
  return (query as Readonly<Record<string, unknown>>).language;
}

function settingOf(request: FastifyRequest, mode: Mode, channel: ShopperPayment['channel']): PageSetting {
  const look = channel?.look ?? {};
  const asked = askedLanguage(request);
  return {
    language: languageOf({ asked: typeof asked === 'string' ? asked : undefined, acceptLanguage: request.headers['accept-language'] }),
    ...{ look, merchantName: look.name ?? channel?.name ?? 'Polygate', isTest: mode === 'sandbox', framedBy: framedBy(mode) },
  };
}

/** No other site learns the address of the page, and no cache keeps it. */
const pageHeaders = { 'cache-control': 'no-store', 'referrer-policy': 'no-referrer', 'x-content-type-options': 'nosniff' };
