/** `/v2/{merchantId}/payments`: a first payment, and how it stands. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { authorizeAtBank } from '../../../core/bank/authorize.ts';
import { tokenOf } from '../../../core/instrument/tokenize.ts';
import { authorize } from '../../../core/payment/authorize.ts';
import type { AuthorizeCommand } from '../../../core/payment/authorize-command.ts';
import type { ActResult } from '../../../core/payment/engine.ts';
import { callOff } from '../../../core/payment/shopper-step.ts';
import type { DialectContext } from '../../dialect.ts';
import { answerCreated, send } from '../answer.ts';
import { readerOf } from '../body.ts';
import { authenticated, findOwn } from '../find.ts';
import { afterSpending, refuseOtherThanStored, spend, withKeptCard } from '../hosted.ts';
import { missing, Problem } from '../problem.ts';
import { type RequestContext, readPayment, readRedirect, readReturnUrl } from '../read.ts';
import { channelOf, contextOf, refuseQuery } from '../request.ts';
import { withDecryptedCard } from '../sessions.ts';
import { readShopper, readWithoutShopper, returnUrlOf, skipsAuthentication, wayBackIn } from '../shopper.ts';
import { type CardInput, type CreatePayment, createPayment } from '../wire.ts';
import { writeDetails, writePayment } from '../write.ts';

const readBody = readerOf(createPayment);

export type OfMerchant = { readonly Params: { readonly merchantId: string } };
export type OfPayment = { readonly Params: { readonly merchantId: string; readonly id: string } };

export function registerPayments(app: FastifyInstance, context: DialectContext): void {
  app.post<OfMerchant>('/v2/:merchantId/payments', async (request, reply) => {
    refuseQuery(request);
    const body = readBody(request.body);
    refuseOtherMethods(body);
    const read = contextOf(context, request, 'payments');
    if (body.feedbacks !== undefined) await context.expectUrlsInRequests(read.channel);
    return body.redirectPaymentMethodSpecificInput === undefined
      ? payByCard(context, read, body, reply)
      : payAtBank(context, read, body, reply);
  });

  app.get<OfPayment>('/v2/:merchantId/payments/:id', async (request, reply) => {
    const { tree, operation } = await findPayment(context, request);
    return send(reply, 200, writePayment(tree, operation));
  });

  app.get<OfPayment>('/v2/:merchantId/payments/:id/details', async (request, reply) => {
    const { tree, operation } = await findPayment(context, request);
    return send(reply, 200, writeDetails(tree, operation));
  });
}

async function findPayment(context: DialectContext, request: FastifyRequest<OfPayment>) {
  return authenticated(context, await findOwn(context, { channel: channelOf(request), id: request.params.id }));
}

/** Methods that no acquirer here takes. */
function refuseOtherMethods(body: CreatePayment): void {
  const others = [
    'mobilePaymentMethodSpecificInput',
    'sepaDirectDebitPaymentMethodSpecificInput',
    'omnichannelPaymentSpecificInput',
    'hostedFieldsSessionId',
  ] as const;
  const found = others.find((name) => body[name] !== undefined);
  if (found === undefined) return;
  throw new Problem('PAYMENT_PRODUCT_NOT_AVAILABLE', { propertyName: found, text: 'this kind of payment is not taken here' });
}

/** Who has agreed to pay in another currency must not be charged in this one. */
function refuseConversion({ currencyConversion }: CardInput): void {
  if (currencyConversion?.acceptedByUser !== true) return;
  throw new Problem('PAYMENT_PRODUCT_NOT_AVAILABLE', {
    propertyName: 'cardPaymentMethodSpecificInput.currencyConversion.acceptedByUser',
    text: 'payments are made in the currency of the order; conversions are only quoted',
  });
}

