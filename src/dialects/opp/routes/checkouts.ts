/** `/v1/checkouts` and `/v1/paymentWidgets.js`: the shopper enters the card on the gateway's own page, in a frame of the merchant's. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { TokenAct } from '../../../core/instrument/token.ts';
import type { Channel } from '../../../core/merchant/channel.ts';
import { amendCheckout, stateOfCheckout } from '../../../core/payment/checkout.ts';
import type { Checkout } from '../../../core/payment/checkout-terms.ts';
import { findCheckout, type Opened, openCheckout, openCheckoutOnce } from '../../../core/payment/open-checkout.ts';
import type { DialectContext } from '../../dialect.ts';
import { answerRead, checkoutEnvelope, send } from '../answer.ts';
import { fromCheckoutId, parametersOf, readKeeping, readTerms, toCheckoutId, wantsCardOnly } from '../checkout.ts';
import { checkerOf } from '../parameters.ts';
import { Problem } from '../problem.ts';
import type { RequestContext } from '../read.ts';
import { problemOf } from '../refusals.ts';
import { readQuery, readRequest } from '../request.ts';
import { httpStatusOf, type ResultCode, resultOf } from '../result-codes.ts';
import { countCheckoutStatus, countRequest } from '../throttle.ts';
import { checkoutParameters } from '../wire.ts';
import { writeReadTimestamp, writeRegistration, writeResult } from '../write.ts';
import { noSession } from './payments.ts';

const checkCheckout = checkerOf(checkoutParameters);

const script = readFileSync(join(import.meta.dirname, '../widget.js'));
/** For the `integrity` attribute of the script's element (W3C Subresource Integrity). */
const integrity = `sha384-${createHash('sha384').update(script).digest('base64')}`;

type ById = { readonly Params: { readonly id: string } };

export function registerCheckouts(app: FastifyInstance, context: DialectContext): void {
  app.post('/v1/checkouts', async (request, reply) => {
    const read = await readRequest(context, request, checkCheckout);
    const opened = await open(context, read);
    if (opened.kind === 'refused') throw problemOf(opened.refusal, undefined);
    if (opened.repeat === true) reply.header('idempotent-replayed', 'true');
    const id = toCheckoutId(opened.token);
    return send(reply, 200, { ...written('000.200.100', id), ...checked(read.parameters.integrity), ...checkoutEnvelope(context, id) });
  });

  app.post<ById>('/v1/checkouts/:id', async (request, reply) => {
    const read = await readRequest(context, request, checkCheckout);
    const { channel } = read;
    const { id } = request.params;
    const checkout = await findOwn(context, channel, id);
    countRequest(context, channel, { counter: 'checkouts', subject: id, reply });
    const before = checkout.terms;
    if (before.keepsCardOnly === true)
      throw new Problem('200.300.404', { text: 'a checkout that only keeps a card has nothing to change' });
    const after = readTerms({ ...read, parameters: { ...parametersOf(before), ...read.parameters } }, id);
    const kept = {
      ...(before.returnUrl === undefined ? {} : { returnUrl: before.returnUrl }),
      ...(before.language === undefined ? {} : { language: before.language }),
    };
    const tokens = after.tokens.length === 0 ? before.tokens : after.tokens;
    const refused = await amendCheckout(context.engine, { checkout, channel }, { ...kept, ...after, tokens });
    if (refused !== undefined) throw problemOf(refused, undefined);
    return send(reply, 200, { ...written('000.200.101', id), ...checked(read.parameters.integrity), ...checkoutEnvelope(context, id) });
  });

  app.get<ById>('/v1/checkouts/:id/payment', async (request, reply) => {
    const { channel } = await readQuery(context, request);
    const { id } = request.params;
    const checkout = await findOwn(context, channel, id);
    await countCheckoutStatus(context, channel, id, reply);
    const state = await stateOfCheckout(context.engine, checkout);
    const envelope = checkoutEnvelope(context, id);
    if (state.kind === 'kept' && state.act !== undefined) return answerKept(context, reply, state.act, envelope);
    if (state.last !== undefined) {
      const { ndc } = envelope as { readonly ndc: string };
      return answerRead(context, channel, reply, state.last, { ndc });
    }
    if (state.kind === 'expired') throw new Problem('200.300.404', { text: noSession });
    return send(reply, 200, { ...writeResult(resultOf('000.200.000'), []), ...envelope });
  });

  app.get<ById>('/v1/checkouts/:id/registration', async (request, reply) => {
    const { channel } = await readQuery(context, request);
    const { id } = request.params;
    const checkout = await findOwn(context, channel, id);
    await countCheckoutStatus(context, channel, id, reply);
    if (checkout.terms.keepsCardOnly !== true) {
      throw new Problem('200.300.404', { text: `this checkout is paid with; its result is at /v1/checkouts/${id}/payment` });
    }
    const state = await stateOfCheckout(context.engine, checkout);
    const envelope = checkoutEnvelope(context, id);
    if (state.kind === 'kept' && state.act !== undefined) return answerKept(context, reply, state.act, envelope);
    if (state.kind === 'expired') throw new Problem('200.300.404', { text: noSession });
    return send(reply, 200, { ...writeResult(resultOf('000.200.000'), []), ...envelope });
  });

  app.route({
    // A list, so that it does not count among the endpoints that answer in the protocol's shape.
    ...{ method: ['GET'], url: '/v1/paymentWidgets.js', exposeHeadRoute: false },
    handler: (_request, reply) =>
      reply
        .headers({
          'content-type': 'text/javascript; charset=utf-8',
          'cache-control': 'no-cache',
          // Browsers check the integrity of another site's script only when that site allows its content to be read.
          ...{ 'access-control-allow-origin': '*', 'cross-origin-resource-policy': 'cross-origin' },
          'x-content-type-options': 'nosniff',
        })
        .send(script),
  });
}

/** With a key, a repeat is told of the checkout that the first request has opened. */
function open(context: DialectContext, read: RequestContext): Promise<Opened & { readonly repeat?: boolean }> {
  const { channel, parameters, idempotencyKey } = read;
  const termsOf = (token: string) => (wantsCardOnly(parameters) ? readKeeping : readTerms)(read, toCheckoutId(token));
  if (idempotencyKey === undefined) return openCheckout(context.engine, channel, { termsOf });
  return openCheckoutOnce(context.engine, channel, { termsOf }, { key: idempotencyKey, input: { kind: 'checkout', parameters } });
}

/** The stored card that a checkout was opened for. */
function answerKept({ mode }: DialectContext, reply: FastifyReply, act: TokenAct, envelope: object): FastifyReply {
  const { token, card } = act;
  if (card === undefined) throw new Error(`the tokenization ${act.actId} is recorded without its card`);
  const { body, result } = writeRegistration({ token, card, act }, mode);
  return send(reply, httpStatusOf(result.code), { ...body, ...envelope, timestamp: writeReadTimestamp(act.createdAtMs) });
}

/** The entity's own checkout; throws 404 when there is none of that id, also when it is another entity's. */
async function findOwn({ engine }: DialectContext, { merchantId, channelId }: Channel, id: string): Promise<Checkout> {
  const token = fromCheckoutId(id);
  const checkout = token === undefined ? undefined : await findCheckout(engine, token);
  if (checkout !== undefined && checkout.merchantId === merchantId && checkout.channelId === channelId) return checkout;
  throw new Problem('200.300.404', { status: 404, text: noSession });
}

function written(code: ResultCode, id: string): object {
  return { ...writeResult(resultOf(code), []), id };
}

function checked(asked: string | undefined): object {
  return asked === 'true' ? { integrity } : {};
}
