/** `/v2/{merchantId}/sessions`: what a shop's page or app needs to ask for itself. */
import type { FastifyInstance } from 'fastify';
import type { DialectContext } from '../../dialect.ts';
import { send } from '../answer.ts';
import { readerOf } from '../body.ts';
import { offeredTokens } from '../hosted.ts';
import { channelOf, refuseQuery } from '../request.ts';
import { openSession, publicKeyOf } from '../sessions.ts';
import { createSession } from '../wire.ts';
import type { OfMerchant } from './payments.ts';

const readBody = readerOf(createSession);

export function registerSessions(app: FastifyInstance, { engine }: DialectContext): void {
  app.post<OfMerchant>('/v2/:merchantId/sessions', async (request, reply) => {
    refuseQuery(request);
    const { tokens = [] } = readBody(request.body);
    const { merchantId, wireId } = channelOf(request);
    const { invalidTokens } = await offeredTokens(engine, { merchantId }, tokens);
    const base = engine.shoppers.publicUrl;
    return send(reply, 201, {
      clientSessionId: openSession(engine, { merchantId }),
      customerId: wireId,
      clientApiUrl: `${base}/client`,
      assetUrl: base,
      invalidTokens,
    });
  });

  // Asked by a page or an app, with its session instead of a signature.
  const path = '/client/v1/:merchantId/crypto/publickey';
  app.get<OfMerchant>(path, async (request, reply) => send(reply, 200, await publicKeyOf(engine, channelOf(request))));
}
