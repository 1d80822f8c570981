/** `/v2/{merchantId}/paymentlinks`: a link that the merchant hands to a shopper, who pays on the gateway's own page. */
import type { FastifyInstance } from 'fastify';
import { maskCardNumbers } from '../../../core/instrument/mask.ts';
import { closeOrder, type OrderView } from '../../../core/payment/order.ts';
import type { DialectContext } from '../../dialect.ts';
import { send, tellFirst } from '../answer.ts';
import { readerOf } from '../body.ts';
import { findHosted, openHosted, stateOfHosted } from '../hosted-order.ts';
import { type CreatePaymentLink, createPaymentLink } from '../hosted-wire.ts';
import { fromGuid } from '../ids.ts';
import { invalid, missing, notAllowed, Problem } from '../problem.ts';
import { channelOf, contextOf, refuseQuery } from '../request.ts';
import { anyBody, type Order } from '../wire.ts';
import { isActive, writeLink } from '../write-link.ts';
import type { OfMerchant, OfPayment } from './payments.ts';

const readBody = readerOf(createPaymentLink);
const readNothing = readerOf(anyBody);
const notActive = { propertyName: 'paymentLinkId', status: 409 } as const;
const dayMs = 86_400_000;
const monthsAtMost = 6;

type LinkInput = NonNullable<CreatePaymentLink['paymentLinkSpecificInput']>;

export function registerPaymentLinks(app: FastifyInstance, context: DialectContext): void {
  const { engine } = context;
  const find = (channel: ReturnType<typeof channelOf>, id: string): Promise<OrderView> => {
    const unknown = new Problem('UNKNOWN_PAYMENT_LINK_ID', {
      status: 404,
      propertyName: 'paymentLinkId',
      text: 'there is no such payment link',
    });
    return findHosted(context, channel, { id, kind: 'link', unknown });
  };

  app.post<OfMerchant>('/v2/:merchantId/paymentlinks', async (request, reply) => {
    refuseQuery(request);
    const { input, expirationPath, isReusableLink, body } = inPresentForm(readBody(request.body));
    const read = contextOf(context, request, 'paymentlinks');
    const { description, recipientName } = input;
    const document = {
      kind: 'link' as const,
      ...(isReusableLink === true ? { isReusable: true as const } : {}),
      ...(description === undefined ? {} : { description: maskCardNumbers(description) }),
      ...(recipientName === undefined ? {} : { recipientName: maskCardNumbers(recipientName) }),
    };
    const expiresAtMs = readExpiration(input, { path: expirationPath, nowMs: engine.clock.businessNow() });
    if (body.feedbacks !== undefined) await context.expectUrlsInRequests(read.channel);
    const { orderId, firstAtMs } = await openHosted(context, read, { body, made: { document, expiresAtMs } });
    tellFirst(reply, firstAtMs);
    const view = await find(read.channel, orderId);
    return send(reply, 201, writeLink(view, await stateOfHosted(context, view)));
  });

  app.get<OfPayment>('/v2/:merchantId/paymentlinks/:id', async (request, reply) => {
    if (fromGuid(request.params.id) === undefined) throw invalid('paymentLinkId', 'paymentLinkId is not the id of a payment link');
    const view = await find(channelOf(request), request.params.id);
    return send(reply, 200, writeLink(view, await stateOfHosted(context, view)));
  });

  app.post<OfPayment>('/v2/:merchantId/paymentlinks/:id/cancel', async (request, reply) => {
    refuseQuery(request);
    readNothing(request.body);
    const view = await find(channelOf(request), request.params.id);
    if (!isActive(await stateOfHosted(context, view))) throw notAllowed({ ...notActive, retriable: false });
    const refused = await closeOrder(engine, view.order, 'cancelled');
    if (refused !== undefined) throw notAllowed({ ...notActive, retriable: refused.retryable });
    return reply.code(204).send();
  });
}

/** What is said by older names, by those of today, which count where both are there. */
function inPresentForm(given: CreatePaymentLink) {
  const { paymentLinkSpecificInput, paymentLinkOrder, order: named, isReusableLink, displayQRCode: _code, ...rest } = given;
  const { description, expirationDate, recipientName, ...body } = rest;
  const older = Object.fromEntries(
    Object.entries({ description, expirationDate, recipientName }).filter(([, value]) => value !== undefined),
  ) as LinkInput;
  const order = named ?? (paymentLinkOrder === undefined ? undefined : orderOf(paymentLinkOrder));
  if (order === undefined) throw missing('order');
  // As the request names it, for whoever looks for a mistake there.
  const expirationPath =
    paymentLinkSpecificInput?.expirationDate === undefined ? 'expirationDate' : 'paymentLinkSpecificInput.expirationDate';
  return { input: { ...older, ...paymentLinkSpecificInput }, expirationPath, isReusableLink, body: { ...body, order } };
}

function orderOf({ amount, merchantReference, surchargeSpecificInput }: NonNullable<CreatePaymentLink['paymentLinkOrder']>): Order {
  return {
    amountOfMoney: amount,
    ...(merchantReference === undefined ? {} : { references: { merchantReference } }),
    ...(surchargeSpecificInput === undefined ? {} : { surchargeSpecificInput }),
  };
}

/** When the link ends, epoch ms. */
function readExpiration({ expirationDate }: LinkInput, { path, nowMs }: { readonly path: string; readonly nowMs: number }): number {
  if (expirationDate === undefined) return nowMs + dayMs;
  const isDate = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})$/.test(expirationDate);
  const endsAtMs = isDate ? Date.parse(expirationDate) : Number.NaN;
  if (Number.isNaN(endsAtMs)) throw invalid(path, `${path} must be like 2030-01-31T12:00:00+01:00`);
  const latest = new Date(nowMs);
  latest.setUTCMonth(latest.getUTCMonth() + monthsAtMost);
  if (endsAtMs <= nowMs || endsAtMs > latest.getTime())
    throw invalid(path, `${path} must be in the future, at most ${monthsAtMost} months ahead`);
  return endsAtMs;
}
