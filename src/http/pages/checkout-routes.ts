/**
 * `/pay/{token}`: the hosted payment page of a checkout, by itself or in a frame of the merchant's page. The address is the shopper's only
 * credential; no cookie is set, so nothing depends on which site the page is shown by.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { traceOf } from '../../core/defect.ts';
import { holdsCardNumber } from '../../core/instrument/mask.ts';
import type { AttemptResult, CheckoutState } from '../../core/payment/checkout.ts';
import type { Checkout } from '../../core/payment/checkout-terms.ts';
import type { Engine } from '../../core/payment/engine.ts';
import { findCheckout } from '../../core/payment/open-checkout.ts';
import { openUse, payOrder, readOrder, stateOfOrder } from '../../core/payment/order.ts';
import type { ShopperBrowser } from '../../core/three-d-secure/authentication.ts';
import { TooManyRequests } from '../../core/too-many-requests.ts';
import { readBrowser } from './browser-data.ts';
import { readCardForm } from './card-form.ts';
import { type FormMore, pageOf, storedCards } from './checkout-page.ts';
import { type PageContext, type PayRequest, strangersSetting, templateOf, type Visit, visitOf } from './checkout-visit.ts';
import { errorPage, sendError } from './errors.ts';
import { invoicePage } from './invoice-page.ts';
import { type RenderedPage, sendPage } from './layout.ts';

/** Of an answer that only leads on: its address is a secret as well. */
const privateHeaders = { 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' } as const;

export function addCheckoutRoutes(server: FastifyInstance, context: PageContext): void {
  server.register(async (app) => {
    app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) => {
      done(null, new URLSearchParams(body as string));
    });
    app.setErrorHandler((error, request, reply) => answerError(context, error, request, reply));
    app.get('/pay/:token', async (request: PayRequest, reply) => {
      const visit = await visitOf(context, request);
      if (visit === undefined) return sendError(request, reply, strangersSetting(context, request), 'gone');
      if (visit.checkout.terms.reusable === true) return ownOrder(context, visit, reply);
      const state = await stateOfOrder(context.engine, visit.checkout);
      if (visit.checkout.terms.notesView === true && state.kind === 'open') await noteView(context, visit.checkout);
      const invoice = isInvoiceAsked(request) ? await invoiceOf(context, visit, state) : undefined;
      return sendPage(reply, invoice ?? (await pageOf(context, visit, state, chosenIn(request))));
    });
    app.get('/pay/:token/template.css', async (request: PayRequest, reply) => {
      const checkout = await findCheckout(context.engine, request.params.token);
      const { css } = (checkout === undefined ? undefined : await templateOf(context, checkout)) ?? {};
      if (css === undefined) return reply.callNotFound();
      return reply
        .headers({
          'cache-control': 'private, max-age=300',
          'x-content-type-options': 'nosniff',
          'cross-origin-resource-policy': 'same-origin',
        })
        .type('text/css; charset=utf-8')
        .send(css);
    });
    app.post('/pay/:token', async (request: PayRequest, reply) => {
      const visit = await visitOf(context, request);
      if (visit === undefined) return sendError(request, reply, strangersSetting(context, request), 'gone');
      if (visit.checkout.terms.reusable === true) return ownOrder(context, visit, reply);
      const fields = (request.body ?? new URLSearchParams()) as URLSearchParams;
      const made = await attemptOf(context, visit, { fields, browser: readBrowser(request, fields.get('browser')) });
      return made === 'made' ? toPage(context, visit, fields.get('method'), reply) : sendPage(reply, made);
    });
  });
}

function isInvoiceAsked({ query }: PayRequest): boolean {
  return (query as Readonly<Record<string, unknown>>).view === 'invoice';
}

/** Undefined for orders without one. */
async function invoiceOf({ engine }: PageContext, { setting, checkout }: Visit, state: CheckoutState): Promise<RenderedPage | undefined> {
  const { bill } = checkout.terms;
  const view = bill === undefined ? undefined : await readOrder(engine, checkout);
  return bill === undefined || view === undefined ? undefined : invoicePage({ setting, view, state, bill });
}

/** On to an order of the shopper's own. */
async function ownOrder(context: PageContext, { checkout, channel, setting }: Visit, reply: FastifyReply): Promise<FastifyReply> {
  const url = await openUse(context.engine, channel, checkout);
  if (url === undefined) return sendPage(reply, errorPage(setting, checkout.closed === undefined ? 'expired' : 'calledOff'));
  if (checkout.terms.notesView === true) await noteView(context, checkout);
  return reply.headers(privateHeaders).redirect(url, 303);
}

