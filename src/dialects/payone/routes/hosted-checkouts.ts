/** `/v2/{merchantId}/hostedcheckouts`: the shopper pays on the gateway's own page and comes back. */
import type { FastifyInstance } from 'fastify';
import { maskCardNumbers } from '../../../core/instrument/mask.ts';
import type { Engine } from '../../../core/payment/engine.ts';
import type { DialectContext } from '../../dialect.ts';
import { withQuery } from '../../return-url.ts';
import { send, tellFirst } from '../answer.ts';
import { readerOf } from '../body.ts';
import { findHosted, type HostedState, openHosted, stateOfHosted } from '../hosted-order.ts';
import { createHostedCheckout } from '../hosted-wire.ts';
import { guidOf } from '../ids.ts';
import { missing, Problem } from '../problem.ts';
import { channelOf, contextOf, refuseQuery } from '../request.ts';
import { partialUrl } from './hosted-tokenizations.ts';
import type { OfMerchant, OfPayment } from './payments.ts';

const readBody = readerOf(createHostedCheckout);
const minuteMs = 60_000;
const usualTimeout = 180;

export function registerHostedCheckouts(app: FastifyInstance, context: DialectContext): void {
  const { engine } = context;

  app.post<OfMerchant>('/v2/:merchantId/hostedcheckouts', async (request, reply) => {
    refuseQuery(request);
    const body = readBody(request.body);
    const { returnUrl, sessionTimeout = usualTimeout } = body.hostedCheckoutSpecificInput ?? {};
    if (returnUrl === undefined) throw missing('hostedCheckoutSpecificInput.returnUrl');
    const read = contextOf(context, request, 'hostedcheckouts');
    if (body.feedbacks !== undefined) await context.expectUrlsInRequests(read.channel);
    const { orderId, url, invalidTokens, firstAtMs } = await openHosted(context, read, {
      body,
      made: {
        document: { kind: 'checkout' },
        expiresAtMs: engine.clock.businessNow() + sessionTimeout * minuteMs,
        wayBack: (address, id) => wayBackOf(engine, address, id),
      },
    });
    const merchantReference = body.order.references?.merchantReference;
    tellFirst(reply, firstAtMs);
    return send(reply, 200, {
      ...{ RETURNMAC: returnMacOf(engine, orderId), hostedCheckoutId: orderId, invalidTokens },
      ...{ redirectUrl: url, partialRedirectUrl: partialUrl(url) },
      ...(merchantReference === undefined ? {} : { merchantReference: maskCardNumbers(merchantReference) }),
    });
  });

  app.get<OfPayment>('/v2/:merchantId/hostedcheckouts/:id', async (request, reply) => {
    const unknown = new Problem('UNKNOWN_HOSTED_ID', { status: 404, propertyName: 'hostedCheckoutId', text: 'there is no such checkout' });
    const view = await findHosted(context, channelOf(request), { id: request.params.id, kind: 'checkout', unknown });
    const state = await stateOfHosted(context, view);
    const status = statusOf(state);
    if (status !== 'PAYMENT_CREATED' || state.payment === undefined) return send(reply, 200, { status });
    // Its payment names it by itself, but for what was opened before payments did.
    const payment = { hostedCheckoutSpecificOutput: { hostedCheckoutId: view.order.checkoutId }, ...state.payment };
    return send(reply, 200, { status, createdPaymentOutput: { payment, paymentStatusCategory: categoryOf(state) } });
  });
}

/** Compared by the merchant when the shopper is back. */
function returnMacOf({ inputMac }: Engine, orderId: string): string {
  return guidOf(inputMac(`payone hosted checkout ${orderId}`));
}

function wayBackOf(engine: Engine, address: string, orderId: string): string {
  return withQuery(address, `RETURNMAC=${returnMacOf(engine, orderId)}&hostedCheckoutId=${orderId}`);
}

/** A shopper who is at the bank is still about to pay; one whose attempt failed may try again. */
function statusOf({ kind, last }: HostedState): 'IN_PROGRESS' | 'PAYMENT_CREATED' | 'CANCELLED_BY_CONSUMER' {
  if (kind === 'open' || (kind === 'pending' && last?.state === 'awaiting')) return 'IN_PROGRESS';
  return last === undefined ? 'CANCELLED_BY_CONSUMER' : 'PAYMENT_CREATED';
}

function categoryOf({ kind }: HostedState): 'SUCCESSFUL' | 'REJECTED' | 'STATUS_UNKNOWN' {
  if (kind === 'succeeded') return 'SUCCESSFUL';
  return kind === 'pending' ? 'STATUS_UNKNOWN' : 'REJECTED';
}
