/** `/v2/{merchantId}/hostedtokenizations` and `tokenizer.min.js`: the shopper enters the card in a frame of the gateway's, and the shop gets a token. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { readToken } from '../../../core/instrument/forget.ts';
import { stateOfCheckout } from '../../../core/payment/checkout.ts';
import { keptCardOf } from '../../../core/payment/kept-card.ts';
import { openCheckout } from '../../../core/payment/open-checkout.ts';
import type { DialectContext } from '../../dialect.ts';
import { send } from '../answer.ts';
import { readerOf } from '../body.ts';
import { findSession, offeredTokens, sessionLifeMs, termsOf, tokensIn } from '../hosted.ts';
import { createHostedTokenization } from '../hosted-wire.ts';
import { Problem } from '../problem.ts';
import { productOfBrand } from '../products.ts';
import { paymentNames, problemOf } from '../refusals.ts';
import { channelOf, refuseQuery } from '../request.ts';
import { writeToken } from '../write.ts';
import type { OfMerchant, OfPayment } from './payments.ts';

const readBody = readerOf(createHostedTokenization);

/** Asked by browsers, which have no credentials. */
export const scriptPath = '/hostedtokenization/js/client/tokenizer.min.js';
const script = readFileSync(join(import.meta.dirname, '../tokenizer.js'));
/** For the `integrity` attribute of the script's element (W3C Subresource Integrity). */
const integrity = `sha384-${createHash('sha384').update(script).digest('base64')}`;

export function registerHostedTokenizations(app: FastifyInstance, { engine }: DialectContext): void {
  app.post<OfMerchant>('/v2/:merchantId/hostedtokenizations', async (request, reply) => {
    refuseQuery(request);
    const body = readBody(request.body);
    const channel = channelOf(request);
    const { tokens, invalidTokens } = await offeredTokens(engine, channel, tokensIn(body.tokens));
    const opened = await openCheckout(engine, channel, { termsOf: () => termsOf(body, tokens), lifetimeMs: sessionLifeMs });
    if (opened.kind === 'refused') throw problemOf(opened.refusal, paymentNames);
    const url = `${engine.shoppers.publicUrl}/pay/${opened.token}`;
    return send(reply, 200, {
      ...{ hostedTokenizationId: opened.token, hostedTokenizationUrl: url, partialRedirectUrl: partialUrl(url) },
      ...{ invalidTokens, expiredCardTokens: [], sri: integrity },
    });
  });

  app.get<OfPayment>('/v2/:merchantId/hostedtokenizations/:id', async (request, reply) => {
    const channel = channelOf(request);
    const session = await findSession(engine, channel, request.params.id);
    if (session === undefined) {
      throw new Problem('UNKNOWN_HOSTED_ID', {
        status: 404,
        propertyName: 'hostedTokenizationId',
        text: 'there is no such tokenization session',
      });
    }
    const state = await stateOfCheckout(engine, session);
    const kept = state.kind === 'kept' ? await keptCardOf(engine, session) : undefined;
    const read = kept === undefined ? undefined : await readToken(engine, { merchantId: channel.merchantId, token: kept.token });
    if (read?.kind !== 'found') return send(reply, 200, {});
    const { token, card, act } = read.view;
    return send(reply, 200, {
      token: writeToken({ token, card, productId: productOfBrand(card.brand)?.id ?? 0, act }),
      tokenStatus: session.chosenToken === undefined ? 'CREATED' : 'UNCHANGED',
    });
  });

  app.route({
    ...{ method: ['GET'], url: scriptPath, exposeHeadRoute: false },
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

/** As older integrations want it: they put `https://payment.` in front. */
export function partialUrl(url: string): string {
  return url.replace(/^https?:\/\/(?:payment\.)?/, '');
}
