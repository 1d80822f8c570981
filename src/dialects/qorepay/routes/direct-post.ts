/**
 * `/p/{id}/`: where a purchase is paid. The merchant's server posts card data with `s2s=true` and its S2S token; the payer's browser posts a form, or opens
 * the hosted page. Below it the 3-D Secure proxy: the page that the browser is sent to, and the address that completes the payment.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { holdsCardNumber } from '../../../core/instrument/mask.ts';
import { locationOf, pageOfNothing } from '../../../core/payment/location.ts';
import type { ShopperStep } from '../../../core/payment/shopper-step.ts';
import { confirmByMerchant } from '../../../core/payment/shopper-step.ts';
import type { ShopperBrowser } from '../../../core/three-d-secure/authentication.ts';
import { pageUrl } from '../../../core/three-d-secure/tickets.ts';
import type { DialectContext, ShopperReturn } from '../../dialect.ts';
import { send } from '../answer.ts';
import { authenticate } from '../auth.ts';
import { readFields } from '../body.ts';
import { isCardProblem, readBrowserFields, readCard } from '../card.ts';
import { type Found, findByAddress } from '../find.ts';
import { historyOf, payable } from '../history.ts';
import { isMethodName, methodsCalled } from '../methods.ts';
import { destinationOf, pay, s2sAnswer, s2sError, stateOfAttempt } from '../pay.ts';
import { policiesOf } from '../policies.ts';
import { generalProblem, notFound, Problem, unauthorized } from '../problem.ts';
import { isMd, proxyText, readProxyText } from '../proxy.ts';
import { type ById, both, paramsOf, queryOf } from '../request.ts';
import { payByTransfer } from '../transfer.ts';
import { documentOf, purchaseUrl } from '../write.ts';

type Fields = Readonly<Record<string, unknown>>;

export function registerDirectPost(app: FastifyInstance, context: DialectContext): void {
  both(app, 'get', '/p/:id/', (request, reply) => orNothing(context, request, reply, () => openPage(context, request, reply)));
  both(app, 'get', '/p/:id/invoice/', (request, reply) =>
    orNothing(context, request, reply, async () => {
      const { view } = await findByAddress(context, paramsOf<ById>(request).id);
      return away(reply, `${view.pageUrl}?view=invoice`);
    }),
  );
  both(app, 'post', '/p/:id/', async (request, reply) => {
    const fields = await readFields(request);
    const isS2s = queryOf(request).s2s === 'true' || fields.s2s === 'true' || fields.s2s === true;
    return isS2s ? payByServer(context, request, reply, fields) : payByBrowser(context, request, reply, fields);
  });
  both(app, 'get', '/p/:id/result/', async (request, reply) => {
    const found = await findByAddress(context, paramsOf<ById>(request).id);
    return leave(context, reply, found);
  });
  both(app, 'get', '/p/:id/3ds/', (request, reply) => enterProxy(context, request, reply, queryOf(request)));
  both(app, 'post', '/p/:id/3ds/', async (request, reply) => enterProxy(context, request, reply, await readFields(request)));
  both(app, 'post', '/p/:id/3ds/:session/', (request, reply) => complete(context, request, reply));
}

/** A payer whose link is wrong reads a page, not the words of the protocol. */
async function orNothing(
  { engine }: DialectContext,
  request: FastifyRequest,
  reply: FastifyReply,
  open: () => Promise<FastifyReply>,
): Promise<FastifyReply> {
  try {
    return await open();
  } catch (error) {
    const page = error instanceof Problem && error.status === 404 ? pageOfNothing(engine.shoppers, request.headers.accept) : undefined;
    if (page === undefined) throw error;
    return away(reply, page);
  }
}

/** The one hosted page, which also tells that a purchase is paid, or over; `preferred`: a method that is offered alone. */
async function openPage(context: DialectContext, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { view } = await findByAddress(context, paramsOf<ById>(request).id);
  const { merchantId, checkoutId } = view.order;
  const nowMs = context.engine.clock.businessNow();
  if (payable.includes(historyOf(view, nowMs).status)) await context.engine.checkouts.noteView({ merchantId, checkoutId, nowMs });
  const { preferred } = queryOf(request);
  // What names no method is not passed on: it could be anything.
  const methods = preferred !== undefined && isMethodName(preferred) ? methodsCalled([preferred]) : [];
  return away(reply, methods.length === 0 ? view.pageUrl : `${view.pageUrl}?brands=${encodeURIComponent(methods.join(' '))}`);
}

