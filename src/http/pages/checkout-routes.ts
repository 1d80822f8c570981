/**
 * `/pay/{token}`: the hosted payment page of a checkout, by itself or in a frame of the merchant's page. The address is the shopper's only
 * credential; no cookie is set, so nothing depends on which site the page is shown by.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { bankPageOf } from '../../core/bank/shopper.ts';
import { type BankMethod, bankMethods } from '../../core/instrument/bank.ts';
import type { CardBrand } from '../../core/instrument/card.ts';
import type { Channel, Directory } from '../../core/merchant/channel.ts';
import type { Template } from '../../core/merchant/template.ts';
import type { AttemptResult, CheckoutState } from '../../core/payment/checkout.ts';
import { findCheckout, methodsOf, takesCards } from '../../core/payment/checkout.ts';
import type { Checkout } from '../../core/payment/checkout-terms.ts';
import type { Engine } from '../../core/payment/engine.ts';
import type { OperationView } from '../../core/payment/operation.ts';
import { openUse, payOrder, readOrder, stateOfOrder } from '../../core/payment/order.ts';
import type { ShopperStep } from '../../core/payment/shopper-step.ts';
import { isCertainlyNotRecorded } from '../../core/payment/store-failure.ts';
import { isInReview } from '../../core/risk/review.ts';
import type { ShopperBrowser } from '../../core/three-d-secure/authentication.ts';
import { pageUrl } from '../../core/three-d-secure/tickets.ts';
import { TooManyRequests } from '../../core/too-many-requests.ts';
import type { Mode, ShopperReturn } from '../../dialects/dialect.ts';
import { allBrands } from './brands.ts';
import { readBrowser } from './browser-data.ts';
import { type FormProblems, readCardForm, type StoredCard } from './card-form.ts';
import { errorPage, type PageError, sendError } from './errors.ts';
import { html } from './html.ts';
import { invoicePage } from './invoice-page.ts';
import { languageOf } from './language.ts';
import { framedBy, type PageSetting, type RenderedPage, renderPage, sendPage } from './layout.ts';
import { keptPage, noticeOf, paidPage, paymentPage } from './payment-page.ts';
import { donePage, doneTexts, type ForwardTexts, forwardPage, renderStep, waitPage } from './steps.ts';

export interface PageContext {
  readonly engine: Engine;
  readonly directory: Directory;
  readonly mode: Mode;
  readonly isUnavailable: (error: unknown) => boolean;
  /** What takes the shopper back to the shop instead of the plain return URL. */
  readonly returnStep: (back: ShopperReturn) => Promise<ShopperStep | undefined>;
}

const lookAgainMs = 2_000;
const longestUrl = 2_048;

/** A request for a page of a checkout that exists. */
interface Visit {
  readonly checkout: Checkout;
  readonly channel: Channel;
  readonly setting: PageSetting;
  /** Path and query, so that what the merchant's page asked for is kept. */
  readonly address: string;
  readonly returnUrl?: string;
  /** Where a shopper goes who has not paid. */
  readonly leaveUrl?: string;
  /** Card brands that may be used; empty: all. */
  readonly brands: readonly CardBrand[];
  /** Methods of banks that are offered. */
  readonly methods: readonly BankMethod[];
  /** Whether the merchant's page wants cards at all. */
  readonly takesCards: boolean;
  /** The merchant's page has the button. */
  readonly isFieldsOnly: boolean;
  readonly asksHolder: boolean;
}

type PayRequest = FastifyRequest<{ Params: { token: string } }>;

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
      return sendPage(reply, invoice ?? (await pageOf(context, visit, state)));
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
      return sendPage(reply, await attemptOf(context, visit, { fields, browser: readBrowser(request, fields.get('browser')) }));
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

