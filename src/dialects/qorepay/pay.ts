/** Paying a purchase with card data, from the merchant's server or the payer's browser, and what the protocol says of the result. */

import type { Shopper } from '../../core/payment/await-shopper.ts';
import { type CheckoutState, payCheckout, stateOfCheckout } from '../../core/payment/checkout.ts';
import type { Checkout } from '../../core/payment/checkout-terms.ts';
import type { OperationView } from '../../core/payment/operation.ts';
import { keepCardFor } from '../../core/payment/order.ts';
import { callOff } from '../../core/payment/shopper-step.ts';
import { stateShown } from '../../core/risk/review.ts';
import type { DialectContext } from '../dialect.ts';
import type { PaymentRequest } from './card.ts';
import { again, type Found } from './find.ts';
import { historyOf, payable } from './history.ts';
import { methodOf } from './methods.ts';
import { policiesOf } from './policies.ts';
import type { Message } from './problem.ts';
import { proxyText } from './proxy.ts';
import { attemptErrorOf, wrongStatus } from './refusals.ts';
import { documentOf, purchaseUrl } from './write.ts';

/** What came of it: an operation, or a reason why there is none. */
export type Paid =
  | { readonly kind: 'kept' }
  | { readonly kind: 'state'; readonly state: CheckoutState }
  | { readonly kind: 'refused'; readonly error: Message };

export interface Payer {
  readonly payment: PaymentRequest;
  readonly shopper: Shopper;
  readonly flow: 'server_to_server' | 'direct_post';
  readonly clientIp: string | undefined;
}

const refused = (code: string, message: string): Paid => ({ kind: 'refused', error: { code, message } });
const over: Paid = { kind: 'refused', error: wrongStatus.pay };

/** A payment that waits for its payer is called off: the newer one counts. */
export async function pay(context: DialectContext, found: Found, { payment, shopper, flow, clientIp }: Payer): Promise<Paid> {
  const { engine } = context;
  const problem = unpayable(context, found, payment);
  if (problem !== undefined) return problem;
  const { order } = found.view;
  if (order.terms.order.amount === 0) return keep(context, found, { payment, flow, clientIp });
  const state = await stateToPay(context, order);
  if (state.kind !== 'open') {
    return state.kind === 'pending' ? { kind: 'state', state } : over;
  }
  const result = await payCheckout(
    engine,
    { checkout: order, channel: found.channel },
    {
      ...{ attempt: state.attempt, revision: order.revision, instrument: payment.instrument, shopper },
      more: {
        tokenize: order.terms.order.tokenize || payment.keepsCard,
        dialectData: { flow, ...(clientIp === undefined ? {} : { clientIp }) },
      },
    },
  );
  switch (result.kind) {
    case 'state':
      return result;
    case 'changed':
      return refused('general_transaction_error', 'The Purchase was changed meanwhile; try again.');
    case 'refused':
      return refused(
        result.refusal.code === 'unavailable' ? 'acquirer_connection_error' : 'general_transaction_error',
        result.refusal.meaning,
      );
  }
}

/** A payment that waits for its payer makes way for another, unless there may be no other. */
export async function stateToPay(context: DialectContext, order: Checkout): Promise<CheckoutState> {
  const state = await stateOfCheckout(context.engine, order);
  const isEnded = order.terms.singleAttempt !== true && (await endAwaiting(context, order, state));
  return isEnded ? stateOfCheckout(context.engine, order) : state;
}

/** Calls off a payment that waits for its payer. False: there is none. */
export async function endAwaiting({ engine }: DialectContext, { merchantId }: Checkout, state: CheckoutState): Promise<boolean> {
  if (state.kind !== 'pending' || state.last.state !== 'awaiting') return false;
  await callOff(engine, { merchantId, visitId: state.last.operationId });
  return true;
}

/** A total of zero: the card is kept, and no acquirer is asked. */
async function keep({ engine }: DialectContext, found: Found, { payment, flow, clientIp }: Omit<Payer, 'shopper'>): Promise<Paid> {
  const { instrument } = payment;
  if (found.view.kept !== undefined) return over;
  if (instrument.type === 'rejected') return { kind: 'refused', error: attemptErrorOf({ reason: instrument.reason }) };
  if (instrument.type !== 'card') return refused('invalid_card_data', 'A card is needed.');
  const { pan, summary } = instrument;
  const dialectData = { flow, ...(clientIp === undefined ? {} : { clientIp }) };
  const kept = await keepCardFor(
    engine,
    { order: found.view.order, channel: found.channel },
    { card: { type: 'card', pan, summary }, dialectData },
  );
  return kept === undefined ? over : { kind: 'kept' };
}