const away = (reply: FastifyReply, url: string): FastifyReply =>
  reply.headers({ 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' }).redirect(locationOf(url), 303);

async function payByServer(context: DialectContext, request: FastifyRequest, reply: FastifyReply, fields: Fields): Promise<FastifyReply> {
  // What is not card data may come with either key.
  const purposes = fields.pm === undefined ? (['s2s'] as const) : (['s2s', 'api'] as const);
  const merchantId = await authenticate(context, request, purposes);
  const found = await findByAddress(context, paramsOf<ById>(request).id);
  if (found.view.order.merchantId !== merchantId) throw unauthorized();
  if (fields.pm !== undefined) {
    const answer = await payByTransfer(context, found, fields.pm);
    return send(reply, answer.status, answer.body);
  }
  const payment = readCard(fields, context.engine.clock.businessNow());
  if (isCardProblem(payment)) return send(reply, 400, s2sError(payment).body);
  const browser = readBrowserFields(fields);
  if (isCardProblem(browser)) return send(reply, 400, s2sError(browser).body);
  const { email } = documentOf(found.view).client;
  const paid = await pay(context, found, {
    ...{ payment, flow: 'server_to_server', clientIp: browser.ip },
    shopper: {
      ...{ browser, merchantConfirms: true, ...(typeof email === 'string' && email !== '' ? { email } : {}) },
      // Until the browser brings a TermUrl.
      returnUrl: () => `${purchaseUrl(context.engine.shoppers.publicUrl, found.view.order.checkoutId)}result/`,
    },
  });
  const { status, body } = s2sAnswer(context, found, paid);
  return send(reply, status, body);
}

async function payByBrowser(context: DialectContext, request: FastifyRequest, reply: FastifyReply, fields: Fields): Promise<FastifyReply> {
  const found = await findByAddress(context, paramsOf<ById>(request).id);
  const payment = readCard(fields, context.engine.clock.businessNow());
  const { success_redirect: success, failure_redirect: failure } = documentOf(found.view).top;
  if (success === '' || failure === '')
    throw generalProblem(400, 's2s_not_supported', '`success_redirect` and `failure_redirect` are needed for direct posts.');
  if (isCardProblem(payment)) return away(reply, failure);
  const url = purchaseUrl(context.engine.shoppers.publicUrl, found.view.order.checkoutId);
  const paid = await pay(context, found, {
    ...{ payment, flow: 'direct_post', clientIp: request.ip },
    shopper: { browser: browserOf(request), returnUrl: () => `${url}result/` },
  });
  if (paid.kind === 'refused') return away(reply, failure);
  if (paid.kind === 'kept') return leave(context, reply, found);
  const { state } = paid;
  if (state.kind === 'pending' && state.last.state === 'awaiting') {
    return away(reply, pageUrl(context.engine.shoppers, { routingNumber: found.channel.routingNumber, id: state.last.operationId }));
  }
  return leave(context, reply, found);
}

/** What its own request tells of a browser. */
function browserOf({ headers, ip }: FastifyRequest): ShopperBrowser {
  const language = headers['accept-language']?.split(/[,;]/, 1)[0]?.slice(0, 8);
  return {
    ...(headers.accept === undefined ? {} : { acceptHeader: headers.accept }),
    ...(headers['user-agent'] === undefined ? {} : { userAgent: headers['user-agent'] }),
    ...(language === undefined ? {} : { language }),
    ...{ javascriptEnabled: false, javaEnabled: false, ip },
  };
}

/** To the merchant's page; where nobody knows yet, to the page that waits. */
async function leave(context: DialectContext, reply: FastifyReply, found: Found): Promise<FastifyReply> {
  const destination = await destinationOf(context, found);
  return away(reply, destination === undefined || destination === '' ? found.view.pageUrl : destination);
}

/** The payer's browser comes with PaReq and MD, and goes on to the issuer; in the end it is sent to TermUrl. */
async function enterProxy(context: DialectContext, request: FastifyRequest, reply: FastifyReply, fields: Fields): Promise<FastifyReply> {
  const { engine, mode } = context;
  const found = await findByAddress(context, paramsOf<ById>(request).id);
  const operationId = readProxyText(engine, 'PaReq', fields.PaReq);
  if (operationId === undefined) throw generalProblem(400, 'invalid', '`PaReq` was not made here; send it as it came.');
  const { TermUrl: termUrl } = fields;
  if (typeof termUrl !== 'string' || !isTermUrl(termUrl, mode)) throw generalProblem(400, 'invalid', '`TermUrl` must be a web address.');
  if (holdsCardNumber(termUrl)) throw generalProblem(400, 'invalid', '`TermUrl` must not hold a card number.');
  const { merchantId, checkoutId } = found.view.order;
  const operation = await engine.store.findOperation({ merchantId, operationId });
  if (operation?.dialectData.orderId !== checkoutId) throw notFound();
  await engine.shoppers.visits.setWayBack({ merchantId, visitId: operationId }, termUrl);
  return away(reply, pageUrl(engine.shoppers, { routingNumber: found.channel.routingNumber, id: operationId }));
}

function isTermUrl(text: string, mode: DialectContext['mode']): boolean {
  if (text.length > 2_048 || !URL.canParse(text)) return false;
  const { protocol, username } = new URL(text);
  return username === '' && (protocol === 'https:' || (protocol === 'http:' && mode === 'sandbox'));
}

/** The browser goes to TermUrl with a form, as an issuer of 3-D Secure 1 would have sent it. */
export async function returnStep(
  { engine }: Pick<DialectContext, 'engine'>,
  { channel, operationId, returnUrl }: ShopperReturn,
): Promise<ShopperStep | undefined> {
  const operation = await engine.store.findOperation({ merchantId: channel.merchantId, operationId });
  if (operation?.dialectData.flow !== 'server_to_server' || returnUrl.startsWith(`${engine.shoppers.publicUrl}/p/`)) return undefined;
  const md = policiesOf(channel).s2s_3ds_md === 'empty' ? '' : proxyText(engine, 'MD', operationId);
  const parameters = [
    { name: 'PaRes', value: proxyText(engine, 'PaRes', operationId) },
    { name: 'MD', value: md },
  ];
  return { kind: 'redirect', url: returnUrl, method: 'POST', parameters };
}

/** The merchant's server, or a browser whose TermUrl this address was, brings PaRes and MD: the payment goes on, or is told as it stands. */
async function complete(context: DialectContext, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { engine } = context;
  const { id, session } = paramsOf<ById & { readonly session: string }>(request);
  const found = await findByAddress(context, id);
  const operationId = readProxyText(engine, 'session', Buffer.from(session, 'base64url').toString('base64'));
  if (operationId === undefined) throw notFound();
  const fields = await readFields(request);
  const { merchantId, checkoutId } = found.view.order;
  const { MD: md } = fields;
  const isMdWrong = typeof md === 'string' && md !== '' && !isMd(engine, md, operationId);
  if (readProxyText(engine, 'PaRes', fields.PaRes) !== operationId || isMdWrong) {
    const error = { code: '3ds_authentication_failed', message: '`PaRes` or `MD` does not belong to this payment' };
    return send(reply, 400, s2sError(error).body);
  }
  await confirmByMerchant(engine, { merchantId, visitId: operationId });
  const operation = await engine.store.findOperation({ merchantId, operationId });
  if (operation?.dialectData.orderId !== checkoutId) throw notFound();
  if (request.headers['sec-fetch-mode'] === 'navigate' && documentOf(found.view).top.success_redirect !== '')
    return leave(context, reply, found);
  // Another of the same moment is about to send it: the payer has been at the issuer already.
  if (operation.state === 'awaiting') return send(reply, 200, { status: 'pending' });
  const { status, body } = s2sAnswer(context, found, stateOfAttempt(operation));
  return send(reply, status, body);
}