async function visitOf({ engine, directory, mode }: PageContext, request: PayRequest): Promise<Visit | undefined> {
  const checkout = await findCheckout(engine, request.params.token);
  if (checkout === undefined) return undefined;
  const { dialect, wireId, terms } = checkout;
  const channel = await directory.channel({ dialect, wireId });
  if (channel === undefined || !channel.enabled) return undefined;
  const query = request.query as Readonly<Record<string, unknown>>;
  const asked = typeof query.language === 'string' ? query.language : terms.language;
  const look = channel.look ?? {};
  const returnUrl = terms.returnUrl ?? readReturnUrl(query.return, mode);
  const leaveUrl = terms.cancelUrl ?? returnUrl;
  const template = await templateOf({ engine }, checkout);
  const language = languageOf({ asked, acceptLanguage: request.headers['accept-language'] });
  const offer = offerOf(activated(terms.brands, channel), methodsOf(engine, channel, terms), query.brands);
  return {
    checkout,
    channel,
    address: request.url,
    isFieldsOnly: query.button === 'outside',
    asksHolder: query.holder !== 'none',
    ...offer,
    takesCards: offer.takesCards && takesCards(terms),
    setting: {
      language: { ...language, texts: { ...language.texts, ...template?.texts?.[language.code] } },
      ...(template?.css === undefined ? {} : { sheet: `/pay/${request.params.token}/template.css` }),
      ...{
        look,
        merchantName: look.name ?? channel.name,
        isTest: mode === 'sandbox',
        framedBy: framedBy(mode),
        embedded: query.embedded === '1',
      },
    },
    ...(returnUrl === undefined ? {} : { returnUrl }),
    ...(leaveUrl === undefined ? {} : { leaveUrl }),
  };
}

