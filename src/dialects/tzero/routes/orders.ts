/** Sessions and links: payments whose card the customer enters on our page, so that the merchant's server never sees it. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Static } from 'typebox';
import { parseDelay } from '../../../core/due/delay.ts';
import { maskCardNumbers } from '../../../core/instrument/mask.ts';
import { uuidOf } from '../../../core/made-uuid.ts';
import { isMailAddress, sendMail } from '../../../core/mail/send.ts';
import type { Channel } from '../../../core/merchant/channel.ts';
import { stateOfCheckout } from '../../../core/payment/checkout.ts';
import type { CheckoutTerms } from '../../../core/payment/checkout-terms.ts';
import { closeOrder, type OrderView, openOrderOnce, readOrder } from '../../../core/payment/order.ts';
import type { DialectContext } from '../../dialect.ts';
import { readInitiation } from '../agreement.ts';
import { presentPayment, send } from '../answer.ts';
import { type Caller, channelNamed, openTo } from '../auth.ts';
import { readerOf } from '../body.ts';
import { fromWireId, type IdPrefix, toWireId } from '../ids.ts';
import { fieldProblem, Problem } from '../problem.ts';
import { keyLifetimeMs, type OrderBody, readOrder as readMoney, readReturnUrl } from '../read.ts';
import { duplicateReference, problemOf } from '../refusals.ts';
import { callerOf, keyOf, refuseParametersInUrl } from '../request.ts';
import { disableLinkBody, linkBody, sessionBody } from '../wire.ts';
import { type Json, writeAmount, writeTime } from '../write.ts';

const sessions = readerOf(sessionBody);
const links = readerOf(linkBody);
const endings = readerOf(disableLinkBody);

const sessionLifeMs = 30 * 60_000;
const linkLife = '7d';
const longestLinkLifeMs = 365 * 86_400_000;

type ById = { readonly Params: { readonly id: string } };

export function registerOrders(app: FastifyInstance, context: DialectContext): void {
  app.post('/payment/session', async (request, reply) => {
    const body = sessions.read(request.body) as OrderBody;
    const order = await open(context, request, reply, { body, prefix: 'ses', lifeMs: sessionLifeMs });
    return answer(reply, order, 201, { redirect_url: order.view.pageUrl });
  });

  app.post('/payment/link', async (request, reply) => {
    const body = links.read(request.body) as Static<typeof linkBody>;
    const lifeMs = parseDelay(body.expires_in ?? linkLife);
    if (lifeMs === undefined || lifeMs > longestLinkLifeMs) throw fieldProblem('expires_in', 'must be above zero and at most a year');
    const email = body.customer?.email;
    if (body.send_email === true && (email === undefined || !isMailAddress(email))) {
      throw fieldProblem('customer.email', 'must be a mail address where the link is to be mailed');
    }
    const order = await open(context, request, reply, { body, prefix: 'link', lifeMs, description: body.description });
    if (body.send_email === true && email !== undefined) await mailLink(context, order, email);
    return answer(reply, order, 201, { url: order.view.pageUrl });
  });

  app.get<ById>('/payment/link/:id', async (request, reply) =>
    answerLink(context, reply, await findLink(context, callerOf(request), request.params.id)),
  );

  app.post('/payment/link/disable', async (request, reply) => {
    refuseParametersInUrl(request);
    const { id, channel } = endings.read(request.body);
    const caller = callerOf(request);
    if (channel !== undefined) await channelNamed(context.directory, caller, channel);
    const found = await findLink(context, caller, id);
    const refused = found.view.order.closed === 'cancelled' ? undefined : await closeOrder(context.engine, found.view.order, 'cancelled');
    if (refused !== undefined) throw problemOf(refused);
    return answerLink(context, reply, await findLink(context, caller, id));
  });
}

interface Found {
  readonly channel: Channel;
  readonly view: OrderView;
  readonly id: string;
}

interface Opening {
  readonly body: OrderBody;
  readonly prefix: IdPrefix;
  readonly lifeMs: number;
  readonly description?: string | undefined;
}

/** The same request again finds the same order, for as long as its key is remembered. */
async function open(
  context: DialectContext,
  request: FastifyRequest,
  reply: FastifyReply,
  { body, prefix, lifeMs, description }: Opening,
): Promise<Found> {
  refuseParametersInUrl(request);
  const { engine, directory, mode } = context;
  const channel = await channelNamed(directory, callerOf(request), body.channel);
  const terms = readTerms(body, { channel, returnUrl: readReturnUrl(body.return_url, channel, mode), description });
  const key = keyOf(context, request, body.reference);
  const named = { key: `tzero ${prefix} ${channel.channelId} ${key.idempotencyKey}`, byReference: key.byReference };
  const { orderId, before } = await underKey(engine, channel, named);
  if (before === undefined) {
    const refused = await openOrderOnce(engine, channel, { orderId, terms, expiresAtMs: engine.clock.businessNow() + lifeMs });
    if (refused !== undefined) throw problemOf(refused);
  }
  const view = before ?? (await readOrder(engine, { merchantId: channel.merchantId, checkoutId: orderId }));
  if (view === undefined) throw new Error(`order ${orderId} was opened and is not there`);
  if (JSON.stringify(view.order.terms.order) !== JSON.stringify(terms.order)) {
    throw key.byReference ? duplicateReference() : new Problem('idempotency_mismatch');
  }
  if (before !== undefined) reply.header('idempotent-replayed', 'true');
  return { channel, view, id: toWireId(prefix, orderId) };
}

