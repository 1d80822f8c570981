/** `/v2/{merchantId}/sessions`: what a shop's page or app needs to ask for itself. */
import { randomBytes } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import type { DialectContext } from '../../dialect.ts';
import { send } from '../answer.ts';
import { readerOf } from '../body.ts';
import { fromGuid } from '../ids.ts';
import { channelOf, refuseQuery } from '../request.ts';
import { createSession } from '../wire.ts';
import type { OfMerchant } from './payments.ts';

const readBody = readerOf(createSession);

export function registerSessions(app: FastifyInstance, { engine }: DialectContext): void {
  app.post<OfMerchant>('/v2/:merchantId/sessions', async (request, reply) => {
    refuseQuery(request);
    const { tokens = [] } = readBody(request.body);
    const { merchantId, wireId } = channelOf(request);
    const known = await Promise.all(tokens.map((token) => engine.vault.resolveToken({ merchantId, token: fromGuid(token) ?? '' })));
    const base = engine.shoppers.publicUrl;
    return send(reply, 201, {
      clientSessionId: randomBytes(16).toString('hex'),
      customerId: wireId,
      clientApiUrl: `${base}/client`,
      assetUrl: base,
      invalidTokens: tokens.filter((_, index) => known[index] === undefined),
    });
  });
}