/** On to an order of the shopper's own. */
async function ownOrder(context: PageContext, { checkout, channel, setting }: Visit, reply: FastifyReply): Promise<FastifyReply> {
  const url = await openUse(context.engine, channel, checkout);
  if (url === undefined) return sendPage(reply, errorPage(setting, 'expired', undefined));
  if (checkout.terms.notesView === true) await noteView(context, checkout);
  return reply.headers({ 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' }).redirect(url, 303);
}

/** A page is shown also where that could not be noted. */
async function noteView({ engine }: PageContext, { merchantId, checkoutId }: Checkout): Promise<void> {
  await engine.checkouts.noteView({ merchantId, checkoutId, nowMs: engine.clock.businessNow() }).catch((error: unknown) => {
    engine.log.warn({ checkoutId, error: String(error) }, 'that a page was shown could not be noted');
  });
}

/** What the page wears, where the merchant has a template of that name: what another platform knew by it is no reason to show nothing. */
async function templateOf(
  { engine }: Pick<PageContext, 'engine'>,
  { merchantId, terms: { variant } }: Checkout,
): Promise<Template | undefined> {
  return variant === undefined ? undefined : engine.templates.find({ merchantId, name: variant });
}

/** What of the allowed brands the channel has activated; empty: all. Where nothing is left, what was allowed is shown, and refused. */
function activated(allowed: readonly CardBrand[], { brands }: Channel): readonly CardBrand[] {
  if (brands === undefined || allowed.length === 0) return brands ?? allowed;
  const left = allowed.filter((brand) => brands.includes(brand));
  return left.length === 0 ? allowed : left;
}

/** The page around the frame may narrow what the merchant's server has allowed; one that names nothing here narrows nothing. */
function offerOf(
  allowed: readonly CardBrand[],
  methods: readonly BankMethod[],
  asked: unknown,
): Pick<Visit, 'brands' | 'methods' | 'takesCards'> {
  const names = typeof asked === 'string' ? asked.split(' ') : [];
  const cards = allBrands.filter((brand) => names.includes(brand));
  const banks = bankMethods.filter((method) => names.includes(method));
  if (cards.length + banks.length === 0) return { brands: allowed, methods, takesCards: true };
  const offered = methods.filter((method) => banks.includes(method));
  const both = allowed.filter((brand) => cards.some((name) => name === brand));
  return {
    brands: allowed.length === 0 ? cards : cards.length === 0 ? allowed : both,
    methods: offered,
    takesCards: cards.length > 0 || offered.length === 0,
  };
}

/** For those who have no checkout: nothing is known of any merchant. */
function strangersSetting({ mode }: PageContext, request: FastifyRequest): PageSetting {
  const language = languageOf({ acceptLanguage: request.headers['accept-language'] });
  const { embedded } = request.query as Readonly<Record<string, unknown>>;
  return { language, look: {}, merchantName: 'Polygate', isTest: mode === 'sandbox', framedBy: framedBy(mode), embedded: embedded === '1' };
}

/** The merchant's page around the frame may say where the shopper goes, unless the merchant's server has; only ever to a web page. */
function readReturnUrl(value: unknown, mode: Mode): string | undefined {
  if (typeof value !== 'string' || value.length > longestUrl || !URL.canParse(value)) return undefined;
  const { protocol } = new URL(value);
  return protocol === 'https:' || (protocol === 'http:' && mode === 'sandbox') ? value : undefined;
}

async function pageOf(context: PageContext, visit: Visit, state: CheckoutState, more: FormMore = {}): Promise<RenderedPage> {
  const { setting, returnUrl, leaveUrl, checkout } = visit;
  switch (state.kind) {
    case 'open': {
      const stored = await storedCards(context, checkout);
      // An order of nothing keeps the card, and is told so.
      const keepsOnly = checkout.terms.order.amount === 0 ? { keepsCardOnly: true as const } : {};
      const terms = { ...checkout.terms, ...keepsOnly, brands: visit.brands };
      const notice = more.notice ?? noticeOf(setting.language, state.last);
      return paymentPage({
        ...{ setting, terms, attempt: state.attempt, revision: checkout.revision, stored },
        ...{ methods: visit.methods, takesCards: visit.takesCards, isFieldsOnly: visit.isFieldsOnly, asksHolder: visit.asksHolder },
        ...(leaveUrl === undefined ? {} : { returnUrl: leaveUrl }),
        ...more,
        // What is wrong with a field is newer than what became of the last attempt.
        ...(notice === undefined || more.problems !== undefined ? {} : { notice }),
      });
    }
    case 'pending':
      return pendingPage(context, visit, state.last);
    case 'succeeded':
      return returnUrl === undefined ? paidPage(setting, state.last) : paidHomePage(context, visit, state.last, returnUrl);
    case 'kept':
      return returnUrl === undefined ? keptPage(setting) : homePage(setting, returnUrl);
    case 'expired':
    case 'closed':
      return errorPage(setting, 'expired', leaveUrl);
    case 'exhausted':
      return exhaustedPage(setting, leaveUrl);
  }
}

/** The shopper goes on at the bank, or has done their part, or looks again. */
function pendingPage({ engine }: PageContext, visit: Visit, last: OperationView): RenderedPage {
  const { setting, address, returnUrl, channel } = visit;
  const { routingNumber } = channel;
  const url =
    last.state === 'awaiting' ? pageUrl(engine.shoppers, { routingNumber, id: last.operationId }) : bankPageOf(engine, channel, last);
  if (url !== undefined) return bankPage(setting, url, last);
  if (last.reason !== 'payment_deferred' && !isInReview(last)) return waitPage(lookAgainMs, { setting, address });
  return returnUrl === undefined ? paidPage(setting, last) : homePage(setting, returnUrl);
}

/** Back to the shop, in the way of the payment's dialect. */
async function paidHomePage(
  { returnStep }: PageContext,
  { setting, channel, address }: Visit,
  last: OperationView,
  returnUrl: string,
): Promise<RenderedPage> {
  const operationId = last.targetId ?? last.operationId;
  const step = await returnStep({ channel, operationId, returnUrl });
  return step?.kind === 'redirect'
    ? renderStep(step, { setting, address })
    : homePage(setting, step?.kind === 'done' ? step.returnUrl : returnUrl);
}

function homePage(setting: PageSetting, returnUrl: string): RenderedPage {
  return setting.embedded === true ? leavePage(setting, returnUrl, doneTexts(setting)) : donePage(returnUrl, setting);
}

interface FormMore {
  readonly problems?: FormProblems;
  readonly notice?: string;
  readonly chosen?: string;
}

/** The stored cards that the merchant offers and that still exist. */
async function storedCards({ engine }: PageContext, { merchantId, terms }: Checkout): Promise<readonly StoredCard[]> {
  const found = await Promise.all(terms.tokens.map((token) => engine.vault.resolveToken({ merchantId, token })));
  return found.flatMap((card, index) => {
    const token = terms.tokens[index];
    return card === undefined || token === undefined ? [] : [{ token, summary: card.summary }];
  });
}

interface Sent {
  readonly fields: URLSearchParams;
  readonly browser: ShopperBrowser;
}

async function attemptOf(context: PageContext, visit: Visit, { fields, browser }: Sent): Promise<RenderedPage> {
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
    nowMs: engine.clock.wallNow(),
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
      ...{
        attempt,
        revision,
        instrument: reading.instrument,
        keepsLonger: fields.get('keep') === 'longer',
        shopper: { browser, returnUrl: () => comeBackUrl(context, visit) },
        ...(isKept ? { more: { tokenize: true } } : {}),
      },
    },
  );
  switch (result.kind) {
    case 'state':
      return pageOf(context, visit, result.state, more);
    case 'changed':
      return pageOf(context, visit, await stateOfOrder(engine, checkout), { ...more, notice: texts.changed });
    case 'refused': {
      const isOver = result.refusal.retryable;
      if (isOver) return errorPage(setting, 'unavailable', visit.returnUrl);
      return pageOf(context, visit, await stateOfOrder(engine, checkout), { ...more, notice: texts.notPossible });
    }
  }
}