async function payByCard(context: DialectContext, read: RequestContext, given: CreatePayment, reply: FastifyReply): Promise<FastifyReply> {
  const { engine } = context;
  const { channel } = read;
  const { body, kept, namedBy } = await withKeptCard(engine, channel, await withDecryptedCard(engine, channel, given));
  const { cardPaymentMethodSpecificInput: input = {} } = body;
  refuseConversion(input);
  const asked = readPayment(read, body);
  await refuseOtherThanStored(engine, channel, { ...asked, productId: input.paymentProductId, path: 'cardPaymentMethodSpecificInput' });
  const wayBack = wayBackIn(input);
  const known = await withKnownToken(context, asked);
  const paymentNumber = await engine.store.takePaymentNumber(channel.merchantId);
  const returnUrl = returnUrlOf(engine, { url: wayBack ?? 'about:blank', paymentNumber, merchantReference: asked.merchantReference });
  const spending =
    kept === undefined ? undefined : { ...kept, merchantId: channel.merchantId, by: asked.idempotencyKey ?? `payment ${paymentNumber}` };
  const command = {
    ...(spending === undefined ? known.command : await spend(engine, known.command, { spending, namedBy })),
    paymentNumber,
    ...(skipsAuthentication(input) ? { withoutShopper: readWithoutShopper(body) } : { shopper: readShopper(body, returnUrl) }),
  };
  const act = await authorize(engine, command);
  if (spending !== undefined) await afterSpending(engine, spending, act);
  if (wayBack === undefined && isChallenged(act)) {
    // Nobody could bring the shopper back, so nobody is sent anywhere.
    const { merchantId, operationId: visitId } = act.operation;
    await callOff(engine, { merchantId, visitId });
    throw missing('cardPaymentMethodSpecificInput.threeDSecure.redirectionData.returnUrl');
  }
  return answerCreated(context, reply, { channel, act, wantsToken: asked.tokenize, knownToken: known.isKnown });
}

/** A payment that this request has made; that of another one is not this one's to call off. */
function isChallenged(act: ActResult): act is Extract<ActResult, { readonly kind: 'recorded' }> {
  return act.kind === 'recorded' && !act.repeat && act.operation.state === 'awaiting' && act.operation.agreement?.initiator !== 'merchant';
}

/** A card that is to be kept and has a token with the same expiry is paid with by that. */
async function withKnownToken(
  { engine }: DialectContext,
  command: AuthorizeCommand,
): Promise<{ readonly command: AuthorizeCommand; readonly isKnown: boolean }> {
  const { instrument, channel } = command;
  if (instrument.type === 'token') return { command, isKnown: true };
  if (!command.tokenize || instrument.type !== 'card') return { command, isKnown: false };
  const known = await tokenOf(engine, channel.merchantId, instrument.pan);
  const { month, year } = instrument.summary.expiry;
  if (known?.summary.expiry.month !== month || known.summary.expiry.year !== year) return { command, isKnown: false };
  const { cvc } = instrument;
  return {
    command: { ...command, tokenize: false, instrument: { type: 'token', token: known.token, ...(cvc === undefined ? {} : { cvc }) } },
    isKnown: true,
  };
}

async function payAtBank(context: DialectContext, read: RequestContext, body: CreatePayment, reply: FastifyReply): Promise<FastifyReply> {
  const { engine } = context;
  const { channel } = read;
  const path = 'redirectPaymentMethodSpecificInput';
  if (body.cardPaymentMethodSpecificInput !== undefined) {
    throw new Problem('SCHEMA_VALIDATION_FAILED', { propertyName: path, text: 'a payment has one method: a card, or a redirect' });
  }
  const command = readRedirect(read, body);
  const url = body.redirectPaymentMethodSpecificInput?.redirectionData?.returnUrl;
  if (url === undefined) throw missing(`${path}.redirectionData.returnUrl`);
  const wayBack = readReturnUrl(url, `${path}.redirectionData.returnUrl`);
  const paymentNumber = await engine.store.takePaymentNumber(channel.merchantId);
  const returnUrl = returnUrlOf(engine, { url: wayBack, paymentNumber, merchantReference: command.merchantReference });
  const act = await authorizeAtBank(engine, { ...command, paymentNumber, returnUrl });
  return answerCreated(context, reply, { channel, act, wantsToken: false });
}
