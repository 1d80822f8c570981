/** Payments that the customer makes on the hosted page: behind a link that the member hands on, or behind a form of the member's own page. */
import type { Channel } from '../../../core/merchant/channel.ts';
import type { Checkout } from '../../../core/payment/checkout-terms.ts';
import { openOrderOnce } from '../../../core/payment/order.ts';
import { orderPageUrl, readTicket, writeTicket } from '../../../core/three-d-secure/tickets.ts';
import type { DialectContext } from '../../dialect.ts';
import { send } from '../answer.ts';
import { callerOfMember, requireChecksum, terminalOf } from '../auth.ts';
import { given, readForm } from '../checkout-form.ts';
import { formulas } from '../checksum.ts';
import { findByKey, findByReference } from '../find.ts';
import { goTo, noSuchPage } from '../go-to.ts';
import type { Handler } from '../handler.ts';
import { Problem } from '../problem.ts';
import { readAmount, required } from '../read.ts';
import { problemOf } from '../refusals.ts';
import { readOpenRequest, readRequest } from '../request.ts';
import { resultOf } from '../result-codes.ts';
import { ordersOf, usedByInvoice } from '../used.ts';
import type { Parameters } from '../wire.ts';
import { paymentIdOf, writeTime } from '../write.ts';
import { termsOf } from './invoices.ts';

const dayMs = 86_400_000;
const pageMs = 30 * 60_000;

/** One order at a time for each reference of a member, however often it is asked for: it can be paid once. Returns its id. */
async function orderFor(
  context: DialectContext,
  { channel, parameters, lifeMs }: { readonly channel: Channel; readonly parameters: Parameters; readonly lifeMs: number },
): Promise<string> {
  const { engine } = context;
  const { merchantId } = channel;
  const reference = required(parameters, 'merchantTransactionId');
  const currency = required(parameters, 'currency');
  const money = { amount: readAmount(required(parameters, 'amount'), currency), currency };
  const { latest, nextId: orderId } = await ordersOf(engine, { merchantId, reference });
  if (orderId === undefined) return sameOrder(latest?.order, money);
  const found = await (latest === undefined ? findByReference : findByKey)(context, merchantId, reference);
  if (found !== undefined) throw new Problem('20015', { paymentId: paymentIdOf(found.first) });
  const used = await usedByInvoice(context, { merchantId, reference });
  if (used !== undefined) throw new Problem('20015', used);
  const expiresAtMs = engine.clock.businessNow() + lifeMs;
  const refused = await openOrderOnce(engine, channel, { orderId, terms: termsOf(parameters, money, channel), expiresAtMs });
  if (refused !== undefined) throw problemOf(refused);
  return orderId;
}

/** Throws where another amount is asked for under the reference. */
function sameOrder(order: Checkout | undefined, { amount, currency }: { readonly amount: number; readonly currency: string }): string {
  if (order === undefined || order.terms.order.amount !== amount || order.terms.order.currency !== currency) throw new Problem('20015');
  return order.checkoutId;
}

export const generatePayByLink: Handler = async (context, request, reply, endpoint) => {
  const { caller, parameters, nowMs } = await readRequest(context, request, endpoint);
  const { 'merchant.orderID': orderID = '', 'merchant.amount': amount, 'merchant.currency': currency } = parameters;
  requireChecksum(caller, parameters, formulas.payout(orderID, amount));
  const channel = await terminalOf(context, caller, parameters);
  const { 'merchant.email': email, 'merchant.contactName': givenName, 'merchant.phone': phone } = parameters;
  const { 'merchant.orderDescription': orderDescriptor, 'authentication.expirationTime': days = '1' } = parameters;
  const mapped = { merchantTransactionId: orderID, amount, currency, orderDescriptor, 'customer.email': email };
  const meant = given({ ...mapped, 'customer.givenName': givenName, 'customer.phone': phone });
  const id = await orderFor(context, { channel, parameters: meant, lifeMs: Number(days) * dayMs });
  const { shoppers } = context.engine;
  const ticket = writeTicket(shoppers, { purpose: 'order', routingNumber: channel.routingNumber, id });
  const url = `${shoppers.publicUrl}/transaction/PayByLink?${new URLSearchParams({ orderId: orderID, authToken: ticket })}`;
  return send(request, reply, { result: { ...resultOf('00026'), url }, timestamp: writeTime(nowMs) });
};

/** The page behind a payment link. */
export const openPayByLink: Handler = async ({ engine }, request, reply) => {
  const { authToken = '' } = request.query as Readonly<Record<string, string>>;
  const ticket = readTicket(engine.shoppers, String(authToken));
  if (ticket?.purpose !== 'order') return noSuchPage(engine, request, reply);
  const { routingNumber, id } = ticket;
  return goTo(reply, orderPageUrl(engine.shoppers, { routingNumber, id }));
};

/** A form that the customer's browser posts: it has no token, and is known by its checksum alone. */
export const openCheckoutPage: Handler = async (context, request, reply, endpoint) => {
  const posted = readOpenRequest(request, endpoint);
  const { memberId = '', totype, amount, merchantTransactionId, merchantRedirectUrl, checksum } = posted;
  // Any browser may send it, so nobody becomes known by a right one.
  context.limits.beforeLogin(request, memberId);
  const caller = await callerOfMember(context, memberId);
  const signed = given({ 'authentication.checksum': checksum });
  try {
    requireChecksum(caller, signed, formulas.checkout(totype, amount, merchantTransactionId, merchantRedirectUrl));
  } catch (error) {
    context.limits.loginFailed(request, memberId);
    throw error;
  }
  const channel = await terminalOf(context, caller, given({ 'authentication.terminalId': posted.terminalid }));
  const parameters = readForm(posted, channel);
  if (parameters.notificationUrl !== undefined) await context.expectUrlsInRequests(channel);
  const id = await orderFor(context, { channel, parameters, lifeMs: pageMs });
  return goTo(reply, orderPageUrl(context.engine.shoppers, { routingNumber: channel.routingNumber, id }));
};