/** From the bank the shopper comes back to this page, and never into a frame. */
function comeBackUrl({ engine }: PageContext, { address }: Visit): string {
  const url = new URL(address, engine.shoppers.publicUrl);
  url.searchParams.delete('embedded');
  return url.href;
}

/** Where a payment that waits for its shopper is shown. */
function bankPage(setting: PageSetting, url: string, { bank }: OperationView): RenderedPage {
  const { texts } = setting.language;
  const [title, text] = bank === undefined ? [texts.challengeTitle, texts.challengeText] : [texts.redirectTitle, texts.redirectText];
  const said = { title, text, button: texts.continueButton };
  return setting.embedded === true ? leavePage(setting, url, said) : forwardPage(setting, url, said);
}

/** The merchant's page takes the shopper on; where it does not listen, a link does. */
function leavePage(setting: PageSetting, url: string, { title, text, button }: ForwardTexts): RenderedPage {
  return renderPage(setting, {
    title,
    scripts: ['frame.js'],
    policy: { framedBy: setting.framedBy },
    body: html`<div class="message">
<div class="spinner" aria-hidden="true"></div>
<h1>${title}</h1>
<p role="status">${text}</p>
<p><a class="button" href="${url}" target="_top" data-leave>${button}</a></p>
</div>`,
  });
}

function exhaustedPage(setting: PageSetting, returnUrl: string | undefined): RenderedPage {
  const { texts } = setting.language;
  const back = returnUrl !== undefined && html`<p><a class="button" href="${returnUrl}" target="_top">${texts.backToShop}</a></p>`;
  return renderPage(setting, {
    status: 410,
    title: texts.tooManyAttempts,
    ...(setting.embedded === true ? { scripts: ['frame.js'], policy: { framedBy: setting.framedBy } } : {}),
    body: html`<div class="message"><h1>${texts.wrongTitle}</h1><p role="alert">${texts.tooManyAttempts}</p>${back}</div>`,
  });
}

function answerError(context: PageContext, error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const setting = strangersSetting(context, request);
  if (error instanceof TooManyRequests) return sendError(request, reply, setting, 'busy');
  const { statusCode } = error as { readonly statusCode?: unknown };
  if (context.isUnavailable(error) || isCertainlyNotRecorded(error)) return sendError(request, reply, setting, 'unavailable');
  if (typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500) return sendError(request, reply, setting, 'wrong');
  context.engine.log.error(
    { requestId: request.id, route: request.routeOptions.url, error: error instanceof Error ? error.stack : String(error) },
    'a page failed by a defect',
  );
  const told: PageError = 'unavailable';
  return sendError(request, reply, setting, told);
}