interface UnderKey {
  readonly orderId: string;
  /** What the key was used for already. */
  readonly before: OrderView | undefined;
}

/**
 * An order's id is made of the request's key, by the gateway's own key, so that nobody can guess it; the day after, the same key makes another. A
 * reference does so as soon as its page has expired unpaid: the customer needs one that can be paid.
 */
async function underKey(
  engine: DialectContext['engine'],
  { merchantId }: Channel,
  { key, byReference }: { readonly key: string; readonly byReference: boolean },
): Promise<UnderKey> {
  for (let use = 0; ; use += 1) {
    const mac = engine.inputMac(use === 0 ? key : `${key} ${use}`);
    const orderId = uuidOf(Buffer.from(mac.subarray(0, 16)).toString('hex'));
    const before = await readOrder(engine, { merchantId, checkoutId: orderId });
    if (before === undefined) return { orderId, before };
    const isForgotten = engine.clock.businessNow() - before.order.createdAtMs >= keyLifetimeMs;
    const isExpired = byReference && (await stateOfCheckout(engine, before.order)).kind === 'expired';
    if (!isForgotten && !isExpired) return { orderId, before };
  }
}

function readTerms(
  body: OrderBody,
  { channel, returnUrl, description }: { readonly channel: Channel; readonly returnUrl: string; readonly description: string | undefined },
): CheckoutTerms {
  const { isByMerchant, agreement } = readInitiation(body.payment_data);
  if (isByMerchant) throw fieldProblem('payment_data.payment_type', 'must be cit: a customer pays on the page');
  const { kind, amount, currency, captureLater, dialectData } = readMoney(body, channel);
  const keeps = body.payment_data?.credential_on_file === true && body.customer?.reference !== undefined;
  const shown = description === undefined ? undefined : maskCardNumbers(description);
  return {
    order: {
      ...{
        kind: kind === 'payout' ? 'debit' : kind,
        amount,
        currency,
        tokenize: keeps,
        merchantReference: maskCardNumbers(body.reference),
      },
      dialectData: {
        ...dialectData,
        ...(keeps ? { customerReference: maskCardNumbers(body.customer?.reference ?? '') } : {}),
        ...(shown === undefined ? {} : { description: shown }),
      },
      ...(captureLater !== undefined && 'afterMs' in captureLater ? { captureLater } : {}),
      ...(agreement === undefined ? {} : { agreement }),
    },
    ...{ returnUrl, brands: [], tokens: [], lines: shown === undefined ? [] : [{ name: shown, amount }] },
  };
}

async function findLink({ engine, directory }: DialectContext, caller: Caller, id: string): Promise<Found> {
  const { merchantId } = caller;
  const checkoutId = fromWireId('link', id);
  const view = checkoutId === undefined ? undefined : await readOrder(engine, { merchantId, checkoutId });
  const channel = view === undefined ? undefined : await directory.channelById({ merchantId, channelId: view.order.channelId });
  if (view === undefined || channel?.dialect !== 'tzero') throw new Problem('link_not_found');
  return { channel: openTo(caller, channel), view, id };
}

function writeLink({ channel, view: { order }, id }: Found): Json {
  const { amount, currency, merchantReference } = order.terms.order;
  return {
    ...{ id, channel: channel.wireId, reference: merchantReference, amount: writeAmount(channel, amount, currency), currency },
    ...(order.expiresAtMs === undefined ? {} : { expires_at: writeTime(order.expiresAtMs) }),
    created_at: writeTime(order.createdAtMs),
  };
}

function answer(reply: FastifyReply, found: Found, status: number, more: Json): FastifyReply {
  return send(reply, status, { ...writeLink(found), ...more });
}

/** In the words of the protocol; a link whose customer is at the bank is still open. */
const states = {
  open: 'open',
  pending: 'open',
  succeeded: 'paid',
  kept: 'paid',
  expired: 'expired',
  exhausted: 'disabled',
  closed: 'disabled',
} as const;

async function answerLink(context: DialectContext, reply: FastifyReply, found: Found): Promise<FastifyReply> {
  const state = await stateOfCheckout(context.engine, found.view.order);
  const last = 'last' in state ? state.last : undefined;
  const [first] = last === undefined ? [] : ((await context.engine.store.findTree(last))?.operations ?? []);
  const payment = first === undefined ? {} : { payment: await presentPayment(context, found.channel, first) };
  return answer(reply, found, 200, { status: states[state.kind], url: found.view.pageUrl, ...payment });
}

async function mailLink({ engine }: DialectContext, { channel, view, id }: Found, to: string): Promise<void> {
  const { amount, currency, merchantReference } = view.order.terms.order;
  const merchantName = channel.look?.name ?? channel.name;
  await sendMail(engine.mails, 'payment_link', {
    ...{ merchantId: channel.merchantId, senderName: merchantName, to, language: 'en', key: id },
    data: {
      orderId: view.order.checkoutId,
      merchantName,
      amount,
      currency,
      url: view.pageUrl,
      ...(merchantReference === undefined ? {} : { reference: merchantReference }),
    },
  });
}