/** A page is shown also where that could not be noted. */
async function noteView({ engine }: PageContext, { merchantId, checkoutId }: Checkout): Promise<void> {
  await engine.checkouts.noteView({ merchantId, checkoutId, nowMs: engine.clock.businessNow() }).catch((error: unknown) => {
    engine.log.warn({ checkoutId, error: String(error) }, 'that a page was shown could not be noted');
  });
}

/** What became of an attempt is looked at with an address of its own: a page that is loaded again sends no card again. */
function toPage({ engine }: PageContext, { address }: Visit, method: string | null, reply: FastifyReply): FastifyReply {
  const { pathname, searchParams } = keptOf(engine, address, [...keptParameters, 'embedded']);
  if (method !== null) searchParams.set('method', method);
  return reply.headers(privateHeaders).redirect(searchParams.size === 0 ? pathname : `${pathname}?${searchParams}`, 303);
}

/** Chosen before; what is not offered is passed over. */
function chosenIn({ query }: PayRequest): FormMore {
  const { method } = query as Readonly<Record<string, unknown>>;
  return typeof method === 'string' ? { chosen: method } : {};
}

interface Sent {
  readonly fields: URLSearchParams;
  readonly browser: ShopperBrowser;
}

/** `made`: the order has a state that the page shows. A page: nothing was asked for, and it says why. */
async function attemptOf(context: PageContext, visit: Visit, { fields, browser }: Sent): Promise<RenderedPage | 'made'> {
  const { engine } = context;
  const { checkout, channel, setting } = visit;
  const { texts } = setting.language;
  const stored = await storedCards(context, checkout);
  const reading = readCardForm(fields, {
    texts,
    brands: visit.brands,
    stored,
    methods: visit.methods,
    asksHolder: visit.asksHolder,
    cvcOptional: checkout.terms.cvcOptional,
    nowMs: engine.clock.businessNow(),
  });
  const chosen = fields.get('method');
  const more = chosen === null ? {} : { chosen };
  if (!reading.ok) {
    return pageOf(context, visit, await stateOfOrder(engine, checkout), { ...more, problems: reading.problems });
  }
  const [attempt, revision] = [Number(fields.get('attempt')), Number(fields.get('revision'))];
  const isKept = checkout.terms.offersToKeep === true && fields.get('keep') === 'longer' && reading.instrument.type === 'card';
  const result: AttemptResult = await payOrder(
    engine,
    { checkout, channel },
    {
      attempt,
      revision,
      instrument: reading.instrument,
      keepsLonger: fields.get('keep') === 'longer',
      shopper: { browser, returnUrl: () => comeBackUrl(context, visit) },
      ...(isKept ? { more: { tokenize: true } } : {}),
    },
  );
  switch (result.kind) {
    case 'state':
      return 'made';
    case 'changed':
      return pageOf(context, visit, await stateOfOrder(engine, checkout), { ...more, notice: texts.changed });
    case 'refused':
      if (result.refusal.retryable) return errorPage(setting, 'unavailable', visit.returnUrl);
      return pageOf(context, visit, await stateOfOrder(engine, checkout), { ...more, notice: texts.notPossible });
  }
}

const keptParameters = ['return', 'language', 'brands', 'button', 'holder'];

/** From the bank the shopper comes back to this page, and never into a frame. */
function comeBackUrl({ engine }: PageContext, { address }: Visit): string {
  return keptOf(engine, address, keptParameters).href;
}

/** The page with what it asks for itself: of what a stranger may have added, nothing is kept. */
function keptOf({ shoppers }: Pick<Engine, 'shoppers'>, address: string, names: readonly string[]): URL {
  const { pathname, searchParams } = new URL(address, shoppers.publicUrl);
  const url = new URL(pathname, shoppers.publicUrl);
  for (const name of names) {
    const [value, ...others] = searchParams.getAll(name);
    if (value !== undefined && others.length === 0 && !holdsCardNumber(value)) url.searchParams.set(name, value);
  }
  return url;
}

function answerError(context: PageContext, error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const setting = strangersSetting(context, request);
  if (error instanceof TooManyRequests) return sendError(request, reply, setting, 'busy');
  const { statusCode } = error as { readonly statusCode?: unknown };
  if (context.isUnavailable(error)) return sendError(request, reply, setting, 'unavailable');
  if (typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500) return sendError(request, reply, setting, 'wrong');
  context.engine.log.error({ requestId: request.id, route: request.routeOptions.url, error: traceOf(error) }, 'a page failed by a defect');
  return sendError(request, reply, setting, 'unavailable');
}