/** What forbids to pay it by a direct post. */
function unpayable({ engine }: DialectContext, { view }: Found, { brand, instrument }: PaymentRequest): Paid | undefined {
  const { status } = historyOf(view, engine.clock.businessNow());
  const document = documentOf(view);
  const { success_redirect: success, failure_redirect: failure, payment_method_whitelist: whitelist } = document.top;
  if (status === 'expired' || status === 'cancelled') return over;
  if (success === '' || failure === '')
    return refused('s2s_not_supported', '`success_redirect` and `failure_redirect` are needed for direct posts.');
  if (document.purchase.request_client_details.length > 0)
    return refused('s2s_not_supported', '`request_client_details` needs the hosted page.');
  // What is no card has no brand either, and is recorded as the failure that it is.
  const isKnown = brand !== 'unknown' || instrument.type === 'card';
  if (whitelist !== null && isKnown && !whitelist.includes(methodOf(brand))) {
    return refused('unknown_payment_method', 'The card is of a brand that `payment_method_whitelist` does not have.');
  }
  return undefined;
}

export interface S2sAnswer {
  readonly status: 200 | 400;
  readonly body: object;
}

export const s2sError = (error: Message): S2sAnswer => ({ status: 400, body: { status: 'error', error } });

/** The words of the protocol for how an attempt stands. */
export function s2sAnswer({ engine }: DialectContext, { view, channel }: Found, paid: Paid): S2sAnswer {
  if (paid.kind === 'refused') return s2sError(paid.error);
  if (paid.kind === 'kept') return { status: 200, body: { status: 'authorized' } };
  const { state } = paid;
  switch (state.kind) {
    case 'succeeded':
      return { status: 200, body: { status: state.last.kind === 'preauthorization' ? 'authorized' : 'executed' } };
    case 'pending':
      if (state.last.state !== 'awaiting') return { status: 200, body: { status: 'pending' } };
      return { status: 200, body: challengeOf(engine, { purchaseId: view.order.checkoutId, channel, operation: state.last }) };
    case 'kept':
      return { status: 200, body: { status: 'executed' } };
    case 'open':
    case 'exhausted':
    case 'expired':
    case 'closed':
      return s2sError(state.last === undefined ? wrongStatus.pay : attemptErrorOf(state.last));
  }
}

interface Challenge {
  readonly purchaseId: string;
  readonly channel: Found['channel'];
  readonly operation: OperationView;
}

function challengeOf(engine: DialectContext['engine'], { purchaseId, channel, operation: { operationId } }: Challenge): object {
  const { s2s_3ds_method, s2s_3ds_md } = policiesOf(channel);
  const url = `${purchaseUrl(engine.shoppers.publicUrl, purchaseId)}3ds/`;
  return {
    status: '3DS_required',
    Method: s2s_3ds_method,
    PaReq: proxyText(engine, 'PaReq', operationId),
    MD: s2s_3ds_md === 'empty' ? '' : proxyText(engine, 'MD', operationId),
    URL: url,
    callback_url: `${url}${proxyText(engine, 'session', operationId)}/`,
  };
}

/** How the attempt stands that one operation was. */
export function stateOfAttempt(operation: OperationView): Paid {
  const state = stateShown(operation);
  if (state === 'awaiting' || state === 'submitted' || state === 'unknown' || state === 'escalated' || state === 'pending') {
    return { kind: 'state', state: { kind: 'pending', last: operation } };
  }
  if (state === 'approved') return { kind: 'state', state: { kind: 'succeeded', last: operation } };
  return { kind: 'state', state: { kind: 'open', attempt: 0, last: operation } };
}

/** Where a payer's browser goes after a direct post, or after the issuer; undefined while nobody knows. */
export async function destinationOf(context: DialectContext, found: Found): Promise<string | undefined> {
  const view = await again(context, found);
  const { status } = historyOf(view, context.engine.clock.businessNow());
  const { success_redirect: success, failure_redirect: failure } = documentOf(view).top;
  if (status === 'paid' || status === 'hold' || status === 'preauthorized') return success;
  return payable.includes(status) || status === 'cancelled' || status === 'expired' ? failure : undefined;
}
